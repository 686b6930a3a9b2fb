//! Whose time requests are judged by.

use plimsoll_domain::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whose time requests are judged by, and the venue tells when it is asked for the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationClock {
    /// The wall clock's: for clients that have no other.
    Wall,
    /// The simulated market's: for clients that share its clock.
    Market,
}

impl AuthenticationClock {
    /// What it shows, where the market's time is `market`.
    pub(crate) fn read(self, market: Timestamp) -> Timestamp {
        match self {
            Self::Market => market,
            Self::Wall => wall(),
        }
    }
}

/// The wall clock.
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
