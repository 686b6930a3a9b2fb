//! What there is to say about files before anything is built on them.

mod file;
mod moves;
mod report;
mod together;

pub use file::check_file;
pub use report::{CheckReport, FileReport};
pub use together::check_together;

use std::time::Duration;

/// How a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckOptions {
    /// How many findings of each kind are kept; the others are counted.
    pub kept: usize,
    /// The time from one row to the next, if it shall not be found.
    pub interval: Option<Duration>,
    /// What counts as an outlier; `None` looks for none.
    pub outliers: Option<OutlierRule>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { kept: 20, interval: None, outliers: Some(OutlierRule::default()) }
    }
}

/// A price is an outlier when it is so far from the close before it. The highest and lowest price of a candle count as its
/// last does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlierRule {
    /// How many rows before tell what is usual.
    pub rows: usize,
    /// Beyond so many times the median absolute deviation of their moves.
    pub times: f64,
    /// And at least so far, as a fraction of the price, so that a market that stands still has none.
    pub at_least: f64,
}

impl Default for OutlierRule {
    fn default() -> Self {
        Self { rows: 200, times: 30.0, at_least: 0.02 }
    }
}
