//! Those who are on no list: they get no answer, and are counted.

use plimsoll_ports::domain::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// They are told of once in this long.
const TOLD_EVERY: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<(u64, Option<Timestamp>)>);

impl Strangers {
    /// Counts one; the count, where it is time to tell of them.
    pub(crate) fn another(&self, now: Timestamp) -> Option<u64> {
        let mut it = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        it.0 = it.0.saturating_add(1);
        if it.1.is_some_and(|told| told <= now && now.since(told) < TOLD_EVERY) {
            return None;
        }
        it.1 = Some(now);
        Some(it.0)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}
