//! Four strategies for perpetual futures, and the indicators that they read.

mod candles;
mod float;
pub mod indicator;

pub use candles::{Aggregator, Bar, ClosedBars};
