//! The equity curve, in table `pnl_snapshots`.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::{Columns, Text, optional_text};
use crate::window::before;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Money, Timestamp};
use plimsoll_ports::{EquityRepository, PnlSnapshot, StoreError, ThinnedCurve};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM pnl_snapshots WHERE account = ?1 AND time = ?2";
const INSERT: &str = "INSERT INTO pnl_snapshots (account, time, wallet, unrealized_pnl, realized_pnl, fees, funding, \
    adjustments, margin_ratio, open_positions, peak) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
pub(crate) const CURVE: &str =
    "SELECT * FROM pnl_snapshots WHERE account = ?1 AND time > ?2 AND time <= ?3 ORDER BY time";
pub(crate) const EXTENT: &str = "SELECT count(*) AS points, min(time) AS first, max(time) AS last FROM pnl_snapshots \
    WHERE account = ?1 AND time > ?2 AND time <= ?3";
/// What is first from each of the moments ?4 on, and the extremes, as doubles have them: their order is not that of the decimals
/// where these differ in the seventeenth digit.
pub(crate) const THINNED: &str = "SELECT * FROM pnl_snapshots WHERE account = ?1 AND time IN ( \
        SELECT (SELECT time FROM pnl_snapshots WHERE account = ?1 AND time >= moment.value ORDER BY time LIMIT 1) \
            FROM json_each(?4) AS moment \
        UNION SELECT time FROM (SELECT time FROM pnl_snapshots WHERE account = ?1 AND time > ?2 AND time <= ?3 \
            ORDER BY CAST(wallet AS REAL) + CAST(unrealized_pnl AS REAL) DESC, time DESC LIMIT 1) \
        UNION SELECT time FROM (SELECT time FROM pnl_snapshots WHERE account = ?1 AND time > ?2 AND time <= ?3 \
            ORDER BY CAST(wallet AS REAL) + CAST(unrealized_pnl AS REAL), time LIMIT 1) \
    ) ORDER BY time";
pub(crate) const PEAK: &str = "SELECT id, peak FROM pnl_snapshots WHERE account = ?1 ORDER BY id DESC LIMIT 1";
pub(crate) const LAST_UNTIL: &str =
    "SELECT * FROM pnl_snapshots WHERE account = ?1 AND time > ?2 AND time <= ?3 ORDER BY time DESC LIMIT 1";
pub(crate) const FIRST_SINCE: &str =
    "SELECT * FROM pnl_snapshots WHERE account = ?1 AND time >= ?2 ORDER BY time LIMIT 1";

#[async_trait]
impl EquityRepository for SqliteStore {
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        let by_key = query(BY_KEY).bind(snapshot.account.as_str()).bind(snapshot.time.as_micros());
        let known = by_key.fetch_optional(&mut *transaction).await.map_err(store_error)?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if known == *snapshot => return Ok(()),
            Some(_) => {
                let micros = snapshot.time.as_micros();
                return Err(StoreError::Conflict(format!("another point of the curve is recorded at {micros} µs")));
            }
            None => insert(&mut transaction, snapshot).await?,
        }
        transaction.commit().await.map_err(store_error)
    }

    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
        let curve = query(CURVE).bind(account.as_str()).bind(before(now, days).as_micros()).bind(now.as_micros());
        curve.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn thinned(
        &self,
        account: &AccountId,
        days: u32,
        points: u32,
        now: Timestamp,
    ) -> Result<ThinnedCurve, StoreError> {
        let mut connection = self.reading().await?;
        let mut snapshot = connection.begin().await.map_err(store_error)?;
        let within = |sql| query(sql).bind(account.as_str()).bind(before(now, days).as_micros()).bind(now.as_micros());
        let extent = within(EXTENT).fetch_one(&mut *snapshot).await.map_err(store_error)?;
        let columns = Columns::of("pnl_snapshots", &extent);
        let on_record: u32 = columns.raw("points")?;
        let ends: (Option<i64>, Option<i64>) = (columns.raw("first")?, columns.raw("last")?);
        let ends = ends.0.map(Timestamp::from_micros).zip(ends.1.map(Timestamp::from_micros));
        let chosen = match ends.and_then(|ends| ThinnedCurve::moments(on_record, points, ends)) {
            Some(moments) => {
                let moments: Vec<String> = moments.iter().map(|it| it.as_micros().to_string()).collect();
                within(THINNED).bind(format!("[{}]", moments.join(",")))
            }
            None => within(CURVE),
        };
        let points = chosen.map(|row| read(&row)).fetch_all(&mut *snapshot).await.map_err(store_error)?;
        Ok(ThinnedCurve { points: points.into_iter().collect::<Result<_, _>>()?, on_record })
    }

    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError> {
        peak(&mut *self.reading().await?, account).await
    }

    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let first = query(FIRST_SINCE).bind(account.as_str()).bind(since.as_micros());
        first.fetch_optional(&self.readers).await.map_err(store_error)?.as_ref().map(read).transpose()
    }

    async fn last_until(&self, account: &AccountId, until: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let point = query(LAST_UNTIL).bind(account.as_str()).bind(before(until, 1).as_micros()).bind(until.as_micros());
        point.fetch_optional(&self.readers).await.map_err(store_error)?.as_ref().map(read).transpose()
    }
}

/// Every row carries the peak so far, so that finding it reads one row and not the whole curve.
async fn peak(connection: &mut SqliteConnection, account: &AccountId) -> Result<Option<Money>, StoreError> {
    let row = query(PEAK).bind(account.as_str()).fetch_optional(connection).await.map_err(store_error)?;
    row.map(|row| Columns::of("pnl_snapshots", &row).read("peak")).transpose()
}

pub(crate) async fn insert(connection: &mut SqliteConnection, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
    let equity = snapshot.equity();
    let highest = peak(connection, &snapshot.account).await?.map_or(equity, |before| before.max(equity));
    query(INSERT)
        .bind(snapshot.account.as_str())
        .bind(snapshot.time.as_micros())
        .bind(snapshot.wallet.to_text())
        .bind(snapshot.unrealized_pnl.to_text())
        .bind(snapshot.realized_pnl.to_text())
        .bind(snapshot.fees.to_text())
        .bind(snapshot.funding.to_text())
        .bind(snapshot.adjustments.to_text())
        .bind(optional_text(snapshot.margin_ratio.as_ref()))
        .bind(snapshot.open_positions)
        .bind(highest.to_text())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn read(row: &SqliteRow) -> Result<PnlSnapshot, StoreError> {
    let row = Columns::of("pnl_snapshots", row);
    Ok(PnlSnapshot {
        account: row.read("account")?,
        time: row.time("time")?,
        wallet: row.read("wallet")?,
        unrealized_pnl: row.read("unrealized_pnl")?,
        realized_pnl: row.read("realized_pnl")?,
        fees: row.read("fees")?,
        funding: row.read("funding")?,
        adjustments: row.read("adjustments")?,
        margin_ratio: row.optional("margin_ratio")?,
        open_positions: row.raw("open_positions")?,
    })
}
