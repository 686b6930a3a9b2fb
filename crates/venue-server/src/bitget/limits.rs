//! How much a caller may ask: every call so often a second, and the address so often a minute.

use crate::bitget::error::Refusal;
use plimsoll_domain::{AccountId, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// What callers may ask for. The defaults are the venue's own. Their windows run on the clock that requests are judged by;
/// each begins with the first call in it. Where that is the market's and the market stands still, so do they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of one address a minute.
    pub requests_per_minute: u32,
    /// How long an address that asked for more is not answered.
    pub penalty: Duration,
    /// By how much the venue's limits a second are multiplied: 1 for everybody, 6, 8 and 10 for its larger customers.
    pub scale: u32,
    /// How long a socket may go without a `ping` before it is cut, on the wall clock.
    pub idle: Duration,
    /// How long a socket lives at most, on the wall clock; a minute before it ends it is told.
    pub socket_life: Option<Duration>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            requests_per_minute: 6000,
            penalty: Duration::from_secs(300),
            scale: 1,
            idle: Duration::from_secs(120),
            socket_life: None,
        }
    }
}

/// Whose calls of a kind are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Per {
    Address,
    Account,
}

/// What has been asked for so far.
#[derive(Debug)]
pub(crate) struct Usage {
    limits: RateLimits,
    minute: Window,
    calls: BTreeMap<(&'static str, Option<AccountId>), Window>,
    shut_until: Option<Timestamp>,
}

impl Usage {
    pub(crate) const fn new(limits: RateLimits) -> Self {
        Self { limits, minute: Window::new(Duration::from_secs(60)), calls: BTreeMap::new(), shut_until: None }
    }

    /// Answers nobody until then.
    pub(crate) const fn shut(&mut self, until: Timestamp) {
        self.shut_until = Some(until);
    }

    /// Answers again.
    pub(crate) const fn forgive(&mut self) {
        self.shut_until = None;
    }

    /// Takes one request of the address.
    pub(crate) fn take_request(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if let Some(until) = self.shut_until {
            if now < until {
                return Err(Refusal::too_many_requests(whole_seconds(until.since(now))));
            }
            self.shut_until = None;
        }
        self.minute.roll(now);
        self.minute.used = self.minute.used.saturating_add(1);
        if self.minute.used <= self.limits.requests_per_minute {
            return Ok(());
        }
        self.shut_until = Some(now.plus(self.limits.penalty));
        Err(Refusal::too_many_requests(whole_seconds(self.limits.penalty)))
    }

    /// Takes one call of this kind; what remains of the second.
    pub(crate) fn take_call(
        &mut self,
        path: &'static str,
        account: Option<&AccountId>,
        per_second: u32,
        now: Timestamp,
    ) -> Result<u32, Refusal> {
        let limit = per_second.saturating_mul(self.limits.scale);
        let window = self.calls.entry((path, account.cloned())).or_insert(Window::new(Duration::from_secs(1)));
        window.roll(now);
        if window.used >= limit {
            return Err(Refusal::too_many_requests(window.seconds_left(now)));
        }
        window.used += 1;
        Ok(limit - window.used)
    }
}

/// Rounded up: whoever waits so long has waited long enough.
pub(crate) const fn whole_seconds(wait: Duration) -> u64 {
    let begun = if wait.subsec_nanos() > 0 { 1 } else { 0 };
    wait.as_secs().saturating_add(begun)
}

/// A count that starts again when its time is over.
#[derive(Debug, Clone, Copy)]
struct Window {
    length: Duration,
    began: Option<Timestamp>,
    used: u32,
}

impl Window {
    const fn new(length: Duration) -> Self {
        Self { length, began: None, used: 0 }
    }

    /// Starts a new window if this one is over. Time that goes back is a new one too.
    fn roll(&mut self, now: Timestamp) {
        let running = self.began.is_some_and(|began| began <= now && now.since(began) < self.length);
        if !running {
            (self.began, self.used) = (Some(now), 0);
        }
    }

    fn seconds_left(&self, now: Timestamp) -> u64 {
        let passed = self.began.map_or(Duration::ZERO, |began| now.since(began));
        whole_seconds(self.length.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn whoever_asks_too_much_in_a_minute_waits_for_five() {
        let mut usage = Usage::new(RateLimits { requests_per_minute: 2, ..RateLimits::default() });
        let mut ask = |seconds| {
            let answer = usage.take_request(START.plus(Duration::from_secs(seconds)));
            answer.map_err(|refusal| (refusal.status, refusal.code, refusal.retry_after))
        };
        assert_eq!(ask(0), Ok(()));
        assert_eq!(ask(1), Ok(()));
        assert_eq!(ask(2), Err((429, 429, Some(300))));
        assert_eq!(ask(61), Err((429, 429, Some(241))));
        assert_eq!(ask(302), Ok(()));
    }

    #[test]
    fn each_call_has_a_limit_of_its_own_by_account() {
        let mut usage = Usage::new(RateLimits::default());
        let (one, other) = (AccountId::new("one"), AccountId::new("other"));
        assert_eq!(usage.take_call("place", Some(&one), 2, START), Ok(1));
        assert_eq!(usage.take_call("place", Some(&one), 2, START), Ok(0));
        assert_eq!(usage.take_call("place", Some(&one), 2, START).unwrap_err().retry_after, Some(1));
        assert_eq!(usage.take_call("place", Some(&other), 2, START), Ok(1));
        assert_eq!(usage.take_call("cancel", Some(&one), 2, START), Ok(1));
        assert_eq!(usage.take_call("place", Some(&one), 2, START.plus(Duration::from_secs(1))), Ok(1));
    }

    #[test]
    fn larger_customers_may_ask_more() {
        let mut usage = Usage::new(RateLimits { scale: 6, ..RateLimits::default() });
        assert_eq!(usage.take_call("place", None, 10, START), Ok(59));
    }
}
