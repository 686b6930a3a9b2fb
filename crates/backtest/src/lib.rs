//! History through the same strategies, risk and exchange: runs, sweeps, reports.

mod outcome;

pub use outcome::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, TaggedFill};
