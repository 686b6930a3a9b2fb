//! The adapter on a simulated venue, over loopback sockets. The market's time passes by itself, as it does anywhere.

use async_trait::async_trait;
use plimsoll_bitget::{BitgetBroker, Credentials, Endpoints, Settings};
use plimsoll_domain::{AccountId, Money, Price, Symbol, Timestamp};
use plimsoll_exchange::{Exchange, MarketClock, Tick, listings};
use plimsoll_ports::{AccountStream, Broker, FundingRates, MarketFeed};
use plimsoll_testkit::contract::{BrokerStage, FeedStage, FundingStage, StreamStage};
use plimsoll_transport::{BackoffSettings, SocketSettings};
use plimsoll_venue_server::bitget::{RateLimits, Settings as VenueSettings};
use plimsoll_venue_server::{AuthenticationClock, BitgetVenue, Running};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// 2026-01-05 07:59:30 UTC: half a minute before a funding settlement.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_599_970_000);

pub(crate) struct Stage {
    pub(crate) venue: Arc<Running>,
    pub(crate) clock: MarketClock,
    pub(crate) broker: BitgetBroker,
    market: Arc<Mutex<Market>>,
    ticker: JoinHandle<()>,
}

/// What the next tick will say.
struct Market {
    time: Timestamp,
    price: Price,
}

pub(crate) const KEY: &str = "bg_0123456789abcdef";
pub(crate) const SECRET: &str = "a-secret-of-the-tests";
pub(crate) const PASSPHRASE: &str = "a passphrase";

/// A large customer's, so that tests need not wait for the next second.
const SCALE: u32 = 10;

pub(crate) fn symbol() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(KEY, SECRET, PASSPHRASE)
}

/// Quick to come back, and repeatable.
pub(crate) fn settings() -> Settings {
    let backoff =
        BackoffSettings { first: Duration::from_millis(100), longest: Duration::from_millis(400), seed: Some(7) };
    let private_socket = SocketSettings { backoff, ..SocketSettings::default() };
    Settings {
        private_socket,
        market_socket: private_socket,
        between_snapshots: Duration::ZERO,
        endpoint_scale: SCALE,
        ..Settings::default()
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), VenueSettings::default()).await
    }

    pub(crate) async fn with(settings: Settings, venue_settings: VenueSettings) -> Self {
        let price: Price = "60000".parse().expect("a price");
        let mut exchange = Exchange::new(START);
        exchange.list(listings::btc_usdt(), price).expect("a listing");
        exchange.list(listings::eth_usdt(), "3000".parse().expect("a price")).expect("a listing");
        let rate_limits = RateLimits { scale: SCALE, ..venue_settings.rate_limits };
        let venue_settings = VenueSettings { clock: AuthenticationClock::Market, rate_limits, ..venue_settings };
        let venue = Arc::new(BitgetVenue::start(exchange, venue_settings).await.expect("a venue"));
        venue
            .open_account_with_passphrase(&AccountId::new("trader"), KEY, SECRET.into(), PASSPHRASE.into())
            .expect("an account");
        let clock = MarketClock::new(START);
        let market = Arc::new(Mutex::new(Market { time: START, price }));
        let broker = BitgetBroker::with_settings(
            Endpoints::custom(venue.rest_url(), venue.ws_url()),
            credentials(),
            Arc::new(clock.clone()),
            settings,
        );
        let ticker = tokio::spawn(pass_time(Arc::clone(&venue), clock.clone(), Arc::clone(&market)));
        Self { venue, clock, broker: broker.expect("a broker"), market, ticker }
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
