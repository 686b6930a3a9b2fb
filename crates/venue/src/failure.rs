//! What went wrong at a venue, told by whose turn it is next.

use plimsoll_domain::Timestamp;
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason};
#[cfg(feature = "live")]
use std::borrow::Cow;
use std::time::Duration;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Whether it was done is unknown: look it up before anything else.
    Unknown,
    /// Our clock is off: ask for the venue's time, sign again, send once more.
    Clock,
    /// It was certainly not done: wait, then send again.
    BackOff,
    /// What was asked for is so already.
    Done,
    /// The venue's state is not what we took it for: read it again, then decide.
    Race,
    /// A no of the rules or of the margin.
    Business,
    /// We asked wrongly: asking again changes nothing.
    Mistake,
    /// Stop trading until a person has looked.
    Halt,
}

/// A request that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// What it means.
    pub reason: RefusalReason,
    /// The HTTP status.
    pub status: u16,
    /// The venue's code or word for it, or the HTTP status where it gave none.
    pub code: String,
    /// The venue's text.
    pub message: String,
    /// Not to be tried again sooner.
    pub wait: Wait,
}

/// How long no requests are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all; a pause of the caller's choice will do.
    None,
    /// For a while: what it allows is used up, and it does not say for how long it wants to be left alone.
    Unsaid,
    /// For this long.
    For(Duration),
    /// Until this moment, by the venue's clock.
    Until(Timestamp),
}

const MINUTE: Duration = Duration::from_secs(60);

impl Failure {
    fn refusal(self) -> Refusal {
        Refusal { reason: self.reason, code: self.code, message: self.message }
    }

    fn not_sent(self, now: Timestamp) -> NotSent {
        let said = format!("{} ({})", self.message, self.code);
        match self.wait {
            Wait::None => NotSent::Unavailable(said),
            Wait::Unsaid => NotSent::Throttled { until: now.plus(MINUTE) },
            Wait::For(wait) => NotSent::Throttled { until: now.plus(wait) },
            Wait::Until(until) => NotSent::Throttled { until },
        }
    }

    fn unanswered(&self) -> String {
        format!("{} ({})", self.message, self.code)
    }

    /// What it is for someone who placed an order.
    #[must_use]
    pub fn place_error(self, now: Timestamp) -> PlaceError {
        match self.class {
            Class::Unknown => PlaceError::Unanswered(self.unanswered()),
            Class::Clock | Class::BackOff => PlaceError::NotSent(self.not_sent(now)),
            Class::Done | Class::Race | Class::Business | Class::Mistake | Class::Halt => {
                PlaceError::Refused(self.refusal())
            }
        }
    }

    /// What it is for someone who set, changed or cancelled something.
    ///
    /// # Errors
    /// [`CommandError`], unless what was asked for is so already.
    pub fn command_outcome(self, now: Timestamp) -> Result<(), CommandError> {
        match self.class {
            Class::Done => Ok(()),
            Class::Unknown => Err(CommandError::Unanswered(self.unanswered())),
            Class::Clock | Class::BackOff => Err(CommandError::NotSent(self.not_sent(now))),
            Class::Race | Class::Business | Class::Mistake | Class::Halt => Err(CommandError::Refused(self.refusal())),
        }
    }

    /// What it is for someone who asked.
    #[must_use]
    pub fn query_error(self, now: Timestamp) -> QueryError {
        match self.class {
            Class::Unknown | Class::Clock | Class::BackOff => QueryError::Unreachable(self.not_sent(now)),
            Class::Done | Class::Race | Class::Business | Class::Mistake | Class::Halt => {
                QueryError::Refused(self.refusal())
            }
        }
    }
}

/// A body that is no error of the venue's own shape: what it is, or how it begins. Without words as long as a key.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    strange(body).unwrap_or_else(|| plain(&String::from_utf8_lossy(body.get(..400).unwrap_or(body))))
}

/// The bytes as they may be told of, where they are words: after `hide`. Only then may they be cut, so that no half of what
/// is to be hidden is left over.
#[cfg(feature = "live")]
pub(crate) fn shown(bytes: &[u8], hide: impl FnOnce(&str) -> String) -> Cow<'_, [u8]> {
    let is_page = bytes.trim_ascii_start().starts_with(b"<");
    match String::from_utf8_lossy(bytes) {
        Cow::Owned(_) if !is_page => Cow::Borrowed(bytes),
        words => Cow::Owned(hide(&words).into_bytes()),
    }
}

