//! A clock that shows the market's time.

use async_trait::async_trait;
use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A clock whose time is what it was last told, and never goes back. Whoever moves an [`Exchange`](crate::Exchange)
/// tells it [`now`](crate::Exchange::now) afterwards; clones show the same time. Sleepers wake once it has passed, and
/// sleep for ever while the market stands still.
#[derive(Debug, Clone)]
pub struct MarketClock(Arc<watch::Sender<Timestamp>>);

impl MarketClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(start)))
    }

    /// Shows `now`, unless that would be going back, and wakes the sleepers whose time has come.
    pub fn tell(&self, now: Timestamp) {
        self.0.send_if_modified(|shown| {
            let later = now > *shown;
            *shown = now.max(*shown);
            later
        });
    }
}

#[async_trait]
impl Clock for MarketClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().plus(duration);
        // The sender lives as long as `self`, so the wait only ends by the time passing.
        let _ = self.0.subscribe().wait_for(|now| *now >= until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn a_sleeper_wakes_when_the_market_has_moved_on() {
        let clock = MarketClock::new(Timestamp::from_millis(1000));
        let mut context = Context::from_waker(Waker::noop());
        let mut sleep = pin!(clock.sleep(Duration::from_secs(2)));
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.tell(Timestamp::from_millis(2999));
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.clone().tell(Timestamp::from_millis(3000));
        assert!(sleep.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn it_never_goes_back() {
        let clock = MarketClock::new(Timestamp::from_millis(1000));
        clock.tell(Timestamp::from_millis(500));
        assert_eq!(clock.now(), Timestamp::from_millis(1000));
    }
}
