//! Trades, in table `trades`, and what they, the funding and the bookings add up to.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::{Columns, Text, optional_text};
use crate::sums::Sums;
use async_trait::async_trait;
use futures_util::TryStreamExt;
use plimsoll_domain::{AccountId, ClientOrderId, Fill, Symbol, Timestamp};
use plimsoll_ports::{DailyPnl, PositionId, StoreError, Totals, TradeRecord, TradeRepository};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection, query, query_scalar};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) const BY_KEY: &str = "SELECT * FROM trades WHERE account = ?1 AND symbol = ?2 AND trade_id = ?3";
const INSERT: &str = "INSERT INTO trades (account, venue, symbol, trade_id, position_id, order_id, client_order_id, side, \
    position_side, price, quantity, fee, fee_currency, liquidity, realized_pnl, cause, time) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
const COMPLETE: &str = "UPDATE trades SET position_id = ?4, fee_currency = ?5, liquidity = ?6, realized_pnl = ?7 \
    WHERE account = ?1 AND symbol = ?2 AND trade_id = ?3";
const POSITION_EXISTS: &str = "SELECT count(*) FROM positions WHERE id = ?1";
pub(crate) const OF_POSITION: &str = "SELECT * FROM trades WHERE position_id = ?1 ORDER BY time, id";
pub(crate) const SINCE: &str = "SELECT * FROM trades WHERE account = ?1 AND time >= ?2 ORDER BY time, id";
pub(crate) const SINCE_OF_SYMBOL: &str =
    "SELECT * FROM trades WHERE account = ?1 AND symbol = ?3 AND time >= ?2 ORDER BY time, id";
pub(crate) const PROFIT: &str = "SELECT id, symbol, time, realized_pnl, fee, fee_currency FROM trades \
    WHERE account = ?1 AND time >= ?2 AND time <= ?3";
pub(crate) const FUNDING: &str = "SELECT id, time, payment, currency FROM funding_events \
    WHERE account = ?1 AND time >= ?2 AND time <= ?3";
pub(crate) const BOOKINGS: &str = "SELECT id, kind, time, amount, currency FROM bookings \
    WHERE account = ?1 AND time >= ?2 AND time <= ?3";

#[async_trait]
impl TradeRepository for SqliteStore {
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        if let Some(position) = trade.position {
            refuse_unknown(&mut transaction, position).await?;
        }
        let is_new = record(&mut transaction, trade).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(is_new)
    }

    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError> {
        let trades = query(OF_POSITION).bind(id.0).map(|row| read(&row));
        trades.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let trades = match symbol {
            None => query(SINCE).bind(account.as_str()).bind(since.as_micros()),
            Some(symbol) => query(SINCE_OF_SYMBOL).bind(account.as_str()).bind(since.as_micros()).bind(symbol.as_str()),
        };
        trades.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError> {
        let Some(days_before) = days.checked_sub(1) else { return Ok(Vec::new()) };
        let today = now.start_of_day();
        let first = today.minus(DAY.saturating_mul(days_before));
        let last = Timestamp::from_micros(today.plus(DAY).as_micros().saturating_sub(1));
        Ok(self.sums(account, first, last).await?.daily())
    }

    async fn totals(&self, account: &AccountId) -> Result<Vec<Totals>, StoreError> {
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        Ok(self.sums(account, first, last).await?.totals())
    }
}

impl SqliteStore {
    /// What trades, funding and bookings from `first` up to and with `last` add up to, all read at one moment.
    async fn sums(&self, account: &AccountId, first: Timestamp, last: Timestamp) -> Result<Sums, StoreError> {
        let mut connection = self.reading().await?;
        let mut snapshot = connection.begin().await.map_err(store_error)?;
        let within = |sql| query(sql).bind(account.as_str()).bind(first.as_micros()).bind(last.as_micros());
        let mut sums = Sums::default();
        // Row by row: they are as many as there were trades, and are added up with every look.
        let mut trades = within(PROFIT).fetch(&mut *snapshot);
        while let Some(row) = trades.try_next().await.map_err(store_error)? {
            sums.add_trade(Columns::of("trades", &row))?;
        }
        drop(trades);
        let mut funding = within(FUNDING).fetch(&mut *snapshot);
        while let Some(row) = funding.try_next().await.map_err(store_error)? {
            sums.add_funding(Columns::of("funding_events", &row))?;
        }
        drop(funding);
        let mut bookings = within(BOOKINGS).fetch(&mut *snapshot);
        while let Some(row) = bookings.try_next().await.map_err(store_error)? {
            sums.add_booking(Columns::of("bookings", &row))?;
        }
        Ok(sums)
    }
}

