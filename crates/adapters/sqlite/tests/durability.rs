//! What outlives a process, what two of them see of each other, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../tests/composed.rs"]
mod composed;
#[path = "../../tests/dropped.rs"]
mod dropped;
#[path = "../../tests/records.rs"]
mod records;

use composed::composed;
use dropped::leaves_all_or_nothing;
use plimsoll_domain::{AccountId, ClientOrderId, Money, Side, Timestamp};
use plimsoll_ports::{
    BookingRepository, ComposedEnd, ComposedEntry, ComposedState, ControlRepository, DeskRepository, EquityRepository,
    KillSwitchRecord, OrderJournal, PnlSnapshot, PositionRepository, PositionStatus, SavedDesk, StoreError,
};
use plimsoll_sqlite::{Migrated, OpenError, SqliteStore};
use records::{account, entry, position};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::{Path, PathBuf};

fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plimsoll.db");
    (directory, path)
}

/// Somebody else at the file, held to none of our rules.
async fn tamper(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).pragma("ignore_check_constraints", "ON");
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let (_directory, path) = file();
    let switch = KillSwitchRecord {
        engaged: true,
        reason: "drawdown".into(),
        by: "drawdown".into(),
        since: Some(Timestamp::from_millis(1)),
    };
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.migrated(), Migrated { from: 0, to: 7 });
    store.intend(&entry("a", Side::Buy)).await.unwrap();
    for id in ["oco-1", "oco-2"] {
        store.compose(&composed(id)).await.unwrap();
    }
    let ended = Timestamp::from_millis(1_700_000_000_001);
    store.end_composed(&account(), &composed("oco-1").id, ComposedEnd::Done, "its stop filled", ended).await.unwrap();
    let id = store.open(&position(), &[]).await.unwrap();
    store.set_kill_switch(&account(), &switch).await.unwrap();
    let desk = SavedDesk {
        state: "{\"momentum\":{\"held\":\"0.10\"}}".into(),
        saved_at: Timestamp::from_micros(1_700_000_000_123_457),
    };
    for state in ["{}", &desk.state] {
        store.save_desk("main", &SavedDesk { state: state.into(), ..desk.clone() }).await.unwrap();
    }
    store.close().await;

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.migrated(), Migrated { from: 7, to: 7 });
    assert_eq!(store.unfinished(&account()).await.unwrap(), [entry("a", Side::Buy)]);
    assert_eq!(store.working(&account()).await.unwrap(), [composed("oco-2")]);
    let state = ComposedState::Ended { how: ComposedEnd::Done, reason: "its stop filled".into() };
    let done = ComposedEntry { state, updated_at: ended, ..composed("oco-1") };
    assert_eq!(store.composed(&account(), &done.id).await.unwrap(), Some(done));
    assert_eq!(store.find(id).await.unwrap().unwrap().opened, position());
    assert_eq!(store.kill_switch(&account()).await.unwrap(), switch);
    assert_eq!(store.desk("main").await.unwrap(), Some(desk));
    assert_eq!(store.desk("other").await.unwrap(), None);
}

#[tokio::test]
async fn what_was_written_is_there_though_nobody_closed_the_store() {
    let (directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    store.intend(&entry("a", Side::Buy)).await.unwrap();
    // A copy of the files as they are on disk now is what a killed process leaves behind.
    let copy = directory.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        std::fs::copy(name(&path), name(&copy)).unwrap();
    }
    let reopened = SqliteStore::open(&copy).await.unwrap();
    assert_eq!(reopened.unfinished(&account()).await.unwrap(), [entry("a", Side::Buy)]);
}

