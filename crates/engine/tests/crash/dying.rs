//! Ports whose N-th call is the last thing that a process does.

use crate::world::World;
use async_trait::async_trait;
use plimsoll_ports::domain::*;
use plimsoll_ports::{ClosedPosition, *};
use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How the fatal call ends for the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// It never took effect.
    Before,
    /// It took effect, and nobody heard of it.
    After,
    /// An order that was on its way takes effect when the next process is at work already.
    Late,
}

/// When an order that was on its way at the death arrives.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// Counts the calls of one process, and ends it.
pub(crate) struct Fuse {
    world: World,
    at: Option<(usize, Death)>,
    calls: AtomicUsize,
    dead: AtomicBool,
    died: Notify,
    names: Mutex<Vec<&'static str>>,
}

impl Fuse {
    /// One that burns down with this call, counted from 0; `None` only counts.
    pub(crate) fn new(world: &World, at: Option<(usize, Death)>) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            at,
            calls: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
            died: Notify::new(),
            names: Mutex::default(),
        })
    }

    /// The names of the calls so far.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.names.lock().unwrap().clone()
    }

    /// Runs an operation until it ends or dies; `None` if it died.
    pub(crate) async fn run<T>(&self, operation: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.died.notified() => None,
            outcome = operation => Some(outcome),
        }
    }

    async fn call<T>(&self, name: &'static str, run: impl Future<Output = T>) -> T {
        let death = self.count(name).await;
        if death == Some(Death::Before) {
            self.die().await;
        }
        let answer = run.await;
        if death.is_some() {
            self.die().await;
        }
        if self.dead.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        answer
    }

    async fn count(&self, name: &'static str) -> Option<Death> {
        if self.dead.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        self.world.pass(Duration::from_millis(1));
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        self.names.lock().unwrap().push(name);
        self.at.filter(|(at, _)| *at == number).map(|(_, death)| death)
    }

    async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
        pending::<()>().await;
    }
}

/// A port of a process that can die.
pub(crate) struct Dying<T: ?Sized> {
    inner: Arc<T>,
    fuse: Arc<Fuse>,
}

impl<T: ?Sized> Dying<T> {
    pub(crate) fn new(inner: Arc<T>, fuse: &Arc<Fuse>) -> Arc<Self> {
        Arc::new(Self { inner, fuse: Arc::clone(fuse) })
    }
}

