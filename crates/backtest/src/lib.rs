//! History through the same strategies, risk and exchange: runs, sweeps, reports.

// The example's made-up month is a fixture of tests too, and names this crate as everyone does.
#[cfg(test)]
extern crate self as plimsoll_backtest;

mod outcome;
mod run;

pub mod honesty;
pub mod report;
pub mod statistics;
pub mod sweep;

pub use outcome::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, TaggedFill};
pub use run::{Candles, Item, Listing, Quote, Run, RunError, RunRefused, Settings};
