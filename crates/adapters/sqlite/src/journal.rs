//! The order journal, in table `orders`, and composed orders, in a table of their own.

use crate::error::store_error;
use crate::row::{Columns, Text, optional_text};
use crate::{SqliteStore, composed};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, Price, TimeInForce, Timestamp, TriggerBy,
};
use plimsoll_ports::{Advance, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StoreError};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Either, Executor, Sqlite, SqliteConnection, query};

const INSERT: &str = "INSERT INTO orders (account, client_order_id, venue, symbol, side, position_side, kind, price, \
    time_in_force, trigger_price, trigger_by, quantity, reduce_only, purpose, state, intended_at, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 'intended', ?15, ?15) \
    ON CONFLICT (account, client_order_id) DO NOTHING";
/// For a state that is not the last: nothing is touched that the index of what is in hand looks at.
const MOVE_ON: &str = "UPDATE orders SET state = ?3, order_id = ifnull(?4, order_id), updated_at = ?5 \
    WHERE account = ?1 AND client_order_id = ?2 AND state = ?6";
const RECORD: &str = "UPDATE orders SET state = ?3, order_id = ifnull(?4, order_id), reason = ?5, status = ?6, \
    filled = ?7, average_price = ?8, updated_at = ?9 WHERE account = ?1 AND client_order_id = ?2 AND state = ?10";
pub(crate) const ENTRY: &str = "SELECT * FROM orders WHERE account = ?1 AND client_order_id = ?2";
pub(crate) const UNFINISHED: &str = "SELECT * FROM orders WHERE account = ?1 \
    AND (status IS NULL AND reason IS NULL) = 1 ORDER BY intended_at, id";
/// The newest of what is in hand and the newest of what has ended lie in two places of the index: the newest of both are among them.
pub(crate) const RECENT: &str = "SELECT * FROM (SELECT * FROM orders WHERE account = ?1 \
    AND (status IS NULL AND reason IS NULL) = 1 ORDER BY intended_at DESC, id DESC LIMIT ?2) \
    UNION ALL SELECT * FROM (SELECT * FROM orders WHERE account = ?1 \
    AND (status IS NULL AND reason IS NULL) = 0 ORDER BY intended_at DESC, id DESC LIMIT ?2) \
    ORDER BY intended_at DESC, id DESC LIMIT ?2";
/// A range of the index. No text holds U+10FFFF, which is no letter and sorts behind all of them.
pub(crate) const PARTS: &str = "SELECT * FROM orders WHERE account = ?1 AND client_order_id >= ?2 \
    AND client_order_id < ?2 || char(0x10FFFF) ORDER BY intended_at, id";

#[async_trait]
impl OrderJournal for SqliteStore {
    /// One statement, which is a transaction of its own: an order waits for it.
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut turn = self.writer.turn().await?;
        let is_new = insert(turn.connection(), entry).await?;
        turn.keep();
        if is_new {
            self.wrote();
            return Ok(());
        }
        let id = &entry.order.client_order_id;
        match self.entry(&entry.account, id).await? {
            Some(known) if same_intent(&known, entry) => Ok(()),
            _ => Err(another_is_recorded(id)),
        }
    }

    /// One statement where the order was last in the state that it mostly was in. Only from the state that it is thought to be
    /// in does it move: where it is in another, that one is read, and decides.
    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let columns = StateColumns::of(state);
        let mut from = match JournalState::Intended.follow(state)? {
            Advance::Moves => Some(mostly_before(state)),
            Advance::Stands => None,
        };
        loop {
            if let Some(from) = from {
                let mut turn = self.writer.turn().await?;
                let has_moved = set_state(turn.connection(), (account, id, from), &columns, at).await?;
                turn.keep();
                if has_moved {
                    self.wrote();
                    return Ok(());
                }
            }
            let known = self.entry(account, id).await?;
            let known = known.ok_or_else(|| StoreError::NotFound(format!("order '{id}' of account '{account}'")))?;
            from = match known.state.follow(state)? {
                Advance::Moves => Some(known.state.as_str()),
                Advance::Stands => return Ok(()),
            };
        }
    }

    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        let entry = query(ENTRY).bind(account.as_str()).bind(id.as_str());
        entry.fetch_optional(&self.readers).await.map_err(store_error)?.as_ref().map(read).transpose()
    }

    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let unfinished = query(UNFINISHED).bind(account.as_str());
        unfinished.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError> {
        composed::compose(self, entry).await
    }

    async fn end_composed(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        composed::end(self, account, id, how, reason, at).await
    }

    async fn composed(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        composed::find(&mut *self.reading().await?, account, id).await
    }

    async fn working(&self, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        composed::working(self, account).await
    }

    async fn parts(&self, account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let parts = query(PARTS).bind(account.as_str()).bind(name.as_str());
        parts.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let recent = query(RECENT).bind(account.as_str()).bind(limit);
        recent.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }
}

