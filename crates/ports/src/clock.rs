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
