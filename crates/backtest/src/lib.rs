//! History through the same strategies, risk and exchange: runs, sweeps, reports.

mod outcome;
mod run;

pub mod honesty;
pub mod report;
pub mod statistics;

pub use outcome::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, TaggedFill};
pub use run::{Candles, Item, Listing, Quote, Run, RunError, RunRefused, Settings};
