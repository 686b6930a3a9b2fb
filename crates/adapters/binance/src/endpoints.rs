//! Where the venue is, and how patient we are with it.

use plimsoll_transport::{HttpSettings, SocketSettings};
use plimsoll_venue::{CallSettings, FollowSettings};
use std::time::Duration;

/// The addresses of one environment. Keys of one are worth nothing in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme and host of REST.
    pub rest: String,
    /// Scheme and host of the sockets; the routes `/public`, `/market` and `/private` are added to it.
    pub sockets: String,
}

impl Endpoints {
    /// The real venue, with real money.
    #[must_use]
    pub fn live() -> Self {
        Self::custom("https://fapi.binance.com", "wss://fstream.binance.com")
    }

    /// The venue's demo environment. Its keys come from `demo.binance.com`.
    #[must_use]
    pub fn testnet() -> Self {
        Self::custom("https://demo-fapi.binance.com", "wss://fstream.binancefuture.com")
    }

    /// Another place that speaks the same wire: a simulated venue on loopback, or one of the venue's alias hosts.
    #[must_use]
    pub fn custom(rest: impl Into<String>, sockets: impl Into<String>) -> Self {
        Self { rest: rest.into(), sockets: sockets.into() }
    }
}

/// Everything that has a sensible default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How old a signed request may be when the venue reads it. Longer forgives slow networks and clocks, and lets a
    /// request act later than it was meant to.
    pub recv_window: Duration,
    /// How often the difference to the venue's clock is measured anew.
    pub measure_time_every: Duration,
    /// How long the list of contracts is believed: so soon a halt, a new contract or the end of one is known.
    pub listing_live: Duration,
    /// How long margin tables, fees and funding intervals are believed.
    pub contracts_live: Duration,
    /// How often the private stream's key is kept alive. The venue forgets it after 60 minutes; a key that has died
    /// before that, without a word, is found when it is kept alive next.
    pub keep_alive_every: Duration,
    /// The private stream counts as alive for so long after the venue has last shown that it knows the key: by keeping it
    /// alive, or by an event. Longer than [`keep_alive_every`](Self::keep_alive_every).
    pub key_believed_for: Duration,
    /// Request weight a minute that this address may use: 2400 live, 6000 in the demo environment.
    pub weight_limit: u32,
    /// The part of it that is kept for what reduces risk: cancels, closes, protection, and the look-up of one order.
    pub weight_reserve: u32,
    /// The part before that, which is kept for knowing the account: positions, orders, fills, snapshots.
    pub weight_to_watch: u32,
    /// Orders in ten seconds that this account may place or change.
    pub orders_per_ten_seconds: u32,
    /// Orders a minute that this account may place or change.
    pub orders_per_minute: u32,
    /// The part of both, in percent, that is kept for orders that reduce risk.
    pub order_reserve_percent: u32,
    /// How many events, at least eight, may wait for a slow reader before some are given up for a fresh snapshot.
    pub waiting_events: usize,
    /// However many messages cannot be read, snapshots of the account are taken, and gaps in the prices told, no more often
    /// than this.
    pub between_snapshots: Duration,
    /// The private stream is deaf, and is given up for a new one, when it has not told of an order for so long after the
    /// venue has taken it.
    pub news_within: Duration,
    /// What the venue does is told within this time, or not at all: a private stream that has told of nothing since, and for
    /// so much longer, is deaf too.
    pub told_within: Duration,
    /// However well everything seems to go, the account is read again this often: what a venue never told is noticed by
    /// no other sign.
    pub read_again_every: Duration,
    /// The venue's answers may lag behind its stream by so much: a snapshot that contradicts what the stream has told
    /// within this time is read again.
    pub answers_lag: Duration,
    /// Timeouts of REST.
    pub http: HttpSettings,
    /// When the private socket counts as dead. It may be silent for hours and be well.
    pub private_socket: SocketSettings,
    /// When a market socket counts as dead. Mark prices come every second: one that is silent was acknowledged and not
    /// served, which the venue does to wrong routes.
    pub market_socket: SocketSettings,
}

impl Settings {
    /// How the venue is called.
    pub(crate) fn calls(&self) -> CallSettings {
        CallSettings {
            http: self.http,
            measure_time_every: self.measure_time_every,
            seed: self.private_socket.backoff.seed,
            ..CallSettings::default()
        }
    }

    /// How patient the private stream is.
    pub(crate) fn follow(&self) -> FollowSettings {
        FollowSettings {
            socket: self.private_socket,
            keep_alive_every: Some(self.keep_alive_every),
            waiting_events: self.waiting_events,
            between_snapshots: self.between_snapshots,
            news_within: self.news_within,
            told_within: self.told_within,
            read_again_every: self.read_again_every,
            answers_lag: self.answers_lag,
            ..FollowSettings::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            recv_window: Duration::from_secs(5),
            measure_time_every: minutes(10),
            listing_live: minutes(5),
            contracts_live: minutes(60),
            keep_alive_every: minutes(1),
            key_believed_for: minutes(3),
            weight_limit: 2400,
            weight_reserve: 300,
            weight_to_watch: 900,
            orders_per_ten_seconds: 300,
            orders_per_minute: 1200,
            order_reserve_percent: 20,
            waiting_events: 4096,
            between_snapshots: Duration::from_secs(5),
            news_within: Duration::from_secs(5),
            told_within: Duration::from_secs(10),
            read_again_every: minutes(5),
            answers_lag: Duration::from_secs(3),
            http: HttpSettings::default(),
            // A quiet account's freshness rests on pongs, and orders that add exposure rest on freshness.
            private_socket: SocketSettings {
                ping_after: Duration::from_secs(4),
                dead_after: Duration::from_secs(12),
                ..SocketSettings::default()
            },
            market_socket: SocketSettings {
                ping_after: Duration::from_secs(5),
                dead_after: Duration::from_secs(15),
                mute_after: Some(Duration::from_secs(20)),
                ..SocketSettings::default()
            },
        }
    }
}
