//! What the limits did, in table `risk_events`.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::answered;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{RiskEventRecord, RiskEventRepository, StoreError};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, query};

/// `NULL` equals nothing, so an event about no symbol is found by its empty one.
pub(crate) const BY_KEY: &str = "SELECT * FROM risk_events WHERE account = $1 AND time = $2 AND kind = $3 \
    AND coalesce(symbol, '') = coalesce($4, '') AND md5(detail) = md5($5) AND detail = $5";
const INSERT: &str = "INSERT INTO risk_events (account, time, kind, symbol, detail, figure, limit_value, action) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const SINCE: &str = "SELECT * FROM risk_events WHERE account = $1 AND time >= $2 ORDER BY time, id";

#[async_trait]
impl RiskEventRepository for PostgresStore {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        let mut transaction = self.writing(&event.account).await?;
        let known = answered(keyed(BY_KEY, event).fetch_optional(&mut *transaction)).await?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if known == *event => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("'{}' is recorded with other figures", event.kind))),
            None => {}
        }
        insert(&mut transaction, event).await?;
        transaction.commit().await
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        let events = query(SINCE).bind(account.as_str()).bind(Moment::bound(since));
        answered(events.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }
}

fn keyed(sql: &'static str, event: &RiskEventRecord) -> Query<'static, Postgres, PgArguments> {
    query(sql)
        .bind(event.account.as_str().to_owned())
        .bind(Moment(event.time))
        .bind(event.kind.clone())
        .bind(event.symbol.as_ref().map(|symbol| symbol.as_str().to_owned()))
        .bind(event.detail.clone())
}

pub(crate) async fn insert(connection: &mut PgConnection, event: &RiskEventRecord) -> Result<(), StoreError> {
    let insert =
        keyed(INSERT, event).bind(event.figure.map(Numeric)).bind(event.limit.map(Numeric)).bind(event.action.clone());
    answered(insert.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<RiskEventRecord, StoreError> {
    let row = Columns::of("risk_events", row);
    Ok(RiskEventRecord {
        account: row.read("account")?,
        time: row.read("time")?,
        kind: row.raw("kind")?,
        symbol: row.optional("symbol")?,
        detail: row.raw("detail")?,
        figure: row.optional("figure")?,
        limit: row.optional("limit_value")?,
        action: row.raw("action")?,
    })
}
