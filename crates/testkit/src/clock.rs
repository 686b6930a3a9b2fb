//! Time that passes when it is told to.

use async_trait::async_trait;
use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
use std::time::Duration;
use tokio::sync::watch;

/// A clock that stands still until it is moved; whoever sleeps on it wakes when their time has come.
///
/// ```
/// use plimsoll_domain::Timestamp;
/// use plimsoll_ports::Clock;
/// use plimsoll_testkit::SimulatedClock;
/// use std::{sync::Arc, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(0)));
/// let sleeper = tokio::spawn({
///     let clock = Arc::clone(&clock);
///     async move { clock.sleep(Duration::from_secs(3600)).await }
/// });
/// clock.until_sleepers(1).await;
/// clock.advance(Duration::from_secs(3600));
/// sleeper.await?;
/// assert_eq!(clock.now(), Timestamp::from_millis(3_600_000));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SimulatedClock {
    now: watch::Sender<Timestamp>,
    sleepers: watch::Sender<usize>,
}

impl SimulatedClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now: watch::Sender::new(start), sleepers: watch::Sender::new(0) }
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = now.plus(by));
    }

    /// Moves it there; it never goes back.
    pub fn set(&self, to: Timestamp) {
        self.now.send_modify(|now| *now = to.max(*now));
    }

    /// Returns once at least so many sleep on it: then moving it on is sure to be noticed.
    pub async fn until_sleepers(&self, count: usize) {
        let mut sleepers = self.sleepers.subscribe();
        // The sender lives as long as `self`: waiting cannot fail.
        let _ = sleepers.wait_for(|sleepers| *sleepers >= count).await;
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = self.now.subscribe();
        let wake = now.borrow_and_update().plus(duration);
        let _awake = Asleep::on(&self.sleepers);
        let _ = now.wait_for(|now| *now >= wake).await;
    }
}

/// Counts one sleeper for as long as it lives: a sleeper that is dropped is counted no more.
struct Asleep<'a>(&'a watch::Sender<usize>);

impl<'a> Asleep<'a> {
    fn on(sleepers: &'a watch::Sender<usize>) -> Self {
        sleepers.send_modify(|count| *count += 1);
        Self(sleepers)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn sleepers_wake_in_their_order_and_not_before() {
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(1_000)));
        let (woke, mut order) = tokio::sync::mpsc::unbounded_channel();
        for seconds in [30, 10, 20] {
            let (clock, woke) = (Arc::clone(&clock), woke.clone());
            tokio::spawn(async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                woke.send(seconds)
            });
        }
        clock.until_sleepers(3).await;
        for expected in [10, 20, 30] {
            clock.advance(Duration::from_secs(9));
            tokio::task::yield_now().await;
            assert!(order.try_recv().is_err(), "woke a second early");
            clock.advance(Duration::from_secs(1));
            assert_eq!(order.recv().await, Some(expected));
        }
        clock.set(Timestamp::from_millis(0));
        assert_eq!(clock.now(), Timestamp::from_millis(31_000));
    }

    #[tokio::test]
    async fn a_sleeper_that_gives_up_is_not_counted() {
        let clock = SimulatedClock::new(Timestamp::default());
        let sleep = clock.sleep(Duration::from_secs(1));
        assert!(tokio::time::timeout(Duration::from_millis(1), sleep).await.is_err());
        assert_eq!(*clock.sleepers.borrow(), 0);
    }
}