#[tokio::test]
async fn a_closed_store_is_unreachable() {
    let store = SqliteStore::in_memory().await.unwrap();
    store.close().await;
    let outcome = store.intend(&entry("a", Side::Buy)).await;
    assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
    let outcome = store.unfinished(&account()).await;
    assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handles_on_one_file_see_each_others_records() {
    let (_directory, path) = file();
    let (one, two) = tokio::join!(SqliteStore::open(&path), SqliteStore::open(&path));
    let (one, two) = (one.unwrap(), two.unwrap());
    one.intend(&entry("a", Side::Buy)).await.unwrap();
    assert_eq!(two.unfinished(&account()).await.unwrap(), [entry("a", Side::Buy)]);
    let outcome = two.intend(&entry("a", Side::Sell)).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_file_at_once_all_get_it() {
    let (_directory, path) = file();
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let path = path.clone();
        opening.spawn(async move { SqliteStore::open(&path).await });
    }
    let stores: Vec<SqliteStore> = opening.join_all().await.into_iter().map(Result::unwrap).collect();
    let made = stores.iter().filter(|store| store.migrated().from == 0).count();
    assert_eq!(made, 1, "one of them made the schema");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_open_one_position_through_two_handles_one_wins() {
    let (_directory, path) = file();
    let stores = [SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap()];
    let mut attempts = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = stores[number % 2].clone();
        attempts.spawn(async move { store.open(&position(), &[]).await });
    }
    let outcomes = attempts.join_all().await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Conflict(_)))).count();
    assert_eq!((won, lost), (1, 15), "{outcomes:?}");
    assert_eq!(stores[0].by_status(&account(), PositionStatus::Open).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_through_two_handles_take_turns() {
    let (_directory, path) = file();
    let stores = [SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap()];
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..60 {
        let store = stores[number % 2].clone();
        writers.spawn(async move { store.intend(&entry(&format!("order-{number}"), Side::Buy)).await });
    }
    for outcome in writers.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(stores[1].unfinished(&account()).await.unwrap().len(), 60);
}

#[tokio::test]
async fn a_call_dropped_half_way_leaves_all_or_nothing() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    // The next write waits for whatever is still on its way, be it the commit or the rollback.
    let settle = async |account: &AccountId| {
        store.intend(&entry(&format!("after-{account}").replace(' ', "-"), Side::Buy)).await.unwrap();
    };
    leaves_all_or_nothing(&store, settle).await;
}

#[tokio::test]
async fn the_index_alone_keeps_a_second_open_position_out() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    store.open(&position(), &[]).await.unwrap();
    let mut connection: SqliteConnection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let copy = "INSERT INTO positions (account, venue, symbol, side, direction, quantity, entry_price, leverage, \
        margin_mode, strategy, opened_at, status) SELECT account, venue, symbol, side, direction, quantity, entry_price, \
        leverage, margin_mode, strategy, opened_at, status FROM positions";
    let error = sqlx::raw_sql(copy).execute(&mut connection).await.unwrap_err();
    assert!(error.as_database_error().unwrap().is_unique_violation(), "{error}");
}

#[tokio::test]
async fn a_corrupt_row_is_named_by_table_row_and_column() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    store.intend(&entry("a", Side::Buy)).await.unwrap();
    store.intend(&entry("b", Side::Buy)).await.unwrap();
    for (sql, expected) in [
        ("UPDATE orders SET quantity = '1.2.3' WHERE id = 2", "column quantity: '1.2.3' is not a decimal number"),
        ("UPDATE orders SET quantity = '0' WHERE id = 2", "column quantity: a size is above 0"),
        ("UPDATE orders SET quantity = '1', side = 'hold' WHERE id = 2", "column side: unknown side 'hold'"),
        ("UPDATE orders SET side = 'buy', symbol = 'BTCUSDT' WHERE id = 2", "column symbol: 'BTCUSDT' is not a symbol"),
        ("UPDATE orders SET symbol = 'A/B:C', kind = 'limit' WHERE id = 2", "column price: "),
        ("UPDATE orders SET kind = 'iceberg' WHERE id = 2", "column kind: unknown word 'iceberg'"),
        ("UPDATE orders SET kind = 'market', purpose = 'fun' WHERE id = 2", "column purpose: unknown word 'fun'"),
    ] {
        tamper(&path, sql).await;
        match store.unfinished(&account()).await {
            Err(StoreError::Corrupt(what)) => {
                assert!(what.starts_with(&format!("table orders, row 2, {expected}")), "{what}");
            }
            other => panic!("{other:?} after {sql}"),
        }
        let sound = store.entry(&account(), &ClientOrderId::new("a").unwrap()).await;
        assert_eq!(sound.unwrap(), Some(entry("a", Side::Buy)), "the other row");
    }
}

