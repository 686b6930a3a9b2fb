//! The stage on which a strategy keeps its contract: accounts that stand still.

use crate::desk::Desk;
use plimsoll_domain::{AccountId, MarketEvent};
use plimsoll_ports::{Strategy, StrategyView};
use plimsoll_testkit::contract::StrategyStage;
use rust_decimal_macros::dec;

pub(crate) struct Stage {
    make: fn() -> Box<dyn Strategy>,
    events: Vec<MarketEvent>,
    view: StrategyView<'static>,
    account: AccountId,
}

impl Stage {
    /// Accounts of these names with 10,000 each and prices of 1,000; what happens, happens on the first.
    pub(crate) fn new(make: fn() -> Box<dyn Strategy>, accounts: &[&str], events: Vec<MarketEvent>) -> Self {
        let desks: Vec<Desk> = accounts
            .iter()
            .map(|name| {
                let mut desk = Desk::new(name);
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
