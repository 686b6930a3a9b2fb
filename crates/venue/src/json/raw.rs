//! Values that are read later, or by another shape.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A value as it was sent, whatever it is: the text of whole JSON, or empty where the field is missing. A null is `null`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raw<'a>(
    /// The text.
    pub &'a str,
);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(<&'de RawValue>::deserialize(deserializer)?.get()))
    }
}

impl Raw<'_> {
    /// Nothing was sent, or null.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        matches!(self.0, "" | "null")
    }
}
