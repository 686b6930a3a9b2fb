//! What operations came to, with ids and figures.

use super::afloat::Measure;
use super::composed::Progress;
use super::failure::{CloseFailure, ProtectionFailure};
use super::reconcile::Reconciliation;
use crate::execution::Execution;
use crate::funding_service::{FundingCost, FundingRecording};
use crate::trouble::Trouble;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::risk::{Climb, MarginAlert, Reason, Verdict};
use plimsoll_domain::{
    ClientOrderId, Direction, Leverage, Liquidation, MarginHealth, MarginRatio, Money, Order, OrderId, Position,
    PositionReport, PositionSide, Price, Quantity, Rate, Symbol, Timestamp,
};
use plimsoll_ports::{
    BookingRecord, KillSwitchRecord, PnlSnapshot, PositionId, PositionStatus, Purpose, RiskEventRecord, Waiver,
};
use std::time::Duration;

/// A position that was opened, or added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its number in the records; `None` if it could not be recorded, or is recorded later (see
    /// [`troubles`](Self::troubles)).
    pub record: Option<PositionId>,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// Long or short.
    pub direction: Direction,
    /// The entry order, with its fills and ids.
    pub entry: Execution,
    /// What this order filled, in base units.
    pub quantity: Quantity,
    /// The size-weighted mean price of this order's fills.
    pub price: Price,
    /// Fees of this order in the settle currency; positive is paid. `None` while the venue has not told all its fills.
    pub fees: Option<Money>,
    /// Size × price of what this order filled.
    pub notional: Money,
    /// The whole position now, as the venue holds it (as our fills make it, if the venue does not tell).
    pub position: Position,
    /// The leverage that was set.
    pub leverage: Leverage,
    /// The margin that the position holds: assigned, if it is isolated; notional ÷ leverage, if it is cross.
    pub margin: Money,
    /// The mark price that the figures are for.
    pub mark: Price,
    /// The exact liquidation price, ours.
    pub liquidation: Liquidation,
    /// The venue's own liquidation price.
    pub venue_liquidation: Option<Price>,
    /// What funding costs the whole position, if the rate is known.
    pub funding: Option<FundingCost>,
    /// What ends its loss.
    pub stop_loss: Protected,
    /// The take-profit that rests at the venue.
    pub take_profit: Option<Protection>,
    /// What the operator should know.
    pub warnings: Vec<OpenWarning>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// What ends the loss of a position that was opened. There is no opened position without one of these.
///
/// ```compile_fail,E0004
/// use plimsoll_engine::{Opened, Protected};
///
/// // Whoever looks at it meets every case: none is left out in silence.
/// fn is_protected(opened: &Opened) -> bool {
///     match opened.stop_loss {
///         Protected::By(_) => true,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protected {
    /// A stop that rests at the venue, and was read back after the entry had filled.
    By(Protection),
    /// Nothing: somebody answers for that, which is on record.
    Waived(Waiver),
    /// A stop was meant and cannot be verified.
    NotVerified(ProtectionFailure),
    /// Nothing: trading was stopped under the entry, and what was opened is closed again.
    TakenBack,
}

impl Protected {
    /// The stop that rests.
    #[must_use]
    pub const fn stop(&self) -> Option<&Protection> {
        match self {
            Self::By(stop) => Some(stop),
            Self::Waived(_) | Self::NotVerified(_) | Self::TakenBack => None,
        }
    }
}

/// A protective order that was read back from the venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// [`Purpose::StopLoss`] or [`Purpose::TakeProfit`].
    pub purpose: Purpose,
    /// Our name for it.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub order_id: OrderId,
    /// Where it triggers, on the mark price.
    pub trigger: Price,
    /// When it was read back.
    pub verified_at: Timestamp,
}

/// Something that an operator should know of an opened position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenWarning {
    /// Funding costs more a day than its limit (10.00 unless set otherwise), or is not known.
    #[error(transparent)]
    Limits(plimsoll_domain::risk::Warning),
    /// The size was rounded down to the lot.
    #[error("size {wanted} was rounded down to {sent}")]
    Rounded {
        /// As asked for.
        wanted: Quantity,
        /// As sent.
        sent: Quantity,
    },
    /// Not all of it was filled.
    #[error("{filled} of {sent} were filled")]
    PartlyFilled {
        /// As sent.
        sent: Quantity,
        /// As filled.
        filled: Quantity,
    },
    /// The stop-loss cannot be verified, and the settings say to keep the position.
    #[error("the stop-loss is not verified: {0}")]
    StopNotVerified(ProtectionFailure),
    /// The take-profit cannot be verified.
    #[error("the take-profit is not verified: {0}")]
    TakeProfitNotVerified(ProtectionFailure),
    /// The position has no stop-loss, and none that would close it whole rests.
    #[error("the position has no stop-loss: {0}")]
    NoStop(Waiver),
}

