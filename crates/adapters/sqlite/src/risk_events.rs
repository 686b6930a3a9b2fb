//! What the limits did, in table `risk_events`.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::{Columns, optional_text};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{RiskEventRecord, RiskEventRepository, StoreError};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection, query};

/// `NULL` equals nothing, so an event about no symbol is found by its empty one.
pub(crate) const BY_KEY: &str = "SELECT * FROM risk_events WHERE account = ?1 AND time = ?2 AND kind = ?3 \
    AND ifnull(symbol, '') = ifnull(?4, '') AND detail = ?5";
const INSERT: &str = "INSERT INTO risk_events (account, time, kind, symbol, detail, figure, limit_value, action) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(crate) const SINCE: &str = "SELECT * FROM risk_events WHERE account = ?1 AND time >= ?2 ORDER BY time, id";

#[async_trait]
impl RiskEventRepository for SqliteStore {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        let known = keyed(BY_KEY, event).fetch_optional(&mut *transaction).await.map_err(store_error)?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if known == *event => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("'{}' is recorded with other figures", event.kind))),
            None => {}
        }
        insert(&mut transaction, event).await?;
        transaction.commit().await.map_err(store_error)
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        let events = query(SINCE).bind(account.as_str()).bind(since.as_micros());
        events.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }
}

fn keyed(sql: &'static str, event: &RiskEventRecord) -> Query<'static, Sqlite, SqliteArguments> {
    query(sql)
        .bind(event.account.as_str().to_owned())
        .bind(event.time.as_micros())
        .bind(event.kind.clone())
        .bind(event.symbol.as_ref().map(|symbol| symbol.as_str().to_owned()))
        .bind(event.detail.clone())
}

pub(crate) async fn insert(connection: &mut SqliteConnection, event: &RiskEventRecord) -> Result<(), StoreError> {
    keyed(INSERT, event)
        .bind(optional_text(event.figure.as_ref()))
        .bind(optional_text(event.limit.as_ref()))
        .bind(event.action.clone())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn read(row: &SqliteRow) -> Result<RiskEventRecord, StoreError> {
    let row = Columns::of("risk_events", row);
    Ok(RiskEventRecord {
        account: row.read("account")?,
        time: row.time("time")?,
        kind: row.raw("kind")?,
        symbol: row.optional("symbol")?,
        detail: row.raw("detail")?,
        figure: row.optional("figure")?,
        limit: row.optional("limit_value")?,
        action: row.raw("action")?,
    })
}
