//! How long things took, counted in buckets that are three hundredths wide: it takes the same memory however many they are.

use std::time::Duration;

const FINE: u32 = 5;
const BUCKETS: usize = (64 << FINE) as usize;

/// Spans of time.
#[derive(Debug, Clone)]
pub(super) struct Lags {
    buckets: Vec<u32>,
    count: u64,
    longest: Duration,
}

impl Lags {
    pub(super) fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, longest: Duration::ZERO }
    }

    pub(super) fn note(&mut self, lag: Duration) {
        let micros = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get_mut(bucket(micros)) {
            *bucket = bucket.saturating_add(1);
        }
        self.count += 1;
        self.longest = self.longest.max(lag);
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) const fn longest(&self) -> Duration {
        self.longest
    }

    /// So many hundredths of them were no longer than this, to three hundredths.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && *count > 0 {
                return Duration::from_micros(upper(bucket)).min(self.longest);
            }
        }
        Duration::ZERO
    }

    pub(super) fn clear(&mut self) {
        self.buckets.fill(0);
        (self.count, self.longest) = (0, Duration::ZERO);
    }
}

/// Whole numbers as they are at first, then 32 buckets for each doubling.
fn bucket(micros: u64) -> usize {
    let doublings = (63 - micros.max(1).leading_zeros()).saturating_sub(FINE);
    let within = usize::try_from(micros >> doublings).unwrap_or(0);
    (usize::try_from(doublings).unwrap_or(0) << FINE) + within
}

fn upper(bucket: usize) -> u64 {
    let mut doublings = 0;
    let mut within = bucket;
    while within >= 2 << FINE {
        within -= 1 << FINE;
        doublings += 1;
    }
    (u64::try_from(within).unwrap_or(0) + 1) << doublings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_three_hundredths() {
        let mut lags = Lags::new();
        (1..=10_000).for_each(|micros| lags.note(Duration::from_micros(micros)));
        for (percent, exact) in [(1, 100_u64), (50, 5000), (99, 9900), (100, 10_000)] {
            let told = u64::try_from(lags.percentile(percent).as_micros()).unwrap();
            assert!((exact..=exact + exact / 30 + 1).contains(&told), "{percent}: {told}");
        }
        assert_eq!((lags.count(), lags.longest()), (10_000, Duration::from_millis(10)));
        lags.clear();
        assert_eq!(lags.percentile(50), Duration::ZERO);
        lags.note(Duration::from_secs(1 << 40));
        assert_eq!(lags.count(), 1);
    }
}
