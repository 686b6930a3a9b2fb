//! The last so many values.

use super::BadIndicator;
use crate::float;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The last `period` values. What is worked out of a window anew each time depends on nothing older, and so is the same
/// after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(super) struct Window {
    period: usize,
    values: VecDeque<f64>,
}

impl Window {
    pub(super) fn new(period: u32) -> Self {
        let period = usize::try_from(period.max(1)).unwrap_or(usize::MAX);
        Self { period, values: VecDeque::with_capacity(period.min(1024)) }
    }

    pub(super) fn push(&mut self, value: f64) {
        if self.values.len() == self.period {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    pub(super) fn is_full(&self) -> bool {
        self.values.len() == self.period
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum(|value| value)
    }

    /// The mean of the squares of the distances from `mean`.
    pub(super) fn variance(&self, mean: f64) -> f64 {
        self.sum(|value| (value - mean) * (value - mean))
    }

    pub(super) fn lowest(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn sum(&self, of: impl Fn(f64) -> f64) -> f64 {
        let (older, newer) = self.values.as_slices();
        let total = older.iter().chain(newer).fold(0.0, |sum, value| sum + of(*value));
        #[expect(clippy::cast_precision_loss, reason = "a period is far below 2^52")]
        let count = self.period as f64;
        total / count
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    period: usize,
    #[serde(with = "float::list")]
    values: VecDeque<f64>,
}

impl From<Window> for Saved {
    fn from(it: Window) -> Self {
        Self { period: it.period, values: it.values }
    }
}

impl TryFrom<Saved> for Window {
    type Error = BadIndicator;

    fn try_from(it: Saved) -> Result<Self, BadIndicator> {
        if it.period == 0 || it.values.len() > it.period {
            return Err(BadIndicator("a window of no period, or with more values than that"));
        }
        Ok(Self { period: it.period, values: it.values })
    }
}
