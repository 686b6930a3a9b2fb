//! The whole of Plimsoll on a simulated clock: several venues, an account on each, their guards, and strategies at one desk, through
//! bad weather and restarts.
//!
//! Everything between the strategies and the exchanges is what trades live: position managers, journals, order paths, lookouts,
//! reconciliation. Only time, the venues and the way to them are simulated, by one seed: the same simulation ends in the same hash.
//!
//! ```
//! use plimsoll_domain::{AccountId, Direction, Leverage, MarketEvent, Timestamp, VenueId};
//! use plimsoll_exchange::listings;
//! use plimsoll_ports::{
//!     BadState, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent, StrategyView,
//! };
//! use plimsoll_simulation::{Generator, GeneratorSettings, Market, SimulatedAccount, Simulation, Weather, run};
//! use std::time::Duration;
//!
//! /// Buys at the first close, with a stop far below.
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
//!         let (Ok(quantity), Ok(stop)) = ("0.05".parse(), "40000".parse()) else { return Vec::new() };
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
//! let (start, hour) = (Timestamp::from_millis(1_767_571_200_000), Duration::from_secs(3600));
//! let account = SimulatedAccount::new(AccountId::new("main"), VenueId::new("paper"), "10000".parse()?);
//! let market = Market { account: account.id.clone(), instrument: listings::btc_usdt(), opening: "60000".parse()? };
//! let markets = vec![market];
//! let prices = Generator::new(GeneratorSettings::new(start, hour, 7), &markets);
//!
//! // The process dies after half an hour, and takes up where it was.
//! let mut simulation = Simulation::new(start, 7, vec![account], markets);
//! simulation.weather = Weather::usual();
//! simulation.crashes.push(start.plus(hour / 2));
//! let done = run(simulation, &|| vec![Box::new(BuyAndHold { bought: false }) as Box<dyn Strategy>], prices, |_| ())?;
//! assert_eq!((done.lives, done.outcome.fills.len()), (2, 1));
//! assert!(done.unprotected.is_empty() && done.orphans.is_empty());
//! # Ok(())
//! # }
//! ```

mod broker;
mod chart;
mod feed;
mod generated;
mod incidents;
mod life;
mod random;
mod run;
mod settings;
mod time;
mod weather;
mod world;

pub use generated::{Generator, GeneratorSettings};
pub use random::Random;
pub use run::{Progress, Simulated, SimulationError, Told, run};
pub use settings::{Market, SetUpRefused, SimulatedAccount, Simulation};
pub use time::{SimulatedClock, Sleep, Time};
pub use weather::{Fault, Weather};

use plimsoll_ports::Strategy;

/// Makes the strategies, anew for every life of the process.
pub type Strategies<'a> = dyn Fn() -> Vec<Box<dyn Strategy>> + 'a;
