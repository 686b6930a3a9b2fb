//! The venues that are spoken to, and one account's connection to one of them.

use crate::config::{Account, Config, Environment, SecretPlace, VenueEnvironment};
use crate::failure::Failure;
use clap::ValueEnum;
use plimsoll_binance::{BinanceAccountAudit, BinanceBroker};
use plimsoll_bitget::{BitgetAccountAudit, BitgetBroker, Protocol, Trading};
use plimsoll_gateio::{GateioAccountAudit, GateioBroker};
use plimsoll_ports::{AccountAudit, AccountStream, Broker, Clock, FundingRates, MarketFeed, SystemClock};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What candles of any venue last, in seconds.
const CANDLES: [u64; 17] =
    [1, 10, 60, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 86_400, 259_200, 604_800, 2_592_000];

/// Whose wire it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum VenueName {
    /// Binance USDⓈ-M futures
    Binance,
    /// Gate.io USDT perpetual futures
    Gateio,
    /// Bitget USDT-M futures
    Bitget,
}

/// Where a venue is: schemes and hosts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places {
    /// Of REST.
    pub(crate) rest: Option<&'static str>,
    /// Of the sockets.
    pub(crate) sockets: Option<&'static str>,
    /// Of the service that tells what a key may do, where that is another one.
    pub(crate) wallet: Option<&'static str>,
}

impl VenueName {
    /// Every venue, by the word for it.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("binance", Self::Binance), ("gateio", Self::Gateio), ("bitget", Self::Bitget)];

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Gateio => "gateio",
            Self::Bitget => "bitget",
        }
    }

    /// What people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Binance => "Binance",
            Self::Gateio => "Gate.io",
            Self::Bitget => "Bitget",
        }
    }

    /// How long its candles last: every length that it has, the shortest first.
    pub(crate) fn candle_intervals(self) -> Vec<Duration> {
        let word = match self {
            Self::Binance => plimsoll_binance::wire::request::interval_word,
            Self::Gateio => plimsoll_gateio::wire::request::interval_word,
            Self::Bitget => plimsoll_bitget::wire::request::interval_word,
        };
        let any = CANDLES.into_iter().map(Duration::from_secs);
        any.filter(|interval| word(*interval).is_some()).collect()
    }

    /// How long an order may still turn up at the venue after it was sent: requests hold so long there.
    pub(crate) const fn order_window(self) -> Duration {
        match self {
            Self::Binance | Self::Gateio => Duration::from_secs(10),
            Self::Bitget => Duration::from_secs(35),
        }
    }

    /// Whether its keys have a passphrase.
    pub(crate) const fn has_passphrase(self) -> bool {
        matches!(self, Self::Bitget)
    }

    /// Where it is; a simulated venue is wherever it was started.
    pub(crate) const fn places(self, environment: VenueEnvironment) -> Places {
        match (self, environment) {
            (_, VenueEnvironment::Loopback) => Places { rest: None, sockets: None, wallet: None },
            (Self::Binance, VenueEnvironment::Live) => Places {
                rest: Some("https://fapi.binance.com"),
                sockets: Some("wss://fstream.binance.com"),
                wallet: Some("https://api.binance.com"),
            },
            (Self::Binance, VenueEnvironment::Testnet) => Places {
                rest: Some("https://demo-fapi.binance.com"),
                sockets: Some("wss://fstream.binancefuture.com"),
                wallet: None,
            },
            (Self::Gateio, VenueEnvironment::Live) => {
                Places { rest: Some("https://api.gateio.ws"), sockets: Some("wss://fx-ws.gateio.ws"), wallet: None }
            }
            (Self::Gateio, VenueEnvironment::Testnet) => Places {
                rest: Some("https://api-testnet.gateapi.io"),
                sockets: Some("wss://ws-testnet.gate.com/v4/ws/futures/usdt"),
                wallet: None,
            },
            (Self::Bitget, VenueEnvironment::Live) => {
                Places { rest: Some("https://api.bitget.com"), sockets: Some("wss://ws.bitget.com"), wallet: None }
            }
            (Self::Bitget, VenueEnvironment::Testnet) => {
                Places { rest: Some("https://api.bitget.com"), sockets: Some("wss://wspap.bitget.com"), wallet: None }
            }
        }
    }
}

