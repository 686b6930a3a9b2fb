//! Composed orders, as the store and the writes that wait make them.

use super::Spool;
use crate::write::Write;
use plimsoll_domain::{AccountId, ClientOrderId};
use plimsoll_ports::{ComposedEntry, ComposedState, StoreError};

impl Spool {
    /// What the store knows of one, with the writes that wait.
    pub(super) async fn composed_as_it_waits(
        &self,
        known: Option<ComposedEntry>,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<ComposedEntry>, StoreError> {
        let (account, id) = (account.clone(), id.clone());
        self.pending(move |writes| writes.fold(known, |known, write| with(known, write, &account, &id))).await
    }

    /// What the store knows to go on, with the writes that wait.
    pub(super) async fn working_as_it_waits(
        &self,
        account: &AccountId,
        known: Vec<ComposedEntry>,
    ) -> Result<Vec<ComposedEntry>, StoreError> {
        if !self.is_spooling() {
            return Ok(known);
        }
        let account = account.clone();
        self.pending(move |writes| writes.fold(known, |known, write| all_with(known, write, &account))).await
    }
}

/// One with one more write.
fn with(known: Option<ComposedEntry>, write: &Write, account: &AccountId, id: &ClientOrderId) -> Option<ComposedEntry> {
    match write {
        Write::Compose(entry) if known.is_none() && entry.account == *account && entry.id == *id => Some(placed(entry)),
        Write::EndComposed { account: whose, id: which, how, reason, at } if whose == account && which == id => known
            .map(|entry| match entry.state {
                ComposedState::Working => {
                    let state = ComposedState::Ended { how: *how, reason: reason.clone() };
                    ComposedEntry { state, updated_at: *at, ..entry }
                }
                ComposedState::Ended { .. } => entry,
            }),
        _ => known,
    }
}

/// Those that go on, oldest first, with one more write.
fn all_with(mut known: Vec<ComposedEntry>, write: &Write, account: &AccountId) -> Vec<ComposedEntry> {
    match write {
        Write::Compose(entry) if entry.account == *account && known.iter().all(|it| it.id != entry.id) => {
            known.push(placed(entry));
            known.sort_by_key(|it| it.placed_at);
        }
        Write::EndComposed { account: whose, id, .. } if whose == account => known.retain(|it| it.id != *id),
        _ => {}
    }
    known
}

/// As it is when it is written down, whatever it says of itself.
fn placed(entry: &ComposedEntry) -> ComposedEntry {
    ComposedEntry { state: ComposedState::Working, updated_at: entry.placed_at, ..entry.clone() }
}
