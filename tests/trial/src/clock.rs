//! The clock of one process in a trial's time.

use async_trait::async_trait;
use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
pub(crate) use plimsoll_simulation::{Sleep, Time};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The clock of one process, which may be set wrong. What is slept is slept, whatever it shows.
pub(crate) struct ProcessClock {
    time: Time,
    off: Arc<Mutex<i64>>,
}

impl ProcessClock {
    /// `off` is by how many microseconds it goes before the time.
    pub(crate) const fn new(time: Time, off: Arc<Mutex<i64>>) -> Self {
        Self { time, off }
    }
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let off = *self.off.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_micros(self.time.now().as_micros().saturating_add(off))
    }

    async fn sleep(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(time: &Time) -> tokio::runtime::Runtime {
        let turning = time.clone();
        tokio::runtime::Builder::new_current_thread().on_thread_park(move || turning.turn()).build().unwrap()
    }

    #[test]
    fn a_clock_that_is_set_wrong_sleeps_as_long_as_any() {
        let time = Time::new(Timestamp::from_millis(10_000), 1);
        let off = Arc::new(Mutex::new(-5_000_000));
        let clock = ProcessClock::new(time.clone(), Arc::clone(&off));
        assert_eq!(clock.now(), Timestamp::from_millis(5000));
        runtime(&time).block_on(clock.sleep(Duration::from_secs(2)));
        *off.lock().unwrap() = 0;
        assert_eq!(clock.now(), Timestamp::from_millis(12_000));
    }
}
