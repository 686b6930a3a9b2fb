//! The adapter on a simulated venue.

#[path = "../../../tests/stage.rs"]
mod shared;

use plimsoll_bitget::{BitgetBroker, Credentials, Endpoints, Protocol, Settings};
use plimsoll_domain::{AccountId, Symbol};
use plimsoll_exchange::listings;
use plimsoll_venue_server::bitget::{self, RateLimits};
use plimsoll_venue_server::{AuthenticationClock, BitgetVenue};
use std::time::Duration;

pub(crate) use shared::*;

pub(crate) type VenueBroker = BitgetBroker;
pub(crate) type VenueSettings = bitget::Settings;

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

pub(crate) fn settings() -> Settings {
    let private_socket = shared::socket();
    Settings {
        private_socket,
        market_socket: private_socket,
        between_snapshots: Duration::ZERO,
        endpoint_scale: SCALE,
        ..Settings::default()
    }
}

/// The same, over either private stream in its turn.
pub(crate) fn settings_of(turn: u32) -> Settings {
    Settings { protocol: if turn.is_multiple_of(2) { Protocol::MixV1 } else { Protocol::V2 }, ..settings() }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), VenueSettings::default()).await
    }

    pub(crate) async fn with(settings: Settings, venue_settings: VenueSettings) -> Self {
        let exchange = shared::exchange(listings::btc_usdt(), listings::eth_usdt());
        let rate_limits = RateLimits { scale: SCALE, ..venue_settings.rate_limits };
        let venue_settings = VenueSettings { clock: AuthenticationClock::Market, rate_limits, ..venue_settings };
        let venue = BitgetVenue::start(exchange, venue_settings).await.expect("a venue");
        venue
            .open_account_with_passphrase(&AccountId::new("trader"), KEY, SECRET.into(), PASSPHRASE.into())
            .expect("an account");
        Self::at(venue, |venue, clock| {
            let endpoints = Endpoints::custom(venue.rest_url(), venue.ws_url());
            BitgetBroker::with_settings(endpoints, credentials(), clock, settings).expect("a broker")
        })
    }
}
