//! What a strategy hears.

use super::decision::Decision;
use plimsoll_domain::{AccountId, Fill, MarketEvent, OrderStatus, Symbol};

/// One thing that a strategy hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StrategyEvent<'a> {
    /// The market, by one of its [feeds](super::Feed). Candles are closed.
    Market {
        /// The account on whose venue.
        account: &'a AccountId,
        /// What happened.
        event: &'a MarketEvent,
    },
    /// Something of the strategy's traded. The view holds it already.
    Fill {
        /// On this account.
        account: &'a AccountId,
        /// Which of its orders.
        role: FillRole<'a>,
        /// The fill.
        fill: &'a Fill,
    },
    /// A resting order of the strategy has ended, filled whole or otherwise.
    Ended {
        /// On this account.
        account: &'a AccountId,
        /// The contract.
        symbol: &'a Symbol,
        /// The order's label.
        label: &'a str,
        /// How it ended.
        status: OrderStatus,
    },
    /// A decision was not carried out, or was taken back: nothing of it stands.
    Refused {
        /// What it was.
        decision: &'a Decision,
        /// Every reason.
        reason: &'a str,
    },
}

/// Which order of a strategy a fill is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillRole<'a> {
    /// It opened at market, or added to a position.
    Entry,
    /// It closed at market what the strategy wanted closed.
    Exit,
    /// The stop-loss.
    StopLoss,
    /// The take-profit.
    TakeProfit,
    /// The resting order of this label.
    Resting(&'a str),
    /// Forced: liquidation, deleveraging, or a measure that keeps the account afloat.
    Forced,
}

impl FillRole<'_> {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Resting(_) => "resting",
            Self::Forced => "forced",
        }
    }
}
