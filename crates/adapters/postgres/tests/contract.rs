//! The contract suites of the store ports, each case on a database of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_postgres::PostgresStore;
use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit::contract;
use plimsoll_testkit_postgres::{Database, Databases};
use std::sync::Mutex;

/// A server, and the databases that it has given out, which go with this value.
struct Fresh {
    made: Mutex<Vec<Database>>,
    databases: Databases,
}

impl Fresh {
    fn new() -> Self {
        Self { made: Mutex::default(), databases: Databases::open().unwrap() }
    }

    async fn open(&self) -> PostgresStore {
        let database = self.databases.fresh().unwrap();
        let store = PostgresStore::open(database.url()).await.unwrap();
        self.made.lock().unwrap().push(database);
        store
    }
}

macro_rules! suites {
    ($($port:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $port() {
            let fresh = Fresh::new();
            contract::$port::run(async || fresh.open().await).await;
        })+
    };
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_moves_from_sqlite_and_back() {
    let fresh = Fresh::new();
    let in_memory = async || SqliteStore::in_memory().await.unwrap();
    contract::whole_ledger::moves_between(in_memory, async || fresh.open().await).await;
    contract::whole_ledger::moves_between(async || fresh.open().await, in_memory).await;
}

suites!(journal, positions, trades, funding, bookings, equity, risk_events, controls, desks, whole_ledger);
