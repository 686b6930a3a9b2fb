//! Numbers as they were sent.

use super::DecodeError;
use crate::eight;
use plimsoll_domain::{Decimal, Money, Price, Quantity, Rate, Timestamp, decimal};
use serde::de::{self, Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// A number as it was sent: the text of a JSON string, or of a bare JSON number, which is never read through a binary
/// fraction. Empty where the field is missing, null or an empty string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Num<'a>(
    /// The text.
    pub &'a str,
);

impl<'de: 'a, 'a> Deserialize<'de> for Num<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match (quoted, raw.as_bytes().first()) {
            (Some(text), _) => Ok(Self(text)),
            (None, Some(b'-' | b'0'..=b'9')) => Ok(Self(raw)),
            (None, Some(b'n')) => Ok(Self("")),
            _ => Err(de::Error::custom("expected a number")),
        }
    }
}

impl<'a> Num<'a> {
    fn present(self, place: &str) -> Result<&'a str, DecodeError> {
        if self.0.is_empty() { Err(DecodeError::new("no value", place)) } else { Ok(self.0) }
    }

    fn read<T>(self, place: &str) -> Result<T, DecodeError>
    where
        T: std::str::FromStr,
        T::Err: fmt::Display,
    {
        self.present(place)?.parse().map_err(|error: T::Err| DecodeError::new(error.to_string(), place))
    }

    fn make<T, E: fmt::Display>(self, place: &str, make: impl Fn(Decimal) -> Result<T, E>) -> Result<T, DecodeError> {
        make(self.decimal(place)?).map_err(|error| DecodeError::new(error.to_string(), place))
    }

    /// The number itself.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn decimal(self, place: &str) -> Result<Decimal, DecodeError> {
        if let Some(short) = short(self.0) {
            return Ok(short);
        }
        let text = self.present(place)?;
        decimal::exact(text).map_err(|error| DecodeError::new(error.to_string(), place))
    }

    /// A price: above 0.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn price(self, place: &str) -> Result<Price, DecodeError> {
        self.make(place, Price::new)
    }

    /// A size: above 0.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn quantity(self, place: &str) -> Result<Quantity, DecodeError> {
        self.make(place, Quantity::new)
    }

    /// An amount of money, of either sign.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn money(self, place: &str) -> Result<Money, DecodeError> {
        match short(self.0) {
            Some(amount) => Ok(Money::new(amount)),
            None => self.read(place),
        }
    }

    /// A rate, as a fraction.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn rate(self, place: &str) -> Result<Rate, DecodeError> {
        self.read(place)
    }

    /// A price, where venues write 0 or nothing for none.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn maybe_price(self, place: &str) -> Result<Option<Price>, DecodeError> {
        self.unless_zero(place, Price::new)
    }

    /// A size, where venues write 0 or nothing for none.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn maybe_quantity(self, place: &str) -> Result<Option<Quantity>, DecodeError> {
        self.unless_zero(place, Quantity::new)
    }

    /// An amount of money, where venues write nothing for none. 0 is an amount.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn maybe_money(self, place: &str) -> Result<Option<Money>, DecodeError> {
        if self.0.is_empty() { Ok(None) } else { self.money(place).map(Some) }
    }

    fn unless_zero<T, E: fmt::Display>(
        self,
        place: &str,
        make: impl Fn(Decimal) -> Result<T, E>,
    ) -> Result<Option<T>, DecodeError> {
        if self.0.is_empty() || self.0 == "0" {
            return Ok(None);
        }
        let value = self.decimal(place)?;
        if value.is_zero() {
            return Ok(None);
        }
        make(value).map(Some).map_err(|error| DecodeError::new(error.to_string(), place))
    }

    /// An id that is a number on the wire, here or there in quotes.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn id(self, place: &str) -> Result<&'a str, DecodeError> {
        let text = self.present(place)?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(text)
        } else {
            Err(DecodeError::new(format!("'{text}' is no id"), place))
        }
    }

    /// An id that is 0 or missing where there is none.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn maybe_id(self, place: &str) -> Result<Option<&'a str>, DecodeError> {
        if self.0.is_empty() || self.0 == "0" { Ok(None) } else { self.id(place).map(Some) }
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn whole<T>(self, place: &str) -> Result<T, DecodeError>
    where
        T: std::str::FromStr,
        T::Err: fmt::Display,
    {
        self.read(place)
    }

    /// Milliseconds since 1970.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn time(self, place: &str) -> Result<Timestamp, DecodeError> {
        let millis: i64 = match short_whole(self.0) {
            Some(short) => short,
            None => self.whole(place)?,
        };
        if millis < 0 {
            return Err(DecodeError::new(format!("a time before 1970: {millis}"), place));
        }
        Ok(Timestamp::from_millis(millis))
    }

    /// Milliseconds since 1970, where venues write 0 or nothing for no time.
    ///
    /// # Errors
    /// [`DecodeError`] with `place` for anything else.
    pub fn maybe_time(self, place: &str) -> Result<Option<Timestamp>, DecodeError> {
        if self.0.is_empty() || self.0 == "0" { Ok(None) } else { self.time(place).map(Some) }
    }
}

