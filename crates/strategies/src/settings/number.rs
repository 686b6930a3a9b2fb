//! Exact numbers.

use plimsoll_domain::{Decimal, decimal};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A number of a setting, kept exactly. It may be written as a text (`"0.0005"`) or as a number (`0.0005`), which is what
/// its shortest digits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub Decimal);

impl Number {
    /// `digits ÷ 10^places`.
    #[must_use]
    pub fn new(digits: i64, places: u32) -> Self {
        Self(Decimal::new(digits, places))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Digits)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, such as 0.05 or \"0.05\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        decimal::exact(text).map(Number).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn a_number_is_read_as_it_is_written() {
        for (json, expected) in [
            ("0.1", Some("0.1")),
            ("\"0.1\"", Some("0.1")),
            ("1e-8", Some("0.00000001")),
            ("2", Some("2")),
            ("-3", Some("-3")),
            ("\"0.30\"", Some("0.3")),
            ("\"a lot\"", None),
            ("true", None),
            ("null", None),
        ] {
            let read = serde_json::from_str::<Number>(json).ok();
            assert_eq!(read.map(|it| it.to_string()).as_deref(), expected, "{json}");
        }
    }
}
