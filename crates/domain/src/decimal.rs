//! Decimal numbers read exactly, or refused.

use crate::price::Rounding;
use rust_decimal::{Decimal, RoundingStrategy};

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

/// `of ÷ by` in whole numbers; `None` for a `by` of zero and for what no decimal can hold. Most sizes and steps have so few
/// digits that the quotient is one of whole numbers, which is quick and exact.
pub(crate) fn whole_quotient(of: Decimal, by: Decimal, rounding: Rounding) -> Option<Decimal> {
    if let Some((whole, rest)) = whole_and_rest(of, by) {
        let away = if of.is_sign_negative() == by.is_sign_negative() { 1 } else { -1 };
        let whole = if rest != 0 && rounding == Rounding::Up { whole.saturating_add(away) } else { whole };
        return Decimal::try_from_i128_with_scale(whole, 0).ok();
    }
    let strategy = match rounding {
        Rounding::Down => RoundingStrategy::ToZero,
        Rounding::Up => RoundingStrategy::AwayFromZero,
    };
    Some(of.checked_div(by)?.round_dp_with_strategy(0, strategy))
}

/// How often `by` goes into `of`, towards zero, and what is left in the digits of the finer of both; `None` where they have
/// too many digits for that.
pub(crate) fn whole_and_rest(of: Decimal, by: Decimal) -> Option<(i128, i128)> {
    let scale = of.scale().max(by.scale());
    let digits = |it: Decimal| match scale.saturating_sub(it.scale()) {
        0 => Some(it.mantissa()),
        more => it.mantissa().checked_mul(10_i128.checked_pow(more)?),
    };
    let (of, by) = (digits(of)?, digits(by)?);
    // Half as many digits divide many times as fast.
    if let (Ok(of), Ok(by)) = (i64::try_from(of), i64::try_from(by)) {
        return Some((of.checked_div(by)?.into(), of.checked_rem(by)?.into()));
    }
    Some((of.checked_div(by)?, of.checked_rem(by)?))
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
    use super::{exact, is_within, whole_and_rest, whole_quotient};
    use crate::price::Rounding;
    use proptest::prelude::*;
    use rust_decimal::{Decimal, RoundingStrategy};

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
        fn a_whole_quotient_is_the_quotient_rounded(
            of in -1_000_000_000_000_000_i64..1_000_000_000_000_000, of_scale in 0u32..=9,
            by in 1_i64..1_000_000_000, by_scale in 0u32..=9, up in any::<bool>(),
        ) {
            let (of, by) = (Decimal::new(of, of_scale), Decimal::new(by, by_scale));
            let (rounding, strategy) = match up {
                true => (Rounding::Up, RoundingStrategy::AwayFromZero),
                false => (Rounding::Down, RoundingStrategy::ToZero),
            };
            let found = whole_quotient(of, by, rounding);
            // The quotient of decimals is rounded in its last digit: what it makes whole by that has a rest.
            let expected = of.checked_div(by).map(|it| it.round_dp_with_strategy(0, strategy));
            let (whole, rest) = whole_and_rest(of, by).unwrap();
            let back = Decimal::from_i128_with_scale(whole, 0) * by + Decimal::from_i128_with_scale(rest, of_scale.max(by_scale));
            prop_assert_eq!(back, of);
            if found != expected {
                prop_assert!(rest != 0 && of.checked_div(by).unwrap().is_integer());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = exact(&text);
        }
    }
}
