//! The standard normal distribution.

use std::f64::consts::FRAC_1_SQRT_2;

/// The probability that a standard normal variable is at most `value`.
pub(super) fn normal(value: f64) -> f64 {
    0.5 * libm::erfc(-value * FRAC_1_SQRT_2)
}

/// The value below which a standard normal variable is with this probability; `None` unless it is between 0 and 1.
pub(super) fn normal_quantile(probability: f64) -> Option<f64> {
    if !(probability > 0.0 && probability < 1.0) {
        return None;
    }
    // The upper half is the lower one mirrored, where small probabilities keep their digits.
    if probability > 0.5 {
        return normal_quantile(1.0 - probability).map(|value| -value);
    }
    // Half as far each time: beyond -40 no probability is left that a float could hold.
    let (mut low, mut high) = (-40.0, 0.0);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if normal(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::{normal, normal_quantile};

    /// Percentiles of Abramowitz and Stegun, "Handbook of Mathematical Functions", tables 26.1 and 26.2.
    #[test]
    fn percentiles_are_those_of_the_tables() {
        for (value, probability) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (2.0, 0.977_249_868_051_821),
            (3.0, 0.998_650_101_968_37),
            (1.281_551_565_544_6, 0.9),
            (1.644_853_626_951_473, 0.95),
            (1.959_963_984_540_054, 0.975),
            (2.326_347_874_040_841, 0.99),
            (4.753_424_308_822_899, 0.999_999),
        ] {
            assert!((normal(value) - probability).abs() < 1e-14, "{value}");
            assert!((normal(-value) - (1.0 - probability)).abs() < 1e-14, "-{value}");
            assert!((normal_quantile(probability).unwrap() - value).abs() < 1e-8, "{probability}");
        }
    }

    #[test]
    fn there_is_no_quantile_of_what_is_no_probability() {
        for probability in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(normal_quantile(probability), None);
        }
        assert!(normal_quantile(f64::MIN_POSITIVE).unwrap() < -37.0);
    }
}