/// Whether both mean the same order; how far it has got, and when, does not matter.
fn same_intent(known: &JournalEntry, entry: &JournalEntry) -> bool {
    (&known.venue, &known.order, known.purpose) == (&entry.venue, &entry.order, entry.purpose)
}

fn another_is_recorded(id: &ClientOrderId) -> StoreError {
    StoreError::Conflict(format!("another order is recorded under id '{id}'"))
}

/// The state that an order mostly was in before it came into this one.
const fn mostly_before(state: &JournalState) -> &'static str {
    match state {
        JournalState::Finished { .. } => "accepted",
        _ => "intended",
    }
}

/// Writes a whole entry, in the state that it has reached.
pub(crate) async fn restore(
    connection: &mut SqliteConnection,
    entry: &JournalEntry,
    order_id: Option<&OrderId>,
) -> Result<(), StoreError> {
    let id = &entry.order.client_order_id;
    if !insert(&mut *connection, entry).await? {
        return Err(another_is_recorded(id));
    }
    let mut state = StateColumns::of(&entry.state);
    state.order_id = state.order_id.or(order_id.map(OrderId::as_str));
    set_state(connection, (&entry.account, id, "intended"), &state, entry.updated_at).await?;
    Ok(())
}

/// Whether the order was in the state `from`; otherwise nothing has changed.
async fn set_state(
    connection: &mut SqliteConnection,
    (account, id, from): (&AccountId, &ClientOrderId, &str),
    it: &StateColumns<'_>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let is_last = it.reason.is_some() || it.status.is_some();
    let statement = query(if is_last { RECORD } else { MOVE_ON });
    let statement = statement.bind(account.as_str()).bind(id.as_str()).bind(it.state).bind(it.order_id);
    let statement = match is_last {
        true => statement.bind(it.reason).bind(it.status).bind(it.filled.as_deref()).bind(it.average_price.as_deref()),
        false => statement,
    };
    touches(statement.bind(at.as_micros()).bind(from), connection).await
}

/// Whether a statement that returns no rows touched any. Its only answer tells, and outside of a transaction what it wrote is on
/// disk by then; that there is no second answer is not waited for.
async fn touches(
    statement: Query<'_, Sqlite, SqliteArguments>,
    connection: &mut SqliteConnection,
) -> Result<bool, StoreError> {
    match connection.fetch_many(statement).try_next().await.map_err(store_error)? {
        Some(Either::Left(written)) => Ok(written.rows_affected() > 0),
        Some(Either::Right(_)) | None => Err(store_error(sqlx::Error::WorkerCrashed)),
    }
}

/// Whether there was no order of this id; otherwise nothing has changed.
async fn insert(connection: &mut SqliteConnection, entry: &JournalEntry) -> Result<bool, StoreError> {
    let order = &entry.order;
    let it = KindColumns::of(&order.kind);
    let quantity = match &order.size {
        OrderSize::Quantity(quantity) => Some(quantity.to_text()),
        OrderSize::WholePosition => None,
    };
    let statement = query(INSERT)
        .bind(entry.account.as_str())
        .bind(order.client_order_id.as_str())
        .bind(entry.venue.as_str())
        .bind(order.symbol.as_str())
        .bind(order.side.as_str())
        .bind(order.position_side.as_str())
        .bind(order.kind.order_type().as_str())
        .bind(optional_text(it.price))
        .bind(optional_text(it.time_in_force))
        .bind(optional_text(it.trigger))
        .bind(optional_text(it.trigger_by))
        .bind(quantity)
        .bind(order.reduce_only)
        .bind(entry.purpose.as_str())
        .bind(entry.intended_at.as_micros());
    touches(statement, connection).await
}

