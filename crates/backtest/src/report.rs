//! A run for people and for programs: a page, a summary in plain text, and JSON.
//!
//! All three hold the run against its ledger and say loudly what does not add up.
//!
//! ```
//! use plimsoll_backtest::Outcome;
//! use plimsoll_backtest::report::Report;
//!
//! /// Shows a run, keeps it, and says whether it may be believed.
//! fn publish(run: &Outcome) -> std::io::Result<bool> {
//!     let report = Report::of(run);
//!     println!("{}", report.terminal());
//!     std::fs::write("report.html", report.html())?;
//!     std::fs::write("report.json", report.json()?)?;
//!     Ok(report.reconciliation.adds_up())
//! }
//! ```

mod figures;
mod html;
mod json;
mod sparkline;
mod summary;
mod sweep;
mod terminal;
#[cfg(test)]
mod tests;

pub use sparkline::sparkline;
pub use sweep::{NoSuchParameter, SweepOutcome, SweepRow};

use crate::Outcome;
use crate::statistics::{Reconciliation, Statistics};

/// A run with its figures, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Report<'a> {
    /// The run.
    pub outcome: &'a Outcome,
    /// Its figures.
    pub statistics: Statistics,
    /// Whether it adds up.
    pub reconciliation: Reconciliation,
}

impl<'a> Report<'a> {
    /// Counts the figures of a run, and holds it against its ledger.
    #[must_use]
    pub fn of(outcome: &'a Outcome) -> Self {
        Self { outcome, statistics: Statistics::of(outcome), reconciliation: Reconciliation::of(outcome) }
    }

    /// Everything but the price chart as JSON: decimals as text, to the last digit; times in RFC 3339; ratios as
    /// numbers, `null` where one is not available; keys in an order that does not change.
    ///
    /// # Errors
    /// Only if there is no memory for it.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        json::write(self)
    }

    /// A summary in plain text, 80 columns wide, that needs no colour.
    #[must_use]
    pub fn terminal(&self) -> String {
        terminal::write(self)
    }

    /// One page that needs neither a network nor another file, light or dark as the reader's system is. A run of a month
    /// makes less than a megabyte: curves are thinned with their extremes kept, and of very many trades and incidents
    /// the gravest are shown.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(self)
    }
}
