//! A guard with a lookout, at a paper venue whose time passes only when it is told to.

use crate::store::Store;
use crate::venue::{btc, price, size};
use async_trait::async_trait;
use plimsoll_engine::{
    AccountPorts, AccountView, Alone, Attention, Colleagues, ContractSetting, Guard, GuardNews, GuardSettings, Lookout,
    LookoutNews, Ports, PositionManager, Settings, Stopper, Streams, VenueAccountSettings,
};
use plimsoll_exchange::{ClosingOrders, Exchange, MarketClock, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, PositionSide, Side, Symbol, TimeInForce,
    Timestamp, TriggerBy, VenueId,
};
use plimsoll_ports::{AccountStream, Broker, Clock, PlaceError};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A broker that remembers what it was asked.
struct Asked {
    broker: Lossy,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Asked {
    async fn before(&self, call: &'static str) {
        self.asked.lock().unwrap().push(call);
    }
}

passes_on!(Asked);

/// The venue, to which some stops are lost on their way.
struct Lossy {
    broker: PaperBroker,
    stops_to_lose: Arc<AtomicUsize>,
}

impl Lossy {
    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let one_less = |left: usize| left.checked_sub(1);
        let is_lost = matches!(order.kind, OrderKind::StopMarket { .. })
            && self.stops_to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        if is_lost { Err(PlaceError::Unanswered("no answer".to_owned())) } else { self.broker.place(order).await }
    }
}

impl Deref for Lossy {
    type Target = PaperBroker;

    fn deref(&self) -> &PaperBroker {
        &self.broker
    }
}

