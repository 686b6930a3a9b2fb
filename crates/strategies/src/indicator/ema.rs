//! Exponential moving average.

use super::{BadIndicator, real};
use crate::float;
use serde::{Deserialize, Serialize};

/// Exponential moving average: the mean of the first `period` values, and from then on `b·before + (1 − b)·value` with
/// `b = (period − 1) ÷ (period + 1)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Ema {
    period: u32,
    seen: u32,
    value: f64,
    keep: f64,
    take: f64,
}

impl Ema {
    /// One that has heard nothing. A period of 0 counts as 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        let period = period.max(1);
        let keep = (real(period) - 1.0) / (real(period) + 1.0);
        let take = 1.0 - keep;
        // Both have to add up to one exactly, or a level series would drift.
        let keep = if keep < 0.5 { 1.0 - take } else { keep };
        Self { period, seen: 0, value: 0.0, keep, take }
    }

    /// Hears the next value, and says the average.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        if self.seen == self.period {
            self.value = self.keep.mul_add(self.value, self.take * value);
            return Some(self.value);
        }
        self.value += value;
        self.seen += 1;
        if self.seen == self.period {
            self.value /= real(self.period);
        }
        self.value()
    }

    /// The average, once there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        (self.seen == self.period).then_some(self.value)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    period: u32,
    seen: u32,
    #[serde(with = "float")]
    value: f64,
}

impl From<Ema> for Saved {
    fn from(it: Ema) -> Self {
        Self { period: it.period, seen: it.seen, value: it.value }
    }
}

impl TryFrom<Saved> for Ema {
    type Error = BadIndicator;

    fn try_from(it: Saved) -> Result<Self, BadIndicator> {
        if it.period == 0 || it.seen > it.period {
            return Err(BadIndicator("an exponential average of no period, or beyond it"));
        }
        Ok(Self { seen: it.seen, value: it.value, ..Self::new(it.period) })
    }
}
