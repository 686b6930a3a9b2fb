//! Orders that the venue cancels in time, since the exchange knows no dates. Times are of the clock that requests are
//! judged by.

use plimsoll_domain::{AccountId, OrderId, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What falls due, and when.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// When the orders of a contract, or of all, are cancelled unless the account says otherwise.
    countdowns: BTreeMap<(AccountId, Option<Symbol>), Timestamp>,
    /// When trigger orders are given up.
    triggers: BTreeSet<(Timestamp, AccountId, OrderId)>,
}

impl Deadlines {
    /// Cancels at this time; each call replaces the one before, and `None` stops it.
    pub(crate) fn count_down(&mut self, account: AccountId, symbol: Option<Symbol>, at: Option<Timestamp>) {
        match at {
            Some(at) => self.countdowns.insert((account, symbol), at),
            None => self.countdowns.remove(&(account, symbol)),
        };
    }

    /// Gives a trigger order up at this time.
    pub(crate) fn expire_at(&mut self, at: Timestamp, account: AccountId, order: OrderId) {
        self.triggers.insert((at, account, order));
    }

    /// Takes the countdowns that have run out.
    pub(crate) fn run_out(&mut self, now: Timestamp) -> Vec<(AccountId, Option<Symbol>)> {
        self.countdowns.extract_if(.., |_, at| *at <= now).map(|(key, _)| key).collect()
    }

    /// Takes the trigger orders whose time has come.
    pub(crate) fn expired(&mut self, now: Timestamp) -> Vec<(AccountId, OrderId)> {
        let mut due = Vec::new();
        while self.triggers.first().is_some_and(|(at, _, _)| *at <= now) {
            due.extend(self.triggers.pop_first().map(|(_, account, order)| (account, order)));
        }
        due
    }
}
