//! What a soak is to be.

use std::time::Duration;

/// How long, how much, and by which seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// How long is traded.
    pub length: Duration,
    /// Private events a second and account.
    pub rate: u64,
    /// Decides trades and faults.
    pub seed: u64,
    /// Whether memory, lag and the rate are judged, or only told: they are where the machine has nothing else to do.
    pub judges_time: bool,
}

impl Plan {
    /// The arguments by which the exchange's process is told of it.
    pub(super) fn arguments(&self) -> [String; 4] {
        let words = [self.length.as_secs(), self.rate, self.seed];
        let [seconds, rate, seed] = words.map(|it| it.to_string());
        ["--exchange".to_owned(), seconds, rate, seed]
    }

    /// Reads the arguments that a plan is passed on by, without the first.
    #[must_use]
    pub fn of_arguments(words: &[String]) -> Option<Self> {
        let [seconds, rate, seed] = words else { return None };
        let length = Duration::from_secs(seconds.parse().ok()?);
        Some(Self { length, rate: rate.parse().ok()?, seed: seed.parse().ok()?, judges_time: false })
    }

    /// So long one line of the table lasts.
    pub(super) fn slice(&self) -> Duration {
        (self.length / 6).clamp(Duration::from_secs(1), Duration::from_secs(60))
    }
}
