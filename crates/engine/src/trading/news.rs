//! What a desk at work tells.

use crate::desk::SeatIndex;
use plimsoll_domain::{AccountId, Candle, Fill, Money, OrderStatus, Symbol, Timestamp, Transition};
use plimsoll_ports::{Decision, FillRole};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One thing that a desk at work tells. It is told as it happens, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradingNews {
    /// The desk has begun: it hears, and what it decides is carried out.
    Began {
        /// When its state was saved that it has taken up; `None` if it is new.
        resumed: Option<Timestamp>,
    },
    /// Other strategies have taken the seats, or the same with other settings. From here on seats are theirs.
    Reseated(Vec<Seated>),
    /// A strategy has decided something.
    Decided {
        /// Whose.
        seat: SeatIndex,
        /// When.
        at: Timestamp,
        /// What, and why.
        decision: Arc<Decision>,
    },
    /// A decision was not carried out, or was taken back.
    Refused {
        /// Whose.
        seat: SeatIndex,
        /// What it was.
        decision: Arc<Decision>,
        /// Every reason.
        reason: String,
    },
    /// A decision was carried out: its orders were taken, or have filled.
    Done {
        /// Whose.
        seat: SeatIndex,
        /// What it was.
        decision: Arc<Decision>,
    },
    /// Something of a strategy's traded.
    Filled {
        /// Whose.
        seat: SeatIndex,
        /// On this account.
        account: AccountId,
        /// Which order it was of.
        role: Role,
        /// The fill, or the strategy's part of it.
        fill: Box<Fill>,
        /// What it made of the strategy's position.
        made: Transition,
    },
    /// Something traded on the account that is no strategy's.
    Foreign {
        /// On this account.
        account: AccountId,
        /// The fill.
        fill: Box<Fill>,
    },
    /// A resting order of a strategy has ended.
    Ended {
        /// Whose.
        seat: SeatIndex,
        /// On this account.
        account: AccountId,
        /// The contract.
        symbol: Symbol,
        /// The order's label.
        label: String,
        /// How.
        status: OrderStatus,
    },
    /// Funding was paid for what a strategy holds; negative was received.
    Funded {
        /// Whose.
        seat: SeatIndex,
        /// On this account.
        account: AccountId,
        /// For this contract.
        symbol: Symbol,
        /// Its part.
        payment: Money,
    },
    /// A candle of the shortest interval that somebody hears has closed.
    Candle {
        /// On whose venue.
        account: AccountId,
        /// The candle.
        candle: Box<Candle>,
    },
    /// A strategy was stopped, and decides nothing more; its stops and targets rest on.
    Stopped {
        /// Whose.
        seat: SeatIndex,
        /// Why.
        why: String,
    },
    /// What the desk believed to be held was not there at the venue, and is taken out.
    Differs {
        /// Whose.
        seat: SeatIndex,
        /// On this account.
        account: AccountId,
        /// What, with figures.
        what: String,
    },
    /// Something that the desk works with is away: prices, candles, or the records.
    Trouble {
        /// What, and why.
        what: String,
    },
}

/// A strategy that has taken a seat, in the order of the seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    /// Its name.
    pub strategy: String,
    /// The accounts that it hears of.
    pub accounts: BTreeSet<AccountId>,
    /// How it goes on.
    pub how: Reseated,
}

/// How a strategy goes on that has taken a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reseated {
    /// It knows what its namesake knew.
    GoesOn,
    /// What its namesake knew does not fit it; what that holds and what rests is its own all the same.
    BeginsAnew {
        /// Why.
        why: String,
    },
    /// It is new.
    New,
}

/// [`FillRole`], owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It opened at market, or added to a position.
    Entry,
    /// It closed at market what the strategy wanted closed.
    Exit,
    /// The stop-loss.
    StopLoss,
    /// The take-profit.
    TakeProfit,
    /// The resting order of this label.
    Resting(String),
    /// Forced: liquidation, deleveraging, or a measure that keeps the account afloat.
    Forced,
}

impl Role {
    /// The same, borrowed.
    #[must_use]
    pub fn as_fill(&self) -> FillRole<'_> {
        match self {
            Self::Entry => FillRole::Entry,
            Self::Exit => FillRole::Exit,
            Self::StopLoss => FillRole::StopLoss,
            Self::TakeProfit => FillRole::TakeProfit,
            Self::Resting(label) => FillRole::Resting(label),
            Self::Forced => FillRole::Forced,
        }
    }
}
