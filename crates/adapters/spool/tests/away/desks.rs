//! Desks while the store is away.

use super::flaky::Flaky;
use super::{at, event, open};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{DeskRepository, RiskEventRepository, SavedDesk, StoreError};
use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit::contract;

pub(crate) fn desk(number: usize, saved_at: Timestamp) -> SavedDesk {
    SavedDesk { state: format!("{{\"seen\":\t\"candle {number}\\n\"}}\n"), saved_at }
}

#[tokio::test]
async fn the_newest_save_of_each_desk_waits_and_is_what_whoever_asks_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    spool.save_desk("known", &desk(0, at(0))).await.unwrap();
    spool.save_desk("untouched", &desk(9, at(0))).await.unwrap();
    store.answer(Some(0));
    for number in 1..4 {
        spool.save_desk("known", &desk(number, at(1))).await.unwrap();
        spool.save_desk("new", &desk(number + 10, at(2))).await.unwrap();
    }
    RiskEventRepository::log(&spool, &event(1, at(2))).await.unwrap();
    assert_eq!(spool.status().pending, 3, "two desks and an event");
    assert_eq!(spool.desk("known").await, Ok(Some(desk(3, at(1)))));
    assert_eq!(spool.desk("new").await, Ok(Some(desk(13, at(2)))));
    for name in ["untouched", "never"] {
        let told = spool.desk(name).await;
        assert!(matches!(told, Err(StoreError::Unreachable(_))), "only the store knows: {told:?}");
    }

    // A new process sees the same; when the store is back, everybody does.
    drop(spool);
    let spool = open(&path, &store);
    assert_eq!(spool.status().pending, 3);
    assert_eq!(spool.desk("known").await, Ok(Some(desk(3, at(1)))));
    store.answer(None);
    assert_eq!(spool.desk("never").await, Ok(None));
    assert_eq!((spool.status().pending, std::fs::metadata(&path).unwrap().len()), (0, 0));
    assert_eq!(database.desk("known").await, Ok(Some(desk(3, at(1)))));
    assert_eq!(database.desk("new").await, Ok(Some(desk(13, at(2)))));
    assert_eq!(database.desk("untouched").await, Ok(Some(desk(9, at(0)))));
}

#[tokio::test]
async fn a_desk_that_another_process_has_saved_since_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&directory.path().join("spool"), &store);
    store.answer(Some(0));
    for name in ["later", "earlier"] {
        spool.save_desk(name, &desk(1, at(5))).await.unwrap();
    }
    database.save_desk("later", &desk(2, at(6))).await.unwrap();
    database.save_desk("earlier", &desk(2, at(4))).await.unwrap();
    store.answer(None);
    assert_eq!(spool.drain().await, Ok(2));
    assert_eq!(spool.status().refused, 0);
    assert_eq!(database.desk("later").await, Ok(Some(desk(2, at(6)))));
    assert_eq!(database.desk("earlier").await, Ok(Some(desk(1, at(5)))));
}

#[tokio::test]
async fn a_long_outage_leaves_on_the_disk_what_waits_and_little_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    store.answer(Some(0));
    let large = |number: usize| SavedDesk { state: number.to_string().repeat(200_000), saved_at: at(0) };
    for number in (0..100).map(|number| number % 10) {
        spool.save_desk("main", &large(number)).await.unwrap();
        if number == 5 {
            RiskEventRepository::log(&spool, &event(number, at(0))).await.unwrap();
        }
    }
    let length = std::fs::metadata(&path).unwrap().len();
    assert!(length < 5_000_000, "{length} bytes of twenty million that were written");
    assert_eq!(spool.status().pending, 11);
    drop(spool);
    let spool = open(&path, &store);
    assert_eq!((spool.status().pending, spool.desk("main").await), (11, Ok(Some(large(9)))));
    store.answer(None);
    assert_eq!(spool.drain().await, Ok(11));
    assert_eq!(database.desk("main").await, Ok(Some(large(9))));
}

#[tokio::test]
async fn every_promise_but_that_of_what_was_never_saved_holds_while_the_store_is_away() {
    // That one only the store can keep.
    let fresh = async || {
        let directory = tempfile::tempdir().unwrap();
        let store = Flaky::new(&SqliteStore::in_memory().await.unwrap());
        store.answer(Some(0));
        AwayFrom(open(&directory.keep().join("spool"), &store))
    };
    contract::desks::run(fresh).await;
}

/// A spool whose store is away for good: what it does not know was never saved.
struct AwayFrom(plimsoll_spool::Spool);

#[async_trait::async_trait]
impl DeskRepository for AwayFrom {
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError> {
        match self.0.desk(name).await {
            Err(StoreError::Unreachable(_)) => Ok(None),
            told => told,
        }
    }

    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        self.0.save_desk(name, desk).await
    }
}
