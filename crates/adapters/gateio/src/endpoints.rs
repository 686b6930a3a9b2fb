//! Where the venue is, and how patient we are with it.

use plimsoll_transport::{HttpSettings, SocketSettings};
use plimsoll_venue::{CallSettings, FollowSettings};
use std::time::Duration;

/// The addresses of one environment. Keys of one are worth nothing in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme and host of REST.
    pub rest: String,
    /// The whole address of the socket: one connection serves one settle currency, and the environments have other paths.
    pub sockets: String,
}

impl Endpoints {
    /// The real venue, with real money.
    #[must_use]
    pub fn live() -> Self {
        Self::custom("https://api.gateio.ws", "wss://fx-ws.gateio.ws")
    }

    /// The venue's test environment, which has keys of its own.
    #[must_use]
    pub fn testnet() -> Self {
        Self::custom("https://api-testnet.gateapi.io", "wss://ws-testnet.gate.com/v4/ws/futures/usdt")
    }

    /// Another place that speaks the same wire: a simulated venue on loopback, or one of the venue's alias hosts. A socket
    /// without a path has the live one's.
    #[must_use]
    pub fn custom(rest: impl Into<String>, sockets: impl Into<String>) -> Self {
        let sockets: String = sockets.into();
        let bare = sockets.trim_end_matches('/');
        let has_path = bare.split("://").nth(1).is_some_and(|rest| rest.contains('/'));
        let sockets = if has_path { sockets } else { format!("{bare}/v4/ws/usdt") };
        Self { rest: rest.into(), sockets }
    }
}

/// Everything that has a sensible default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An order that reaches the venue's gateway so long after it was signed dies there, instead of acting later than it
    /// was meant to.
    pub orders_expire_in: Duration,
    /// How often the difference to the venue's clock is measured anew.
    pub measure_time_every: Duration,
    /// How long the list of contracts is believed: so soon a halt, a new contract or the end of one is known.
    pub listing_live: Duration,
    /// How long margin tables and fees are believed.
    pub contracts_live: Duration,
    /// Orders a second that this account may place or change.
    pub orders_per_second: u32,
    /// Cancellations a second.
    pub cancels_per_second: u32,
    /// Other calls in ten seconds, for each endpoint.
    pub calls_per_ten_seconds: u32,
    /// The part of each limit, in percent, that is kept for what reduces risk.
    pub reserve_percent: u32,
    /// The part of the calls before that, in percent, which is kept for knowing the account: positions, orders, fills,
    /// snapshots.
    pub watch_percent: u32,
    /// A call waits for so long at most for a limit to allow it again; most are by the second.
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
    /// However well everything seems to go, the account is read again this often: what a venue never told is noticed by
    /// no other sign.
    pub read_again_every: Duration,
    /// The venue's answers may lag behind its stream by so much: a snapshot that contradicts what the stream has told
    /// within this time is read again.
    pub answers_lag: Duration,
    /// Timeouts of REST.
    pub http: HttpSettings,
    /// When the private socket counts as dead. The account may be quiet for hours; the answers to our pings may not.
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

    /// How patient the private stream is.
    pub(crate) fn follow(&self) -> FollowSettings {
        FollowSettings {
            socket: self.private_socket,
            answers_within: self.private_socket.connect_timeout,
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
        // The venue closes a connection on which nothing was said for about a minute. A pong of its own channel is the
        // only sign that it still serves the account.
        let socket = SocketSettings {
            ping_after: Duration::from_secs(4),
            dead_after: Duration::from_secs(12),
            heartbeat_every: Duration::from_secs(10),
            mute_after: Some(Duration::from_secs(30)),
            ..SocketSettings::default()
        };
        Self {
            orders_expire_in: Duration::from_secs(5),
            measure_time_every: minutes(10),
            listing_live: minutes(5),
            contracts_live: minutes(60),
            orders_per_second: 100,
            cancels_per_second: 200,
            calls_per_ten_seconds: 200,
            reserve_percent: 20,
            watch_percent: 30,
            patience: Duration::from_millis(1500),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_without_a_path_has_the_live_one() {
        assert_eq!(Endpoints::live().sockets, "wss://fx-ws.gateio.ws/v4/ws/usdt");
        assert_eq!(Endpoints::custom("http://a", "ws://127.0.0.1:7/").sockets, "ws://127.0.0.1:7/v4/ws/usdt");
        assert_eq!(Endpoints::custom("http://a", "ws://127.0.0.1:7/other").sockets, "ws://127.0.0.1:7/other");
        assert_eq!(Endpoints::testnet().sockets, "wss://ws-testnet.gate.com/v4/ws/futures/usdt");
    }
}
