//! Many runs that differ in their parameters, and how much the best of them is worth.

use super::html;
use crate::honesty::{Deflated, Overfitting, TrackRecord, deflated, variance};
use plimsoll_domain::Timestamp;

/// What a sweep leaves behind: a row for each combination of parameters that was tried, whether it was any good or not.
///
/// Leaving out those that did badly makes the rest look better than it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepOutcome {
    /// What was swept, for a heading.
    pub title: String,
    /// The name of the figure by which runs are compared, with its unit: `Sharpe ratio, a year`. More is better.
    pub figure: String,
    /// The time by which a combination is chosen: from, to.
    pub in_sample: (Timestamp, Timestamp),
    /// The time that has no say in it: from, to.
    pub out_of_sample: (Timestamp, Timestamp),
    /// All combinations, in any order.
    pub rows: Vec<SweepRow>,
    /// The probability of backtest overfitting, if somebody counted it.
    pub overfitting: Option<Overfitting>,
}

/// A combination of parameters and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepRow {
    /// Names and values, in the same order in every row.
    pub parameters: Vec<(String, String)>,
    /// The figure in sample; `None` if it is not available.
    pub in_sample: Option<f64>,
    /// The figure out of sample; `None` if it is not available.
    pub out_of_sample: Option<f64>,
    /// How many trades ended, in sample.
    pub trades: u64,
    /// The hash of the run in sample.
    pub hash: String,
    /// The returns in sample, as [`Statistics::record`](crate::statistics::Statistics::record) has them.
    pub record: Option<TrackRecord>,
}

impl SweepRow {
    /// The value of a parameter; `None` if it has no such.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A parameter that no run has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no run has a parameter '{name}'; there are: {known}")]
pub struct NoSuchParameter {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: String,
}

impl SweepOutcome {
    /// The row with the highest figure in sample; of equals the first.
    #[must_use]
    pub fn best(&self) -> Option<&SweepRow> {
        let rated = self.rows.iter().filter_map(|row| Some((row, row.in_sample.filter(|figure| figure.is_finite())?)));
        rated.reduce(|best, other| if other.1 > best.1 { other } else { best }).map(|(row, _)| row)
    }

    /// The deflated Sharpe ratio of the best row. Every row counts as a trial. `None` if the best has no record.
    #[must_use]
    pub fn deflated(&self) -> Option<Deflated> {
        let ratios: Vec<f64> = self.rows.iter().filter_map(|row| row.record).map(|record| record.sharpe).collect();
        deflated(&self.best()?.record?, self.rows.len(), variance(&ratios)?)
    }

    /// The names of the parameters, in their order.
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        self.rows.first().map(|row| row.parameters.iter().map(|(name, _)| name.as_str()).collect()).unwrap_or_default()
    }

    /// One page that needs nothing else: what is left of the best row, a heat map over two parameters, in sample and
    /// out of sample, and the table of all rows. Rows that share both parameters are one field, by their median.
    ///
    /// # Errors
    /// [`NoSuchParameter`] if `across` or `down` is none of [`SweepOutcome::parameters`].
    pub fn html(&self, across: &str, down: &str) -> Result<String, NoSuchParameter> {
        let known = self.parameters();
        for name in [across, down] {
            if !known.contains(&name) {
                return Err(NoSuchParameter { name: name.to_owned(), known: known.join(", ") });
            }
        }
        Ok(html::sweep_page(self, across, down))
    }
}
