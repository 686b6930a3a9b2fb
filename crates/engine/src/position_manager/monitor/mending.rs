//! What an operation of this process left open: looked at once with every pass, without waiting.

use crate::order_path::Wait;
use crate::position_manager::PositionManager;
use crate::position_manager::reconcile::Reconciliation;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::{OrderKind, TimeInForce};
use plimsoll_ports::{JournalEntry, JournalState};

impl PositionManager {
    /// Brings journal, records and venue together if an order's fate is not known and nobody is looking after it. `None`
    /// while there is no such order.
    pub(super) async fn mend_in_passing(&self, troubles: &mut Troubles) -> Option<Box<Reconciliation>> {
        // Whoever adds exposure has journalled protection that it has not sent yet.
        let _turn = self.turn.try_acquire().ok()?;
        let unfinished = self.ports.journal.unfinished(&self.settings.account).await;
        let unfinished = troubles.read(Record::Journal, unfinished)?;
        let is_ours_to_mend = |entry: &JournalEntry| {
            let id = &entry.order.client_order_id;
            is_open(entry) && !self.is_in_flight(id) && !self.is_a_colleagues(id)
        };
        let unfinished = self.without_owed_parts(unfinished, troubles).await;
        if !unfinished.iter().any(is_ours_to_mend) {
            return None;
        }
        match self.mend(Wait::Glance).await {
            Ok(it) => Some(Box::new(it)),
            Err(error) => {
                tracing::warn!(%error, "orders of unknown fate were not looked up: the next pass does");
                None
            }
        }
    }
}

/// Nobody knows what became of it; what was accepted and does not fill now or never rests.
pub(in crate::position_manager) fn is_open(entry: &JournalEntry) -> bool {
    match entry.state {
        JournalState::Intended | JournalState::Unanswered => true,
        JournalState::Accepted { .. } => match entry.order.kind {
            OrderKind::Market => true,
            OrderKind::Limit { time_in_force, .. } => matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok),
            OrderKind::StopMarket { .. } | OrderKind::TakeProfitMarket { .. } => false,
        },
        JournalState::Refused { .. } | JournalState::NotSent { .. } | JournalState::Finished { .. } => false,
    }
}