impl fmt::Display for VenueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One account's connection: everything goes through the same session and the same budgets.
#[derive(Clone)]
pub(crate) struct Venue {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) feed: Arc<dyn MarketFeed>,
    pub(crate) funding_rates: Arc<dyn FundingRates>,
    streams: Arc<dyn Fn() -> Box<dyn AccountStream> + Send + Sync>,
}

/// Where a venue is, whose account is meant, and how it is spoken to.
pub(crate) struct Way {
    pub(crate) venue: VenueName,
    /// Scheme and host of REST.
    pub(crate) rest: String,
    /// Scheme and host of the sockets.
    pub(crate) sockets: String,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long a request may take; the venue's usual time without it.
    pub(crate) timeout: Option<Duration>,
    /// Binance: request weight a minute; the venue's usual one without it.
    pub(crate) weight_limit: Option<u32>,
    /// Bitget: which dialect of the private stream.
    pub(crate) protocol: Protocol,
    /// Bitget: demo trading, at the address of real trading.
    pub(crate) is_demo: bool,
}

/// What opens an account.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) key: SecretString,
    pub(crate) secret: SecretString,
    /// Empty on venues that have none.
    pub(crate) passphrase: SecretString,
}

impl Keys {
    /// Read from where the configuration says that they are.
    ///
    /// # Errors
    /// The first that is missing, and what to do about it.
    pub(crate) fn read(account: &Account, environment: &Environment) -> Result<Self, Failure> {
        let read = |secret: &str, place: &SecretPlace| {
            place.read(environment).map_err(|missing| {
                let setting = place.setting(&account.name, secret);
                Failure::usage(format!("{setting}: {}", missing.what)).help(missing.remedy)
            })
        };
        let passphrase = account.passphrase.as_ref().map(|place| read("passphrase", place));
        let passphrase = passphrase.transpose()?.unwrap_or_default();
        Ok(Self { key: read("key", &account.key)?, secret: read("secret", &account.secret)?, passphrase })
    }

    /// The keys of a simulated venue, which are no secret.
    pub(crate) fn simulated(key: &str, secret: &str, passphrase: &str) -> Self {
        Self { key: key.into(), secret: secret.into(), passphrase: passphrase.into() }
    }

    /// None, for what asks the venue nothing that an account is needed for.
    pub(crate) fn none() -> Self {
        Self::simulated("", "", "")
    }
}

/// The brokers of the venues have one shape.
macro_rules! connected {
    ($broker:expr) => {{
        let broker = $broker.map_err(Failure::unreachable)?;
        let (feed, funding_rates) = (Arc::new(broker.market_feed()), Arc::new(broker.funding_rates()));
        let source = broker.clone();
        let streams = Arc::new(move || Box::new(source.account_stream()) as Box<dyn AccountStream>);
        Ok(Venue { broker: Arc::new(broker), feed, funding_rates, streams })
    }};
}

impl Way {
    /// The account's, as it is configured.
    pub(crate) fn of(config: &Config, account: &Account, keys: Keys) -> Self {
        Self {
            venue: account.venue,
            rest: account.rest_url.clone(),
            sockets: account.socket_url.clone(),
            keys,
            clock: Arc::new(SystemClock),
            timeout: Some(config.intervals.request),
            weight_limit: account.weight_limit,
            protocol: account.protocol,
            is_demo: account.environment == VenueEnvironment::Testnet,
        }
    }

