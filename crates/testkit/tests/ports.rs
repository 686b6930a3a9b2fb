//! The suites of the ports that have no venue or store behind them, each met by a small honest implementation and failed,
//! by name, by one that breaks a promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use plimsoll_domain::{AccountId, Direction, MarkPrice, MarketEvent, Price, Symbol, Timestamp};
use plimsoll_ports::{
    Alert, BadState, BusError, Clock, CloseIntent, Decision, EventBus, Feed, FeedKind, Held, Intent, Lease, LeaseError,
    Notifier, NotifyError, Strategy, StrategyEvent, StrategyView,
};
use plimsoll_testkit::SimulatedClock;
use plimsoll_testkit::contract::{self, ClockStage, EventBusStage, LeaseStage, NotifierStage, StrategyStage};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Simulated(SimulatedClock);

#[async_trait]
impl ClockStage for Simulated {
    fn clock(&self) -> &dyn Clock {
        &self.0
    }

    async fn pass(&self, duration: Duration) {
        self.0.advance(duration);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_simulated_clock_keeps_what_clocks_promise() {
    contract::clock::run(async || Simulated(SimulatedClock::new(Timestamp::default()))).await;
}

/// Wants to close once the mark has fallen so many times in a row.
struct Falling {
    needed: u32,
    seen: u32,
    last: Option<Price>,
    keeps_state: bool,
}

impl Falling {
    fn new(keeps_state: bool) -> Self {
        Self { needed: 2, seen: 0, last: None, keeps_state }
    }
}

impl Strategy for Falling {
    fn name(&self) -> String {
        "falling".to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        let symbol = Symbol::new("BTC", "USDT", "USDT").unwrap();
        vec![Feed { account: AccountId::new("main"), symbol, kind: FeedKind::Marks }]
    }

    fn decide<'a>(&mut self, _view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        let StrategyEvent::Market { account, event: MarketEvent::Mark(mark) } = event else { return Vec::new() };
        let fell = self.last.is_some_and(|last| mark.price < last);
        self.seen = if fell { self.seen + 1 } else { 0 };
        self.last = Some(mark.price);
        if self.seen < self.needed {
            return Vec::new();
        }
        let close = CloseIntent { symbol: mark.symbol.clone(), direction: Direction::Long, quantity: None };
        vec![Decision::one((*account).clone(), Intent::Close(close), "it falls")]
    }

    fn state(&self) -> String {
        let last = self.last.map(|last| last.to_string()).unwrap_or_default();
        if self.keeps_state { format!("{} {last}", self.seen) } else { String::new() }
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        *self = Self::new(self.keeps_state);
        if !self.keeps_state {
            return Ok(());
        }
        let (seen, last) = state.split_once(' ').ok_or_else(|| BadState(state.to_owned()))?;
        let bad = || BadState(state.to_owned());
        self.seen = seen.parse().map_err(|_| bad())?;
        self.last = if last.is_empty() { None } else { Some(last.parse().map_err(|_| bad())?) };
        Ok(())
    }
}

struct Market {
    account: AccountId,
    keeps_state: bool,
}

impl StrategyStage for Market {
    fn strategy(&self) -> Box<dyn Strategy> {
        Box::new(Falling::new(self.keeps_state))
    }

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn view(&self) -> StrategyView<'_> {
        StrategyView { now: Timestamp::default(), accounts: &[] }
    }

    fn events(&self) -> Vec<MarketEvent> {
        let symbol = Symbol::new("BTC", "USDT", "USDT").unwrap();
        let mark = |price: &str| MarkPrice {
            symbol: symbol.clone(),
            price: price.parse().unwrap(),
            index: None,
            time: Timestamp::default(),
        };
        ["100", "101", "100", "99", "98", "99", "97", "96"].map(|price| MarketEvent::Mark(mark(price))).to_vec()
    }
}

fn market(keeps_state: bool) -> Market {
    Market { account: AccountId::new("main"), keeps_state }
}

#[tokio::test]
async fn a_strategy_with_state_keeps_what_strategies_promise() {
    contract::strategy::run(async || market(true)).await;
}

/// What a run under a suite says, if it fails.
async fn failure(run: impl Future<Output = ()> + Send + 'static) -> String {
    let panic = tokio::spawn(run).await.expect_err("a promise is broken").into_panic();
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[tokio::test]
async fn a_strategy_that_forgets_its_state_is_found_out() {
    let said = failure(contract::strategy::run(async || market(false))).await;
    assert!(said.contains("restored_it_goes_on_as_if_nothing_had_happened"), "{said}");
    assert!(said.contains("nonsense_is_refused_and_leaves_it_as_new"), "{said}");
}

#[derive(Default)]
struct Person {
    read: Mutex<Vec<String>>,
    away: Mutex<bool>,
    claims: bool,
}

#[async_trait]
impl Notifier for Person {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        if *self.away.lock().unwrap() {
            return if self.claims { Ok(()) } else { Err(NotifyError("nobody is there".to_owned())) };
        }
        self.read.lock().unwrap().push(format!("{}: {}", alert.title, alert.body));
        Ok(())
    }
}

