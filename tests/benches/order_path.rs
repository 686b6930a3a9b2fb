//! What the order path costs over bare HTTP, on loopback, in one process: the same two requests (place a resting order, read
//! it back) to the same venue, sent by reqwest alone and by the order path over the live adapter, in turns. Both wait for
//! the venue; the difference is ours: building and signing, budgets, the clock, decoding, and the journal. The first of the
//! two round trips, after which the venue has the order, is timed by itself too.
//!
//! The journal is timed apart: once in memory within the order path, once in SQLite on disk within it, and one write of it
//! alone, beside a bare fsync of as many bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use plimsoll_binance::wire::request::{self, Place, WhichOrder};
use plimsoll_binance::{BinanceBroker, Credentials, Endpoints};
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, Symbol, TimeInForce, Timestamp,
    VenueId,
};
use plimsoll_engine::{OrderPath, Patience, Placed};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_ports::{Clock, JournalEntry, JournalState, OrderJournal, Purpose, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const KEY: &str = "bench-key";
const SECRET: &str = "bench-secret";
const WARM_UP: usize = 300;
const ROUNDS: usize = 3000;

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    if !is_bench || !filters.is_empty() && !filters.iter().any(|filter| "order path".contains(filter.as_str())) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(measure()).await.unwrap() });
}

#[derive(Clone, Copy)]
enum Turn {
    Bare,
    TimedOut,
    Path,
}

/// Whoever comes second finds threads awake and caches filled by whom it follows: each follows every other as often.
const ORDERS_OF_TURNS: [[Turn; 3]; 6] = {
    use Turn::{Bare, Path, TimedOut};
    [
        [Bare, TimedOut, Path],
        [Path, TimedOut, Bare],
        [TimedOut, Path, Bare],
        [Bare, Path, TimedOut],
        [Path, Bare, TimedOut],
        [TimedOut, Bare, Path],
    ]
};

