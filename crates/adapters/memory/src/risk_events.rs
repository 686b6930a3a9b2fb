//! What the limits did.

use crate::MemoryStore;
use crate::table::Row;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Symbol, Timestamp};
use plimsoll_ports::{RiskEventRecord, RiskEventRepository, StoreError};

impl Row for RiskEventRecord {
    type Key = (Timestamp, String, Option<Symbol>, String);

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> (Timestamp, String, Option<Symbol>, String) {
        (self.time, self.kind.clone(), self.symbol.clone(), self.detail.clone())
    }

    fn time(&self) -> Timestamp {
        self.time
    }
}

#[async_trait]
impl RiskEventRepository for MemoryStore {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        let mut books = self.books();
        match books.risk_events.find(&event.account, &event.key()) {
            Some(known) if known == event => {}
            Some(_) => return Err(StoreError::Conflict(format!("'{}' is recorded with other figures", event.kind))),
            None => books.risk_events.put(event.clone()),
        }
        Ok(())
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        Ok(self.books().risk_events.since(account, since).cloned().collect())
    }
}
