//! Protection that is owed to a position: meant and never placed, since the process died or lost sight of the entry
//! between fill and stop, or placed and gone from the venue since.

use super::Reconciliation;
use super::back_fill::ADOPTED;
use super::report::Unprotected;
use crate::client_order_id::IntentId;
use crate::order_path::Wait;
use crate::position_manager::close::Closing;
use crate::position_manager::failure::{CloseFailure, ProtectionFailure};
use crate::position_manager::outcome::{Closed, Protection};
use crate::position_manager::protection::Wanted;
use crate::position_manager::reading::{Held, Reading};
use crate::position_manager::{ForeignPolicy, PositionManager, UnverifiedStop};
use crate::trouble::{Record, Troubles};
use plimsoll_domain::{ClientOrderId, Direction, NewOrder, Order, OrderStatus, PositionSide, Price, Rate, Symbol};
use plimsoll_ports::{JournalEntry, JournalState, PositionRecord, Purpose};

/// How many orders an intent may have for one purpose: its ids have two digits of 36 for it.
const MOST_ATTEMPTS: u16 = 1295;

/// Protection that did not rest at the venue, placed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// [`Purpose::StopLoss`] or [`Purpose::TakeProfit`].
    pub purpose: Purpose,
    /// The order: by the name that it was journalled under if it never reached the venue, else by the next of its intent.
    pub client_order_id: ClientOrderId,
    /// It rests at the venue and was read back, or why not.
    pub outcome: Result<Protection, ProtectionFailure>,
    /// Closing the position, if its stop cannot be verified and the settings say so.
    pub closing: Option<Box<Result<Closed, CloseFailure>>>,
}

/// A protective order that was meant for a position.
struct Meant {
    intent: IntentId,
    attempt: u16,
    entry: JournalEntry,
}

impl PositionManager {
    /// Makes sure of the protection of every recorded position: what is owed is placed, what is missing is told.
    pub(super) async fn protect_what_is_held(
        &self,
        open: &[PositionRecord],
        reading: &Reading,
        wait: Wait,
        unsent: &mut Vec<JournalEntry>,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        for held in &reading.held {
            let record = open.iter().find(|record| is_of(record, held));
            if let Some(record) = record {
                for purpose in [Purpose::StopLoss, Purpose::TakeProfit] {
                    self.restore(record, held, (purpose, wait), (reading, &mut *unsent), it, troubles).await;
                }
            }
            if reading.has_stop(held) || it.settles_protection_of(held) {
                continue;
            }
            match record {
                Some(record) if record.opened.strategy == ADOPTED && self.settings.adopted_stop.is_some() => {
                    self.give_stop(held, wait, it, troubles).await;
                }
                None if self.settings.foreign != ForeignPolicy::Adopt => {}
                _ => {
                    let (symbol, side) = (held.report.symbol.clone(), held.report.position_side);
                    it.unprotected.push(Unprotected { symbol, side, position: held.position });
                }
            }
        }
    }

    async fn restore(
        &self,
        record: &PositionRecord,
        held: &Held,
        (purpose, wait): (Purpose, Wait),
        (reading, unsent): (&Reading, &mut Vec<JournalEntry>),
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        let Some(meant) = self.meant(record, purpose, troubles).await else { return };
        let is_it = |entry: &JournalEntry| entry.order.client_order_id == meant.entry.order.client_order_id;
        let owed = unsent.iter().any(is_it);
        unsent.retain(|entry| !is_it(entry));
        let rests = match purpose {
            Purpose::StopLoss => reading.has_stop(held),
            _ => reading.rests(plimsoll_domain::OrderType::TakeProfitMarket, held),
        };
        let id = if owed {
            meant.entry.order.client_order_id.clone()
        } else if rests && !self.was_refused_beside_another(&meant, held, reading) {
            // What is held beyond the record may have a stop of its own that was meant later.
            if record.opened.quantity == held.position.quantity {
                self.clear_superseded(&meant, held, reading, troubles).await;
            }
            return;
        } else if (rests || is_lost(&meant.entry.state, purpose)) && meant.attempt < MOST_ATTEMPTS {
            meant.intent.order(purpose, meant.attempt + 1)
        } else {
            return;
        };
        if let Some(trigger) = meant.entry.order.kind.trigger() {
            self.place_owed(held, owed_to(held, id, purpose, trigger, wait), it, troubles).await;
        }
    }

    /// What the order that is meant has replaced, and what was not cancelled then: one of each kind is enough, and a
    /// second one would outlive the position.
    async fn clear_superseded(&self, meant: &Meant, held: &Held, reading: &Reading, troubles: &mut Troubles) {
        let order = &meant.entry.order;
        let rests = self.resting_alike(order, held, reading);
        let is_meant = |it: &&&Order| it.client_order_id == order.client_order_id;
        let does_the_same = |it: &&&Order| it.trigger == order.kind.trigger();
        let Some(kept) = rests.iter().find(is_meant).or_else(|| rests.iter().find(does_the_same)) else { return };
        for it in rests.iter().filter(|it| it.client_order_id != kept.client_order_id) {
            self.cancel(&it.symbol, &it.client_order_id, troubles).await;
        }
    }

