//! The order journal.

use crate::table::Row;
use crate::{MemoryStore, composed};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, OrderId, Timestamp};
use plimsoll_ports::{Advance, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StoreError};

/// An order, and the venue's id of it, which it keeps when it has ended.
pub(crate) struct Journalled {
    pub(crate) entry: JournalEntry,
    pub(crate) order_id: Option<OrderId>,
}

impl Row for Journalled {
    type Key = ClientOrderId;

    fn account(&self) -> &AccountId {
        &self.entry.account
    }

    fn key(&self) -> ClientOrderId {
        self.entry.order.client_order_id.clone()
    }

    fn time(&self) -> Timestamp {
        self.entry.intended_at
    }
}

#[async_trait]
impl OrderJournal for MemoryStore {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut books = self.books();
        let id = &entry.order.client_order_id;
        match books.orders.find(&entry.account, id) {
            Some(known) if same_intent(&known.entry, entry) => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("another order is recorded under id '{id}'"))),
            None => {}
        }
        let (state, updated_at) = (JournalState::Intended, entry.intended_at);
        books.orders.put(Journalled { entry: JournalEntry { state, updated_at, ..entry.clone() }, order_id: None });
        Ok(())
    }

    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut books = self.books();
        let known = books.orders.find_mut(account, id);
        let known = known.ok_or_else(|| StoreError::NotFound(format!("order '{id}' of account '{account}'")))?;
        match known.entry.state.follow(state)? {
            Advance::Stands => {}
            Advance::Moves => {
                if let JournalState::Accepted { order_id } = state {
                    known.order_id = Some(order_id.clone());
                }
                (known.entry.state, known.entry.updated_at) = (state.clone(), at);
            }
        }
        Ok(())
    }

    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        Ok(self.books().orders.find(account, id).map(|known| known.entry.clone()))
    }

    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let books = self.books();
        let entries = books.orders.of(account).map(|known| &known.entry);
        Ok(entries.filter(|entry| !entry.state.is_final()).cloned().collect())
    }

    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError> {
        composed::compose(self, entry)
    }

    async fn end_composed(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        composed::end(self, account, id, how, reason, at)
    }

    async fn composed(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        Ok(composed::find(self, account, id))
    }

    async fn working(&self, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        Ok(composed::working(self, account))
    }

    async fn parts(&self, account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let books = self.books();
        let entries = books.orders.of(account).map(|known| &known.entry);
        let is_part = |entry: &&JournalEntry| entry.order.client_order_id.as_str().starts_with(name.as_str());
        Ok(entries.filter(is_part).cloned().collect())
    }

    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.books().orders.of(account).rev().take(limit).map(|known| known.entry.clone()).collect())
    }
}

/// Whether both mean the same order; how far it has got, and when, does not matter.
fn same_intent(known: &JournalEntry, entry: &JournalEntry) -> bool {
    (&known.venue, &known.order, known.purpose) == (&entry.venue, &entry.order, entry.purpose)
}
