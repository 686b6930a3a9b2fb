//! The two conventions of one figure, under two names.

use crate::decimal::ordered;
use crate::money::Money;
use rust_decimal::Decimal;
use std::fmt;

/// Maintenance margin ÷ margin equity: 0 is safe, 1 is liquidation. With no equity left it is liquidation, whatever the
/// quotient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct MarginRatio(Decimal);
ordered!(MarginRatio);

impl MarginRatio {
    /// Equity has met maintenance.
    pub const LIQUIDATION: MarginRatio = MarginRatio(Decimal::ONE);

    /// The ratio of these two; `None` where nothing is required. Equity of zero or less counts as liquidation, as do
    /// quotients too large to keep.
    #[must_use]
    pub fn of(maintenance: Money, equity: Money) -> Option<Self> {
        if !maintenance.is_positive() {
            return None;
        }
        if !equity.is_positive() {
            return Some(Self(Decimal::MAX));
        }
        Some(Self(maintenance.get().checked_div(equity.get()).unwrap_or(Decimal::MAX)))
    }

    /// A ratio that a venue reports, already our way up.
    #[must_use]
    pub const fn reported(ratio: Decimal) -> Self {
        Self(ratio)
    }

    /// The number; `Decimal::MAX` when there is no equity left.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// At or beyond liquidation.
    #[must_use]
    pub fn is_liquidation(self) -> bool {
        self >= Self::LIQUIDATION
    }
}

impl fmt::Display for MarginRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Decimal::MAX { f.pad("no equity") } else { self.0.normalize().fmt(f) }
    }
}

/// Margin equity ÷ maintenance margin, the inverse of [`MarginRatio`]; `None` where nothing is required.
#[must_use]
pub fn margin_cover(maintenance: Money, equity: Money) -> Option<Decimal> {
    if !maintenance.is_positive() {
        return None;
    }
    Some(equity.get().checked_div(maintenance.get()).unwrap_or(Decimal::MAX))
}
