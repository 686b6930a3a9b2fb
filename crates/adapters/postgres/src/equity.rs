//! The equity curve, in table `pnl_snapshots`.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::{SNAPSHOT, answered};
use crate::window::before;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Money, Timestamp};
use plimsoll_ports::{EquityRepository, PnlSnapshot, StoreError, ThinnedCurve};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM pnl_snapshots WHERE account = $1 AND time = $2";
const INSERT: &str = "INSERT INTO pnl_snapshots (account, time, wallet, unrealized_pnl, realized_pnl, fees, funding, \
    adjustments, margin_ratio, open_positions, peak) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
pub(crate) const CURVE: &str =
    "SELECT * FROM pnl_snapshots WHERE account = $1 AND time > $2 AND time <= $3 ORDER BY time";
pub(crate) const EXTENT: &str = "SELECT count(*) AS points, min(time) AS first, max(time) AS last FROM pnl_snapshots \
    WHERE account = $1 AND time > $2 AND time <= $3";
/// What is first from each of the moments $4 on, and the extremes.
pub(crate) const THINNED: &str = "SELECT * FROM pnl_snapshots WHERE account = $1 AND time IN ( \
        SELECT (SELECT time FROM pnl_snapshots WHERE account = $1 AND time >= moment ORDER BY time LIMIT 1) \
            FROM unnest($4) AS moment \
        UNION (SELECT time FROM pnl_snapshots WHERE account = $1 AND time > $2 AND time <= $3 \
            ORDER BY wallet + unrealized_pnl DESC, time DESC LIMIT 1) \
        UNION (SELECT time FROM pnl_snapshots WHERE account = $1 AND time > $2 AND time <= $3 \
            ORDER BY wallet + unrealized_pnl, time LIMIT 1) \
    ) ORDER BY time";
pub(crate) const PEAK: &str = "SELECT id, peak FROM pnl_snapshots WHERE account = $1 ORDER BY id + 0 DESC LIMIT 1";
pub(crate) const LAST_UNTIL: &str =
    "SELECT * FROM pnl_snapshots WHERE account = $1 AND time > $2 AND time <= $3 ORDER BY time DESC LIMIT 1";
pub(crate) const FIRST_SINCE: &str =
    "SELECT * FROM pnl_snapshots WHERE account = $1 AND time >= $2 ORDER BY time LIMIT 1";

#[async_trait]
impl EquityRepository for PostgresStore {
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
        let mut transaction = self.writing(&snapshot.account).await?;
        let by_key = query(BY_KEY).bind(snapshot.account.as_str()).bind(Moment(snapshot.time));
        let known = answered(by_key.fetch_optional(&mut *transaction)).await?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if known == *snapshot => return Ok(()),
            Some(_) => {
                let micros = snapshot.time.as_micros();
                return Err(StoreError::Conflict(format!("another point of the curve is recorded at {micros} µs")));
            }
            None => insert(&mut transaction, snapshot).await?,
        }
        transaction.commit().await
    }

    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
        let (first, last) = (Moment::bound(before(now, days)), Moment::bound(now));
        let curve = query(CURVE).bind(account.as_str()).bind(first).bind(last);
        answered(curve.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn thinned(
        &self,
        account: &AccountId,
        days: u32,
        points: u32,
        now: Timestamp,
    ) -> Result<ThinnedCurve, StoreError> {
        let mut connection = self.reading().await?;
        let mut snapshot = answered(Connection::begin_with(&mut *connection, SNAPSHOT)).await?;
        let (first, last) = (Moment::bound(before(now, days)), Moment::bound(now));
        let within = |sql| query(sql).bind(account.as_str()).bind(first).bind(last);
        let extent = answered(within(EXTENT).fetch_one(&mut *snapshot)).await?;
        let columns = Columns::of("pnl_snapshots", &extent);
        let on_record = u32::try_from(columns.raw::<i64>("points")?).unwrap_or(u32::MAX);
        let ends: (Option<Timestamp>, Option<Timestamp>) = (columns.optional("first")?, columns.optional("last")?);
        let chosen = match ends.0.zip(ends.1).and_then(|ends| ThinnedCurve::moments(on_record, points, ends)) {
            Some(moments) => within(THINNED).bind(moments.into_iter().map(Moment).collect::<Vec<_>>()),
            None => within(CURVE),
        };
        let points = answered(chosen.map(|row| read(&row)).fetch_all(&mut *snapshot)).await?;
        Ok(ThinnedCurve { points: points.into_iter().collect::<Result<_, _>>()?, on_record })
    }

    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError> {
        peak(&mut *self.reading().await?, account).await
    }

    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let first = query(FIRST_SINCE).bind(account.as_str()).bind(Moment::bound(since));
        answered(first.fetch_optional(&mut *self.reading().await?)).await?.as_ref().map(read).transpose()
    }

    async fn last_until(&self, account: &AccountId, until: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let (first, last) = (Moment::bound(before(until, 1)), Moment::bound(until));
        let point = query(LAST_UNTIL).bind(account.as_str()).bind(first).bind(last);
        answered(point.fetch_optional(&mut *self.reading().await?)).await?.as_ref().map(read).transpose()
    }
}

/// Every row carries the peak so far, so that finding it reads one row and not the whole curve.
async fn peak(connection: &mut PgConnection, account: &AccountId) -> Result<Option<Money>, StoreError> {
    let row = answered(query(PEAK).bind(account.as_str()).fetch_optional(connection)).await?;
    row.map(|row| Columns::of("pnl_snapshots", &row).read("peak")).transpose()
}

pub(crate) async fn insert(connection: &mut PgConnection, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
    let equity = snapshot.equity();
    let highest = peak(connection, &snapshot.account).await?.map_or(equity, |before| before.max(equity));
    let insert = query(INSERT)
        .bind(snapshot.account.as_str())
        .bind(Moment(snapshot.time))
        .bind(Numeric::from(snapshot.wallet))
        .bind(Numeric::from(snapshot.unrealized_pnl))
        .bind(Numeric::from(snapshot.realized_pnl))
        .bind(Numeric::from(snapshot.fees))
        .bind(Numeric::from(snapshot.funding))
        .bind(Numeric::from(snapshot.adjustments))
        .bind(snapshot.margin_ratio.map(Numeric::from))
        .bind(i64::from(snapshot.open_positions))
        .bind(Numeric::from(highest));
    answered(insert.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<PnlSnapshot, StoreError> {
    let row = Columns::of("pnl_snapshots", row);
    Ok(PnlSnapshot {
        account: row.read("account")?,
        time: row.read("time")?,
        wallet: row.read("wallet")?,
        unrealized_pnl: row.read("unrealized_pnl")?,
        realized_pnl: row.read("realized_pnl")?,
        fees: row.read("fees")?,
        funding: row.read("funding")?,
        adjustments: row.read("adjustments")?,
        margin_ratio: row.optional("margin_ratio")?,
        open_positions: u32::try_from(row.raw::<i64>("open_positions")?)
            .map_err(|error| row.corrupt("open_positions", &error.to_string()))?,
    })
}
