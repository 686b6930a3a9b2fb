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
        // What the venue has accepted cannot be found to have never arrived, whatever is held. And where trades of the record
        // were not told when it was written, they would be counted twice.
        if matches!(entry.state, JournalState::Accepted { .. }) || recorded != by_trades {
            return Some(recorded);
        }
        Some(recorded.saturating_add(self.filled_of_others(entry, record.as_ref(), troubles).await))
    }

    /// What other orders of ours have made of its position, longs positive, and is not in its record yet: they do not speak
    /// for this one. What the venue does not tell, and what others traded, is left out, and contradicts until it is recorded.
    async fn filled_of_others(
        &self,
        entry: &JournalEntry,
        record: Option<&PositionRecord>,
        troubles: &mut Troubles,
    ) -> Decimal {
        let order = &entry.order;
        let since = record.map_or_else(|| entry.intended_at.minus(CLOCK_SLACK), |record| record.opened.opened_at);
        let fills = self.unrecorded(&order.symbol, order.position_side, since, troubles).await;
        let is_anothers =
            |fill: &&Fill| fill.client_order_id != order.client_order_id && self.ids.is_ours(&fill.client_order_id);
        fills
            .iter()
            .flatten()
            .filter(is_anothers)
            .fold(Decimal::ZERO, |sum, fill| sum.saturating_add(lives::signed_fill(fill)))
    }
}
