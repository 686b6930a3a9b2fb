//! A venue of the bench, what is held there, and who stops it.

use async_trait::async_trait;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{
    AccountId, Direction, Instrument, Leverage, MarginMode, Money, NewOrder, OrderKind, OrderSize, PositionSide, Rate,
    Side, Symbol, TimeInForce,
};
use plimsoll_engine::{ClientOrderIds, FlattenReason, Ports, PositionManager, Settings};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError, OpenIntent, Purpose, StopLoss, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_tests::venues::{self, Adapter, AdapterSettings, Keys, Served, Wire, unlimited};
use plimsoll_venue_server::{AuthenticationClock, Running};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tempfile::TempDir;
use tokio::sync::Notify;

const KEYS: Keys = Keys { key: "flat-key", secret: "flat-secret", passphrase: "flat-passphrase" };
/// An operator asks so often at most.
const TIMES: usize = 20;

/// What the process that stops lets itself ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    Raised,
    AsInProduction,
}

/// A venue with one account.
pub(crate) struct Theatre {
    pub(crate) wire: Wire,
    pub(crate) venue: Running,
    account: AccountId,
    contracts: Vec<Instrument>,
}

impl Theatre {
    pub(crate) async fn open(wire: Wire, round: u64) -> Self {
        let mut exchange = Exchange::new(SystemClock.now());
        let contracts: Vec<Instrument> = (0..positions_at(wire)).map(|number| contract(wire, number)).collect();
        for contract in &contracts {
            exchange.list(contract.clone(), "3000".parse().unwrap()).unwrap();
        }
        let wallet = Money::new(1_000_000.into());
        let served = Served { clock: AuthenticationClock::Wall, wallet, answers_show_fills: false };
        let venue = venues::serve(wire, exchange, served).await;
        let account = AccountId::new(format!("{wire}-{round}"));
        venue.open_account_with_passphrase(&account, KEYS.key, KEYS.secret.into(), KEYS.passphrase.into()).unwrap();
        Self { wire, venue, account, contracts }
    }

    /// Opens every position with its stop, and lets entries rest; whoever stops it is ready.
    pub(crate) async fn fill(&self, allowed: Allowed) -> Desk {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
        let opener = self.manager(&store, Allowed::Raised, Arc::default());
        opener.reconcile().await.unwrap();
        let ids = ClientOrderIds::new(&self.account);
        for (number, contract) in self.contracts.iter().enumerate() {
            let direction = if number % 2 == 0 { Direction::Long } else { Direction::Short };
            let stop = if direction == Direction::Long { "2800" } else { "3200" };
            let intent = OpenIntent {
                symbol: contract.symbol.clone(),
                direction,
                quantity: "1".parse().unwrap(),
                leverage: Leverage::new(5).unwrap(),
                stop_loss: StopLoss::At(stop.parse().unwrap()),
                take_profit: None,
            };
            let opened = opener.open(&intent).await.unwrap();
            assert!(opened.troubles.is_empty(), "{:?}", opened.troubles);
            if number % 3 == 0 {
                let broker = self.connect(Allowed::Raised).broker;
                broker.place(&self.entry(&ids, &contract.symbol, direction)).await.unwrap();
            }
        }
        let ear = Arc::new(Ear::default());
        let manager = self.manager(&store, allowed, Arc::clone(&ear));
        manager.reconcile().await.unwrap();
        Desk { manager, ear, store, _directory: directory }
    }

