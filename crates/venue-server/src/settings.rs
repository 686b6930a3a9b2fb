//! How a venue behaves, beyond what its exchange does.

use crate::clock::AuthenticationClock;
use crate::faults::FaultPlan;
use plimsoll_domain::Money;
use rust_decimal::Decimal;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How a venue behaves, beyond what its exchange does. `Limits` are its own words for what callers may ask for.
#[derive(Debug, Clone)]
pub struct Settings<Limits = crate::binance::RateLimits> {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Whose time requests are judged by.
    pub clock: AuthenticationClock,
    /// Binance: whether answers to placing, changing and cancelling carry `avgPrice` and `cumQuote`, as they did before
    /// July 2026.
    pub answers_show_fills: bool,
    /// What callers may ask for.
    pub rate_limits: Limits,
    /// What a newly opened account has in its wallet.
    pub wallet: Money,
    /// Binance: how long a listen key lives without being kept alive, on the authentication clock: where that is the
    /// market's and the market is replayed fast, longer than what passes between two of a client's requests.
    pub listen_key_life: Duration,
    /// How long fills, changes of wallets and of margin, and the ends of orders by their date are remembered.
    pub remembers: Duration,
    /// How many frames may wait for a socket's reader before the socket is cut.
    pub backlog: usize,
    /// How often a socket is pinged.
    pub ping_every: Duration,
    /// What goes wrong, from the start.
    pub faults: FaultPlan,
    /// Whether faults can be commanded over HTTP: `GET`, `POST` and `DELETE` of `/plimsoll/faults`.
    pub control: bool,
}

impl<Limits: Default> Default for Settings<Limits> {
    /// A free port of 127.0.0.1, the wall clock, the venue's own limits and times, a wallet of 10,000.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: AuthenticationClock::Wall,
            answers_show_fills: false,
            rate_limits: Limits::default(),
            wallet: Money::new(Decimal::from(10_000)),
            listen_key_life: Duration::from_secs(3600),
            remembers: Duration::from_secs(90 * 86_400),
            backlog: 4096,
            ping_every: Duration::from_secs(180),
            faults: FaultPlan::default(),
            control: false,
        }
    }
}
