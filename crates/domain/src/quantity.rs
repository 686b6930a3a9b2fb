//! Sizes, in base units.

use crate::decimal::{NotADecimal, exact, is_within, ordered};
use crate::money::Money;
use crate::price::{Price, Rounding, Step};
use rust_decimal::Decimal;
use std::fmt;
use std::ops::{Add, Mul};
use std::str::FromStr;

/// A size in base units, always above zero and unsigned: which way is a [`Direction`](crate::Direction) or a
/// [`Side`](crate::Side). "Nothing" is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Quantity(Decimal);
ordered!(Quantity);

impl Quantity {
    /// A hundred million million base units.
    pub const MAX: Quantity = Quantity(Decimal::from_parts(276_447_232, 23_283, 0, false, 0));

    /// # Errors
    /// [`NotAQuantity`] unless `0 < value ≤` [`Quantity::MAX`].
    pub fn new(value: Decimal) -> Result<Self, NotAQuantity> {
        if !is_within(value, Self::MAX.0) {
            return Err(NotAQuantity::OutOfRange(value));
        }
        Ok(Self(value))
    }

    /// Splits a signed amount, as venues report positions, into its size and whether it is negative; `None` for 0.
    ///
    /// # Errors
    /// [`NotAQuantity`] if the size is beyond [`Quantity::MAX`].
    pub fn from_signed(value: Decimal) -> Result<Option<(Self, crate::Direction)>, NotAQuantity> {
        if value.is_zero() {
            return Ok(None);
        }
        let direction = if value.is_sign_negative() { crate::Direction::Short } else { crate::Direction::Long };
        Ok(Some((Self::new(value.abs())?, direction)))
    }

    /// The number, in base units.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The nearest multiple of `lot` in the direction of `rounding`; `None` if nothing is left, or too much.
    #[must_use]
    pub fn round(self, lot: Step, rounding: Rounding) -> Option<Self> {
        Self::new(lot.round(self.0, rounding)).ok()
    }

    /// Whether this is a multiple of `lot`.
    #[must_use]
    pub fn fits(self, lot: Step) -> bool {
        lot.divides(self.0)
    }

    /// What remains when `taken` is taken away.
    #[must_use]
    pub fn minus(self, taken: Self) -> Remainder {
        let rest = self.0 - taken.0;
        if rest.is_zero() {
            Remainder::Nothing
        } else if rest.is_sign_positive() {
            Remainder::Left(Self(rest))
        } else {
            Remainder::Excess(Self(-rest))
        }
    }
}

/// The outcome of taking one quantity from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remainder {
    /// This much is left.
    Left(Quantity),
    /// Exactly all was taken.
    Nothing,
    /// More was taken than there was, by this much.
    Excess(Quantity),
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// Quantity × price is the notional.
impl Mul<Price> for Quantity {
    type Output = Money;

    fn mul(self, price: Price) -> Money {
        Money::new(self.0 * price.get())
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        Self::new(exact(text)?)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

/// Why a number is not a [`Quantity`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuantity {
    /// Zero, negative, or absurdly large.
    #[error("a size is above 0 and at most {max}, got {0}", max = Quantity::MAX)]
    OutOfRange(Decimal),
    /// Not a number.
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn the_bounds_are_round_numbers() {
        assert_eq!(Quantity::MAX.get(), dec!(100_000_000_000_000));
        assert_eq!(Price::MAX.get(), dec!(10_000_000_000));
        assert_eq!((Quantity::MAX * Price::MAX).get(), dec!(1_000_000_000_000_000_000_000_000));
    }

    #[test]
    fn rounding_is_directed() {
        let lot = Step::new(dec!(0.001)).unwrap();
        let check = |value: Decimal, rounding, expected: Option<Decimal>| {
            assert_eq!(Quantity::new(value).unwrap().round(lot, rounding).map(Quantity::get), expected);
        };
        check(dec!(0.0019), Rounding::Down, Some(dec!(0.001)));
        check(dec!(0.0011), Rounding::Up, Some(dec!(0.002)));
        check(dec!(0.002), Rounding::Up, Some(dec!(0.002)));
        check(dec!(0.0009), Rounding::Down, None);
    }
}
