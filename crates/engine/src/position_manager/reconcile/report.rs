//! What a reconciliation found and did: typed data, which [`Summary`](super::Summary) turns into findings.

use super::restore::Restored;
use crate::order_path::{Placed, SendFailure};
use crate::position_manager::composed::Progress;
use crate::position_manager::flatten::HalfFlattened;
use crate::position_manager::foreign::Foreign;
use crate::position_manager::outcome::EndedPosition;
use crate::position_manager::reading::Held;
use crate::trouble::Trouble;
use plimsoll_domain::risk::Climb;
use plimsoll_domain::{
    ClientOrderId, Leverage, MarginMode, Order, Position, PositionMode, PositionSide, Symbol, Timestamp,
};
use plimsoll_ports::{BookingRecord, FundingRecord, JournalEntry, PositionId, Purpose};
use std::time::Duration;

/// What comparing records and venue brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// When it began, on our clock.
    pub started: Timestamp,
    /// How long it took, the venue's answers and windows included.
    pub took: Duration,
    /// Every order that the journal did not know the end of, and what became of it.
    pub orders: Vec<OrderFate>,
    /// Positions that the records did not hold: they are recorded now.
    pub adopted: Vec<Adopted>,
    /// Positions that the venue does not hold any more: their ends are recorded now.
    pub ended: Vec<EndedPosition>,
    /// Recorded positions that have changed since: the records follow the venue now.
    pub changed: Vec<PositionId>,
    /// Recorded positions that differ from the venue in a way that no fills explain yet.
    pub unexplained: Vec<PositionId>,
    /// Orders that rest at the venue without anything that they are for.
    pub orphans: Vec<Orphan>,
    /// Protection that was meant and did not rest at the venue.
    pub restored: Vec<Restored>,
    /// Positions without a stop-loss at the venue, as far as it was not restored.
    pub unprotected: Vec<Unprotected>,
    /// Positions whose leverage or margin mode at the venue is not the recorded one.
    pub drifted: Vec<Drifted>,
    /// The venue's position mode, if it is not ours.
    pub position_mode: Option<PositionMode>,
    /// Orders and positions of others.
    pub foreign: Vec<Foreign>,
    /// A flattening that was cut short.
    pub flattening: Option<HalfFlattened>,
    /// Funding that was booked meanwhile.
    pub funding: Vec<FundingRecord>,
    /// What else was booked meanwhile: transfers, liquidation clearance and the like.
    pub bookings: Vec<BookingRecord>,
    /// How every composed order stands that goes on, or went on until now.
    pub composed: Vec<Progress>,
    /// The step of the ladder that was left for the next, if one was.
    pub climbed: Option<Climb>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

impl Reconciliation {
    /// Positions that have ended meanwhile, by others than processes of ours: what those have closed, they know of.
    pub(super) fn ended_unasked(&self) -> usize {
        self.ended.iter().filter(|it| !it.by_colleague).count()
    }

    /// Nothing differed that no process of ours had brought about, and nothing is left open.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let counts = [
            self.adopted.len(),
            self.ended_unasked(),
            self.changed.len(),
            self.unexplained.len(),
            self.orphans.len(),
            self.restored.len(),
            self.unprotected.len(),
            self.drifted.len(),
            self.troubles.len(),
        ];
        self.orders.iter().all(OrderFate::is_known)
            && self.lost_exits().next().is_none()
            && counts.iter().all(|count| *count == 0)
            && self.flattening.is_none()
            && self.position_mode.is_none()
            && !self.foreign.iter().any(Foreign::is_news)
    }

    /// Exits that never arrived: what they were to close is held still, and nothing is sent in their place.
    pub fn lost_exits(&self) -> impl Iterator<Item = &OrderFate> {
        self.orders.iter().filter(|it| {
            matches!(it.purpose, Purpose::Exit | Purpose::Reduce | Purpose::Flatten)
                && matches!(it.fate, Err(SendFailure::NeverArrived))
        })
    }

    /// The position's stop was restored, or the position closed for want of it.
    pub(super) fn settles_protection_of(&self, held: &Held) -> bool {
        self.restored.iter().any(|it| {
            it.purpose == Purpose::StopLoss
                && it.symbol == held.report.symbol
                && it.side == held.report.position_side
                && (it.outcome.is_ok() || it.closing.as_deref().is_some_and(Result::is_ok))
        })
    }
}

/// What became of an order that the journal did not know the end of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFate {
    /// The order.
    pub client_order_id: ClientOrderId,
    /// Its contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// What it was for.
    pub purpose: Purpose,
    /// What became of it: resting, ended, never arrived, forgotten, or not known still.
    pub fate: Result<Placed, SendFailure>,
}

impl OrderFate {
    pub(super) fn of(entry: &JournalEntry, fate: Result<Placed, SendFailure>) -> Self {
        Self {
            client_order_id: entry.order.client_order_id.clone(),
            symbol: entry.order.symbol.clone(),
            side: entry.order.position_side,
            purpose: entry.purpose,
            fate,
        }
    }

    /// It is known what became of it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        matches!(self.fate, Ok(_) | Err(SendFailure::NeverArrived | SendFailure::Forgotten))
    }
}

/// A position that the records did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Its number in the records now; `None` if it cannot be recorded.
    pub record: Option<PositionId>,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// What is held.
    pub position: Position,
    /// The fills that made it, as far as the venue tells them.
    pub fills: usize,
    /// An order of ours made it; else it is a person's or another program's.
    pub is_ours: bool,
}

/// An order without anything that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The order.
    pub order: Order,
    /// It carries our prefix.
    pub is_ours: bool,
    /// It was cancelled: ours that protected a position which is gone.
    pub cancelled: bool,
}

/// A position without a stop-loss at the venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprotected {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// What is held.
    pub position: Position,
}

/// A position whose leverage or margin mode at the venue is not the recorded one. It is told, not set back: with a
/// position open, that would move its margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    /// Its number in the records.
    pub record: PositionId,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// As recorded.
    pub recorded: (Leverage, MarginMode),
    /// The venue's leverage, if it is another.
    pub leverage: Option<Leverage>,
    /// The venue's margin mode, if it is another.
    pub margin_mode: Option<MarginMode>,
}
