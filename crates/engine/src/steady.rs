//! How much time has passed, whatever is done to the clock.

use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts the time that passes since it was made. It never goes back: a clock that is set back loses no more than what had
/// passed since the last glance at it, and what was slept is counted whatever the clock shows.
pub(crate) struct Steady {
    clock: Arc<dyn Clock>,
    count: Mutex<Count>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    shown: Timestamp,
    passed: Duration,
}

impl Steady {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let count = Mutex::new(Count { shown: clock.now(), passed: Duration::ZERO });
        Self { clock, count }
    }

    /// How much time has passed.
    pub(crate) fn passed(&self) -> Duration {
        let (mut count, now) = (self.count(), self.clock.now());
        count.passed = count.passed.saturating_add(now.since(count.shown));
        count.shown = now;
        count.passed
    }

    /// What the clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sleeps so long; afterwards at least so much has passed.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let until = self.passed().saturating_add(duration);
        self.clock.sleep(duration).await;
        self.passed();
        let mut count = self.count();
        count.passed = count.passed.max(until);
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;

    /// Shows what it is told to, and sleeps for no time at all.
    struct Adjusted(Mutex<Timestamp>);

    impl Adjusted {
        fn show(&self, seconds: i64) {
            *self.0.lock().unwrap() = Timestamp::from_millis(seconds * 1000);
        }
    }

    #[async_trait]
    impl Clock for Adjusted {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_takes_nothing_back() {
        let clock = Arc::new(Adjusted(Mutex::default()));
        clock.show(10_000);
        let (steady, seconds) = (Steady::new(clock.clone()), Duration::from_secs);
        clock.show(10_005);
        assert_eq!(steady.passed(), seconds(5));
        clock.show(1000);
        assert_eq!(steady.passed(), seconds(5));
        clock.show(1003);
        assert_eq!(steady.passed(), seconds(8));
        steady.sleep(seconds(7)).await;
        assert_eq!(steady.passed(), seconds(15), "what was slept counts, whatever the clock shows");
    }
}
