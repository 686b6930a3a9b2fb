//! Five strategies for perpetual futures, and the indicators that they read.
//!
//! ```
//! use plimsoll_domain::{AccountId, Candle, Decimal, MarketEvent, Price, Timestamp};
//! use plimsoll_ports::{Strategy, StrategyEvent, StrategyView};
//! use plimsoll_strategies::{Place, build};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The cross of two averages over candles of a minute, as configuration would say it.
//! let place = Place { account: AccountId::new("main"), symbol: "BTC/USDT:USDT".parse()? };
//! let settings = serde_json::json!({"fast": 2, "slow": 3, "size": {"quantity": "0.01"}, "stop": {"fraction": "0.02"}});
//! let mut strategy = build("ema_cross", "my-cross", &[place.clone()], &settings)?;
//!
//! // It hears a closed candle, sees its accounts, and says what it wants.
//! let price: Price = "50000".parse()?;
//! let candle = Candle {
//!     symbol: place.symbol.clone(),
//!     open_time: Timestamp::from_millis(1_700_000_040_000),
//!     interval: Duration::from_secs(60),
//!     open: price,
//!     high: price,
//!     low: price,
//!     close: price,
//!     volume: Decimal::ONE,
//!     closed: true,
//! };
//! let view = StrategyView { now: Timestamp::from_millis(1_700_000_100_000), accounts: &[] };
//! let event = MarketEvent::Candle(candle);
//! let decided = strategy.decide(&view, &StrategyEvent::Market { account: &place.account, event: &event });
//! assert_eq!(decided, [], "there is nothing to be said of one candle");
//!
//! // After a restart it goes on as if nothing had happened.
//! let mut again = build("ema_cross", "my-cross", &[place.clone()], &settings)?;
//! again.restore(&strategy.state())?;
//! assert_eq!(again.state(), strategy.state());
//!
//! // What is wrong with settings is said in words, all of it at once.
//! let wrong = build("ema_cross", "my-cross", &[place], &serde_json::json!({"fast": 50, "slow": 10}));
//! let told = wrong.err().map(|error| error.to_string());
//! assert_eq!(told.as_deref(), Some("settings of ema_cross: fast is below slow, got 50 and 10"));
//! # Ok(())
//! # }
//! ```
//!
//! [`kinds`] lists them with their defaults: [`EmaCross`], [`TrendSwitch`], [`VolatilityBreakout`], [`Grid`] and
//! [`FundingArbitrage`]. `docs/strategies.md` has the rules of each, and a strategy of your own step by step; for that,
//! [`indicator`] and [`Aggregator`] are here to be used.
//!
//! This crate sends nothing and waits for nothing. It knows no venue, no clock and no store, checks no limits of an account
//! (whoever carries out its decisions does), and says nothing about what its strategies earn.

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

/// The page's example compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/strategies.md")]
mod page {}
