//! What the store does while its server is stopped, crashes, falls silent and comes back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod patient;
#[path = "../../tests/records.rs"]
mod records;
mod shaky;

use patient::Patient;
use plimsoll_domain::{Side, Timestamp};
use plimsoll_ports::{OrderJournal, PositionRepository, PositionStatus, StoreError, TradeRepository};
use plimsoll_postgres::{OpenError, PostgresStore};
use plimsoll_testkit::contract;
use plimsoll_testkit_postgres::{Database, Databases, Server};
use records::{account, entry, position, trade};
use shaky::{Cut, Line};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// More than any call may take that is told to give up.
const BOUND: Duration = Duration::from_secs(8);

fn is_unreachable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unreachable(_)))
}

/// A server that is stopped and started, or crashes and is started, until this value is dropped: first after a few answers,
/// then after ever more, so that those who ask get on.
struct Restless {
    databases: Databases,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
    restarts: Arc<AtomicU32>,
    thread: Option<std::thread::JoinHandle<()>>,
    made: Mutex<Vec<Database>>,
}

impl Restless {
    fn new() -> Self {
        let mut server = Server::disposable().unwrap();
        let databases = Databases::on(&server);
        let stop = Arc::new(AtomicBool::new(false));
        let (answered, restarts) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (until, heard, count) = (Arc::clone(&stop), Arc::clone(&answered), Arc::clone(&restarts));
        let thread = std::thread::spawn(move || {
            let mut next = 4;
            while !until.load(Ordering::SeqCst) {
                if heard.load(Ordering::SeqCst) < next {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
                if count.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
                    server.stop().unwrap()
                } else {
                    server.crash().unwrap()
                }
                server.start_again().unwrap();
                next = heard.load(Ordering::SeqCst) + next.div_ceil(2);
            }
        });
        Self { databases, stop, answered, restarts, thread: Some(thread), made: Mutex::default() }
    }

    async fn fresh(&self) -> Patient {
        let database = loop {
            match self.databases.fresh() {
                Ok(database) => break database,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let store = loop {
            match PostgresStore::open(database.url()).await {
                Ok(store) => break store,
                Err(OpenError::Store { error: StoreError::Unreachable(_), .. }) => {}
                Err(error) => panic!("{error}"),
            }
        };
        self.made.lock().unwrap().push(database);
        Patient { store, answered: Arc::clone(&self.answered) }
    }
}

impl Drop for Restless {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Those who say again what was not heard lose nothing and double nothing: every promise holds.
macro_rules! suites {
    ($($port:ident),+) => {
        mod every_promise_holds_while_the_server_comes_and_goes {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $port() {
                let restless = super::Restless::new();
                super::contract::$port::run(async || restless.fresh().await).await;
                assert!(restless.restarts.load(super::Ordering::SeqCst) > 0, "it never went");
            })+
        }
    };
}
suites!(journal, positions, trades, funding, bookings, equity, risk_events, controls, desks);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_calls_are_unreachable_and_later_ones_work() {
    let mut server = Server::disposable().unwrap();
    let databases = Databases::on(&server);
    let database = databases.fresh().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.intend(&entry("before", Side::Buy)).await.unwrap();
    let id = store.open(&position(), &[trade("1")]).await.unwrap();
    for crashes in [false, true] {
        if crashes {
            server.crash().unwrap()
        } else {
            server.stop().unwrap()
        }
        for _ in 0..3 {
            let outcome = timeout(BOUND, store.intend(&entry("meanwhile", Side::Buy))).await.expect("an answer");
            assert!(is_unreachable(&outcome), "{outcome:?}");
            let outcome = timeout(BOUND, store.unfinished(&account())).await.expect("an answer");
            assert!(is_unreachable(&outcome), "{outcome:?}");
        }
        server.start_again().unwrap();
        let unfinished = store.unfinished(&account()).await.unwrap();
        let ids: Vec<&str> = unfinished.iter().map(|it| it.order.client_order_id.as_str()).collect();
        assert_eq!(ids, ["before"], "nothing was lost, nothing came from nowhere");
        assert_eq!(store.of_position(id).await.unwrap().len(), 1);
    }
    store.intend(&entry("after", Side::Buy)).await.unwrap();
    assert_eq!(store.unfinished(&account()).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_in_a_storm_each_record_is_new_once() {
    let restless = Restless::new();
    let store = restless.fresh().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let mut new = 0;
            for number in 0..60 {
                new += u32::from(store.log(&trade(&format!("{writer}-{number}"))).await.unwrap());
            }
            new
        });
    }
    let new: u32 = writers.join_all().await.into_iter().sum();
    assert_eq!(new, 480, "each was new once, and only once");
    assert_eq!(TradeRepository::since(&store, &account(), None, Timestamp::default()).await.unwrap().len(), 480);
}

/// A store behind a line that can be cut, and what it needs to live.
async fn behind_a_line() -> (PostgresStore, Line, Database, Server) {
    let server = Server::disposable().unwrap();
    let database = Databases::on(&server).fresh().unwrap();
    let port = |url: &str| url.rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
    let real = port(database.url());
    let line = Line::to(real.parse().unwrap()).await;
    let store = PostgresStore::open(&database.url().replace(&real, &line.port().to_string())).await.unwrap();
    (store, line, database, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_asked_after() {
    let (store, line, _database, _server) = behind_a_line().await;
    line.cut(Cut::After);
    let id = store.open(&position(), &[trade("1")]).await.unwrap();
    assert_eq!(store.of_position(id).await.unwrap().len(), 1);
    line.cut(Cut::After);
    assert_eq!(TradeRepository::log(&store, &trade("2")).await, Ok(true));
    assert_eq!(TradeRepository::log(&store, &trade("2")).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_wrote_nothing_and_says_so() {
    let (store, line, _database, _server) = behind_a_line().await;
    line.cut(Cut::Before);
    let outcome = store.open(&position(), &[trade("1")]).await;
    let Err(StoreError::Unreachable(what)) = outcome else { panic!("{outcome:?}") };
    assert!(what.ends_with("; nothing was written"), "{what}");
    assert_eq!(store.by_status(&account(), PositionStatus::Open).await.unwrap(), []);
    store.open(&position(), &[trade("1")]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unreachable() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("postgres://plimsoll:secret@{}/plimsoll", listener.local_addr().unwrap());
    let outcome = timeout(BOUND, PostgresStore::open(&url)).await.expect("an answer");
    let error = outcome.unwrap_err();
    assert!(matches!(error, OpenError::Store { error: StoreError::Unreachable(_), .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}
