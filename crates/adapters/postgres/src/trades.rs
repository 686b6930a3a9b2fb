//! Trades, in table `trades`, and what they, the funding and the bookings add up to.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::answered;
use crate::sums::{self, DAILY, TOTALS};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Currency, Fill, Symbol, Timestamp};
use plimsoll_ports::{DailyPnl, PositionId, StoreError, Totals, TradeRecord, TradeRepository};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) const BY_KEY: &str = "SELECT * FROM trades WHERE account = $1 AND symbol = $2 AND trade_id = $3";
const INSERT: &str = "INSERT INTO trades (account, venue, symbol, trade_id, position_id, order_id, client_order_id, side, \
    position_side, price, quantity, fee, fee_currency, liquidity, realized_pnl, cause, time) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
const COMPLETE: &str = "UPDATE trades SET position_id = $4, fee_currency = $5, liquidity = $6, realized_pnl = $7 \
    WHERE account = $1 AND symbol = $2 AND trade_id = $3";
const POSITION_EXISTS: &str = "SELECT count(*) FROM positions WHERE id = $1";
pub(crate) const OF_POSITION: &str = "SELECT * FROM trades WHERE position_id = $1 ORDER BY time, id";
pub(crate) const SINCE: &str = "SELECT * FROM trades WHERE account = $1 AND time >= $2 ORDER BY time, id";
pub(crate) const SINCE_OF_SYMBOL: &str =
    "SELECT * FROM trades WHERE account = $1 AND symbol = $3 AND time >= $2 ORDER BY time, id";

#[async_trait]
impl TradeRepository for PostgresStore {
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writing(&trade.account).await?;
        if let Some(position) = trade.position {
            refuse_unknown(&mut transaction, position).await?;
        }
        let is_new = record(&mut transaction, trade).await?;
        transaction.commit().await?;
        Ok(is_new)
    }

    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError> {
        let trades = query(OF_POSITION).bind(id.0).map(|row| read(&row));
        answered(trades.fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let trades = match symbol {
            None => query(SINCE).bind(account.as_str()).bind(Moment::bound(since)),
            Some(symbol) => {
                query(SINCE_OF_SYMBOL).bind(account.as_str()).bind(Moment::bound(since)).bind(symbol.as_str())
            }
        };
        answered(trades.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError> {
        let Some(days_before) = days.checked_sub(1) else { return Ok(Vec::new()) };
        let today = now.start_of_day();
        let first = today.minus(DAY.saturating_mul(days_before));
        let last = Timestamp::from_micros(today.plus(DAY).as_micros().saturating_sub(1));
        let daily = query(DAILY).bind(account.as_str()).bind(Moment::bound(first)).bind(Moment::bound(last));
        answered(daily.map(|row| sums::day(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn totals(&self, account: &AccountId) -> Result<Vec<Totals>, StoreError> {
        let totals = query(TOTALS).bind(account.as_str());
        answered(totals.map(|row| sums::currency(&row)).fetch_all(&mut *self.reading().await?))
            .await?
            .into_iter()
            .collect()
    }
}

async fn refuse_unknown(connection: &mut PgConnection, id: PositionId) -> Result<(), StoreError> {
    let known: i64 = answered(query_scalar(POSITION_EXISTS).bind(id.0).fetch_one(connection)).await?;
    if known == 0 { Err(StoreError::NotFound(format!("position {}", id.0))) } else { Ok(()) }
}

/// The fill on record under the key of `trade`.
pub(crate) async fn find(
    connection: &mut PgConnection,
    trade: &TradeRecord,
) -> Result<Option<TradeRecord>, StoreError> {
    let (symbol, id) = (&trade.fill.symbol, &trade.fill.trade_id);
    let by_key = query(BY_KEY).bind(trade.account.as_str()).bind(symbol.as_str()).bind(id.as_str());
    answered(by_key.fetch_optional(connection)).await?.as_ref().map(read).transpose()
}

/// Records a fill, or adds to the one on record what it left out; whether it is new.
pub(crate) async fn record(connection: &mut PgConnection, trade: &TradeRecord) -> Result<bool, StoreError> {
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

pub(crate) async fn insert(connection: &mut PgConnection, trade: &TradeRecord) -> Result<(), StoreError> {
    let fill = &trade.fill;
    let insert = query(INSERT)
        .bind(trade.account.as_str())
        .bind(trade.venue.as_str())
        .bind(fill.symbol.as_str())
        .bind(fill.trade_id.as_str())
        .bind(trade.position.map(|id| id.0))
        .bind(fill.order_id.as_str())
        .bind(fill.client_order_id.as_str())
        .bind(fill.side.as_str())
        .bind(fill.position_side.as_str())
        .bind(Numeric::from(fill.price))
        .bind(Numeric::from(fill.quantity))
        .bind(Numeric::from(fill.fee))
        .bind(fill.fee_currency.as_ref().map(Currency::as_str))
        .bind(fill.liquidity.map(|it| it.as_str()))
        .bind(fill.realized_pnl.map(Numeric::from))
        .bind(fill.cause.as_str())
        .bind(Moment(fill.time));
    answered(insert.execute(connection)).await.map(drop)
}

async fn complete(connection: &mut PgConnection, trade: &TradeRecord) -> Result<(), StoreError> {
    let fill = &trade.fill;
    let complete = query(COMPLETE)
        .bind(trade.account.as_str())
        .bind(fill.symbol.as_str())
        .bind(fill.trade_id.as_str())
        .bind(trade.position.map(|id| id.0))
        .bind(fill.fee_currency.as_ref().map(Currency::as_str))
        .bind(fill.liquidity.map(|it| it.as_str()))
        .bind(fill.realized_pnl.map(Numeric::from));
    answered(complete.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<TradeRecord, StoreError> {
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
            time: row.read("time")?,
        },
    })
}
