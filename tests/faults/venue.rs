//! The venue of a run, and the ports that a process of ours reaches it by.

use super::paper::Paper;
use super::stage::{KEY, PASSPHRASE, SECRET};
use super::wire::Wire;
use plimsoll_binance::BinanceBroker;
use plimsoll_bitget::{BitgetBroker, Protocol};
use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::{Exchange, Tick, TickRefused};
use plimsoll_gateio::GateioBroker;
use plimsoll_ports::{AccountStream, Broker, Clock, FundingRates, MarketFeed};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::{
    AuthenticationClock, BinanceVenue, BitgetVenue, FaultPlan, GateioVenue, Injected, Running, Settings, binance,
    bitget, gateio,
};
use std::sync::Arc;
use std::time::Duration;

/// An exchange behind a venue's wire, or behind the ports alone.
#[derive(Debug)]
pub(crate) enum Venue {
    Binance(Running),
    Gateio(Running),
    Bitget(Running, Protocol),
    Paper(Paper),
}

/// The ports of one process: everything through one session.
pub(crate) struct Connection {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) feed: Arc<dyn MarketFeed>,
    pub(crate) funding_rates: Arc<dyn FundingRates>,
    pub(crate) stream: Box<dyn AccountStream>,
}

/// The brokers of the venues have one shape.
macro_rules! connected {
    ($broker:expr) => {{
        let broker = $broker.expect("a broker");
        Connection {
            feed: Arc::new(broker.market_feed()),
            funding_rates: Arc::new(broker.funding_rates()),
            stream: Box::new(broker.account_stream()),
            broker: Arc::new(broker),
        }
    }};
}

/// Whether there is a wire or not.
macro_rules! either {
    ($venue:expr, $it:ident => $does:expr) => {
        match $venue {
            Venue::Binance($it) | Venue::Gateio($it) | Venue::Bitget($it, _) => $does,
            Venue::Paper($it) => $does,
        }
    };
}

impl Venue {
    /// Serves the exchange with one account, and with limits that nobody meets: minutes of the market are over in seconds.
    pub(crate) async fn serve(
        wire: Wire,
        exchange: Exchange,
        account: &AccountId,
        wallet: Money,
        answers_show_fills: bool,
    ) -> Self {
        let clock = AuthenticationClock::Market;
        let venue = match wire {
            Wire::Binance => {
                let rate_limits = binance::RateLimits {
                    weight_per_minute: 2_400_000,
                    orders_per_minute: 1_200_000,
                    orders_per_ten_seconds: 300_000,
                    funding_per_five_minutes: 500_000,
                    ..binance::RateLimits::default()
                };
                let settings = Settings { clock, answers_show_fills, rate_limits, wallet, ..Settings::default() };
                Self::Binance(BinanceVenue::start(exchange, settings).await.expect(LISTENS))
            }
            Wire::Gateio => {
                let rate_limits = gateio::RateLimits {
                    public_per_ten_seconds: 1_000_000,
                    private_per_ten_seconds: 1_000_000,
                    orders_per_second: 1_000_000,
                    cancels_per_second: 1_000_000,
                };
                let settings = Settings { clock, rate_limits, wallet, ..Settings::default() };
                Self::Gateio(GateioVenue::start(exchange, settings).await.expect(LISTENS))
            }
            Wire::Bitget | Wire::BitgetMixV1 => {
                let rate_limits =
                    bitget::RateLimits { requests_per_minute: 6_000_000, scale: 1000, ..bitget::RateLimits::default() };
                let settings = Settings { clock, rate_limits, wallet, ..Settings::default() };
                let protocol = if wire == Wire::Bitget { Protocol::V2 } else { Protocol::MixV1 };
                Self::Bitget(BitgetVenue::start(exchange, settings).await.expect(LISTENS), protocol)
            }
            Wire::Paper => Self::Paper(Paper::open(exchange, account.clone(), wallet).expect("an account")),
        };
        if let Self::Binance(it) | Self::Gateio(it) | Self::Bitget(it, _) = &venue {
            it.open_account_with_passphrase(account, KEY, SECRET.into(), PASSPHRASE.into()).expect("an account");
        }
        venue
    }

    pub(crate) fn exchange<R>(&self, run: impl FnOnce(&mut Exchange) -> R) -> R {
        either!(self, it => it.exchange(run))
    }

