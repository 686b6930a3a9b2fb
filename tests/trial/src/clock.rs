//! The one clock of a trial: time moves to the next sleeper only when nobody can do anything any more.

use crate::random::Random;
use async_trait::async_trait;
use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// When a sleeper wakes; of those that wake at one moment the seed decides who does so first.
type Place = (Timestamp, u64, u64);

/// Simulated time. Clones show the same.
#[derive(Debug, Clone)]
pub(crate) struct Time(Arc<Mutex<Sleepers>>);

#[derive(Debug)]
struct Sleepers {
    now: Timestamp,
    asleep: BTreeMap<Place, Waker>,
    count: u64,
    ties: Random,
}

impl Time {
    pub(crate) fn new(start: Timestamp, seed: u64) -> Self {
        let ties = Random::of(seed, "ties");
        Self(Arc::new(Mutex::new(Sleepers { now: start, asleep: BTreeMap::new(), count: 0, ties })))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.sleepers().now
    }

    /// Sleeps so long.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let mut sleepers = self.sleepers();
        let until = sleepers.now.plus(duration);
        let (tie, count) = (sleepers.ties.next(), sleepers.count);
        sleepers.count = count.saturating_add(1);
        Sleep { time: self.clone(), place: (until, tie, count) }
    }

    /// Wakes whoever is next, and lets it be their time. Called when nobody can do anything.
    pub(crate) fn turn(&self) {
        let next = {
            let mut sleepers = self.sleepers();
            let next = sleepers.asleep.pop_first();
            if let Some(((time, ..), _)) = &next {
                sleepers.now = (*time).max(sleepers.now);
            }
            next
        };
        if let Some((_, waker)) = next {
            waker.wake();
        }
    }

    /// Never held across an await.
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who sleeps.
#[derive(Debug)]
pub(crate) struct Sleep {
    time: Time,
    place: Place,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = self.time.sleepers();
        if sleepers.now >= self.place.0 {
            sleepers.asleep.remove(&self.place);
            return Poll::Ready(());
        }
        sleepers.asleep.insert(self.place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.time.sleepers().asleep.remove(&self.place);
    }
}

/// The clock of one process, which may be set wrong. What is slept is slept, whatever it shows.
pub(crate) struct ProcessClock {
    time: Time,
    off: Arc<Mutex<i64>>,
}

impl ProcessClock {
    /// `off` is by how many microseconds it goes before the time.
    pub(crate) const fn new(time: Time, off: Arc<Mutex<i64>>) -> Self {
        Self { time, off }
    }
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let off = *self.off.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_micros(self.time.now().as_micros().saturating_add(off))
    }

    async fn sleep(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(time: &Time) -> tokio::runtime::Runtime {
        let turning = time.clone();
        tokio::runtime::Builder::new_current_thread().on_thread_park(move || turning.turn()).build().unwrap()
    }

    #[test]
    fn hours_are_over_at_once_and_sleepers_wake_in_their_order() {
        let time = Time::new(Timestamp::default(), 1);
        let woke: Arc<Mutex<Vec<u64>>> = Arc::default();
        runtime(&time).block_on(async {
            let sleepers = [3, 1, 2].map(|hours| {
                let (time, woke) = (time.clone(), Arc::clone(&woke));
                tokio::spawn(async move {
                    time.sleep(Duration::from_secs(hours * 3600)).await;
                    woke.lock().unwrap().push(hours);
                })
            });
            futures_util::future::join_all(sleepers).await;
        });
        assert_eq!(*woke.lock().unwrap(), [1, 2, 3]);
        assert_eq!(time.now(), Timestamp::from_millis(3 * 3_600_000));
    }

    #[test]
    fn who_wakes_first_of_one_moment_is_the_seeds_choice_and_always_the_same() {
        let order = |seed: u64| {
            let time = Time::new(Timestamp::default(), seed);
            let woke: Arc<Mutex<Vec<u64>>> = Arc::default();
            runtime(&time).block_on(async {
                let sleepers = (0..8).map(|number| {
                    let (time, woke) = (time.clone(), Arc::clone(&woke));
                    async move {
                        time.sleep(Duration::from_secs(1)).await;
                        woke.lock().unwrap().push(number);
                    }
                });
                futures_util::future::join_all(sleepers.map(tokio::spawn)).await;
            });
            woke.lock().unwrap().clone()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn a_sleeper_that_gives_up_wakes_nobody() {
        let time = Time::new(Timestamp::default(), 1);
        runtime(&time).block_on(async {
            drop(time.sleep(Duration::from_secs(1)));
            time.sleep(Duration::from_secs(5)).await;
        });
        assert_eq!(time.now(), Timestamp::from_millis(5000));
    }

    #[test]
    fn a_clock_that_is_set_wrong_sleeps_as_long_as_any() {
        let time = Time::new(Timestamp::from_millis(10_000), 1);
        let off = Arc::new(Mutex::new(-5_000_000));
        let clock = ProcessClock::new(time.clone(), Arc::clone(&off));
        assert_eq!(clock.now(), Timestamp::from_millis(5000));
        runtime(&time).block_on(clock.sleep(Duration::from_secs(2)));
        *off.lock().unwrap() = 0;
        assert_eq!(clock.now(), Timestamp::from_millis(12_000));
    }
}
