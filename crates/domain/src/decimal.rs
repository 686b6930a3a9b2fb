//! Decimal numbers read exactly, or refused.

use rust_decimal::Decimal;

/// Reads a decimal number as venues and people write it: `67123.10`, `-0.0001`, `1e-8`.
///
/// Nothing is rounded: a number that does not fit is an error, and so is everything that only looks like a number
/// (`1_000`, ` 5`, `.5`, `5.`, `NaN`).
///
/// # Errors
/// [`NotADecimal`] with the text that was read.
pub fn exact(text: &str) -> Result<Decimal, NotADecimal> {
    let refuse = || NotADecimal(text.chars().take(64).collect());
    if plain(text.as_bytes()) {
        return Decimal::from_str_exact(text).map_err(|_| refuse());
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).ok_or_else(refuse)?;
    let exponent: i32 = exponent.parse().map_err(|_| refuse())?;
    if !plain(mantissa.as_bytes()) {
        return Err(refuse());
    }
    let mantissa = Decimal::from_str_exact(mantissa).map_err(|_| refuse())?.normalize();
    shifted(mantissa, exponent).ok_or_else(refuse)
}

/// `0 < value ≤ max`, for a whole `max`. Most values are settled by their digits, whatever their scale, since comparing
/// decimals of different scales means multiplying.
pub(crate) fn is_within(value: Decimal, max: Decimal) -> bool {
    value.is_sign_positive() && !value.is_zero() && (value.mantissa() <= max.mantissa() || value <= max)
}

/// `[+-]digits[.digits]`, and nothing else.
fn plain(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let mut parts = unsigned.splitn(2, |byte| *byte == b'.');
    parts.all(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// `mantissa × 10^exponent`, or `None` if it has no exact decimal.
fn shifted(mantissa: Decimal, exponent: i32) -> Option<Decimal> {
    let places = i64::from(mantissa.scale()) - i64::from(exponent);
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    if places >= 0 {
        let places = u32::try_from(places).ok()?;
        return Decimal::try_from_i128_with_scale(mantissa.mantissa(), places).ok();
    }
    let factor = 10_i128.checked_pow(u32::try_from(-places).ok()?)?;
    Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(factor)?, 0).ok()
}

/// A text that is no exact decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a decimal number that can be kept exactly")]
pub struct NotADecimal(String);

#[cfg(test)]
mod tests {
    use super::{exact, is_within};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    #[test]
    fn reads_exactly_or_refuses() {
        for (text, expected) in [
            ("67123.10", Some("67123.10")),
            ("-0.0001", Some("-0.0001")),
            ("+5", Some("5")),
            ("1e-8", Some("0.00000001")),
            ("1.5E3", Some("1500")),
            ("0e99", Some("0")),
            ("79228162514264337593543950335", Some("79228162514264337593543950335")),
            ("79228162514264337593543950336", None),
            ("0.00000000000000000000000000001", None),
            ("1e-29", None),
            ("1e40", None),
            ("1_000", None),
            (" 5", None),
            (".5", None),
            ("5.", None),
            ("", None),
            ("-", None),
            ("NaN", None),
            ("1e", None),
            ("0x10", None),
        ] {
            assert_eq!(exact(text).ok().map(|value| value.to_string()).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(mantissa in any::<i64>(), scale in 0u32..=28) {
            let value = Decimal::new(mantissa, scale);
            prop_assert_eq!(exact(&value.to_string()), Ok(value));
        }

        #[test]
        fn a_range_is_what_its_comparisons_say(mantissa in any::<i64>(), scale in 0u32..=28, max in 1_i64..i64::MAX) {
            let (value, max) = (Decimal::new(mantissa, scale), Decimal::from(max));
            prop_assert_eq!(is_within(value, max), value > Decimal::ZERO && value <= max);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = exact(&text);
        }
    }
}
