//! The whole ledger, told and taken over.

use crate::row::Columns;
use crate::store::{SNAPSHOT, answered};
use crate::{
    PostgresStore, bookings, composed, controls, desks, equity, funding, journal, positions, risk_events, trades,
};
use async_trait::async_trait;
use plimsoll_ports::{LedgerListener, LedgerRecord, StoreError, WholeLedger};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

/// How many records are told at once.
const PAGE: i64 = 1000;

type Reader = fn(&PgRow) -> Result<LedgerRecord, StoreError>;

/// Every table, and what its rows are; positions come first, since trades name them.
const TABLES: [(&str, Reader); 10] = [
    ("SELECT * FROM positions WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        positions::read(row).map(LedgerRecord::Position)
    }),
    ("SELECT * FROM trades WHERE id > $1 ORDER BY id LIMIT $2", |row| trades::read(row).map(LedgerRecord::Trade)),
    ("SELECT * FROM orders WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        let order_id = Columns::of("orders", row).optional("order_id")?;
        Ok(LedgerRecord::Order { entry: journal::read(row)?, order_id })
    }),
    ("SELECT * FROM composed_orders WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        composed::read(row).map(LedgerRecord::Composed)
    }),
    ("SELECT * FROM funding_events WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        funding::read(row).map(LedgerRecord::Funding)
    }),
    ("SELECT * FROM bookings WHERE id > $1 ORDER BY id LIMIT $2", |row| bookings::read(row).map(LedgerRecord::Booking)),
    ("SELECT * FROM pnl_snapshots WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        equity::read(row).map(LedgerRecord::Point)
    }),
    ("SELECT * FROM risk_events WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        risk_events::read(row).map(LedgerRecord::RiskEvent)
    }),
    ("SELECT * FROM controls WHERE id > $1 ORDER BY id LIMIT $2", control),
    ("SELECT * FROM desks WHERE id > $1 ORDER BY id LIMIT $2", |row| {
        let name = Columns::of("desks", row).raw("name")?;
        Ok(LedgerRecord::Desk { name, desk: desks::read(row)? })
    }),
];

fn control(row: &PgRow) -> Result<LedgerRecord, StoreError> {
    let columns = Columns::of("controls", row);
    let account = columns.read("account")?;
    if columns.raw::<&str>("control")? == controls::LADDER {
        return Ok(LedgerRecord::Ladder { account, step: controls::ladder_step(row)? });
    }
    Ok(LedgerRecord::KillSwitch { account, record: controls::kill_switch(row)? })
}

/// Whoever listens may take his time.
const PATIENT: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";
const LOCK: &str = "LOCK TABLE positions, trades, orders, composed_orders, funding_events, bookings, pnl_snapshots, risk_events, \
    controls, desks IN EXCLUSIVE MODE";
const IS_EMPTY: &str = "SELECT NOT (EXISTS (SELECT FROM positions) OR EXISTS (SELECT FROM trades) \
    OR EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM composed_orders) \
    OR EXISTS (SELECT FROM funding_events) OR EXISTS (SELECT FROM bookings) OR EXISTS (SELECT FROM pnl_snapshots) \
    OR EXISTS (SELECT FROM risk_events) OR EXISTS (SELECT FROM controls) OR EXISTS (SELECT FROM desks))";
/// The next position gets an id above all that were taken over.
const NEXT_ID: &str = "SELECT setval(pg_get_serial_sequence('positions', 'id'), \
    coalesce((SELECT max(id) FROM positions), 0) + 1, false)";

/// Indexes and constraints that do not hold what they promise.
const BROKEN: &str = "SELECT 'index ' || indexrelid::regclass || ' is not valid: REINDEX INDEX ' || indexrelid::regclass \
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid \
        WHERE relnamespace = current_schema()::regnamespace AND NOT (indisvalid AND indisready) \
    UNION ALL SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' was never validated: ALTER TABLE ' \
        || conrelid::regclass || ' VALIDATE CONSTRAINT ' || conname \
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated";
/// The indexes that keep records from being doubled.
const KEYS: [&str; 9] = [
    "positions_one_open",
    "trades_key",
    "orders_key",
    "composed_orders_key",
    "funding_events_key",
    "bookings_key",
    "pnl_snapshots_key",
    "risk_events_key",
    "desks_key",
];
const ASTRAY: &str = "SELECT 'trade ' || trades.id || ' belongs to position ' || position_id || ', which is of another \
    account, venue or symbol or does not exist' FROM trades LEFT JOIN positions ON positions.id = position_id \
    WHERE position_id IS NOT NULL AND (trades.account, trades.venue, trades.symbol) IS DISTINCT FROM \
        (positions.account, positions.venue, positions.symbol) ORDER BY trades.id LIMIT 100";

