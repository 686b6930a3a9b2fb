//! A guard that is woken by what its account tells, at a paper venue whose time passes only when it is told to.

use crate::store::Store;
use crate::venue::{btc, price, size};
use async_trait::async_trait;
use plimsoll_engine::{
    AccountPorts, AccountView, Alone, ClientOrderIds, Colleagues, ContractSetting, Guard, GuardNews, GuardSettings,
    Lookout, LookoutNews, Ports, PositionManager, Settings, Stopper, Streams, VenueAccountSettings,
};
use plimsoll_exchange::{Exchange, MarketClock, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_ports::domain::{
    AccountId, AccountSnapshot, BalanceReport, Booking, ClientOrderId, Direction, Fill, FundingPayment, Instrument,
    Leverage, MarginMode, Money, NewOrder, Order, OrderId, OrderKind, OrderSize, PositionMode, PositionReport,
    PositionSide, Price, Quantity, Side, Symbol, Timestamp, TriggerBy, VenueId,
};
use plimsoll_ports::{
    AccountStream, Broker, Clock, CommandError, JournalEntry, JournalState, OrderJournal, PlaceError, Purpose,
    QueryError, StreamItem,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A broker that remembers what it was asked.
struct Asked {
    broker: PaperBroker,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

macro_rules! asked {
    ($(fn $name:ident $(<$life:lifetime>)? ($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        #[async_trait]
        impl Broker for Asked {
            fn venue(&self) -> VenueId {
                self.broker.venue()
            }

            $(async fn $name $(<$life>)? (&self, $($arg: $type),*) -> $out {
                self.asked.lock().unwrap().push(stringify!($name));
                self.broker.$name($($arg),*).await
            })*
        }
    };
}

asked! {
    fn instruments() -> Result<Vec<Instrument>, QueryError>;
    fn instrument(symbol: &Symbol) -> Result<Instrument, QueryError>;
    fn account() -> Result<AccountSnapshot, QueryError>;
    fn positions() -> Result<Vec<PositionReport>, QueryError>;
    fn balances() -> Result<Vec<BalanceReport>, QueryError>;
    fn open_orders<'a>(symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError>;
    fn order(symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError>;
    fn fills(symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError>;
    fn funding_payments(since: Timestamp) -> Result<Vec<FundingPayment>, QueryError>;
    fn bookings(since: Timestamp) -> Result<Vec<Booking>, QueryError>;
    fn place(order: &NewOrder) -> Result<OrderId, PlaceError>;
    fn amend(symbol: &Symbol, id: &ClientOrderId, quantity: Quantity, price: Price) -> Result<(), CommandError>;
    fn cancel(symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError>;
    fn cancel_all(symbol: &Symbol) -> Result<(), CommandError>;
    fn set_leverage(symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError>;
    fn set_margin_mode(symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError>;
    fn set_position_mode(mode: PositionMode) -> Result<(), CommandError>;
    fn adjust_isolated_margin(symbol: &Symbol, side: PositionSide, amount: Money) -> Result<(), CommandError>;
}

/// The market's time, shown by a clock that can be set back. Who sleeps does not notice.
struct Adjusted {
    market: MarketClock,
    back: Mutex<Duration>,
}

#[async_trait]
impl Clock for Adjusted {
    fn now(&self) -> Timestamp {
        self.market.now().minus(*self.back.lock().unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        self.market.sleep(duration).await;
    }
}

/// A guard at its work.
struct Scene {
    venue: PaperVenue,
    clock: Arc<Adjusted>,
    broker: PaperBroker,
    asked: Arc<Mutex<Vec<&'static str>>>,
    store: Store,
    view: watch::Receiver<Arc<AccountView>>,
    told: mpsc::UnboundedReceiver<String>,
    stop: Stopper,
}

/// What is told, in a word and the reasons.
fn word(news: &GuardNews) -> String {
    match news {
        GuardNews::Reconciled(_) => "reconciled".to_owned(),
        GuardNews::NotReconciled(_) => "not reconciled".to_owned(),
        GuardNews::Watched(report) => format!("watched {}", report.positions.len()),
        GuardNews::Blind(_) => "blind".to_owned(),
        GuardNews::Woken(wakes) => {
            let why: Vec<&str> = wakes.iter().map(|wake| wake.why.as_str()).collect();
            format!("woken {}", why.join(" "))
        }
        GuardNews::Lookout(LookoutNews::Account(news)) => news.as_str().to_owned(),
        GuardNews::Lookout(LookoutNews::Connected) => "connected".to_owned(),
        GuardNews::Lookout(LookoutNews::NotConnected { .. }) => "not connected".to_owned(),
        GuardNews::Lookout(LookoutNews::Ended { retry }) => format!("ended {}", retry.as_secs()),
        GuardNews::Lookout(LookoutNews::MarksFlow(_)) => "marks flow".to_owned(),
        GuardNews::Lookout(LookoutNews::Set(_)) => "set".to_owned(),
        GuardNews::Lookout(LookoutNews::NotSet { why, .. }) => format!("not set: {why}"),
        GuardNews::Lookout(_) => "lookout".to_owned(),
        GuardNews::Stopped(_) => "stopped".to_owned(),
    }
}

fn begin(settings: GuardSettings, streams: impl Fn(&PaperBroker) -> Streams) -> Scene {
    begin_among(Arc::new(Alone), BTreeMap::new(), settings, streams)
}

fn begin_among(
    colleagues: Arc<dyn Colleagues>,
    contracts: BTreeMap<Symbol, ContractSetting>,
    settings: GuardSettings,
    streams: impl Fn(&PaperBroker) -> Streams,
) -> Scene {
    let mut exchange = Exchange::new(Timestamp::from_millis(1_700_000_000_000));
    exchange.list(listings::btc_usdt(), price("50000")).unwrap();
    let venue = PaperVenue::new(VenueId::new("paper"), exchange);
    let account = AccountId::new("main");
    let broker = venue.open_account(account.clone(), "10000".parse().unwrap()).unwrap();
    let (asked, store) = (Arc::<Mutex<Vec<_>>>::default(), Store::default());
    let clock = Arc::new(Adjusted { market: venue.clock(), back: Mutex::default() });
    let port: Arc<dyn Broker> = Arc::new(Asked { broker: broker.clone(), asked: Arc::clone(&asked) });
    let all = Arc::new(store.clone());
    let ports = Ports {
        broker: Arc::clone(&port),
        feed: Arc::new(venue.clone()),
        funding_rates: Arc::new(venue.clone()),
        journal: all.clone(),
        positions: all.clone(),
        trades: all.clone(),
        funding: all.clone(),
        bookings: all.clone(),
        equity: all.clone(),
        risk_events: all.clone(),
        controls: all.clone(),
        notifier: all.clone(),
        clock: clock.clone(),
    };
    let account_ports = AccountPorts { broker: port, audit: None, journal: all, clock: clock.clone() };
    let lookout = Lookout::new(
        account_ports,
        streams(&broker),
        Arc::new(venue.clone()),
        VenueAccountSettings { contracts, ..VenueAccountSettings::new(account.clone()) },
    );
    let view = lookout.watch();
    let manager =
        PositionManager::new(ports, Settings::new(account)).with_view(lookout.watch()).with_colleagues(colleagues);
    let guard = Guard::new(Arc::new(manager), settings).with_lookout(lookout);
    let (stop, (tell, told)) = (guard.stopper(), mpsc::unbounded_channel());
    tokio::spawn(async move { guard.run(|news| drop(tell.send(word(news)))).await });
    Scene { venue, clock, broker, asked, store, view, told, stop }
}

fn paper(broker: &PaperBroker) -> Streams {
    let broker = broker.clone();
    Arc::new(move || Box::new(broker.account_stream()) as Box<dyn AccountStream>)
}

const HOURS: Duration = Duration::from_secs(7200);

/// By the clock it looks every two hours.
fn seldom() -> GuardSettings {
    GuardSettings { interval: HOURS, audit: HOURS, reconcile: HOURS, ..GuardSettings::default() }
}

impl Scene {
    /// What is told until this is.
    async fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut told = Vec::new();
        let search = async {
            while let Some(it) = self.told.recv().await {
                let is_it = it.starts_with(wanted);
                told.push(it);
                if is_it {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), search).await;
        assert!(found.is_ok(), "no {wanted}, but {told:?}");
        told
    }

    /// Time passes, a second at a time, at this price; each is over once the account has heard of it.
    async fn pass(&mut self, seconds: u64, at: &str) {
        for _ in 0..seconds {
            let now = self.venue.clock().now().plus(Duration::from_secs(1));
            self.venue.advance([&Tick::at(btc(), now, price(at))]).unwrap();
            // So often as the sign of life comes.
            let since = self.clock.now().minus(Duration::from_secs(4));
            let heard = self.view.wait_for(|view| view.heard_at >= Some(since));
            tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the account hears").unwrap();
            // Whoever sleeps on the market's clock is woken by the tick, and runs before the next.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn trade(&self, id: &ClientOrderId, side: Side, quantity: &str) {
        self.broker.place(&market(id, side, quantity)).await.unwrap();
    }

    async fn rest_a_stop(&self, trigger: &str) {
        let order = NewOrder {
            client_order_id: hand("hand-stop"),
            symbol: btc(),
            side: Side::Sell,
            position_side: PositionSide::Both,
            kind: OrderKind::StopMarket { trigger: price(trigger), trigger_by: TriggerBy::Mark },
            size: OrderSize::WholePosition,
            reduce_only: true,
        };
        self.broker.place(&order).await.unwrap();
    }

    fn asked(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for it in self.asked.lock().unwrap().drain(..) {
            *counts.entry(it).or_default() += 1;
        }
        counts
    }
}

/// A guard that has looked at what happened before it was connected, and waits.
async fn settled() -> Scene {
    let mut scene = begin(seldom(), paper);
    scene.until("connected").await;
    scene.pass(2, "50000").await;
    scene.until("woken connected").await;
    scene.until("reconciled").await;
    scene
}

fn market(id: &ClientOrderId, side: Side, quantity: &str) -> NewOrder {
    NewOrder {
        client_order_id: id.clone(),
        symbol: btc(),
        side,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(size(quantity)),
        reduce_only: false,
    }
}

fn hand(id: &str) -> ClientOrderId {
    ClientOrderId::reported(id)
}

#[tokio::test]
async fn a_quiet_account_is_asked_for_nothing_but_audits() {
    let mut scene = begin(GuardSettings::default(), paper);
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.rest_a_stop("40000").await;
    scene.until("marks flow").await;
    // What the start and the adoption of the position ask for.
    scene.pass(61, "50000").await;
    while scene.told.try_recv().is_ok() {}
    scene.asked();
    scene.pass(240, "50000").await;
    let mut told = Vec::new();
    while let Ok(it) = scene.told.try_recv() {
        told.push(it);
    }
    let looks = told.iter().filter(|it| it.starts_with("watched")).count();
    assert!(!told.iter().any(|it| it.starts_with("woken")), "{told:?}");
    assert_eq!(looks, 4, "one a minute: {told:?}");
    // A look and a comparison a minute; once in five minutes the view is held against the venue and the list is read.
    let looks = [("account", 9), ("bookings", 4), ("fills", 4), ("funding_payments", 8), ("instrument", 8)];
    let expected = looks.into_iter().chain([("instruments", 1)]);
    assert_eq!(scene.asked(), expected.collect());
    scene.stop.stop();
}

#[tokio::test]
async fn what_others_do_is_looked_at_at_once() {
    let mut scene = settled().await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.until("position_opened").await;
    scene.pass(1, "50000").await;
    let told = scene.until("reconciled").await;
    assert!(told.iter().any(|it| it.starts_with("woken") && it.contains("traded_elsewhere")), "{told:?}");
    assert!(told.iter().any(|it| it == "watched 1"), "{told:?}");
    assert_eq!(scene.store.tables().positions.len(), 1, "it is adopted");
    scene.stop.stop();
    scene.until("stopped").await;
}

#[tokio::test]
async fn what_another_process_of_ours_does_wakes_nobody() {
    let mut scene = settled().await;
    let ids = ClientOrderIds::of_process(&AccountId::new("main"), 7);
    let id = ids.intent(scene.venue.clock().now()).order(Purpose::Entry, 0);
    scene.trade(&id, Side::Buy, "0.01").await;
    scene.until("position_opened").await;
    scene.pass(10, "50000").await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.02").await;
    scene.pass(1, "50000").await;
    let told = scene.until("woken").await;
    assert!(!told.iter().any(|it| it.starts_with("watched")), "the first look is for what was done by hand: {told:?}");
}

#[tokio::test]
async fn margin_that_becomes_thin_between_two_looks_is_looked_at_at_once_and_by_the_step() {
    let mut scene = settled().await;
    scene.broker.set_leverage(&btc(), Leverage::new(10).unwrap()).await.unwrap();
    scene.broker.set_margin_mode(&btc(), MarginMode::Isolated).await.unwrap();
    scene.trade(&hand("hand-1"), Side::Buy, "0.1").await;
    scene.until("marks flow").await;
    scene.pass(5, "50000").await;
    scene.until("reconciled").await;
    // The ratio crosses 0.8, where it is told; and then goes on to where half of it is closed.
    scene.pass(2, "45217").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("position_margin_ratio")), "{told:?}");
    scene.pass(20, "45205").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("thin_margin")), "{told:?}");
    let held = scene.broker.positions().await.unwrap()[0].position.unwrap();
    assert_eq!((held.direction, held.quantity), (Direction::Long, size("0.05")), "{told:?}");
}

struct Mute;

#[async_trait]
impl AccountStream for Mute {
    async fn next(&mut self) -> Option<StreamItem> {
        None
    }
}

#[tokio::test]
async fn without_a_stream_it_says_so_and_looks_by_the_clock() {
    let mut scene = begin(GuardSettings::default(), |_| Arc::new(|| Box::new(Mute) as Box<dyn AccountStream>));
    let mut told = scene.until("watched").await;
    told.extend(scene.until("not connected").await);
    assert!(!told.iter().any(|it| it == "connected"), "{told:?}");
    for _ in 0..3 {
        let now = scene.venue.clock().now().plus(Duration::from_secs(5));
        scene.venue.advance([&Tick::at(btc(), now, price("50000"))]).unwrap();
        scene.until("watched").await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nobody_from_looking() {
    let mut scene = begin(GuardSettings::default(), paper);
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.rest_a_stop("40000").await;
    scene.until("marks flow").await;
    scene.pass(61, "50000").await;
    while scene.told.try_recv().is_ok() {}
    *scene.clock.back.lock().unwrap() = HOURS;
    scene.pass(120, "50000").await;
    let mut told = Vec::new();
    while let Ok(it) = scene.told.try_recv() {
        told.push(it);
    }
    assert_eq!(told.iter().filter(|it| it.starts_with("watched")).count(), 2, "one a minute: {told:?}");
    assert_eq!(told.iter().filter(|it| *it == "reconciled").count(), 2, "one a minute: {told:?}");
    scene.stop.stop();
}

/// Streams that end while they are cut.
fn until_cut(is_cut: &watch::Sender<bool>) -> impl Fn(&PaperBroker) -> Streams {
    let is_cut = is_cut.subscribe();
    move |broker| {
        let (broker, is_cut) = (broker.clone(), is_cut.clone());
        Arc::new(move || Box::new(Cut { stream: Box::new(broker.account_stream()), is_cut: is_cut.clone() }))
    }
}

impl Scene {
    /// The stream is cut, and another one may begin; answers how its end is told.
    async fn cut(&mut self, is_cut: &watch::Sender<bool>) -> String {
        is_cut.send_replace(true);
        let told = self.until("ended").await;
        is_cut.send_replace(false);
        told.last().unwrap().clone()
    }

    /// Time passes, whatever the account hears, until this is told.
    async fn pass_until(&mut self, wanted: &str) {
        let told = async {
            loop {
                match self.told.try_recv() {
                    Ok(it) if it.starts_with(wanted) => return,
                    Ok(_) => continue,
                    Err(_) => {}
                }
                let now = self.venue.clock().now().plus(Duration::from_secs(1));
                self.venue.advance([&Tick::at(btc(), now, price("50000"))]).unwrap();
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), told).await;
        assert!(found.is_ok(), "no {wanted}");
    }
}

#[tokio::test]
async fn what_happened_before_a_connection_is_looked_at_at_once() {
    let is_cut = watch::Sender::new(false);
    let mut scene = begin(seldom(), until_cut(&is_cut));
    scene.pass_until("woken connected").await;
    scene.pass_until("reconciled").await;
    scene.cut(&is_cut).await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.pass_until("watched 1").await;
    scene.stop.stop();
}

#[tokio::test]
async fn only_a_connection_that_has_held_is_followed_by_another_one_soon() {
    let is_cut = watch::Sender::new(false);
    let mut scene = begin(seldom(), until_cut(&is_cut));
    for expected in ["ended 1", "ended 2", "ended 4"] {
        scene.pass_until("connected").await;
        assert_eq!(scene.cut(&is_cut).await, expected);
    }
    scene.pass_until("connected").await;
    scene.pass(31, "50000").await;
    assert_eq!(scene.cut(&is_cut).await, "ended 1");
    scene.stop.stop();
}

/// A stream that ends once it is cut.
struct Cut {
    stream: Box<dyn AccountStream>,
    is_cut: watch::Receiver<bool>,
}

#[async_trait]
impl AccountStream for Cut {
    async fn next(&mut self) -> Option<StreamItem> {
        tokio::select! {
            biased;
            _ = self.is_cut.wait_for(|cut| *cut) => None,
            item = self.stream.next() => item,
        }
    }
}

/// Another process of ours, while it lives.
struct Other(Arc<AtomicBool>);

impl Colleagues for Other {
    fn is_alive(&self, _: &str) -> bool {
        self.is_anyone_alive()
    }

    fn is_anyone_alive(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_contract_that_another_process_has_in_hand_is_set_at_a_connection_after_its_death() {
    let ten = ContractSetting { leverage: Some(Leverage::new(10).unwrap()), margin_mode: None };
    let (lives, is_cut) = (Arc::new(AtomicBool::new(true)), watch::Sender::new(false));
    let other = Arc::new(Other(Arc::clone(&lives)));
    let mut scene = begin_among(other, [(btc(), ten)].into(), seldom(), until_cut(&is_cut));
    let now = scene.clock.now();
    let id = ClientOrderIds::of_process(&AccountId::new("main"), 7).intent(now).order(Purpose::Entry, 0);
    let entry = JournalEntry {
        account: AccountId::new("main"),
        venue: VenueId::new("paper"),
        order: market(&id, Side::Buy, "0.01"),
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: now,
        updated_at: now,
    };
    scene.store.intend(&entry).await.unwrap();
    scene.pass_until("not set: another process has it in hand: left as it is").await;
    assert!(!scene.asked().contains_key("set_leverage"));
    lives.store(false, Ordering::SeqCst);
    scene.cut(&is_cut).await;
    scene.pass_until("set").await;
    assert!(scene.asked().contains_key("set_leverage"));
    // It is done: the next connection leaves it alone.
    scene.cut(&is_cut).await;
    scene.pass_until("connected").await;
    scene.pass(2, "50000").await;
    assert!(!scene.asked().contains_key("set_leverage"));
    scene.stop.stop();
}