    /// Makes the session; nothing is sent yet.
    pub(crate) fn connect(self) -> Result<Venue, Failure> {
        match self.venue {
            VenueName::Binance => {
                let (endpoints, settings) = self.to_binance();
                connected!(BinanceBroker::with_settings(endpoints, self.keys.to_binance(), self.clock, settings))
            }
            VenueName::Gateio => {
                let (endpoints, settings) = self.to_gateio();
                connected!(GateioBroker::with_settings(endpoints, self.keys.to_gateio(), self.clock, settings))
            }
            VenueName::Bitget => {
                let (endpoints, settings) = self.to_bitget();
                connected!(BitgetBroker::with_settings(endpoints, self.keys.to_bitget(), self.clock, settings))
            }
        }
    }

    /// What tells how the account and its key are set up, `wallet` being where Binance says what a key may do.
    pub(crate) fn audit(self, wallet: Option<String>) -> Result<Box<dyn AccountAudit>, Failure> {
        Ok(match self.venue {
            VenueName::Binance => {
                let (endpoints, settings) = self.to_binance();
                let audit = BinanceAccountAudit::new(endpoints, wallet, self.keys.to_binance(), self.clock, settings);
                Box::new(audit.map_err(Failure::unreachable)?)
            }
            VenueName::Gateio => {
                let (endpoints, settings) = self.to_gateio();
                let audit = GateioAccountAudit::new(endpoints, self.keys.to_gateio(), self.clock, settings);
                Box::new(audit.map_err(Failure::unreachable)?)
            }
            VenueName::Bitget => {
                let (endpoints, settings) = self.to_bitget();
                let audit = BitgetAccountAudit::new(endpoints, self.keys.to_bitget(), self.clock, settings);
                Box::new(audit.map_err(Failure::unreachable)?)
            }
        })
    }

    fn to_binance(&self) -> (plimsoll_binance::Endpoints, plimsoll_binance::Settings) {
        let mut settings = plimsoll_binance::Settings::default();
        settings.weight_limit = self.weight_limit.unwrap_or(settings.weight_limit);
        settings.http.timeout = self.timeout.unwrap_or(settings.http.timeout);
        (plimsoll_binance::Endpoints::custom(self.rest.clone(), self.sockets.clone()), settings)
    }

    fn to_gateio(&self) -> (plimsoll_gateio::Endpoints, plimsoll_gateio::Settings) {
        let mut settings = plimsoll_gateio::Settings::default();
        settings.http.timeout = self.timeout.unwrap_or(settings.http.timeout);
        (plimsoll_gateio::Endpoints::custom(self.rest.clone(), self.sockets.clone()), settings)
    }

    fn to_bitget(&self) -> (plimsoll_bitget::Endpoints, plimsoll_bitget::Settings) {
        let mut settings =
            plimsoll_bitget::Settings { protocol: self.protocol, ..plimsoll_bitget::Settings::default() };
        settings.http.timeout = self.timeout.unwrap_or(settings.http.timeout);
        let trading = if self.is_demo { Trading::Demo } else { Trading::Live };
        let places = plimsoll_bitget::Endpoints::custom(self.rest.clone(), self.sockets.clone());
        (plimsoll_bitget::Endpoints { trading, ..places }, settings)
    }
}

impl Keys {
    fn to_binance(&self) -> plimsoll_binance::Credentials {
        plimsoll_binance::Credentials { key: self.key.clone(), secret: self.secret.clone() }
    }

    fn to_gateio(&self) -> plimsoll_gateio::Credentials {
        plimsoll_gateio::Credentials { key: self.key.clone(), secret: self.secret.clone() }
    }

    fn to_bitget(&self) -> plimsoll_bitget::Credentials {
        let Self { key, secret, passphrase } = self.clone();
        plimsoll_bitget::Credentials { key, secret, passphrase }
    }
}

impl Venue {
    /// The account's private events, from now on.
    pub(crate) fn account_stream(&self) -> Box<dyn AccountStream> {
        (self.streams)()
    }
}
