//! Simulated venues on this machine, whichever wire they speak.

use crate::venue::{Keys, VenueName};
use plimsoll_domain::{AccountId, Instrument, Money};
use plimsoll_exchange::{Exchange, Rejection, listings};
use plimsoll_venue_server::{
    AuthenticationClock, BinanceVenue, BitgetVenue, FaultPlan, GateioVenue, RateLimits, Running, Settings, StartError,
};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::time::Duration;

/// How a simulated venue is to behave, beyond what its exchange does.
pub(crate) struct Simulated {
    /// Where to listen; any free port of loopback without it.
    pub(crate) listen: Option<SocketAddr>,
    /// Whose time requests are judged by.
    pub(crate) clock: AuthenticationClock,
    /// What a newly opened account has.
    pub(crate) wallet: Money,
    /// It forgets nothing and lets no key die, however fast its market is replayed.
    pub(crate) for_ever: bool,
    pub(crate) faults: FaultPlan,
    /// Faults are taken over HTTP too.
    pub(crate) control: bool,
}

impl Simulated {
    /// Serves the exchange.
    pub(crate) async fn serve(self, venue: VenueName, exchange: Exchange) -> Result<Running, StartError> {
        match venue {
            VenueName::Binance => BinanceVenue::start(exchange, self.settings()).await,
            VenueName::Gateio => GateioVenue::start(exchange, self.settings()).await,
            VenueName::Bitget => BitgetVenue::start(exchange, self.settings()).await,
        }
    }

    /// Serves the exchange on Binance's wire, with so much request weight a minute.
    pub(crate) async fn serve_binance(self, exchange: Exchange, weight_per_minute: u32) -> Result<Running, StartError> {
        let rate_limits = RateLimits { weight_per_minute, ..RateLimits::default() };
        BinanceVenue::start(exchange, Settings { rate_limits, ..self.settings() }).await
    }

    fn settings<Limits: Default>(self) -> Settings<Limits> {
        let Self { listen, clock, wallet, for_ever, faults, control } = self;
        let mut settings = Settings { clock, wallet, faults, control, ..Settings::default() };
        settings.listen = listen.unwrap_or(settings.listen);
        if for_ever {
            settings.listen_key_life = Duration::from_secs(366 * 86_400);
            settings.remembers = Duration::MAX;
        }
        settings
    }
}

/// Bitcoin, as the venue lists it.
pub(crate) fn bitcoin(venue: VenueName) -> Instrument {
    match venue {
        VenueName::Binance => listings::btc_usdt(),
        VenueName::Gateio => listings::gateio::btc_usdt(),
        VenueName::Bitget => listings::bitget::btc_usdt(),
    }
}

/// Opens an account with these keys.
pub(crate) fn open_account(venue: &Running, account: &AccountId, keys: &Keys) -> Result<(), Rejection> {
    let Keys { key, secret, passphrase } = keys;
    venue.open_account_with_passphrase(account, key.expose_secret(), secret.clone(), passphrase.clone())
}
