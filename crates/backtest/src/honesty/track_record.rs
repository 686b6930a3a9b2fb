//! A record of returns, and what its Sharpe ratio proves.

use super::normal::{normal, normal_quantile};
use crate::statistics::Returns;

/// The shape of a series of returns. Nothing in it is annualised: all of it is per step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackRecord {
    /// Mean ÷ standard deviation.
    pub sharpe: f64,
    /// How many returns.
    pub samples: usize,
    /// Third standardised moment; 0 if normal.
    pub skewness: f64,
    /// Fourth standardised moment; 3 if normal.
    pub kurtosis: f64,
}

impl TrackRecord {
    /// `None` of too few returns, and of such as do not vary.
    #[must_use]
    pub fn of(returns: &Returns) -> Option<Self> {
        Some(Self {
            sharpe: returns.sharpe_of_a_step()?,
            samples: returns.values().len(),
            skewness: returns.skewness()?,
            kurtosis: returns.kurtosis()?,
        })
    }

    /// The probabilistic Sharpe ratio: how probable it is that the true Sharpe ratio of a step is above `benchmark`.
    /// `None` of fewer than two returns.
    #[must_use]
    pub fn probability_above(&self, benchmark: f64) -> Option<f64> {
        let samples = float(self.samples) - 1.0;
        let score = (self.sharpe - benchmark) * samples.max(0.0).sqrt() / self.spread()?.sqrt();
        (samples > 0.0 && score.is_finite()).then(|| normal(score))
    }

    /// The minimum track record length: how many returns of this shape it takes until the true Sharpe ratio of a step
    /// is above `benchmark` with this confidence (0.95, say). `None` if no number does, since the ratio is not above.
    #[must_use]
    pub fn minimum_length(&self, benchmark: f64, confidence: f64) -> Option<f64> {
        let above = self.sharpe - benchmark;
        let score = normal_quantile(confidence)? / above;
        let length = 1.0 + self.spread()? * score * score;
        (above > 0.0 && length.is_finite()).then_some(length)
    }

    /// The variance of the estimated ratio × number of returns.
    fn spread(&self) -> Option<f64> {
        let spread = 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe * self.sharpe;
        (spread > 0.0 && spread.is_finite()).then_some(spread)
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are far fewer returns and trials than a float has whole numbers")]
pub(super) fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::TrackRecord;

    fn close(found: Option<f64>, expected: Option<f64>, digits: f64) {
        let far = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() > digits,
            _ => found != expected,
        };
        assert!(!far, "{found:?}, not {expected:?}");
    }

    /// "The Sharpe Ratio Efficient Frontier": two years of monthly returns with a Sharpe ratio of 0.458 a month are
    /// worth 0.982 if returns were normal, and 0.913 as skewed and fat-tailed as they are.
    #[test]
    fn the_probabilistic_ratio_is_that_of_the_paper() {
        let record = TrackRecord { sharpe: 0.458, samples: 24, skewness: 0.0, kurtosis: 3.0 };
        close(record.probability_above(0.0), Some(0.982), 0.0005);
        let fat = TrackRecord { skewness: -2.448, kurtosis: 10.164, ..record };
        close(fat.probability_above(0.0), Some(0.913), 0.0005);
        close(record.probability_above(0.458), Some(0.5), 1e-12);
    }

    /// The same: years until an annualised ratio of 2 is above 1 with 95 %, from daily, weekly and monthly returns.
    #[test]
    fn the_minimum_length_is_that_of_the_paper() {
        for (a_year, skewness, kurtosis, years) in
            [(250.0_f64, 0.0, 3.0, 2.73), (52.0, 0.0, 3.0, 2.83), (12.0, 0.0, 3.0, 3.24), (12.0, -0.72, 5.78, 4.99)]
        {
            let record = TrackRecord { sharpe: 2.0 / a_year.sqrt(), samples: 0, skewness, kurtosis };
            close(record.minimum_length(1.0 / a_year.sqrt(), 0.95).map(|it| it / a_year), Some(years), 0.005);
        }
    }

    #[test]
    fn what_proves_nothing_is_not_a_number_but_nothing() {
        let record = TrackRecord { sharpe: 0.1, samples: 1, skewness: 0.0, kurtosis: 3.0 };
        close(record.probability_above(0.0), None, 0.0);
        close(TrackRecord { samples: 0, ..record }.probability_above(0.0), None, 0.0);
        close(TrackRecord { skewness: 30.0, samples: 99, ..record }.probability_above(0.0), None, 0.0);
        close(TrackRecord { sharpe: f64::NAN, samples: 99, ..record }.probability_above(0.0), None, 0.0);
        close(record.minimum_length(0.1, 0.95), None, 0.0);
        close(record.minimum_length(0.2, 0.95), None, 0.0);
        close(record.minimum_length(0.0, 1.0), None, 0.0);
    }
}
