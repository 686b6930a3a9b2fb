//! A desk at work that is stopped before it could begin.

use crate::desk::desk;
use crate::venue::btc;
use async_trait::async_trait;
use plimsoll_engine::trading::{DeskAccount, TradingDesk, TradingSettings};
use plimsoll_engine::{AccountPorts, Lookout, VenueAccountSettings};
use plimsoll_ports::domain::{AccountId, Timestamp};
use plimsoll_ports::{
    AccountStream, BadState, Clock, Decision, Feed, FeedKind, MockDeskRepository, Strategy, StrategyEvent, StrategyView,
};
use std::sync::Arc;
use std::time::Duration;

/// A clock on which nothing ever falls due.
struct Standing;

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

struct Listens;

impl Strategy for Listens {
    fn name(&self) -> String {
        "listens".to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed { account: AccountId::new("main"), symbol: btc(), kind: FeedKind::Marks }]
    }

    fn decide<'a>(&mut self, _: &StrategyView<'a>, _: &StrategyEvent<'a>) -> Vec<Decision> {
        Vec::new()
    }

    fn state(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), BadState> {
        Ok(())
    }
}

#[tokio::test]
async fn a_desk_that_is_stopped_before_it_could_begin_leaves_what_was_saved_as_it_is() {
    let desk = desk();
    desk.venue.state().hide_instruments = true;
    let (venue, store) = (Arc::new(desk.venue), Arc::new(desk.store));
    let ports = AccountPorts { broker: venue.clone(), audit: None, journal: store, clock: venue.clone() };
    let streams = Arc::new(|| -> Box<dyn AccountStream> { unreachable!("nobody looks out") });
    let lookout = Lookout::new(ports, streams, venue.clone(), VenueAccountSettings::new(AccountId::new("main")));
    let account = DeskAccount {
        manager: Arc::new(desk.manager),
        broker: venue.clone(),
        feed: venue.clone(),
        funding_rates: venue,
        view: lookout.watch(),
    };
    // What was saved is what the strategies hold: an empty desk in its place would forget it.
    let mut records = MockDeskRepository::new();
    records.expect_save_desk().never();
    let (records, clock) = (Arc::new(records), Arc::new(Standing));
    let trading = TradingDesk::new(vec![Box::new(Listens)], vec![account], records, clock, TradingSettings::default());
    let trading = trading.unwrap();
    let handle = trading.handle();
    handle.stop();
    trading.run(|_| ()).await;
    assert!(!handle.answers().await, "whoever has ended answers nobody");
}
