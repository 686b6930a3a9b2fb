//! After a start: what the journal does not know the end of, what the venue holds and the records do not, and the other
//! way round.

mod restore;

pub use restore::Restored;

use super::PositionManager;
use super::failure::ReconcileFailure;
use super::outcome::EndedPosition;
use super::reading::{Held, Reading};
use super::settle::{Settled, is_protective};
use crate::execution::walk;
use crate::order_path::{Evidence, Placed, SendFailure};
use crate::trouble::{Record, Trouble, Troubles};
use plimsoll_domain::{ClientOrderId, Direction, Fill, Leverage, Order, Position, PositionSide, Symbol};
use plimsoll_ports::{
    Alert, JournalEntry, JournalState, OpenedPosition, PositionId, PositionRecord, PositionStatus, Purpose, Severity,
};
use std::time::Duration;

/// How far back the fills of an unrecorded position are looked for.
const LOOK_BACK: Duration = Duration::from_secs(6 * 24 * 60 * 60);

/// What comparing records and venue brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Every order that the journal did not know the end of, and what became of it.
    pub orders: Vec<OrderFate>,
    /// Positions that the venue holds and the records did not: they are recorded now.
    pub adopted: Vec<Adopted>,
    /// Positions that the records held open and the venue does not: their ends are recorded now.
    pub ended: Vec<EndedPosition>,
    /// Recorded positions whose size has changed since: the records follow the venue now.
    pub changed: Vec<PositionId>,
    /// Recorded positions that differ from the venue in a way that no fills explain yet.
    pub unexplained: Vec<PositionId>,
    /// Orders that rest at the venue without anything that they are for.
    pub orphans: Vec<Orphan>,
    /// Protection that was journalled with an entry, and had not reached the venue.
    pub restored: Vec<Restored>,
    /// Positions without a stop-loss at the venue, as far as it was not restored.
    pub unprotected: Vec<Unprotected>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

impl Reconciliation {
    /// Nothing differed, and nothing is left open.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let Self { orders, adopted, ended, changed, unexplained, orphans, restored, unprotected, troubles } = self;
        orders.iter().all(OrderFate::is_known)
            && [adopted.len(), ended.len(), changed.len(), unexplained.len()].iter().all(|count| *count == 0)
            && [orphans.len(), restored.len(), unprotected.len(), troubles.len()].iter().all(|count| *count == 0)
    }
}

impl Reconciliation {
    /// The position's stop was restored, or the position closed for want of it.
    fn settles_protection_of(&self, held: &Held) -> bool {
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
    /// What it was for.
    pub purpose: Purpose,
    /// What became of it: resting, ended, never arrived, forgotten, or not known still.
    pub fate: Result<Placed, SendFailure>,
}

impl OrderFate {
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

impl PositionManager {
    /// Brings journal, records and venue together: to be called on every start, before the first decision.
    ///
    /// Every order whose end is not journalled is looked up, and finished in the journal. Positions that the records do
    /// not hold are adopted; those that ended meanwhile are recorded with their true fills. Protection that was journalled
    /// with an entry and never reached the venue is placed now, under the name that it was journalled by; a position whose
    /// stop cannot be had is treated as the settings say ([`UnverifiedStop`](super::UnverifiedStop)). Our protective orders that
    /// outlived their position are cancelled; other orders that nobody knows are told, and left alone.
    ///
    /// # Errors
    /// [`ReconcileFailure`] if venue or records cannot be read: nothing should be opened before that is so.
    pub async fn reconcile(&self) -> Result<Reconciliation, ReconcileFailure> {
        let _turn = self.turn.acquire().await.ok();
        let mut troubles = Troubles::default();
        let mut it = Reconciliation::default();
        let unfinished = self.ports.journal.unfinished(&self.settings.account).await?;
        let (entries, others): (Vec<_>, Vec<_>) =
            unfinished.into_iter().partition(|entry| entry.purpose == Purpose::Entry);
        for entry in &entries {
            it.orders.push(self.fate_of(entry, &mut troubles).await);
        }
        // Whether protection is owed is known once the fate of its entry is.
        let mut owed = Vec::new();
        for entry in others {
            match self.is_owed(&entry).await? {
                true => owed.push(entry),
                false => it.orders.push(self.fate_of(&entry, &mut troubles).await),
            }
        }
        let reading = self.read_account(&mut troubles).await?;
        let open = self.ports.positions.by_status(&self.settings.account, PositionStatus::Open).await?;
        for record in &open {
            self.reconcile_record(record, &reading, &mut it, &mut troubles).await;
        }
        for held in &reading.held {
            let is_its = |record: &&PositionRecord| {
                record.opened.symbol == held.report.symbol
                    && record.opened.side == held.report.position_side
                    && record.opened.direction == held.position.direction
            };
            if !open.iter().any(|record| is_its(&record)) {
                it.adopted.push(self.adopt(held, &it.orders, &mut troubles).await);
            }
        }
        for entry in &owed {
            self.restore(entry, &reading, &mut it, &mut troubles).await?;
        }
        for held in &reading.held {
            if !reading.has_stop(held) && !it.settles_protection_of(held) {
                let (symbol, side) = (held.report.symbol.clone(), held.report.position_side);
                it.unprotected.push(Unprotected { symbol, side, position: held.position });
            }
        }
        it.orphans = self.orphans(&reading, &it.orders, &mut troubles).await;
        self.tell_of_reconciliation(&it, &mut troubles).await;
        it.troubles = troubles.into_vec();
        Ok(it)
    }

