//! The stretch of time that a history covers.

use plimsoll_domain::Timestamp;
use std::time::Duration;

/// The moment `days` times 24 hours before `now`: what is later than it is inside the window.
pub(crate) fn before(now: Timestamp, days: u32) -> Timestamp {
    now.minus(Duration::from_secs(u64::from(days) * 86_400))
}
