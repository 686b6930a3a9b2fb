//! Whose wire a run goes over: the venue that serves it, and the adapter that speaks it.

use super::stage::{KEY, PASSPHRASE, SECRET};
use super::step::Contract;
use plimsoll_binance::BinanceBroker;
use plimsoll_bitget::{BitgetBroker, Protocol};
use plimsoll_domain::{ClientOrderId, Instrument, Money, Order, OrderStatus};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_gateio::GateioBroker;
use plimsoll_ports::{AccountStream, Broker, Clock, FundingRates, MarketFeed};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::{
    AuthenticationClock, BinanceVenue, BitgetVenue, GateioVenue, Running, Settings, binance, bitget, gateio,
};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A venue's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Binance USDⓈ-M.
    Binance,
    /// Gate.io USDT perpetuals.
    Gateio,
    /// Bitget USDT-M.
    Bitget,
    /// Bitget USDT-M, its private stream in the older dialect.
    BitgetMixV1,
}

/// An adapter that is connected: everything through one session.
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

impl Wire {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Binance, Self::Gateio, Self::Bitget, Self::BitgetMixV1];

    /// The contract, as this venue lists it.
    pub(crate) fn lists(self, contract: Contract) -> Instrument {
        match (self, contract) {
            (Self::Binance, _) => contract.instrument(),
            (Self::Gateio, Contract::Bitcoin) => listings::gateio::btc_usdt(),
            (Self::Gateio, Contract::Ether) => listings::gateio::eth_usdt(),
            (Self::Bitget | Self::BitgetMixV1, Contract::Bitcoin) => listings::bitget::btc_usdt(),
            (Self::Bitget | Self::BitgetMixV1, Contract::Ether) => listings::bitget::eth_usdt(),
        }
    }

    /// An order's name without what the venue wants before names of ours.
    pub(crate) fn without_prefix(self, id: &ClientOrderId) -> ClientOrderId {
        match self {
            Self::Gateio => ClientOrderId::reported(id.as_str().strip_prefix("t-").unwrap_or(id.as_str())),
            Self::Binance | Self::Bitget | Self::BitgetMixV1 => id.clone(),
        }
    }

    /// Whether the order that a conditional one becomes goes by its name, or by the venue's own.
    pub(crate) fn names_children(self) -> bool {
        matches!(self, Self::Binance | Self::Gateio)
    }

    /// The status of an order in this venue's words: those that have none for what ended with its position call it
    /// cancelled.
    pub(crate) fn tells(self, order: &Order) -> OrderStatus {
        match (self, order.status) {
            (Self::Gateio, OrderStatus::Expired) if order.order_type.is_conditional() => OrderStatus::Canceled,
            (Self::Bitget | Self::BitgetMixV1, OrderStatus::Expired) => OrderStatus::Canceled,
            (_, status) => status,
        }
    }

    /// Serves the exchange, with limits that nobody meets: minutes of the market are over in seconds.
    pub(crate) async fn serve(self, exchange: Exchange, wallet: Money, answers_show_fills: bool) -> Running {
        let clock = AuthenticationClock::Market;
        let started = match self {
            Self::Binance => {
                let rate_limits = binance::RateLimits {
                    weight_per_minute: 2_400_000,
                    orders_per_minute: 1_200_000,
                    orders_per_ten_seconds: 300_000,
                    funding_per_five_minutes: 500_000,
                    ..binance::RateLimits::default()
                };
                let settings = Settings { clock, answers_show_fills, rate_limits, wallet, ..Settings::default() };
                BinanceVenue::start(exchange, settings).await
            }
            Self::Gateio => {
                let rate_limits = gateio::RateLimits {
                    public_per_ten_seconds: 1_000_000,
                    private_per_ten_seconds: 1_000_000,
                    orders_per_second: 1_000_000,
                    cancels_per_second: 1_000_000,
                };
                GateioVenue::start(exchange, Settings { clock, rate_limits, wallet, ..Settings::default() }).await
            }
            Self::Bitget | Self::BitgetMixV1 => {
                let rate_limits =
                    bitget::RateLimits { requests_per_minute: 6_000_000, scale: 1000, ..bitget::RateLimits::default() };
                BitgetVenue::start(exchange, Settings { clock, rate_limits, wallet, ..Settings::default() }).await
            }
        };
        started.expect("a venue on loopback")
    }

    /// The adapter of a process; `seed` jitters its back-off.
    pub(crate) fn connect(self, venue: &Running, clock: Arc<dyn Clock>, seed: u64) -> Connection {
        let (rest, sockets) = (venue.rest_url(), venue.ws_url());
        match self {
            Self::Binance => {
                let endpoints = plimsoll_binance::Endpoints::custom(rest, sockets);
                let credentials = plimsoll_binance::Credentials::new(KEY, SECRET);
                connected!(BinanceBroker::with_settings(endpoints, credentials, clock, of_binance(seed)))
            }
            Self::Gateio => {
                let endpoints = plimsoll_gateio::Endpoints::custom(rest, sockets);
                let credentials = plimsoll_gateio::Credentials::new(KEY, SECRET);
                connected!(GateioBroker::with_settings(endpoints, credentials, clock, of_gateio(seed)))
            }
            Self::Bitget | Self::BitgetMixV1 => {
                let endpoints = plimsoll_bitget::Endpoints::custom(rest, sockets);
                let credentials = plimsoll_bitget::Credentials::new(KEY, SECRET, PASSPHRASE);
                let protocol = if self == Self::Bitget { Protocol::V2 } else { Protocol::MixV1 };
                connected!(BitgetBroker::with_settings(endpoints, credentials, clock, of_bitget(seed, protocol)))
            }
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Binance => "binance",
            Self::Gateio => "gateio",
            Self::Bitget => "bitget",
            Self::BitgetMixV1 => "bitget-v1",
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
