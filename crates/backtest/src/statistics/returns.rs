//! Returns of the equity curve, and what they say by themselves.

use super::ratio::{finite, share};
use crate::CurvePoint;
use std::time::Duration;

/// What everything is annualised by: perpetual futures trade on all days.
pub const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Returns of equity as fractions, one a step of the curve, or one in so many steps where those are shorter than
/// [an hour](Self::SHORTEST).
///
/// Steps of another length than the first (the last one, as a rule) are left out. The series ends with the step in
/// which equity went to zero or below: a return on nothing is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Returns {
    /// The time that one return is of.
    pub step: Duration,
    values: Vec<f64>,
}

impl Returns {
    /// With fewer returns than this there is no volatility, no Sharpe and no Sortino ratio.
    pub const FEWEST: usize = 30;

    /// No return is of less time than this, so that a curve that is drawn in finer steps has no other ratios.
    pub const SHORTEST: Duration = Duration::from_secs(3600);

    /// `None` of a curve that has no step.
    #[must_use]
    pub fn of(curve: &[CurvePoint]) -> Option<Self> {
        let [first, second, ..] = curve else { return None };
        let step = second.time.since(first.time);
        if step.is_zero() {
            return None;
        }
        let steps = Self::SHORTEST.as_nanos().div_ceil(step.as_nanos()).max(1);
        let (steps, step) = (usize::try_from(steps).ok()?, step.saturating_mul(u32::try_from(steps).ok()?));
        let mut values = Vec::with_capacity(curve.len() / steps);
        let mut points = curve.iter().step_by(steps).peekable();
        while let (Some(before), Some(after)) = (points.next(), points.peek()) {
            if !before.equity.is_positive() {
                break;
            }
            if after.time.since(before.time) == step {
                values.extend(share(after.equity - before.equity, before.equity));
            }
        }
        Some(Self { step, values })
    }

    /// The returns, oldest first.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many steps a year has.
    #[must_use]
    pub fn steps_a_year(&self) -> f64 {
        YEAR.as_secs_f64() / self.step.as_secs_f64()
    }

    /// Standard deviation of a year's returns: that of a step × √steps a year. `None` of too few.
    #[must_use]
    pub fn volatility(&self) -> Option<f64> {
        finite(self.deviation()? * self.steps_a_year().sqrt())
    }

    /// Mean ÷ standard deviation of a step, not annualised, over a risk-free rate of zero. `None` of too few, and of
    /// returns that do not vary.
    #[must_use]
    pub fn sharpe_of_a_step(&self) -> Option<f64> {
        let (mean, deviation) = (self.mean()?, self.deviation()?);
        // What is left of rounding is no variation.
        (deviation > mean.abs() * 1e-9).then(|| mean / deviation).and_then(finite)
    }

    /// The annualised Sharpe ratio: that of a step × √steps a year.
    #[must_use]
    pub fn sharpe(&self) -> Option<f64> {
        finite(self.sharpe_of_a_step()? * self.steps_a_year().sqrt())
    }

    /// The annualised Sortino ratio: mean ÷ root of the mean square of what was lost in a step (a gain counts as zero),
    /// × √steps a year. `None` of too few, and where nothing was lost.
    #[must_use]
    pub fn sortino(&self) -> Option<f64> {
        let downside = (self.average(|value| value.min(0.0).powi(2))?).sqrt();
        (downside > 0.0)
            .then(|| self.mean())
            .flatten()
            .and_then(|mean| finite(mean / downside * self.steps_a_year().sqrt()))
    }

    /// Third standardised moment; 0 of a symmetrical distribution, negative where losses are the longer tail.
    #[must_use]
    pub fn skewness(&self) -> Option<f64> {
        self.moment(3)
    }

    /// Fourth standardised moment; 3 of a normal distribution.
    #[must_use]
    pub fn kurtosis(&self) -> Option<f64> {
        self.moment(4)
    }

    fn mean(&self) -> Option<f64> {
        self.average(|value| value)
    }

    fn average(&self, of: impl Fn(f64) -> f64) -> Option<f64> {
        (self.values.len() >= Self::FEWEST)
            .then(|| self.values.iter().map(|value| of(*value)).sum::<f64>() / count(&self.values))
    }

    /// Of a sample: the divisor is one less than their number.
    fn deviation(&self) -> Option<f64> {
        let mean = self.mean()?;
        let number = count(&self.values);
        finite((self.average(|value| (value - mean).powi(2))? * number / (number - 1.0)).sqrt())
    }

    fn moment(&self, order: i32) -> Option<f64> {
        let mean = self.mean()?;
        let deviation = self.average(|value| (value - mean).powi(2))?.sqrt();
        let moment = self.average(|value| (value - mean).powi(order))?;
        (deviation > mean.abs() * 1e-9).then(|| moment / deviation.powi(order)).and_then(finite)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a curve has far fewer points than a float has whole numbers")]
pub(crate) fn count<T>(of: &[T]) -> f64 {
    of.len() as f64
}
