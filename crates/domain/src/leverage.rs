//! Leverage.

use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// How many times its margin a position's notional is: a whole number from 1. What an instrument allows is in its
/// [`MarginTiers`](crate::MarginTiers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Leverage(u16);

impl Leverage {
    /// No leverage: the margin is the notional.
    pub const ONE: Leverage = Leverage(1);

    /// The most that any venue has offered.
    pub const MAX: Leverage = Leverage(1000);

    /// # Errors
    /// [`NotALeverage`] unless `1 ≤ times ≤ 1000`.
    pub fn new(times: u32) -> Result<Self, NotALeverage> {
        match u16::try_from(times) {
            Ok(times) if (1..=Self::MAX.0).contains(&times) => Ok(Self(times)),
            _ => Err(NotALeverage(times.to_string())),
        }
    }

    /// The number of times.
    #[must_use]
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    /// The number of times, to calculate with.
    #[must_use]
    pub fn as_decimal(self) -> Decimal {
        Decimal::from(self.0)
    }
}

impl FromStr for Leverage {
    type Err = NotALeverage;

    fn from_str(text: &str) -> Result<Self, NotALeverage> {
        let times = text.parse().map_err(|_| NotALeverage(text.chars().take(64).collect()))?;
        Self::new(times)
    }
}

impl fmt::Display for Leverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.0)
    }
}

/// A leverage of zero, in fractions, or beyond all venues.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("leverage is a whole number from 1 to 1000, got {0}")]
pub struct NotALeverage(String);