async fn measure() {
    let venue = venue().await;
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
    let (journalled, mut figures) = (path(on_disk.clone()), Figures::default());
    for round in 0..WARM_UP + ROUNDS {
        figures.keep = round >= WARM_UP;
        for turn in ORDERS_OF_TURNS[round % ORDERS_OF_TURNS.len()] {
            match turn {
                Turn::Bare => {
                    let (placed, both) = bare.place_and_read(&order(round, "b")).await;
                    figures.note(|it| &mut it.bare_placed, placed);
                    figures.note(|it| &mut it.bare, both);
                }
                Turn::TimedOut => {
                    let (placed, both) = timed_out.place_and_read(&order(round, "t")).await;
                    figures.note(|it| &mut it.timed_out_placed, placed);
                    figures.note(|it| &mut it.timed_out, both);
                }
                Turn::Path => {
                    let order = order(round, "p");
                    let began = Instant::now();
                    send(&unjournalled, &order).await;
                    figures.note(|it| &mut it.path, began.elapsed());
                    figures.note(|it| &mut it.path_placed, accepted.at() - began);
                }
            }
        }
        cancel_all(&venue);
    }
    for round in 0..WARM_UP + ROUNDS {
        figures.keep = round >= WARM_UP;
        let took = timed(send(&journalled, &order(round, "j"))).await;
        figures.note(|it| &mut it.journalled, took);
        cancel_all(&venue);
    }
    let mut bare = Bytes::new(&directory.join("bare"), size_of_intent());
    for round in 0..WARM_UP + ROUNDS {
        figures.keep = round >= WARM_UP;
        let entry = entry(order(round, "w"));
        let took = timed(async { on_disk.intend(&entry).await.unwrap() }).await;
        figures.note(|it| &mut it.intent, took);
        let took = bare.write_and_sync(round);
        figures.note(|it| &mut it.fsync, took);
    }
    figures.print();
    on_disk.close().await;
    std::fs::remove_dir_all(&directory).unwrap();
    venue.shutdown().await;
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

fn entry(order: NewOrder) -> JournalEntry {
    let now = SystemClock.now();
    JournalEntry {
        account: AccountId::new("bench"),
        venue: VenueId::new("binance"),
        order,
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: now,
        updated_at: now,
    }
}

/// What the texts of one intent take.
fn size_of_intent() -> usize {
    format!("{:?}", entry(order(0, "w"))).len()
}

async fn send(path: &OrderPath, order: &NewOrder) {
    let (placed, troubles) = path.send(order, Purpose::Entry, None).await;
    assert!(matches!(placed, Ok(Placed::Resting(_))), "{placed:?}");
    assert!(troubles.is_empty(), "{troubles:?}");
}

async fn timed<T>(doing: impl Future<Output = T>) -> Duration {
    let began = Instant::now();
    doing.await;
    began.elapsed()
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
    async fn intend(&self, _: &JournalEntry) -> Result<(), plimsoll_ports::StoreError> {
        Ok(())
    }

    async fn record(
        &self,
        _: &AccountId,
        _: &ClientOrderId,
        state: &JournalState,
        _: Timestamp,
    ) -> Result<(), plimsoll_ports::StoreError> {
        if matches!(state, JournalState::Accepted { .. }) {
            *self.0.lock().unwrap() = Some(Instant::now());
        }
        Ok(())
    }

    async fn entry(
        &self,
        _: &AccountId,
        _: &ClientOrderId,
    ) -> Result<Option<JournalEntry>, plimsoll_ports::StoreError> {
        Ok(None)
    }

    async fn unfinished(&self, _: &AccountId) -> Result<Vec<JournalEntry>, plimsoll_ports::StoreError> {
        Ok(Vec::new())
    }

    async fn recent(&self, _: &AccountId, _: u32) -> Result<Vec<JournalEntry>, plimsoll_ports::StoreError> {
        Ok(Vec::new())
    }
}

/// A file that is long enough already, as SQLite's log is: syncing one that grows costs the file system a journal entry.
struct Bytes {
    file: std::fs::File,
    block: Vec<u8>,
}

impl Bytes {
    fn new(path: &Path, bytes: usize) -> Self {
        let mut file = std::fs::File::create(path).unwrap();
        let block = vec![b'x'; bytes];
        file.write_all(&block.repeat(WARM_UP + ROUNDS)).unwrap();
        file.sync_all().unwrap();
        Self { file, block }
    }

    fn write_and_sync(&mut self, round: usize) -> Duration {
        let began = Instant::now();
        self.file.write_all_at(&self.block, (round * self.block.len()) as u64).unwrap();
        self.file.sync_data().unwrap();
        began.elapsed()
    }
}

#[derive(Default)]
struct Figures {
    keep: bool,
    bare_placed: Vec<Duration>,
    path_placed: Vec<Duration>,
    bare: Vec<Duration>,
    timed_out_placed: Vec<Duration>,
    timed_out: Vec<Duration>,
    path: Vec<Duration>,
    journalled: Vec<Duration>,
    intent: Vec<Duration>,
    fsync: Vec<Duration>,
}

impl Figures {
    fn note(&mut self, whose: impl Fn(&mut Self) -> &mut Vec<Duration>, took: Duration) {
        if self.keep {
            whose(self).push(took);
        }
    }

    fn print(mut self) {
        println!("order path on loopback, {ROUNDS} rounds in turns, microseconds:");
        println!("{:<46} {:>8} {:>8} {:>8}", "", "median", "p90", "p99");
        for (name, figures) in [
            ("bare reqwest: place", &mut self.bare_placed),
            ("bare reqwest with a time-out: place", &mut self.timed_out_placed),
            ("order path without a journal: place", &mut self.path_placed),
            ("bare reqwest: place, read back", &mut self.bare),
            ("bare reqwest with a time-out: the same", &mut self.timed_out),
            ("order path without a journal: the same", &mut self.path),
            ("order path with its journal on disk (SQLite)", &mut self.journalled),
            ("one journal write (SQLite, synchronous=FULL)", &mut self.intent),
            ("a bare fsync of as many bytes", &mut self.fsync),
        ] {
            figures.sort_unstable();
            println!("{name:<46} {:>8.1} {:>8.1} {:>8.1}", at(figures, 50), at(figures, 90), at(figures, 99));
        }
        for (what, bare, path) in
            [("one round trip", &self.bare_placed, &self.path_placed), ("both", &self.bare, &self.path)]
        {
            let over = at(path, 50) - at(bare, 50);
            println!("{what}: {over:+.1} µs at the median, {:.2} times at p99", at(path, 99) / at(bare, 99));
        }
    }
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(0.0, |it| it.as_secs_f64() * 1e6)
}