#[async_trait]
impl WholeLedger for PostgresStore {
    async fn tell(&self, listener: &mut dyn LedgerListener) -> Result<(), StoreError> {
        let mut connection = self.reading().await?;
        let mut snapshot = answered(sqlx::Connection::begin_with(&mut *connection, SNAPSHOT)).await?;
        answered(query(PATIENT).execute(&mut *snapshot)).await?;
        for (sql, read) in TABLES {
            tell_table(&mut snapshot, sql, read, listener).await?;
        }
        Ok(())
    }

    async fn take_over(&self, source: &dyn WholeLedger) -> Result<u64, StoreError> {
        let mut transaction = self.writing_all().await?;
        answered(query(PATIENT).execute(&mut *transaction)).await?;
        answered(query(LOCK).execute(&mut *transaction)).await?;
        if !answered(query_scalar::<_, bool>(IS_EMPTY).fetch_one(&mut *transaction)).await? {
            return Err(StoreError::Conflict("this database holds records already".to_owned()));
        }
        let mut heir = Heir { connection: &mut transaction, taken: 0 };
        source.tell(&mut heir).await?;
        let taken = heir.taken;
        answered(query(NEXT_ID).execute(&mut *transaction)).await?;
        transaction.commit().await?;
        Ok(taken)
    }

    async fn faults(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.reading().await?;
        let mut faults: Vec<String> = answered(query_scalar(BROKEN).fetch_all(&mut *connection)).await?;
        for key in KEYS {
            let exists = query_scalar::<_, bool>("SELECT to_regclass($1) IS NOT NULL").bind(key);
            if !answered(exists.fetch_one(&mut *connection)).await? {
                faults.push(format!("index {key} is missing: records may be doubled"));
            }
        }
        faults.extend(answered(query_scalar::<_, String>(ASTRAY).fetch_all(&mut *connection)).await?);
        Ok(faults)
    }
}

async fn tell_table(
    connection: &mut PgConnection,
    sql: &'static str,
    read: Reader,
    listener: &mut dyn LedgerListener,
) -> Result<(), StoreError> {
    let mut after = i64::MIN;
    loop {
        let rows = answered(query(sql).bind(after).bind(PAGE).fetch_all(&mut *connection)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Columns::of("any", last).raw("id")?;
        listener.hear(rows.iter().map(read).collect::<Result<_, _>>()?).await?;
    }
}

/// Writes what it hears.
struct Heir<'a> {
    connection: &'a mut PgConnection,
    taken: u64,
}

#[async_trait]
impl LedgerListener for Heir<'_> {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        for record in &records {
            self.write(record).await?;
            self.taken += 1;
        }
        Ok(())
    }
}

impl Heir<'_> {
    async fn write(&mut self, record: &LedgerRecord) -> Result<(), StoreError> {
        let connection = &mut *self.connection;
        match record {
            LedgerRecord::Position(position) => positions::restore(connection, position).await,
            LedgerRecord::Trade(trade) => trades::insert(connection, trade).await,
            LedgerRecord::Order { entry, order_id } => journal::restore(connection, entry, order_id.as_ref()).await,
            LedgerRecord::Composed(entry) => composed::insert(connection, entry).await,
            LedgerRecord::Funding(event) => funding::insert(connection, event).await,
            LedgerRecord::Booking(booking) => bookings::insert(connection, booking).await,
            LedgerRecord::Point(point) => equity::insert(connection, point).await,
            LedgerRecord::RiskEvent(event) => risk_events::insert(connection, event).await,
            LedgerRecord::KillSwitch { account, record } => {
                controls::insert_kill_switch(connection, account, record).await
            }
            LedgerRecord::Ladder { account, step } => controls::insert_ladder(connection, account, step).await,
            LedgerRecord::Desk { name, desk } => desks::insert(connection, name, desk).await,
        }
    }
}
