//! A message that cannot be read.

use std::fmt;

/// A message that cannot be read: what is wrong, and where in it.
///
/// It holds the message's words whole, so that what is to be hidden can be found in them: only what is shown is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub what: String,
    /// Where in the message.
    pub place: String,
    is_of_unlisted: bool,
}

/// No more characters of either are shown.
const SHOWN: usize = 160;

impl DecodeError {
    /// This is wrong, there.
    pub fn new(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self { what: what.into(), place: place.into(), is_of_unlisted: false }
    }

    /// This name of a contract, there, is not known: a newer list of contracts may hold it.
    pub fn unlisted(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self { is_of_unlisted: true, ..Self::new(what, place) }
    }

    /// Whether it can perhaps be read with a newer list of contracts.
    #[must_use]
    pub const fn is_of_unlisted(&self) -> bool {
        self.is_of_unlisted
    }

    /// A word that is not known.
    #[must_use]
    pub fn word(kind: &str, word: &str, place: &str) -> Self {
        Self::new(format!("unknown {kind} '{word}'"), place)
    }

    /// The same, seen from further out.
    #[must_use]
    pub fn inside(mut self, outer: &str) -> Self {
        self.place = format!("{outer} {}", self.place);
        self
    }

    /// As it may be told of, after `hide`: only then it is cut, so that no half of what is to be hidden is left over.
    #[must_use]
    pub fn told(&self, hide: impl Fn(&str) -> String) -> String {
        let (what, place) = (hide(&self.what), hide(&self.place));
        format!("{}, in {}", Cut(&what), Cut(&place))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, in {}", Cut(&self.what), Cut(&self.place))
    }
}

impl std::error::Error for DecodeError {}

/// The beginning of words that may be long.
struct Cut<'a>(&'a str);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{}…", self.0.get(..end).unwrap_or_default()),
            None => f.write_str(self.0),
        }
    }
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        let place = match error.line() {
            0 => "the whole value".to_owned(),
            line => format!("line {line} column {}", error.column()),
        };
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        Self::new(what, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::without;

    #[test]
    fn no_half_of_what_is_hidden_is_left_where_a_word_is_cut() {
        let hide = |words: &str| without(words, &["open sesame"]);
        for before in [50, 58, 63, 120, 140, 145, 150, 158, 159, 160, 400] {
            let word = format!("{}open sesame", "-".repeat(before));
            let error = DecodeError::word("side", &word, "o.S").inside(&format!("{} open sesame", "=".repeat(before)));
            let told = error.told(hide);
            assert!(!told.contains("op") && !told.contains("ame"), "{told}");
            assert!(told.chars().count() < 2 * SHOWN + 20, "{told}");
        }
        assert_eq!(DecodeError::word("side", "open sesame", "o.S").told(hide), "unknown side '…', in o.S");
    }

    #[test]
    fn what_is_short_is_shown_whole_and_what_is_long_is_not() {
        assert_eq!(DecodeError::word("side", "UP", "o.S").to_string(), "unknown side 'UP', in o.S");
        let long = DecodeError::word("side", &"ü".repeat(100_000), "o.S").to_string();
        assert_eq!(long.chars().count(), SHOWN + "…, in o.S".chars().count());
    }
}
