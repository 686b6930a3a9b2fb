//! The whole ledger, told and taken over.

use crate::error::store_error;
use crate::row::Columns;
use crate::{
    SqliteStore, bookings, composed, controls, desks, equity, funding, journal, positions, risk_events, trades,
};
use async_trait::async_trait;
use plimsoll_ports::{LedgerListener, LedgerRecord, StoreError, WholeLedger};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection, query, query_scalar};

/// How many records are told at once.
const PAGE: i64 = 1000;

type Reader = fn(&SqliteRow) -> Result<LedgerRecord, StoreError>;

/// Every table, and what its rows are; positions come first, since trades name them.
const TABLES: [(&str, Reader); 10] = [
    ("SELECT * FROM positions WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        positions::read(row).map(LedgerRecord::Position)
    }),
    ("SELECT * FROM trades WHERE id > ?1 ORDER BY id LIMIT ?2", |row| trades::read(row).map(LedgerRecord::Trade)),
    ("SELECT * FROM orders WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        let order_id = Columns::of("orders", row).optional("order_id")?;
        Ok(LedgerRecord::Order { entry: journal::read(row)?, order_id })
    }),
    ("SELECT * FROM composed_orders WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        composed::read(row).map(LedgerRecord::Composed)
    }),
    ("SELECT * FROM funding_events WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        funding::read(row).map(LedgerRecord::Funding)
    }),
    ("SELECT * FROM bookings WHERE id > ?1 ORDER BY id LIMIT ?2", |row| bookings::read(row).map(LedgerRecord::Booking)),
    ("SELECT * FROM pnl_snapshots WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        equity::read(row).map(LedgerRecord::Point)
    }),
    ("SELECT * FROM risk_events WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        risk_events::read(row).map(LedgerRecord::RiskEvent)
    }),
    ("SELECT * FROM controls WHERE id > ?1 ORDER BY id LIMIT ?2", control),
    ("SELECT * FROM desks WHERE id > ?1 ORDER BY id LIMIT ?2", |row| {
        let name = Columns::of("desks", row).raw("name")?;
        Ok(LedgerRecord::Desk { name, desk: desks::read(row)? })
    }),
];

fn control(row: &SqliteRow) -> Result<LedgerRecord, StoreError> {
    let columns = Columns::of("controls", row);
    let account = columns.read("account")?;
    if columns.raw::<&str>("control")? == controls::LADDER {
        return Ok(LedgerRecord::Ladder { account, step: controls::ladder_step(row)? });
    }
    Ok(LedgerRecord::KillSwitch { account, record: controls::kill_switch(row)? })
}

const IS_EMPTY: &str = "SELECT NOT (EXISTS (SELECT 1 FROM positions) OR EXISTS (SELECT 1 FROM trades) \
    OR EXISTS (SELECT 1 FROM orders) OR EXISTS (SELECT 1 FROM composed_orders) \
    OR EXISTS (SELECT 1 FROM funding_events) OR EXISTS (SELECT 1 FROM bookings) OR EXISTS (SELECT 1 FROM pnl_snapshots) \
    OR EXISTS (SELECT 1 FROM risk_events) OR EXISTS (SELECT 1 FROM controls) OR EXISTS (SELECT 1 FROM desks))";
const DAMAGED: &str = "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
const ASTRAY: &str = "SELECT 'trade ' || trades.id || ' belongs to position ' || position_id || ', which is of another \
    account, venue or symbol or does not exist' FROM trades LEFT JOIN positions ON positions.id = position_id \
    WHERE position_id IS NOT NULL AND (trades.account IS NOT positions.account OR trades.venue IS NOT positions.venue \
        OR trades.symbol IS NOT positions.symbol) ORDER BY trades.id LIMIT 100";

#[async_trait]
impl WholeLedger for SqliteStore {
    async fn tell(&self, listener: &mut dyn LedgerListener) -> Result<(), StoreError> {
        let mut connection = self.reading().await?;
        let mut snapshot = connection.begin().await.map_err(store_error)?;
        for (sql, read) in TABLES {
            tell_table(&mut snapshot, sql, read, listener).await?;
        }
        Ok(())
    }

    async fn take_over(&self, source: &dyn WholeLedger) -> Result<u64, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let is_empty: bool = query_scalar(IS_EMPTY).fetch_one(&mut *transaction).await.map_err(store_error)?;
        if !is_empty {
            return Err(StoreError::Conflict("this database holds records already".to_owned()));
        }
        let mut heir = Heir { connection: &mut transaction, taken: 0 };
        source.tell(&mut heir).await?;
        let taken = heir.taken;
        transaction.commit().await.map_err(store_error)?;
        Ok(taken)
    }

    async fn faults(&self) -> Result<Vec<String>, StoreError> {
        let mut faults: Vec<String> = Vec::new();
        for sql in [DAMAGED, ASTRAY] {
            faults.extend(query_scalar::<_, String>(sql).fetch_all(&self.readers).await.map_err(store_error)?);
        }
        Ok(faults)
    }
}

async fn tell_table(
    connection: &mut SqliteConnection,
    sql: &'static str,
    read: Reader,
    listener: &mut dyn LedgerListener,
) -> Result<(), StoreError> {
    let mut after = i64::MIN;
    loop {
        let rows = query(sql).bind(after).bind(PAGE).fetch_all(&mut *connection).await.map_err(store_error)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Columns::of("any", last).raw("id")?;
        listener.hear(rows.iter().map(read).collect::<Result<_, _>>()?).await?;
    }
}

/// Writes what it hears.
struct Heir<'a> {
    connection: &'a mut SqliteConnection,
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
