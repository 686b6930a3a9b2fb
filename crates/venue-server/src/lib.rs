//! The simulated exchange behind a venue's own HTTP and WebSocket wire, on loopback.

pub mod binance;

mod line;
mod server;

pub use binance::{AuthenticationClock, BinanceVenue, RateLimits, Running, Settings, StartError};
