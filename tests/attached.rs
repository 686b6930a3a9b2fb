//! An entry that carries its stop, over Bitget's wire to its server and back: where no stop is taken before a position, the
//! venue makes one as the entry fills, ours takes its place, and it closes what it protects.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot set up fails it")]

use async_trait::async_trait;
use plimsoll_domain::{AccountId, Direction, Leverage, Money, OrderType, PositionSide, Symbol};
use plimsoll_engine::{Ports, PositionManager, Protected, Settings};
use plimsoll_exchange::{ClosingOrders, ConditionalStatus, Exchange, Tick, listings};
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError, OpenIntent, Purpose, StopLoss, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_tests::venues::{self, Adapter, AdapterSettings, Keys, Served, Wire, unlimited};
use plimsoll_venue_server::{AuthenticationClock, Running};
use std::sync::Arc;

const KEYS: Keys = Keys { key: "a-key", secret: "a-secret", passphrase: "a-passphrase" };

#[tokio::test(flavor = "multi_thread")]
async fn over_bitgets_wire_a_position_is_born_with_its_stop_which_ours_replaces() {
    let (account, symbol) = (AccountId::new("main"), listings::bitget::btc_usdt().symbol);
    let venue = venue(&account).await;
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
    let manager = manager(&venue, &account, &store);
    manager.reconcile().await.unwrap();

    let intent = OpenIntent {
        symbol: symbol.clone(),
        direction: Direction::Long,
        quantity: "0.04".parse().unwrap(),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At("58000".parse().unwrap()),
        take_profit: None,
    };
    let opened = manager.open(&intent).await.unwrap();
    assert_eq!(opened.troubles, []);
    let Protected::By(stop) = &opened.stop_loss else { panic!("{:?}", opened.stop_loss) };
    assert!(manager.is_ours(&stop.client_order_id), "{stop:?}");

    // The entry carried its stop: the venue made one beside ours, which went once ours was read back.
    let stops = venue.exchange(|exchange| exchange.conditionals(&account, &symbol));
    let told: Vec<_> = stops.iter().map(|it| (it.status, it.order.client_order_id == stop.client_order_id)).collect();
    assert_eq!(told, [(ConditionalStatus::Canceled, false), (ConditionalStatus::New, true)], "{stops:#?}");
    assert!(stops.iter().all(|it| it.order.order_type == OrderType::StopMarket));
    assert!(stops.iter().all(|it| it.order.trigger == Some(stop.trigger)));

    // What is left protects it.
    fall(&venue, &symbol, "57900");
    let found = manager.reconcile().await.unwrap();
    assert_eq!(found.ended.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), [Purpose::StopLoss.as_str()]);
    let left = venue.exchange(|exchange| {
        let held = exchange.position(&account, &symbol, PositionSide::Both).and_then(|it| it.position);
        (held, exchange.open_conditionals(&account).len())
    });
    assert_eq!(left, (None, 0));
    store.close().await;
    venue.shutdown().await;
}

async fn venue(account: &AccountId) -> Running {
    let dialect = plimsoll_exchange::Settings {
        closing_orders: ClosingOrders::OfPositions,
        ..plimsoll_exchange::Settings::default()
    };
    let mut exchange = Exchange::with_settings(SystemClock.now(), dialect);
    exchange.list(listings::bitget::btc_usdt(), "60000".parse().unwrap()).unwrap();
    let served =
        Served { clock: AuthenticationClock::Wall, wallet: Money::new(10_000.into()), answers_show_fills: false };
    let venue = venues::serve(Wire::Bitget, exchange, served).await;
    venue.open_account_with_passphrase(account, KEYS.key, KEYS.secret.into(), KEYS.passphrase.into()).unwrap();
    venue
}

fn manager(venue: &Running, account: &AccountId, store: &SqliteStore) -> PositionManager {
    let settings = AdapterSettings::Bitget(unlimited::bitget());
    let Adapter { broker, feed, funding_rates, .. } =
        venues::connect(&venue.rest_url(), &venue.ws_url(), KEYS, Arc::new(SystemClock), settings);
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
        notifier: Arc::new(Nobody),
        clock: Arc::new(SystemClock),
    };
    PositionManager::new(ports, Settings::new(account.clone()))
}

fn fall(venue: &Running, symbol: &Symbol, to: &str) {
    let price = to.parse().unwrap();
    let tick = Tick::at(symbol.clone(), SystemClock.now(), price);
    venue.exchange(|exchange| exchange.advance(&tick)).unwrap();
}

/// Nobody is told.
struct Nobody;

#[async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Alert) -> Result<(), NotifyError> {
        Ok(())
    }
}
