//! Whose wire a run goes over: the venue that serves it, and the adapter that speaks it.

use super::stage::{KEY, SECRET};
use plimsoll_binance::BinanceBroker;
use plimsoll_domain::Money;
use plimsoll_exchange::Exchange;
use plimsoll_ports::{AccountStream, Broker, Clock, FundingRates, MarketFeed};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::binance::RateLimits;
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, Running, Settings};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A venue's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Binance USDⓈ-M.
    Binance,
}

/// An adapter that is connected: everything through one session.
pub(crate) struct Connection {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) feed: Arc<dyn MarketFeed>,
    pub(crate) funding_rates: Arc<dyn FundingRates>,
    pub(crate) stream: Box<dyn AccountStream>,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Binance];

    /// Serves the exchange, with limits that nobody meets: minutes of the market are over in seconds.
    pub(crate) async fn serve(self, exchange: Exchange, wallet: Money, answers_show_fills: bool) -> Running {
        let started = match self {
            Self::Binance => {
                let rate_limits = RateLimits {
                    weight_per_minute: 2_400_000,
                    orders_per_minute: 1_200_000,
                    orders_per_ten_seconds: 300_000,
                    funding_per_five_minutes: 500_000,
                    ..RateLimits::default()
                };
                let clock = AuthenticationClock::Market;
                let settings = Settings { clock, answers_show_fills, rate_limits, wallet, ..Settings::default() };
                BinanceVenue::start(exchange, settings).await
            }
        };
        started.expect("a venue on loopback")
    }

    /// The adapter of a process; `seed` jitters its back-off.
    pub(crate) fn connect(self, venue: &Running, clock: Arc<dyn Clock>, seed: u64) -> Connection {
        match self {
            Self::Binance => {
                let endpoints = plimsoll_binance::Endpoints::custom(venue.rest_url(), venue.ws_url());
                let credentials = plimsoll_binance::Credentials::new(KEY, SECRET);
                let broker = BinanceBroker::with_settings(endpoints, credentials, clock, binance(seed));
                let broker = broker.expect("a broker");
                Connection {
                    feed: Arc::new(broker.market_feed()),
                    funding_rates: Arc::new(broker.funding_rates()),
                    stream: Box::new(broker.account_stream()),
                    broker: Arc::new(broker),
                }
            }
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Binance => "binance",
        })
    }
}

impl FromStr for Wire {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|wire| wire.to_string() == text).ok_or(())
    }
}

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

fn binance(seed: u64) -> plimsoll_binance::Settings {
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