/// The market's time, shown by a clock that can be set back. Who sleeps does not notice.
pub(super) struct Adjusted {
    market: MarketClock,
    pub(super) back: Mutex<Duration>,
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
pub(super) struct Scene {
    pub(super) venue: PaperVenue,
    pub(super) clock: Arc<Adjusted>,
    pub(super) broker: PaperBroker,
    pub(super) asked: Arc<Mutex<Vec<&'static str>>>,
    /// So many of the next stops do not arrive.
    pub(super) stops_to_lose: Arc<AtomicUsize>,
    pub(super) store: Store,
    pub(super) manager: Arc<PositionManager>,
    pub(super) view: watch::Receiver<Arc<AccountView>>,
    pub(super) told: mpsc::UnboundedReceiver<String>,
    pub(super) stop: Stopper,
    pub(super) attention: Attention,
    /// How often the guard was polled.
    polls: Arc<AtomicUsize>,
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

pub(super) fn begin(settings: GuardSettings, streams: impl Fn(&PaperBroker) -> Streams) -> Scene {
    begin_among(Arc::new(Alone), BTreeMap::new(), settings, streams)
}

pub(super) fn begin_among(
    colleagues: Arc<dyn Colleagues>,
    contracts: BTreeMap<Symbol, ContractSetting>,
    settings: GuardSettings,
    streams: impl Fn(&PaperBroker) -> Streams,
) -> Scene {
    begin_with(|trading| trading, colleagues, contracts, settings, streams)
}

/// The same, trading by other settings.
pub(super) fn begin_with(
    adjust: impl FnOnce(Settings) -> Settings,
    colleagues: Arc<dyn Colleagues>,
    contracts: BTreeMap<Symbol, ContractSetting>,
    settings: GuardSettings,
    streams: impl Fn(&PaperBroker) -> Streams,
) -> Scene {
    begin_at(ClosingOrders::Any, adjust, colleagues, contracts, settings, streams)
}

/// The same at a venue that takes these orders that close a whole position.
fn begin_at(
    closing_orders: ClosingOrders,
    adjust: impl FnOnce(Settings) -> Settings,
    colleagues: Arc<dyn Colleagues>,
    contracts: BTreeMap<Symbol, ContractSetting>,
    settings: GuardSettings,
    streams: impl Fn(&PaperBroker) -> Streams,
) -> Scene {
    let dialect = plimsoll_exchange::Settings { closing_orders, ..plimsoll_exchange::Settings::default() };
    let mut exchange = Exchange::with_settings(Timestamp::from_millis(1_700_000_000_000), dialect);
    exchange.list(listings::btc_usdt(), price("50000")).unwrap();
    let venue = PaperVenue::new(VenueId::new("paper"), exchange);
    let account = AccountId::new("main");
    let broker = venue.open_account(account.clone(), "10000".parse().unwrap()).unwrap();
    let (asked, store) = (Arc::<Mutex<Vec<_>>>::default(), Store::default());
    let clock = Arc::new(Adjusted { market: venue.clock(), back: Mutex::default() });
    let stops_to_lose = Arc::<AtomicUsize>::default();
    let lossy = Lossy { broker: broker.clone(), stops_to_lose: Arc::clone(&stops_to_lose) };
    let port: Arc<dyn Broker> = Arc::new(Asked { broker: lossy, asked: Arc::clone(&asked) });
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
    let manager = PositionManager::new(ports, adjust(Settings::new(account)));
    let manager = manager.with_view(lookout.watch()).with_colleagues(colleagues);
    let manager = Arc::new(manager);
    let guard = Guard::new(Arc::clone(&manager), settings).with_lookout(lookout);
    let (stop, attention) = (guard.stopper(), guard.attention());
    let (tell, told) = mpsc::unbounded_channel();
    let polls = Arc::new(AtomicUsize::new(0));
    let running = async move { guard.run(|news| drop(tell.send(word(news)))).await };
    tokio::spawn(counted(running, Arc::clone(&polls)));
    Scene { venue, clock, broker, asked, stops_to_lose, store, manager, view, told, stop, attention, polls }
}

/// The same, and how often it is polled.
fn counted<F: Future>(future: F, polls: Arc<AtomicUsize>) -> impl Future<Output = F::Output> {
    let mut future = Box::pin(future);
    poll_fn(move |context| {
        polls.fetch_add(1, Ordering::Relaxed);
        future.as_mut().poll(context)
    })
}

pub(super) fn paper(broker: &PaperBroker) -> Streams {
    let broker = broker.clone();
    Arc::new(move || Box::new(broker.account_stream()) as Box<dyn AccountStream>)
}

pub(super) const HOURS: Duration = Duration::from_secs(7200);

/// By the clock it looks every two hours.
pub(super) fn seldom() -> GuardSettings {
    GuardSettings { interval: HOURS, audit: HOURS, reconcile: HOURS, ..GuardSettings::default() }
}

impl Scene {
    /// What is told until this is.
    pub(super) async fn until(&mut self, wanted: &str) -> Vec<String> {
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
    pub(super) async fn pass(&mut self, seconds: u64, at: &str) {
        for _ in 0..seconds {
            self.tick(1, at);
            // So often as the sign of life comes.
            let since = self.clock.now().minus(Duration::from_secs(4));
            let heard = self.view.wait_for(|view| view.heard_at >= Some(since));
            tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the account hears").unwrap();
            self.settled().await;
        }
    }

    /// Time passes at once, at this price.
    pub(super) fn tick(&self, seconds: u64, at: &str) {
        let now = self.venue.clock().now().plus(Duration::from_secs(seconds));
        self.venue.advance([&Tick::at(btc(), now, price(at))]).unwrap();
    }

    /// Whoever slept on the market's clock has been woken and has done what there was to do: while everybody else was
    /// given a turn, the guard had no use for one.
    pub(super) async fn settled(&self) {
        loop {
            let before = self.polls.load(Ordering::Relaxed);
            tokio::task::yield_now().await;
            if self.polls.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }

    /// What was told so far, and nobody has read.
    pub(super) fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }

    pub(super) async fn trade(&self, id: &ClientOrderId, side: Side, quantity: &str) {
        self.broker.place(&market(id, side, quantity)).await.unwrap();
    }

    /// Somebody else sells so much to whoever buys at this price.
    pub(super) async fn sell_into(&self, at: &str, quantity: &str) {
        let other = self.venue.open_account(AccountId::new("other"), "10000".parse().unwrap()).unwrap();
        let kind = OrderKind::Limit { price: price(at), time_in_force: TimeInForce::Ioc };
        other.place(&NewOrder { kind, ..market(&hand("theirs-1"), Side::Sell, quantity) }).await.unwrap();
    }

    pub(super) async fn rest_a_stop(&self, trigger: &str) {
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

    /// What was asked, in its order.
    pub(super) fn asked_in_order(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub(super) fn asked(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for it in self.asked.lock().unwrap().drain(..) {
            *counts.entry(it).or_default() += 1;
        }
        counts
    }
}

/// A guard that has looked at what happened before it was connected, and waits.
pub(super) async fn at_ease() -> Scene {
    at_ease_where(ClosingOrders::Any).await
}

/// The same at a venue that takes these orders that close a whole position.
pub(super) async fn at_ease_where(closing_orders: ClosingOrders) -> Scene {
    let mut scene = begin_at(closing_orders, |it| it, Arc::new(Alone), BTreeMap::new(), seldom(), paper);
    scene.until("connected").await;
    scene.pass(2, "50000").await;
    scene.until("woken connected").await;
    scene.until("reconciled").await;
    scene
}

/// A guard with a protected position that it has adopted a minute ago.
pub(super) async fn with_a_position() -> Scene {
    let mut scene = begin(GuardSettings::default(), paper);
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.rest_a_stop("40000").await;
    scene.until("marks flow").await;
    // What the start and the adoption of the position ask for.
    scene.pass(61, "50000").await;
    scene.heard();
    scene
}

pub(super) fn market(id: &ClientOrderId, side: Side, quantity: &str) -> NewOrder {
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

pub(super) fn hand(id: &str) -> ClientOrderId {
    ClientOrderId::reported(id)
}
