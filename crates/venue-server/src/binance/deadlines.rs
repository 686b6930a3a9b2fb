//! Orders that the venue cancels in time, since the exchange knows no dates.

use plimsoll_domain::{AccountId, OrderId, Symbol};
use std::collections::{BTreeMap, BTreeSet};

/// What falls due, and when. Times are milliseconds of the server's clock.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// When good-till-date orders end; kept after they have, for those who ask.
    good_till: BTreeMap<OrderId, i64>,
    waiting: BTreeSet<Dated>,
    /// When every order of a contract is cancelled unless the account says otherwise.
    countdowns: BTreeMap<(AccountId, Symbol), i64>,
}

/// An order that ends at a date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dated {
    pub(crate) at: i64,
    pub(crate) account: AccountId,
    pub(crate) symbol: Symbol,
    pub(crate) order: OrderId,
}

impl Deadlines {
    /// When an order ends by its date.
    pub(crate) fn good_till(&self, order: &OrderId) -> Option<i64> {
        self.good_till.get(order).copied()
    }

    /// Remembers when an order ends.
    pub(crate) fn end_at(&mut self, dated: Dated) {
        self.good_till.insert(dated.order.clone(), dated.at);
        self.waiting.insert(dated);
    }

    /// Forgets when orders ended that ended before then.
    pub(crate) fn forget_before(&mut self, millis: i64) {
        self.good_till.retain(|_, at| *at >= millis);
    }

    /// Cancels a contract's orders at this time; each call replaces the one before, and `None` stops it.
    pub(crate) fn count_down(&mut self, account: AccountId, symbol: Symbol, at: Option<i64>) {
        match at {
            Some(at) => self.countdowns.insert((account, symbol), at),
            None => self.countdowns.remove(&(account, symbol)),
        };
    }

    /// Takes the orders whose date has come.
    pub(crate) fn dated_until(&mut self, now: i64) -> Vec<Dated> {
        let mut due = Vec::new();
        while self.waiting.first().is_some_and(|dated| dated.at <= now) {
            due.extend(self.waiting.pop_first());
        }
        due
    }

    /// Takes the countdowns that have run out.
    pub(crate) fn run_out(&mut self, now: i64) -> Vec<(AccountId, Symbol)> {
        self.countdowns.extract_if(.., |_, at| *at <= now).map(|(key, _)| key).collect()
    }
}
