//! The best of many trials is good by being the best of many.

use super::normal::normal_quantile;
use super::track_record::{TrackRecord, float};

/// Euler and Mascheroni's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// What is left of the best trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deflated {
    /// How many trials there were.
    pub trials: usize,
    /// The Sharpe ratio of a step that the best of so many trials without any merit is expected to show.
    pub expected_maximum: f64,
    /// The deflated Sharpe ratio: how probable it is that the true ratio is above that.
    pub probability: f64,
}

/// The deflated Sharpe ratio of `best`, found by so many independent trials, whose Sharpe ratios of a step have this
/// variance. Trials that are much alike count as fewer: taking each for one of its own errs towards doubt.
#[must_use]
pub fn deflated(best: &TrackRecord, trials: usize, variance: f64) -> Option<Deflated> {
    let expected_maximum = expected_maximum(trials, variance)?;
    Some(Deflated { trials, expected_maximum, probability: best.probability_above(expected_maximum)? })
}

/// The expected maximum of so many independent Sharpe ratios with a mean of zero and this variance; zero of one trial,
/// `None` of none.
#[must_use]
pub fn expected_maximum(trials: usize, variance: f64) -> Option<f64> {
    if trials == 0 || !variance.is_finite() || variance < 0.0 {
        return None;
    }
    if trials == 1 {
        return Some(0.0);
    }
    let number = float(trials);
    let typical = normal_quantile(1.0 - 1.0 / number)?;
    let beyond = normal_quantile(1.0 - 1.0 / (number * std::f64::consts::E))?;
    Some(variance.sqrt() * ((1.0 - GAMMA) * typical + GAMMA * beyond))
}

/// The variance of a sample; zero of one, `None` of none.
#[must_use]
pub fn variance(sample: &[f64]) -> Option<f64> {
    let number = float(sample.len());
    let mean = sample.iter().sum::<f64>() / number;
    let squares: f64 = sample.iter().map(|value| (value - mean).powi(2)).sum();
    match sample.len() {
        0 => None,
        1 => Some(0.0),
        _ => Some(squares / (number - 1.0)).filter(|it| it.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::{deflated, expected_maximum, variance};
    use crate::honesty::TrackRecord;

    /// The example of "The Deflated Sharpe Ratio": an annualised ratio of 2.5 over 1,250 days of 250 a year, found by 100
    /// trials whose annualised ratios vary by a half.
    #[test]
    fn the_deflated_ratio_is_that_of_the_paper() {
        let best = TrackRecord { sharpe: 2.5 / 250_f64.sqrt(), samples: 1250, skewness: -3.0, kurtosis: 10.0 };
        for (trials, maximum, probability) in [(100, Some(0.1132), 0.9004), (46, None, 0.9505)] {
            let found = deflated(&best, trials, 0.5 / 250.0).unwrap();
            assert!((found.probability - probability).abs() < 0.00005, "{found:?}");
            assert!(maximum.is_none_or(|it: f64| (found.expected_maximum - it).abs() < 0.00005), "{found:?}");
        }
        let alone = deflated(&best, 1, 0.0).unwrap();
        assert_eq!(Some(alone.probability), best.probability_above(0.0));
    }

    /// "Pseudo-Mathematics and Financial Charlatanism" (Notices of the AMS 61(5), 2014): a ratio of 1.57 is expected of
    /// the best of 10 worthless strategies over a year, and one of 1 of the best of 45 over five.
    #[test]
    fn the_expected_maximum_is_that_of_the_paper() {
        assert!((expected_maximum(10, 1.0).unwrap() - 1.57).abs() < 0.005);
        assert!((expected_maximum(45, 1.0 / 5.0).unwrap() - 1.0).abs() < 0.001);
        assert_eq!(expected_maximum(1, 1.0), Some(0.0));
        assert_eq!(expected_maximum(0, 1.0), None);
        assert_eq!(expected_maximum(10, f64::NAN), None);
        assert_eq!(expected_maximum(10, -1.0), None);
    }

    #[test]
    fn more_trials_deflate_more() {
        let best = TrackRecord { sharpe: 0.1, samples: 500, skewness: 0.0, kurtosis: 3.0 };
        let probability = |trials| deflated(&best, trials, 0.001).unwrap().probability;
        let found = [1, 2, 5, 10, 100, 1000, 100_000].map(probability);
        assert!(found.is_sorted_by(|one, other| one > other), "{found:?}");
    }

    #[test]
    fn variance_of_a_sample() {
        for (sample, expected) in
            [(&[][..], None), (&[3.0], Some(0.0)), (&[1.0, 3.0], Some(2.0)), (&[1.0, 2.0, 3.0, 4.0], Some(5.0 / 3.0))]
        {
            assert_eq!(variance(sample), expected, "{sample:?}");
        }
        assert_eq!(variance(&[1.0, f64::INFINITY]), None);
    }
}
