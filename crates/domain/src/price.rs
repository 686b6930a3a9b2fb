//! Prices and the steps that they come in.

use crate::decimal::{NotADecimal, exact, is_within, ordered, whole_and_rest, whole_of, whole_quotient};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A price in the quote currency per unit of base, always above zero. "No price" is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Price(Decimal);
ordered!(Price);

impl Price {
    /// Ten thousand million: no listed contract comes near, and no product of a price and a
    /// [`Quantity`](crate::Quantity) overflows below it.
    pub const MAX: Price = Price(Decimal::from_parts(1_410_065_408, 2, 0, false, 0));

    /// # Errors
    /// [`NotAPrice`] unless `0 < value ≤` [`Price::MAX`].
    pub fn new(value: Decimal) -> Result<Self, NotAPrice> {
        if !is_within(value, Self::MAX.0) {
            return Err(NotAPrice::OutOfRange(value));
        }
        Ok(Self(value))
    }

    /// The number, in quote currency per unit of base.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The nearest multiple of `tick` in the direction of `rounding`; `None` if that is zero or too large.
    #[must_use]
    pub fn round(self, tick: Step, rounding: Rounding) -> Option<Self> {
        Self::new(tick.round(self.0, rounding)).ok()
    }

    /// Whether this is a multiple of `tick`.
    #[must_use]
    pub fn fits(self, tick: Step) -> bool {
        tick.divides(self.0)
    }
}

impl FromStr for Price {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        Self::new(exact(text)?)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

/// Why a number is not a [`Price`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPrice {
    /// Zero, negative, or absurdly large.
    #[error("a price is above 0 and at most {max}, got {0}", max = Price::MAX)]
    OutOfRange(Decimal),
    /// Not a number.
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
}

/// Which way a number goes when it must fit a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// The distance between two prices (tick) or two sizes (lot) that a venue accepts, always above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Step(Decimal);

impl Step {
    /// A hundredth.
    pub const HUNDREDTH: Step = Step(Decimal::from_parts(1, 0, 0, false, 2));

    /// # Errors
    /// [`NotAStep`] unless `value` is above zero.
    pub fn new(value: Decimal) -> Result<Self, NotAStep> {
        if value <= Decimal::ZERO {
            return Err(NotAStep(value));
        }
        Ok(Self(value.normalize()))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// How many decimals a multiple of this step needs.
    #[must_use]
    pub const fn decimals(self) -> u32 {
        self.0.scale()
    }

    pub(crate) fn divides(self, value: Decimal) -> bool {
        match whole_and_rest(value, self.0) {
            Some((_, rest)) => rest == 0,
            None => value.checked_rem(self.0).is_some_and(|rest| rest.is_zero()),
        }
    }

    pub(crate) fn round(self, value: Decimal, rounding: Rounding) -> Decimal {
        let steps = match whole_and_rest(value, self.0) {
            Some((_, 0)) => return value,
            Some(parts) => whole_of(parts, value.is_sign_positive(), rounding),
            None if self.divides(value) => return value,
            None => whole_quotient(value, self.0, rounding),
        };
        let steps = steps.unwrap_or(Decimal::MAX);
        steps.checked_mul(self.0).unwrap_or(Decimal::MAX)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A step of zero or less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a price or lot step is above 0, got {0}")]
pub struct NotAStep(Decimal);
