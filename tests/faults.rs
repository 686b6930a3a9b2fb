//! The whole system under fire, by seed.
//!
//! One seed is one run: an exchange behind a venue's wire on loopback sockets, the adapter, a SQLite store and a position
//! manager. A trader does what the seed says while the network, the venue and the process fail as the seed says. Then the
//! faults cease, the market stands still, everything is reconciled, and our books are compared field by field with the
//! exchange's own, read from the exchange itself.
//!
//! A seed is a schedule: what is done and what fails, how often and at what. Which request meets which fault depends also
//! on how sockets and tasks interleave, so two runs of a seed are alike, not the same.

mod audit;
mod crash;
mod ear;
mod manager;
mod many;
mod market;
mod paper;
mod process;
mod promises;
mod run;
mod schedule;
mod stage;
mod step;
mod trader;
mod venue;
mod weather;
mod wire;

pub use many::{Batch, Summary, run_many};
pub use plimsoll_trial::difference::Difference;
pub use run::{Outcome, run_seed};
pub use schedule::Schedule;
pub use wire::Wire;
