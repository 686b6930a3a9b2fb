//! The whole of Plimsoll on a simulated clock: several venues, an account on each, their guards, and strategies at one desk, through
//! bad weather and restarts.
//!
//! Everything between the strategies and the exchanges is what trades live: position managers, journals, order paths, lookouts,
//! reconciliation. Only time, the venues and the way to them are simulated, by one seed: the same simulation ends in the same hash.
//!
//! ```
//! use plimsoll_domain::{AccountId, VenueId};
//! use plimsoll_exchange::listings;
//! use plimsoll_simulation::{Market, SimulatedAccount, Simulation, Weather};
//! # fn main() {}
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