    /// A conditional order that rests is no news; everything else is followed to its end.
    async fn fate_of(&self, entry: &JournalEntry, troubles: &mut Troubles) -> OrderFate {
        let order_id = match &entry.state {
            JournalState::Accepted { order_id } => Some(order_id.clone()),
            _ => None,
        };
        // Its position before is not known any more: book and trades decide, and positions are compared afterwards.
        let evidence = Evidence::BookAndTrades;
        let fate = self.path.follow(&entry.order, order_id, entry.intended_at, evidence, troubles).await;
        OrderFate {
            client_order_id: entry.order.client_order_id.clone(),
            symbol: entry.order.symbol.clone(),
            purpose: entry.purpose,
            fate,
        }
    }

    async fn reconcile_record(
        &self,
        record: &PositionRecord,
        reading: &Reading,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        let opened = &record.opened;
        let held = reading.report(&opened.symbol, opened.side).and_then(|report| report.position);
        let is_same = |held: Position| held.direction == opened.direction && held.quantity == opened.quantity;
        if held.is_some_and(is_same) {
            return;
        }
        match self.settle_one(record, held, troubles).await {
            Settled::Ended(end) => it.ended.push(*end),
            Settled::Changed => it.changed.push(record.id),
            Settled::Unexplained => it.unexplained.push(record.id),
        }
    }

    /// Records a position that the venue holds, with the fills that made it as far as they are told.
    async fn adopt(&self, held: &Held, orders: &[OrderFate], troubles: &mut Troubles) -> Adopted {
        let (symbol, side) = (&held.report.symbol, held.report.position_side);
        let since = self.ports.clock.now().minus(LOOK_BACK);
        let unrecorded = self.unrecorded(symbol, side, since, troubles).await.unwrap_or_default();
        let fills = opening_fills(unrecorded, held.position);
        let ours = orders.iter().any(|order| order.symbol == *symbol && order.purpose == Purpose::Entry);
        let opened = OpenedPosition {
            account: self.settings.account.clone(),
            venue: held.instrument.venue.clone(),
            symbol: symbol.clone(),
            side,
            direction: held.position.direction,
            quantity: held.position.quantity,
            entry_price: held.position.entry,
            leverage: held.report.leverage.unwrap_or(Leverage::ONE),
            margin_mode: held.report.margin_mode.unwrap_or(self.settings.margin_mode),
            strategy: if ours { "recovered" } else { "adopted" }.to_owned(),
            opened_at: fills.first().map_or(held.report.stamp.time, |fill| fill.time),
        };
        let written = self.ports.positions.open(&opened, &self.trades(&fills, None)).await;
        let record = troubles.written(Record::Position, written);
        Adopted { record, symbol: symbol.clone(), side, position: held.position, fills: fills.len() }
    }

    /// Orders at the venue that no position and no journalled intent explains.
    async fn orphans(&self, reading: &Reading, known: &[OrderFate], troubles: &mut Troubles) -> Vec<Orphan> {
        let mut orphans = Vec::new();
        for order in &reading.snapshot.orders {
            let is_held = reading.snapshot.positions.iter().any(|report| {
                report.symbol == order.symbol
                    && report.position_side == order.position_side
                    && report.position.is_some_and(|held| closes(order, held.direction))
            });
            let protects = order.close_position || (order.reduce_only && is_protective(order.order_type));
            let is_ours = self.ids.is_ours(&order.client_order_id);
            let is_known = known.iter().any(|it| it.client_order_id == order.client_order_id);
            if is_held || (is_known && !protects) {
                continue;
            }
            let cancelled = match is_ours && protects {
                true => self.cancel(&order.symbol, &order.client_order_id, troubles).await.is_some(),
                false => false,
            };
            orphans.push(Orphan { order: order.clone(), is_ours, cancelled });
        }
        orphans
    }

    async fn tell_of_reconciliation(&self, it: &Reconciliation, troubles: &mut Troubles) {
        let account = &self.settings.account;
        let unknown = it.orders.iter().filter(|order| !order.is_known()).count();
        let parts = [
            (unknown, "orders of unknown fate"),
            (it.adopted.len(), "positions adopted"),
            (it.ended.len(), "positions ended meanwhile"),
            (it.changed.len(), "positions changed"),
            (it.unexplained.len(), "positions unexplained"),
            (it.orphans.len(), "orders orphaned"),
            (it.restored.len(), "protective orders restored"),
            (it.unprotected.len(), "positions without a stop"),
        ];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if said.is_empty() {
            return;
        }
        let body = said.join(", ");
        self.log_risk("reconciled", None, &body, None, None, "recorded", troubles).await;
        let urgent = unknown + it.unexplained.len() + it.restored.len() + it.unprotected.len() > 0;
        let alert = Alert {
            severity: if urgent { Severity::Critical } else { Severity::Warning },
            key: format!("reconcile/{account}"),
            title: format!("records and venue differed on {account}"),
            body,
        };
        self.alert(&alert, troubles).await;
    }
}

fn closes(order: &Order, held: Direction) -> bool {
    order.side == held.closing_side()
}

/// The newest fills that, from flat, make exactly this position; none if no run of them does.
fn opening_fills(fills: Vec<Fill>, held: Position) -> Vec<Fill> {
    for start in (0..fills.len()).rev() {
        let mut run: Vec<Fill> = fills.iter().skip(start).cloned().collect();
        let made = walk(None, &mut run);
        let from_flat = run.first().is_some_and(|first| first.side == held.direction.opening_side());
        if from_flat && made.is_some_and(|made| made.direction == held.direction && made.quantity == held.quantity) {
            return run;
        }
    }
    Vec::new()
}
