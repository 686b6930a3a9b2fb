//! How a question is asked again by whoever wants out.

use crate::call_error::CallError;
use plimsoll_domain::Timestamp;
use plimsoll_transport::{Backoff, BackoffSettings};
use std::time::Duration;
use tokio::time::Instant;

/// So often at most.
const AGAIN: u32 = 3;
/// The longest first pause; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// None is begun so long after the first.
const WITHIN: Duration = Duration::from_secs(1);

/// How much longer a question is asked again.
pub(crate) struct AtOnce {
    began: Instant,
    left: u32,
    backoff: Backoff,
}

impl AtOnce {
    /// `seed` makes the jitter repeatable.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let backoff = Backoff::new(BackoffSettings { first: FIRST_PAUSE, longest: FIRST_PAUSE * 4, seed });
        Self { began: Instant::now(), left: AGAIN, backoff }
    }

    /// Before it is asked again, if it is to be: not where the venue wants a pause of its own, nor where an answer was waited
    /// for so long that others should decide.
    pub(crate) fn pause(&mut self, error: &CallError, now: Timestamp) -> Option<Duration> {
        let passes = error.passes_within(now) == Some(Duration::ZERO);
        if !passes || self.began.elapsed() >= WITHIN {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        Some(self.backoff.next_wait())
    }
}
