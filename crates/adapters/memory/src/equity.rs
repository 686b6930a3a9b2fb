//! The equity curve.

use crate::MemoryStore;
use crate::funding::before;
use crate::store::Books;
use crate::table::Row;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Money, Timestamp};
use plimsoll_ports::{EquityRepository, PnlSnapshot, StoreError};
use std::collections::BTreeMap;

/// Each account's highest equity so far, so that nobody has to read its whole curve.
pub(crate) type Peaks = BTreeMap<AccountId, Money>;

impl Row for PnlSnapshot {
    type Key = Timestamp;

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> Timestamp {
        self.time
    }

    fn time(&self) -> Timestamp {
        self.time
    }
}

#[async_trait]
impl EquityRepository for MemoryStore {
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
        let mut books = self.books();
        match books.curve.find(&snapshot.account, &snapshot.time) {
            Some(known) if known == snapshot => Ok(()),
            Some(_) => {
                let micros = snapshot.time.as_micros();
                Err(StoreError::Conflict(format!("another point of the curve is recorded at {micros} µs")))
            }
            None => add(&mut books, snapshot.clone()),
        }
    }

    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
        Ok(self.books().curve.after(account, before(now, days), now).cloned().collect())
    }

    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError> {
        Ok(self.books().peaks.get(account).copied())
    }

    async fn peak_earned(&self, account: &AccountId, now: Timestamp) -> Result<Option<Money>, StoreError> {
        let books = self.books();
        let so_far = books.curve.within(account, Timestamp::from_micros(i64::MIN), now);
        Ok(so_far.map(PnlSnapshot::earned).max())
    }

    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        Ok(self.books().curve.since(account, since).next().cloned())
    }

    async fn last_until(&self, account: &AccountId, until: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        Ok(self.books().curve.after(account, before(until, 1), until).next_back().cloned())
    }
}

/// Adds a point, and lifts the peak if it is above it.
pub(crate) fn add(books: &mut Books, point: PnlSnapshot) -> Result<(), StoreError> {
    let equity = point.equity();
    let account = point.account.clone();
    books.curve.add(point)?;
    books.peaks.entry(account).and_modify(|peak| *peak = equity.max(*peak)).or_insert(equity);
    Ok(())
}
