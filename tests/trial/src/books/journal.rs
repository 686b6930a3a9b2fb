//! The journal against every order that ever was at the venue.

use super::{Books, Ledger};
use crate::difference::Differences;
use plimsoll_domain::{Order, OrderKind, OrderSize};
use plimsoll_ports::{JournalEntry, JournalState, Purpose};
use std::collections::BTreeMap;

/// More than any run has.
const ALL: u32 = 1_000_000;

impl<S: Ledger> Books<'_, S> {
    pub(super) async fn journal(&self, differences: &mut Differences) {
        let entries = self.store.recent(self.account, ALL).await.expect("the journal is read");
        for entry in &entries {
            if !self.is_owed_later(entry).await {
                self.entry(differences, entry);
            }
        }
        let is_ours = |order: &&Order| self.ids.is_ours(&order.client_order_id);
        for order in self.truth.orders().filter(is_ours) {
            let subject = format!("order {}", order.client_order_id);
            let journalled = entries.iter().filter(|it| it.order.client_order_id == order.client_order_id).count();
            differences.same(&subject, "how often it is journalled", &journalled, &1);
            let sent = self.truth.named(&order.client_order_id).count();
            differences.same(&subject, "how often it is at the venue", &1, &sent);
        }
        self.intents(differences).await;
    }

    /// An intent enters once, by whatever names; a composed one in parts.
    async fn intents(&self, differences: &mut Differences) {
        let mut entered: BTreeMap<String, usize> = BTreeMap::new();
        for order in self.truth.orders() {
            let Some(intent) = self.ids.intent_of(&order.client_order_id) else { continue };
            let composed = self.store.composed(self.account, &intent.name()).await.expect("the journal is read");
            if composed.is_some() {
                continue;
            }
            let attempts = (0..36).map(|attempt| intent.order(Purpose::Entry, attempt));
            if attempts.into_iter().any(|id| id == order.client_order_id) {
                *entered.entry(intent.as_str().to_owned()).or_default() += 1;
            }
        }
        for (intent, times) in entered {
            differences.same(&format!("intent {intent}"), "how often it entered", &1, &times);
        }
    }

    fn entry(&self, differences: &mut Differences, entry: &JournalEntry) {
        let id = &entry.order.client_order_id;
        let subject = format!("journal {id} ({})", entry.purpose.as_str());
        let found = self.truth.named(id).next();
        match (&entry.state, found) {
            (JournalState::Accepted { order_id }, Some(order)) if self.truth.is_open(id) => {
                differences.same(&subject, "order id", order_id, &order.order_id);
                resting(differences, &subject, entry, order);
            }
            (JournalState::Finished { status, filled, average_price }, Some(order)) => {
                let told = self.words.tells(order);
                differences.same(&subject, "status", status, &told);
                differences.same(&subject, "filled", filled, &order.filled);
                differences.same(&subject, "average price", average_price, &order.average_price);
            }
            (JournalState::Refused { .. } | JournalState::NotSent { .. }, None) => {}
            (state, found) => {
                let truth = found.map_or("never there".to_owned(), |order| format!("{:?}", order.status));
                differences.note(subject, format!("{state:?}"), truth);
            }
        }
    }
}

fn resting(differences: &mut Differences, subject: &str, entry: &JournalEntry, truth: &Order) {
    let ours = &entry.order;
    differences.same(subject, "symbol", &ours.symbol, &truth.symbol);
    differences.same(subject, "side", &ours.side, &truth.side);
    differences.same(subject, "position side", &ours.position_side, &truth.position_side);
    differences.same(subject, "type", &ours.kind.order_type(), &truth.order_type);
    let (price, trigger) = match ours.kind {
        OrderKind::Market => (None, None),
        OrderKind::Limit { price, .. } => (Some(price), None),
        OrderKind::StopMarket { trigger, .. } | OrderKind::TakeProfitMarket { trigger, .. } => (None, Some(trigger)),
    };
    differences.same(subject, "price", &price, &truth.price);
    differences.same(subject, "trigger", &trigger, &truth.trigger);
    let (quantity, whole) = match ours.size {
        OrderSize::Quantity(quantity) => (Some(quantity), false),
        OrderSize::WholePosition => (None, true),
    };
    // What only reduces shrinks with its position.
    let is_shrunk = ours.reduce_only && truth.quantity.zip(quantity).is_some_and(|(truth, ours)| truth < ours);
    if !is_shrunk {
        differences.same(subject, "quantity", &quantity, &truth.quantity);
    }
    differences.same(subject, "whole position", &whole, &truth.close_position);
}
