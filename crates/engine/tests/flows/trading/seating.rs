//! Who may take the seats of a desk, and what goes on until they do.

use super::seat_at;
use crate::desk::{close_all, desk, long};
use crate::store::Store;
use crate::venue::{Venue, btc, price, size};
use async_trait::async_trait;
use plimsoll_engine::GuardNews;
use plimsoll_engine::trading::{SeatState, Seating, Taken, TradingHandle, TradingNews, Unlisted};
use plimsoll_ports::domain::{
    AccountId, BestQuotes, Candle, Direction, MarkPrice, MarketEvent, Price, Symbol, Timestamp,
};
use plimsoll_ports::{
    BadState, Broker, Decision, Feed, FeedKind, Intent, Leg, MarketFeed, MarketItem, MarketStream, MockDeskRepository,
    NotSent, OpenIntent, QueryError, Strategy, StrategyEvent, StrategyView,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What it wants at a price.
pub(super) type Wants = fn(Price) -> Vec<Decision>;

/// It knows what it wants at which mark.
struct Acts {
    name: &'static str,
    on: Symbol,
    wants: Wants,
}

impl Strategy for Acts {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed { account: main(), symbol: self.on.clone(), kind: FeedKind::Marks }]
    }

    fn decide<'a>(&mut self, _: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        match event {
            StrategyEvent::Market { event: MarketEvent::Mark(mark), .. } => (self.wants)(mark.price),
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), BadState> {
        Ok(())
    }
}

/// Marks as they are said, to whoever asks first.
struct Said(Mutex<Option<mpsc::UnboundedReceiver<MarketItem>>>);

#[async_trait]
impl MarketFeed for Said {
    async fn mark_price(&self, _: &Symbol) -> Result<MarkPrice, QueryError> {
        Err(away())
    }

    async fn best_quotes(&self, _: &Symbol) -> Result<BestQuotes, QueryError> {
        Err(away())
    }

    async fn candles(&self, _: &Symbol, _: Duration, _: Timestamp, _: Timestamp) -> Result<Vec<Candle>, QueryError> {
        Err(away())
    }

    async fn subscribe(&self, _: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        let said = self.0.lock().unwrap().take().ok_or_else(away)?;
        Ok(Box::new(Flowing(said)))
    }
}

struct Flowing(mpsc::UnboundedReceiver<MarketItem>);

#[async_trait]
impl MarketStream for Flowing {
    async fn next(&mut self) -> Option<MarketItem> {
        self.0.recv().await
    }
}

fn away() -> QueryError {
    QueryError::Unreachable(NotSent::Unavailable("nobody is there".to_owned()))
}

pub(super) fn main() -> AccountId {
    AccountId::new("main")
}

fn eth() -> Symbol {
    "ETH/USDT:USDT".parse().unwrap()
}

pub(super) fn acts(name: &'static str, wants: Wants) -> Box<dyn Strategy> {
    Box::new(Acts { name, on: btc(), wants })
}

pub(super) fn decision(intent: Intent, reason: &str) -> Decision {
    Decision { legs: vec![Leg { account: main(), intent }], reason: reason.to_owned() }
}

fn opening(reason: &str) -> Decision {
    decision(Intent::Open(OpenIntent { quantity: size("0.01"), ..long() }), reason)
}

/// Opens at 50,000, and is out at 49,000.
fn holds(at: Price) -> Vec<Decision> {
    match at {
        at if at == price("50000") => vec![opening("in")],
        at if at == price("49000") => vec![decision(Intent::Close(close_all(&btc(), Direction::Long)), "out")],
        _ => Vec::new(),
    }
}

/// Opens at 50,001, and would open more at 49,000.
fn opens(at: Price) -> Vec<Decision> {
    match at {
        at if at == price("50001") => vec![opening("slow")],
        at if at == price("49000") => vec![opening("more")],
        _ => Vec::new(),
    }
}

fn idles(_: Price) -> Vec<Decision> {
    Vec::new()
}

/// A desk at work, and its market.
pub(super) struct Scene {
    pub(super) venue: Venue,
    pub(super) store: Store,
    /// What a guard tells that has looked.
    looked: GuardNews,
    handle: TradingHandle,
    said: mpsc::UnboundedSender<MarketItem>,
    told: mpsc::UnboundedReceiver<TradingNews>,
    working: JoinHandle<()>,
}

