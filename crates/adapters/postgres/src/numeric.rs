//! `NUMERIC` and back, without a digit lost.
//!
//! The driver's own decimal rounds what is wider than it, and says nothing. Here a number comes back as it was written,
//! its trailing zeros included, or not at all.

use plimsoll_domain::Decimal;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// A decimal as a `NUMERIC` column holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numeric(pub(crate) Decimal);

/// The type's number in every PostgreSQL.
const NUMERIC: Oid = Oid(1700);

/// The wire counts in groups of four decimal digits.
const GROUP: u128 = 10_000;
const GROUP_DIGITS: u32 = 4;

/// The sign words of the wire; everything else is NaN or an infinity.
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

impl Type<Postgres> for Numeric {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(NUMERIC)
    }
}

impl Encode<'_, Postgres> for Numeric {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&to_wire(self.0));
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Numeric {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Ok(Self(from_wire(value.as_bytes()?)?)),
            PgValueFormat::Text => Ok(Self(plimsoll_domain::decimal::exact(value.as_str()?)?)),
        }
    }
}

/// Count of groups, weight of the first, sign and scale, then the groups, highest first: 16 bits each.
fn to_wire(value: Decimal) -> Vec<u8> {
    let scale = value.scale();
    let padding = (GROUP_DIGITS - scale % GROUP_DIGITS) % GROUP_DIGITS;
    let mut rest = value.mantissa().unsigned_abs() * 10_u128.pow(padding);
    let mut groups: Vec<u16> = Vec::new();
    while rest > 0 {
        groups.push(u16::try_from(rest % GROUP).unwrap_or_default());
        rest /= GROUP;
    }
    let behind_the_point = i16::try_from((scale + padding) / GROUP_DIGITS).unwrap_or_default();
    let before_the_point = i16::try_from(groups.len()).unwrap_or_default() - behind_the_point;
    let zeros = groups.iter().take_while(|group| **group == 0).count();
    let digits: Vec<u16> = groups.into_iter().skip(zeros).rev().collect();
    let sign = if value.is_sign_negative() && !value.is_zero() { NEGATIVE } else { POSITIVE };
    let weight = if digits.is_empty() { 0 } else { before_the_point - 1 };

    let mut wire = Vec::with_capacity(8 + 2 * digits.len());
    wire.extend_from_slice(&u16::try_from(digits.len()).unwrap_or_default().to_be_bytes());
    wire.extend_from_slice(&weight.to_be_bytes());
    wire.extend_from_slice(&sign.to_be_bytes());
    wire.extend_from_slice(&u16::try_from(scale).unwrap_or_default().to_be_bytes());
    for digit in digits {
        wire.extend_from_slice(&digit.to_be_bytes());
    }
    wire
}

fn from_wire(wire: &[u8]) -> Result<Decimal, NotExact> {
    let mut words = wire.chunks_exact(2).map(|word| word.iter().fold(0_u16, |word, byte| word << 8 | u16::from(*byte)));
    let mut word = || words.next().ok_or(NotExact::CutShort);
    let (groups, weight, sign, scale) = (word()?, word()?.cast_signed(), word()?, u32::from(word()?));
    if sign != POSITIVE && sign != NEGATIVE {
        return Err(NotExact::NoNumber);
    }
    let mut mantissa = 0_u128;
    for _ in 0..groups {
        let group = u128::from(word()?);
        mantissa = mantissa.checked_mul(GROUP).and_then(|it| it.checked_add(group)).ok_or(NotExact::TooLong)?;
    }
    let exponent = (i32::from(weight) - i32::from(groups) + 1) * 4;
    let (mantissa, places) = if exponent > 0 {
        let factor = 10_u128.checked_pow(exponent.unsigned_abs());
        (factor.and_then(|factor| mantissa.checked_mul(factor)).ok_or(NotExact::TooLong)?, 0)
    } else {
        (mantissa, exponent.unsigned_abs())
    };
    let mantissa = i128::try_from(mantissa).map_err(|_| NotExact::TooLong)?;
    fitted(if sign == NEGATIVE { -mantissa } else { mantissa }, places, scale)
}

