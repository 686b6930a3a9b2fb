//! How much a caller may ask: weight a minute for the address, orders a minute and ten seconds for the account.

use crate::binance::error::Refusal;
use plimsoll_domain::{AccountId, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// What callers may ask for. The defaults are the venue's own. Their windows run on the clock that requests are judged by,
/// which is the one that callers count their minutes on; each begins with the first call in it. Where that is the market's
/// and the market stands still, so do they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Request weight a minute, for all callers of one address.
    pub weight_per_minute: u32,
    /// Orders of one account a minute.
    pub orders_per_minute: u32,
    /// Orders of one account in ten seconds.
    pub orders_per_ten_seconds: u32,
    /// Calls for funding rates in five minutes.
    pub funding_per_five_minutes: u32,
    /// How many calls beyond the weight limit are answered 429 before the address is banned with 418.
    pub warnings: u32,
    /// How long a ban lasts.
    pub ban: Duration,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            weight_per_minute: 2400,
            orders_per_minute: 1200,
            orders_per_ten_seconds: 300,
            funding_per_five_minutes: 500,
            warnings: 10,
            ban: Duration::from_secs(120),
        }
    }
}

/// What has been asked for so far.
#[derive(Debug)]
pub(crate) struct Usage {
    limits: RateLimits,
    weight: Window,
    funding: Window,
    orders: BTreeMap<AccountId, OrderCount>,
    warned: u32,
    banned_until: Option<Timestamp>,
}

/// Orders of one account in the windows that are running.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderCount {
    ten_seconds: Window,
    minute: Window,
}

impl OrderCount {
    /// In ten seconds, and in a minute.
    pub(crate) const fn used(&self) -> (u32, u32) {
        (self.ten_seconds.used, self.minute.used)
    }
}

impl Usage {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            weight: Window::new(Duration::from_secs(60)),
            funding: Window::new(Duration::from_secs(300)),
            orders: BTreeMap::new(),
            warned: 0,
            banned_until: None,
        }
    }

    pub(crate) const fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// The weight that was used in this minute.
    pub(crate) const fn weight(&self) -> u32 {
        self.weight.used
    }

    /// Lets nobody in until then.
    pub(crate) const fn ban(&mut self, until: Timestamp) {
        self.banned_until = Some(until);
    }

    /// Lifts a ban.
    pub(crate) const fn forgive(&mut self) {
        (self.banned_until, self.warned) = (None, 0);
    }

    /// Takes a call's weight, or refuses it: 429 over the limit, 418 for those who go on.
    pub(crate) fn take_weight(&mut self, weight: u32, now: Timestamp) -> Result<(), Refusal> {
        if let Some(until) = self.banned_until {
            if now < until {
                return Err(banned(until, now));
            }
            (self.banned_until, self.warned) = (None, 0);
        }
        let limit = self.limits.weight_per_minute;
        if self.weight.roll(now) {
            self.warned = 0;
        }
        self.weight.used = self.weight.used.saturating_add(weight);
        if self.weight.used <= limit {
            return Ok(());
        }
        self.warned += 1;
        if self.warned > self.limits.warnings {
            let until = now.plus(self.limits.ban);
            self.banned_until = Some(until);
            return Err(banned(until, now));
        }
        Err(Refusal::too_many_requests(limit, self.weight.seconds_left(now)))
    }

    /// Takes a call from the pool that the funding endpoints share.
    pub(crate) fn take_funding(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.funding.roll(now);
        self.funding.used = self.funding.used.saturating_add(1);
        if self.funding.used <= self.limits.funding_per_five_minutes {
            return Ok(());
        }
        Err(Refusal::too_many_requests(self.limits.funding_per_five_minutes, self.funding.seconds_left(now)))
    }

    /// Takes orders from an account's windows: so many of the ten seconds', so many of the minute's.
    pub(crate) fn take_orders(
        &mut self,
        account: &AccountId,
        (ten_seconds, minute): (u32, u32),
        now: Timestamp,
    ) -> Result<OrderCount, Refusal> {
        let count = self.orders.entry(account.clone()).or_insert(OrderCount {
            ten_seconds: Window::new(Duration::from_secs(10)),
            minute: Window::new(Duration::from_secs(60)),
        });
        count.ten_seconds.roll(now);
        count.minute.roll(now);
        let limits = &self.limits;
        if count.ten_seconds.used.saturating_add(ten_seconds) > limits.orders_per_ten_seconds {
            let seconds = count.ten_seconds.seconds_left(now);
            return Err(Refusal::too_many_orders(limits.orders_per_ten_seconds, "TEN_SECONDS", seconds));
        }
        if count.minute.used.saturating_add(minute) > limits.orders_per_minute {
            let seconds = count.minute.seconds_left(now);
            return Err(Refusal::too_many_orders(limits.orders_per_minute, "MINUTE", seconds));
        }
        count.ten_seconds.used += ten_seconds;
        count.minute.used += minute;
        Ok(*count)
    }
}

