//! Composed orders: each goes on with the parts that it should have, or has ended and left nothing behind.

use super::{Books, Ledger};
use crate::difference::Differences;
use crate::name::is_for;
use crate::truth::Truth;
use plimsoll_domain::{AccountId, ClientOrderId, Decimal, Order, Position, Quantity};
use plimsoll_engine::{ClientOrderIds, IntentId};
use plimsoll_ports::{
    ComposedEnd, ComposedEntry, ComposedKind, ComposedState, JournalEntry, JournalState, OrderJournal, Purpose,
    SlicedTrade,
};
use std::collections::{BTreeMap, BTreeSet};

impl<S: Ledger> Books<'_, S> {
    pub(super) async fn composed(&self, differences: &mut Differences) {
        for entry in all(self.store, self.account, self.truth, self.ids).await {
            let it = Parts { truth: self.truth, name: &entry.id };
            let subject = format!("{} {}", entry.order.kind.as_str(), entry.id);
            sizes(differences, &subject, &entry, &it);
            match &entry.state {
                ComposedState::Working => self.goes_on(differences, &subject, &entry, &it).await,
                ComposedState::Ended { how, reason } => has_ended(differences, &subject, &entry, (*how, reason), &it),
            }
        }
    }

    async fn goes_on(&self, differences: &mut Differences, subject: &str, entry: &ComposedEntry, it: &Parts<'_>) {
        let held = self.held(entry);
        let resting = |purpose| it.resting(purpose).count();
        let rest = |differences: &mut Differences, purpose: Purpose, wanted: usize| {
            differences.same(subject, &format!("how many rest as {}", purpose.as_str()), &wanted, &resting(purpose));
        };
        match &entry.order.kind {
            ComposedKind::Bracket { .. } | ComposedKind::Iceberg { trade: SlicedTrade::Open(_), .. } => {
                rest(differences, Purpose::Entry, 1);
            }
            ComposedKind::Iceberg { trade: SlicedTrade::Close(_), .. } => rest(differences, Purpose::Exit, 1),
            ComposedKind::Twap { .. } => {
                rest(differences, Purpose::Entry, 0);
                rest(differences, Purpose::Exit, 0);
            }
            ComposedKind::Oco { quantity, .. } => {
                for purpose in [Purpose::StopLoss, Purpose::TakeProfit] {
                    rest(differences, purpose, 1);
                    let size = it.resting(purpose).find_map(|order| order.quantity);
                    if size.is_some_and(|size| size > *quantity) {
                        differences.note(
                            format!("{subject}, {}", purpose.as_str()),
                            format!("{size:?}"),
                            quantity.to_string(),
                        );
                    }
                }
            }
            ComposedKind::TrailingStop { .. } => {
                let parts = self.store.parts(self.account, &entry.id).await.expect("the journal is read");
                rest(differences, Purpose::StopLoss, usize::from(!parts.is_empty()));
            }
        }
        let needs_a_position = entry.order.opening().is_none();
        if needs_a_position && held.is_none() {
            differences.note(subject, "goes on", "nothing is held that it is for");
        }
    }

    fn held(&self, entry: &ComposedEntry) -> Option<Position> {
        let reports = self.truth.positions.iter().filter(|it| it.symbol == entry.order.symbol);
        let mut held = reports.filter_map(|it| it.position);
        held.find(|held| held.direction == entry.order.direction)
    }

    /// Whether this protects what a composed order that goes on will open: it waits for the first of it.
    pub(super) async fn is_owed_later(&self, entry: &JournalEntry) -> bool {
        if !entry.purpose.protects() || entry.state != JournalState::Intended {
            return false;
        }
        let Some(intent) = self.ids.intent_of(&entry.order.client_order_id) else { return false };
        let composed = self.store.composed(self.account, &intent.name()).await.expect("the journal is read");
        let opened = |it: &ComposedEntry| Parts { truth: self.truth, name: &it.id }.traded(Purpose::Entry);
        composed.is_some_and(|it| it.state == ComposedState::Working && opened(&it).is_zero())
    }

    /// Whether this order is of an opening that goes on: its parts wait for a position, and so does their stop.
    pub(super) async fn may_open(&self, order: &Order) -> bool {
        let Some(intent) = self.ids.intent_of(&order.client_order_id) else { return false };
        let entry = self.store.composed(self.account, &intent.name()).await.expect("the journal is read");
        let is_for = |it: &ComposedEntry, purpose| is_for(&it.id, purpose, &order.client_order_id);
        entry.is_some_and(|it| {
            it.state == ComposedState::Working
                && (is_for(&it, Purpose::Entry) || it.order.opening().is_some() && is_for(&it, Purpose::StopLoss))
        })
    }
}

