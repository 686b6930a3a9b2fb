//! That every read of a growing table goes through an index made for it, with a million rows in the series of time.

use crate::moment::Moment;
use crate::sums::DAILY;
use crate::{
    PostgresStore, bookings, composed, controls, desks, equity, funding, journal, positions, risk_events, trades,
};
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::EquityRepository;
use plimsoll_testkit_postgres::Databases;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, query, query_as, query_scalar};

/// Trades and points of the curve; the other tables have a tenth. Ten accounts and twenty symbols, a row every 30 seconds,
/// close to a year of it.
const ROWS: i64 = 1_000_000;

/// What a row is made of: its number, its account, its symbol and its time.
const SERIES: &str = "SELECT n, 'account ' || n / 10 % 10 AS account, 'S' || n % 20 || '/USDT:USDT' AS symbol, \
    timestamptz '2026-01-01 00:00:00Z' + n * interval '30 seconds' AS time FROM generate_series(1, 1000000) AS n";

type Load = (&'static str, i64, &'static str, &'static str);

/// A table, every how many of those rows it gets, its columns and their values.
const LOADS: [Load; 9] = [
    (
        "trades",
        1,
        "account, venue, symbol, trade_id, order_id, client_order_id, side, position_side, price, quantity, fee, \
            realized_pnl, cause, time",
        "account, 'binance', symbol, n, n, 'c' || n, 'buy', 'both', 100, 1, 0.1, 0.5, 'order', time",
    ),
    (
        "orders",
        10,
        "account, client_order_id, venue, symbol, side, position_side, kind, quantity, reduce_only, purpose, state, \
            status, intended_at, updated_at",
        "account, 'c' || n, 'binance', symbol, 'buy', 'both', 'market', 1, false, 'entry', \
            CASE WHEN n % 5000 < 10 THEN 'intended' ELSE 'finished' END, \
            CASE WHEN n % 5000 < 10 THEN NULL ELSE 'filled' END, time, time",
    ),
    (
        "composed_orders",
        10,
        "account, name, venue, plan, state, reason, placed_at, updated_at",
        "account, 'c' || n, 'binance', '', CASE WHEN n % 5000 < 10 THEN 'working' ELSE 'done' END, \
            CASE WHEN n % 5000 < 10 THEN NULL ELSE '' END, time, time",
    ),
    (
        "positions",
        10,
        "account, venue, symbol, side, direction, quantity, entry_price, leverage, margin_mode, strategy, opened_at, \
            status, exit_price, realized_pnl, fees, funding, close_reason, closed_at",
        "account, 'binance', symbol, 'both', 'long', 1, 100, 3, 'isolated', 'operator', time, 'closed', 110, 10, 0.1, 0, \
            'exit', time",
    ),
    (
        "funding_events",
        10,
        "account, venue, booking, symbol, payment, currency, time",
        "account, 'binance', n, symbol, 0.01, 'USDT', time",
    ),
    (
        "bookings",
        10,
        "account, venue, booking, kind, amount, currency, time",
        "account, 'binance', n, 'rebate', 0.01, 'USDT', time",
    ),
    (
        "pnl_snapshots",
        1,
        "account, time, wallet, unrealized_pnl, realized_pnl, fees, funding, adjustments, open_positions, peak",
        "account, time, 1000, 0, 0, 0, 0, 0, 0, 1000",
    ),
    (
        "risk_events",
        10,
        "account, time, kind, symbol, detail, action",
        "account, time, 'refused', symbol, 'too large', 'none'",
    ),
    ("desks", 10, "name, state, saved_at", "'desk ' || n, '{}', time"),
];

/// Fills two tables at a time. An index is made faster than it is kept up to date.
async fn load(store: &PostgresStore) {
    let mut loads = LOADS.iter().collect::<Vec<_>>();
    let mut loading = tokio::task::JoinSet::new();
    while let Some(load) = loads.pop() {
        while loading.len() > 1 {
            loading.join_next().await.unwrap().unwrap();
        }
        loading.spawn(fill(store.clone(), load));
    }
    loading.join_all().await;
}

async fn fill(store: PostgresStore, (table, every, columns, values): &'static Load) {
    const INDEXES: &str = "SELECT indexname::text, indexdef FROM pg_indexes \
        WHERE tablename = $1 AND indexname <> $1 || '_pkey'";
    let mut connection = store.pool.acquire().await.unwrap();
    query("SET statement_timeout = 0").execute(&mut *connection).await.unwrap();
    let indexes: Vec<(String, String)> = query_as(INDEXES).bind(table).fetch_all(&mut *connection).await.unwrap();
    for (index, _) in &indexes {
        query(AssertSqlSafe(format!("DROP INDEX {index}"))).execute(&mut *connection).await.unwrap();
    }
    let statement =
        format!("INSERT INTO {table} ({columns}) SELECT {values} FROM ({SERIES}) AS series WHERE n % {every} = 0");
    let loaded = query(AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    assert_eq!(loaded.rows_affected(), (ROWS / every).unsigned_abs(), "{table}");
    for (_, definition) in indexes {
        query(AssertSqlSafe(definition)).execute(&mut *connection).await.unwrap();
    }
    query(AssertSqlSafe(format!("ANALYZE {table}"))).execute(&mut *connection).await.unwrap();
    query("RESET statement_timeout").execute(&mut *connection).await.unwrap();
}

/// A day before the last row.
fn yesterday() -> Moment {
    Moment(Timestamp::from_millis(1_767_225_600_000 + ROWS * 30_000 - 86_400_000))
}

fn now() -> Moment {
    Moment(Timestamp::from_millis(1_767_225_600_000 + ROWS * 30_000))
}

/// So many of yesterday.
fn moments(count: i64) -> Vec<Moment> {
    let first = yesterday().0.as_micros();
    (0..count).map(|it| Moment(Timestamp::from_micros(first + it * 86_400_000_000 / (count - 1)))).collect()
}

type Bound = Query<'static, Postgres, PgArguments>;
type Binds = fn(Bound) -> Bound;

#[tokio::test]
async fn every_read_uses_its_index_at_a_million_rows() {
    let databases = Databases::open().unwrap();
    let database = databases.fresh().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    load(&store).await;
    let since: Binds = |it| it.bind("account 3").bind(yesterday());
    let until: Binds = |it| it.bind("account 3").bind(yesterday()).bind(now());
    let account: Binds = |it| it.bind("account 3");
    let of_symbol: Binds = |it| it.bind("account 3").bind(yesterday()).bind("S3/USDT:USDT");
    let key: Binds = |it| it.bind("account 3").bind("S3/USDT:USDT").bind("3");
    let booking: Binds = |it| it.bind("account 3").bind("binance").bind("3");
    let id: Binds = |it| it.bind(7_i64);
    let reads: [(&[&str], &'static str, Binds); 28] = [
        (&["orders_key"], journal::ENTRY, |it| it.bind("account 3").bind("c3")),
        (&["orders_unfinished"], journal::UNFINISHED, account),
        (&["orders_by_time"], journal::RECENT, |it| it.bind("account 3").bind(100_i64)),
        (&["orders_key"], journal::PARTS, |it| it.bind("account 3").bind("c3000")),
        (&["composed_orders_key"], composed::BY_KEY, |it| it.bind("account 3").bind("c3")),
        (&["composed_orders_working"], composed::WORKING, account),
        (&["positions_one_open"], positions::OPEN_ONE, |it| it.bind("account 3").bind("S3/USDT:USDT").bind("both")),
        (&["positions_by_status"], positions::BY_STATUS, |it| it.bind("account 3").bind("liquidated")),
        (&["trades_key"], trades::BY_KEY, key),
        (&["trades_by_position"], trades::OF_POSITION, id),
        (&["trades_by_time"], trades::SINCE, since),
        (&["trades_by_symbol"], trades::SINCE_OF_SYMBOL, of_symbol),
        (&["trades_by_time", "funding_events_by_time", "bookings_by_time"], DAILY, until),
        (&["bookings_key"], bookings::BY_KEY, booking),
        (&["bookings_by_time"], bookings::SINCE, since),
        (&["bookings_by_time"], bookings::LAST, account),
        (&["funding_events_key"], funding::BY_KEY, booking),
        (&["funding_events_by_time"], funding::HISTORY, |it| {
            it.bind("account 3").bind(yesterday()).bind(now()).bind(None::<&str>).bind(None::<&str>)
        }),
        (&["pnl_snapshots_key"], equity::BY_KEY, since),
        (&["pnl_snapshots_key"], equity::CURVE, until),
        (&["pnl_snapshots_key"], equity::EXTENT, until),
        (&["pnl_snapshots_key"], equity::THINNED, |it| {
            it.bind("account 3").bind(yesterday()).bind(now()).bind(moments(498))
        }),
        (&["pnl_snapshots_key"], equity::FIRST_SINCE, since),
        (&["pnl_snapshots_key"], equity::LAST_UNTIL, until),
        (&["pnl_snapshots_latest"], equity::PEAK, account),
        (&["risk_events_by_time"], risk_events::SINCE, since),
        (&["controls_latest"], controls::LATEST, |it| it.bind("account 3").bind("ladder")),
        (&["desks_key"], desks::BY_KEY, |it| it.bind("desk 3000")),
    ];
    for (indexes, sql, binds) in reads {
        let plan = plan(&store, sql, binds).await;
        for index in indexes {
            assert!(plan.contains(index), "{sql}\n{plan}");
        }
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
    }
    let event: Binds =
        |it| it.bind("account 3").bind(yesterday()).bind("refused").bind(Some("S3/USDT:USDT")).bind("too large");
    let plan = plan(&store, risk_events::BY_KEY, event).await;
    assert!(plan.contains("Index Scan using risk_events_"), "{plan}");
    // All that an account has, by whatever plan: within the time that a statement may take.
    let thinned = store.thinned(&AccountId::new("account 3"), 366, 500, now().0).await.unwrap();
    assert_eq!(
        (thinned.on_record, thinned.points.len()),
        (100_000, 498),
        "where equity rises without end, the first and the last are the lowest and the highest"
    );
}

async fn plan(store: &PostgresStore, sql: &'static str, binds: Binds) -> String {
    let explain = AssertSqlSafe(format!("EXPLAIN {sql}"));
    let bound = binds(query(explain));
    let rows = bound.fetch_all(&store.pool).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_text_sorts_by_its_bytes() {
    let databases = Databases::open().unwrap();
    let database = databases.fresh().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    const OTHERWISE: &str = "SELECT table_name || '.' || column_name FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' AND data_type IN ('text', 'character varying') \
        AND collation_name IS DISTINCT FROM 'C'";
    let otherwise: Vec<String> = query_scalar(OTHERWISE).fetch_all(&store.pool).await.unwrap();
    assert_eq!(otherwise, [""; 0]);
}
