//! What was done to keep an account afloat, with its figures.

use super::gap::LastSeen;
use crate::position_manager::failure::{CloseFailure, OpenFailure};
use crate::position_manager::outcome::Closed;
use plimsoll_domain::afloat::{FlattenCause, Stage};
use plimsoll_domain::{
    AccountMargin, ClientOrderId, Direction, FillCause, MarginRatio, Money, PositionSide, Price, Quantity, Rate, Symbol,
};
use plimsoll_ports::CommandError;

/// One thing that was done to keep the account afloat, or that is to be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// Equity is at or below what is required: the mark has gone through the liquidation price. How it was last seen says
    /// whether a reduction could have saved it. What the venue leaves is closed.
    AlreadyDue {
        /// Of what.
        of: Backed,
        /// Equity against requirement.
        margin: AccountMargin,
        /// How it was last seen before; `None` if nobody had looked at it.
        last_seen: Option<LastSeen>,
    },
    /// How near it is.
    Warned {
        /// Of what.
        of: Backed,
        /// Maintenance ÷ equity.
        ratio: Option<MarginRatio>,
        /// To the nearest liquidation, as a share of the mark, where a threshold judges by it.
        distance: Option<Rate>,
        /// The highest stage reached.
        stage: Stage,
    },
    /// Entries of ours in these contracts were taken off the book.
    EntriesCancelled {
        /// The contracts.
        symbols: Vec<Symbol>,
        /// Those that rest no more by our doing.
        cancelled: Vec<ClientOrderId>,
    },
    /// Wallet margin was to be moved into an isolated position.
    MarginAdded {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        side: PositionSide,
        /// How much.
        amount: Money,
        /// What for.
        why: MarginFor,
        /// Why it was not moved, or may not have been; a reduction takes its place.
        failure: Option<CommandError>,
    },
    /// A position was to be made smaller, or closed.
    Cut {
        /// The contract.
        symbol: Symbol,
        /// Which way the position goes.
        direction: Direction,
        /// How much was to go, in base units.
        wanted: Quantity,
        /// What for.
        why: CutFor,
        /// What went, with its orders, each of what the book bears at once; empty if nothing did.
        closed: Vec<Closed>,
        /// Why the rest did not.
        failure: Option<CloseFailure>,
    },
    /// A position below its leverage was to grow.
    Grown {
        /// The contract.
        symbol: Symbol,
        /// Which way.
        direction: Direction,
        /// By how much.
        quantity: Quantity,
        /// Why it did not: a check that refused it, say.
        failure: Option<Box<OpenFailure>>,
    },
    /// The venue has taken a position or a part of it: to pay for someone else's loss, or for want of margin.
    Taken {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        side: PositionSide,
        /// Which way it went.
        direction: Direction,
        /// How much.
        quantity: Quantity,
        /// The price of the last of it.
        price: Price,
        /// Deleveraging, liquidation or settlement.
        cause: FillCause,
        /// How it was last seen before; `None` if nobody had looked at it.
        last_seen: Option<LastSeen>,
    },
}

/// What backs positions that are judged together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Backed {
    /// The cross pool.
    Pool,
    /// An isolated position's own margin.
    Isolated {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        side: PositionSide,
        /// Which way it goes.
        direction: Direction,
    },
}

/// What a position is given margin for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarginFor {
    /// The target of its margin, and it is enough.
    Target,
    /// The same, and it is all that is free.
    AsFarAsFree,
    /// The leverage that is kept.
    Leverage,
    /// It was set free by making the position smaller, and is put back: the rest keeps what the whole had.
    Kept,
}

/// What a position is made smaller for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CutFor {
    /// The target of its margin.
    Margin,
    /// Nothing less will do for its margin: it is closed.
    Flatten(FlattenCause),
    /// The leverage that is kept.
    Leverage,
    /// Its hedge was taken.
    LostLeg,
}

impl CutFor {
    /// The word for it in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Margin => "margin_thin",
            Self::Flatten(_) => "margin_gone",
            Self::Leverage => "leverage_kept",
            Self::LostLeg => "lost_leg",
        }
    }
}

impl Backed {
    /// Its contract, if it is backed by margin of its own.
    #[must_use]
    pub const fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Pool => None,
            Self::Isolated { symbol, .. } => Some(symbol),
        }
    }
}

impl std::fmt::Display for Backed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pool => f.write_str("the cross positions"),
            Self::Isolated { symbol, direction, .. } => write!(f, "{symbol} {direction}"),
        }
    }
}

impl Measure {
    /// How far the margin has come by this, if it tells that.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self {
            Self::AlreadyDue { .. } => Some(Stage::Flatten),
            Self::Warned { stage, .. } => Some(*stage),
            _ => None,
        }
    }

    /// Whether the account is otherwise than before by it, or may be.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        match self {
            Self::AlreadyDue { .. } | Self::Warned { .. } | Self::Taken { .. } => false,
            Self::EntriesCancelled { cancelled, .. } => !cancelled.is_empty(),
            Self::MarginAdded { .. } | Self::Cut { .. } => true,
            Self::Grown { failure, .. } => failure.is_none(),
        }
    }

    /// Whether it was to be done and was not, or not wholly.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        match self {
            Self::MarginAdded { failure, .. } => failure.is_some(),
            Self::Cut { failure, .. } => failure.is_some(),
            Self::Grown { failure, .. } => failure.is_some(),
            Self::AlreadyDue { .. } | Self::Warned { .. } | Self::EntriesCancelled { .. } | Self::Taken { .. } => false,
        }
    }
}
