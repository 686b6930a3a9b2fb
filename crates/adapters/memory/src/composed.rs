//! Composed orders. Their parts are orders of the journal.

use crate::MemoryStore;
use crate::table::Row;
use plimsoll_domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedState, StoreError};

impl Row for ComposedEntry {
    type Key = ClientOrderId;

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> ClientOrderId {
        self.id.clone()
    }

    fn time(&self) -> Timestamp {
        self.placed_at
    }
}

pub(crate) fn compose(store: &MemoryStore, entry: &ComposedEntry) -> Result<(), StoreError> {
    let mut books = store.books();
    match books.composed.find(&entry.account, &entry.id) {
        Some(known) if same_order(known, entry) => return Ok(()),
        Some(_) => {
            return Err(StoreError::Conflict(format!("another composed order is recorded under id '{}'", entry.id)));
        }
        None => {}
    }
    books.composed.put(ComposedEntry { state: ComposedState::Working, updated_at: entry.placed_at, ..entry.clone() });
    Ok(())
}

/// Whether both mean the same; whether it goes on, and since when, does not matter.
fn same_order(known: &ComposedEntry, entry: &ComposedEntry) -> bool {
    (&known.venue, &known.order) == (&entry.venue, &entry.order)
}

pub(crate) fn end(
    store: &MemoryStore,
    account: &AccountId,
    id: &ClientOrderId,
    how: ComposedEnd,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut books = store.books();
    let known = books.composed.find_mut(account, id);
    let known = known.ok_or_else(|| StoreError::NotFound(format!("composed order '{id}' of account '{account}'")))?;
    if known.state == ComposedState::Working {
        known.state = ComposedState::Ended { how, reason: reason.to_owned() };
        known.updated_at = at;
    }
    Ok(())
}

pub(crate) fn find(store: &MemoryStore, account: &AccountId, id: &ClientOrderId) -> Option<ComposedEntry> {
    store.books().composed.find(account, id).cloned()
}

pub(crate) fn working(store: &MemoryStore, account: &AccountId) -> Vec<ComposedEntry> {
    let books = store.books();
    books.composed.of(account).filter(|entry| entry.state == ComposedState::Working).cloned().collect()
}
