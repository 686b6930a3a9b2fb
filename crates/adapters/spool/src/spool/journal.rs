//! The order journal, through the spool.

use super::Spool;
use crate::write::Write;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::{Advance, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StoreError};

impl Spool {
    /// The journal entry as the writes that wait make it.
    async fn merged(
        &self,
        known: Option<JournalEntry>,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<JournalEntry>, StoreError> {
        let (account, id) = (account.clone(), id.clone());
        self.pending(move |writes| writes.fold(known, |known, write| with(known, write, &account, &id))).await
    }

    async fn pending_intents(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let account = account.clone();
        self.pending(move |writes| {
            let intents = writes.filter_map(|write| match write {
                Write::Intend(entry) if entry.account == account => Some((**entry).clone()),
                _ => None,
            });
            intents.collect()
        })
        .await
    }

    /// Entries of the store and of the spool together, each as far as both know it.
    async fn merge_all(
        &self,
        account: &AccountId,
        mut entries: Vec<JournalEntry>,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        if !self.is_spooling() {
            return Ok(entries);
        }
        for intent in self.pending_intents(account).await? {
            if !entries.iter().any(|known| known.order.client_order_id == intent.order.client_order_id) {
                entries.push(intent);
            }
        }
        let mut merged = Vec::new();
        for entry in entries {
            let id = entry.order.client_order_id.clone();
            merged.extend(self.merged(Some(entry), account, &id).await?);
        }
        Ok(merged)
    }
}

/// An entry with one more write.
fn with(known: Option<JournalEntry>, write: &Write, account: &AccountId, id: &ClientOrderId) -> Option<JournalEntry> {
    match write {
        Write::Intend(entry) if known.is_none() && entry.account == *account && entry.order.client_order_id == *id => {
            Some(JournalEntry { state: JournalState::Intended, ..(**entry).clone() })
        }
        Write::Record { account: whose, id: which, state, at } if whose == account && which == id => {
            known.map(|entry| match entry.state.follow(state) {
                Ok(Advance::Moves) => JournalEntry { state: state.clone(), updated_at: *at, ..entry },
                Ok(Advance::Stands) | Err(_) => entry,
            })
        }
        _ => known,
    }
}

#[async_trait]
impl OrderJournal for Spool {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let through = OrderJournal::intend(&**self.store(), entry);
        if entry.order.adds_exposure() {
            return self.write_through(through).await;
        }
        self.write(|| Write::Intend(Box::new(entry.clone())), through, ()).await
    }

    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let through = OrderJournal::record(&**self.store(), account, id, state, at);
        let write = || Write::Record { account: account.clone(), id: id.clone(), state: state.clone(), at };
        self.write(write, through, ()).await
    }

    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        let known = self.read(OrderJournal::entry(&**self.store(), account, id)).await;
        if !self.is_spooling() {
            return known;
        }
        match (self.merged(known.clone().ok().flatten(), account, id).await?, known) {
            (Some(entry), _) => Ok(Some(entry)),
            (None, known) => known,
        }
    }

    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let known = self.read(OrderJournal::unfinished(&**self.store(), account)).await?;
        let mut merged = self.merge_all(account, known).await?;
        merged.retain(|entry| !entry.state.is_final());
        merged.sort_by_key(|entry| entry.intended_at);
        Ok(merged)
    }

    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError> {
        let through = OrderJournal::compose(&**self.store(), entry);
        if entry.order.opening().is_some() {
            return self.write_through(through).await;
        }
        self.write(|| Write::Compose(Box::new(entry.clone())), through, ()).await
    }

    async fn end_composed(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let through = OrderJournal::end_composed(&**self.store(), account, id, how, reason, at);
        let write = || {
            let (account, id, reason) = (account.clone(), id.clone(), reason.to_owned());
            Write::EndComposed { account, id, how, reason, at }
        };
        self.write(write, through, ()).await
    }

    async fn composed(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        let known = self.read(OrderJournal::composed(&**self.store(), account, id)).await;
        if !self.is_spooling() {
            return known;
        }
        match (self.composed_as_it_waits(known.clone().ok().flatten(), account, id).await?, known) {
            (Some(entry), _) => Ok(Some(entry)),
            (None, known) => known,
        }
    }

    async fn working(&self, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        let known = self.read(OrderJournal::working(&**self.store(), account)).await?;
        self.working_as_it_waits(account, known).await
    }

    async fn parts(&self, account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let known = self.read(OrderJournal::parts(&**self.store(), account, name)).await?;
        let mut merged = self.merge_all(account, known).await?;
        merged.retain(|entry| entry.order.client_order_id.as_str().starts_with(name.as_str()));
        merged.sort_by_key(|entry| entry.intended_at);
        Ok(merged)
    }

    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let known = self.read(OrderJournal::recent(&**self.store(), account, limit)).await?;
        if !self.is_spooling() {
            return Ok(known);
        }
        let mut merged = self.merge_all(account, known).await?;
        merged.sort_by_key(|entry| std::cmp::Reverse(entry.intended_at));
        merged.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(merged)
    }
}
