//! Records of one kind: in the order of recording, by their key, and each account's by time.

use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};

/// What a table holds.
pub(crate) trait Row {
    /// What it is known by, within its account.
    type Key: Ord;

    fn account(&self) -> &AccountId;
    fn key(&self) -> Self::Key;
    /// What histories are sorted by. It never changes.
    fn time(&self) -> Timestamp;
}

/// Every record of one kind.
pub(crate) struct Table<R: Row> {
    rows: Vec<R>,
    by_key: BTreeMap<AccountId, BTreeMap<R::Key, usize>>,
    /// The number breaks ties: those of one moment stay in the order of recording.
    by_time: BTreeMap<AccountId, BTreeSet<(Timestamp, usize)>>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), by_key: BTreeMap::new(), by_time: BTreeMap::new() }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, in the order of recording.
    pub(crate) fn rows(&self) -> &[R] {
        &self.rows
    }

    pub(crate) fn find(&self, account: &AccountId, key: &R::Key) -> Option<&R> {
        self.by_key.get(account)?.get(key).and_then(|number| self.rows.get(*number))
    }

    pub(crate) fn find_mut(&mut self, account: &AccountId, key: &R::Key) -> Option<&mut R> {
        self.by_key.get(account)?.get(key).and_then(|number| self.rows.get_mut(*number))
    }

    /// Adds a record, or puts it in the place of the one with its key.
    pub(crate) fn put(&mut self, row: R) {
        let key = row.key();
        if let Some(known) = self.find_mut(&row.account().clone(), &key) {
            *known = row;
            return;
        }
        let number = self.rows.len();
        self.by_time.entry(row.account().clone()).or_default().insert((row.time(), number));
        self.by_key.entry(row.account().clone()).or_default().insert(key, number);
        self.rows.push(row);
    }

    /// Adds a record whose key is not there yet.
    pub(crate) fn add(&mut self, row: R) -> Result<(), StoreError> {
        if self.find(row.account(), &row.key()).is_some() {
            return Err(StoreError::Conflict("two records under one key".to_owned()));
        }
        self.put(row);
        Ok(())
    }

    /// The account's at or after `first` and up to and with `last`, oldest first.
    pub(crate) fn within(
        &self,
        account: &AccountId,
        first: Timestamp,
        last: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &R> {
        let times = self.by_time.get(account).filter(|_| first <= last);
        let within = times.map(|times| times.range((first, 0)..=(last, usize::MAX)));
        within.into_iter().flatten().filter_map(|(_, number)| self.rows.get(*number))
    }

    /// The account's after `first` and up to and with `last`, oldest first.
    pub(crate) fn after(
        &self,
        account: &AccountId,
        first: Timestamp,
        last: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &R> {
        let times = self.by_time.get(account).filter(|_| first < last);
        let after = times.map(|times| times.range((Excluded((first, usize::MAX)), Included((last, usize::MAX)))));
        after.into_iter().flatten().filter_map(|(_, number)| self.rows.get(*number))
    }

    /// All of the account's at or after `first`, oldest first.
    pub(crate) fn since(&self, account: &AccountId, first: Timestamp) -> impl DoubleEndedIterator<Item = &R> {
        self.within(account, first, Timestamp::from_micros(i64::MAX))
    }

    /// All of the account's, oldest first.
    pub(crate) fn of(&self, account: &AccountId) -> impl DoubleEndedIterator<Item = &R> {
        self.since(account, Timestamp::from_micros(i64::MIN))
    }
}
