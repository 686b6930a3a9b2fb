//! Where the venue is, and how patient we are with it.

use crate::wire::{Protocol, Trading};
use plimsoll_transport::{HttpSettings, SocketSettings};
use plimsoll_venue::{CallSettings, FollowSettings};
use std::time::Duration;

/// The addresses of one environment. Keys of one are worth nothing in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme and host of REST.
    pub rest: String,
    /// Scheme and host of the sockets; the paths are added to it.
    pub sockets: String,
    /// Real money or demo trading, which REST tells apart by a header.
    pub trading: Trading,
}

impl Endpoints {
    /// The real venue, with real money.
    #[must_use]
    pub fn live() -> Self {
        Self::custom("https://api.bitget.com", "wss://ws.bitget.com")
    }

    /// The venue's demo trading. Its keys are made in the demo mode of the web site.
    #[must_use]
    pub fn demo() -> Self {
        let custom = Self::custom("https://api.bitget.com", "wss://wspap.bitget.com");
        Self { trading: Trading::Demo, ..custom }
    }

    /// Another place that speaks the same wire: a simulated venue on loopback, or one of the venue's other hosts.
    #[must_use]
    pub fn custom(rest: impl Into<String>, sockets: impl Into<String>) -> Self {
        Self { rest: rest.into(), sockets: sockets.into(), trading: Trading::Live }
    }

    pub(crate) fn private(&self, protocol: Protocol) -> String {
        let path = match protocol {
            Protocol::V2 => "/v2/ws/private",
            Protocol::MixV1 => "/mix/v1/stream",
        };
        format!("{}{path}", self.sockets.trim_end_matches('/'))
    }

    pub(crate) fn public(&self) -> String {
        format!("{}/v2/ws/public", self.sockets.trim_end_matches('/'))
    }
}

/// Everything that has a sensible default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The dialect of the private stream.
    pub protocol: Protocol,
    /// How often the difference to the venue's clock is measured anew.
    pub measure_time_every: Duration,
    /// How long the list of contracts is believed: so soon a halt, a new contract or the end of one is known.
    pub listing_live: Duration,
    /// How long margin tables, fees and the contracts' own settings are believed.
    pub contracts_live: Duration,
    /// Requests a minute that this address may send.
    pub requests_per_minute: u32,
    /// The part of it that is kept for what reduces risk: cancels, closes, protection, and the look-up of one order.
    pub request_reserve: u32,
    /// The part before that, which is kept for knowing the account: positions, orders, fills, snapshots.
    pub requests_to_watch: u32,
    /// By how much the venue multiplies what each endpoint takes in a second for this account: 1 for everybody, 6, 8 or 10 for
    /// its larger customers.
    pub endpoint_scale: u32,
    /// The part of what each endpoint takes in a second, in percent, that is kept for what reduces risk.
    pub endpoint_reserve_percent: u32,
    /// A request waits for so long at most until its endpoint takes it; otherwise it is not sent.
    pub patience: Duration,
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
    /// However well everything seems to go, the account is read again this often: the venue says itself that pushes may
    /// be lost.
    pub read_again_every: Duration,
    /// The venue's answers may lag behind its stream by so much: a snapshot that contradicts what the stream has told
    /// within this time is read again.
    pub answers_lag: Duration,
    /// Timeouts of REST.
    pub http: HttpSettings,
    /// When the private socket counts as dead. The venue answers each heartbeat, so that a quiet account is heard too.
    pub private_socket: SocketSettings,
    /// When a market socket counts as dead.
    pub market_socket: SocketSettings,
}

impl Settings {
    /// How the venue is called.
    pub(crate) fn calls(&self) -> CallSettings {
        CallSettings {
            http: self.http,
            measure_time_every: self.measure_time_every,
            patience: self.patience,
            seed: self.private_socket.backoff.seed,
        }
    }

    /// How patient the private stream is. Orders of the older dialect do not say our name for them, so nobody can wait for
    /// news of one.
    pub(crate) fn follow(&self) -> FollowSettings {
        let news_within = match self.protocol {
            Protocol::V2 => self.news_within,
            Protocol::MixV1 => Duration::from_secs(365 * 24 * 3600),
        };
        FollowSettings {
            socket: self.private_socket,
            answers_within: self.private_socket.connect_timeout,
            waiting_events: self.waiting_events,
            between_snapshots: self.between_snapshots,
            news_within,
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
        // The venue wants a heartbeat within two minutes; a quiet account's freshness rests on its answers, and orders
        // that add exposure rest on freshness.
        let socket = SocketSettings {
            ping_after: Duration::from_secs(4),
            dead_after: Duration::from_secs(12),
            mute_after: Some(Duration::from_secs(60)),
            heartbeat_every: Duration::from_secs(20),
            ..SocketSettings::default()
        };
        Self {
            protocol: Protocol::V2,
            measure_time_every: minutes(10),
            listing_live: minutes(5),
            contracts_live: minutes(60),
            requests_per_minute: 6000,
            request_reserve: 600,
            requests_to_watch: 1800,
            endpoint_scale: 1,
            endpoint_reserve_percent: 20,
            patience: Duration::from_secs(3),
            waiting_events: 4096,
            between_snapshots: Duration::from_secs(5),
            news_within: Duration::from_secs(5),
            told_within: Duration::from_secs(10),
            read_again_every: minutes(5),
            answers_lag: Duration::from_secs(3),
            http: HttpSettings::default(),
            private_socket: socket,
            market_socket: socket,
        }
    }
}
