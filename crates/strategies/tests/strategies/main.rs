//! What each strategy decides, on a desk where everything that is decided is done at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod desk;
mod ema_cross;
mod funding_arbitrage;
mod grid;
mod registry;
mod stage;
mod trend_switch;
mod volatility_breakout;
