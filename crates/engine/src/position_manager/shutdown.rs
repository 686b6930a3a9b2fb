//! A clean stop: the step under way is finished, protection rests on, and the last figures are written down.

use super::PositionManager;
use crate::guard::{RestingEntries, Stopped};
use crate::trouble::Troubles;
use plimsoll_ports::Clock;
use std::sync::Arc;

impl PositionManager {
    /// Stops cleanly. An opening under way is finished first, with its protection and its record, and nothing is opened
    /// afterwards. Nothing is closed, no protection is cancelled; entries of ours that rest are cancelled if that is
    /// wished. A last point of the equity curve is recorded.
    pub async fn shutdown(&self, resting_entries: RestingEntries) -> Stopped {
        // Whoever adds exposure holds the turn to the end of its last step; nobody gets it again.
        let turn = self.turn.acquire().await;
        self.turn.close();
        drop(turn);
        let mut troubles = Troubles::default();
        let mut cancelled = Vec::new();
        let read = self.read_account(&mut troubles).await;
        let open = match &read {
            Ok(reading) => Ok(reading.snapshot.orders.clone()),
            // What is to be cancelled is seen when the account is not.
            Err(_) => self.ports.broker.open_orders(None).await,
        };
        let protection = match open {
            Ok(orders) => {
                let ours = orders.iter().filter(|order| self.ids.is_ours(&order.client_order_id));
                let (entries, protection): (Vec<_>, Vec<_>) = ours.partition(|order| order.adds_exposure());
                for order in entries.iter().filter(|_| resting_entries == RestingEntries::Cancel) {
                    cancelled.extend(self.cancel(&order.symbol, &order.client_order_id, &mut troubles).await);
                }
                Some(protection.iter().map(|order| order.client_order_id.clone()).collect())
            }
            Err(error) => {
                tracing::warn!(%error, "the open orders cannot be read: what rests, rests on");
                None
            }
        };
        let has_snapshot = match read {
            Ok(reading) => self.snapshot(&reading, &mut troubles).await.is_some(),
            Err(error) => {
                tracing::warn!(%error, "the account cannot be read: no last point of the equity curve");
                false
            }
        };
        self.journal.catch_up().await;
        Stopped { cancelled, protection, has_snapshot, troubles: troubles.into_vec() }
    }

    /// The manager's clock.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.ports.clock)
    }
}
