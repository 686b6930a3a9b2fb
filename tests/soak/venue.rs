//! A venue as the soak serves it, and an account at it as the soak connects it: the patience of production.

pub use crate::venues::Wire;

use crate::venues::{self, Adapter, AdapterSettings, Keys, Served, unlimited};
use plimsoll_domain::Money;
use plimsoll_exchange::Exchange;
use plimsoll_ports::{AccountStream, Broker, Clock, MarketFeed};
use plimsoll_transport::{BackoffSettings, SocketSettings};
use plimsoll_venue_server::{AuthenticationClock, Running};
use std::sync::Arc;
use std::time::Duration;

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

/// Serves the exchange.
///
/// # Panics
/// If loopback cannot be listened on.
pub async fn serve(wire: Wire, exchange: Exchange, wallet: Money) -> Running {
    venues::serve(wire, exchange, Served { clock: AuthenticationClock::Wall, wallet, answers_show_fills: false }).await
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
    let keys = Keys { key: KEY, secret: SECRET, passphrase: PASSPHRASE };
    let Adapter { broker, feed, open, .. } =
        venues::connect(rest, sockets, keys, clock, settings(wire, seed, patience));
    Connection { broker, feed, stream: open() }
}

fn settings(wire: Wire, seed: u64, patience: Patience) -> AdapterSettings {
    let hurries = patience == Patience::OfBenches;
    let at_once = |usual: Duration| if hurries { Duration::from_millis(1) } else { usual };
    let jittered = |usual: SocketSettings| SocketSettings {
        backoff: BackoffSettings {
            seed: Some(seed),
            first: at_once(usual.backoff.first),
            longest: at_once(usual.backoff.longest),
        },
        ..usual
    };
    let between = |usual: Duration| if hurries { Duration::ZERO } else { usual };
    match wire {
        Wire::Binance => {
            let usual = unlimited::binance();
            AdapterSettings::Binance(plimsoll_binance::Settings {
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            })
        }
        Wire::Gateio => {
            let usual = unlimited::gateio();
            AdapterSettings::Gateio(plimsoll_gateio::Settings {
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            })
        }
        Wire::Bitget => {
            let usual = unlimited::bitget();
            AdapterSettings::Bitget(plimsoll_bitget::Settings {
                between_snapshots: between(usual.between_snapshots),
                private_socket: jittered(usual.private_socket),
                ..usual
            })
        }
    }
}
