//! Indicators, one value at a time.
//!
//! They take and give floats: what they say decides, and becomes money only by a rounding that says which way. Each is
//! `None` until it has heard enough, and the same as TA-Lib's from then on; that is tested against its C library and its
//! Rust port.
//!
//! The handles of that port cannot be written down, and an average that remembers for ever cannot be made again from a
//! window. So that a strategy goes on after a restart exactly as it would have, the recurrences are here, and each can be
//! written down whole.

mod atr;
mod bollinger;
mod ema;
mod lowest;
mod rsi;
mod sma;
mod window;

pub use atr::Atr;
pub use bollinger::{Bands, Bollinger};
pub use ema::Ema;
pub use lowest::Lowest;
pub use rsi::Rsi;
pub use sma::Sma;
use window::Window;

/// A period of an indicator that is none, or a state of one that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a state of an indicator: {0}")]
pub struct BadIndicator(&'static str);

/// A period as a factor.
fn real(period: u32) -> f64 {
    f64::from(period)
}
