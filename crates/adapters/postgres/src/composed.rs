//! Composed orders, in table `composed_orders`. Their parts are orders of the journal.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::row::Columns;
use crate::store::answered;
use plimsoll_domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedState, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query};

const INSERT: &str = "INSERT INTO composed_orders (account, name, venue, plan, state, reason, placed_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const END: &str =
    "UPDATE composed_orders SET state = $3, reason = $4, updated_at = $5 WHERE account = $1 AND name = $2";
pub(crate) const BY_KEY: &str = "SELECT * FROM composed_orders WHERE account = $1 AND name = $2";
pub(crate) const WORKING: &str = "SELECT * FROM composed_orders WHERE account = $1 AND state = 'working' \
    ORDER BY placed_at, id";

pub(crate) async fn compose(store: &PostgresStore, entry: &ComposedEntry) -> Result<(), StoreError> {
    let mut transaction = store.writing(&entry.account).await?;
    match find(&mut transaction, &entry.account, &entry.id).await? {
        Some(known) if same_order(&known, entry) => return Ok(()),
        Some(_) => {
            return Err(StoreError::Conflict(format!("another composed order is recorded under id '{}'", entry.id)));
        }
        None => {
            let placed = ComposedEntry { state: ComposedState::Working, updated_at: entry.placed_at, ..entry.clone() };
            insert(&mut transaction, &placed).await?;
        }
    }
    transaction.commit().await
}

/// Whether both mean the same; whether it goes on, and since when, does not matter.
fn same_order(known: &ComposedEntry, entry: &ComposedEntry) -> bool {
    (&known.venue, &known.order) == (&entry.venue, &entry.order)
}

pub(crate) async fn end(
    store: &PostgresStore,
    account: &AccountId,
    id: &ClientOrderId,
    how: ComposedEnd,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = store.writing(account).await?;
    let known = find(&mut transaction, account, id).await?;
    let known = known.ok_or_else(|| StoreError::NotFound(format!("composed order '{id}' of account '{account}'")))?;
    if known.state != ComposedState::Working {
        return Ok(());
    }
    let end = query(END).bind(account.as_str()).bind(id.as_str()).bind(how.as_str()).bind(reason).bind(Moment(at));
    answered(end.execute(&mut *transaction)).await?;
    transaction.commit().await
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    account: &AccountId,
    id: &ClientOrderId,
) -> Result<Option<ComposedEntry>, StoreError> {
    let entry = query(BY_KEY).bind(account.as_str()).bind(id.as_str());
    answered(entry.fetch_optional(connection)).await?.as_ref().map(read).transpose()
}

pub(crate) async fn working(store: &PostgresStore, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
    let working = query(WORKING).bind(account.as_str());
    answered(working.map(|row| read(&row)).fetch_all(&mut *store.reading().await?)).await?.into_iter().collect()
}

/// Writes a whole entry, in the state that it has reached.
pub(crate) async fn insert(connection: &mut PgConnection, entry: &ComposedEntry) -> Result<(), StoreError> {
    let reason = match &entry.state {
        ComposedState::Working => None,
        ComposedState::Ended { reason, .. } => Some(reason.as_str()),
    };
    let insert = query(INSERT)
        .bind(entry.account.as_str())
        .bind(entry.id.as_str())
        .bind(entry.venue.as_str())
        .bind(entry.order.to_string())
        .bind(entry.state.as_str())
        .bind(reason)
        .bind(Moment(entry.placed_at))
        .bind(Moment(entry.updated_at));
    answered(insert.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<ComposedEntry, StoreError> {
    let row = Columns::of("composed_orders", row);
    Ok(ComposedEntry {
        account: row.read("account")?,
        venue: row.read("venue")?,
        id: ClientOrderId::reported(row.raw::<&str>("name")?),
        order: row.read("plan")?,
        state: match row.raw("state")? {
            "working" => ComposedState::Working,
            _ => ComposedState::Ended { how: row.read("state")?, reason: row.raw("reason")? },
        },
        placed_at: row.read("placed_at")?,
        updated_at: row.read("updated_at")?,
    })
}
