//! A desk at work that is stopped before it could begin, or whose seats others take.

mod seating;

use crate::desk::{Desk, desk};
use crate::venue::btc;
use async_trait::async_trait;
use plimsoll_engine::trading::{DeskAccount, Reseated, SeatState, Taken, TradingDesk, TradingNews, TradingSettings};
use plimsoll_engine::{AccountPorts, Lookout, VenueAccountSettings};
use plimsoll_ports::domain::{AccountId, Timestamp};
use plimsoll_ports::{
    AccountStream, BadState, Clock, Decision, Feed, FeedKind, MarketFeed, MockDeskRepository, Strategy, StrategyEvent,
    StrategyView,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

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

/// It knows a word, and goes on from the word of another if that is of its kind.
struct Listens {
    name: &'static str,
    kind: char,
    knows: String,
}

impl Listens {
    fn boxed(name: &'static str, kind: char, knows: &str) -> Box<dyn Strategy> {
        Box::new(Self { name, kind, knows: knows.to_owned() })
    }
}

impl Strategy for Listens {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed { account: AccountId::new("main"), symbol: btc(), kind: FeedKind::Marks }]
    }

    fn decide<'a>(&mut self, _: &StrategyView<'a>, _: &StrategyEvent<'a>) -> Vec<Decision> {
        Vec::new()
    }

    fn state(&self) -> String {
        format!("{}{}", self.kind, self.knows)
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        let knows = state.strip_prefix(self.kind).ok_or_else(|| BadState("it is of another kind".to_owned()))?;
        knows.clone_into(&mut self.knows);
        Ok(())
    }
}

/// A desk over the one account of this.
fn seat(desk: Desk, records: MockDeskRepository, strategies: Vec<Box<dyn Strategy>>) -> TradingDesk {
    let feed = Arc::new(desk.venue.clone());
    seat_at(desk, feed, records, strategies)
}

/// The same, with prices from elsewhere.
fn seat_at(
    desk: Desk,
    feed: Arc<dyn MarketFeed>,
    records: MockDeskRepository,
    strategies: Vec<Box<dyn Strategy>>,
) -> TradingDesk {
    let (venue, store) = (Arc::new(desk.venue), Arc::new(desk.store));
    let ports = AccountPorts { broker: venue.clone(), audit: None, journal: store, clock: venue.clone() };
    let streams = Arc::new(|| -> Box<dyn AccountStream> { unreachable!("nobody looks out") });
    let lookout = Lookout::new(ports, streams, venue.clone(), VenueAccountSettings::new(AccountId::new("main")));
    let account = DeskAccount {
        manager: Arc::new(desk.manager),
        broker: venue.clone(),
        feed,
        funding_rates: venue,
        view: lookout.watch(),
    };
    let (records, clock) = (Arc::new(records), Arc::new(Standing));
    TradingDesk::new(strategies, vec![account], records, clock, TradingSettings::default()).unwrap()
}

#[tokio::test]
async fn others_take_the_seats_over_the_same_accounts_and_go_on_from_what_their_namesakes_knew() {
    let desk = desk();
    let venue = desk.venue.clone();
    let saved = Arc::<Mutex<Vec<String>>>::default();
    let mut records = MockDeskRepository::new();
    records.expect_desk().returning(|_| Ok(None));
    let kept = Arc::clone(&saved);
    records.expect_save_desk().returning(move |_, it| {
        kept.lock().unwrap().push(it.state.clone());
        Ok(())
    });
    let before = vec![Listens::boxed("one", 'a', "much"), Listens::boxed("two", 'a', "little")];
    let trading = seat(desk, records, before);
    let (handle, (tell, mut told)) = (trading.handle(), mpsc::unbounded_channel());
    let working = tokio::spawn(trading.run(move |news| drop(tell.send(news.clone()))));
    let until = async |told: &mut mpsc::UnboundedReceiver<TradingNews>, is_it: fn(&TradingNews) -> bool| {
        tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                let news = told.recv().await.expect("it works");
                if is_it(&news) {
                    return news;
                }
            }
        })
        .await
        .expect("it is told")
    };
    until(&mut told, |news| matches!(news, TradingNews::Began { .. })).await;
    handle.pause("one", "ana");
    // Whoever asked the venue for the contract again would wait here for ever.
    venue.state().hide_instruments = true;
    let twice = handle.seating(vec![Listens::boxed("one", 'a', ""), Listens::boxed("one", 'a', "")], Vec::new());
    assert!(twice.is_err(), "what cannot sit together takes no effect");
    let now = vec![
        Listens::boxed("new", 'a', "nothing"),
        Listens::boxed("two", 'b', "what it began with"),
        Listens::boxed("one", 'a', ""),
    ];
    let taken = handle.reseat(handle.seating(now, Vec::new()).unwrap());
    let TradingNews::Reseated(seated) = until(&mut told, |news| matches!(news, TradingNews::Reseated(_))).await else {
        unreachable!("it was asked for")
    };
    let how: Vec<_> = seated.iter().map(|it| (it.strategy.as_str(), it.how.clone())).collect();
    let why = BadState("it is of another kind".to_owned()).to_string();
    assert_eq!(how, [("new", Reseated::New), ("two", Reseated::BeginsAnew { why }), ("one", Reseated::GoesOn)]);
    assert!(seated.iter().all(|it| it.accounts.iter().eq(&[AccountId::new("main")])));
    assert!(handle.answers().await);
    assert_eq!(*taken.borrow(), Taken::InForce);
    let states: Vec<_> = handle.seats().iter().map(|it| (it.name.clone(), it.state.clone())).collect();
    let paused = SeatState::Paused { by: "ana".to_owned() };
    let expected = [("new", SeatState::Running), ("two", SeatState::Running), ("one", paused)];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state)));
    handle.stop();
    working.await.unwrap();
    let last = saved.lock().unwrap().last().cloned().expect("it is saved");
    for known in ["anothing", "bwhat it began with", "amuch"] {
        assert!(last.contains(&format!("\"{known}\"")), "{known}: {last}");
    }
}

#[tokio::test]
async fn a_desk_that_is_stopped_before_it_could_begin_leaves_what_was_saved_as_it_is() {
    let desk = desk();
    desk.venue.state().hide_instruments = true;
    // What was saved is what the strategies hold: an empty desk in its place would forget it.
    let mut records = MockDeskRepository::new();
    records.expect_save_desk().never();
    let trading = seat(desk, records, vec![Listens::boxed("listens", 'a', "")]);
    let handle = trading.handle();
    handle.stop();
    trading.run(|_| ()).await;
    assert!(!handle.answers().await, "whoever has ended answers nobody");
}
