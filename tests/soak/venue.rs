//! A venue as the soak serves it, and an account at it as the soak connects it: the patience of production, and limits that
//! nobody meets, since connections are lost far more often here.

use plimsoll_binance::BinanceBroker;
use plimsoll_bitget::BitgetBroker;
use plimsoll_domain::{ClientOrderId, Money};
use plimsoll_exchange::Exchange;
use plimsoll_gateio::GateioBroker;
use plimsoll_ports::{AccountStream, Broker, Clock, MarketFeed};
use plimsoll_transport::{BackoffSettings, SocketSettings};
use plimsoll_venue_server::{BinanceVenue, BitgetVenue, GateioVenue, Running, Settings, binance, bitget, gateio};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A venue's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Binance USDⓈ-M.
    Binance,
    /// Gate.io USDT perpetuals.
    Gateio,
    /// Bitget USDT-M.
    Bitget,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Binance, Self::Gateio, Self::Bitget];

    /// Whether every trade says what it realised; otherwise it is booked apart.
    pub(super) const fn tells_profit_of_fills(self) -> bool {
        match self {
            Self::Binance | Self::Bitget => true,
            Self::Gateio => false,
        }
    }

    /// An order's name without what the venue wants before names of ours.
    pub(super) fn without_prefix(self, id: &ClientOrderId) -> ClientOrderId {
        match self {
            Self::Gateio => ClientOrderId::reported(id.as_str().strip_prefix("t-").unwrap_or(id.as_str())),
            Self::Binance | Self::Bitget => id.clone(),
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Binance => "binance",
            Self::Gateio => "gateio",
            Self::Bitget => "bitget",
        })
    }
}

/// What opens the account of every venue.
pub const KEY: &str = "soak-key";
/// Its secret.
pub const SECRET: &str = "soak-secret";
/// Of venues whose keys have one.
pub const PASSPHRASE: &str = "soak-passphrase";

/// An adapter that is connected.
pub struct Connection {
    /// Asks.
    pub broker: Arc<dyn Broker>,
    /// Tells prices.
    pub feed: Arc<dyn MarketFeed>,
    /// Hears.
    pub stream: Box<dyn AccountStream>,
}

macro_rules! connected {
    ($broker:expr) => {{
        let broker = $broker.expect("a broker");
        Connection {
            feed: Arc::new(broker.market_feed()),
            stream: Box::new(broker.account_stream()),
            broker: Arc::new(broker),
        }
    }};
}

/// Serves the exchange.
///
/// # Panics
/// If loopback cannot be listened on.
pub async fn serve(wire: Wire, exchange: Exchange, wallet: Money) -> Running {
    let started = match wire {
        Wire::Binance => {
            let rate_limits = binance::RateLimits {
                weight_per_minute: 2_400_000,
                orders_per_minute: 1_200_000,
                orders_per_ten_seconds: 300_000,
                funding_per_five_minutes: 500_000,
                ..binance::RateLimits::default()
            };
            BinanceVenue::start(exchange, Settings { rate_limits, wallet, ..Settings::default() }).await
        }
        Wire::Gateio => {
            let rate_limits = gateio::RateLimits {
                public_per_ten_seconds: 1_000_000,
                private_per_ten_seconds: 1_000_000,
                orders_per_second: 1_000_000,
                cancels_per_second: 1_000_000,
            };
            GateioVenue::start(exchange, Settings { rate_limits, wallet, ..Settings::default() }).await
        }
        Wire::Bitget => {
            let rate_limits =
                bitget::RateLimits { requests_per_minute: 6_000_000, scale: 1000, ..bitget::RateLimits::default() };
            BitgetVenue::start(exchange, Settings { rate_limits, wallet, ..Settings::default() }).await
        }
    };
    started.expect("a venue on loopback")
}

/// How patient an adapter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As in production.
    OfProduction,
    /// It connects again at once, and reads the account as often as it likes.
    OfBenches,
}

/// An account at the venue at these addresses.
///
/// # Panics
/// If the adapter cannot be made.
#[must_use]
pub fn connect(
    wire: Wire,
    rest: &str,
    sockets: &str,
    clock: Arc<dyn Clock>,
    seed: u64,
    patience: Patience,
) -> Connection {
    let hurries = patience == Patience::OfBenches;
    let jittered = |usual: SocketSettings| SocketSettings {
        backoff: BackoffSettings {
            seed: Some(seed),
            first: if hurries { Duration::from_millis(1) } else { usual.backoff.first },
            ..usual.backoff
        },
        ..usual
    };
    let between = |usual: Duration| if hurries { Duration::ZERO } else { usual };
    match wire {
        Wire::Binance => {
            let endpoints = plimsoll_binance::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_binance::Credentials::new(KEY, SECRET);
            let usual = plimsoll_binance::Settings::default();
            let settings = plimsoll_binance::Settings {
                weight_limit: usual.weight_limit * 1000,
                weight_reserve: usual.weight_reserve * 1000,
                weight_to_watch: usual.weight_to_watch * 1000,
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            };
            connected!(BinanceBroker::with_settings(endpoints, credentials, clock, settings))
        }
        Wire::Gateio => {
            let endpoints = plimsoll_gateio::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_gateio::Credentials::new(KEY, SECRET);
            let usual = plimsoll_gateio::Settings::default();
            let settings = plimsoll_gateio::Settings {
                calls_per_ten_seconds: 1_000_000,
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            };
            connected!(GateioBroker::with_settings(endpoints, credentials, clock, settings))
        }
        Wire::Bitget => {
            let endpoints = plimsoll_bitget::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_bitget::Credentials::new(KEY, SECRET, PASSPHRASE);
            let usual = plimsoll_bitget::Settings::default();
            let settings = plimsoll_bitget::Settings {
                requests_per_minute: usual.requests_per_minute * 1000,
                request_reserve: usual.request_reserve * 1000,
                requests_to_watch: usual.requests_to_watch * 1000,
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            };
            connected!(BitgetBroker::with_settings(endpoints, credentials, clock, settings))
        }
    }
}
