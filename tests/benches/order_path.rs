//! What the order path costs over bare HTTP, on loopback, in one process that has a thread for the venue and one for its
//! callers: the same two requests (place a resting order, read it back) to the same venue, sent by reqwest alone and by the
//! order path over the live adapter, in turns. Both wait for the venue; the difference is ours: building and signing,
//! budgets, the clock, decoding, and the journal. The first of the two round trips, after which the venue has the order, is
//! timed by itself too.
//!
//! The journal is timed apart: the order path is measured without one, and with one in SQLite on disk. What one write of it
//! costs beside a bare sync of as many bytes is measured by `journal`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use plimsoll_binance::wire::request::{self, Place, WhichOrder};
use plimsoll_binance::{BinanceBroker, Credentials, Endpoints};
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, Symbol, TimeInForce, Timestamp,
};
use plimsoll_engine::{Entry, OrderPath, Patience, Placed};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_ports::{
    Clock, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StopLoss, StoreError, SystemClock,
    Waiver,
};
use plimsoll_sqlite::SqliteStore;
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const KEY: &str = "bench-key";
const SECRET: &str = "bench-secret";
const WARM_UP: usize = 300;
const ROUNDS: usize = 3000;
const IN_A_ROW: usize = 100;

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    if !is_bench || !filters.is_empty() && !filters.iter().any(|filter| "order path".contains(filter.as_str())) {
        return;
    }
    // The venue is somebody else: it does not take turns with its callers on the same threads.
    let (theirs, ours) = (one_thread(), one_thread());
    let venue = theirs.block_on(theirs.spawn(venue())).unwrap();
    let venue = ours.block_on(ours.spawn(measure(venue))).unwrap();
    theirs.block_on(venue.shutdown());
}

fn one_thread() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    Bare,
    TimedOut,
    Path,
}

/// Whoever comes second finds threads awake and caches filled by whom it follows: over and over, each follows every other
/// equally often.
const ORDERS_OF_TURNS: [[Turn; 3]; 2] =
    [[Turn::Bare, Turn::TimedOut, Turn::Path], [Turn::Bare, Turn::Path, Turn::TimedOut]];

async fn measure(venue: Running) -> Running {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let endpoints = Endpoints::custom(venue.rest_url(), venue.ws_url());
    let unlimited = plimsoll_binance::Settings {
        weight_limit: u32::MAX,
        orders_per_ten_seconds: u32::MAX,
        orders_per_minute: u32::MAX,
        ..plimsoll_binance::Settings::default()
    };
    let keys = Credentials::new(KEY, SECRET);
    let broker = BinanceBroker::with_settings(endpoints, keys, Arc::clone(&clock), unlimited).unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("order-path-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let in_memory = SqliteStore::in_memory().await.unwrap();
    let on_disk = SqliteStore::open(directory.join("journal.db")).await.unwrap();
    let path = |journal: SqliteStore| OrderPath {
        broker: Arc::new(broker.clone()),
        journal: Arc::new(journal),
        clock: Arc::clone(&clock),
        account: AccountId::new("bench"),
        patience: Patience::default(),
    };
    let accepted = Arc::new(Accepted::default());
    let unjournalled = OrderPath { journal: Arc::clone(&accepted) as Arc<dyn OrderJournal>, ..path(in_memory) };
    let with = |client| Bare { client, base: venue.rest_url(), keys: Credentials::new(KEY, SECRET) };
    let bare = with(client().build().unwrap());
    let timed_out = with(client().timeout(Duration::from_secs(10)).build().unwrap());
    let (journalled, mut figures) = (path(on_disk.clone()), Vec::new());
    let senders = Senders { bare, timed_out, path: unjournalled, accepted, venue: &venue };
    let in_turns = senders.compare(1).await;
    let one_after_another = senders.compare(IN_A_ROW).await;
    for round in 0..WARM_UP + ROUNDS {
        let took = timed(send(&journalled, &entered(order(round, "j")))).await;
        if round >= WARM_UP {
            figures.push(took);
        }
        cancel_all(&venue);
    }
    in_turns.print("in turns");
    one_after_another.print(&format!("{IN_A_ROW} of a kind after another"));
    title(&format!("with its journal, {ROUNDS} times"));
    row("order path with its journal on disk (SQLite)", &mut figures);
    on_disk.close().await;
    std::fs::remove_dir_all(&directory).unwrap();
    venue
}

async fn venue() -> Running {
    let mut exchange = Exchange::new(SystemClock.now());
    exchange.list(listings::btc_usdt(), "60000".parse().unwrap()).unwrap();
    let rate_limits = RateLimits {
        weight_per_minute: u32::MAX,
        orders_per_minute: u32::MAX,
        orders_per_ten_seconds: u32::MAX,
        ..RateLimits::default()
    };
    let venue = BinanceVenue::start(exchange, Settings { rate_limits, ..Settings::default() }).await.unwrap();
    venue.open_account(&AccountId::new("bench"), KEY, SECRET.into()).unwrap();
    venue
}

fn cancel_all(venue: &Running) {
    let account = AccountId::new("bench");
    venue.exchange(|exchange| exchange.cancel_all(&account, &symbol()).unwrap());
}

fn symbol() -> Symbol {
    listings::btc_usdt().symbol
}

/// Rests far below the market.
fn order(round: usize, by: &str) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("bench-{by}{round}")).unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Limit { price: "58000".parse().unwrap(), time_in_force: TimeInForce::Gtc },
        size: OrderSize::Quantity("0.002".parse().unwrap()),
        reduce_only: false,
    }
}

