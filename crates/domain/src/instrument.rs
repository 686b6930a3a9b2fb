//! What a venue publishes about a contract.

use crate::leverage::Leverage;
use crate::margin::MarginTiers;
use crate::money::Money;
use crate::name::{Currency, Symbol, VenueId};
use crate::price::{Price, Rounding, Step};
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::Direction;
use crate::time::Timestamp;
use rust_decimal::Decimal;
use std::fmt;
use std::sync::Arc;

/// A perpetual contract as its venue publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Where it trades.
    pub venue: VenueId,
    /// Its unified name.
    pub symbol: Symbol,
    /// The venue's own name for it (`BTCUSDT`).
    pub native: Arc<str>,
    /// The currency of margin, profit and fees.
    pub settle: Currency,
    /// Base units in one contract; 1 where the venue trades in base units.
    pub multiplier: Decimal,
    /// Distance between prices.
    pub tick: Step,
    /// Distance between sizes, in base units.
    pub lot: Step,
    /// The smallest order, in base units.
    pub min_quantity: Quantity,
    /// The largest limit order, in base units.
    pub max_quantity: Quantity,
    /// The largest market order, in base units.
    pub max_market_quantity: Quantity,
    /// The smallest notional of an order that is not reduce-only.
    pub min_notional: Money,
    /// The maintenance-margin table.
    pub tiers: MarginTiers,
    /// What trading costs, positive is paid.
    pub fees: Fees,
    /// What a forced close costs, as a fraction of its notional.
    pub liquidation_fee: Rate,
    /// Hours between fundings, as last announced; venues change it.
    pub funding_interval_hours: u32,
    /// What may be done with it.
    pub status: ContractStatus,
    /// When the venue ends it, once that is announced.
    pub ends: Option<Timestamp>,
    /// What a position's initial margin holds for the fee of closing it, as a fraction of the notional, beside notional ÷
    /// leverage; zero where the venue wants nothing for that.
    pub margin_fee: Rate,
}

/// What a venue lets be done with a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContractStatus {
    /// It is listed, and does not trade yet.
    PreLaunch,
    /// Everything is allowed.
    Trading,
    /// Positions may only be made smaller: it is on its way out, or under observation.
    ReduceOnly,
    /// Nothing trades for now, or the venue says something of it that nobody knows.
    Halted,
    /// It is settled, or gone from the venue's list.
    Delisted,
}

impl ContractStatus {
    /// Whether orders that add exposure are taken. Whether one that reduces is, its venue is always asked: a way out is
    /// not closed by a word.
    #[must_use]
    pub const fn may_open(self) -> bool {
        matches!(self, Self::Trading)
    }

    /// The word for it in logs and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreLaunch => "pre_launch",
            Self::Trading => "trading",
            Self::ReduceOnly => "reduce_only",
            Self::Halted => "halted",
            Self::Delisted => "delisted",
        }
    }
}

impl fmt::Display for ContractStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Trading fees as fractions of the notional; a negative fee is a rebate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// For a fill that added liquidity.
    pub maker: Rate,
    /// For a fill that took liquidity.
    pub taker: Rate,
}

impl Instrument {
    /// A size that may be sent, rounded down to the lot.
    ///
    /// # Errors
    /// [`UnfitSize`] if nothing is left, or what is left is too small or too large for a market order at `price`.
    pub fn market_size(&self, wanted: Quantity, price: Price) -> Result<Quantity, UnfitSize> {
        let size = wanted.round(self.lot, Rounding::Down).ok_or(UnfitSize::BelowLot { wanted, lot: self.lot })?;
        if size < self.min_quantity {
            return Err(UnfitSize::TooSmall { size, min: self.min_quantity });
        }
        if size > self.max_market_quantity {
            return Err(UnfitSize::TooLarge { size, max: self.max_market_quantity });
        }
        let notional = size * price;
        if notional < self.min_notional {
            return Err(UnfitSize::TooCheap { notional, min: self.min_notional });
        }
        Ok(size)
    }

    /// The smallest size that an order at `price` may have, in lots: by size, and by what it is worth.
    #[must_use]
    pub fn smallest_size(&self, price: Price) -> Quantity {
        let worth = self.min_notional.get().checked_div(price.get()).unwrap_or(Decimal::ZERO);
        let by_worth = Quantity::new(self.lot.round(worth, Rounding::Up));
        by_worth.map_or(self.min_quantity, |size| size.max(self.min_quantity))
    }

    /// The trigger of a protective stop, rounded so that it fires earlier, never later: up below a long, down above a
    /// short. `None` if no price is left.
    #[must_use]
    pub fn stop_price(&self, direction: Direction, wanted: Price) -> Option<Price> {
        let rounding = match direction {
            Direction::Long => Rounding::Up,
            Direction::Short => Rounding::Down,
        };
        wanted.round(self.tick, rounding)
    }

    /// Initial margin of a position of this notional: notional ÷ leverage, and what the venue wants for closing it.
    #[must_use]
    pub fn initial_margin(&self, notional: Money, leverage: Leverage) -> Money {
        let margin = crate::margin::initial(notional, leverage);
        if self.margin_fee == Rate::ZERO { margin } else { margin + notional * self.margin_fee }
    }

    /// The most leverage that a position of this notional may have.
    #[must_use]
    pub fn max_leverage(&self, notional: Money) -> Leverage {
        self.tiers.max_leverage(notional)
    }
}

/// Why a size cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSize {
    /// Rounds to nothing.
    #[error("{wanted} is less than one lot of {lot}")]
    BelowLot {
        /// What was asked for.
        wanted: Quantity,
        /// The lot.
        lot: Step,
    },
    /// Below the venue's smallest order.
    #[error("size {size} is below the smallest order of {min}")]
    TooSmall {
        /// The size, in lots.
        size: Quantity,
        /// The smallest.
        min: Quantity,
    },
    /// Above the venue's largest market order.
    #[error("size {size} is above the largest market order of {max}")]
    TooLarge {
        /// The size, in lots.
        size: Quantity,
        /// The largest.
        max: Quantity,
    },
    /// Below the venue's smallest notional.
    #[error("notional {notional} is below the smallest of {min}")]
    TooCheap {
        /// Size × price.
        notional: Money,
        /// The smallest.
        min: Money,
    },
}
