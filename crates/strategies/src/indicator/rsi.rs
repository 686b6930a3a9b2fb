//! Relative strength index.

use super::{BadIndicator, real};
use crate::float;
use serde::{Deserialize, Serialize};

/// Relative strength index by Wilder, from 0 to 100: the average gain as a share of average gain and average loss. A series
/// that stands still is at 50.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Rsi {
    period: u32,
    seen: u32,
    gain: f64,
    loss: f64,
    before: Option<f64>,
}

impl Rsi {
    /// One that has heard nothing. A period of 0 counts as 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { period: period.max(1), seen: 0, gain: 0.0, loss: 0.0, before: None }
    }

    /// Hears the next value, and says the index.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        let change = value - self.before.replace(value)?;
        let gain = if change > 0.0 { change } else { 0.0 };
        if self.seen == self.period {
            self.gain *= real(self.period - 1);
            self.loss *= real(self.period - 1);
        } else {
            self.seen += 1;
        }
        self.gain += gain;
        self.loss += gain - change;
        if self.seen == self.period {
            let share = 1.0 / real(self.period);
            self.gain *= share;
            self.loss *= share;
        }
        self.value()
    }

    /// The index, once there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let both = self.gain + self.loss;
        let value = if both > 0.0 { 100.0 * (self.gain / both) } else { 50.0 };
        (self.seen == self.period).then_some(value)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    period: u32,
    seen: u32,
    #[serde(with = "float")]
    gain: f64,
    #[serde(with = "float")]
    loss: f64,
    #[serde(with = "float::option")]
    before: Option<f64>,
}

impl From<Rsi> for Saved {
    fn from(it: Rsi) -> Self {
        Self { period: it.period, seen: it.seen, gain: it.gain, loss: it.loss, before: it.before }
    }
}

impl TryFrom<Saved> for Rsi {
    type Error = BadIndicator;

    fn try_from(it: Saved) -> Result<Self, BadIndicator> {
        if it.period == 0 || it.seen > it.period {
            return Err(BadIndicator("a strength index of no period, or beyond it"));
        }
        Ok(Self { period: it.period, seen: it.seen, gain: it.gain, loss: it.loss, before: it.before })
    }
}