/// 8 to 18 digits, which is what nearly every time is.
fn short_whole(text: &str) -> Option<i64> {
    let (eight, rest) = text.as_bytes().split_first_chunk()?;
    if rest.len() > 10 || !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let first = i64::try_from(eight::number(*eight)?).ok()?;
    Some(rest.iter().fold(first, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// `-?digits[.digits]` of at most 18 characters, which is what nearly every number on a wire is: no such number can be
/// rounded, nor be beyond what [`Money`] may be. Everything else is left to [`decimal::exact`].
fn short(text: &str) -> Option<Decimal> {
    let (digits, negative) = match text.as_bytes() {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let ([first, ..], [.., last]) = (digits, digits) else { return None };
    if digits.len() > 18 || !first.is_ascii_digit() || !last.is_ascii_digit() {
        return None;
    }
    let (mut value, mut point) = (0_i64, None);
    for (index, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(index),
            _ => return None,
        }
    }
    let scale = point.map_or(0, |point| digits.len() - point - 1);
    Some(Decimal::new(if negative { -value } else { value }, u32::try_from(scale).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read as json;

    #[test]
    fn a_bare_number_keeps_every_digit() {
        let number: Num<'_> = json("67123.123456789012345678").unwrap();
        assert_eq!(number.decimal("p").unwrap().to_string(), "67123.123456789012345678");
        let number: Num<'_> = json("0.0065").unwrap();
        assert_eq!(number.rate("p").unwrap().to_string(), "0.0065");
    }

    #[test]
    fn short_numbers_are_read_as_all_others() {
        for text in [
            "0",
            "7",
            "-7",
            "0.10",
            "-0.0001",
            "61000.5",
            "999999999999999999",
            "99999999.999999999",
            "0.1234567890123456",
        ] {
            assert_eq!(
                short(text).map(|it| it.to_string()),
                decimal::exact(text).ok().map(|it| it.to_string()),
                "{text}"
            );
        }
        for text in ["", "-", ".", "1.", ".1", "1.1.1", "+1", "1e5", "1 ", "--1", "9999999999999999999"] {
            assert_eq!(short(text), None, "{text}");
        }
    }

    #[test]
    fn short_whole_numbers_are_read_as_all_others() {
        for text in ["00000000", "1764000000120", "12345678", "999999999999999999"] {
            assert_eq!(short_whole(text), text.parse().ok(), "{text}");
        }
        for text in ["", "1234567", "-17640000", "1764000000120 ", "176400000012.0", "9999999999999999999"] {
            assert_eq!(short_whole(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_an_error_that_says_where() {
        let check = |text: &str, expected: &str| {
            let error = json::<Num<'_>>(text).and_then(|number| number.price("o.p").map(|_| ()));
            assert_eq!(error.unwrap_err().to_string(), expected, "{text}");
        };
        check(r#""-1""#, "a price is above 0 and at most 10000000000, got -1, in o.p");
        check(r#""1e300""#, "'1e300' is not a decimal number that can be kept exactly, in o.p");
        check(r#""""#, "no value, in o.p");
        check("null", "no value, in o.p");
        check("true", "expected a number, in the whole value");
        check("{}", "expected a number, in the whole value");
    }
}
