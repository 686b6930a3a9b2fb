//! Why an operation did not come about: one enum each.

use super::outcome::{Closed, Opened};
use crate::order_path::SendFailure;
use crate::position_manager::sentence::short;
use plimsoll_domain::risk::{NotReleased, Refused, RiskCheck};
use plimsoll_domain::{
    ClientOrderId, Currency, Direction, OrderStatus, PositionMode, Price, Quantity, Step, Symbol, UnfitSize,
};
use plimsoll_ports::{CommandError, QueryError, Refusal, StoreError};
use std::time::Duration;

/// Why a position was not opened, or not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailure {
    /// The limits say no: every reason, each with its figure and limit.
    #[error("refused: {0}")]
    Refused(Refused),
    /// The contract does not trade, or may only be reduced; nothing was sent.
    #[error("{}", .0.message)]
    NotTrading(Refusal),
    /// The size cannot be sent.
    #[error(transparent)]
    UnfitSize(#[from] UnfitSize),
    /// The contract settles in a currency that this account is not kept in.
    #[error("{symbol} settles in {settle}, the account is kept in {kept}")]
    WrongCurrency {
        /// The contract.
        symbol: Symbol,
        /// What it settles in.
        settle: Currency,
        /// What the account is kept in.
        kept: Currency,
    },
    /// In one-way mode the position goes the other way: closing it is another intent.
    #[error("{symbol} holds a {held} position: close it first")]
    OppositePosition {
        /// The contract.
        symbol: Symbol,
        /// Which way it goes.
        held: Direction,
    },
    /// In one-way mode a composed order goes on that opens the other way: what it opens would close this, and what this
    /// opens is closed by that.
    #[error("{symbol} is being opened the other way by {id}: end that first")]
    OppositeOrder {
        /// The contract.
        symbol: Symbol,
        /// The composed order.
        id: ClientOrderId,
    },
    /// A protective price on the wrong side of the mark: it would trigger at once.
    #[error("{what} at {trigger} is on the wrong side of the mark {mark} for a {direction} position")]
    WrongSide {
        /// `stop-loss` or `take-profit`.
        what: &'static str,
        /// Where it was to rest.
        trigger: Price,
        /// The mark.
        mark: Price,
        /// Which way the position was to go.
        direction: Direction,
    },
    /// The stop would come after the liquidation.
    #[error(
        "stop-loss at {trigger} is beyond the liquidation price {}: use less leverage or a nearer stop",
        short(*liquidation)
    )]
    StopBeyondLiquidation {
        /// Where the stop was to rest.
        trigger: Price,
        /// Where the position would be liquidated.
        liquidation: Price,
    },
    /// It was to be protected by the stop that rests already, and none does.
    #[error("{0} has no stop-loss that closes the whole position: say where one is to rest")]
    NoStopRests(Symbol),
    /// The account is in another position mode, and positions or orders stand in the way of changing it.
    #[error("the account is in {found} mode, not {wanted}, and holds positions or orders")]
    WrongPositionMode {
        /// The venue's.
        found: PositionMode,
        /// Ours.
        wanted: PositionMode,
    },
    /// An earlier order of this contract has an unknown fate: until that is known nothing more is opened in it.
    #[error("order {0} has an unknown fate: reconcile first")]
    EarlierUnresolved(ClientOrderId),
    /// A flattening has begun meanwhile, or the kill switch was engaged, here or by another process.
    #[error("trading was stopped meanwhile: by the kill switch, or to flatten the account")]
    Flattening,
    /// The program is stopping.
    #[error("the program is stopping: nothing more is opened")]
    ShuttingDown,
    /// The venue did not tell what judging it takes; nothing was sent.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// The records did not tell what judging it takes, or cannot be written; nothing was sent.
    #[error("the records are not to be had: {0}")]
    Records(#[from] StoreError),
    /// Leverage, margin mode or position mode could not be set; nothing was sent.
    #[error("the account cannot be set up: {0}")]
    NotSetUp(#[from] CommandError),
    /// The order did not come about, or may have.
    #[error("order {id}: {failure}")]
    Order {
        /// The order.
        id: ClientOrderId,
        /// What happened.
        failure: SendFailure,
    },
    /// The stop that was to protect it does not rest at the venue: nothing was entered.
    #[error("nothing was entered, since its stop-loss does not rest: {0}")]
    NotProtectable(ProtectionFailure),
    /// The order ended without a fill.
    #[error("order {id} ended {status} without a fill")]
    NothingFilled {
        /// The order.
        id: ClientOrderId,
        /// How it ended.
        status: OrderStatus,
    },
    /// It was opened, and its stop cannot be verified at the venue: by the settings it was closed again, or was to be.
    #[error("opened, but the stop-loss is not verified: {failure}")]
    Unprotected {
        /// What was opened.
        opened: Box<Opened>,
        /// What is wrong with the stop.
        failure: ProtectionFailure,
        /// Closing it again.
        closing: Box<Result<Closed, CloseFailure>>,
    },
    /// The kill switch was engaged, or the account flattened, while the order was under way: it was closed again.
    #[error("opened while trading was being stopped, and closed again")]
    Stopped {
        /// What was opened.
        opened: Box<Opened>,
        /// Closing it again.
        closing: Box<Result<Closed, CloseFailure>>,
    },
}

impl OpenFailure {
    /// The entry may be live at the venue.
    pub(crate) const fn may_be_live(&self) -> bool {
        matches!(self, Self::Order { failure: SendFailure::Unresolved(_), .. })
    }

    /// The same may be possible later, without anybody's doing: nothing was judged, or on what is not known for certain, or
    /// nothing came about.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.reasons.iter().any(|it| it.check() == RiskCheck::Freshness),
            Self::NotKnown(_)
            | Self::Records(_)
            | Self::NotSetUp(CommandError::NotSent(_) | CommandError::Unanswered(_))
            | Self::EarlierUnresolved(_)
            | Self::Flattening
            | Self::ShuttingDown => true,
            _ => false,
        }
    }
}