impl Scene {
    /// One that has begun.
    pub(super) async fn of(strategies: Vec<Box<dyn Strategy>>) -> Self {
        let desk = desk();
        let (venue, store) = (desk.venue.clone(), desk.store.clone());
        let looked = GuardNews::Watched(desk.manager.monitor().await.unwrap());
        let mut records = MockDeskRepository::new();
        records.expect_desk().returning(|_| Ok(None));
        records.expect_save_desk().returning(|_, _| Ok(()));
        let (said, heard) = mpsc::unbounded_channel();
        let trading = seat_at(desk, Arc::new(Said(Mutex::new(Some(heard)))), records, strategies);
        let (handle, (tell, told)) = (trading.handle(), mpsc::unbounded_channel());
        let working = tokio::spawn(trading.run(move |news| drop(tell.send(news.clone()))));
        let mut it = Self { venue, store, looked, handle, said, told, working };
        it.until(|news| matches!(news, TradingNews::Began { .. })).await;
        it
    }

    /// The guard of the account has looked.
    pub(super) fn looks(&self) {
        self.handle.hear(&main(), &self.looked);
    }

    pub(super) fn marks(&self, at: &str) {
        let mark = MarkPrice { symbol: btc(), price: price(at), index: None, time: Timestamp::default() };
        self.said.send(MarketItem::Event(MarketEvent::Mark(mark))).unwrap();
    }

    /// Everything that is told until then.
    pub(super) async fn until(&mut self, is_it: impl Fn(&TradingNews) -> bool) -> Vec<TradingNews> {
        let mut all = Vec::new();
        let told = async {
            while !all.last().is_some_and(&is_it) {
                all.push(self.told.recv().await.expect("it works"));
            }
        };
        tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is told");
        all
    }

    fn seating(&self, strategies: Vec<Box<dyn Strategy>>, made_with: &str) -> Seating {
        let each = strategies.iter().map(|_| made_with.to_owned()).collect();
        self.handle.seating(strategies, each).unwrap()
    }

    /// What becomes of it, with the trouble that is told of it.
    async fn reseat(&mut self, seating: Seating) -> (Taken, Option<String>) {
        let mut taken = self.handle.reseat(seating);
        let waiting = taken.wait_for(|it| *it != Taken::Waits);
        let now = *tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it comes out").unwrap();
        let is_end = |news: &TradingNews| matches!(news, TradingNews::Reseated(_) | TradingNews::Trouble { .. });
        let trouble = match self.until(is_end).await.pop() {
            Some(TradingNews::Trouble { what }) => Some(what),
            _ => None,
        };
        (now, trouble)
    }

    pub(super) fn state(&self, name: &str) -> Option<SeatState> {
        self.handle.seats().iter().find(|seat| seat.name == name).map(|seat| seat.state.clone())
    }

    pub(super) async fn end(self) {
        self.handle.stop();
        self.working.await.unwrap();
    }
}

pub(super) fn is_done(reason: &str) -> impl Fn(&TradingNews) -> bool {
    move |news| matches!(news, TradingNews::Done { decision, .. } if decision.reason == reason)
}