#[async_trait]
impl NotifierStage for Person {
    fn notifier(&self) -> &dyn Notifier {
        self
    }

    async fn read(&self) -> Vec<String> {
        self.read.lock().unwrap().clone()
    }

    async fn cut(&self) -> bool {
        *self.away.lock().unwrap() = true;
        true
    }
}

#[tokio::test]
async fn a_notifier_keeps_what_notifiers_promise_or_is_found_out() {
    contract::notifier::run(async || Person::default()).await;
    let said = failure(contract::notifier::run(async || Person { claims: true, ..Person::default() })).await;
    assert!(said.contains("an_alert_that_reaches_nobody_is_an_error"), "{said}");
}

#[derive(Default)]
struct Bus {
    events: Mutex<Vec<(String, String, Vec<u8>)>>,
    repeats: bool,
}

#[async_trait]
impl EventBus for Bus {
    async fn publish(&self, topic: &str, id: &str, payload: &[u8]) -> Result<(), BusError> {
        let mut events = self.events.lock().unwrap();
        if self.repeats || !events.iter().any(|(_, known, _)| known == id) {
            events.push((topic.to_owned(), id.to_owned(), payload.to_vec()));
        }
        Ok(())
    }
}

#[async_trait]
impl EventBusStage for Bus {
    fn bus(&self) -> &dyn EventBus {
        self
    }

    async fn heard(&self, topic: &str) -> Vec<Vec<u8>> {
        let events = self.events.lock().unwrap();
        events.iter().filter(|(of, ..)| of == topic).map(|(_, _, payload)| payload.clone()).collect()
    }
}

#[tokio::test]
async fn a_bus_keeps_what_buses_promise_or_is_found_out() {
    contract::event_bus::run(async || Bus::default()).await;
    let said = failure(contract::event_bus::run(async || Bus { repeats: true, ..Bus::default() })).await;
    assert!(said.contains("a_repeated_id_is_dropped"), "{said}");
}

#[derive(Clone)]
struct Leases {
    clock: Arc<SimulatedClock>,
    held: Arc<Mutex<BTreeMap<AccountId, Held>>>,
    epoch_rises: bool,
}

impl Leases {
    fn new(epoch_rises: bool) -> Self {
        Self { clock: Arc::new(SimulatedClock::new(Timestamp::default())), held: Arc::default(), epoch_rises }
    }

    fn until(&self, term: Duration) -> Timestamp {
        self.clock.now().plus(term)
    }
}

#[async_trait]
impl Lease for Leases {
    async fn acquire(&self, account: &AccountId, term: Duration) -> Result<Held, LeaseError> {
        let mut all = self.held.lock().unwrap();
        let before = all.get(account);
        if let Some(held) = before.filter(|held| held.until > self.clock.now()) {
            return Err(LeaseError::Taken { until: held.until });
        }
        let epoch = before.map_or(1, |held| held.epoch + u64::from(self.epoch_rises));
        let held = Held { account: account.clone(), epoch, until: self.until(term) };
        all.insert(account.clone(), held.clone());
        Ok(held)
    }

    async fn renew(&self, held: &Held, term: Duration) -> Result<Held, LeaseError> {
        let mut all = self.held.lock().unwrap();
        let current = all.get_mut(&held.account).filter(|current| current.epoch == held.epoch);
        let current = current.ok_or(LeaseError::Taken { until: self.clock.now() })?;
        current.until = self.until(term);
        Ok(current.clone())
    }

    async fn release(&self, held: Held) -> Result<(), LeaseError> {
        let mut all = self.held.lock().unwrap();
        if let Some(current) = all.get_mut(&held.account).filter(|current| current.epoch == held.epoch) {
            current.until = Timestamp::default();
        }
        Ok(())
    }
}

#[async_trait]
impl LeaseStage for Leases {
    fn one(&self) -> &dyn Lease {
        self
    }

    fn other(&self) -> &dyn Lease {
        self
    }

    async fn pass(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

#[tokio::test]
async fn a_lease_keeps_what_leases_promise_or_is_found_out() {
    contract::lease::run(async || Leases::new(true)).await;
    let said = failure(contract::lease::run(async || Leases::new(false))).await;
    assert!(said.contains("a_lease_that_ran_out_is_anybodys_and_its_epoch_rises"), "{said}");
}
