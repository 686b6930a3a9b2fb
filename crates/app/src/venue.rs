//! The venues that are spoken to, and one account's connection to one of them.

use crate::config::{Account, Config, Environment, SecretPlace, VenueEnvironment};
use crate::failure::Failure;
use clap::ValueEnum;
use plimsoll_binance::{BinanceAccountAudit, BinanceBroker};
use plimsoll_ports::{AccountAudit, Broker, FundingRates, MarketFeed, SystemClock};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;

/// Whose wire it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum VenueName {
    /// Binance USDⓈ-M futures
    Binance,
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
    pub(crate) const WORDS: [(&'static str, Self); 1] = [("binance", Self::Binance)];

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Binance => "binance",
        }
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
}

/// What opens an account.
pub(crate) struct Keys {
    key: SecretString,
    secret: SecretString,
}

impl Keys {
    /// Read from where the configuration says that they are.
    ///
    /// # Errors
    /// The first that is missing, and what to do about it.
    pub(crate) fn read(account: &Account, environment: &Environment) -> Result<Self, Failure> {
        let read = |place: &SecretPlace| {
            place.read(environment).map_err(|missing| Failure::usage(missing.what).help(missing.remedy))
        };
        Ok(Self { key: read(&account.key)?, secret: read(&account.secret)? })
    }

    /// None, for what asks the venue nothing that an account is needed for.
    pub(crate) fn none() -> Self {
        Self { key: String::new().into(), secret: String::new().into() }
    }
}

impl Venue {
    /// Connects to nothing yet.
    pub(crate) fn of(config: &Config, account: &Account, keys: Keys) -> Result<Self, Failure> {
        match account.venue {
            VenueName::Binance => binance(config, account, keys),
        }
    }
}

fn binance(config: &Config, account: &Account, keys: Keys) -> Result<Venue, Failure> {
    let (endpoints, settings) = binance_settings(config, account);
    let credentials = plimsoll_binance::Credentials { key: keys.key, secret: keys.secret };
    let broker = BinanceBroker::with_settings(endpoints, credentials, Arc::new(SystemClock), settings)
        .map_err(Failure::unreachable)?;
    let (feed, funding_rates) = (Arc::new(broker.market_feed()), Arc::new(broker.funding_rates()));
    Ok(Venue { broker: Arc::new(broker), feed, funding_rates })
}

fn binance_settings(config: &Config, account: &Account) -> (plimsoll_binance::Endpoints, plimsoll_binance::Settings) {
    let endpoints = plimsoll_binance::Endpoints::custom(account.rest_url.clone(), account.socket_url.clone());
    let weight_limit = account.weight_limit;
    let mut settings = plimsoll_binance::Settings { weight_limit, ..plimsoll_binance::Settings::default() };
    settings.http.timeout = config.intervals.request;
    (endpoints, settings)
}

/// What tells how an account and its key are set up.
pub(crate) fn audit(config: &Config, account: &Account, keys: Keys) -> Result<Box<dyn AccountAudit>, Failure> {
    match account.venue {
        VenueName::Binance => {
            let (endpoints, settings) = binance_settings(config, account);
            let credentials = plimsoll_binance::Credentials { key: keys.key, secret: keys.secret };
            let (wallet, clock) = (account.wallet_url.clone(), Arc::new(SystemClock));
            let audit = BinanceAccountAudit::new(endpoints, wallet, credentials, clock, settings);
            Ok(Box::new(audit.map_err(Failure::unreachable)?))
        }
    }
}
