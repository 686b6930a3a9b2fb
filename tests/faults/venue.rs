//! The venue of a run, and the ports that a process of ours reaches it by.

use super::paper::Paper;
use super::stage::KEYS;
use super::wire::Wire;
use crate::venues::{self, Adapter, AdapterSettings, Served, unlimited};
use plimsoll_bitget::Protocol;
use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::{Exchange, Tick, TickRefused};
use plimsoll_ports::{AccountStream, Broker, Clock, FundingRates, MarketFeed};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::{AuthenticationClock, FaultPlan, Injected, Running};
use std::sync::Arc;
use std::time::Duration;

/// An exchange behind a venue's wire, or behind the ports alone.
#[derive(Debug)]
pub(crate) enum Venue {
    Served(Wire, Running),
    Paper(Paper),
}

/// The ports of one process: everything through one session.
pub(crate) struct Connection {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) feed: Arc<dyn MarketFeed>,
    pub(crate) funding_rates: Arc<dyn FundingRates>,
    pub(crate) stream: Box<dyn AccountStream>,
}

/// Whether there is a wire or not.
macro_rules! either {
    ($venue:expr, $it:ident => $does:expr) => {
        match $venue {
            Venue::Served(_, $it) => $does,
            Venue::Paper($it) => $does,
        }
    };
}

impl Venue {
    /// Serves the exchange with one account.
    pub(crate) async fn serve(
        wire: Wire,
        exchange: Exchange,
        account: &AccountId,
        wallet: Money,
        answers_show_fills: bool,
    ) -> Self {
        let Some(over) = wire.of_venue() else {
            return Self::Paper(Paper::open(exchange, account.clone(), wallet).expect("an account"));
        };
        let served = Served { clock: AuthenticationClock::Market, wallet, answers_show_fills };
        let venue = venues::serve(over, exchange, served).await;
        venue
            .open_account_with_passphrase(account, KEYS.key, KEYS.secret.into(), KEYS.passphrase.into())
            .expect("an account");
        Self::Served(wire, venue)
    }

    pub(crate) fn exchange<R>(&self, run: impl FnOnce(&mut Exchange) -> R) -> R {
        either!(self, it => it.exchange(run))
    }

    pub(crate) fn advance(&self, tick: &Tick) -> Result<(), TickRefused> {
        either!(self, it => it.advance([tick]))
    }

    pub(crate) fn begin_faults(&self, plan: &FaultPlan) {
        either!(self, it => it.begin_faults(plan));
    }

    /// Nothing goes wrong any more. What has happened stays as it is.
    pub(crate) fn calm(&self) {
        either!(self, it => it.calm());
    }

    pub(crate) fn injected(&self) -> Vec<Injected> {
        either!(self, it => it.injected())
    }

    /// The ports of a process; `seed` jitters its back-off.
    pub(crate) fn connect(&self, clock: Arc<dyn Clock>, seed: u64) -> Connection {
        let (wire, it) = match self {
            Self::Served(wire, it) => (*wire, it),
            Self::Paper(it) => return it.connect(seed),
        };
        let settings = match wire {
            Wire::Gateio => AdapterSettings::Gateio(of_gateio(seed)),
            Wire::Bitget => AdapterSettings::Bitget(of_bitget(seed, Protocol::V2)),
            Wire::BitgetMixV1 => AdapterSettings::Bitget(of_bitget(seed, Protocol::MixV1)),
            Wire::Binance | Wire::Paper => AdapterSettings::Binance(of_binance(seed)),
        };
        let Adapter { broker, feed, funding_rates, open } =
            venues::connect(&it.rest_url(), &it.ws_url(), KEYS, clock, settings);
        Connection { broker, feed, funding_rates, stream: open() }
    }
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Quick to notice and to come back: the market's time passes fast, and nobody waits for a real network.
fn socket(seed: u64) -> SocketSettings {
    SocketSettings {
        connect_timeout: millis(500),
        ping_after: millis(60),
        dead_after: millis(300),
        settled_after: millis(100),
        backoff: BackoffSettings { first: millis(10), longest: millis(80), seed: Some(seed) },
        ..SocketSettings::default()
    }
}

fn http() -> HttpSettings {
    HttpSettings { connect_timeout: millis(400), timeout: millis(800), ..HttpSettings::default() }
}

fn of_binance(seed: u64) -> plimsoll_binance::Settings {
    plimsoll_binance::Settings {
        keep_alive_every: millis(200),
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: socket(seed),
        market_socket: socket(seed),
        ..unlimited::binance()
    }
}

fn of_gateio(seed: u64) -> plimsoll_gateio::Settings {
    plimsoll_gateio::Settings {
        // The market's minutes are over in seconds: an order is not to die on its way for that.
        orders_expire_in: Duration::from_secs(60),
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: heartbeating(seed),
        market_socket: socket(seed),
        ..unlimited::gateio()
    }
}

fn of_bitget(seed: u64, protocol: Protocol) -> plimsoll_bitget::Settings {
    plimsoll_bitget::Settings {
        protocol,
        between_snapshots: millis(20),
        news_within: millis(150),
        read_again_every: millis(400),
        answers_lag: millis(100),
        http: http(),
        private_socket: heartbeating(seed),
        market_socket: socket(seed),
        ..unlimited::bitget()
    }
}

/// A socket whose venue answers heartbeats of our own.
fn heartbeating(seed: u64) -> SocketSettings {
    SocketSettings { heartbeat_every: millis(100), mute_after: Some(millis(400)), ..socket(seed) }
}
