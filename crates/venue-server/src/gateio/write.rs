//! JSON as the venue writes it: texts over REST where the streams have numbers, sizes as whoever listens asked for them.

use crate::number::trimmed;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::fmt::{Display, Write};

/// How figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Style {
    /// `X-Gate-Size-Decimal: 1` was sent: sizes are texts and may have fractions.
    pub(crate) decimal: bool,
    /// On private streams prices and money are numbers.
    pub(crate) stream: bool,
}

impl Style {
    pub(crate) const fn rest(decimal: bool) -> Self {
        Self { decimal, stream: false }
    }

    pub(crate) const fn stream(decimal: bool) -> Self {
        Self { decimal, stream: true }
    }
}

/// An object that is being written, member by member.
#[derive(Debug)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self("{".to_owned())
    }

    /// A member whose value is JSON already.
    pub(crate) fn raw(mut self, name: &str, value: impl Display) -> Self {
        let comma = if self.0.len() > 1 { "," } else { "" };
        // Writing to a text does not fail.
        let _ = write!(self.0, "{comma}\"{name}\":{value}");
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, quoted(value))
    }

    /// A price or money.
    pub(crate) fn figure(self, name: &str, value: Decimal, style: Style) -> Self {
        if style.stream { self.raw(name, float(value)) } else { self.digits(name, value) }
    }

    /// A number as text.
    pub(crate) fn digits(self, name: &str, value: Decimal) -> Self {
        self.raw(name, format_args!("\"{}\"", trimmed(value)))
    }

    /// A number of contracts: truncated to a whole one for whoever did not ask for fractions.
    pub(crate) fn size(self, name: &str, contracts: Decimal, style: Style) -> Self {
        if style.decimal {
            self.digits(name, contracts)
        } else {
            self.raw(name, contracts.trunc().to_i64().unwrap_or_default())
        }
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// An array of what is JSON already.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// A text as JSON has it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number as the streams write it: below a millionth with an exponent.
pub(crate) fn float(value: Decimal) -> String {
    let value = value.normalize();
    let small = !value.is_zero() && value.abs() < Decimal::new(1, 6);
    if !small {
        return value.to_string();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let digits = value.mantissa().unsigned_abs().to_string();
    let (first, rest) = digits.split_at(1);
    let places = usize::try_from(value.scale()).unwrap_or_default();
    let exponent = places + 1 - digits.len();
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e-{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn small_numbers_of_the_streams_have_an_exponent() {
        for (value, text) in [
            (dec!(0), "0"),
            (dec!(40000.40), "40000.4"),
            (dec!(-0.000050123368), "-0.000050123368"),
            (dec!(-0.0000000125), "-1.25e-8"),
            (dec!(0.0000001), "1e-7"),
            (dec!(0.000001), "0.000001"),
        ] {
            assert_eq!(float(value), text);
            assert!(serde_json::from_str::<f64>(text).is_ok());
        }
    }

    #[test]
    fn sizes_are_written_as_whoever_listens_asked() {
        let written = |decimal| Object::new().size("size", dec!(-1.7), Style::rest(decimal)).end();
        assert_eq!(written(true), r#"{"size":"-1.7"}"#);
        assert_eq!(written(false), r#"{"size":-1}"#);
    }

    #[test]
    fn rest_has_texts_where_streams_have_numbers() {
        let written = |stream| {
            let style = Style { decimal: true, stream };
            Object::new().text("text", "a\"b").figure("price", dec!(10.50), style).raw("ok", true).end()
        };
        assert_eq!(written(false), r#"{"text":"a\"b","price":"10.5","ok":true}"#);
        assert_eq!(written(true), r#"{"text":"a\"b","price":10.5,"ok":true}"#);
        assert_eq!(array(["1".to_owned(), "2".to_owned()]), "[1,2]");
    }
}
