//! One account, wired: venue, records and engine, by injection.

use crate::config::{Account, Config, Environment, VenueEnvironment};
use crate::failure::Failure;
use crate::records::Records;
use plimsoll_binance::{BinanceBroker, Credentials, Endpoints, Settings as VenueSettings};
use plimsoll_domain::risk::RiskLimits;
use plimsoll_engine::{Ports, PositionManager, Reconciliation, Settings};
use plimsoll_ports::{Broker, SystemClock};
use std::sync::Arc;

/// One account with everything that trades it.
pub(crate) struct Desk {
    pub(crate) config: Config,
    pub(crate) account: Account,
    pub(crate) broker: Arc<BinanceBroker>,
    pub(crate) records: Records,
    pub(crate) manager: Arc<PositionManager>,
}

/// What the operator's settings are, before a verb changes any of them.
pub(crate) fn engine_settings(config: &Config, account: &Account) -> Result<Settings, Failure> {
    let limits = RiskLimits::new(account.limits.clone()).map_err(Failure::usage)?;
    Ok(Settings {
        settle: account.settle.clone(),
        limits,
        position_mode: account.position_mode,
        margin_mode: account.margin_mode,
        unverified_stop: account.unverified_stop,
        foreign: account.foreign,
        patience: config.intervals.patience(),
        ..Settings::new(account.name.clone())
    })
}

/// The broker of an account, with its secrets from where the configuration says.
pub(crate) fn broker(config: &Config, account: &Account, environment: &Environment) -> Result<BinanceBroker, Failure> {
    let secret = |place: &crate::config::SecretPlace| {
        place.read(environment).map_err(|missing| Failure::usage(missing.what).help(missing.remedy))
    };
    let credentials = Credentials::new(secret(&account.key)?, secret(&account.secret)?);
    let endpoints = Endpoints::custom(account.rest_url.clone(), account.socket_url.clone());
    BinanceBroker::with_settings(endpoints, credentials, Arc::new(SystemClock), venue_settings(config, account))
        .map_err(Failure::unreachable)
}

pub(crate) fn venue_settings(config: &Config, account: &Account) -> VenueSettings {
    let mut settings = VenueSettings { weight_limit: account.weight_limit, ..VenueSettings::default() };
    settings.http.timeout = config.intervals.request;
    settings
}

impl Desk {
    /// Wires one account.
    pub(crate) async fn open(
        config: Config,
        account: Account,
        environment: &Environment,
        settings: Settings,
    ) -> Result<Self, Failure> {
        let broker = Arc::new(broker(&config, &account, environment)?);
        let records = Records::open_for_trading(&config.database, &config.state).await?;
        if let Some(why) = &records.away {
            eprintln!("the database is away: {why}\nNothing is opened meanwhile; closing and protecting go on.");
        }
        let manager = Arc::new(PositionManager::new(ports(&broker, &records), settings));
        Ok(Self { config, account, broker, records, manager })
    }

    /// Brings records and venue together: what an earlier run left open is known before anything new is done.
    pub(crate) async fn reconcile(&self) -> Result<Reconciliation, Failure> {
        self.manager.reconcile().await.map_err(|error| {
            Failure::unreachable(error).help("`plimsoll doctor` looks for the cause. Nothing was sent.")
        })
    }

    /// Whether it is real money.
    pub(crate) fn is_live(&self) -> bool {
        self.account.environment == VenueEnvironment::Live
    }

    /// Closes what is open on this machine; what rests at the venue stays.
    pub(crate) async fn close(&self) {
        self.records.close().await;
    }
}

pub(crate) fn ports(broker: &Arc<BinanceBroker>, records: &Records) -> Ports {
    let Records { journal, positions, trades, funding, bookings, equity, risk_events, controls, .. } = records.clone();
    Ports {
        broker: Arc::clone(broker) as Arc<dyn Broker>,
        feed: Arc::new(broker.market_feed()),
        funding_rates: Arc::new(broker.funding_rates()),
        journal,
        positions,
        trades,
        funding,
        bookings,
        equity,
        risk_events,
        controls,
        notifier: Arc::new(crate::notify::Log),
        clock: Arc::new(SystemClock),
    }
}
