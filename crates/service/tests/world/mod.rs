//! A paper venue, records in memory, and a service of two accounts on them.

#![allow(dead_code, reason = "each test binary takes what it needs")]

use async_trait::async_trait;
use plimsoll_engine::{
    AccountPorts, AccountView, ContractSetting, Ports, PositionManager, Settings, VenueAccount, VenueAccountSettings,
};
use plimsoll_exchange::{Exchange, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_memory::MemoryStore;
use plimsoll_ports::domain::{AccountId, Direction, Leverage, MarginMode, MarkPrice, Symbol, Timestamp, VenueId};
use plimsoll_ports::{
    Alert, Clock, Notifier, NotifyError, OpenIntent, RiskEventRecord, RiskEventRepository, StopLoss, StoreError,
};
use plimsoll_service::{
    EventHub, Mode, RunState, ServedAccount, Service, ServiceSettings, StrategyControl, StrategyFailure, StrategyStatus,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

pub(crate) const BTC: &str = "BTC/USDT:USDT";

/// Everything that a test moves.
pub(crate) struct World {
    pub(crate) venue: PaperVenue,
    pub(crate) store: MemoryStore,
    /// What is to be written down of actions cannot be, while this is set.
    pub(crate) is_unwritable: Arc<AtomicBool>,
    pub(crate) accounts: Vec<VenueAccount>,
    pub(crate) managers: Vec<Arc<PositionManager>>,
    pub(crate) hub: Arc<EventHub>,
    pub(crate) service: Service,
}

struct Quiet;

#[async_trait]
impl Notifier for Quiet {
    async fn notify(&self, _: &Alert) -> Result<(), NotifyError> {
        Ok(())
    }
}

/// Risk events that cannot be written down while somebody says so.
struct Diary {
    store: MemoryStore,
    is_unwritable: Arc<AtomicBool>,
}

#[async_trait]
impl RiskEventRepository for Diary {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        if self.is_unwritable.load(Ordering::SeqCst) {
            return Err(StoreError::Unreachable("the disk is full".to_owned()));
        }
        self.store.log(event).await
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        RiskEventRepository::since(&self.store, account, since).await
    }
}

/// One strategy, which does what it is told.
pub(crate) struct Trend(Mutex<(RunState, Option<String>)>);

#[async_trait]
impl StrategyControl for Trend {
    async fn list(&self) -> Vec<StrategyStatus> {
        let (state, reason) = self.0.lock().unwrap().clone();
        vec![StrategyStatus {
            name: "trend".to_owned(),
            accounts: vec![AccountId::new("main")],
            contracts: vec![btc()],
            state,
            reason,
            since: None,
            holdings: Vec::new(),
            working: Vec::new(),
            decisions: Vec::new(),
            parameters: serde_json::json!({ "fast": 20 }),
            net_profit: None,
            currency: None,
            performance: None,
        }]
    }

    async fn pause(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure> {
        self.switch(name, RunState::Paused, format!("by {by}: {reason}"))
    }

    async fn resume(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure> {
        self.switch(name, RunState::Running, format!("by {by}: {reason}"))
    }
}

impl Trend {
    fn switch(&self, name: &str, state: RunState, reason: String) -> Result<(), StrategyFailure> {
        if name != "trend" {
            return Err(StrategyFailure::Unknown(name.to_owned()));
        }
        *self.0.lock().unwrap() = (state, Some(reason));
        Ok(())
    }
}

pub(crate) fn btc() -> Symbol {
    BTC.parse().unwrap()
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_millis(1_767_600_000_000)
}

impl World {
    /// Two accounts of 10,000 on one paper venue; bitcoin is at 50,000.
    pub(crate) async fn new() -> Self {
        Self::with_views(|_, account| account.watch()).await
    }

    /// The same; what the service sees of each account is told by this.
    pub(crate) async fn with_views(view_of: impl Fn(&str, &VenueAccount) -> watch::Receiver<Arc<AccountView>>) -> Self {
        let mut exchange = Exchange::new(start());
        exchange.list(listings::btc_usdt(), "50000".parse().unwrap()).unwrap();
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        let (store, is_unwritable) = (MemoryStore::new(), Arc::new(AtomicBool::new(false)));
        let (mut accounts, mut managers, mut served) = (Vec::new(), Vec::new(), Vec::new());
        for name in ["main", "second"] {
            let broker = venue.open_account(AccountId::new(name), "10000".parse().unwrap()).unwrap();
            let account = follow(&venue, &broker, &store, name).await;
            let ports = ports(&venue, &broker, &store, &is_unwritable);
            let manager = Arc::new(PositionManager::new(ports.clone(), Settings::new(AccountId::new(name))));
            let mode = Mode::Paper;
            served.push(ServedAccount { mode, manager: Arc::clone(&manager), ports, view: view_of(name, &account) });
            accounts.push(account);
            managers.push(manager);
        }
        let hub = Arc::new(EventHub::new(start()));
        let control = Arc::new(Trend(Mutex::new((RunState::Running, None))));
        let clock = Arc::new(venue.clock());
        let service = Service::new(served, control, Arc::clone(&hub), clock, ServiceSettings::default());
        Self { venue, store, is_unwritable, accounts, managers, hub, service }
    }

    /// The first account goes long a tenth of a bitcoin at 5x, with a stop at 48,000.
    pub(crate) async fn long(&self) {
        let intent = OpenIntent {
            symbol: btc(),
            direction: Direction::Long,
            quantity: "0.05".parse().unwrap(),
            leverage: Leverage::new(5).unwrap(),
            stop_loss: StopLoss::At("48000".parse().unwrap()),
            take_profit: None,
        };
        self.managers[0].open(&intent).await.unwrap();
        self.until(0, |view| view.positions.first().is_some_and(|it| it.isolated_margin.is_some())).await;
        self.until(0, |view| view.orders.iter().any(|order| order.close_position)).await;
        self.mark("50000").await;
    }

    /// The market goes there, and everybody hears of it.
    pub(crate) async fn mark(&self, price: &str) {
        let time = self.venue.clock().now().plus(Duration::from_secs(1));
        self.venue.advance([&Tick::at(btc(), time, price.parse().unwrap())]).unwrap();
        for account in &self.accounts {
            account.mark(MarkPrice { symbol: btc(), price: price.parse().unwrap(), index: None, time });
        }
        self.until(0, |view| view.positions.iter().all(|it| it.mark_price == Some(price.parse().unwrap()))).await;
    }

    pub(crate) async fn until(&self, account: usize, is_so: impl Fn(&AccountView) -> bool) {
        let mut watch = self.accounts[account].watch();
        let waited = tokio::time::timeout(Duration::from_secs(10), watch.wait_for(|view| is_so(view))).await;
        waited.expect("it came about in time").unwrap();
    }

    /// Time passes; the streams say that they live.
    pub(crate) fn pass(&self, duration: Duration) {
        self.venue.clock().tell(self.venue.clock().now().plus(duration));
    }
}

async fn follow(venue: &PaperVenue, broker: &PaperBroker, store: &MemoryStore, name: &str) -> VenueAccount {
    let ports = AccountPorts {
        broker: Arc::new(broker.clone()),
        audit: None,
        journal: Arc::new(store.clone()),
        clock: Arc::new(venue.clock()),
    };
    let mut settings = VenueAccountSettings::new(AccountId::new(name));
    let leverage = Some(Leverage::new(5).unwrap());
    settings.contracts.insert(btc(), ContractSetting { leverage, margin_mode: Some(MarginMode::Isolated) });
    VenueAccount::connect(ports, Box::new(broker.account_stream()), settings).await.unwrap()
}

fn ports(venue: &PaperVenue, broker: &PaperBroker, store: &MemoryStore, is_unwritable: &Arc<AtomicBool>) -> Ports {
    let diary = Diary { store: store.clone(), is_unwritable: Arc::clone(is_unwritable) };
    let store = Arc::new(store.clone());
    Ports {
        broker: Arc::new(broker.clone()),
        feed: Arc::new(venue.clone()),
        funding_rates: Arc::new(venue.clone()),
        journal: store.clone(),
        positions: store.clone(),
        trades: store.clone(),
        funding: store.clone(),
        bookings: store.clone(),
        equity: store.clone(),
        risk_events: Arc::new(diary),
        controls: store,
        notifier: Arc::new(Quiet),
        clock: Arc::new(venue.clock()),
    }
}
