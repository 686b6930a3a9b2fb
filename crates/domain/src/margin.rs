//! Equity against requirement.

mod floors;
mod health;
mod ratio;
mod tier;

pub use health::MarginHealth;
pub use ratio::{MarginRatio, margin_cover};
pub use tier::{BrokenTiers, HedgeMargin, MarginTiers, Tier};

use crate::leverage::Leverage;
use crate::money::Money;
use crate::position::Position;
use crate::price::Price;

/// Maintenance margin of a position at this mark.
#[must_use]
pub fn maintenance(position: Position, mark: Price, tiers: &MarginTiers) -> Money {
    tiers.maintenance(position.notional(mark))
}

/// Initial margin: notional ÷ leverage.
#[must_use]
pub fn initial(notional: Money, leverage: Leverage) -> Money {
    notional / leverage.as_decimal()
}

/// Margin equity of an isolated position: the wallet margin assigned to it and its profit at this mark.
#[must_use]
pub fn isolated_equity(position: Position, margin: Money, mark: Price) -> Money {
    Money::new(margin.get().saturating_add(position.unrealized_pnl(mark).get()))
}
