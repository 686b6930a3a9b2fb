//! The one clock of a simulation: time moves to the next sleeper only when nobody can do anything any more.

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

/// Simulated time. Clones show the same. A current-thread runtime [turns](Self::turn) it whenever it would park:
///
/// ```
/// use plimsoll_domain::Timestamp;
/// use plimsoll_simulation::Time;
/// use std::time::Duration;
///
/// let time = Time::new(Timestamp::default(), 1);
/// let turning = time.clone();
/// let runtime = tokio::runtime::Builder::new_current_thread().on_thread_park(move || turning.turn()).build()?;
/// runtime.block_on(time.sleep(Duration::from_secs(3600)));
/// assert_eq!(time.now(), Timestamp::from_millis(3_600_000));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Time(Arc<Mutex<Sleepers>>);

/// How far sleepers may be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Whoever is next.
    Whoever,
    /// Only who wakes before this.
    Before(Timestamp),
    /// Only who wakes at this or before.
    Until(Timestamp),
}

#[derive(Debug)]
struct Sleepers {
    now: Timestamp,
    asleep: BTreeMap<Place, Waker>,
    count: u64,
    ties: Random,
    reach: Reach,
    /// How often nobody could do anything.
    idle: u64,
    waits_for_idle: Option<Waker>,
}

impl Time {
    /// It is `start`; of those who wake at one moment `seed` decides who does so first.
    #[must_use]
    pub fn new(start: Timestamp, seed: u64) -> Self {
        let sleepers = Sleepers {
            now: start,
            asleep: BTreeMap::new(),
            count: 0,
            ties: Random::of(seed, "ties"),
            reach: Reach::Whoever,
            idle: 0,
            waits_for_idle: None,
        };
        Self(Arc::new(Mutex::new(sleepers)))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.sleepers().now
    }

    /// Sleeps so long.
    #[must_use = "nobody sleeps who is not awaited"]
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let mut sleepers = self.sleepers();
        let until = sleepers.now.plus(duration);
        let (tie, count) = (sleepers.ties.next(), sleepers.count);
        sleepers.count = count.saturating_add(1);
        Sleep { time: self.clone(), place: (until, tie, count) }
    }

    /// Wakes whoever is next, and lets it be their time; or, where nobody may be woken yet, whoever waits for that. Called when
    /// nobody can do anything.
    pub fn turn(&self) {
        let waker = {
            let mut sleepers = self.sleepers();
            let first = sleepers.asleep.first_key_value().map(|((time, ..), _)| *time);
            let may_wake = first.is_some_and(|time| match sleepers.reach {
                Reach::Whoever => true,
                Reach::Before(limit) => time < limit,
                Reach::Until(limit) => time <= limit,
            });
            if may_wake {
                let next = sleepers.asleep.pop_first();
                if let Some(((time, ..), _)) = &next {
                    sleepers.now = (*time).max(sleepers.now);
                }
                next.map(|(_, waker)| waker)
            } else {
                sleepers.idle = sleepers.idle.saturating_add(1);
                sleepers.waits_for_idle.take()
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Lets everybody wake who does so before `time`; when they can do nothing any more, it is `time`.
    pub(crate) async fn come_to(&self, time: Timestamp) {
        self.idle(Reach::Before(time)).await;
        let mut sleepers = self.sleepers();
        sleepers.now = time.max(sleepers.now);
    }

    /// Lets everybody wake who does so now; answers when they can do nothing any more.
    pub(crate) async fn settle(&self) {
        let now = self.now();
        self.idle(Reach::Until(now)).await;
    }

    /// Lets everybody wake in their time again.
    pub(crate) fn release(&self) {
        self.sleepers().reach = Reach::Whoever;
    }

    fn idle(&self, reach: Reach) -> Idle {
        let mut sleepers = self.sleepers();
        sleepers.reach = reach;
        Idle { time: self.clone(), since: sleepers.idle }
    }

    /// Never held across an await.
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who sleeps.
#[derive(Debug)]
pub struct Sleep {
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

/// One who waits until nobody can do anything.
struct Idle {
    time: Time,
    since: u64,
}

impl Future for Idle {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = self.time.sleepers();
        if sleepers.idle > self.since {
            return Poll::Ready(());
        }
        sleepers.waits_for_idle = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Simulated time as a port.
#[derive(Debug, Clone)]
pub struct SimulatedClock(pub Time);

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
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
    fn what_is_due_before_a_moment_is_done_before_it_and_what_is_due_at_it_afterwards() {
        let time = Time::new(Timestamp::default(), 1);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let say = |what: &str| told.lock().unwrap().push(what.to_owned());
        runtime(&time).block_on(async {
            for seconds in [1, 2, 3] {
                let (time, told) = (time.clone(), Arc::clone(&told));
                tokio::spawn(async move {
                    time.sleep(Duration::from_secs(seconds)).await;
                    told.lock().unwrap().push(seconds.to_string());
                });
            }
            time.come_to(Timestamp::from_millis(2000)).await;
            say("the price");
            time.settle().await;
            say("settled");
        });
        assert_eq!(*told.lock().unwrap(), ["1", "the price", "2", "settled"]);
        assert_eq!(time.now(), Timestamp::from_millis(2000));
    }
}
