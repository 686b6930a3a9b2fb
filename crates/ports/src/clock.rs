//! Time, real or simulated.

use async_trait::async_trait;
use plimsoll_domain::Timestamp;
use std::time::Duration;

/// Now, and waiting.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;

    /// Returns once `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// How far another clock is ahead of ours, as it was last measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// In microseconds: positive, if the other clock is ahead of ours; negative, if it is behind.
    pub micros: i64,
    /// When, by our clock.
    pub measured_at: Timestamp,
}

/// The clock of this machine, and the timers of tokio's runtime.
#[cfg(feature = "system-clock")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[cfg(feature = "system-clock")]
#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
