//! What an account has done, read without building more of it than is asked for: histories are long, and calls for them are
//! many.

use crate::exchange::Exchange;
use crate::order::{PlacedOrder, Working};
use plimsoll_domain::{AccountId, Fill, FillCause, OrderStatus, Symbol, Timestamp};

/// An ordinary order of an account's history. What it is chosen by costs nothing; only [`placed`](Self::placed) builds it.
#[derive(Debug, Clone, Copy)]
pub struct PastOrder<'a>(&'a Working);

impl<'a> PastOrder<'a> {
    /// Its number, which is its id: higher than that of every order placed before.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0.id
    }

    /// Its contract.
    #[must_use]
    pub const fn symbol(self) -> &'a Symbol {
        &self.0.symbol
    }

    /// When it was accepted.
    #[must_use]
    pub const fn created(self) -> Timestamp {
        self.0.created
    }

    /// When it last changed.
    #[must_use]
    pub const fn updated(self) -> Timestamp {
        self.0.updated.time
    }

    /// What became of it.
    #[must_use]
    pub const fn status(self) -> OrderStatus {
        self.0.status
    }

    /// Whether it was filled at all.
    #[must_use]
    pub const fn is_filled(self) -> bool {
        !self.0.filled.is_zero()
    }

    /// Who placed it.
    #[must_use]
    pub const fn cause(self) -> FillCause {
        self.0.cause
    }

    /// All of it.
    #[must_use]
    pub fn placed(self) -> PlacedOrder {
        self.0.placed()
    }
}

impl Exchange {
    /// Every ordinary order that the account ever had and that is still [kept](crate::Settings::keeps), of all contracts,
    /// oldest first.
    pub fn order_history(&self, account: &AccountId) -> impl DoubleEndedIterator<Item = PastOrder<'_>> {
        let account = self.account_index(account).ok().map(|account| &self.accounts[account]);
        let numbers = account.map_or(&[][..], |account| &account.all_orders);
        numbers.iter().map(|number| PastOrder(&self.orders[*number]))
    }

    /// An account's fills of all contracts from `from` to `to`, both inclusive and open where `None`, oldest first.
    #[must_use]
    pub fn fills_between(&self, account: &AccountId, from: Option<Timestamp>, to: Option<Timestamp>) -> &[Fill] {
        let fills = self.account_index(account).map_or(&[][..], |account| &self.accounts[account].fills);
        let first = from.map_or(0, |from| fills.partition_point(|fill| fill.time < from));
        let end = to.map_or(fills.len(), |to| fills.partition_point(|fill| fill.time <= to));
        fills.get(first..end).unwrap_or_default()
    }
}
