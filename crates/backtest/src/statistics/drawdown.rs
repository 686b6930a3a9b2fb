//! How far equity fell from its peak, and for how long.

use super::ratio::share;
use crate::CurvePoint;
use plimsoll_domain::{Money, Timestamp};
use std::time::Duration;

/// The worst that a holder of the curve went through. The three worsts need not be of the same fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// The largest fall from a peak; zero if equity never fell.
    pub amount: Money,
    /// The largest fall as a fraction of its peak: 0.25 is a quarter; more than 1 where equity went below zero.
    pub fraction: f64,
    /// The peak before the largest fraction.
    pub peak: Timestamp,
    /// The lowest point after that peak.
    pub trough: Timestamp,
    /// The longest time from a peak until equity was back at it, or until the end.
    pub length: Duration,
    /// Equity was back at its peak at the end.
    pub recovered: bool,
}

impl Drawdown {
    /// Over the recorded curve; `None` unless it begins above zero.
    #[must_use]
    pub fn of(curve: &[CurvePoint]) -> Option<Self> {
        let mut peak = *curve.first().filter(|first| first.equity.is_positive())?;
        let mut worst = Self {
            amount: Money::ZERO,
            fraction: 0.0,
            peak: peak.time,
            trough: peak.time,
            length: Duration::ZERO,
            recovered: true,
        };
        for point in curve {
            let under_water = point.equity < peak.equity;
            if under_water || !worst.recovered {
                worst.length = worst.length.max(point.time.since(peak.time));
            }
            worst.recovered = !under_water;
            if under_water {
                worst.deepen(peak, *point);
            } else {
                peak = *point;
            }
        }
        Some(worst)
    }

    fn deepen(&mut self, peak: CurvePoint, low: CurvePoint) {
        let fall = peak.equity - low.equity;
        self.amount = self.amount.max(fall);
        if let Some(fraction) = share(fall, peak.equity).filter(|fraction| *fraction > self.fraction) {
            (self.fraction, self.peak, self.trough) = (fraction, peak.time, low.time);
        }
    }
}

/// The share of its peak that equity is below it at each point, from 0; more than 1 below zero.
#[must_use]
pub fn under_water(curve: &[CurvePoint]) -> Vec<f64> {
    let mut peak = Money::ZERO;
    curve
        .iter()
        .map(|point| {
            peak = peak.max(point.equity);
            share(peak - point.equity, peak).unwrap_or(0.0)
        })
        .collect()
}
