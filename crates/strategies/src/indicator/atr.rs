//! Average true range.

use super::{BadIndicator, real};
use crate::float;
use serde::{Deserialize, Serialize};

/// Average true range by Wilder: the mean of the first `period` true ranges, and from then on one `period`th of each new
/// one. The first candle has no true range, since it has no close before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Atr {
    period: u32,
    seen: u32,
    value: f64,
    close: Option<f64>,
    keep: f64,
    take: f64,
}

impl Atr {
    /// One that has heard nothing. A period of 0 counts as 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        let period = period.max(1);
        let keep = (real(period) - 1.0) / real(period);
        Self { period, seen: 0, value: 0.0, close: None, keep, take: 1.0 - keep }
    }

    /// Hears the next closed candle, and says the average range.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let before = self.close.replace(close)?;
        let range = (high - low).max((before - high).abs()).max((before - low).abs());
        if self.seen == self.period {
            self.value = self.keep.mul_add(self.value, self.take * range);
            return Some(self.value);
        }
        self.value += range;
        self.seen += 1;
        if self.seen == self.period {
            self.value /= real(self.period);
        }
        self.value()
    }

    /// The average range, once there is one.
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
    #[serde(with = "float::option")]
    close: Option<f64>,
}

impl From<Atr> for Saved {
    fn from(it: Atr) -> Self {
        Self { period: it.period, seen: it.seen, value: it.value, close: it.close }
    }
}

impl TryFrom<Saved> for Atr {
    type Error = BadIndicator;

    fn try_from(it: Saved) -> Result<Self, BadIndicator> {
        if it.period == 0 || it.seen > it.period {
            return Err(BadIndicator("an average range of no period, or beyond it"));
        }
        Ok(Self { seen: it.seen, value: it.value, close: it.close, ..Self::new(it.period) })
    }
}
