//! The contract suites of the store ports, and a ledger that moves to a database and back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_memory::MemoryStore;
use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit::contract;

macro_rules! suites {
    ($($port:ident),+) => {
        $(#[tokio::test]
        async fn $port() {
            contract::$port::run(async || MemoryStore::new()).await;
        })+
    };
}
suites!(journal, positions, trades, funding, bookings, equity, risk_events, controls, desks, whole_ledger);

#[tokio::test]
async fn a_ledger_moves_to_a_database_and_back() {
    let database = async || SqliteStore::in_memory().await.unwrap();
    contract::whole_ledger::moves_between(async || MemoryStore::new(), database).await;
}
