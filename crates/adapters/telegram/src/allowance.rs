//! How much one user may do: a bucket of tokens for each.

use crate::settings::Allowance;
use plimsoll_ports::domain::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What every user has done lately. Only those on a list come this far: there are few of them.
#[derive(Debug)]
pub(crate) struct Allowances {
    allowance: Allowance,
    users: Mutex<HashMap<i64, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is left, in microseconds' worth.
    left: u64,
    at: Timestamp,
    is_told: bool,
}

/// Whether a user is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Yes.
    Yes,
    /// No, and that is to be told: the next is heard after this.
    TooMuch(Duration),
    /// No, and that was told.
    Silent,
}

impl Allowances {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, users: Mutex::default() }
    }

    pub(crate) fn take(&self, user: i64, now: Timestamp) -> Heard {
        let one = 60_000_000 / u64::from(self.allowance.per_minute.max(1));
        let full = one * u64::from(self.allowance.burst.max(1));
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = users.entry(user).or_insert(Bucket { left: full, at: now, is_told: false });
        let passed = u64::try_from(now.since(bucket.at).as_micros()).unwrap_or(u64::MAX);
        let left = bucket.left.saturating_add(passed).min(full);
        match left.checked_sub(one) {
            Some(left) => {
                *bucket = Bucket { left, at: now, is_told: false };
                Heard::Yes
            }
            None => {
                let was_told = bucket.is_told;
                *bucket = Bucket { left, at: now, is_told: true };
                if was_told { Heard::Silent } else { Heard::TooMuch(Duration::from_micros(one - left)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_heard_then_as_much_as_comes_back_and_being_too_loud_is_told_once() {
        let allowances = Allowances::new(Allowance { burst: 2, per_minute: 30 });
        let take = |user, millis| allowances.take(user, Timestamp::from_millis(millis));
        assert_eq!([take(1, 0), take(1, 0)], [Heard::Yes, Heard::Yes]);
        assert_eq!(take(1, 500), Heard::TooMuch(Duration::from_millis(1500)));
        assert_eq!(take(1, 600), Heard::Silent);
        assert_eq!(take(2, 600), Heard::Yes, "each by itself");
        assert_eq!(take(1, 2000), Heard::Yes);
        assert_eq!(take(1, 2000), Heard::TooMuch(Duration::from_secs(2)));
        assert_eq!(take(1, 1000), Heard::Silent, "also by a clock that was set back");
        assert_eq!([take(1, 90_000), take(1, 90_000)], [Heard::Yes, Heard::Yes]);
        assert_ne!(take(1, 90_000), Heard::Yes, "never more than a burst");
    }
}