/// Nothing of it ever fills.
fn entered(order: NewOrder) -> Entry {
    Entry::new(order, StopLoss::Waived(Waiver::new("bench", "it never fills").unwrap()))
}

async fn send(path: &OrderPath, entry: &Entry) {
    let (placed, troubles) = path.enter(entry, None).await;
    assert!(matches!(placed, Ok(Placed::Resting(_))), "{placed:?}");
    assert!(troubles.is_empty(), "{troubles:?}");
}

async fn timed<T>(doing: impl Future<Output = T>) -> Duration {
    let began = Instant::now();
    doing.await;
    began.elapsed()
}

/// Who sends the same.
struct Senders<'a> {
    bare: Bare,
    timed_out: Bare,
    path: OrderPath,
    accepted: Arc<Accepted>,
    venue: &'a Running,
}

impl Senders<'_> {
    /// Each sends so many in a row, then another: with one, what the others have used fills the caches each time.
    async fn compare(&self, in_a_row: usize) -> Compared {
        let mut compared = Compared::default();
        let (warm_up, rounds) = (WARM_UP / in_a_row, ROUNDS / in_a_row);
        for round in 0..warm_up + rounds {
            for turn in ORDERS_OF_TURNS[round % ORDERS_OF_TURNS.len()] {
                for number in 0..in_a_row {
                    let order = order(round * in_a_row + number, &format!("{turn:?}{in_a_row}-"));
                    let (placed, both) = self.take(turn, &order).await;
                    if round >= warm_up {
                        let (of_one, of_both) = compared.of(turn);
                        of_one.push(placed);
                        of_both.push(both);
                    }
                }
                cancel_all(self.venue);
            }
        }
        compared
    }

    /// How long the first round trip took, and how long both.
    async fn take(&self, turn: Turn, order: &NewOrder) -> (Duration, Duration) {
        match turn {
            Turn::Bare => self.bare.place_and_read(order).await,
            Turn::TimedOut => self.timed_out.place_and_read(order).await,
            Turn::Path => {
                let entry = entered(order.clone());
                let began = Instant::now();
                send(&self.path, &entry).await;
                (self.accepted.at() - began, began.elapsed())
            }
        }
    }
}

/// reqwest, and nothing of ours around it but the text of the requests, which is made before the clock starts.
struct Bare {
    client: reqwest::Client,
    base: String,
    keys: Credentials,
}

/// The adapter, which is made first, has chosen the process's TLS provider.
fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().tcp_nodelay(true)
}

