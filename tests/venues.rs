//! The venues that scenarios run over: their servers, whose limits nobody meets, and the adapters that reach them.

pub mod unlimited;

use plimsoll_binance::BinanceBroker;
use plimsoll_bitget::BitgetBroker;
use plimsoll_domain::{ClientOrderId, Money};
use plimsoll_exchange::Exchange;
use plimsoll_gateio::GateioBroker;
use plimsoll_ports::{AccountStream, Broker, Clock, FundingRates, MarketFeed};
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, BitgetVenue, GateioVenue, Running, Settings};
use std::fmt;
use std::sync::Arc;

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

    /// An order's name without what the venue wants before names of ours.
    #[must_use]
    pub fn without_prefix(self, id: &ClientOrderId) -> ClientOrderId {
        match self {
            Self::Gateio => ClientOrderId::reported(id.as_str().strip_prefix("t-").unwrap_or(id.as_str())),
            Self::Binance | Self::Bitget => id.clone(),
        }
    }

    /// Whether every trade says what it realised; otherwise it is booked apart.
    #[must_use]
    pub const fn tells_profit_of_fills(self) -> bool {
        match self {
            Self::Binance | Self::Bitget => true,
            Self::Gateio => false,
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

/// How a venue is served.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Whose time requests are judged by.
    pub clock: AuthenticationClock,
    /// What a newly opened account has in its wallet.
    pub wallet: Money,
    /// Binance: whether answers to placing, changing and cancelling carry the fills.
    pub answers_show_fills: bool,
}

impl Served {
    fn with_limits<Limits: Default>(self, rate_limits: Limits) -> Settings<Limits> {
        let Self { clock, wallet, answers_show_fills } = self;
        Settings { clock, wallet, answers_show_fills, rate_limits, ..Settings::default() }
    }
}

/// Serves the exchange, with limits that nobody meets. No account is open yet.
///
/// # Panics
/// If loopback cannot be listened on.
pub async fn serve(wire: Wire, exchange: Exchange, served: Served) -> Running {
    let started = match wire {
        Wire::Binance => BinanceVenue::start(exchange, served.with_limits(unlimited::server::binance())).await,
        Wire::Gateio => GateioVenue::start(exchange, served.with_limits(unlimited::server::gateio())).await,
        Wire::Bitget => BitgetVenue::start(exchange, served.with_limits(unlimited::server::bitget())).await,
    };
    started.expect("a venue on loopback")
}

/// A key as a trader has it. A passphrase is wanted by some venues only.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// What the venue knows the account by.
    pub key: &'static str,
    /// What requests are signed with.
    pub secret: &'static str,
    /// Of venues whose keys have one.
    pub passphrase: &'static str,
}

/// A venue's adapter, and how it is set.
#[derive(Debug, Clone)]
pub enum AdapterSettings {
    /// Binance's.
    Binance(plimsoll_binance::Settings),
    /// Gate.io's.
    Gateio(plimsoll_gateio::Settings),
    /// Bitget's.
    Bitget(plimsoll_bitget::Settings),
}

/// An adapter, as the ports show it: everything through one session.
pub struct Adapter {
    /// Asks.
    pub broker: Arc<dyn Broker>,
    /// Tells prices.
    pub feed: Arc<dyn MarketFeed>,
    /// Tells funding rates.
    pub funding_rates: Arc<dyn FundingRates>,
    /// Opens what hears of the account.
    pub open: Box<dyn Fn() -> Box<dyn AccountStream> + Send + Sync>,
}

/// The brokers of the venues have one shape.
macro_rules! adapter {
    ($broker:expr) => {{
        let broker = $broker.expect("a broker");
        let opener = broker.clone();
        Adapter {
            feed: Arc::new(broker.market_feed()),
            funding_rates: Arc::new(broker.funding_rates()),
            open: Box::new(move || -> Box<dyn AccountStream> { Box::new(opener.account_stream()) }),
            broker: Arc::new(broker),
        }
    }};
}

/// An account at the venue at these addresses.
///
/// # Panics
/// If the adapter cannot be made.
#[must_use]
pub fn connect(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>, settings: AdapterSettings) -> Adapter {
    match settings {
        AdapterSettings::Binance(settings) => {
            let endpoints = plimsoll_binance::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_binance::Credentials::new(keys.key, keys.secret);
            adapter!(BinanceBroker::with_settings(endpoints, credentials, clock, settings))
        }
        AdapterSettings::Gateio(settings) => {
            let endpoints = plimsoll_gateio::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_gateio::Credentials::new(keys.key, keys.secret);
            adapter!(GateioBroker::with_settings(endpoints, credentials, clock, settings))
        }
        AdapterSettings::Bitget(settings) => {
            let endpoints = plimsoll_bitget::Endpoints::custom(rest, sockets);
            let credentials = plimsoll_bitget::Credentials::new(keys.key, keys.secret, keys.passphrase);
            adapter!(BitgetBroker::with_settings(endpoints, credentials, clock, settings))
        }
    }
}