#[tokio::test]
async fn while_others_wait_for_the_seats_exits_go_on_and_nothing_more_is_opened() {
    let mut scene = Scene::of(vec![acts("holds", holds), acts("opens", opens)]).await;
    scene.marks("50000");
    scene.until(is_done("in")).await;
    scene.venue.state().slow_place = 10_000;
    scene.marks("50001");
    scene.until(|news| matches!(news, TradingNews::Decided { decision, .. } if decision.reason == "slow")).await;
    let taken = scene.handle.reseat(scene.seating(vec![acts("holds", idles), acts("opens", idles)], "others"));
    scene.marks("49000");
    let told = scene.until(|news| matches!(news, TradingNews::Reseated(_))).await;
    assert!(told.iter().any(is_done("slow")), "{told:?}");
    assert!(told.iter().any(is_done("out")), "{told:?}");
    let refused = told.iter().find_map(|news| match news {
        TradingNews::Refused { decision, reason, .. } if decision.reason == "more" => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(refused, Some("other settings are about to take effect"), "{told:?}");
    assert_eq!(*taken.borrow(), Taken::InForce);
    scene.end().await;
}

#[tokio::test]
async fn whoever_holds_something_or_is_not_paused_keeps_his_seat_and_so_does_everybody() {
    let mut scene = Scene::of(vec![acts("holds", holds), acts("other", idles)]).await;
    scene.marks("50000");
    scene.until(is_done("in")).await;
    let without = |scene: &Scene| scene.seating(vec![acts("other", idles)], "others");
    scene.handle.pause("holds", "ana");
    let (taken, trouble) = scene.reseat(without(&scene)).await;
    let said = "the strategies keep their settings: 'holds' cannot be taken out while it holds something: pause it, close what it \
                holds, and read the configuration again";
    assert_eq!((taken, trouble.as_deref()), (Taken::Refused, Some(said)));
    assert!(scene.state("holds").is_some());
    assert!(scene.handle.seats().iter().all(|seat| seat.made_with != "others"), "nobody has other settings");
    scene.marks("49000");
    scene.until(is_done("out")).await;
    scene.handle.resume("holds");
    let (taken, trouble) = scene.reseat(without(&scene)).await;
    assert_eq!(taken, Taken::Refused);
    assert!(trouble.unwrap().contains("'holds' cannot be taken out while it is not paused"));
    scene.handle.pause("holds", "ana");
    assert_eq!(scene.reseat(without(&scene)).await, (Taken::InForce, None));
    assert_eq!((scene.state("holds"), scene.state("other")), (None, Some(SeatState::Running)));
    assert!(scene.handle.seats().iter().all(|seat| seat.made_with == "others"));
    scene.end().await;
}

#[tokio::test]
async fn a_contract_that_is_not_known_is_handed_over_and_never_asked_for_at_the_desk() {
    let mut scene = Scene::of(vec![acts("one", idles)]).await;
    let known = scene.venue.instrument(&eth()).await.unwrap();
    // Whoever asked the venue would wait for ever: nothing falls due on this clock.
    scene.venue.state().hide_instruments = true;
    let with = |scene: &Scene| {
        let new: Box<dyn Strategy> = Box::new(Acts { name: "new", on: eth(), wants: idles });
        scene.seating(vec![acts("one", idles), new], "")
    };
    let mut seating = with(&scene);
    assert_eq!(seating.unlisted(), [Unlisted { strategy: "new".to_owned(), account: main(), symbol: eth() }]);
    let (taken, trouble) = scene.reseat(with(&scene)).await;
    assert_eq!(taken, Taken::Refused);
    assert!(trouble.unwrap().contains("ETH/USDT:USDT on account 'main', of which 'new' is to hear, is not known here"));
    seating.hand_over(&main(), known);
    assert_eq!(scene.reseat(seating).await, (Taken::InForce, None));
    assert_eq!(with(&scene).unlisted(), [], "from then on it is known");
    scene.end().await;
}

#[tokio::test]
async fn one_that_has_stopped_by_itself_begins_again_with_other_settings_only() {
    let panics: Wants = |_| panic!("by zero");
    let mut scene = Scene::of(vec![acts("one", idles)]).await;
    let with = |scene: &Scene, made_with: &str| scene.seating(vec![acts("one", panics)], made_with);
    assert_eq!(scene.reseat(with(&scene, "a")).await.0, Taken::InForce);
    scene.marks("50000");
    scene.until(|news| matches!(news, TradingNews::Stopped { .. })).await;
    assert_eq!(scene.reseat(scene.seating(vec![acts("one", holds)], "a")).await.0, Taken::InForce);
    assert_eq!(scene.state("one"), Some(SeatState::Stopped { why: "it panicked: by zero".to_owned() }));
    scene.marks("50000");
    scene.marks("50002");
    assert!(scene.handle.answers().await);
    assert_eq!(scene.reseat(scene.seating(vec![acts("one", holds)], "b")).await.0, Taken::InForce);
    assert_eq!(scene.state("one"), Some(SeatState::Running));
    let decisions = scene.handle.seats()[0].decisions.len();
    assert_eq!(decisions, 0, "it decided nothing while it was stopped");
    scene.marks("50000");
    scene.until(is_done("in")).await;
    scene.end().await;
}
