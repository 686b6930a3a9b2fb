//! What must be held at the venue if an entry of unknown fate has never arrived.

use super::CLOCK_SLACK;
use super::back_fill::RECOVERED;
use crate::position_manager::{PositionManager, lives};
use crate::trouble::{Record, Troubles};
use plimsoll_domain::{Decimal, Fill};
use plimsoll_ports::{JournalEntry, JournalState, PositionRecord};

impl PositionManager {
    /// The size, longs positive, that an order's position has without it: what the records say of it, and what is not in them
    /// yet of other orders of ours. Of a position that was recovered without its fills only what recorded fills explain,
    /// since the order may be the rest. `None` where the records do not tell.
    pub(super) async fn size_without(&self, entry: &JournalEntry, troubles: &mut Troubles) -> Option<Decimal> {
        let (account, order) = (&self.settings.account, &entry.order);
        let found = self.ports.positions.find_open(account, &order.symbol, order.position_side).await;
        let record = troubles.read(Record::Position, found)?;
        let by_trades = match &record {
            None => Decimal::ZERO,
            Some(record) => {
                let trades = troubles.read(Record::Trade, self.ports.trades.of_position(record.id).await)?;
                let fills: Vec<Fill> = trades.into_iter().map(|trade| trade.fill).collect();
                -lives::before(None, &fills)
            }
        };
        let recorded = match &record {
            Some(it) if it.opened.strategy != RECOVERED => it.opened.direction.sign() * it.opened.quantity.get(),
            _ => by_trades,
        };
        // Of what the venue has accepted nothing is asked but whether it is forgotten. And where trades of the record were not told
        // when it was written, they would be counted twice.
        if matches!(entry.state, JournalState::Accepted { .. }) || recorded != by_trades {
            return Some(recorded);
        }
        Some(recorded.saturating_add(self.filled_of_others(entry, record.as_ref(), troubles).await))
    }

    /// What other orders of ours have added to its position, its own way and longs positive, and is not in its record yet: they
    /// do not speak for this one. Nothing where anything else has traded, which could hide as much as this one filled.
    async fn filled_of_others(
        &self,
        entry: &JournalEntry,
        record: Option<&PositionRecord>,
        troubles: &mut Troubles,
    ) -> Decimal {
        let order = &entry.order;
        let since = record.map_or_else(|| entry.intended_at.minus(CLOCK_SLACK), |record| record.opened.opened_at);
        let fills = self.unrecorded(&order.symbol, order.position_side, since, troubles).await.unwrap_or_default();
        let is_anothers = |fill: &Fill| {
            let id = &fill.client_order_id;
            *id != order.client_order_id && self.ids.is_ours(id) && fill.side == order.side
        };
        match fills.iter().all(is_anothers) {
            true => fills.iter().fold(Decimal::ZERO, |sum, fill| sum.saturating_add(lives::signed_fill(fill))),
            false => Decimal::ZERO,
        }
    }
}
