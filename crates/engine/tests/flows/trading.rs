//! A desk at work that is stopped before it could begin, or whose seats others take.

mod resting;
mod seating;

use crate::desk::{Desk, desk, long, manager};
use crate::venue::{Fault, btc};
use async_trait::async_trait;
use plimsoll_engine::trading::{
    DeskAccount, Reseated, Role, SeatState, Taken, TradingDesk, TradingHandle, TradingNews, TradingSettings,
};
use plimsoll_engine::{AccountNews, AccountPorts, GuardNews, Lookout, LookoutNews, VenueAccountSettings};
use plimsoll_ports::domain::{AccountId, Change, OrderType, Side, Timestamp};
use plimsoll_ports::{
    AccountStream, BadState, Clock, Decision, Feed, FeedKind, MarketFeed, MockDeskRepository, RefusalReason, SavedDesk,
    Strategy, StrategyEvent, StrategyView,
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
        panic!("it is told of what it was asked for")
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

/// A desk that has saved that its strategy holds what is held.
fn holding(saved_at: Timestamp) -> MockDeskRepository {
    let state = r#"{"desk":{"seats":[{"name":"one","state":"a","own":[{"account":"main","holdings":[{"symbol":
        "BTC/USDT:USDT","direction":"long","quantity":"0.05","entry":"50000","leverage":"5","stop":null,"opened_at":0}],
        "orders":[]}]}],"candles":[]},"intents":[],"candles":[],"trades":[],"paused":[]}"#;
    let mut records = MockDeskRepository::new();
    records.expect_desk().returning(move |_| Ok(Some(SavedDesk { state: state.to_owned(), saved_at })));
    records.expect_save_desk().returning(|_, _| Ok(()));
    records
}

/// The stop of its entry rests at the venue under a name of the venue's, since none of ours was taken.
async fn with_the_venues_stop() -> Desk {
    let desk = desk();
    {
        let mut state = desk.venue.state();
        (state.stops_need_a_position, state.attaches_stops) = (true, true);
    }
    for reason in [RefusalReason::NothingToReduce, RefusalReason::Other, RefusalReason::Other] {
        desk.venue.fail(OrderType::StopMarket, Fault::Refuse(reason));
    }
    let opened = desk.open(&long()).await.unwrap();
    assert!(opened.stop_loss.stop().is_some_and(|stop| stop.client_order_id.as_str().starts_with("venue-")));
    desk
}

/// The first fill that is told once `happens` has, as whose and as what.
async fn filled_as(trading: TradingDesk, happens: impl FnOnce(&TradingHandle)) -> Role {
    let (handle, (tell, mut told)) = (trading.handle(), mpsc::unbounded_channel());
    let working = tokio::spawn(trading.run(move |news| drop(tell.send(news.clone()))));
    assert!(handle.answers().await);
    happens(&handle);
    assert!(handle.answers().await);
    handle.stop();
    working.await.unwrap();
    std::iter::from_fn(|| told.try_recv().ok())
        .find_map(|news| match news {
            TradingNews::Filled { role, .. } => Some(role),
            // What was bought before it was saved is no news of the strategy's.
            TradingNews::Foreign { fill, .. } if fill.side == Side::Sell => panic!("it is the strategy's: {fill:?}"),
            _ => None,
        })
        .expect("it is told")
}

#[tokio::test]
async fn a_fill_of_the_stop_that_came_with_the_entry_is_told_as_one_of_the_stop() {
    let desk = with_the_venues_stop().await;
    let venue = desk.venue.clone();
    let trading = seat(desk, holding(venue.now()), vec![Listens::boxed("one", 'a', "")]);
    let role = filled_as(trading, |handle| {
        venue.mark(&btc(), "44900");
        let fill = venue.state().fills.last().cloned().expect("the stop has fired");
        assert!(fill.client_order_id.as_str().starts_with("venue-"), "{fill:?}");
        let told = LookoutNews::Account(AccountNews::Changed(Change::Filled(fill)));
        handle.hear(&AccountId::new("main"), &GuardNews::Lookout(told));
    });
    assert_eq!(role.await, Role::StopLoss);
}

#[tokio::test]
async fn a_stop_that_came_with_its_entry_and_fired_while_nobody_lived_is_known_by_the_next_process() {
    let Desk { venue, store, .. } = with_the_venues_stop().await;
    let saved_at = venue.now();
    venue.mark(&btc(), "44900");
    // It has sent nothing of it, and finds it by the journal and the venue's own word.
    let next = Desk { manager: manager(&venue, &store, |it| it), venue, store };
    let trading = seat(next, holding(saved_at), vec![Listens::boxed("one", 'a', "")]);
    assert_eq!(filled_as(trading, |_| {}).await, Role::StopLoss);
}