fn banned(until: Timestamp, now: Timestamp) -> Refusal {
    Refusal::banned(until.as_millis(), whole_seconds(until.since(now)))
}

/// Rounded up: whoever waits so long has waited long enough.
const fn whole_seconds(wait: Duration) -> u64 {
    let begun = if wait.subsec_nanos() > 0 { 1 } else { 0 };
    wait.as_secs().saturating_add(begun)
}

/// A count that starts again with each minute of the clock, or whatever it is for.
#[derive(Debug, Clone, Copy)]
struct Window {
    length: Duration,
    number: Option<i64>,
    used: u32,
}

impl Window {
    const fn new(length: Duration) -> Self {
        Self { length, number: None, used: 0 }
    }

    /// Starts a new window if this one is over; whether it did.
    fn roll(&mut self, now: Timestamp) -> bool {
        let number = Some(now.as_micros().div_euclid(self.micros()));
        let is_new = number > self.number;
        if is_new {
            (self.number, self.used) = (number, 0);
        }
        is_new
    }

    fn micros(&self) -> i64 {
        i64::try_from(self.length.as_micros()).unwrap_or(i64::MAX).max(1)
    }

    fn seconds_left(&self, now: Timestamp) -> u64 {
        let left = self.micros() - now.as_micros().rem_euclid(self.micros());
        whole_seconds(Duration::from_micros(left.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Usage {
        let limits = RateLimits { weight_per_minute: 10, warnings: 2, orders_per_ten_seconds: 2, ..Default::default() };
        Usage::new(limits)
    }

    #[test]
    fn beyond_the_limit_come_warnings_then_a_ban_then_peace() {
        let (mut usage, start) = (usage(), Timestamp::from_millis(960_000));
        let mut call = |weight, seconds| {
            let answer = usage.take_weight(weight, start.plus(Duration::from_secs(seconds)));
            answer.map_err(|refusal| (refusal.status, refusal.retry_after))
        };
        assert_eq!(call(10, 0), Ok(()));
        assert_eq!(call(1, 10), Err((429, Some(50))));
        assert_eq!(call(1, 10), Err((429, Some(50))));
        assert_eq!(call(1, 10), Err((418, Some(120))));
        assert_eq!(call(1, 70), Err((418, Some(60))));
        assert_eq!(call(1, 130), Ok(()));
    }

    #[test]
    fn a_window_is_a_minute_of_the_clock_whenever_the_first_call_comes() {
        let (mut usage, minute) = (usage(), Timestamp::from_millis(960_000));
        assert!(usage.take_weight(10, minute.plus(Duration::from_secs(50))).is_ok());
        let refused = usage.take_weight(1, minute.plus(Duration::from_secs(59))).unwrap_err();
        assert_eq!(refused.retry_after, Some(1));
        assert!(usage.take_weight(10, minute.plus(Duration::from_secs(60))).is_ok());
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_let_in() {
        let (mut usage, start) = (usage(), Timestamp::from_millis(960_000));
        assert!(usage.take_weight(10, start).is_ok());
        let asked = start.plus(Duration::from_millis(100));
        let told = usage.take_weight(1, asked).unwrap_err().retry_after.unwrap();
        assert_eq!(told, 60, "59.9 seconds are left");
        assert!(usage.take_weight(1, asked.plus(Duration::from_secs(told))).is_ok());
    }

    #[test]
    fn a_new_minute_forgets_the_warnings() {
        let (mut usage, start) = (usage(), Timestamp::from_millis(960_000));
        assert!(usage.take_weight(11, start).is_err());
        assert!(usage.take_weight(10, start.plus(Duration::from_secs(60))).is_ok());
        assert_eq!(usage.weight(), 10);
    }

    #[test]
    fn orders_are_counted_by_account() {
        let (mut usage, now) = (usage(), Timestamp::from_millis(960_000));
        let (one, other) = (AccountId::new("one"), AccountId::new("other"));
        assert_eq!(usage.take_orders(&one, (1, 1), now).unwrap().used(), (1, 1));
        assert_eq!(usage.take_orders(&one, (1, 1), now).unwrap().used(), (2, 2));
        assert_eq!(usage.take_orders(&one, (1, 1), now).unwrap_err().code, -1015);
        assert_eq!(usage.take_orders(&other, (1, 1), now).unwrap().used(), (1, 1));
        let later = now.plus(Duration::from_secs(10));
        assert_eq!(usage.take_orders(&one, (1, 1), later).unwrap().used(), (1, 3));
    }
}
