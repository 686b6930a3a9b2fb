//! An adapter, the venue, and what stands between them.

use crate::between::Between;
use crate::wire::{KEYS, Wire};
use plimsoll_domain::{
    AccountEvent, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Price, Quantity, Side, Symbol, Timestamp,
};
use plimsoll_exchange::{Exchange, MarketClock, Tick};
use plimsoll_ports::{AccountStream, MarketItem, MarketStream, StreamItem};
use plimsoll_tests::venues::{Adapter, Keys, connect};
use plimsoll_venue_server::Running;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// 2026-01-05 08:20 UTC: far from any funding.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_601_200_000);

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stage<W> {
    pub(crate) venue: Arc<Running>,
    pub(crate) between: Between,
    pub(crate) adapter: Adapter,
    pub(crate) clock: MarketClock,
    market: Arc<Mutex<Timestamp>>,
    ticker: JoinHandle<()>,
    wire: PhantomData<W>,
}

impl<W: Wire> Stage<W> {
    pub(crate) async fn new() -> Self {
        Self::with(KEYS, Duration::ZERO).await
    }

    pub(crate) async fn with_keys(keys: Keys) -> Self {
        Self::with(keys, Duration::ZERO).await
    }

    /// Our clock is behind the venue's by so much.
    pub(crate) async fn with(keys: Keys, behind: Duration) -> Self {
        let price: Price = "60000".parse().expect("a price");
        let mut exchange = Exchange::new(START);
        exchange.list(W::listing(), price).expect("a listing");
        let venue = Arc::new(W::venue(exchange).await);
        let between = Between::start(&venue.rest_url(), &venue.ws_url()).await;
        let clock = MarketClock::new(START.minus(behind));
        let adapter = connect(&between.rest, &between.sockets, keys, Arc::new(clock.clone()), W::settings());
        let market = Arc::new(Mutex::new(START));
        let ticker = tokio::spawn(pass_time(
            Arc::clone(&venue),
            W::listing().symbol,
            (clock.clone(), behind),
            Arc::clone(&market),
            price,
        ));
        Self { venue, between, adapter, clock, market, ticker, wire: PhantomData }
    }

    /// Another adapter behind a gateway of its own: nothing is known of it that was known of the first.
    pub(crate) async fn another(&self) -> (Between, Adapter) {
        let between = Between::start(&self.venue.rest_url(), &self.venue.ws_url()).await;
        let adapter = connect(&between.rest, &between.sockets, KEYS, Arc::new(self.clock.clone()), W::settings());
        (between, adapter)
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A private stream that stands: its snapshot was read.
    pub(crate) async fn stream(&self) -> Box<dyn AccountStream> {
        let mut stream = (self.adapter.open)();
        stands(&mut *stream).await;
        stream
    }

    pub(crate) async fn prices(&self) -> Box<dyn MarketStream> {
        let mut stream = self.adapter.feed.subscribe(&[W::listing().symbol]).await.expect("a stream");
        priced(&mut *stream).await;
        stream
    }
}

impl<W> Drop for Stage<W> {
    fn drop(&mut self) {
        self.ticker.abort();
    }
}

async fn pass_time(
    venue: Arc<Running>,
    symbol: Symbol,
    (clock, behind): (MarketClock, Duration),
    market: Arc<Mutex<Timestamp>>,
    price: Price,
) {
    let step = Duration::from_millis(10);
    let mut interval = tokio::time::interval(step);
    loop {
        interval.tick().await;
        let now = {
            let mut market = market.lock().unwrap_or_else(PoisonError::into_inner);
            *market = market.plus(step);
            *market
        };
        venue.advance([&Tick::at(symbol.clone(), now, price)]).expect("a tick in order");
        clock.tell(now.minus(behind));
    }
}

pub(crate) fn order<W: Wire>() -> NewOrder {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("bad-{}", NEXT.fetch_add(1, Ordering::Relaxed))).expect("an id"),
        symbol: W::listing().symbol,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("0.004".parse::<Quantity>().expect("a quantity")),
        reduce_only: false,
    }
}

pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: nothing came"))
}

/// The next item that says something.
pub(crate) async fn next(stream: &mut dyn AccountStream) -> StreamItem {
    let news = async {
        loop {
            let item = stream.next().await.expect("a stream that goes on");
            if item != StreamItem::Alive {
                return item;
            }
        }
    };
    in_time("the private stream", news).await
}

/// Reads on until events flow again and the account was shown.
pub(crate) async fn stands(stream: &mut dyn AccountStream) {
    loop {
        if matches!(next(stream).await, StreamItem::Event(AccountEvent::Snapshot(_))) {
            return;
        }
    }
}

/// Reads on until the stream says why nothing flows.
pub(crate) async fn why(stream: &mut dyn AccountStream) -> String {
    loop {
        if let StreamItem::Disconnected { reason } = next(stream).await {
            return reason;
        }
    }
}

/// What was told until this order's trade was: whether it was told that something was missed, and why.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) gaps: Vec<String>,
}

/// Reads on to the one trade of this order, and makes sure that it is told once.
pub(crate) async fn traded(stream: &mut dyn AccountStream, order: &NewOrder) -> Told {
    let mut told = Told::default();
    loop {
        match next(stream).await {
            StreamItem::Disconnected { reason } | StreamItem::Resync { reason } => told.gaps.push(reason),
            StreamItem::Event(AccountEvent::Fill(fill)) if is_of(&fill.client_order_id, &order.client_order_id) => {
                return told;
            }
            _ => {}
        }
    }
}

/// Why something was missed, if the next item says so.
pub(crate) async fn gap(stream: &mut dyn AccountStream) -> Option<String> {
    match next(stream).await {
        StreamItem::Disconnected { reason } | StreamItem::Resync { reason } => Some(reason),
        _ => None,
    }
}

/// Some venues want something before names of ours.
fn is_of(told: &ClientOrderId, ours: &ClientOrderId) -> bool {
    told.as_str().trim_start_matches("t-") == ours.as_str()
}

pub(crate) async fn market_item(stream: &mut dyn MarketStream) -> MarketItem {
    in_time("the prices", stream.next()).await.expect("a stream that goes on")
}

/// Reads on to a price, with what was said of gaps before.
pub(crate) async fn priced(stream: &mut dyn MarketStream) -> Vec<String> {
    let mut gaps = Vec::new();
    loop {
        match market_item(stream).await {
            MarketItem::Event(_) => return gaps,
            MarketItem::Disconnected { reason } => gaps.push(reason),
            MarketItem::Connected => {}
        }
    }
}

pub(crate) async fn no_prices(stream: &mut dyn MarketStream) -> String {
    loop {
        if let MarketItem::Disconnected { reason } = market_item(stream).await {
            return reason;
        }
    }
}

/// No text of ours may hold what only the trader knows.
pub(crate) fn hides(keys: Keys, what: &impl Debug, shown: &str) {
    for secret in [keys.key, keys.secret, keys.passphrase] {
        assert!(!shown.contains(secret) && !format!("{what:?}").contains(secret), "a secret in {shown}");
    }
}

pub(crate) fn says(shown: &str, wanted: &[&str]) {
    let small = shown.to_lowercase();
    for word in wanted {
        assert!(small.contains(&word.to_lowercase()), "no '{word}' in: {shown}");
    }
}