    pub(crate) fn advance(&self, tick: &Tick) -> Result<(), TickRefused> {
        either!(self, it => it.advance([tick]))
    }

    pub(crate) fn begin_faults(&self, plan: &FaultPlan) {
        either!(self, it => it.begin_faults(plan));
    }

    /// Nothing goes wrong any more. What has happened stays as it is.
    pub(crate) fn calm(&self) {
        either!(self, it => it.calm());
    }

    pub(crate) fn injected(&self) -> Vec<Injected> {
        either!(self, it => it.injected())
    }

    /// The ports of a process; `seed` jitters its back-off.
    pub(crate) fn connect(&self, clock: Arc<dyn Clock>, seed: u64) -> Connection {
        match self {
            Self::Binance(it) => {
                let endpoints = plimsoll_binance::Endpoints::custom(it.rest_url(), it.ws_url());
                let credentials = plimsoll_binance::Credentials::new(KEY, SECRET);
                connected!(BinanceBroker::with_settings(endpoints, credentials, clock, of_binance(seed)))
            }
            Self::Gateio(it) => {
                let endpoints = plimsoll_gateio::Endpoints::custom(it.rest_url(), it.ws_url());
                let credentials = plimsoll_gateio::Credentials::new(KEY, SECRET);
                connected!(GateioBroker::with_settings(endpoints, credentials, clock, of_gateio(seed)))
            }
            Self::Bitget(it, protocol) => {
                let endpoints = plimsoll_bitget::Endpoints::custom(it.rest_url(), it.ws_url());
                let credentials = plimsoll_bitget::Credentials::new(KEY, SECRET, PASSPHRASE);
                connected!(BitgetBroker::with_settings(endpoints, credentials, clock, of_bitget(seed, *protocol)))
            }
            Self::Paper(it) => it.connect(seed),
        }
    }
}

const LISTENS: &str = "a venue on loopback";

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Quick to notice and to come back: the market's time passes fast, and nobody waits for a real network.
fn socket(seed: u64) -> SocketSettings {
    SocketSettings {
        connect_timeout: millis(500),
        ping_after: millis(60),
        dead_after: millis(300),
        settled_after: millis(100),
        backoff: BackoffSettings { first: millis(10), longest: millis(80), seed: Some(seed) },
        ..SocketSettings::default()
    }
}

fn http() -> HttpSettings {
    HttpSettings { connect_timeout: millis(400), timeout: millis(800), ..HttpSettings::default() }
}

fn of_binance(seed: u64) -> plimsoll_binance::Settings {
    let usual = plimsoll_binance::Settings::default();
    // As the venue's: limits that nobody meets.
    let weight = 1000;
    plimsoll_binance::Settings {
        keep_alive_every: millis(200),
        weight_limit: usual.weight_limit * weight,
        weight_reserve: usual.weight_reserve * weight,
        weight_to_watch: usual.weight_to_watch * weight,
        orders_per_ten_seconds: usual.orders_per_ten_seconds * weight,
        orders_per_minute: usual.orders_per_minute * weight,
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: socket(seed),
        market_socket: socket(seed),
        ..usual
    }
}

fn of_gateio(seed: u64) -> plimsoll_gateio::Settings {
    let usual = plimsoll_gateio::Settings::default();
    plimsoll_gateio::Settings {
        // The market's minutes are over in seconds: an order is not to die on its way for that.
        orders_expire_in: Duration::from_secs(60),
        orders_per_second: 1_000_000,
        cancels_per_second: 1_000_000,
        calls_per_ten_seconds: 1_000_000,
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: SocketSettings { heartbeat_every: millis(100), mute_after: Some(millis(400)), ..socket(seed) },
        market_socket: socket(seed),
        ..usual
    }
}

fn of_bitget(seed: u64, protocol: Protocol) -> plimsoll_bitget::Settings {
    let usual = plimsoll_bitget::Settings::default();
    plimsoll_bitget::Settings {
        protocol,
        requests_per_minute: usual.requests_per_minute * 1000,
        request_reserve: usual.request_reserve * 1000,
        requests_to_watch: usual.requests_to_watch * 1000,
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: SocketSettings { heartbeat_every: millis(100), mute_after: Some(millis(400)), ..socket(seed) },
        market_socket: socket(seed),
        ..usual
    }
}
