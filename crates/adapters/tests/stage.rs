//! An adapter at a simulated venue, over loopback sockets, as the contract suites ask for one. The market's time passes
//! by itself, as it does anywhere.
//!
//! What differs from venue to venue is in `venue/stage.rs` of each adapter's tests.

use super::{VenueBroker, symbol};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Instrument, Money, Price, Symbol, Timestamp};
use plimsoll_exchange::{Exchange, MarketClock, Tick};
use plimsoll_ports::{AccountStream, Broker, FundingRates, MarketFeed};
use plimsoll_testkit::contract::{BrokerStage, FeedStage, FundingStage, StreamStage};
use plimsoll_transport::{BackoffSettings, SocketSettings};
use plimsoll_venue_server::Running;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// 2026-01-05 07:59:30 UTC: half a minute before a funding settlement.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_599_970_000);

const PRICE: &str = "60000";

/// An exchange where nothing has happened yet.
pub(super) fn exchange(bitcoin: Instrument, ether: Instrument) -> Exchange {
    let mut exchange = Exchange::new(START);
    exchange.list(bitcoin, PRICE.parse().expect("a price")).expect("a listing");
    exchange.list(ether, "3000".parse().expect("a price")).expect("a listing");
    exchange
}

/// Quick to come back, and repeatable.
pub(super) fn socket() -> SocketSettings {
    let backoff =
        BackoffSettings { first: Duration::from_millis(100), longest: Duration::from_millis(400), seed: Some(7) };
    SocketSettings { backoff, ..SocketSettings::default() }
}

pub(crate) struct Stage {
    pub(crate) venue: Arc<Running>,
    pub(crate) clock: MarketClock,
    pub(crate) broker: VenueBroker,
    market: Arc<Mutex<Market>>,
    ticker: JoinHandle<()>,
}

/// What the next tick will say.
struct Market {
    time: Timestamp,
    price: Price,
}

impl Stage {
    /// The trader's account at this venue, and a market that goes on.
    pub(super) fn at(venue: Running, connect: impl FnOnce(&Running, Arc<MarketClock>) -> VenueBroker) -> Self {
        let (venue, clock) = (Arc::new(venue), MarketClock::new(START));
        let price = PRICE.parse().expect("a price");
        let market = Arc::new(Mutex::new(Market { time: START, price }));
        let broker = connect(&venue, Arc::new(clock.clone()));
        let ticker = tokio::spawn(pass_time(Arc::clone(&venue), clock.clone(), Arc::clone(&market)));
        Self { venue, clock, broker, market, ticker }
    }

    /// Lets the market's time pass at once.
    pub(crate) fn skip(&self, duration: Duration) {
        self.tick(|market| market.time = market.time.plus(duration));
    }

    fn tick(&self, change: impl FnOnce(&mut Market)) {
        tick(&self.venue, &self.clock, &self.market, change);
    }
}

async fn pass_time(venue: Arc<Running>, clock: MarketClock, market: Arc<Mutex<Market>>) {
    let step = Duration::from_millis(2);
    let mut interval = tokio::time::interval(step);
    loop {
        interval.tick().await;
        tick(&venue, &clock, &market, |market| market.time = market.time.plus(step));
    }
}

fn tick(venue: &Running, clock: &MarketClock, market: &Mutex<Market>, change: impl FnOnce(&mut Market)) {
    let mut market = market.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut market);
    venue.advance([&Tick::at(symbol(), market.time, market.price)]).expect("a tick in order");
    clock.tell(market.time);
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.ticker.abort();
    }
}

#[async_trait]
impl BrokerStage for Stage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    fn symbol(&self) -> Symbol {
        symbol()
    }

    async fn price(&self) -> Price {
        self.market.lock().unwrap_or_else(PoisonError::into_inner).price
    }

    async fn move_price(&self, to: Price) {
        self.tick(|market| {
            market.time = market.time.plus(Duration::from_millis(1));
            market.price = to;
        });
    }

    async fn settle_funding(&self) -> bool {
        let next = self.venue.exchange(|exchange| exchange.market(&symbol()).map(|it| it.next_funding));
        let next = next.expect("the market is listed");
        self.tick(|market| market.time = next.plus(Duration::from_secs(1)));
        true
    }

    async fn transfer(&self, amount: Money) -> bool {
        self.venue.exchange(|exchange| exchange.transfer(&AccountId::new("trader"), amount)).is_ok()
    }
}

#[async_trait]
impl StreamStage for Stage {
    async fn open_stream(&self) -> Box<dyn AccountStream> {
        Box::new(self.broker.account_stream())
    }

    async fn cut_stream(&self) {
        self.venue.disconnect_private_sockets();
    }
}

#[async_trait]
impl FeedStage for Stage {
    fn feed(&self) -> Arc<dyn MarketFeed> {
        Arc::new(self.broker.market_feed())
    }

    async fn cut_feed(&self) -> bool {
        self.venue.disconnect_market_sockets();
        true
    }
}

impl FundingStage for Stage {
    fn rates(&self) -> Arc<dyn FundingRates> {
        Arc::new(self.broker.funding_rates())
    }
}
