//! Composed orders: what no venue has, made of orders that every venue has.
//!
//! The journal holds what was meant, once, before any part of it is sent. How far it has got is nowhere but in its parts,
//! which are orders of the journal like any other: whoever finds an unfinished one after a crash reads them, and goes on.

use crate::stop_loss::StopLoss;
use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, Leverage, Price, Quantity, Rate, Symbol, TimeInForce, Timestamp, VenueId,
};
use std::time::Duration;

/// An order that is made of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposedOrder {
    /// The contract.
    pub symbol: Symbol,
    /// Which way the position goes that it opens, adds to or closes.
    pub direction: Direction,
    /// What it is made of.
    pub kind: ComposedKind,
}

/// What a composed order is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposedKind {
    /// A limit entry that may rest; its stop-loss and take-profit are placed when the first of it has filled, and close
    /// whatever it comes to.
    Bracket {
        /// What is opened.
        opening: Opening,
        /// The worst price.
        price: Price,
        /// [`Gtc`](TimeInForce::Gtc), or [`PostOnly`](TimeInForce::PostOnly), which never takes.
        time_in_force: TimeInForce,
    },
    /// A limit order of which only a part is seen: the next part follows when one has filled. Where all of a closing is seen, it is one
    /// reduce-only order that rests, and is maker or nothing.
    Iceberg {
        /// What is traded.
        trade: SlicedTrade,
        /// The worst price.
        price: Price,
        /// The most that rests at once.
        visible: Quantity,
    },
    /// Market orders of one size, one after another in even steps of time. After a pause it goes on where it was: it never
    /// trades two steps at once.
    Twap {
        /// What is traded.
        trade: SlicedTrade,
        /// How many orders; at least one.
        slices: u16,
        /// From one order to the next.
        every: Duration,
    },
    /// A stop and a target for the same part of a position: what is left of one is cancelled when the other has filled.
    Oco {
        /// How much of the position.
        quantity: Quantity,
        /// Where the stop triggers, on the mark price.
        stop: Price,
        /// Where the target triggers, on the mark price.
        target: Price,
    },
    /// A stop for the whole position that follows the mark price at a distance, and never goes back.
    TrailingStop {
        /// How far behind the best mark price, as a share of it.
        distance: Rate,
        /// The mark price from which on it follows; until then the stop that rests stays where it is. `None`: at once.
        activation: Option<Price>,
    },
}

/// What is done in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlicedTrade {
    /// Opens a position, or adds to it.
    Open(Opening),
    /// Closes this much of a position, reduce-only.
    Close(Quantity),
}

impl SlicedTrade {
    /// How much, in base units.
    #[must_use]
    pub const fn quantity(&self) -> Quantity {
        match self {
            Self::Open(opening) => opening.quantity,
            Self::Close(quantity) => *quantity,
        }
    }
}

/// What is opened by a composed order, and what ends its loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// How much, in base units.
    pub quantity: Quantity,
    /// The leverage to set.
    pub leverage: Leverage,
    /// What ends its loss, from the first fill on.
    pub stop_loss: StopLoss,
    /// Where profit is to be taken, on the mark price.
    pub take_profit: Option<Price>,
}

impl ComposedOrder {
    /// What it opens, if it opens something: everything else only reduces.
    #[must_use]
    pub const fn opening(&self) -> Option<&Opening> {
        match &self.kind {
            ComposedKind::Bracket { opening, .. }
            | ComposedKind::Iceberg { trade: SlicedTrade::Open(opening), .. }
            | ComposedKind::Twap { trade: SlicedTrade::Open(opening), .. } => Some(opening),
            ComposedKind::Iceberg { .. }
            | ComposedKind::Twap { .. }
            | ComposedKind::Oco { .. }
            | ComposedKind::TrailingStop { .. } => None,
        }
    }
}

impl ComposedKind {
    /// It is a stop that follows the price.
    #[must_use]
    pub const fn is_trailing(&self) -> bool {
        matches!(self, Self::TrailingStop { .. })
    }

    /// The price that what it sends may wait for.
    #[must_use]
    pub const fn limit(&self) -> Option<Price> {
        match self {
            Self::Bracket { price, .. } | Self::Iceberg { price, .. } => Some(*price),
            Self::Twap { .. } | Self::Oco { .. } | Self::TrailingStop { .. } => None,
        }
    }

    /// The word for it in records, tables and JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Bracket { .. } => "bracket",
            Self::Iceberg { .. } => "iceberg",
            Self::Twap { .. } => "twap",
            Self::Oco { .. } => "oco",
            Self::TrailingStop { .. } => "trailing_stop",
        }
    }
}

/// A composed order as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposedEntry {
    /// The account it is for.
    pub account: AccountId,
    /// The venue its parts go to.
    pub venue: VenueId,
    /// Its name, with which the client order ids of all its parts begin. No order is ever sent under it.
    pub id: ClientOrderId,
    /// What was meant.
    pub order: ComposedOrder,
    /// Whether it goes on.
    pub state: ComposedState,
    /// When it was written down.
    pub placed_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// Whether a composed order goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposedState {
    /// It goes on.
    Working,
    /// It has ended; what of it had filled stays filled.
    Ended {
        /// How.
        how: ComposedEnd,
        /// Why, in words.
        reason: String,
    },
}

impl ComposedState {
    /// The word for it: `working`, or that of its end.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Ended { how, .. } => how.as_str(),
        }
    }
}

/// How a composed order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComposedEnd {
    /// All of it was done.
    Done,
    /// Somebody ended it: an operator, the kill switch, or whoever cancelled a part of it at the venue.
    Canceled,
    /// It could not go on: refused by the limits or by the venue, or what it was for is gone.
    Failed,
}

impl ComposedEnd {
    /// Every end.
    pub const ALL: [ComposedEnd; 3] = [Self::Done, Self::Canceled, Self::Failed];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
        }
    }
}