#[tokio::test]
async fn a_composed_order_that_cannot_be_read_is_named_and_nothing_is_made_of_it() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    store.compose(&composed("a")).await.unwrap();
    store.compose(&composed("b")).await.unwrap();
    for (sql, expected) in [
        ("UPDATE composed_orders SET state = 'asleep' WHERE id = 2", "column state: unknown word 'asleep'"),
        (
            "UPDATE composed_orders SET state = 'working', plan = 'fok' WHERE id = 2",
            "column plan: not a composed order: unknown kind 'fok'",
        ),
        (
            "UPDATE composed_orders SET plan = 'oco symbol=A/B:C direction=long' WHERE id = 2",
            "column plan: not a composed order: it has no quantity",
        ),
    ] {
        tamper(&path, sql).await;
        let outcomes = [
            store.composed(&account(), &composed("b").id).await.map(drop),
            store.compose(&composed("b")).await,
            store.end_composed(&account(), &composed("b").id, ComposedEnd::Failed, "", Timestamp::default()).await,
        ];
        for outcome in outcomes {
            let Err(StoreError::Corrupt(what)) = outcome else { panic!("{outcome:?} after {sql}") };
            assert!(what.starts_with(&format!("table composed_orders, row 2, {expected}")), "{what}");
        }
        let sound = store.composed(&account(), &composed("a").id).await;
        assert_eq!(sound.unwrap(), Some(composed("a")), "the other row");
    }
    let outcome = store.working(&account()).await;
    assert!(matches!(&outcome, Err(StoreError::Corrupt(what)) if what.contains("row 2, column plan")), "{outcome:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let (_directory, path) = file();
    SqliteStore::open(&path).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (8, 'from the future', TRUE, x'00', 1)";
    tamper(&path, newer).await;
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { found: 8, known: 7, .. }), "{error:?}");
    let expected =
        "plimsoll.db: the database is of version 8, this program knows versions up to 7: use the newer program";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// What later versions added is taken out again, and what made another table of the same orders, and other indexes, is forgotten.
const BACK_TO_THE_FIRST: &str = "DROP TABLE desks; DROP TABLE composed_orders; DROP TABLE bookings; \
    ALTER TABLE pnl_snapshots DROP COLUMN adjustments; DELETE FROM _sqlx_migrations WHERE version > 1";

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_records() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    let point = PnlSnapshot {
        account: account(),
        time: Timestamp::from_millis(5),
        wallet: "1000.10".parse().unwrap(),
        unrealized_pnl: "-3".parse().unwrap(),
        realized_pnl: "2".parse().unwrap(),
        fees: "0.5".parse().unwrap(),
        funding: "0.25".parse().unwrap(),
        adjustments: Money::ZERO,
        margin_ratio: None,
        open_positions: 1,
    };
    store.snapshot(&point).await.unwrap();
    for id in ["a", "b"] {
        store.intend(&entry(id, Side::Buy)).await.unwrap();
    }
    store.close().await;
    tamper(&path, BACK_TO_THE_FIRST).await;

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.migrated(), Migrated { from: 1, to: 7 });
    assert_eq!(store.first_since(&account(), point.time).await.unwrap(), Some(point));
    assert_eq!(store.last(&account()).await.unwrap(), None);
    assert_eq!(store.working(&account()).await.unwrap(), []);
    assert_eq!(store.desk("main").await.unwrap(), None);
    assert_eq!(store.unfinished(&account()).await.unwrap(), ["a", "b"].map(|id| entry(id, Side::Buy)));
}

#[tokio::test]
async fn a_version_made_by_other_statements_is_refused() {
    let (_directory, path) = file();
    SqliteStore::open(&path).await.unwrap().close().await;
    tamper(&path, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Altered { version: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let (_directory, path) = file();
    std::fs::write(&path, "time,price\n".repeat(1000)).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Store { error: StoreError::Corrupt(_), .. }), "{error:?}");
    assert!(error.to_string().contains("plimsoll.db"), "{error}");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_unreachable() {
    let (directory, _) = file();
    let error = SqliteStore::open(directory.path().join("nowhere/plimsoll.db")).await.unwrap_err();
    assert!(matches!(error, OpenError::Store { error: StoreError::Unreachable(_), .. }), "{error:?}");
}
