//! What has become of the parts.

use crate::client_order_id::IntentId;
use crate::composed::{Fate, Part, Parts};
use crate::order_path::{Placed, SendFailure, Wait};
use crate::position_manager::PositionManager;
use crate::trouble::{Record, Subject, Troubles};
use plimsoll_domain::{NewOrder, OrderStatus};
use plimsoll_ports::{ComposedEntry, JournalEntry, JournalState, Purpose};

impl PositionManager {
    /// Every part of a composed order, each looked up unless its end is journalled. `None` if the journal cannot be read.
    pub(super) async fn parts_of(&self, entry: &ComposedEntry, wait: Wait, troubles: &mut Troubles) -> Option<Parts> {
        let journalled = self.ports.journal.parts(&self.settings.account, &entry.id).await;
        let journalled = troubles.read(Record::Journal, journalled)?;
        let owed = |it: &&JournalEntry| it.purpose == Purpose::StopLoss && it.state == JournalState::Intended;
        if entry.order.opening().is_some() {
            let mut stops = self.owed_stops();
            journalled.iter().filter(owed).for_each(|it| stops.owe(&it.order));
        }
        let mut parts = Vec::new();
        for it in journalled {
            let fate = match recorded(&it.state) {
                Some(Fate::Ended { status: OrderStatus::Canceled, filled: None }) if !it.purpose.protects() => {
                    self.fate_of_cancelled(&it, troubles).await
                }
                Some(fate) => fate,
                // Its protection is placed where it is owed, and what became of it is found out there.
                None if entry.order.opening().is_some() && it.purpose.protects() && !was_accepted(&it) => Fate::Unknown,
                None => self.fate_of_part(&it, wait, troubles).await,
            };
            let number = IntentId::number_of(&it.order.client_order_id).unwrap_or_default();
            let JournalEntry { purpose, order, intended_at, .. } = it;
            parts.push(Part { purpose, number, order, intended_at, fate });
        }
        Some(Parts(parts))
    }

    /// Whoever cancels an order that rests does not ask what of it had filled: the venue is asked, while it remembers.
    async fn fate_of_cancelled(&self, it: &JournalEntry, troubles: &mut Troubles) -> Fate {
        let NewOrder { symbol, client_order_id, .. } = &it.order;
        let found = self.ports.broker.order(symbol, client_order_id).await;
        match troubles.known(Subject::Orders, symbol, found) {
            Some(found) => Fate::Ended { status: OrderStatus::Canceled, filled: found.and_then(|order| order.filled) },
            None => Fate::Unknown,
        }
    }

    async fn fate_of_part(&self, it: &JournalEntry, wait: Wait, troubles: &mut Troubles) -> Fate {
        match self.fate_of(it, wait, troubles).await.fate {
            Ok(Placed::Resting(order)) => Fate::Rests { filled: order.filled },
            Ok(Placed::Ended(execution)) => Fate::Ended { status: execution.status, filled: execution.filled() },
            Err(SendFailure::Forgotten) => Fate::Ended { status: OrderStatus::Expired, filled: None },
            Err(SendFailure::NeverArrived) => Fate::NotSent,
            Err(_) => Fate::Unknown,
        }
    }
}

const fn was_accepted(it: &JournalEntry) -> bool {
    matches!(it.state, JournalState::Accepted { .. })
}

/// The end of a part, where it is journalled.
fn recorded(state: &JournalState) -> Option<Fate> {
    match state {
        JournalState::Intended | JournalState::Unanswered | JournalState::Accepted { .. } => None,
        JournalState::Refused { reason } => Some(Fate::Refused(reason.clone())),
        JournalState::NotSent { .. } => Some(Fate::NotSent),
        JournalState::Finished { status, filled, .. } => Some(Fate::Ended { status: *status, filled: *filled }),
    }
}