/// What an order's kind puts into its columns.
#[derive(Default)]
struct KindColumns<'a> {
    price: Option<&'a Price>,
    time_in_force: Option<&'a TimeInForce>,
    trigger: Option<&'a Price>,
    trigger_by: Option<&'a TriggerBy>,
}

impl<'a> KindColumns<'a> {
    fn of(kind: &'a OrderKind) -> Self {
        match kind {
            OrderKind::Market => Self::default(),
            OrderKind::Limit { price, time_in_force } => {
                Self { price: Some(price), time_in_force: Some(time_in_force), ..Self::default() }
            }
            OrderKind::StopMarket { trigger, trigger_by } | OrderKind::TakeProfitMarket { trigger, trigger_by } => {
                Self { trigger: Some(trigger), trigger_by: Some(trigger_by), ..Self::default() }
            }
        }
    }
}

/// What a journal state puts into its columns.
#[derive(Default)]
struct StateColumns<'a> {
    state: &'static str,
    order_id: Option<&'a str>,
    reason: Option<&'a str>,
    status: Option<&'static str>,
    filled: Option<String>,
    average_price: Option<String>,
}

impl<'a> StateColumns<'a> {
    fn of(state: &'a JournalState) -> Self {
        match state {
            JournalState::Intended => Self { state: "intended", ..Self::default() },
            JournalState::Unanswered => Self { state: "unanswered", ..Self::default() },
            JournalState::Accepted { order_id } => {
                Self { state: "accepted", order_id: Some(order_id.as_str()), ..Self::default() }
            }
            JournalState::Refused { reason } => Self { state: "refused", reason: Some(reason), ..Self::default() },
            JournalState::NotSent { reason } => Self { state: "not_sent", reason: Some(reason), ..Self::default() },
            JournalState::Finished { status, filled, average_price } => Self {
                state: "finished",
                status: Some(status.as_str()),
                filled: optional_text(filled.as_ref()),
                average_price: optional_text(average_price.as_ref()),
                ..Self::default()
            },
        }
    }
}

pub(crate) fn read(row: &SqliteRow) -> Result<JournalEntry, StoreError> {
    let row = Columns::of("orders", row);
    Ok(JournalEntry {
        account: row.read("account")?,
        venue: row.read("venue")?,
        order: NewOrder {
            client_order_id: ClientOrderId::reported(row.raw::<&str>("client_order_id")?),
            symbol: row.read("symbol")?,
            side: row.read("side")?,
            position_side: row.read("position_side")?,
            kind: kind(row)?,
            size: row.optional("quantity")?.map_or(OrderSize::WholePosition, OrderSize::Quantity),
            reduce_only: row.raw("reduce_only")?,
        },
        purpose: row.read("purpose")?,
        state: state(row)?,
        intended_at: row.time("intended_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn kind(row: Columns<'_>) -> Result<OrderKind, StoreError> {
    match row.raw("kind")? {
        "market" => Ok(OrderKind::Market),
        "limit" => Ok(OrderKind::Limit { price: row.read("price")?, time_in_force: row.read("time_in_force")? }),
        "stop_market" => {
            Ok(OrderKind::StopMarket { trigger: row.read("trigger_price")?, trigger_by: row.read("trigger_by")? })
        }
        "take_profit_market" => {
            Ok(OrderKind::TakeProfitMarket { trigger: row.read("trigger_price")?, trigger_by: row.read("trigger_by")? })
        }
        word => Err(row.corrupt("kind", &format!("unknown word '{word}'"))),
    }
}

fn state(row: Columns<'_>) -> Result<JournalState, StoreError> {
    match row.raw("state")? {
        "intended" => Ok(JournalState::Intended),
        "unanswered" => Ok(JournalState::Unanswered),
        "accepted" => Ok(JournalState::Accepted { order_id: row.read("order_id")? }),
        "refused" => Ok(JournalState::Refused { reason: row.raw("reason")? }),
        "not_sent" => Ok(JournalState::NotSent { reason: row.raw("reason")? }),
        "finished" => Ok(JournalState::Finished {
            status: row.read("status")?,
            filled: row.optional("filled")?,
            average_price: row.optional("average_price")?,
        }),
        word => Err(row.corrupt("state", &format!("unknown word '{word}'"))),
    }
}
