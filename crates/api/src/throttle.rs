//! How much one client may ask: a bucket of tokens for each address.
//!
//! The crates that do this bring fifteen others (concurrent maps, clocks of their own) for what is forty lines here; a lock
//! around a small map is taken once a request.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many clients are remembered; more, and those who have asked nothing for a while are forgotten.
const MOST_CLIENTS: usize = 4096;

/// How much a client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once, after a rest.
    pub burst: u32,
    /// A second, in the long run.
    pub per_second: u32,
}

/// What every client has asked lately.
#[derive(Debug)]
pub(crate) struct Throttle {
    allowance: Allowance,
    clients: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is left, in thousandths of a request.
    left: u64,
    at: Instant,
}

impl Throttle {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, clients: Mutex::default() }
    }

    /// Takes one request of a client's; how long it is to wait, if it has none left.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, it| self.filled(*it, now) < self.full());
            // So many at once are no clients: nobody new comes in before some have rested.
            if clients.len() >= MOST_CLIENTS {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = clients.entry(client).or_insert(Bucket { left: self.full(), at: now });
        let left = self.filled(*bucket, now);
        match left.checked_sub(ONE) {
            Some(left) => {
                *bucket = Bucket { left, at: now };
                Ok(())
            }
            None => {
                *bucket = Bucket { left, at: now };
                Err(Duration::from_millis((ONE - left).div_ceil(u64::from(self.allowance.per_second.max(1)))))
            }
        }
    }

    fn full(&self) -> u64 {
        u64::from(self.allowance.burst) * ONE
    }

    /// A thousandth a millisecond for each request a second.
    fn filled(&self, bucket: Bucket, now: Instant) -> u64 {
        let passed = u64::try_from(now.saturating_duration_since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        let gained = passed.saturating_mul(u64::from(self.allowance.per_second));
        bucket.left.saturating_add(gained).min(self.full())
    }
}

const ONE: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_as_much_as_comes_back() {
        let throttle = Throttle::new(Allowance { burst: 3, per_second: 2 });
        let (one, other): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "::1".parse().unwrap());
        let start = Instant::now();
        let take = |client, millis| throttle.take(client, start + Duration::from_millis(millis));
        for _ in 0..3 {
            assert_eq!(take(one, 0), Ok(()));
        }
        assert_eq!(take(one, 0), Err(Duration::from_millis(500)));
        assert_eq!(take(other, 0), Ok(()), "of each client by itself");
        assert_eq!(take(one, 499), Err(Duration::from_millis(1)));
        assert_eq!(take(one, 500), Ok(()));
        assert_eq!(take(one, 500), Err(Duration::from_millis(500)));
        for _ in 0..3 {
            assert_eq!(take(one, 60_000), Ok(()), "never more than a burst");
        }
        assert!(take(one, 60_000).is_err());
    }

    #[test]
    fn a_crowd_fills_no_memory() {
        let throttle = Throttle::new(Allowance { burst: 2, per_second: 1 });
        let start = Instant::now();
        let client = |number: u32| IpAddr::from(number.to_be_bytes());
        for number in 0..5000 {
            let _ = throttle.take(client(number), start);
        }
        assert_eq!(throttle.clients.lock().unwrap().len(), MOST_CLIENTS);
        assert!(throttle.take(client(9999), start).is_err());
        assert_eq!(throttle.take(client(9999), start + Duration::from_secs(1)), Ok(()));
        assert_eq!(throttle.clients.lock().unwrap().len(), 1);
    }
}
