//! A message that cannot be read.

/// A message that cannot be read: what is wrong, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, in {place}")]
pub struct DecodeError {
    /// What is wrong.
    pub what: String,
    /// Where in the message.
    pub place: String,
}

impl DecodeError {
    /// This is wrong, there.
    pub fn new(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self { what: what.into(), place: place.into() }
    }

    /// A word that is not known.
    #[must_use]
    pub fn word(kind: &str, word: &str, place: &str) -> Self {
        Self::new(format!("unknown {kind} '{}'", word.chars().take(64).collect::<String>()), place)
    }

    /// The same, seen from further out.
    #[must_use]
    pub fn inside(mut self, outer: &str) -> Self {
        self.place = format!("{outer} {}", self.place);
        self
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
