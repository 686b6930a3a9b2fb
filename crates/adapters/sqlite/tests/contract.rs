//! The contract suites of the store ports, on a file and in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit::contract;
use std::sync::atomic::{AtomicU32, Ordering};

async fn in_memory() -> SqliteStore {
    SqliteStore::in_memory().await.unwrap()
}

/// Fresh files in one directory, which goes with this value.
struct Files {
    directory: tempfile::TempDir,
    made: AtomicU32,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), made: AtomicU32::new(0) }
    }

    async fn open(&self) -> SqliteStore {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        SqliteStore::open(self.directory.path().join(format!("{number}.db"))).await.unwrap()
    }
}

macro_rules! suites {
    ($($port:ident),+) => {
        mod on_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $port() {
                let files = super::Files::new();
                super::contract::$port::run(async || files.open().await).await;
            })+
        }

        mod in_memory {
            $(#[tokio::test]
            async fn $port() {
                super::contract::$port::run(super::in_memory).await;
            })+
        }
    };
}
suites!(journal, positions, trades, funding, bookings, equity, risk_events, controls, desks, whole_ledger);