/// A position that was closed, in whole or part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its number in the records, if it was recorded.
    pub record: Option<PositionId>,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// Which way it went.
    pub direction: Direction,
    /// What it was for.
    pub purpose: Purpose,
    /// The closing orders, with their fills and ids: several if one would have been too large for the venue.
    pub orders: Vec<Execution>,
    /// What was closed, in base units.
    pub quantity: Quantity,
    /// The size-weighted mean price of the closing fills; `None` if the venue has told neither fills nor a price yet.
    pub price: Option<Price>,
    /// Profit of the closing fills, before fees and funding. `None` while the venue has not told all of them.
    pub realized_pnl: Option<Money>,
    /// Fees of the closing fills in the settle currency; positive is paid. `None` while the venue has not told all of them.
    pub fees: Option<Money>,
    /// What is left of the position.
    pub remaining: Option<Position>,
    /// The figures of the position's whole life, once it is closed whole.
    pub ended: Option<EndedPosition>,
    /// Orders that were cancelled with it: those that were in its way, and then what protected it.
    pub cancelled: Vec<ClientOrderId>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// A position at its end, with the figures of its whole life from its true fills and bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedPosition {
    /// Its number in the records.
    pub record: PositionId,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// Which way it went.
    pub direction: Direction,
    /// Closed or liquidated.
    pub status: PositionStatus,
    /// Why: `exit`, `stop_loss`, `take_profit`, `reduce`, `flatten`, `liquidation`, `adl`, `settlement` or `elsewhere`.
    pub reason: String,
    /// Another process of ours has closed it, as the journal knows: an operator's `close` beside a guard, or one before it.
    pub by_colleague: bool,
    /// The size-weighted mean price of its closing fills.
    pub exit_price: Price,
    /// Profit, before fees and funding.
    pub realized_pnl: Money,
    /// Fees of all its trades; positive is paid.
    pub fees: Money,
    /// Funding over its life; positive is paid.
    pub funding: Money,
    /// When.
    pub closed_at: Timestamp,
}

impl EndedPosition {
    /// Why, and by whom where that was another process of ours.
    #[must_use]
    pub fn why(&self) -> String {
        match self.by_colleague {
            true => format!("{} by another process of ours", self.reason),
            false => self.reason.clone(),
        }
    }

    /// What it brought after fees and funding.
    #[must_use]
    pub fn net(&self) -> Money {
        plimsoll_domain::pnl::net(self.realized_pnl, self.fees, self.funding)
    }
}

/// Why an account is flattened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlattenReason {
    /// Somebody wants it.
    #[error("{by}: {reason}")]
    Wanted {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Margin is gone, or so thin that nothing less will do.
    #[error("margin is too thin: cover {cover}")]
    Margin {
        /// Equity ÷ maintenance, of the pool or position that is worst.
        cover: plimsoll_domain::Decimal,
    },
    /// An earlier flattening was cut short by a crash.
    #[error("begun at {begun_at}, cut short, finished now: {why}")]
    CutShort {
        /// Why it was begun.
        why: String,
        /// When.
        begun_at: Timestamp,
    },
    /// A loss limit is broken.
    #[error("{}", reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Losses {
        /// Which, with figures.
        reasons: Vec<Reason>,
    },
}

/// An account that was flattened, as far as the venue confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flattened {
    /// Why.
    pub reason: FlattenReason,
    /// What was closed.
    pub closed: Vec<Closed>,
    /// What could not be closed, each try.
    pub failed: Vec<Unclosed>,
    /// Orders that were cancelled.
    pub cancelled: Vec<ClientOrderId>,
    /// Composed orders that have ended.
    pub ended: Vec<ClientOrderId>,
    /// What the venue still holds, whoever has made it; `None` if it does not tell.
    pub remaining: Option<(Vec<PositionReport>, Vec<Order>)>,
    /// How many of those positions and orders are of others, and left alone by the policy.
    pub left_alone: usize,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

impl Flattened {
    /// The venue says that no position is held and no order is open: none of ours, and none of others either.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.remaining.as_ref().is_some_and(|(positions, orders)| positions.is_empty() && orders.is_empty())
    }
}

/// A position that could not be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclosed {
    /// The contract.
    pub symbol: Symbol,
    /// Which way the position goes.
    pub direction: Direction,
    /// Why.
    pub failure: CloseFailure,
}