macro_rules! dying {
    ($port:ident { $($extra:item)* } $(fn $name:ident $(<$life:lifetime>)? ($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        #[async_trait]
        impl $port for Dying<dyn $port> {
            $($extra)*
            $(async fn $name $(<$life>)? (&self, $($arg: $type),*) -> $out {
                self.fuse.call(stringify!($name), self.inner.$name($($arg),*)).await
            })*
        }
    };
}

dying!(Broker {
    fn venue(&self) -> VenueId {
        self.inner.venue()
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.send(order, None).await
    }

    fn attaches_stops(&self) -> bool {
        self.inner.attaches_stops()
    }

    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        self.send(order, Some(stop)).await
    }
}
    fn instruments() -> Result<Vec<Instrument>, QueryError>;
    fn instrument(symbol: &Symbol) -> Result<Instrument, QueryError>;
    fn account() -> Result<AccountSnapshot, QueryError>;
    fn positions() -> Result<Vec<PositionReport>, QueryError>;
    fn balances() -> Result<Vec<BalanceReport>, QueryError>;
    fn open_orders<'a>(symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError>;
    fn order(symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError>;
    fn fills(symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError>;
    fn funding_payments(since: Timestamp) -> Result<Vec<FundingPayment>, QueryError>;
    fn bookings(since: Timestamp) -> Result<Vec<Booking>, QueryError>;
    fn amend(symbol: &Symbol, id: &ClientOrderId, quantity: Quantity, price: Price) -> Result<(), CommandError>;
    fn cancel(symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError>;
    fn cancel_all(symbol: &Symbol) -> Result<(), CommandError>;
    fn set_leverage(symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError>;
    fn set_margin_mode(symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError>;
    fn set_position_mode(mode: PositionMode) -> Result<(), CommandError>;
    fn adjust_isolated_margin(symbol: &Symbol, side: PositionSide, amount: Money) -> Result<(), CommandError>;
);

impl Dying<dyn Broker> {
    async fn send(&self, order: &NewOrder, stop: Option<Price>) -> Result<OrderId, PlaceError> {
        let death = self.fuse.count("place").await;
        match death {
            Some(Death::Late) => self.fuse.world.send_late(order.clone(), stop, ON_ITS_WAY),
            Some(Death::Before) => {}
            Some(Death::After) | None => {
                let answer = match stop {
                    Some(stop) => self.inner.place_with_stop(order, stop).await,
                    None => self.inner.place(order).await,
                };
                self.fuse.world.placed();
                if death.is_none() {
                    return answer;
                }
            }
        }
        self.fuse.die().await;
        pending().await
    }
}

dying!(MarketFeed {}
    fn mark_price(symbol: &Symbol) -> Result<MarkPrice, QueryError>;
    fn best_quotes(symbol: &Symbol) -> Result<BestQuotes, QueryError>;
    fn candles(symbol: &Symbol, interval: Duration, from: Timestamp, to: Timestamp) -> Result<Vec<Candle>, QueryError>;
    fn subscribe(symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError>;
);

dying!(FundingRates {}
    fn current(symbol: &Symbol) -> Result<FundingRate, QueryError>;
    fn history(symbol: &Symbol, from: Timestamp, to: Timestamp) -> Result<Vec<SettledFunding>, QueryError>;
);

dying!(OrderJournal {}
    fn intend(entry: &JournalEntry) -> Result<(), StoreError>;
    fn record(account: &AccountId, id: &ClientOrderId, state: &JournalState, at: Timestamp) -> Result<(), StoreError>;
    fn entry(account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError>;
    fn unfinished(account: &AccountId) -> Result<Vec<JournalEntry>, StoreError>;
    fn compose(entry: &ComposedEntry) -> Result<(), StoreError>;
    fn end_composed(account: &AccountId, id: &ClientOrderId, how: ComposedEnd, reason: &str, at: Timestamp) -> Result<(), StoreError>;
    fn composed(account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError>;
    fn working(account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError>;
    fn parts(account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError>;
    fn recent(account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError>;
);

dying!(PositionRepository {}
    fn open(position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError>;
    fn update(id: PositionId, quantity: Quantity, entry_price: Price, trades: &[TradeRecord]) -> Result<(), StoreError>;
    fn close(id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError>;
    fn find_open(account: &AccountId, symbol: &Symbol, side: PositionSide) -> Result<Option<PositionRecord>, StoreError>;
    fn find(id: PositionId) -> Result<Option<PositionRecord>, StoreError>;
    fn by_status(account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError>;
);

dying!(TradeRepository {}
    fn log(trade: &TradeRecord) -> Result<bool, StoreError>;
    fn of_position(id: PositionId) -> Result<Vec<TradeRecord>, StoreError>;
    fn since<'a>(account: &AccountId, symbol: Option<&'a Symbol>, since: Timestamp) -> Result<Vec<TradeRecord>, StoreError>;
    fn daily_pnl(account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError>;
    fn totals(account: &AccountId) -> Result<Vec<Totals>, StoreError>;
);

dying!(FundingRepository {}
    fn log(event: &FundingRecord) -> Result<bool, StoreError>;
    fn history<'a>(account: &AccountId, symbol: Option<&'a Symbol>, venue: Option<&'a VenueId>, days: u32, now: Timestamp) -> Result<Vec<FundingRecord>, StoreError>;
);

dying!(BookingRepository {}
    fn log(booking: &BookingRecord) -> Result<bool, StoreError>;
    fn since(account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError>;
    fn last(account: &AccountId) -> Result<Option<BookingRecord>, StoreError>;
);

dying!(EquityRepository {}
    fn snapshot(snapshot: &PnlSnapshot) -> Result<(), StoreError>;
    fn curve(account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError>;
    fn peak(account: &AccountId) -> Result<Option<Money>, StoreError>;
    fn peak_earned(account: &AccountId, now: Timestamp) -> Result<Option<Money>, StoreError>;
    fn first_since(account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError>;
);

dying!(RiskEventRepository {}
    fn log(event: &RiskEventRecord) -> Result<(), StoreError>;
    fn since(account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError>;
);

dying!(ControlRepository {}
    fn kill_switch(account: &AccountId) -> Result<KillSwitchRecord, StoreError>;
    fn set_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError>;
    fn trip_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> Result<bool, StoreError>;
    fn kill_switch_history(account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError>;
    fn ladder(account: &AccountId) -> Result<Option<LadderStep>, StoreError>;
    fn set_ladder(account: &AccountId, step: &LadderStep) -> Result<(), StoreError>;
);

dying!(Notifier {}
    fn notify(alert: &Alert) -> Result<(), NotifyError>;
);
