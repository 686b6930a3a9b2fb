//! Positions, in table `positions`, in one transaction with the trades that changed them.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::{Writing, answered};
use crate::trades;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Leverage, PositionSide, Price, Quantity, Symbol};
use plimsoll_ports::{
    ClosedPosition, OpenedPosition, PositionId, PositionRecord, PositionRepository, PositionStatus, StoreError,
    TradeRecord,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

/// Without an id it gets the next one.
const INSERT: &str = "INSERT INTO positions (account, venue, symbol, side, direction, quantity, entry_price, leverage, \
    margin_mode, strategy, opened_at, status, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', \
    coalesce($12, nextval(pg_get_serial_sequence('positions', 'id')))) RETURNING id";
const UPDATE: &str = "UPDATE positions SET quantity = $2, entry_price = $3 WHERE id = $1";
const CLOSE: &str = "UPDATE positions SET status = $2, exit_price = $3, realized_pnl = $4, fees = $5, funding = $6, \
    close_reason = $7, closed_at = $8 WHERE id = $1";
pub(crate) const OPEN_ONE: &str =
    "SELECT * FROM positions WHERE account = $1 AND symbol = $2 AND side = $3 AND status = 'open'";
const BY_ID: &str = "SELECT * FROM positions WHERE id = $1";
pub(crate) const BY_STATUS: &str =
    "SELECT * FROM positions WHERE account = $1 AND status = $2 ORDER BY opened_at DESC, id DESC";

#[async_trait]
impl PositionRepository for PostgresStore {
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError> {
        let mut transaction = self.writing(&position.account).await?;
        let OpenedPosition { account, symbol, side, .. } = position;
        if let Some(held) = find_open(&mut transaction, account, symbol, *side).await? {
            let PositionId(id) = held.id;
            return Err(StoreError::Conflict(format!("position {id} of {symbol} ({side}) is still open")));
        }
        let id = insert(&mut transaction, None, position).await?;
        for trade in trades {
            if !closed_another(&mut transaction, trade, position).await? {
                own(&mut transaction, id, position, trade).await?;
            }
        }
        transaction.commit().await?;
        Ok(id)
    }

    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let (mut transaction, held) = self.writing_to(id).await?;
        if held.closed.is_some() {
            return Err(StoreError::Conflict(format!("position {} is no longer open", id.0)));
        }
        let update = query(UPDATE).bind(id.0).bind(Numeric::from(quantity)).bind(Numeric::from(entry_price));
        answered(update.execute(&mut *transaction)).await?;
        for trade in trades {
            own(&mut transaction, id, &held.opened, trade).await?;
        }
        transaction.commit().await
    }

    async fn close(&self, id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError> {
        if closed.status == PositionStatus::Open {
            return Err(StoreError::Conflict(format!("position {} cannot be closed and open", id.0)));
        }
        let (mut transaction, held) = self.writing_to(id).await?;
        match &held.closed {
            Some(recorded) if recorded == closed => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("position {} was closed in another way", id.0))),
            None => {}
        }
        end(&mut transaction, id, closed).await?;
        for trade in trades {
            own(&mut transaction, id, &held.opened, trade).await?;
        }
        transaction.commit().await
    }

    async fn find_open(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Result<Option<PositionRecord>, StoreError> {
        find_open(&mut *self.reading().await?, account, symbol, side).await
    }

    async fn find(&self, id: PositionId) -> Result<Option<PositionRecord>, StoreError> {
        find(&mut *self.reading().await?, id).await
    }

    async fn by_status(&self, account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError> {
        let by_status = query(BY_STATUS).bind(account.as_str()).bind(status.as_str());
        answered(by_status.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }
}

impl PostgresStore {
    /// The turn of this position's account, and the position as it is then. Whose it is never changes.
    async fn writing_to(&self, id: PositionId) -> Result<(Writing, PositionRecord), StoreError> {
        let account = existing(&mut *self.reading().await?, id).await?.opened.account;
        let mut transaction = self.writing(&account).await?;
        let held = existing(&mut transaction, id).await?;
        Ok((transaction, held))
    }
}

async fn find_open(
    connection: &mut PgConnection,
    account: &AccountId,
    symbol: &Symbol,
    side: PositionSide,
) -> Result<Option<PositionRecord>, StoreError> {
    let open_one = query(OPEN_ONE).bind(account.as_str()).bind(symbol.as_str()).bind(side.as_str());
    answered(open_one.fetch_optional(connection)).await?.as_ref().map(read).transpose()
}

async fn find(connection: &mut PgConnection, id: PositionId) -> Result<Option<PositionRecord>, StoreError> {
    let row = answered(query(BY_ID).bind(id.0).fetch_optional(connection)).await?;
    row.as_ref().map(read).transpose()
}

async fn existing(connection: &mut PgConnection, id: PositionId) -> Result<PositionRecord, StoreError> {
    find(connection, id).await?.ok_or_else(|| StoreError::NotFound(format!("position {}", id.0)))
}

/// Writes a whole position, under the id that it has.
pub(crate) async fn restore(connection: &mut PgConnection, position: &PositionRecord) -> Result<(), StoreError> {
    let id = insert(connection, Some(position.id), &position.opened).await?;
    match &position.closed {
        Some(closed) => end(connection, id, closed).await,
        None => Ok(()),
    }
}

async fn insert(
    connection: &mut PgConnection,
    id: Option<PositionId>,
    position: &OpenedPosition,
) -> Result<PositionId, StoreError> {
    let insert = query_scalar(INSERT)
        .bind(position.account.as_str())
        .bind(position.venue.as_str())
        .bind(position.symbol.as_str())
        .bind(position.side.as_str())
        .bind(position.direction.as_str())
        .bind(Numeric::from(position.quantity))
        .bind(Numeric::from(position.entry_price))
        .bind(i32::try_from(position.leverage.get()).unwrap_or(i32::MAX))
        .bind(position.margin_mode.as_str())
        .bind(position.strategy.as_str())
        .bind(Moment(position.opened_at))
        .bind(id.map(|PositionId(id)| id));
    answered(insert.fetch_one(connection)).await.map(PositionId)
}

async fn end(connection: &mut PgConnection, id: PositionId, closed: &ClosedPosition) -> Result<(), StoreError> {
    let close = query(CLOSE)
        .bind(id.0)
        .bind(closed.status.as_str())
        .bind(Numeric::from(closed.exit_price))
        .bind(Numeric::from(closed.realized_pnl))
        .bind(Numeric::from(closed.fees))
        .bind(Numeric::from(closed.funding))
        .bind(closed.reason.as_str())
        .bind(Moment(closed.closed_at));
    answered(close.execute(connection)).await.map(drop)
}

/// Whether this is the fill of a flip: on record as what closed another position, and now opening this one.
async fn closed_another(
    connection: &mut PgConnection,
    trade: &TradeRecord,
    position: &OpenedPosition,
) -> Result<bool, StoreError> {
    let Some(known) = trades::find(connection, trade).await? else { return Ok(false) };
    let Some(other) = known.position else { return Ok(false) };
    let report = TradeRecord { position: None, ..trade.clone() };
    let closed = existing(connection, other).await?.closed.is_some();
    Ok(closed && known.completed_by(&report).is_some() && fits(trade, position))
}

fn fits(trade: &TradeRecord, position: &OpenedPosition) -> bool {
    (&trade.account, &trade.venue, &trade.fill.symbol) == (&position.account, &position.venue, &position.symbol)
}

/// Records a trade as one of this position's.
async fn own(
    connection: &mut PgConnection,
    id: PositionId,
    position: &OpenedPosition,
    trade: &TradeRecord,
) -> Result<(), StoreError> {
    if !fits(trade, position) {
        let id = &trade.fill.trade_id;
        return Err(StoreError::Conflict(format!("trade '{id}' is of another account, venue or symbol")));
    }
    let trade = TradeRecord { position: Some(id), ..trade.clone() };
    trades::record(connection, &trade).await?;
    Ok(())
}

pub(crate) fn read(row: &PgRow) -> Result<PositionRecord, StoreError> {
    let row = Columns::of("positions", row);
    let leverage = u32::try_from(row.raw::<i32>("leverage")?).unwrap_or_default();
    let leverage = Leverage::new(leverage).map_err(|error| row.corrupt("leverage", &error.to_string()))?;
    let opened = OpenedPosition {
        account: row.read("account")?,
        venue: row.read("venue")?,
        symbol: row.read("symbol")?,
        side: row.read("side")?,
        direction: row.read("direction")?,
        quantity: row.read("quantity")?,
        entry_price: row.read("entry_price")?,
        leverage,
        margin_mode: row.read("margin_mode")?,
        strategy: row.raw("strategy")?,
        opened_at: row.read("opened_at")?,
    };
    let closed = match row.read("status")? {
        PositionStatus::Open => None,
        status @ (PositionStatus::Closed | PositionStatus::Liquidated) => Some(ended(row, status)?),
    };
    Ok(PositionRecord { id: PositionId(row.raw("id")?), opened, closed })
}

fn ended(row: Columns<'_>, status: PositionStatus) -> Result<ClosedPosition, StoreError> {
    Ok(ClosedPosition {
        status,
        exit_price: row.read("exit_price")?,
        realized_pnl: row.read("realized_pnl")?,
        fees: row.read("fees")?,
        funding: row.read("funding")?,
        reason: row.raw("close_reason")?,
        closed_at: row.read("closed_at")?,
    })
}