/// Why a protective order does not count as live.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtectionFailure {
    /// The price is smaller than the contract's price step.
    #[error("{0} is no price of this contract")]
    NoPrice(Price),
    /// It did not come about, or may not have.
    #[error(transparent)]
    Order(SendFailure),
    /// The venue reads it back as something else.
    #[error("the venue reads it back as {0}")]
    ReadBackDifferently(String),
    /// It ended at once.
    #[error("it ended {0} at once")]
    Ended(OrderStatus),
    /// It rests, but what its entry was judged by is out of date by now.
    #[error("it took {} s to rest, and what the entry was judged by is out of date", .0.as_secs())]
    TookLong(Duration),
    /// The stop that was to go on protecting the position does not rest, or cannot be read.
    #[error("no stop that closes the whole position rests any more")]
    Gone,
}

/// Why a position was not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseFailure {
    /// There is no such position.
    #[error("{symbol} has no {direction} position")]
    NothingHeld {
        /// The contract.
        symbol: Symbol,
        /// Which way.
        direction: Direction,
    },
    /// More than is held.
    #[error("closing {wanted} is more than the {held} held")]
    MoreThanHeld {
        /// What was asked for.
        wanted: Quantity,
        /// What is held.
        held: Quantity,
    },
    /// Less than a lot.
    #[error("{wanted} is less than one lot of {lot}")]
    BelowLot {
        /// What was asked for.
        wanted: Quantity,
        /// The lot.
        lot: Step,
    },
    /// The venue does not tell what is held.
    #[error("the position cannot be read: {0}")]
    NotKnown(QueryError),
    /// The order did not come about, or may have.
    #[error("order {id}: {failure}")]
    Order {
        /// The order.
        id: ClientOrderId,
        /// What happened.
        failure: SendFailure,
    },
    /// The order ended without a fill.
    #[error("order {id} ended {status} without a fill")]
    NothingFilled {
        /// The order.
        id: ClientOrderId,
        /// How it ended.
        status: OrderStatus,
    },
    /// It was not closed, and orders that held its size were cancelled for it.
    #[error("{failure}; {} cancelled for it: {}", if cleared.len() == 1 { "one order was" } else { "orders were" }, listed(cleared))]
    Cleared {
        /// What was cancelled: a stop of its own may be among it.
        cleared: Vec<ClientOrderId>,
        /// Why it was not closed.
        failure: Box<CloseFailure>,
    },
}

impl CloseFailure {
    /// Why it was not closed, whatever was cancelled for it.
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::Cleared { failure, .. } => failure.cause(),
            failure => failure,
        }
    }

    pub(super) fn after_clearing(self, cleared: Vec<ClientOrderId>) -> Self {
        if cleared.is_empty() {
            return self;
        }
        Self::Cleared { cleared, failure: Box::new(self) }
    }
}

fn listed(ids: &[ClientOrderId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Why an account could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MonitorFailure {
    /// The venue does not tell what is held. The positions keep the protection that rests at the venue.
    #[error("the account cannot be read: {0}")]
    Blind(QueryError),
}

/// Why records and venue were not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileFailure {
    /// The venue does not tell what is held.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// The journal or the position records cannot be read.
    #[error("the records are not to be had: {0}")]
    Records(#[from] StoreError),
}

/// Why the kill switch was not released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseFailure {
    /// It is not engaged, or nobody or no reason was named.
    #[error(transparent)]
    NotReleased(#[from] NotReleased),
    /// The records cannot be read or written.
    #[error(transparent)]
    Records(#[from] StoreError),
}
