//! Fractions: fees, funding, maintenance margin.

use crate::decimal::{NotADecimal, exact, ordered};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A signed fraction of a notional: `0.0004` is 0.04 %, four basis points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Rate(Decimal);
ordered!(Rate);

impl Rate {
    /// No fraction at all.
    pub const ZERO: Rate = Rate(Decimal::ZERO);

    /// A rate from a calculation.
    #[must_use]
    pub const fn new(fraction: Decimal) -> Self {
        Self(fraction)
    }

    /// The number, as a fraction of one.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let rate = exact(text)?;
        if rate.abs() > Decimal::ONE_HUNDRED {
            return Err(NotARate::OutOfRange(rate));
        }
        Ok(Self(rate))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

/// Why a text is not a [`Rate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARate {
    /// Beyond ±10,000 %.
    #[error("a rate is a fraction between -100 and 100, got {0}")]
    OutOfRange(Decimal),
    /// Not a number.
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
}
