//! History through the same strategies, risk limits and exchange: runs, their reports, sweeps.
//!
//! ```
//! use plimsoll_backtest::report::Report;
//! use plimsoll_backtest::{Candles, Item, Listing, Run, Settings};
//! use plimsoll_domain::{AccountId, Candle, Direction, Leverage, MarketEvent, Timestamp};
//! use plimsoll_exchange::listings;
//! use plimsoll_ports::{
//!     BadState, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent, StrategyView,
//! };
//! use std::time::Duration;
//!
//! /// Buys at the first close, with a stop 10 % below.
//! struct BuyAndHold {
//!     bought: bool,
//! }
//!
//! impl Strategy for BuyAndHold {
//!     fn name(&self) -> String {
//!         "buy-and-hold".into()
//!     }
//!
//!     fn feeds(&self) -> Vec<Feed> {
//!         let (account, symbol) = (AccountId::new("main"), listings::btc_usdt().symbol);
//!         vec![Feed { account, symbol, kind: FeedKind::Candles(Duration::from_secs(60)) }]
//!     }
//!
//!     fn decide<'a>(&mut self, _: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
//!         let StrategyEvent::Market { account, event: MarketEvent::Candle(candle) } = event else { return Vec::new() };
//!         let (Ok(quantity), Ok(stop)) = ("0.05".parse(), "37800".parse()) else { return Vec::new() };
//!         if std::mem::replace(&mut self.bought, true) {
//!             return Vec::new();
//!         }
//!         let (symbol, direction, leverage) = (candle.symbol.clone(), Direction::Long, Leverage::ONE);
//!         let (stop_loss, take_profit) = (StopLoss::At(stop), None);
//!         let open = OpenIntent { symbol, direction, quantity, leverage, stop_loss, take_profit };
//!         vec![Decision::one((*account).clone(), Intent::Open(open), "the first close")]
//!     }
//!
//!     fn state(&self) -> String {
//!         self.bought.to_string()
//!     }
//!
//!     fn restore(&mut self, state: &str) -> Result<(), BadState> {
//!         self.bought = state.parse().map_err(|_| BadState(state.to_owned()))?;
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (account, start) = (AccountId::new("main"), Timestamp::from_millis(1_704_067_200_000));
//! let (instrument, interval) = (listings::btc_usdt(), Duration::from_secs(60));
//! let listing = Listing { account: account.clone(), instrument: instrument.clone(), opening: "42000".parse()? };
//! let settings = Settings::new(start, vec![(account, "10000".parse()?)]);
//! let mut run = Run::new(settings, vec![listing], vec![Box::new(BuyAndHold { bought: false })])?;
//! for (minute, price) in ["42000", "42100", "42400"].into_iter().enumerate() {
//!     let (price, open_time) = (price.parse()?, start.plus(interval * u32::try_from(minute)?));
//!     let (symbol, volume) = (instrument.symbol.clone(), 1.into());
//!     let last =
//!         Candle { symbol, open_time, interval, open: price, high: price, low: price, close: price, volume, closed: true };
//!     run.step(&Item::Candle(0, Candles::of(&last)))?;
//! }
//! let outcome = run.finish()?;
//! // 0.05 from the ask of 42000.1 to 42400, less the fee of 0.04 %.
//! assert_eq!(outcome.equity, "10019.154998".parse()?);
//! assert!(Report::of(&outcome).reconciliation.adds_up());
//! # Ok(())
//! # }
//! ```

// The example's made-up month is a fixture of tests too, and names this crate as everyone does.
#[cfg(test)]
extern crate self as plimsoll_backtest;

mod moments;
mod outcome;
mod recorder;
mod run;

pub mod expectation;
pub mod honesty;
pub mod report;
pub mod statistics;
pub mod sweep;

pub use moments::{Moment, MomentPrice, Moments};
pub use outcome::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, RunKind, TaggedFill};
pub use recorder::{Recorder, Totals};
pub use run::{Candles, Item, Listing, Quote, Run, RunError, RunRefused, Settings};
