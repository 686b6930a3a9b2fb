//! A deterministic trial of the whole: the engine, its records and the exchange on one simulated clock.
//!
//! One seed is one run. Nothing in it is real: no socket, no disk, no clock of this machine, one thread. Time moves to the
//! next sleeper when nobody can do anything any more; which of two comes first, how long every call takes and what goes
//! wrong with it is the seed's choice. So a seed that fails fails again, to the byte.
//!
//! What it shares with the seeds over real sockets (`plimsoll-tests`) is here too: random numbers, the exchange's own books,
//! and how records are compared with them.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a scenario that cannot be set up fails by panicking, as a test does"
)]

pub mod books;
mod clock;
pub mod difference;
pub mod january;

mod fault;
mod fuse;
mod manager;
mod many;
mod market;
mod naked;
mod name;
mod observer;
mod plan;
mod ports;
mod process;
pub mod random;
mod run;
mod share;
mod step;
mod stream;
mod trader;
pub mod truth;
mod world;

pub use many::{Batch, Summary, run_many};
pub use naked::{Begins, Ends, Met, Spell};
pub use plan::Plan;
pub use run::{Outcome, run_seed};
pub use share::Share;
