//! The words of a plan's text: spans of time, and the guide to all of them.

use crate::faults::fault::Takes;
use crate::faults::{Fault, Target, Targets};
use std::time::Duration;

const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// `50ms`, `2s`, `3m`, `1h`, in the largest unit that says it whole.
pub(crate) fn span(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) =
        UNITS.into_iter().find(|(_, size)| millis > 0 && millis.is_multiple_of(*size)).unwrap_or(("s", 1000));
    format!("{}{unit}", millis / size)
}

/// A span with its sign.
pub(crate) fn signed(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}", span(Duration::from_millis(millis.unsigned_abs())))
}

/// The longest span that can be said: a hundred days.
const LONGEST: u64 = 100 * 24 * 3_600_000;

/// Reads `50ms`, `2s`, `3m`, `1h`, up to a hundred days.
pub(crate) fn read_span(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, size) = UNITS.into_iter().find(|(known, _)| *known == unit)?;
    let millis = number.parse::<u64>().ok()?.checked_mul(size)?;
    (millis <= LONGEST).then(|| Duration::from_millis(millis))
}

/// Reads a span with its sign, in milliseconds.
pub(crate) fn read_signed(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let millis = i64::try_from(read_span(text)?.as_millis()).ok()?;
    Some(if negative { -millis } else { millis })
}

/// Every word of a plan's text, for a screen of 80 columns.
#[must_use]
pub fn guide() -> String {
    let mut guide = String::from(
        "\
SPEC is a list of items with commas between: seed=N, and WORD[=PART:PART…][@TIME].

PART is at what (words with + between), how often, and what the word takes:
  0.02  by chance             1   always
  #3    the third time only   x2  the next two times
TIME is on the market's clock since the start:
  @120s      once, at the first chance
  @60s..90s  during           @60s..  from then on
Spans are 50ms, 2s, 3m, 1h.

",
    );
    for fault in Fault::ALL {
        let takes = match fault.takes() {
            Takes::Nothing => String::new(),
            Takes::Retry(usual) => format!(" (retry={})", span(usual)),
            Takes::For(usual) => format!(" (for={})", span(usual)),
            Takes::ForOrNever(usual) => format!(" (for={} or for=never)", span(usual)),
            Takes::By(usual) => format!(" (by={usual})"),
            Takes::Code => " (code=N)".to_owned(),
            Takes::Shift => " (skew=-3s)".to_owned(),
        };
        let about = format!("{}{takes}", fault.about().trim_end_matches('.'));
        guide.push_str(&entry(fault.word(), &about));
    }
    let list = |targets: Targets| targets.iter().map(Target::word).collect::<Vec<_>>().join(", ");
    guide.push('\n');
    guide.push_str(&entry("at frames, sockets", &list(Targets::SOCKETS)));
    guide.push_str(&entry("at requests", &list(Targets::REQUESTS)));
    guide.push_str(&entry("trade", &list(Targets::TRADE)));
    guide.push_str(&entry("any", "all that the word takes; so it is where nothing is said, but for"));
    let special = Fault::ALL.iter().filter(|fault| fault.usual_targets() != fault.targets());
    let special: Vec<_> = special.map(|fault| format!("{} ({})", fault.word(), fault.usual_targets())).collect();
    guide.push_str(&entry("", &special.join(", ")));
    guide
}

/// Where the text beside a word begins, and where a line ends.
const BESIDE: usize = 22;
const WIDTH: usize = 78;

/// A word, and beside it a text that is broken into lines.
fn entry(word: &str, text: &str) -> String {
    let mut entry = format!("  {word:<width$}", width = BESIDE - 2);
    let mut column = BESIDE;
    for (number, part) in text.split(' ').enumerate() {
        if column + 1 + part.len() > WIDTH {
            entry.push('\n');
            entry.push_str(&" ".repeat(BESIDE));
            column = BESIDE;
        } else if number > 0 {
            entry.push(' ');
            column += 1;
        }
        entry.push_str(part);
        column += part.len();
    }
    entry.push('\n');
    entry
}

/// The words of every fault.
#[must_use]
pub fn known() -> String {
    Fault::ALL.iter().map(|fault| fault.word()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_unit_and_read_again() {
        for (millis, said) in [(0, "0s"), (50, "50ms"), (1500, "1500ms"), (90_000, "90s"), (120_000, "2m")] {
            assert_eq!(span(Duration::from_millis(millis)), said);
            assert_eq!(read_span(said), Some(Duration::from_millis(millis)));
        }
        for wrong in ["", "s", "5", "-5s", "5 s", "5d", "1.5s", "2401h", "99999999999999999999s"] {
            assert_eq!(read_span(wrong), None, "{wrong}");
        }
        assert_eq!([read_signed("-3s"), read_signed("+3s"), read_signed("3s")], [Some(-3000), Some(3000), Some(3000)]);
    }

    #[test]
    fn the_guide_has_every_word_and_fits_a_screen() {
        let guide = guide();
        for fault in Fault::ALL {
            assert!(guide.contains(&format!("\n  {} ", fault.word())), "{}", fault.word());
        }
        assert!(Target::ALL.iter().all(|target| guide.contains(target.word())));
        for line in guide.lines() {
            assert!(line.chars().count() <= 82, "{line}");
        }
    }

    #[test]
    fn the_page_about_faults_has_every_word() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/faults.md");
        let page = std::fs::read_to_string(page).unwrap();
        for fault in Fault::ALL {
            assert!(
                page.contains(&format!("| `{}` |", fault.word())),
                "docs/faults.md does not tell of {}",
                fault.word()
            );
        }
        for target in Target::ALL {
            assert!(
                page.contains(&format!("`{}`", target.word())),
                "docs/faults.md does not tell of {}",
                target.word()
            );
        }
    }
}
