//! How much a caller may ask: every call so often in ten seconds, orders and cancels so often a second.

use crate::gateio::error::Refusal;
use plimsoll_domain::{AccountId, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// What callers may ask for. The defaults are the venue's own. Their windows run on the clock that requests are judged by;
/// each begins with the first call in it. Where that is the market's and the market stands still, so do they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls of each public endpoint in ten seconds, for all callers of one address.
    pub public_per_ten_seconds: u32,
    /// Calls of each private endpoint in ten seconds, for each account.
    pub private_per_ten_seconds: u32,
    /// Orders placed and changed a second, for each account.
    pub orders_per_second: u32,
    /// Orders cancelled a second, for each account.
    pub cancels_per_second: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            public_per_ten_seconds: 200,
            private_per_ten_seconds: 200,
            orders_per_second: 100,
            cancels_per_second: 200,
        }
    }
}

/// What a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bucket {
    /// Anybody may call, so often each.
    Public,
    /// The account's own calls, so often each.
    Private,
    /// Placing and changing orders, together.
    Orders,
    /// Cancelling them.
    Cancels,
}

/// What is left, as every answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) limit: u32,
    pub(crate) remain: u32,
    pub(crate) reset: Timestamp,
}

/// What has been asked for so far.
#[derive(Debug)]
pub(crate) struct Usage {
    limits: RateLimits,
    windows: BTreeMap<(Bucket, Option<AccountId>, &'static str), Window>,
    shut_until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Timestamp,
    used: u32,
}

impl Usage {
    pub(crate) const fn new(limits: RateLimits) -> Self {
        Self { limits, windows: BTreeMap::new(), shut_until: None }
    }

    /// Lets nobody in until then.
    pub(crate) const fn shut(&mut self, until: Timestamp) {
        self.shut_until = Some(until);
    }

    /// Lets everybody in again.
    pub(crate) const fn forgive(&mut self) {
        self.shut_until = None;
    }

    /// Whether anybody is let in.
    pub(crate) fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.shut_until.filter(|until| now < *until) {
            Some(until) => Err(Refusal::too_many_requests(until)),
            None => Ok(()),
        }
    }

    /// Takes one call, or refuses it.
    pub(crate) fn take(
        &mut self,
        bucket: Bucket,
        account: Option<&AccountId>,
        endpoint: &'static str,
        now: Timestamp,
    ) -> (Left, Result<(), Refusal>) {
        let (limit, length) = match bucket {
            Bucket::Public => (self.limits.public_per_ten_seconds, Duration::from_secs(10)),
            Bucket::Private => (self.limits.private_per_ten_seconds, Duration::from_secs(10)),
            Bucket::Orders => (self.limits.orders_per_second, Duration::from_secs(1)),
            Bucket::Cancels => (self.limits.cancels_per_second, Duration::from_secs(1)),
        };
        let endpoint = if matches!(bucket, Bucket::Orders | Bucket::Cancels) { "" } else { endpoint };
        let key = (bucket, account.cloned(), endpoint);
        let window = self.windows.entry(key).or_insert(Window { began: now, used: 0 });
        if now.since(window.began) >= length {
            *window = Window { began: now, used: 0 };
        }
        let reopens = window.began.plus(length);
        if window.used >= limit {
            let refusal = Refusal::too_many_requests(reopens);
            return (Left { limit, remain: 0, reset: reopens }, Err(refusal));
        }
        window.used += 1;
        (Left { limit, remain: limit - window.used, reset: now }, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_and_each_account_has_its_own_window_and_orders_share_one() {
        let limits = RateLimits { private_per_ten_seconds: 1, orders_per_second: 2, ..RateLimits::default() };
        let mut usage = Usage::new(limits);
        let (ann, bob) = (AccountId::new("ann"), AccountId::new("bob"));
        let mut take = |bucket, account: &AccountId, endpoint, millis| {
            let (left, taken) = usage.take(bucket, Some(account), endpoint, Timestamp::from_millis(millis));
            taken.map(|()| left.remain).map_err(|refusal| refusal.reset.unwrap().as_millis())
        };
        assert_eq!(take(Bucket::Private, &ann, "/accounts", 0), Ok(0));
        assert_eq!(take(Bucket::Private, &ann, "/accounts", 9_999), Err(10_000));
        assert_eq!(take(Bucket::Private, &ann, "/positions", 9_999), Ok(0));
        assert_eq!(take(Bucket::Private, &bob, "/accounts", 9_999), Ok(0));
        assert_eq!(take(Bucket::Private, &ann, "/accounts", 10_000), Ok(0));
        assert_eq!(take(Bucket::Orders, &ann, "/orders", 0), Ok(1));
        assert_eq!(take(Bucket::Orders, &ann, "/batch_orders", 500), Ok(0));
        assert_eq!(take(Bucket::Orders, &ann, "/orders", 999), Err(1_000));
        assert_eq!(take(Bucket::Orders, &ann, "/orders", 1_000), Ok(1));
    }

    #[test]
    fn a_venue_that_is_shut_says_until_when() {
        let mut usage = Usage::new(RateLimits::default());
        usage.shut(Timestamp::from_millis(5_000));
        assert!(usage.check_open(Timestamp::from_millis(4_999)).is_err());
        assert!(usage.check_open(Timestamp::from_millis(5_000)).is_ok());
        usage.shut(Timestamp::from_millis(9_000));
        usage.forgive();
        assert!(usage.check_open(Timestamp::from_millis(6_000)).is_ok());
    }
}
