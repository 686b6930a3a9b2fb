//! What dies in a crash: the adapter with its sockets, the account's task, the manager. The records stay.

use super::ear::Ear;
use super::manager;
use super::market::Market;
use super::schedule::Schedule;
use super::stage::{KEY, SECRET, Stage};
use plimsoll_binance::{BinanceBroker, Credentials, Endpoints, Settings};
use plimsoll_engine::{AccountView, Link, PositionManager, VenueAccount};
use plimsoll_ports::Clock;
use plimsoll_sqlite::SqliteStore;
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use std::sync::Arc;
use std::time::Duration;

/// One life of our process.
pub(crate) struct Process {
    pub(crate) broker: BinanceBroker,
    pub(crate) account: VenueAccount,
    pub(crate) ear: Ear,
    pub(crate) manager: PositionManager,
    pub(crate) store: SqliteStore,
    /// It has brought its books and the venue together: until then it opens nothing.
    pub(crate) has_reconciled: bool,
}

impl Process {
    /// Starts; `life` counts from 0.
    pub(crate) async fn start(stage: &Stage, schedule: &Schedule, life: u64) -> Self {
        let store = SqliteStore::open(stage.database()).await.expect("the database opens");
        let clock: Arc<dyn Clock> = Arc::new(stage.market.clock.clone());
        let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
        let credentials = Credentials::new(KEY, SECRET);
        let settings = settings(schedule, life);
        let broker = BinanceBroker::with_settings(endpoints, credentials, Arc::clone(&clock), settings);
        let broker = broker.expect("a broker");
        let account = VenueAccount::spawn(Box::new(broker.account_stream()), Arc::clone(&clock));
        let ear = Ear::at(&account);
        let manager = manager::of(stage, schedule, life, &broker, &store).with_view(account.watch());
        Self { broker, account, ear, manager, store, has_reconciled: false }
    }

    /// Ends without another word. What the database was told before it was left is waited for, as the system would.
    pub(crate) async fn die(self) {
        let Self { broker, account, manager, store, .. } = self;
        drop(manager);
        drop(account);
        drop(broker);
        store.close().await;
    }

    /// Waits until the account's stream is fresh again, though not for long.
    pub(crate) async fn freshen(&self, market: &Market) {
        let is_fresh = |view: &Arc<AccountView>| {
            view.link == Link::Live && view.age(market.clock.now()).is_some_and(|age| age < Duration::from_secs(30))
        };
        let mut view = self.account.watch();
        let fresh = view.wait_for(is_fresh);
        // Faults may keep it from that; then whatever comes next meets a stale view.
        let _ = tokio::time::timeout(Duration::from_millis(250), fresh).await;
    }
}

/// Quick to notice and to come back: the market's time passes fast, and nobody waits for a real network.
fn settings(schedule: &Schedule, life: u64) -> Settings {
    let millis = Duration::from_millis;
    let seed = Some(schedule.seed.wrapping_add(life));
    let backoff = BackoffSettings { first: millis(10), longest: millis(80), seed };
    let private_socket = SocketSettings {
        connect_timeout: millis(500),
        ping_after: millis(60),
        dead_after: millis(300),
        settled_after: millis(100),
        backoff,
        ..SocketSettings::default()
    };
    let usual = Settings::default();
    // As the venue's: limits that nobody meets.
    let weight = 1000;
    Settings {
        keep_alive_every: millis(200),
        weight_limit: usual.weight_limit * weight,
        weight_reserve: usual.weight_reserve * weight,
        weight_to_watch: usual.weight_to_watch * weight,
        orders_per_ten_seconds: usual.orders_per_ten_seconds * weight,
        orders_per_minute: usual.orders_per_minute * weight,
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: HttpSettings { connect_timeout: millis(400), timeout: millis(800), ..HttpSettings::default() },
        private_socket,
        market_socket: private_socket,
        ..usual
    }
}
