//! The order journal, in table `orders`, and composed orders, in a table of their own.

use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::answered;
use crate::{PostgresStore, composed};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, Price, Quantity, TimeInForce, Timestamp,
    TriggerBy,
};
use plimsoll_ports::{Advance, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query};

const INSERT: &str = "INSERT INTO orders (account, client_order_id, venue, symbol, side, position_side, kind, price, \
    time_in_force, trigger_price, trigger_by, quantity, reduce_only, purpose, state, intended_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'intended', $15, $15)";
const RECORD: &str = "UPDATE orders SET state = $3, order_id = coalesce($4, order_id), reason = $5, status = $6, \
    filled = $7, average_price = $8, updated_at = $9 WHERE account = $1 AND client_order_id = $2";
pub(crate) const ENTRY: &str = "SELECT * FROM orders WHERE account = $1 AND client_order_id = $2";
pub(crate) const UNFINISHED: &str = "SELECT * FROM orders WHERE account = $1 \
    AND state IN ('intended', 'unanswered', 'accepted') ORDER BY intended_at, id";
pub(crate) const RECENT: &str = "SELECT * FROM orders WHERE account = $1 ORDER BY intended_at DESC, id DESC LIMIT $2";
/// A range of the index, which sorts by bytes. No text holds U+10FFFF, which is no letter and sorts behind all of them.
pub(crate) const PARTS: &str = "SELECT * FROM orders WHERE account = $1 AND client_order_id >= $2 \
    AND client_order_id < $2 || U&'\\+10FFFF' ORDER BY intended_at, id";

#[async_trait]
impl OrderJournal for PostgresStore {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut transaction = self.writing(&entry.account).await?;
        let id = &entry.order.client_order_id;
        match find(&mut transaction, &entry.account, id).await? {
            Some(known) if same_intent(&known, entry) => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("another order is recorded under id '{id}'"))),
            None => insert(&mut transaction, entry).await?,
        }
        transaction.commit().await
    }

    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.writing(account).await?;
        let known = find(&mut transaction, account, id).await?;
        let known = known.ok_or_else(|| StoreError::NotFound(format!("order '{id}' of account '{account}'")))?;
        match known.state.follow(state)? {
            Advance::Stands => return Ok(()),
            Advance::Moves => {}
        }
        set_state(&mut transaction, account, id, &StateColumns::of(state), at).await?;
        transaction.commit().await
    }

    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        find(&mut *self.reading().await?, account, id).await
    }

    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let unfinished = query(UNFINISHED).bind(account.as_str());
        answered(unfinished.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
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
        answered(parts.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let recent = query(RECENT).bind(account.as_str()).bind(i64::from(limit));
        answered(recent.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }
}

/// Whether both mean the same order; how far it has got, and when, does not matter.
fn same_intent(known: &JournalEntry, entry: &JournalEntry) -> bool {
    (&known.venue, &known.order, known.purpose) == (&entry.venue, &entry.order, entry.purpose)
}

async fn find(
    connection: &mut PgConnection,
    account: &AccountId,
    id: &ClientOrderId,
) -> Result<Option<JournalEntry>, StoreError> {
    let entry = query(ENTRY).bind(account.as_str()).bind(id.as_str());
    answered(entry.fetch_optional(connection)).await?.as_ref().map(read).transpose()
}

/// Writes a whole entry, in the state that it has reached.
pub(crate) async fn restore(
    connection: &mut PgConnection,
    entry: &JournalEntry,
    order_id: Option<&OrderId>,
) -> Result<(), StoreError> {
    insert(connection, entry).await?;
    let mut state = StateColumns::of(&entry.state);
    state.order_id = state.order_id.or(order_id.map(OrderId::as_str));
    set_state(connection, &entry.account, &entry.order.client_order_id, &state, entry.updated_at).await
}

async fn set_state(
    connection: &mut PgConnection,
    account: &AccountId,
    id: &ClientOrderId,
    it: &StateColumns<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let record = query(RECORD)
        .bind(account.as_str())
        .bind(id.as_str())
        .bind(it.state)
        .bind(it.order_id)
        .bind(it.reason)
        .bind(it.status)
        .bind(it.filled.map(Numeric::from))
        .bind(it.average_price.map(Numeric::from))
        .bind(Moment(at));
    answered(record.execute(connection)).await.map(drop)
}

async fn insert(connection: &mut PgConnection, entry: &JournalEntry) -> Result<(), StoreError> {
    let order = &entry.order;
    let it = KindColumns::of(&order.kind);
    let quantity = match &order.size {
        OrderSize::Quantity(quantity) => Some(Numeric::from(*quantity)),
        OrderSize::WholePosition => None,
    };
    let insert = query(INSERT)
        .bind(entry.account.as_str())
        .bind(order.client_order_id.as_str())
        .bind(entry.venue.as_str())
        .bind(order.symbol.as_str())
        .bind(order.side.as_str())
        .bind(order.position_side.as_str())
        .bind(order.kind.order_type().as_str())
        .bind(it.price.map(Numeric::from))
        .bind(it.time_in_force.map(|it| it.as_str()))
        .bind(it.trigger.map(Numeric::from))
        .bind(it.trigger_by.map(|it| it.as_str()))
        .bind(quantity)
        .bind(order.reduce_only)
        .bind(entry.purpose.as_str())
        .bind(Moment(entry.intended_at));
    answered(insert.execute(connection)).await.map(drop)
}

/// What an order's kind puts into its columns.
#[derive(Default)]
struct KindColumns {
    price: Option<Price>,
    time_in_force: Option<TimeInForce>,
    trigger: Option<Price>,
    trigger_by: Option<TriggerBy>,
}

impl KindColumns {
    fn of(kind: &OrderKind) -> Self {
        match *kind {
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
    filled: Option<Quantity>,
    average_price: Option<Price>,
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
                filled: *filled,
                average_price: *average_price,
                ..Self::default()
            },
        }
    }
}

pub(crate) fn read(row: &PgRow) -> Result<JournalEntry, StoreError> {
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
        intended_at: row.read("intended_at")?,
        updated_at: row.read("updated_at")?,
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
