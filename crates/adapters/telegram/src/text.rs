//! Messages line by line, escaped for Telegram's HTML, and never longer than a message may be.

/// The most that a message takes, in UTF-16 units. Telegram counts after it has read the markup; so much of it before that is on the
/// safe side.
const MOST: usize = 4096;

/// A text of one or more messages. Markup never spans lines, so that any line may begin a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<String>);

impl Text {
    pub(crate) fn titled(title: &str) -> Self {
        Self::default().bold(title)
    }

    /// With a line in bold.
    pub(crate) fn bold(mut self, plain: &str) -> Self {
        self.0.extend(lines(plain).map(|line| format!("<b>{line}</b>")));
        self
    }

    /// With a line; what has several is several.
    pub(crate) fn line(mut self, plain: &str) -> Self {
        self.0.extend(lines(plain));
        self
    }

    /// With these lines.
    pub(crate) fn lines<T: AsRef<str>>(self, all: impl IntoIterator<Item = T>) -> Self {
        all.into_iter().fold(self, |text, plain| text.line(plain.as_ref()))
    }

    /// With an empty line.
    pub(crate) fn gap(mut self) -> Self {
        self.0.push(String::new());
        self
    }

    /// The messages that it takes.
    pub(crate) fn messages(self) -> Vec<String> {
        let mut messages: Vec<String> = Vec::new();
        for line in self.0 {
            match messages.last_mut() {
                Some(last) if size(last) + 1 + size(&line) <= MOST => {
                    last.push('\n');
                    last.push_str(&line);
                }
                _ => messages.push(line),
            }
        }
        messages.retain(|it| !it.trim().is_empty());
        messages
    }

    /// One message: what is too much is left out, and that is said.
    pub(crate) fn message(self) -> String {
        let more = "\n… and more";
        let mut messages = self.messages().into_iter();
        let Some(mut first) = messages.next() else { return "…".to_owned() };
        if messages.next().is_none() {
            return first;
        }
        while size(&first) + size(more) > MOST {
            let kept = first.rfind('\n').unwrap_or(0);
            first.truncate(kept);
        }
        first + more
    }
}

/// The lines of a text, escaped; what is longer than a message is cut.
fn lines(plain: &str) -> impl Iterator<Item = String> {
    // Room for the markup around it, and for the word that more was left out.
    const MOST_OF_LINE: usize = MOST - 64;
    plain.lines().map(|line| {
        let mut escaped = String::with_capacity(line.len());
        let mut used = 0;
        for it in line.chars().filter(|it| !it.is_control()) {
            let before = escaped.len();
            match it {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                it => escaped.push(it),
            }
            used += size(&escaped[before..]);
            if used > MOST_OF_LINE {
                escaped.truncate(before);
                escaped.push('…');
                break;
            }
        }
        escaped
    })
}

fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_others_is_text() {
        let text = Text::titled("a <b> & \"c\"").line("x > y\nz").gap().line("<script>");
        assert_eq!(text.message(), "<b>a &lt;b&gt; &amp; \"c\"</b>\nx &gt; y\nz\n\n&lt;script&gt;");
    }

    #[test]
    fn no_message_is_longer_than_it_may_be_and_none_is_cut_in_its_markup() {
        for line in ["&".repeat(90), "\u{1f600}".repeat(90), "x".repeat(9000), "&<>\u{1f600}".repeat(2000)] {
            let text = (0..200).fold(Text::default(), |text, _| text.bold(&line));
            for message in text.clone().messages() {
                assert!(size(&message) <= MOST, "{}", size(&message));
                assert_eq!(message.matches("<b>").count(), message.matches("</b>").count());
                assert!(message.rfind('&').is_none_or(|at| message[at..].contains(';')), "an entity is whole");
            }
            let one = text.message();
            assert!(size(&one) <= MOST && one.ends_with("… and more"), "{}", size(&one));
        }
    }

    #[test]
    fn nothing_is_never_sent_empty() {
        assert_eq!(Text::default().messages(), Vec::<String>::new());
        assert_eq!(Text::default().message(), "…");
        assert_eq!(Text::default().gap().line("\u{0}").gap().messages(), Vec::<String>::new());
    }
}
