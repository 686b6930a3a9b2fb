//! What outlives a store, what two of them see of each other, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../tests/composed.rs"]
mod composed;
#[path = "../../tests/dropped.rs"]
mod dropped;
#[path = "../../tests/records.rs"]
mod records;

use composed::composed;
use dropped::leaves_all_or_nothing;
use plimsoll_domain::decimal::exact;
use plimsoll_domain::{AccountId, ClientOrderId, Decimal, Money, Price, Quantity, Rate, Side, Timestamp, VenueId};
use plimsoll_ports::{
    ComposedEnd, ComposedEntry, ComposedState, ControlRepository, DeskRepository, EquityRepository, FundingRecord,
    FundingRepository, KillSwitchRecord, OrderJournal, PnlSnapshot, PositionRepository, PositionStatus, SavedDesk,
    StoreError, TradeRepository,
};
use plimsoll_postgres::{Migrated, OpenError, PostgresStore};
use plimsoll_testkit_postgres::{Database, Databases};
use proptest::prelude::*;
use records::{account, entry, position, trade};

/// A database of its own for a test.
struct Place {
    database: Database,
    _databases: Databases,
}

impl Place {
    fn new() -> Self {
        let databases = Databases::open().unwrap();
        Self { database: databases.fresh().unwrap(), _databases: databases }
    }

    async fn open(&self) -> PostgresStore {
        self.try_open().await.unwrap()
    }