impl Bare {
    /// How long the first of both took, and how long both.
    async fn place_and_read(&self, order: &NewOrder) -> (Duration, Duration) {
        let (now, window): (Timestamp, _) = (SystemClock.now(), Some(Duration::from_secs(5)));
        let place = request::place(&Place::new(order, "BTCUSDT")).unwrap();
        let read = request::order("BTCUSDT", WhichOrder::Client(&order.client_order_id));
        let place = place.request(&self.base, &self.keys, now, window);
        let read = read.request(&self.base, &self.keys, now, window);
        let began = Instant::now();
        self.ask(reqwest::Method::POST, place.url).await;
        let placed = began.elapsed();
        self.ask(reqwest::Method::GET, read.url).await;
        (placed, began.elapsed())
    }

    async fn ask(&self, method: reqwest::Method, url: String) {
        let answer = self.client.request(method, url).header("X-MBX-APIKEY", KEY).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        answer.bytes().await.unwrap();
    }
}

/// A journal that keeps nothing, so that what is left of the order path is the path, but when the last order was accepted.
#[derive(Default)]
struct Accepted(Mutex<Option<Instant>>);

impl Accepted {
    fn at(&self) -> Instant {
        self.0.lock().unwrap().unwrap()
    }
}

#[async_trait::async_trait]
impl OrderJournal for Accepted {
    async fn intend(&self, _: &JournalEntry) -> Result<(), StoreError> {
        Ok(())
    }

    async fn record(
        &self,
        _: &AccountId,
        _: &ClientOrderId,
        state: &JournalState,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        if matches!(state, JournalState::Accepted { .. }) {
            *self.0.lock().unwrap() = Some(Instant::now());
        }
        Ok(())
    }

    async fn entry(&self, _: &AccountId, _: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        Ok(None)
    }

    async fn unfinished(&self, _: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn compose(&self, _: &ComposedEntry) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end_composed(
        &self,
        _: &AccountId,
        _: &ClientOrderId,
        _: ComposedEnd,
        _: &str,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn composed(&self, _: &AccountId, _: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        Ok(None)
    }

    async fn working(&self, _: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn parts(&self, _: &AccountId, _: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn recent(&self, _: &AccountId, _: u32) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(Vec::new())
    }
}

/// How long one round trip took, and how long both.
#[derive(Default)]
struct Compared {
    bare: (Vec<Duration>, Vec<Duration>),
    timed_out: (Vec<Duration>, Vec<Duration>),
    path: (Vec<Duration>, Vec<Duration>),
}

impl Compared {
    const fn of(&mut self, turn: Turn) -> &mut (Vec<Duration>, Vec<Duration>) {
        match turn {
            Turn::Bare => &mut self.bare,
            Turn::TimedOut => &mut self.timed_out,
            Turn::Path => &mut self.path,
        }
    }

    fn print(mut self, how: &str) {
        title(&format!("order path on loopback, {ROUNDS} times, {how}"));
        for (name, figures) in [
            ("bare reqwest: place", &mut self.bare.0),
            ("bare reqwest with a time-out: place", &mut self.timed_out.0),
            ("order path without a journal: place", &mut self.path.0),
            ("bare reqwest: place, read back", &mut self.bare.1),
            ("bare reqwest with a time-out: the same", &mut self.timed_out.1),
            ("order path without a journal: the same", &mut self.path.1),
        ] {
            row(name, figures);
        }
        for (what, bare, path) in [("one round trip", &self.bare.0, &self.path.0), ("both", &self.bare.1, &self.path.1)]
        {
            let over = at(path, 50) - at(bare, 50);
            println!("{what}: {over:+.1} µs at the median, {:.2} times at p99", at(path, 99) / at(bare, 99));
        }
    }
}

fn title(what: &str) {
    println!("\n{what}, microseconds:\n{:<46} {:>8} {:>8} {:>8}", "", "median", "p90", "p99");
}

/// Sorts them too.
fn row(name: &str, figures: &mut [Duration]) {
    figures.sort_unstable();
    println!("{name:<46} {:>8.1} {:>8.1} {:>8.1}", at(figures, 50), at(figures, 90), at(figures, 99));
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(0.0, |it| it.as_secs_f64() * 1e6)
}
