//! Decimal numbers read exactly, or refused.

use crate::price::Rounding;
use rust_decimal::{Decimal, RoundingStrategy};
use std::cmp::Ordering;

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

/// Which of two is the larger, as [`Decimal`] itself has it. Comparing is half of what margin takes, and most numbers have so few
/// digits that both are one multiplication away from whole numbers of the same unit.
#[inline]
pub(crate) fn order(one: Decimal, other: Decimal) -> Ordering {
    let (left, right) = (one.mantissa(), other.mantissa());
    let (places, wanted) = (one.scale(), other.scale());
    let quick = match places.cmp(&wanted) {
        Ordering::Equal => Some((left, right)),
        Ordering::Less => in_finer_units(left, wanted - places).map(|left| (left, right)),
        Ordering::Greater => in_finer_units(right, places - wanted).map(|right| (left, right)),
    };
    quick.map_or_else(|| one.cmp(&other), |(left, right)| left.cmp(&right))
}

/// Every power of ten that two scales can be apart.
const TENS: [i128; 29] = {
    let mut tens = [1; 29];
    let mut power = 1;
    while power < tens.len() {
        tens[power] = tens[power - 1] * 10;
        power += 1;
    }
    tens
};

/// `digits × 10^places`, where that cannot overflow: 10^18 has 60 bits, and 10^28 has 94.
#[inline]
pub(crate) fn in_finer_units(digits: i128, places: u32) -> Option<i128> {
    if places == 0 {
        return Some(digits);
    }
    let fits = if places <= 18 { i64::try_from(digits).is_ok() } else { i32::try_from(digits).is_ok() };
    let unit = ten_to(places).filter(|_| fits)?;
    Some(digits * unit)
}

/// `10^places`; `None` beyond the largest scale.
#[inline]
pub(crate) fn ten_to(places: u32) -> Option<i128> {
    TENS.get(usize::try_from(places).ok()?).copied()
}

/// The product, if it fits; that of two numbers of 64 bits does, and most are.
#[inline]
pub(crate) fn product(one: i128, other: i128) -> Option<i128> {
    match (i64::try_from(one), i64::try_from(other)) {
        (Ok(one), Ok(other)) => Some(i128::from(one) * i128::from(other)),
        _ => one.checked_mul(other),
    }
}

/// `one ≤ other`, by their [`order`].
#[inline]
pub(crate) fn is_at_most(one: Decimal, other: Decimal) -> bool {
    order(one, other).is_le()
}

/// `value > 0`, which the sign alone tells of what is not zero.
#[inline]
pub(crate) fn is_positive(value: Decimal) -> bool {
    value.is_sign_positive() && !value.is_zero()
}

/// `value < 0`.
#[inline]
pub(crate) fn is_negative(value: Decimal) -> bool {
    value.is_sign_negative() && !value.is_zero()
}

/// The value, or zero where it is below.
#[inline]
pub(crate) fn or_zero(value: Decimal) -> Decimal {
    if value.is_sign_negative() { Decimal::ZERO } else { value }
}

/// The smaller of two.
#[inline]
pub(crate) fn smaller(one: Decimal, other: Decimal) -> Decimal {
    if is_at_most(one, other) { one } else { other }
}

/// The larger of two.
#[inline]
pub(crate) fn larger(one: Decimal, other: Decimal) -> Decimal {
    if is_at_most(other, one) { one } else { other }
}

/// Orders a number under a name as [`order`] does.
macro_rules! ordered {
    ($name:ident) => {
        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                crate::decimal::order(self.0, other.0)
            }
        }
    };
}
pub(crate) use ordered;

/// `of ÷ by` in whole numbers; `None` for a `by` of zero and for what no decimal can hold. Most sizes and steps have so few
/// digits that the quotient is one of whole numbers, which is quick and exact.
pub(crate) fn whole_quotient(of: Decimal, by: Decimal, rounding: Rounding) -> Option<Decimal> {
    if let Some(parts) = whole_and_rest(of, by) {
        return whole_of(parts, of.is_sign_negative() == by.is_sign_negative(), rounding);
    }
    let strategy = match rounding {
        Rounding::Down => RoundingStrategy::ToZero,
        Rounding::Up => RoundingStrategy::AwayFromZero,
    };
    Some(of.checked_div(by)?.round_dp_with_strategy(0, strategy))
}

/// A quotient in whole numbers, by its whole and its rest; `None` for what no decimal can hold.
#[inline]
pub(crate) fn whole_of((whole, rest): (i128, i128), is_positive: bool, rounding: Rounding) -> Option<Decimal> {
    let away = if is_positive { 1 } else { -1 };
    let whole = if rest != 0 && rounding == Rounding::Up { whole.saturating_add(away) } else { whole };
    Decimal::try_from_i128_with_scale(whole, 0).ok()
}

/// How often `by` goes into `of`, towards zero, and what is left in the digits of the finer of both; `None` where they have
/// too many digits for that.
pub(crate) fn whole_and_rest(of: Decimal, by: Decimal) -> Option<(i128, i128)> {
    let scale = of.scale().max(by.scale());
    let digits = |it: Decimal| match scale.saturating_sub(it.scale()) {
        0 => Some(it.mantissa()),
        more => product(it.mantissa(), ten_to(more)?),
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
    use super::{exact, is_within, order, whole_and_rest, whole_quotient};
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
        fn the_order_is_that_of_decimals(
            one in any::<i128>(), shift in 32u32..=126, scale in 0u32..=28,
            other in any::<i128>(), other_shift in 32u32..=126, other_scale in 0u32..=28, same in any::<bool>(),
        ) {
            let one = Decimal::from_i128_with_scale(one >> shift, scale);
            let other = if same {
                let mut other = one;
                other.rescale(other_scale);
                other
            } else {
                Decimal::from_i128_with_scale(other >> other_shift, other_scale)
            };
            prop_assert_eq!(order(one, other), one.cmp(&other));
            prop_assert_eq!(order(other, one), other.cmp(&one));
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
