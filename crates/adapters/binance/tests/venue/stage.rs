//! The adapter on a simulated venue.

#[path = "../../../tests/stage.rs"]
mod shared;

use plimsoll_binance::{BinanceBroker, Credentials, Endpoints, Settings};
use plimsoll_domain::{AccountId, Symbol};
use plimsoll_exchange::listings;
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue};
use std::time::Duration;

pub(crate) use shared::*;

pub(crate) type VenueBroker = BinanceBroker;
pub(crate) type VenueSettings = plimsoll_venue_server::Settings;

const KEY: &str = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

/// Reading the account asks for this.
pub(crate) const READS_ACCOUNT: &str = "GET /fapi/v3/account";
/// So many sockets tell prices.
pub(crate) const MARKET_SOCKETS: usize = 2;

pub(crate) fn symbol() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(KEY, SECRET)
}

pub(crate) fn settings() -> Settings {
    let private_socket = shared::socket();
    Settings { private_socket, market_socket: private_socket, between_snapshots: Duration::ZERO, ..Settings::default() }
}

/// The same at every turn: there is one private stream.
pub(crate) fn settings_of(_turn: u32) -> Settings {
    settings()
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), VenueSettings::default()).await
    }

    pub(crate) async fn with(settings: Settings, venue_settings: VenueSettings) -> Self {
        let exchange = shared::exchange(listings::btc_usdt(), listings::eth_usdt());
        let venue_settings = VenueSettings { clock: AuthenticationClock::Market, ..venue_settings };
        let venue = BinanceVenue::start(exchange, venue_settings).await.expect("a venue");
        venue.open_account(&AccountId::new("trader"), KEY, SECRET.into()).expect("an account");
        Self::at(venue, |venue, clock| {
            let endpoints = Endpoints::custom(venue.rest_url(), venue.ws_url());
            BinanceBroker::with_settings(endpoints, credentials(), clock, settings).expect("a broker")
        })
    }
}
