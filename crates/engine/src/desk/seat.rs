//! A strategy and what is its own.

use super::{Own, Seen};
use arrayvec::ArrayVec;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Decision, Strategy, StrategyEvent, StrategyView, TradedAccount};
use std::fmt;
use std::sync::Arc;

pub(super) struct Seat {
    pub(super) name: Arc<str>,
    pub(super) strategy: Box<dyn Strategy>,
    /// By the account's place.
    pub(super) own: Vec<Own>,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("name", &self.name).field("own", &self.own).finish_non_exhaustive()
    }
}

impl Seat {
    pub(super) fn new(strategy: Box<dyn Strategy>, accounts: usize) -> Self {
        Self { name: strategy.name().into(), strategy, own: vec![Own::default(); accounts] }
    }

    #[inline]
    pub(super) fn decide(
        &mut self,
        now: Timestamp,
        accounts: &[impl Seen],
        event: &StrategyEvent<'_>,
    ) -> Vec<Decision> {
        let Self { strategy, own, .. } = self;
        let seen = accounts.iter().zip(own.iter()).map(|(account, own)| TradedAccount {
            id: account.id(),
            funds: account.funds(),
            markets: account.markets(),
            holdings: own.holdings(),
            orders: own.orders(),
        });
        let seen: ArrayVec<TradedAccount<'_>, { super::MOST_ACCOUNTS }> = seen.take(super::MOST_ACCOUNTS).collect();
        strategy.decide(&StrategyView { now, accounts: &seen }, event)
    }
}