    /// A venue that takes one stop for a position has refused this one beside an earlier one, and the process died before
    /// that had made way. It is tried once more, and no oftener.
    fn was_refused_beside_another(&self, meant: &Meant, held: &Held, reading: &Reading) -> bool {
        let order = &meant.entry.order;
        meant.attempt == 0
            && matches!(meant.entry.state, JournalState::Refused { .. })
            && self.resting_alike(order, held, reading).iter().all(|it| it.trigger != order.kind.trigger())
    }

    /// Orders of ours that rest and close the same position whole, of the same kind as this one.
    fn resting_alike<'r>(&self, order: &NewOrder, held: &Held, reading: &'r Reading) -> Vec<&'r Order> {
        let is_alike = |it: &&Order| {
            (&it.symbol, it.position_side) == (&held.report.symbol, held.report.position_side)
                && it.side == held.position.direction.closing_side()
                && it.order_type == order.kind.order_type()
                && it.close_position
                && self.ids.is_ours(&it.client_order_id)
        };
        reading.snapshot.orders.iter().filter(is_alike).collect()
    }

    /// The newest protective order that was meant with the entries that made this position; `None` also while not all of
    /// the journal can be read: a name may be used up.
    async fn meant(&self, record: &PositionRecord, purpose: Purpose, troubles: &mut Troubles) -> Option<Meant> {
        let trades = troubles.read(Record::Trade, self.ports.trades.of_position(record.id).await)?;
        let opening = record.opened.direction.opening_side();
        let mut intents: Vec<IntentId> = Vec::new();
        for trade in trades.iter().rev().filter(|trade| trade.fill.side == opening) {
            if let Some(intent) = self.ids.intent_of(&trade.fill.client_order_id)
                && !intents.contains(&intent)
            {
                intents.push(intent);
            }
        }
        for intent in intents {
            if let Some((attempt, entry)) = self.last_attempt(&intent, purpose, troubles).await? {
                return Some(Meant { intent, attempt, entry });
            }
        }
        None
    }

    async fn last_attempt(
        &self,
        intent: &IntentId,
        purpose: Purpose,
        troubles: &mut Troubles,
    ) -> Option<Option<(u16, JournalEntry)>> {
        let mut last = None;
        for attempt in 0..=MOST_ATTEMPTS {
            let entry = self.ports.journal.entry(&self.settings.account, &intent.order(purpose, attempt)).await;
            match troubles.read(Record::Journal, entry)? {
                Some(entry) => last = Some((attempt, entry)),
                None => break,
            }
        }
        Some(last)
    }

    async fn place_owed(&self, held: &Held, wanted: Wanted<'_>, it: &mut Reconciliation, troubles: &mut Troubles) {
        let symbol = held.report.symbol.clone();
        let Wanted { direction, side, purpose, wait, .. } = wanted;
        let outcome = self.protect_or_tell(&wanted, troubles).await;
        let closing = match (&outcome, purpose, self.settings.unverified_stop) {
            (Err(_), Purpose::StopLoss, UnverifiedStop::Close) => {
                let closing =
                    Closing { symbol: &symbol, direction, quantity: None, purpose: Purpose::Flatten, wait, name: None };
                Some(Box::new(self.close_for(&closing).await))
            }
            _ => None,
        };
        let client_order_id = outcome.as_ref().map_or(wanted.id, |placed| placed.client_order_id.clone());
        it.restored.push(Restored { symbol, side, purpose, client_order_id, outcome, closing });
    }

    /// A stop for a position that somebody else has opened, at the distance that the settings say.
    async fn give_stop(&self, held: &Held, wait: Wait, it: &mut Reconciliation, troubles: &mut Troubles) {
        let Some(distance) = self.settings.adopted_stop else { return };
        let Some(trigger) = stop_at(held, distance) else { return };
        let id = self.ids.intent(self.ports.clock.now()).order(Purpose::StopLoss, 0);
        self.place_owed(held, owed_to(held, id, Purpose::StopLoss, trigger, wait), it, troubles).await;
    }
}

fn owed_to(held: &Held, id: ClientOrderId, purpose: Purpose, trigger: Price, wait: Wait) -> Wanted<'_> {
    let (direction, side) = (held.position.direction, held.report.position_side);
    Wanted { id, instrument: &held.instrument, direction, side, purpose, trigger, wait }
}

/// So far from the entry or from the mark, whichever is further from firing at once.
fn stop_at(held: &Held, distance: Rate) -> Option<Price> {
    let (entry, mark) = (held.position.entry, held.mark);
    let from = match held.position.direction {
        Direction::Long => entry.min(mark),
        Direction::Short => entry.max(mark),
    };
    let factor = plimsoll_domain::Decimal::ONE - held.position.direction.sign() * distance.get();
    Price::new(from.get().checked_mul(factor)?).ok()
}

/// It is gone from the venue, or never got there. A take-profit that ended at the venue was ended by somebody, and is
/// respected; a stop is owed all the same.
const fn is_lost(state: &JournalState, purpose: Purpose) -> bool {
    match state {
        JournalState::Finished { status: OrderStatus::Filled, .. } => false,
        JournalState::Finished { .. } | JournalState::Refused { .. } => matches!(purpose, Purpose::StopLoss),
        JournalState::NotSent { .. } => true,
        JournalState::Intended | JournalState::Unanswered | JournalState::Accepted { .. } => false,
    }
}

fn is_of(record: &PositionRecord, held: &Held) -> bool {
    let opened = &record.opened;
    (&opened.symbol, opened.side) == (&held.report.symbol, held.report.position_side)
        && opened.direction == held.position.direction
}