    /// It would add to the position a little further away.
    fn entry(&self, ids: &ClientOrderIds, symbol: &Symbol, direction: Direction) -> NewOrder {
        let (side, price) = match direction {
            Direction::Long => (Side::Buy, "2900"),
            Direction::Short => (Side::Sell, "3100"),
        };
        NewOrder {
            client_order_id: ids.intent(SystemClock.now()).order(Purpose::Entry, 0),
            symbol: symbol.clone(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Limit { price: price.parse().unwrap(), time_in_force: TimeInForce::Gtc },
            size: OrderSize::Quantity("1".parse().unwrap()),
            reduce_only: false,
        }
    }

    fn connect(&self, allowed: Allowed) -> Adapter {
        // Whoever opens asks from another address, so that nothing of what the other may ask for is used up.
        let rest = match allowed {
            Allowed::Raised => self.venue.rest_url(),
            Allowed::AsInProduction => self.venue.rest_url().replace("127.0.0.1", "localhost"),
        };
        let settings = settings(self.wire, allowed);
        venues::connect(&rest, &self.venue.ws_url(), KEYS, Arc::new(SystemClock), settings)
    }

    fn manager(&self, store: &SqliteStore, allowed: Allowed, ear: Arc<Ear>) -> PositionManager {
        let Adapter { broker, feed, funding_rates, .. } = self.connect(allowed);
        let records = Arc::new(store.clone());
        let ports = Ports {
            broker,
            feed,
            funding_rates,
            journal: records.clone(),
            positions: records.clone(),
            trades: records.clone(),
            funding: records.clone(),
            bookings: records.clone(),
            equity: records.clone(),
            risk_events: records.clone(),
            controls: records,
            notifier: ear,
            clock: Arc::new(SystemClock),
        };
        let settings =
            Settings { limits: limits(), margin_mode: MarginMode::Cross, ..Settings::new(self.account.clone()) };
        PositionManager::new(ports, settings)
    }

    /// The exchange's own word.
    pub(crate) fn assert_flat(&self) {
        let left = self.venue.exchange(|exchange| {
            let held = exchange.positions(&self.account).iter().filter(|it| it.position.is_some()).count();
            let waiting = exchange.open_conditionals(&self.account).len();
            (held, exchange.open_orders(&self.account).len(), waiting)
        });
        assert_eq!(left, (0, 0, 0), "{}: what is held, what rests and what waits for a trigger", self.wire);
    }

    pub(crate) async fn close(self) {
        self.venue.shutdown().await;
    }
}

/// Fifty in all.
const fn positions_at(wire: Wire) -> usize {
    match wire {
        Wire::Binance | Wire::Gateio => 17,
        Wire::Bitget => 16,
    }
}

fn contract(wire: Wire, number: usize) -> Instrument {
    let base = format!("FLAT{number}");
    let (like, native) = match wire {
        Wire::Binance => (listings::eth_usdt(), format!("{base}USDT")),
        Wire::Gateio => (listings::gateio::eth_usdt(), format!("{base}_USDT")),
        Wire::Bitget => (listings::bitget::eth_usdt(), format!("{base}USDT")),
    };
    Instrument { symbol: Symbol::new(&base, "USDT", "USDT").unwrap(), native: native.into(), ..like }
}

fn settings(wire: Wire, allowed: Allowed) -> AdapterSettings {
    match (wire, allowed) {
        (Wire::Binance, Allowed::Raised) => AdapterSettings::Binance(unlimited::binance()),
        (Wire::Binance, Allowed::AsInProduction) => AdapterSettings::Binance(plimsoll_binance::Settings::default()),
        (Wire::Gateio, Allowed::Raised) => AdapterSettings::Gateio(unlimited::gateio()),
        (Wire::Gateio, Allowed::AsInProduction) => AdapterSettings::Gateio(plimsoll_gateio::Settings::default()),
        (Wire::Bitget, Allowed::Raised) => AdapterSettings::Bitget(unlimited::bitget()),
        (Wire::Bitget, Allowed::AsInProduction) => AdapterSettings::Bitget(plimsoll_bitget::Settings::default()),
    }
}

/// They let through as many positions as there are.
fn limits() -> RiskLimits {
    let plenty = Money::new(1_000_000_000.into());
    let limits = LimitSettings {
        max_position: plenty,
        max_position_share: Rate::new(1000.into()),
        max_positions: 100,
        max_funding_per_day: plenty,
        ..LimitSettings::default()
    };
    RiskLimits::new(limits).unwrap()
}

/// Hears when an account is told to be flat.
#[derive(Default)]
struct Ear {
    heard: Mutex<Option<Instant>>,
    tells: Notify,
}

#[async_trait]
impl Notifier for Ear {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        if alert.key.starts_with("flatten/") && alert.title.ends_with("the venue is flat") {
            self.heard.lock().unwrap().get_or_insert_with(Instant::now);
            self.tells.notify_one();
        }
        Ok(())
    }
}

/// Whoever stops an account.
pub(crate) struct Desk {
    manager: PositionManager,
    ear: Arc<Ear>,
    store: SqliteStore,
    _directory: TempDir,
}

/// How stopping came out.
pub(crate) struct Stopped {
    /// When it was told that it is flat.
    pub(crate) told: Instant,
    pub(crate) times: usize,
    pub(crate) troubles: Vec<String>,
}

impl Desk {
    /// As `plimsoll kill --flatten` does, again until the venue says that it is flat.
    pub(crate) async fn stop(&self) -> Stopped {
        self.manager.engage_kill_switch("bench", "to be flat").await;
        let mut troubles = Vec::new();
        for times in 1..=TIMES {
            let wanted = FlattenReason::Wanted { by: "bench".to_owned(), reason: "to be flat".to_owned() };
            let it = self.manager.flatten_all(wanted).await;
            troubles.extend(it.failed.iter().map(|it| format!("{} {}: {}", it.symbol, it.direction, it.failure)));
            troubles.extend(it.troubles.iter().map(ToString::to_string));
            if it.is_confirmed() {
                let told = self.ear.heard.lock().unwrap().expect("what is confirmed is told");
                return Stopped { told, times, troubles };
            }
        }
        panic!("not flat: {troubles:?}");
    }

    /// Until the account is told to be flat.
    pub(crate) async fn until_told(&self) {
        self.ear.tells.notified().await;
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}
