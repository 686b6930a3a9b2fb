//! The stage on which a strategy keeps its contract: accounts that stand still.

use crate::desk::{Desk, funding};
use plimsoll_domain::{AccountId, MarketEvent};
use plimsoll_ports::{Strategy, StrategyView};
use plimsoll_testkit::contract::StrategyStage;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use std::time::Duration;

pub(crate) struct Stage {
    make: fn() -> Box<dyn Strategy>,
    events: Vec<MarketEvent>,
    view: StrategyView<'static>,
    account: AccountId,
}

impl Stage {
    /// Accounts of these names with 10,000 each and prices of 1,000; what happens, happens on the first.
    pub(crate) fn new(make: fn() -> Box<dyn Strategy>, accounts: &[&str], events: Vec<MarketEvent>) -> Self {
        Self::with_funding(make, accounts, &vec![dec!(0); accounts.len()], events)
    }

    /// The same, with these funding rates in an hour.
    pub(crate) fn with_funding(
        make: fn() -> Box<dyn Strategy>,
        accounts: &[&str],
        rates: &[Decimal],
        events: Vec<MarketEvent>,
    ) -> Self {
        let desks: Vec<Desk> = accounts
            .iter()
            .zip(rates)
            .map(|(name, rate)| {
                let mut desk = Desk::new(name);
                let next = desk.now.plus(Duration::from_secs(3600));
                desk.market.funding = Some(funding(*rate, 8, next, desk.now));
                desk.price(dec!(1000));
                desk
            })
            .collect();
        // A view borrows what it shows: a test's may stay for ever.
        let desks: &'static [Desk] = Box::leak(desks.into_boxed_slice());
        let accounts = desks.iter().map(Desk::empty_account).collect::<Vec<_>>();
        let view = StrategyView { now: desks[0].now, accounts: Box::leak(accounts.into_boxed_slice()) };
        Self { make, events, view, account: desks[0].id.clone() }
    }
}

impl StrategyStage for Stage {
    fn strategy(&self) -> Box<dyn Strategy> {
        (self.make)()
    }

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn view(&self) -> StrategyView<'_> {
        self.view
    }

    fn events(&self) -> Vec<MarketEvent> {
        self.events.clone()
    }
}
