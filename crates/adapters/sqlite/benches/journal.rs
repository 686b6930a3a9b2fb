//! What one write of the order journal costs, in turns with its floor: as many bytes as SQLite writes and syncs for it, written
//! and synced by nobody's library. The floor is taken twice, on the thread that asks, and on one that is asked for it and
//! answers, since a connection to SQLite lives on a thread of its own: the difference is what going there and back costs.
//!
//! All files are on one file system. The floor overwrites a file that is long enough already, as SQLite does with its log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, OrderStatus, PositionSide, Side, TimeInForce,
    Timestamp, VenueId,
};
use plimsoll_ports::{JournalEntry, JournalState, OrderJournal, Purpose};
use plimsoll_sqlite::SqliteStore;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const WARM_UP: usize = 500;
const ROUNDS: usize = 5000;
/// So many writes are measured for their bytes: fewer than make SQLite move its log into the database and begin it anew.
const SIZED: usize = 40;
/// The floor's file has room for so many writes, and is written over and over: about as long as SQLite's log.
const BLOCKS: usize = 200;

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    if !is_bench || !filters.is_empty() && !filters.iter().any(|filter| "journal".contains(filter.as_str())) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(runtime.spawn(measure())).unwrap();
}

async fn measure() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let sizes = sizes(&directory).await;
    let store = SqliteStore::open(directory.join("journal.db")).await.unwrap();
    let floor = |name: &str, bytes| Floor::new(&directory.join(name), bytes);
    let (intended, recorded) = (floor("intended", sizes.intend), floor("recorded", sizes.record));
    let mut figures: Vec<Vec<Duration>> = vec![Vec::new(); STEPS.len()];
    for round in 0..WARM_UP + ROUNDS {
        let entry = entry(round);
        let id = &entry.order.client_order_id;
        let took = [
            timed(async { store.intend(&entry).await.unwrap() }).await,
            timed(async { intended.here(round) }).await,
            timed(intended.there(round)).await,
            timed(async { store.record(&entry.account, id, &accepted(round), entry.intended_at).await.unwrap() }).await,
            timed(async { recorded.here(round) }).await,
            timed(recorded.there(round)).await,
        ];
        // What an account has in hand stays a handful, as it does in life.
        store.record(&entry.account, id, &filled(), entry.intended_at).await.unwrap();
        if round >= WARM_UP {
            figures.iter_mut().zip(took).for_each(|(figures, took)| figures.push(took));
        }
    }
    print(sizes, figures);
    store.close().await;
    std::fs::remove_dir_all(&directory).unwrap();
}

const STEPS: [&str; 6] = [
    "an order written down (SQLite, synchronous=FULL)",
    "  as many bytes, synced",
    "  the same on a thread of its own",
    "what became of it written down",
    "  as many bytes, synced",
    "  the same on a thread of its own",
];

fn print(sizes: Sizes, mut figures: Vec<Vec<Duration>>) {
    println!("\none write of the order journal, {ROUNDS} times, in microseconds:");
    println!("{:<50} {:>8} {:>8} {:>8} {:>8}", "", "bytes", "median", "p90", "p99");
    for (step, (name, figures)) in STEPS.iter().zip(&mut figures).enumerate() {
        figures.sort_unstable();
        let bytes = if step < 3 { sizes.intend } else { sizes.record };
        println!("{name:<50} {bytes:>8} {:>8.1} {:>8.1} {:>8.1}", at(figures, 50), at(figures, 90), at(figures, 99));
    }
    for (what, of) in [("an order written down", 0), ("what became of it", 3)] {
        let ratio = |floor: usize, percent| at(&figures[of], percent) / at(&figures[of + floor], percent);
        println!(
            "{what}: {:.2} times a bare sync at the median, {:.2} at p99; {:.2} and {:.2} times one on a thread of its own",
            ratio(1, 50),
            ratio(1, 99),
            ratio(2, 50),
            ratio(2, 99),
        );
    }
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(0.0, |it| it.as_secs_f64() * 1e6)
}

