//! What differs from venue to venue: keys, paths and words.

mod binance;
mod bitget;
mod gateio;

pub(crate) use binance::Binance;
pub(crate) use bitget::{Bitget, BitgetMixV1};
pub(crate) use gateio::Gateio;

use plimsoll_domain::Instrument;
use plimsoll_exchange::Exchange;
use plimsoll_tests::venues::{AdapterSettings, Keys};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::Running;
use std::time::Duration;

pub(crate) const KEYS: Keys = Keys {
    key: "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c",
    secret: "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
    passphrase: "correct-horse-battery",
};

/// A key that opens nothing.
const NOBODYS_KEY: Keys = Keys { key: "nobodys-key-nobodys-key-nobodys-key", ..KEYS };
/// The trader's key, and what does not go with it.
const ANOTHER_SECRET: Keys = Keys { secret: "not-the-secret-not-the-secret-not-it", ..KEYS };

/// Something wrong with a key, and how the venue calls it: in answers, and where the private stream begins.
pub(crate) struct Wrong {
    pub(crate) keys: Keys,
    pub(crate) in_answers: &'static str,
    pub(crate) on_streams: &'static str,
}

/// What is said where a private stream begins.
pub(crate) enum Beginning {
    /// To this request.
    Answer(&'static str),
    /// By the first frame.
    FirstFrame,
}

/// A venue as this suite meets it.
pub(crate) trait Wire: 'static {
    const PLACE: &'static str;
    const POSITIONS: &'static str;
    const TIME: &'static str;
    /// The passphrase, where keys have one.
    const PASSPHRASE: &'static str = "";
    /// Where a private stream begins, and what is no beginning of one.
    const BEGINNING: Beginning;
    /// An answer to a request whose time the venue does not like.
    fn expired() -> Vec<u8>;
    /// Limits, as the venue tells them in its own words, whatever the status.
    fn limits() -> Vec<Vec<u8>>;
    fn wrong() -> Vec<Wrong>;
    /// Malformed beginnings of a private stream: answers or frames, without their framing.
    fn malformed_beginnings() -> Vec<&'static str>;
    /// What a private socket says that has no session (any more), so that another one is wanted.
    fn ends_session() -> &'static str;
    /// A subscription that is refused, and the channel: needed, and dispensable. `None` where nothing is subscribed to.
    fn refuses_needed() -> Option<(&'static str, &'static str)>;
    fn refuses_dispensable() -> Option<(&'static str, &'static str)>;
    /// A refusal to follow prices, with the venue's words in it.
    fn refuses_prices() -> (&'static str, &'static str);
    /// Too much was asked of a socket, and the code of it.
    fn socket_limit() -> (&'static str, &'static str);

    fn listing() -> Instrument;
    fn venue(exchange: Exchange) -> impl Future<Output = Running> + Send;
    /// How its adapter is set.
    fn settings() -> AdapterSettings;
}

fn http() -> HttpSettings {
    HttpSettings {
        connect_timeout: Duration::from_millis(500),
        timeout: Duration::from_millis(2500),
        ..HttpSettings::default()
    }
}

/// Quick to come back, and repeatable.
fn socket() -> SocketSettings {
    SocketSettings {
        connect_timeout: Duration::from_millis(1500),
        ping_after: Duration::from_millis(500),
        dead_after: Duration::from_secs(3),
        mute_after: None,
        backoff: BackoffSettings {
            first: Duration::from_millis(40),
            longest: Duration::from_millis(200),
            seed: Some(7),
        },
        largest_message: 64 * 1024,
        ..SocketSettings::default()
    }
}

const OWNER: &str = "trader";