/// What has traded is no more than was meant.
fn sizes(differences: &mut Differences, subject: &str, entry: &ComposedEntry, it: &Parts<'_>) {
    let (entered, left) = (it.traded(Purpose::Entry), it.traded(Purpose::Exit));
    let mut most = |what: &str, traded: Decimal, meant: Decimal| {
        if traded > meant {
            differences.note(format!("{subject}, {what}"), meant.to_string(), traded.to_string());
        }
    };
    match &entry.order.kind {
        ComposedKind::Bracket { opening, .. } => most("opened", entered, opening.quantity.get()),
        ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => {
            most("traded", entered + left, trade.quantity().get());
        }
        ComposedKind::Oco { quantity, .. } => {
            most("its stop", it.traded(Purpose::StopLoss), quantity.get());
            most("its target", it.traded(Purpose::TakeProfit), quantity.get());
        }
        ComposedKind::TrailingStop { .. } => {}
    }
}

/// Nothing rests of what has ended, but for what protects.
fn has_ended(
    differences: &mut Differences,
    subject: &str,
    entry: &ComposedEntry,
    (how, reason): (ComposedEnd, &str),
    it: &Parts<'_>,
) {
    let is_pair = matches!(entry.order.kind, ComposedKind::Oco { .. });
    // A pair that somebody ended leaves its stop, if it could not be cancelled: it goes with its position.
    let leaves_stop = !is_pair || how != ComposedEnd::Done;
    for purpose in [Purpose::Entry, Purpose::Exit, Purpose::StopLoss, Purpose::TakeProfit] {
        let may_rest = match purpose {
            Purpose::StopLoss => leaves_stop,
            Purpose::TakeProfit => !is_pair,
            _ => false,
        };
        let rest = it.resting(purpose).count();
        if rest > 0 && !may_rest {
            let ours = format!("{}: {reason}", how.as_str());
            differences.note(subject, ours, format!("{rest} rest as {}", purpose.as_str()));
        }
    }
    let all_of_it = |meant: Quantity, purpose: Purpose| it.traded(purpose) >= meant.get();
    let is_done = match &entry.order.kind {
        ComposedKind::Bracket { opening, .. } => all_of_it(opening.quantity, Purpose::Entry),
        ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => {
            let purpose = if matches!(trade, SlicedTrade::Open(_)) { Purpose::Entry } else { Purpose::Exit };
            all_of_it(trade.quantity(), purpose)
        }
        ComposedKind::Oco { .. } | ComposedKind::TrailingStop { .. } => true,
    };
    let by_protection = reason.contains("has filled") && !reason.starts_with("all of it");
    if how == ComposedEnd::Done && !is_done && !by_protection {
        let traded = it.traded(Purpose::Entry) + it.traded(Purpose::Exit);
        differences.note(subject, format!("done: {reason}"), format!("{traded} traded"));
    }
}

/// Every composed order that there ever was, as far as one of its orders was journalled or it goes on.
async fn all<S: OrderJournal>(
    store: &S,
    account: &AccountId,
    truth: &Truth,
    ids: &ClientOrderIds,
) -> Vec<ComposedEntry> {
    let journalled = store.recent(account, u32::MAX).await.expect("the journal is read");
    let journalled = journalled.into_iter().map(|entry| entry.order.client_order_id);
    let sent = truth.orders().map(|order| order.client_order_id.clone());
    let names: BTreeSet<ClientOrderId> =
        journalled.chain(sent).filter_map(|id| ids.intent_of(&id)).map(|intent: IntentId| intent.name()).collect();
    let mut entries = store.working(account).await.expect("the journal is read");
    for name in names {
        let entry = store.composed(account, &name).await.expect("the journal is read");
        entries.extend(entry.filter(|entry| entry.state != ComposedState::Working));
    }
    entries
}

/// How composed orders stand, by what they are and how they ended.
pub async fn ends<S: OrderJournal>(
    store: &S,
    account: &AccountId,
    truth: &Truth,
    ids: &ClientOrderIds,
) -> BTreeMap<String, u64> {
    let mut ends = BTreeMap::new();
    for entry in all(store, account, truth, ids).await {
        let what = format!("{} {}", entry.order.kind.as_str(), entry.state.as_str());
        *ends.entry(what).or_default() += 1;
    }
    ends
}

/// The orders of one name at the exchange.
struct Parts<'a> {
    truth: &'a Truth,
    name: &'a ClientOrderId,
}

impl Parts<'_> {
    fn resting(&self, purpose: Purpose) -> impl Iterator<Item = &Order> {
        self.truth.open.iter().filter(move |order| is_for(self.name, purpose, &order.client_order_id))
    }

    fn traded(&self, purpose: Purpose) -> Decimal {
        let is_of_it = |id: &ClientOrderId| is_for(self.name, purpose, id);
        self.truth.fills.iter().filter(|fill| is_of_it(&fill.client_order_id)).map(|fill| fill.quantity.get()).sum()
    }
}
