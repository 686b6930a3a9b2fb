//! Four strategies for perpetual futures, and the indicators that they read.

mod candles;
mod ema_cross;
mod error;
mod float;
mod funding_arbitrage;
mod grid;
pub mod indicator;
mod on_its_way;
mod place;
mod registry;
mod saved;
pub mod settings;
mod text;
mod trail;
mod trend_switch;
mod volatility_breakout;

pub use candles::{Aggregator, Bar, ClosedBars};
pub use ema_cross::{EmaCross, EmaCrossSettings};
pub use error::StrategyError;
pub use funding_arbitrage::{FundingArbitrage, FundingArbitrageSettings, MarginOf};
pub use grid::{Grid, GridSettings, GridSide, Spacing};
pub use place::Place;
pub use registry::{Kind, build, kinds};
pub use trend_switch::{TrendSwitch, TrendSwitchSettings};
pub use volatility_breakout::{VolatilityBreakout, VolatilityBreakoutSettings};
