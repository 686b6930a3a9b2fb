//! What is held against every order at once, and not only at the end.

use crate::market::Contract;
use crate::name::is_for;
use crate::world::World;
use plimsoll_domain::{ClientOrderId, Decimal, Fill, NewOrder, OrderKind, OrderSize, Price, Symbol, Timestamp};
use plimsoll_engine::{ClientOrderIds, IntentId};
use plimsoll_ports::{ComposedEntry, OrderJournal, Purpose};
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
    /// The stops that the venue has lost.
    pub(crate) lost: BTreeSet<ClientOrderId>,
    /// The kill switch is engaged since.
    engaged: Option<Timestamp>,
    /// When others traded, or prices jumped.
    disturbed: Option<Timestamp>,
    /// What was meant to protect a position of this symbol and way.
    pub(crate) stops: BTreeMap<String, Meant>,
    /// How many fills of each contract were seen.
    fills: BTreeMap<Symbol, usize>,
}

/// The stops that were meant for a position.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    /// The entry that filled last is of this intent.
    pub(crate) intent: IntentId,
    /// Where its stop triggers.
    pub(crate) trigger: Price,
    /// Where any stop triggers that was meant for the position.
    pub(crate) any: BTreeSet<Price>,
    /// A composed order moves it, or owes one of its own.
    pub(crate) is_composed: bool,
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
    is_for(&intent.name(), Purpose::Entry, id).then_some(intent)
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
        // What is composed enters in parts, each once.
        let other = other.filter(|_| self.composed(&intent).is_none());
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

    /// The composed order of this name, if there is one.
    fn composed(&self, intent: &IntentId) -> Option<ComposedEntry> {
        let name = intent.name();
        let found = OrderJournal::composed(&self.store, &self.account, &name);
        futures_util::FutureExt::now_or_never(found).and_then(Result::ok).flatten()
    }

    /// An order of ours was taken by the exchange.
    pub(crate) fn taken(&self, order: &NewOrder) {
        let id = &order.client_order_id;
        if let OrderKind::StopMarket { trigger, .. } = order.kind {
            self.stop_taken(order, trigger);
            return self.observe();
        }
        self.observe_sent();
        if entry_of(&self.ids, id).is_none() {
            return;
        }
        let now = self.time.now();
        let (is_filled, position, held) = self.venue.exchange(|exchange| {
            let is_filled = exchange.fills(&self.account, &order.symbol).any(|fill| fill.client_order_id == *id);
            let position = exchange.position(&self.account, &order.symbol, order.position_side);
            (is_filled, position.and_then(|it| it.position), exchange.positions(&self.account).len())
        });
        if !is_filled {
            return;
        }
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

    /// A stop that follows the price is meant where it is now.
    fn stop_taken(&self, order: &NewOrder, trigger: Price) {
        let Some(intent) = self.ids.intent_of(&order.client_order_id) else { return };
        let is_trailing = self.composed(&intent).is_some_and(|entry| entry.order.kind.is_trailing());
        if !is_trailing {
            return;
        }
        let which = key(&order.symbol, order.position_side.as_str(), order.side.opposite().as_str());
        let mut state = self.state();
        let meant = state.observer.stops.entry(which);
        let meant = meant.or_insert_with(|| Meant { intent, trigger, any: BTreeSet::new(), is_composed: true });
        meant.any.insert(trigger);
        (meant.trigger, meant.is_composed) = (trigger, true);
    }

    /// What has filled since this was last asked, and was opened: which positions grew.
    pub(crate) fn grown(&self) -> BTreeSet<String> {
        let seen = self.state().observer.fills.clone();
        let new: Vec<Fill> = self.venue.exchange(|exchange| {
            let of = |symbol: &Symbol| seen.get(symbol).copied().unwrap_or(0);
            let symbols = Contract::ALL.map(Contract::symbol);
            let new = symbols.iter().flat_map(|symbol| exchange.fills(&self.account, symbol).skip(of(symbol)).cloned());
            new.collect()
        });
        let mut grown = BTreeSet::new();
        for fill in new {
            *self.state().observer.fills.entry(fill.symbol.clone()).or_default() += 1;
            let Some(intent) = entry_of(&self.ids, &fill.client_order_id) else { continue };
            let which = key(&fill.symbol, fill.position_side.as_str(), fill.side.as_str());
            grown.insert(which.clone());
            let stop = intent.order(Purpose::StopLoss, 0);
            let entry = OrderJournal::entry(&self.store, &self.account, &stop);
            let meant = futures_util::FutureExt::now_or_never(entry).and_then(Result::ok).flatten();
            let Some(trigger) = meant.and_then(|it| it.order.kind.trigger()) else { continue };
            let composed = self.composed(&intent).is_some();
            let mut state = self.state();
            let before = state.observer.stops.remove(&which);
            let is_composed = composed || before.as_ref().is_some_and(|before| before.is_composed);
            let mut any = before.map(|before| before.any).unwrap_or_default();
            any.insert(trigger);
            state.observer.stops.insert(which, Meant { intent, trigger, any, is_composed });
        }
        grown
    }
}

/// What tells positions apart, of either direction.
pub(crate) fn key(symbol: &Symbol, side: &str, opens: &str) -> String {
    format!("{symbol} {side} {opens}")
}
