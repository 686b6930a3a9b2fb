//! Numbers in JSON files, read exactly whether they are written as strings or as bare numbers.

use plimsoll_domain::{Decimal, Leverage, Money, Price, Quantity, Rate, decimal};
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;
use std::fmt::Display;
use std::str::FromStr;

/// A value that is read from its text, `"0.5"` or `0.5` alike, without a float in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact<T>(pub(crate) T);

impl<'de, T: ReadExactly> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(raw);
        T::read(text).map(Exact).map_err(D::Error::custom)
    }
}

/// What has an exact text.
pub(crate) trait ReadExactly: Sized {
    /// Reads it, or says what is wrong with it.
    fn read(text: &str) -> Result<Self, String>;
}

macro_rules! read_from_str {
    ($($name:ty),+) => {
        $(impl ReadExactly for $name {
            fn read(text: &str) -> Result<Self, String> {
                from_str(text)
            }
        })+
    };
}
read_from_str!(Leverage, Money, Price, Quantity, Rate);

impl ReadExactly for Decimal {
    fn read(text: &str) -> Result<Self, String> {
        decimal::exact(text).map_err(|error| error.to_string())
    }
}

fn from_str<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
