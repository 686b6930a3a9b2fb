//! The order journal in memory.

use super::Store;
use async_trait::async_trait;
use plimsoll_ports::domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedState, JournalEntry, JournalState, OrderJournal, StoreError};

#[async_trait]
impl OrderJournal for Store {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if tables.takes_no_orders {
            return Err(StoreError::Unreachable("no database".to_owned()));
        }
        let same_id = |known: &JournalEntry| known.order.client_order_id == entry.order.client_order_id;
        match tables.journal.iter().find(|known| same_id(known)) {
            Some(known) => assert_eq!(known.order, entry.order, "an id was given to two orders"),
            None => tables.journal.push(entry.clone()),
        }
        Ok(())
    }

    async fn record(
        &self,
        _: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if tables.takes_no_states {
            return Err(StoreError::Unreachable("no database".to_owned()));
        }
        let entry = tables.journal.iter_mut().find(|entry| entry.order.client_order_id == *id);
        let entry = entry.ok_or_else(|| StoreError::NotFound(id.to_string()))?;
        if state.rank() > entry.state.rank() {
            (entry.state, entry.updated_at) = (state.clone(), at);
        }
        Ok(())
    }

    async fn entry(&self, _: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        Ok(self.up()?.journal.iter().find(|entry| entry.order.client_order_id == *id).cloned())
    }

    async fn unfinished(&self, _: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(self.up()?.journal.iter().filter(|entry| !entry.state.is_final()).cloned().collect())
    }

    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        match tables.composed.iter().find(|known| known.id == entry.id) {
            Some(known) => assert_eq!(known.order, entry.order, "an id was given to two composed orders"),
            None => tables.composed.push(entry.clone()),
        }
        if tables.loses_composed {
            tables.down = tables.falls_with_composed;
            return Err(StoreError::Unreachable("the answer was lost".to_owned()));
        }
        Ok(())
    }

    async fn end_composed(
        &self,
        _: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        let entry = tables.composed.iter_mut().find(|entry| entry.id == *id);
        let entry = entry.ok_or_else(|| StoreError::NotFound(id.to_string()))?;
        if entry.state == ComposedState::Working {
            entry.state = ComposedState::Ended { how, reason: reason.to_owned() };
            entry.updated_at = at;
        }
        Ok(())
    }

    async fn composed(&self, _: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        Ok(self.up()?.composed.iter().find(|entry| entry.id == *id).cloned())
    }

    async fn working(&self, _: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        Ok(self.up()?.composed.iter().filter(|entry| entry.state == ComposedState::Working).cloned().collect())
    }

    async fn parts(&self, _: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let is_part = |it: &&JournalEntry| it.order.client_order_id.as_str().starts_with(name.as_str());
        Ok(self.up()?.journal.iter().filter(is_part).cloned().collect())
    }

    async fn recent(&self, _: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(self.up()?.journal.iter().rev().take(limit as usize).cloned().collect())
    }
}