async fn refuse_unknown(connection: &mut SqliteConnection, id: PositionId) -> Result<(), StoreError> {
    let known: i64 = query_scalar(POSITION_EXISTS).bind(id.0).fetch_one(connection).await.map_err(store_error)?;
    if known == 0 { Err(StoreError::NotFound(format!("position {}", id.0))) } else { Ok(()) }
}

/// The fill on record under the key of `trade`.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    trade: &TradeRecord,
) -> Result<Option<TradeRecord>, StoreError> {
    let (symbol, id) = (&trade.fill.symbol, &trade.fill.trade_id);
    let by_key = query(BY_KEY).bind(trade.account.as_str()).bind(symbol.as_str()).bind(id.as_str());
    by_key.fetch_optional(connection).await.map_err(store_error)?.as_ref().map(read).transpose()
}

/// Records a fill, or adds to the one on record what it left out; whether it is new.
pub(crate) async fn record(connection: &mut SqliteConnection, trade: &TradeRecord) -> Result<bool, StoreError> {
    let Some(known) = find(connection, trade).await? else {
        insert(connection, trade).await?;
        return Ok(true);
    };
    let completed = known.completed_by(trade).ok_or_else(|| {
        let Fill { trade_id, symbol, .. } = &trade.fill;
        StoreError::Conflict(format!("trade '{trade_id}' of {symbol} is recorded otherwise"))
    })?;
    if completed != known {
        complete(connection, &completed).await?;
    }
    Ok(false)
}

pub(crate) async fn insert(connection: &mut SqliteConnection, trade: &TradeRecord) -> Result<(), StoreError> {
    let fill = &trade.fill;
    query(INSERT)
        .bind(trade.account.as_str())
        .bind(trade.venue.as_str())
        .bind(fill.symbol.as_str())
        .bind(fill.trade_id.as_str())
        .bind(trade.position.map(|id| id.0))
        .bind(fill.order_id.as_str())
        .bind(fill.client_order_id.as_str())
        .bind(fill.side.as_str())
        .bind(fill.position_side.as_str())
        .bind(fill.price.to_text())
        .bind(fill.quantity.to_text())
        .bind(fill.fee.to_text())
        .bind(optional_text(fill.fee_currency.as_ref()))
        .bind(optional_text(fill.liquidity.as_ref()))
        .bind(optional_text(fill.realized_pnl.as_ref()))
        .bind(fill.cause.as_str())
        .bind(fill.time.as_micros())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn complete(connection: &mut SqliteConnection, trade: &TradeRecord) -> Result<(), StoreError> {
    let fill = &trade.fill;
    query(COMPLETE)
        .bind(trade.account.as_str())
        .bind(fill.symbol.as_str())
        .bind(fill.trade_id.as_str())
        .bind(trade.position.map(|id| id.0))
        .bind(optional_text(fill.fee_currency.as_ref()))
        .bind(optional_text(fill.liquidity.as_ref()))
        .bind(optional_text(fill.realized_pnl.as_ref()))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn read(row: &SqliteRow) -> Result<TradeRecord, StoreError> {
    let row = Columns::of("trades", row);
    Ok(TradeRecord {
        account: row.read("account")?,
        venue: row.read("venue")?,
        position: row.raw::<Option<i64>>("position_id")?.map(PositionId),
        fill: Fill {
            trade_id: row.read("trade_id")?,
            order_id: row.read("order_id")?,
            client_order_id: ClientOrderId::reported(row.raw::<&str>("client_order_id")?),
            symbol: row.read("symbol")?,
            side: row.read("side")?,
            position_side: row.read("position_side")?,
            price: row.read("price")?,
            quantity: row.read("quantity")?,
            fee: row.read("fee")?,
            fee_currency: row.optional("fee_currency")?,
            liquidity: row.optional("liquidity")?,
            realized_pnl: row.optional("realized_pnl")?,
            cause: row.read("cause")?,
            time: row.time("time")?,
        },
    })
}