    async fn try_open(&self) -> Result<PostgresStore, OpenError> {
        PostgresStore::open(self.database.url()).await
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let place = Place::new();
    let switch = KillSwitchRecord {
        engaged: true,
        reason: "drawdown".into(),
        by: "drawdown".into(),
        since: Some(Timestamp::from_millis(1)),
    };
    assert_eq!(PostgresStore::version(place.database.url()).await, Ok((0, 3)));
    let store = place.open().await;
    assert_eq!(store.migrated(), Migrated { from: 0, to: 3 });
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

    assert_eq!(PostgresStore::version(place.database.url()).await, Ok((3, 3)));
    let store = place.open().await;
    assert_eq!(store.migrated(), Migrated { from: 3, to: 3 });
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
async fn a_closed_store_is_unreachable() {
    let place = Place::new();
    let store = place.open().await;
    store.close().await;
    let outcome = store.intend(&entry("a", Side::Buy)).await;
    assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
    let outcome = store.unfinished(&account()).await;
    assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_pools_on_one_database_see_each_others_records() {
    let place = Place::new();
    let (one, two) = tokio::join!(place.open(), place.open());
    one.intend(&entry("a", Side::Buy)).await.unwrap();
    assert_eq!(two.unfinished(&account()).await.unwrap(), [entry("a", Side::Buy)]);
    let outcome = two.intend(&entry("a", Side::Sell)).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_database_at_once_all_get_it() {
    let place = Place::new();
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = place.database.url().to_owned();
        opening.spawn(async move { PostgresStore::open(&url).await });
    }
    let stores: Vec<PostgresStore> = opening.join_all().await.into_iter().map(Result::unwrap).collect();
    let made = stores.iter().filter(|store| store.migrated().from == 0).count();
    assert_eq!(made, 1, "one of them made the schema");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_open_one_position_through_two_pools_one_wins() {
    let place = Place::new();
    let stores = [place.open().await, place.open().await];
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
async fn the_same_said_through_two_pools_at_once_is_recorded_once() {
    let place = Place::new();
    let stores = [place.open().await, place.open().await];
    let mut attempts = tokio::task::JoinSet::new();
    for number in 0..60 {
        let store = stores[number % 2].clone();
        attempts.spawn(async move {
            store.intend(&entry("a", Side::Buy)).await.unwrap();
            TradeRepository::log(&store, &trade("1")).await.unwrap()
        });
    }
    let new = attempts.join_all().await.into_iter().filter(|new| *new).count();
    assert_eq!(new, 1);
    assert_eq!(stores[1].unfinished(&account()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_call_dropped_half_way_leaves_all_or_nothing() {
    let place = Place::new();
    let store = place.open().await;
    // The next write of the account waits for whatever is still on its way, be it the commit or the rollback.
    let settle = async |account: &AccountId| {
        let switch = KillSwitchRecord { engaged: true, reason: String::new(), by: String::new(), since: None };
        store.set_kill_switch(account, &switch).await.unwrap();
    };
    leaves_all_or_nothing(&store, settle).await;
}

#[tokio::test]
async fn the_database_alone_keeps_out_what_may_not_be() {
    let place = Place::new();
    let store = place.open().await;
    store.open(&position(), &[]).await.unwrap();
    for (statement, reason) in [
        (
            "INSERT INTO positions (account, venue, symbol, side, direction, quantity, entry_price, leverage, margin_mode, \
            strategy, opened_at, status) SELECT account, venue, symbol, side, direction, quantity, entry_price, leverage, \
            margin_mode, strategy, opened_at, status FROM positions",
            "positions_one_open",
        ),
        ("UPDATE positions SET quantity = 'NaN'", "quantity_check"),
        ("UPDATE positions SET quantity = 'Infinity'", "quantity_check"),
        ("UPDATE positions SET quantity = 0", "quantity_check"),
        ("UPDATE positions SET entry_price = 0.00000000000000000000000000001", "price_check"),
        ("UPDATE positions SET entry_price = 10000000001", "price_check"),
        ("UPDATE positions SET fees = 'NaN'", "amount_check"),
        ("UPDATE positions SET fees = 79228162514264337593543950336", "amount_check"),
        ("UPDATE positions SET status = 'closed'", "positions_check"),
        (
            "INSERT INTO composed_orders (account, name, venue, plan, state, placed_at, updated_at) \
            VALUES ('a', 'b', 'c', '', 'done', now(), now())",
            "composed_orders_check",
        ),
        ("INSERT INTO controls (account, control, setting) VALUES ('a', 'ladder', 'micro')", "controls_check"),
    ] {
        let refusal = place.database.run(statement).unwrap_err().to_string();
        assert!(refusal.contains(reason), "{statement}: {refusal}");
    }
}

#[tokio::test]
async fn a_corrupt_row_is_named_by_table_row_and_column() {
    let place = Place::new();
    let store = place.open().await;
    store.intend(&entry("a", Side::Buy)).await.unwrap();
    store.intend(&entry("b", Side::Buy)).await.unwrap();
    place.database.run("ALTER TABLE orders ALTER quantity TYPE numeric, ALTER price TYPE numeric").unwrap();
    place
        .database
        .run("ALTER TABLE orders DROP CONSTRAINT orders_kind_check, DROP CONSTRAINT orders_side_check")
        .unwrap();
    let store = place.open().await;
    for (sql, expected) in [
        ("quantity = 'NaN'", "column quantity: error occurred while decoding column \"quantity\": not a number"),
        ("quantity = 99999999999.99999999999999999999", "column quantity: error occurred while decoding"),
        ("quantity = 0", "column quantity: a size is above 0"),
        ("quantity = 1, side = 'hold'", "column side: unknown side 'hold'"),
        ("side = 'buy', symbol = 'BTCUSDT'", "column symbol: 'BTCUSDT' is not a symbol"),
        ("symbol = 'A/B:C', kind = 'iceberg'", "column kind: unknown word 'iceberg'"),
    ] {
        place.database.run(&format!("UPDATE orders SET {sql} WHERE id = 2")).unwrap();
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
    let place = Place::new();
    let store = place.open().await;
    store.compose(&composed("a")).await.unwrap();
    store.compose(&composed("b")).await.unwrap();
    for (sql, expected) in [
        ("plan = 'fok'", "column plan: not a composed order: unknown kind 'fok'"),
        ("plan = 'oco symbol=A/B:C direction=long'", "column plan: not a composed order: it has no quantity"),
    ] {
        place.database.run(&format!("UPDATE composed_orders SET {sql} WHERE id = 2")).unwrap();
        let outcomes = [
            store.composed(&account(), &composed("b").id).await.map(drop),
            store.working(&account()).await.map(drop),
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
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_records() {
    let place = Place::new();
    let store = place.open().await;
    store.intend(&entry("a", Side::Buy)).await.unwrap();
    store.close().await;
    // What the later versions added is taken out again: the database is as the first one left it.
    place
        .database
        .run("DROP TABLE desks; DROP TABLE composed_orders; DELETE FROM _sqlx_migrations WHERE version > 1")
        .unwrap();

    let store = place.open().await;
    assert_eq!(store.migrated(), Migrated { from: 1, to: 3 });
    assert_eq!(store.unfinished(&account()).await.unwrap(), [entry("a", Side::Buy)]);
    store.compose(&composed("b")).await.unwrap();
    assert_eq!(store.working(&account()).await.unwrap(), [composed("b")]);
    assert_eq!(store.desk("main").await.unwrap(), None);
}

#[tokio::test]
async fn a_table_that_is_gone_is_no_network_trouble() {
    let place = Place::new();
    let store = place.open().await;
    place.database.run("DROP TABLE risk_events").unwrap();
    let outcome = plimsoll_ports::RiskEventRepository::since(&store, &account(), Timestamp::default()).await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let place = Place::new();
    place.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (7, 'from the future', TRUE, '\\x00', 1)";
    place.database.run(newer).unwrap();
    let error = place.try_open().await.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { found: 7, known: 3, .. }), "{error:?}");
    assert!(error.to_string().ends_with("this program knows versions up to 3: use the newer program"), "{error}");
    assert_eq!(PostgresStore::version(place.database.url()).await, Ok((7, 3)));
}

#[tokio::test]
async fn a_version_made_by_other_statements_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    place.database.run("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1").unwrap();
    let error = place.try_open().await.unwrap_err();
    assert!(matches!(error, OpenError::Altered { version: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_tells_all_but_the_password() {
    let place = Place::new();
    let address = place.database.url();
    let (server, _) = address.rsplit_once('/').unwrap();
    let with_password = server.replacen('@', ":s3cret@", 1);
    for (url, expected) in [
        (format!("{with_password}/no_such_database"), "no_such_database: the database cannot be reached: "),
        (
            "postgres://me:s3cret@127.0.0.1:1/db".to_owned(),
            "postgres://me@127.0.0.1:1/db: the database cannot be reached: ",
        ),
        ("postgres://me:s3cret@[::1/db".to_owned(), "not the address of a PostgreSQL database: it is postgres://user:"),
        (
            "postgres://me:s3cret@h/db?pasword=s3cret".to_owned(),
            "not the address of a PostgreSQL database: after its ?",
        ),
        ("postgres://me:s3cret@h/db?sslmode=s3cret".to_owned(), "not the address of a PostgreSQL database: it is "),
        ("mysql://me:s3cret@h/db".to_owned(), "not the address of a PostgreSQL database: it begins with postgres://"),
    ] {
        let error = PostgresStore::open(&url).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

/// Any decimal that the type can hold, whatever its scale.
fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0_u32..=28)
        .prop_map(|(low, middle, high, negative, scale)| Decimal::from_parts(low, middle, high, negative, scale))
        .prop_map(|it| if it.is_zero() { it.abs() } else { it })
}

fn price() -> impl Strategy<Value = Price> {
    decimal().prop_filter_map("a price", |it| {
        Price::new(it.abs()).ok().or_else(|| Price::new((it.abs() % exact("10000000000").ok()?).normalize()).ok())
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    decimal().prop_filter_map("a size", |it| {
        Quantity::new(it.abs())
            .ok()
            .or_else(|| Quantity::new((it.abs() % exact("100000000000000").ok()?).normalize()).ok())
    })
}

fn funding() -> impl Strategy<Value = FundingRecord> {
    let time = -200_000_000_000_000_000_i64..=i64::MAX - 1;
    (decimal(), decimal(), price(), quantity(), time).prop_map(|(payment, rate, price, quantity, time)| FundingRecord {
        account: account(),
        venue: VenueId::new("binance"),
        booking: time.to_string(),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side: None,
        rate: Some(Rate::new(rate)),
        quantity: Some(quantity),
        mark_price: Some(price),
        payment: Money::new(payment),
        expected: Some(Money::new(-payment)),
        currency: plimsoll_domain::Currency::new("USDT"),
        time: Timestamp::from_micros(time),
    })
}

/// With its scale: `1.10` is not `1.1` here.
fn digits(record: &FundingRecord) -> [String; 5] {
    [
        record.payment.get().to_string(),
        record.expected.unwrap().get().to_string(),
        record.rate.unwrap().get().to_string(),
        record.quantity.unwrap().get().to_string(),
        record.mark_price.unwrap().get().to_string(),
    ]
}

#[test]
fn every_number_of_the_domain_comes_back_digit_for_digit() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = Place::new();
    let store = runtime.block_on(place.open());
    proptest!(ProptestConfig::with_cases(400), |(record in funding())| {
        let found = runtime.block_on(async {
            FundingRepository::log(&store, &record).await.unwrap();
            let symbol = None;
            store.history(&account(), symbol, None, 1, record.time).await.unwrap()
        });
        let found = found.iter().find(|it| it.booking == record.booking).unwrap();
        prop_assert_eq!(found, &record);
        prop_assert_eq!(digits(found), digits(&record));
    });
}

#[tokio::test]
async fn sums_that_would_have_to_be_rounded_are_no_sums() {
    let place = Place::new();
    let store = place.open().await;
    let paid = |id: &str, fee: &str| {
        let mut trade = trade(id);
        trade.fill.fee = Money::new(exact(fee).unwrap());
        trade
    };
    TradeRepository::log(&store, &paid("1", "70000000000000000000000000000")).await.unwrap();
    TradeRepository::log(&store, &paid("2", "9000000000000000000000000000")).await.unwrap();
    let totals = store.totals(&account()).await.unwrap();
    assert_eq!(totals[0].fees.get().to_string(), "79000000000000000000000000000");
    TradeRepository::log(&store, &paid("3", "0.1")).await.unwrap();
    let outcome = store.totals(&account()).await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_time_that_cannot_be_kept_is_refused() {
    let place = Place::new();
    let store = place.open().await;
    let point = PnlSnapshot {
        account: account(),
        time: Timestamp::from_micros(i64::MIN + 1),
        wallet: Money::ZERO,
        unrealized_pnl: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        adjustments: Money::ZERO,
        margin_ratio: None,
        open_positions: 0,
    };
    let outcome = store.snapshot(&point).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}
