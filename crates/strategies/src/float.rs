//! Floats: out of money, written down so that they come back to the last bit, and back into money by directed roundings.

use plimsoll_domain::{Price, Rounding, Step};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer, Serializer};

const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The float nearest to a decimal. Most have so few digits that one division of exact floats is right to the last bit.
#[inline]
pub(crate) fn of(value: Decimal) -> f64 {
    let ten = usize::try_from(value.scale()).ok().and_then(|scale| TENS.get(scale));
    match (i64::try_from(value.mantissa()), ten) {
        #[expect(clippy::cast_precision_loss, reason = "it has at most 53 bits")]
        (Ok(digits), Some(ten)) if digits.unsigned_abs() <= 1 << 53 => digits as f64 / ten,
        _ => value.to_f64().unwrap_or_default(),
    }
}

/// A measured distance between prices in whole ticks; `None` if that is nothing, or no number.
pub(crate) fn distance(measured: f64, tick: Step, rounding: Rounding) -> Option<Decimal> {
    Price::new(Decimal::from_f64_retain(measured)?).ok()?.round(tick, rounding).map(Price::get)
}

/// Eight digits of a float, for reasons.
pub(crate) fn shown(value: f64) -> String {
    let places = (0..10).find(|place| value.abs() >= 10_f64.powi(2 - place)).map_or(12, |place| place + 5);
    let places = if value.abs() >= 1000.0 { 4 } else { places };
    let text = format!("{value:.*}", usize::try_from(places).unwrap_or_default());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    parse(&String::deserialize(deserializer)?)
}

fn parse<E: serde::de::Error>(text: &str) -> Result<f64, E> {
    let value: f64 = text.parse().map_err(E::custom)?;
    if value.is_finite() { Ok(value) } else { Err(E::custom("a float that is not finite")) }
}

/// The same for a float that may be missing.
pub(crate) mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the shape that serde calls")]
    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|value| value.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| super::parse(&text)).transpose()
    }
}

/// The same for many.
pub(crate) mod list {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::VecDeque;

    pub(crate) fn serialize<S: Serializer>(values: &VecDeque<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(f64::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VecDeque<f64>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| super::parse(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_decimal_becomes_the_float_that_its_text_is(digits in any::<i64>(), scale in 0_u32..=28) {
            let value = Decimal::new(digits, scale);
            let nearest: f64 = value.to_string().parse().unwrap();
            let off = (of(value) - nearest).abs();
            // Numbers of more digits than a float has may differ in the last.
            let allowed = if digits.unsigned_abs() <= 1 << 53 && scale <= 22 { 0.0 } else { nearest.abs() * 4.0 * f64::EPSILON };
            prop_assert!(off <= allowed, "{} {}", of(value), nearest);
        }

        #[test]
        fn a_measured_distance_is_whole_ticks_on_the_side_that_was_asked_for(measured in 0.5_f64..1e6, tick in 1_i64..=50) {
            let tick = Step::new(Decimal::new(tick, 2)).unwrap();
            let exact = Decimal::from_f64_retain(measured).unwrap();
            let up = distance(measured, tick, Rounding::Up).unwrap();
            let down = distance(measured, tick, Rounding::Down).unwrap();
            prop_assert!(down <= exact && exact <= up && up - down <= tick.get());
            prop_assert!((up % tick.get()).is_zero() && (down % tick.get()).is_zero());
        }
    }

    #[test]
    fn reasons_show_about_eight_digits() {
        for (value, expected) in [
            (67_123.456_789, "67123.4568"),
            (100.0, "100"),
            (1.5, "1.5"),
            (0.000_012_345_678_9, "0.000012345679"),
            (0.0, "0"),
            (-2.25, "-2.25"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }

    #[test]
    fn what_is_no_distance_is_none() {
        let tick = Step::new(Decimal::new(1, 1)).unwrap();
        for measured in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(distance(measured, tick, Rounding::Up), None);
        }
        assert_eq!(distance(0.04, tick, Rounding::Down), None);
    }
}
