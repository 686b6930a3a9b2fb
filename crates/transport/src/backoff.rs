//! How long to wait before trying again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The shape of a back-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffSettings {
    /// The longest first wait; doubled with every failure.
    pub first: Duration,
    /// The longest wait of all.
    pub longest: Duration,
    /// Makes the jitter repeatable; `None` takes randomness from the system.
    pub seed: Option<u64>,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self { first: Duration::from_millis(250), longest: Duration::from_secs(30), seed: None }
    }
}

/// Exponential back-off with equal jitter: each wait lies between half and all of `first × 2ⁿ`, so that many clients cut
/// off at one moment do not come back at one moment.
#[derive(Debug, Clone)]
pub struct Backoff {
    settings: BackoffSettings,
    failures: u32,
    state: u64,
}

impl Backoff {
    /// A back-off that has not failed yet.
    #[must_use]
    pub fn new(settings: BackoffSettings) -> Self {
        let state = settings.seed.unwrap_or_else(|| RandomState::new().hash_one(0_u8));
        Self { settings, failures: 0, state }
    }

    /// The wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures.min(31));
        self.failures = self.failures.saturating_add(1);
        let whole = self.settings.first.saturating_mul(factor).min(self.settings.longest);
        let half = whole / 2;
        let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(self.random() % spread.max(1))
    }

    /// It worked: the next failure waits as briefly as the first.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): good enough to spread waits, and small.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u64) -> Backoff {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(2));
        Backoff::new(BackoffSettings { first, longest, seed: Some(seed) })
    }

    #[test]
    fn waits_double_up_to_the_longest_and_start_again() {
        let mut backoff = seeded(1);
        for whole in [100, 200, 400, 800, 1600, 2000, 2000] {
            let wait = backoff.next_wait();
            let whole = Duration::from_millis(whole);
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} for {whole:?}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(100));
    }

    #[test]
    fn a_seed_repeats_itself_and_seeds_differ() {
        let waits = |mut backoff: Backoff| (0..8).map(|_| backoff.next_wait()).collect::<Vec<_>>();
        assert_eq!(waits(seeded(7)), waits(seeded(7)));
        assert_ne!(waits(seeded(7)), waits(seeded(8)));
    }

    #[test]
    fn ten_thousand_failures_overflow_nothing() {
        let mut backoff = seeded(3);
        assert!((0..10_000).all(|_| backoff.next_wait() <= Duration::from_secs(2)));
    }
}
