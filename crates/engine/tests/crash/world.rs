//! What outlives a process: the venue, the store, and orders that are on their way.

use crate::dying::{Dying, Fuse};
use async_trait::async_trait;
use plimsoll_engine::{ClientOrderIds, Ports, PositionManager, Settings};
use plimsoll_exchange::{ClosingOrders, Exchange, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Price, Quantity, Side, Symbol, Timestamp,
    VenueId,
};
use plimsoll_ports::*;
use plimsoll_sqlite::SqliteStore;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// 2026-01-05 09:00 UTC: hours before a funding settlement.
const START: Timestamp = Timestamp::from_millis(1_767_603_600_000);

pub(crate) const WALLET: &str = "10000";

/// When an order arrives, and the stop that it carries.
type OnItsWay = (Timestamp, NewOrder, Option<Price>);

/// Clones are the same world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) venue: PaperVenue,
    pub(crate) broker: PaperBroker,
    pub(crate) store: SqliteStore,
    on_their_way: Arc<Mutex<Vec<OnItsWay>>>,
    processes: Arc<AtomicU64>,
    falls: Arc<AtomicBool>,
    pub(crate) alerts: Arc<Mutex<Vec<Alert>>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(ClosingOrders::Any, false).await
    }

    /// A world whose venue takes these orders that close a whole position, and attaches stops to entries or not.
    pub(crate) async fn of(closing_orders: ClosingOrders, attaches_stops: bool) -> Self {
        let settings =
            plimsoll_exchange::Settings { closing_orders, attaches_stops, ..plimsoll_exchange::Settings::default() };
        let mut exchange = Exchange::with_settings(START, settings);
        exchange.list(listings::btc_usdt(), "50000".parse().unwrap()).unwrap();
        exchange.list(listings::eth_usdt(), "2500".parse().unwrap()).unwrap();
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        let broker = venue.open_account(account(), WALLET.parse().unwrap()).unwrap();
        let store = SqliteStore::in_memory().await.unwrap();
        Self {
            venue,
            broker,
            store,
            on_their_way: Arc::default(),
            processes: Arc::default(),
            falls: Arc::default(),
            alerts: Arc::default(),
        }
    }

    /// A new process over the same venue and store.
    pub(crate) fn process(&self, fuse: &Arc<Fuse>, settings: &Settings) -> PositionManager {
        let store = Arc::new(self.store.clone());
        let venue = Arc::new(self.venue.clone());
        let ports = Ports {
            broker: Dying::<dyn Broker>::new(Arc::new(self.broker.clone()), fuse),
            feed: Dying::<dyn MarketFeed>::new(venue.clone(), fuse),
            funding_rates: Dying::<dyn FundingRates>::new(venue, fuse),
            journal: Dying::<dyn OrderJournal>::new(store.clone(), fuse),
            positions: Dying::<dyn PositionRepository>::new(store.clone(), fuse),
            trades: Dying::<dyn TradeRepository>::new(store.clone(), fuse),
            funding: Dying::<dyn FundingRepository>::new(store.clone(), fuse),
            bookings: Dying::<dyn BookingRepository>::new(store.clone(), fuse),
            equity: Dying::<dyn EquityRepository>::new(store.clone(), fuse),
            risk_events: Dying::<dyn RiskEventRepository>::new(store.clone(), fuse),
            controls: Dying::<dyn ControlRepository>::new(store, fuse),
            notifier: Dying::<dyn Notifier>::new(Arc::new(self.clone()), fuse),
            clock: Arc::new(self.clone()),
        };
        let process = self.processes.fetch_add(1, Ordering::SeqCst);
        let ids = ClientOrderIds::of_process(&account(), process);
        PositionManager::new(ports, settings.clone()).with_ids(ids)
    }

    /// One that does not die.
    pub(crate) fn healthy(&self, settings: &Settings) -> PositionManager {
        self.process(&Fuse::new(self, None), settings)
    }

    /// An order that arrives so much later, whoever lives then.
    pub(crate) fn send_late(&self, order: NewOrder, stop: Option<Price>, later: Duration) {
        self.on_their_way.lock().unwrap().push((self.now().plus(later), order, stop));
    }

    /// Time passes, at the prices of now; what is on its way arrives.
    pub(crate) fn pass(&self, by: Duration) {
        let until = self.now().plus(by);
        let mut on_their_way = self.on_their_way.lock().unwrap();
        on_their_way.sort_by_key(|(time, ..)| *time);
        while on_their_way.first().is_some_and(|(time, ..)| *time <= until) {
            let (time, order, stop) = on_their_way.remove(0);
            self.tick(time);
            // Whether the venue takes it is the venue's to say.
            let _ = self.venue.exchange(|exchange| match stop {
                Some(stop) => exchange.place_with_stop(&account(), &order, stop),
                None => exchange.place(&account(), &order),
            });
        }
        self.tick(until);
    }

    /// The price falls right after the next order is executed.
    pub(crate) fn fall_after_entry(&self) {
        self.falls.store(true, Ordering::SeqCst);
    }

    /// An order was executed.
    pub(crate) fn placed(&self) {
        if self.falls.swap(false, Ordering::SeqCst) {
            self.price(&btc(), "44000");
        }
    }

    /// Somebody trades at market, not we.
    pub(crate) fn by_hand(&self, symbol: &Symbol, side: Side, quantity: Quantity) {
        let order = NewOrder {
            client_order_id: ClientOrderId::reported("web_1"),
            symbol: symbol.clone(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(quantity),
            reduce_only: false,
        };
        self.venue.exchange(|exchange| exchange.place(&account(), &order)).unwrap();
    }

    fn tick(&self, time: Timestamp) {
        let price = self.venue.exchange(|exchange| exchange.market(&btc()).unwrap().last);
        self.venue.advance([&Tick::at(btc(), time.max(self.now()), price)]).unwrap();
    }

    pub(crate) fn price(&self, symbol: &Symbol, to: &str) {
        let time = self.now().plus(Duration::from_millis(1));
        self.venue.advance([&Tick::at(symbol.clone(), time, to.parse::<Price>().unwrap())]).unwrap();
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        self.venue.clock().now()
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl Notifier for World {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        self.alerts.lock().unwrap().push(alert.clone());
        Ok(())
    }
}

pub(crate) fn account() -> AccountId {
    AccountId::new("main")
}

pub(crate) fn btc() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn eth() -> Symbol {
    listings::eth_usdt().symbol
}

/// Limits wide enough for what the paths do.
pub(crate) fn settings() -> Settings {
    let wide = LimitSettings {
        max_position: "1000000".parse().unwrap(),
        max_position_share: "100".parse().unwrap(),
        max_daily_loss: "9000".parse().unwrap(),
        max_daily_loss_share: "0.9".parse().unwrap(),
        max_drawdown: "9000".parse().unwrap(),
        ..RiskLimits::default().settings().clone()
    };
    Settings { limits: RiskLimits::new(wide).unwrap(), ..Settings::new(account()) }
}