/// What one pass of monitoring saw and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorReport {
    /// The venue's time of the reading.
    pub time: Timestamp,
    /// Everything but unrealised profit.
    pub wallet: Money,
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// The worst margin ratio of the cross pool and the isolated positions; `None` where nothing is required.
    pub margin_ratio: Option<MarginRatio>,
    /// How loud that ratio is.
    pub alert: MarginAlert,
    /// What margin and losses ask for.
    pub verdict: Verdict,
    /// Every position that can be judged.
    pub positions: Vec<PositionHealth>,
    /// Positions that cannot be priced: nobody can judge them.
    pub unpriced: Vec<PositionReport>,
    /// Positions that ended without us since the last pass: stopped out, liquidated, or closed by hand.
    pub ended: Vec<EndedPosition>,
    /// Positions that the venue holds and the records do not: [`reconcile`](super::PositionManager::reconcile) adopts
    /// them.
    pub unrecorded: Vec<PositionReport>,
    /// Recorded positions that differ from the venue in a way that no fills explain yet: the next pass tries again.
    pub unexplained: Vec<PositionId>,
    /// Funding that was booked since the last pass.
    pub funding: FundingRecording,
    /// What was booked beside fills and funding since the last reading: transfers, liquidation clearance and the like.
    pub bookings: Vec<BookingRecord>,
    /// The point of the equity curve, with realised profit from the trade and funding records; `None` if those cannot be
    /// read.
    pub snapshot: Option<Box<PnlSnapshot>>,
    /// The limits on all positions together that are broken.
    pub overexposed: Vec<Reason>,
    /// Entries of ours that rested though trading is stopped, and were cancelled.
    pub entries_cancelled: Vec<ClientOrderId>,
    /// The step of the ladder that was left for the next, if one was.
    pub climbed: Option<Box<Climb>>,
    /// What was done about it.
    pub action: Action,
    /// What keeping the account afloat made necessary, in the order in which it was done; and what the venue has taken by
    /// force since the last pass.
    pub measures: Vec<Measure>,
    /// How every composed order stands that went on.
    pub composed: Vec<Progress>,
    /// What became of orders that were of unknown fate, and what that made necessary; `None` while there are none.
    pub mended: Option<Box<Reconciliation>>,
    /// For how long the account could not be read before, where that was told: it is over.
    pub blind_for: Option<Duration>,
    /// How the kill switch stands, where that is otherwise than with the last look: by whom, and why.
    pub switched: Option<Box<KillSwitchRecord>>,
    /// What other processes have recorded of the kill switch and of flattenings since the last look, oldest first, but for what
    /// [`switched`](Self::switched) tells.
    pub elsewhere: Vec<RiskEventRecord>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

impl MonitorReport {
    /// What the margin asks for.
    #[must_use]
    pub const fn health(&self) -> MarginHealth {
        self.verdict.health
    }

    /// How far the margin of anything had come, before anything was done about it; `None` if all was calm.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.measures.iter().filter_map(Measure::stage).max()
    }

    /// When it is a composed order's turn, if that is a matter of time.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.composed.iter().filter_map(|it| it.due).min()
    }
}

/// One position as monitoring judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionHealth {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// What is held.
    pub position: Position,
    /// The mark price.
    pub mark: Price,
    /// Profit at the mark, before fees.
    pub unrealized_pnl: Money,
    /// The exact liquidation price, ours.
    pub liquidation: Liquidation,
    /// The venue's own liquidation price.
    pub venue_liquidation: Option<Price>,
    /// How far the mark is from liquidation, as a share of itself; `None` if no price liquidates.
    pub distance: Option<Rate>,
    /// Of what backs it.
    pub margin_ratio: Option<MarginRatio>,
    /// How loud that ratio is.
    pub alert: MarginAlert,
    /// A stop-loss rests at the venue for it.
    pub has_stop: bool,
    /// Its stop and its liquidation price, where that is reached first: the stop protects nothing.
    pub late_stop: Option<(Price, Price)>,
    /// Another living process is at work on it: what it lacks may be on its way.
    pub is_in_hand: bool,
}

impl PositionHealth {
    /// Nothing protects it, and nobody is about to.
    #[must_use]
    pub const fn is_unprotected(&self) -> bool {
        !self.has_stop && !self.is_in_hand
    }
}

/// What monitoring did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing: all is well, or only to be watched.
    None,
    /// Something was done to keep the account afloat: [`MonitorReport::measures`] says what, and whether it failed.
    Defended,
    /// All positions together were too large: half of the largest that could be reduced was closed.
    Reduced(Box<Closed>),
    /// The same, and none could be reduced; why the largest could not.
    NotReduced(Unclosed),
    /// Margin was gone or a loss limit broken: everything was closed and the kill switch engaged.
    Flattened(Box<Flattened>),
    /// A loss limit is broken and nothing is held: the kill switch was engaged.
    Stopped {
        /// Which limits, with figures.
        reasons: Vec<Reason>,
    },
}
