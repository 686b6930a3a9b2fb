//! Numbers as text, digit for digit.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::value::RawValue;

/// At least so many places: `0.020`.
pub(crate) fn padded(value: Decimal, places: u32) -> String {
    let mut value = value.normalize();
    if value.scale() < places {
        value.rescale(places);
    }
    value.to_string()
}

/// No trailing zeros: `0.02`.
pub(crate) fn trimmed(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Figures that are only shown, such as a liquidation price: cut after so many places, without trailing zeros.
pub(crate) fn cut(value: Decimal, places: u32) -> String {
    trimmed(value.round_dp_with_strategy(places, RoundingStrategy::ToZero))
}

/// A bare JSON number, digit for digit.
pub(crate) fn bare(value: Decimal) -> Box<RawValue> {
    #[expect(clippy::expect_used, reason = "a decimal prints as digits with at most one point, which is JSON")]
    RawValue::from_string(trimmed(value)).expect("a decimal prints as a JSON number")
}
