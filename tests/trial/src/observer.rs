//! What is held against every order at once, and not only at the end.

use crate::world::World;
use plimsoll_domain::{ClientOrderId, Decimal, NewOrder, OrderKind, OrderSize, Price, Symbol, Timestamp};
use plimsoll_engine::{ClientOrderIds, IntentId};
use plimsoll_ports::{OrderJournal, Purpose};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a position may be worth.
pub(crate) const MOST: i64 = 8000;
/// How many positions there may be.
pub(crate) const POSITIONS: u32 = 4;

/// Whoever has asked whether it may send, and was told so, sends within this: no answer of the records takes longer.
const IN_FLIGHT: Duration = Duration::from_millis(3200);

/// What somebody else did to the account within this may have come between a check and its order.
const RECENTLY: Duration = Duration::from_secs(60);

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    sent: BTreeSet<ClientOrderId>,
    intents: BTreeMap<String, ClientOrderId>,
    intended: BTreeMap<ClientOrderId, Timestamp>,
    /// What could not be written down: if it removes exposure, it is sent all the same.
    pub(crate) unwritten: BTreeSet<ClientOrderId>,
    /// The kill switch is engaged since.
    engaged: Option<Timestamp>,
    /// When others traded, or prices jumped.
    disturbed: Option<Timestamp>,
    /// The trigger that was last meant for a position of this symbol and way.
    pub(crate) stops: BTreeMap<String, Price>,
}

impl Observer {
    pub(crate) fn engaged(&mut self, now: Timestamp) {
        self.engaged.get_or_insert(now);
    }

    pub(crate) const fn released(&mut self) {
        self.engaged = None;
    }

    pub(crate) const fn disturbed(&mut self, now: Timestamp) {
        self.disturbed = Some(now);
    }

    pub(crate) fn intends(&mut self, id: &ClientOrderId, now: Timestamp) {
        self.intended.entry(id.clone()).or_insert(now);
    }

    pub(crate) const fn is_engaged(&self) -> bool {
        self.engaged.is_some()
    }
}

/// The intent that this entry of ours is of.
pub(crate) fn entry_of(ids: &ClientOrderIds, id: &ClientOrderId) -> Option<IntentId> {
    let intent = ids.intent_of(id)?;
    (0..36).any(|attempt| intent.order(Purpose::Entry, attempt) == *id).then_some(intent)
}

impl World {
    /// An order leaves our process.
    pub(crate) fn leaves(&self, order: &NewOrder) {
        let id = &order.client_order_id;
        let now = self.time.now();
        let Some(intent) = entry_of(&self.ids, id) else { return };
        let entry = OrderJournal::entry(&self.store, &self.account, id);
        let entry = futures_util::FutureExt::now_or_never(entry);
        if !matches!(entry, Some(Ok(Some(_)))) {
            self.is_wrong(format!("entry {id}"), "sent", "in no journal");
        }
        let (is_twice, other, engaged) = {
            let observer = &mut self.state().observer;
            let is_twice = !observer.sent.insert(id.clone());
            let first = observer.intents.entry(intent.as_str().to_owned()).or_insert_with(|| id.clone()).clone();
            let intended = observer.intended.get(id).copied().unwrap_or(now);
            let engaged = observer.engaged.filter(|since| since.plus(IN_FLIGHT) < intended);
            (is_twice, (first != *id).then_some(first), engaged)
        };
        if is_twice {
            self.is_wrong(format!("entry {id}"), "sent twice", "sent once");
        }
        if let Some(first) = other {
            self.is_wrong(format!("intent {}", intent.as_str()), format!("enters as {first} and {id}"), "enters once");
        }
        if let Some(since) = engaged {
            self.is_wrong(format!("entry {id}"), "sent", format!("the kill switch is engaged since {since}"));
        }
    }

    /// An order of ours was taken by the exchange.
    pub(crate) fn taken(&self, order: &NewOrder) {
        let id = &order.client_order_id;
        if let OrderKind::StopMarket { .. } = order.kind {
            self.observe();
            return;
        }
        let Some(intent) = entry_of(&self.ids, id) else { return self.observe() };
        let now = self.time.now();
        let stop = intent.order(Purpose::StopLoss, 0);
        let entry = OrderJournal::entry(&self.store, &self.account, &stop);
        let meant = futures_util::FutureExt::now_or_never(entry).and_then(Result::ok).flatten();
        let trigger = meant.and_then(|it| match it.order.kind {
            OrderKind::StopMarket { trigger, .. } => Some(trigger),
            _ => None,
        });
        let (is_filled, position, held) = self.venue.exchange(|exchange| {
            let is_filled = exchange.fills(&self.account, &order.symbol).any(|fill| fill.client_order_id == *id);
            let position = exchange.position(&self.account, &order.symbol, order.position_side);
            (is_filled, position.and_then(|it| it.position), exchange.positions(&self.account).len())
        });
        if !is_filled {
            return;
        }
        if let Some(trigger) = trigger {
            let key = key(&order.symbol, order.position_side.as_str(), order.side.as_str());
            self.state().observer.stops.insert(key, trigger);
        }
        self.observe();
        let is_disturbed = self.state().observer.disturbed.is_some_and(|at| now.since(at) < RECENTLY);
        let worth = position.map(|it| it.quantity.get() * self.price(crate::market::Contract::of(&order.symbol)).get());
        let most = Decimal::from(MOST) * Decimal::new(103, 2);
        if let Some(worth) = worth.filter(|worth| *worth > most && !is_disturbed) {
            self.is_wrong(format!("{} after {id}", order.symbol), worth.to_string(), format!("at most {MOST}"));
        }
        if held > usize::try_from(POSITIONS).unwrap_or(usize::MAX) {
            self.is_wrong(format!("positions after {id}"), held.to_string(), format!("at most {POSITIONS}"));
        }
        debug_assert!(matches!(order.size, OrderSize::Quantity(_)), "an entry has a size");
    }
}

/// What tells positions apart, of either direction.
pub(crate) fn key(symbol: &Symbol, side: &str, opens: &str) -> String {
    format!("{symbol} {side} {opens}")
}