/// `mantissa ÷ 10^places`, shown with `scale` places if it fits so, and else with as few as it needs.
fn fitted(mut mantissa: i128, mut places: u32, scale: u32) -> Result<Decimal, NotExact> {
    while places > scale && mantissa % 10 == 0 {
        (mantissa, places) = (mantissa / 10, places - 1);
    }
    let widened = 10_i128.checked_pow(scale.saturating_sub(places)).and_then(|factor| mantissa.checked_mul(factor));
    let wide = widened.and_then(|wide| Decimal::try_from_i128_with_scale(wide, scale.max(places)).ok());
    if let Some(wide) = wide {
        return Ok(wide);
    }
    while places > 0 && mantissa % 10 == 0 {
        (mantissa, places) = (mantissa / 10, places - 1);
    }
    Decimal::try_from_i128_with_scale(mantissa, places).map_err(|_| NotExact::TooLong)
}

/// Why a `NUMERIC` is no decimal of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotExact {
    #[error("a number with more digits than can be kept exactly")]
    TooLong,
    #[error("not a number, or infinite")]
    NoNumber,
    #[error("a number that is cut short")]
    CutShort,
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::decimal::exact;
    use proptest::prelude::*;

    fn wire(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn the_wire_is_postgresqls() {
        for (text, words) in [
            ("0", &[0, 0, 0, 0][..]),
            ("0.00", &[0, 0, 0, 2]),
            ("1", &[1, 0, 0, 0, 1]),
            ("-1.10", &[2, 0, 0x4000, 2, 1, 1000]),
            ("10000", &[1, 1, 0, 0, 1]),
            ("0.0001", &[1, 0xffff, 0, 4, 1]),
            ("0.00001", &[1, 0xfffe, 0, 5, 1000]),
            ("67123.10", &[3, 1, 0, 2, 6, 7123, 1000]),
            ("79228162514264337593543950335", &[8, 7, 0, 0, 7, 9228, 1625, 1426, 4337, 5935, 4395, 335]),
        ] {
            let value = exact(text).unwrap();
            assert_eq!(to_wire(value), wire(words), "{text}");
            assert_eq!(from_wire(&wire(words)).map(|it| it.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (words, expected) in [
            (&[0, 0, 0xc000, 0][..], NotExact::NoNumber),
            (&[0, 0, 0xd000, 0x20], NotExact::NoNumber),
            (&[0, 0, 0xf000, 0x20], NotExact::NoNumber),
            (&[2, 0, 0, 0, 1], NotExact::CutShort),
            (&[0, 0], NotExact::CutShort),
            // 79228162514264337593543950336, and one more place than there is.
            (&[8, 7, 0, 0, 7, 9228, 1625, 1426, 4337, 5935, 4395, 336], NotExact::TooLong),
            (&[1, 0xfff8, 0, 29, 1000], NotExact::TooLong),
            (&[1, 30, 0, 0, 1], NotExact::TooLong),
            (&[12, 0, 0, 44, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], NotExact::TooLong),
        ] {
            assert_eq!(from_wire(&wire(words)), Err(expected), "{words:?}");
        }
    }

    #[test]
    fn zeros_that_do_not_fit_are_let_go() {
        // 79228162514264337593543950335.00
        let widest = wire(&[8, 7, 0, 2, 7, 9228, 1625, 1426, 4337, 5935, 4395, 335]);
        assert_eq!(from_wire(&widest).map(|it| it.to_string()).as_deref(), Ok("79228162514264337593543950335"));
    }

    proptest! {
        #[test]
        fn every_decimal_comes_back_digit_for_digit(
            low in any::<u32>(), middle in any::<u32>(), high in any::<u32>(), negative in any::<bool>(), scale in 0u32..=28
        ) {
            let value = Decimal::from_parts(low, middle, high, negative, scale);
            let back = from_wire(&to_wire(value)).map(|it| it.to_string());
            prop_assert_eq!(back, Ok(value.to_string()));
        }

        #[test]
        fn no_bytes_make_it_panic(wire in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = from_wire(&wire);
        }
    }
}
