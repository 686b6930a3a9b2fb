//! Shares of many durations.

use std::fmt;
use std::time::Duration;

/// The median, the 99th percentile and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How many there are.
    pub count: usize,
    /// Half are no longer.
    pub median: Duration,
    /// Of a hundred, ninety-nine are no longer.
    pub p99: Duration,
    /// None is longer.
    pub most: Duration,
}

impl Share {
    /// Of these, in any order.
    #[must_use]
    pub fn of(durations: &[Duration]) -> Self {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        let at = |of_a_hundred: usize| {
            let index = sorted.len().saturating_sub(1).saturating_mul(of_a_hundred) / 100;
            sorted.get(index).copied().unwrap_or_default()
        };
        Self { count: sorted.len(), median: at(50), p99: at(99), most: at(100) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, median, p99, most } = self;
        write!(f, "{:.3} s at the median, {:.3} s at p99, ", median.as_secs_f64(), p99.as_secs_f64())?;
        write!(f, "{:.3} s at most, of {count}", most.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_the_99th_is_all_but_the_longest() {
        let share = Share::of(&(1..=101).rev().map(Duration::from_secs).collect::<Vec<_>>());
        let seconds = [share.median, share.p99, share.most].map(|it| it.as_secs());
        assert_eq!((seconds, share.count), ([51, 100, 101], 101));
        assert_eq!(Share::of(&[]), Share::default());
    }
}