/// What this is, if it is nothing that a venue says: an answer or a message that somebody on the way has made or spoilt.
#[must_use]
pub fn strange(bytes: &[u8]) -> Option<String> {
    let compressed = |how: &str| Some(format!("compressed ({how}), and nobody asked for that"));
    match bytes.trim_ascii() {
        [] => Some("empty".to_owned()),
        [0x1f, 0x8b, ..] => compressed("gzip"),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => compressed("zlib"),
        page @ [b'<', ..] => Some(match title(page) {
            Some(title) => format!("a page of HTML, '{title}': a gateway's, not the venue's"),
            None => "a page of HTML: a gateway's, not the venue's".to_owned(),
        }),
        bytes => std::str::from_utf8(bytes).is_err().then(|| "binary, and no UTF-8".to_owned()),
    }
}

fn title(page: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(page.get(..4096).unwrap_or(page));
    let begin = text.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let title = text.get(begin..)?.split('<').next()?;
    Some(plain(title)).filter(|title| !title.is_empty())
}

/// The words, without what only the trader knows: venues repeat to us what we have sent. What is shorter than eight
/// characters is no secret: it stands in every other word, and leaving it out would spoil them all.
#[must_use]
pub fn without(words: &str, secrets: &[&str]) -> String {
    let mut words = words.to_owned();
    for secret in secrets.iter().filter(|secret| secret.chars().count() >= SHORTEST) {
        words = words.replace(secret, "…");
    }
    words
}

/// So many characters at least has what is secret.
const SHORTEST: usize = 8;

/// Words as they may be shown in one line: no longer than that, and without words as long as a key.
pub(crate) fn plain(words: &str) -> String {
    let shown: Vec<&str> = words
        .split_whitespace()
        .map(|word| if parts(word).any(|part| part.len() >= KEY) { "…" } else { word })
        .collect();
    shown.join(" ").chars().filter(|it| !it.is_control()).take(200).collect()
}

/// Keys, signatures and tokens are 32 characters and more.
const KEY: usize = 32;

fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(|it: char| !it.is_ascii_alphanumeric() && it != '-' && it != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_of_a_venue_is_named() {
        for (body, told) in [
            (&b""[..], "empty"),
            (b" \r\n", "empty"),
            (b"\x1f\x8b\x08\0", "compressed (gzip), and nobody asked for that"),
            (b"\x78\x9c\xab", "compressed (zlib), and nobody asked for that"),
            (
                b"<html><TITLE>502\nBad Gateway</title>",
                "a page of HTML, '502 Bad Gateway': a gateway's, not the venue's",
            ),
            (b"<html", "a page of HTML: a gateway's, not the venue's"),
            (b"\xff\xfe", "binary, and no UTF-8"),
            (b"Service\nUnavailable.", "Service Unavailable."),
            (b"too many\r\nconnections \x07", "too many connections "),
            (b"key=pqia91ma19a5s61cv6a8_81va65sdf19v8 is gone", "… is gone"),
            (b"bad signature=dbefbc809e3e83c283a984c3a1459732ea7d for that", "bad … for that"),
        ] {
            assert_eq!(excerpt(body), told);
        }
        assert_eq!(strange(br#"{"a":1}"#), None);
    }

    #[test]
    fn what_only_the_trader_knows_is_not_quoted() {
        let words = "passphrase 'open sesame' of key-0001: a mistake";
        let told = "passphrase '…' of …: a mistake";
        assert_eq!(without(words, &["open sesame", "", "key-0001", "k", "mistake"]), told);
    }

    #[cfg(feature = "live")]
    #[test]
    fn no_half_of_what_is_hidden_is_left_where_words_are_cut() {
        let hide = |words: &str| without(words, &["open sesame"]);
        for before in [190, 195, 199, 390, 395, 399] {
            let words = format!("{}open sesame", "word ".repeat(before).split_at(before).0);
            let told = excerpt(&shown(words.as_bytes(), hide));
            assert!(!told.contains("op"), "{told}");
            let page = format!("<title>{words}</title>");
            let told = strange(&shown(page.as_bytes(), hide)).unwrap_or_default();
            assert!(told.starts_with("a page of HTML, 'word word") && !told.contains("op"), "{told}");
        }
        for bytes in [&b"\x1f\x8b\x08\0"[..], b"\xff\xfe", b" "] {
            assert_eq!(strange(&shown(bytes, hide)), strange(bytes));
        }
    }
}