async fn timed<T>(doing: impl Future<Output = T>) -> Duration {
    let began = Instant::now();
    doing.await;
    began.elapsed()
}

/// How many bytes SQLite writes and syncs, on average.
#[derive(Clone, Copy)]
struct Sizes {
    intend: usize,
    record: usize,
}

/// By how much its log grows.
async fn sizes(directory: &Path) -> Sizes {
    let store = SqliteStore::open(directory.join("sizes.db")).await.unwrap();
    let length = || usize::try_from(std::fs::metadata(directory.join("sizes.db-wal")).unwrap().len()).unwrap();
    let (mut intend, mut record) = (0, 0);
    // The first write gives the tables and indexes their first pages.
    store.intend(&entry(SIZED)).await.unwrap();
    for round in 0..SIZED {
        let entry = entry(round);
        let before = length();
        store.intend(&entry).await.unwrap();
        let between = length();
        let id = &entry.order.client_order_id;
        store.record(&entry.account, id, &accepted(round), entry.intended_at).await.unwrap();
        intend += between - before;
        record += length() - between;
    }
    store.close().await;
    assert!(intend > 0 && record > 0, "the log was begun anew: it does not tell what was written");
    Sizes { intend: intend / SIZED, record: record / SIZED }
}

/// So many bytes written and synced, without SQLite.
struct Floor {
    here: Bytes,
    asked: mpsc::Sender<(usize, oneshot::Sender<()>)>,
}

impl Floor {
    fn new(path: &Path, bytes: usize) -> Self {
        let (asked, asks) = mpsc::channel::<(usize, oneshot::Sender<()>)>();
        let there = Bytes::new(&path.with_extension("there"), bytes);
        std::thread::spawn(move || {
            for (round, done) in asks {
                there.write_and_sync(round);
                done.send(()).unwrap();
            }
        });
        Self { here: Bytes::new(path, bytes), asked }
    }

    fn here(&self, round: usize) {
        self.here.write_and_sync(round);
    }

    async fn there(&self, round: usize) {
        let (done, is_done) = oneshot::channel();
        self.asked.send((round, done)).unwrap();
        is_done.await.unwrap();
    }
}

struct Bytes {
    file: File,
    block: Vec<u8>,
}

impl Bytes {
    fn new(path: &Path, bytes: usize) -> Self {
        let mut file = File::create(path).unwrap();
        let block = vec![b'x'; bytes];
        file.write_all(&block.repeat(BLOCKS)).unwrap();
        file.sync_all().unwrap();
        Self { file, block }
    }

    fn write_and_sync(&self, round: usize) {
        self.file.write_all_at(&self.block, (round % BLOCKS * self.block.len()) as u64).unwrap();
        self.file.sync_data().unwrap();
    }
}

fn entry(round: usize) -> JournalEntry {
    let now = Timestamp::from_millis(1_700_000_000_000 + i64::try_from(round).unwrap());
    JournalEntry {
        account: AccountId::new("bench"),
        venue: VenueId::new("binance"),
        order: NewOrder {
            client_order_id: ClientOrderId::new(&format!("bench-{round}")).unwrap(),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            kind: OrderKind::Limit { price: "58000".parse().unwrap(), time_in_force: TimeInForce::Gtc },
            size: OrderSize::Quantity("0.002".parse().unwrap()),
            reduce_only: false,
        },
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: now,
        updated_at: now,
    }
}

fn accepted(round: usize) -> JournalState {
    JournalState::Accepted { order_id: OrderId::new((70_010_000 + round).to_string()) }
}

fn filled() -> JournalState {
    JournalState::Finished {
        status: OrderStatus::Filled,
        filled: Some("0.002".parse().unwrap()),
        average_price: Some("58000".parse().unwrap()),
    }
}
