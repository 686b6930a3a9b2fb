//! What a composed order has opened goes on record once it is protected.

use super::Scene;
use crate::composed::Parts;
use crate::execution::total;
use crate::position_manager::PositionManager;
use crate::position_manager::ledger::Before;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::Fill;
use plimsoll_ports::{ComposedEntry, OpenedPosition, Opening, Purpose};

impl PositionManager {
    /// Writes down the position that a composed order has opened, once the venue has told every trade that made it. What is
    /// added to a position on record is found by whoever keeps the books.
    pub(super) async fn record_opening(
        &self,
        entry: &ComposedEntry,
        opening: &Opening,
        (parts, scene): (&Parts, &Scene),
        troubles: &mut Troubles,
    ) {
        let (filled, symbol) = (parts.filled(Purpose::Entry), &entry.order.symbol);
        let Some(held) = scene.held.filter(|_| !filled.is_zero()) else { return };
        let known = self.ports.positions.find_open(&self.settings.account, symbol, scene.side).await;
        if !matches!(troubles.read(Record::Position, known), Some(None)) {
            return;
        }
        let since = Self::slack_before(entry.placed_at);
        let Some(mut own) = self.unrecorded(symbol, scene.side, since, troubles).await else { return };
        own.retain(|fill: &Fill| fill.client_order_id.as_str().starts_with(entry.id.as_str()));
        let entered = total(&own).filter(|entered| entered.get() >= filled && *entered <= held.quantity);
        let (Some(entered), Some(first)) = (entered, own.first()) else { return };
        let opened = OpenedPosition {
            account: self.settings.account.clone(),
            venue: entry.venue.clone(),
            symbol: symbol.clone(),
            side: scene.side,
            direction: held.direction,
            quantity: held.quantity,
            entry_price: held.entry,
            leverage: opening.leverage,
            margin_mode: self.settings.margin_mode,
            strategy: entry.order.kind.as_str().to_owned(),
            opened_at: first.time,
        };
        self.record_entry(&opened, entered, Before::NotKnown, &own, troubles).await;
    }
}
