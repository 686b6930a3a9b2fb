//! What has been read from a venue, and is believed for a while.

mod each;

pub use each::RememberedEach;

use crate::call_error::CallError;
use plimsoll_domain::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What could not be read is not asked for again within this time, where there is something old to go on with.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A reading that is kept: the list of contracts, say. Whoever needs a fresh one while it is being read waits for that
/// reading, and takes what comes of it; whoever is content with what is [known](Self::known) never waits.
pub struct Remembered<T> {
    state: Mutex<State<T>>,
    /// Held by whoever reads. Never waited for with `state` locked.
    reader: tokio::sync::Mutex<()>,
}

struct State<T> {
    /// With when it was read; the beginning of time where it is known to be out of date.
    kept: Option<(Arc<T>, Timestamp)>,
    /// How often it was said that what is kept is out of date.
    forgotten: u64,
    /// How many readings have failed, how the last one did, and when the next may be tried.
    failures: u64,
    failed: Option<Failed>,
}

/// A reading that failed, which is not to be tried again before either of these: a clock that is set makes nobody wait
/// longer, and simulated time may be faster than time.
struct Failed {
    error: CallError,
    again_by_clock: Timestamp,
    again: Instant,
}

impl<T> State<T> {
    fn forget(&mut self) {
        self.forgotten += 1;
        if let Some((_, at)) = &mut self.kept {
            *at = Timestamp::default();
        }
    }

    fn fresh(&self, now: Timestamp, lives: Duration) -> Option<Arc<T>> {
        self.kept.as_ref().filter(|(_, at)| now.since(*at) < lives).map(|(it, _)| Arc::clone(it))
    }

    /// How the last reading failed, if it has ended since there were so many failures, or has only just.
    fn failed(&self, now: Timestamp, failures: u64) -> Option<CallError> {
        let failed = self.failed.as_ref()?;
        let is_too_soon = self.kept.is_some() && now < failed.again_by_clock && Instant::now() < failed.again;
        (is_too_soon || self.failures != failures).then(|| failed.error.clone())
    }
}

impl<T> Remembered<T> {
    /// What is kept, if it is younger than `lives`; otherwise what `read` brings. A reading that failed is not repeated by
    /// those who waited for it, nor at once where something old is kept.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn fresh(
        &self,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        let failures = self.state().failures;
        if let Some(outcome) = self.settled(now, lives, failures) {
            return outcome;
        }
        let _reader = self.reader.lock().await;
        if let Some(outcome) = self.settled(now, lives, failures) {
            return outcome;
        }
        let (forgotten, begun) = (self.state().forgotten, Instant::now());
        let outcome = read.await.map(Arc::new);
        let mut state = self.state();
        match &outcome {
            Ok(it) => {
                // What has changed meanwhile it may not show.
                let at = if state.forgotten == forgotten { now } else { Timestamp::default() };
                (state.kept, state.failed) = (Some((Arc::clone(it), at)), None);
            }
            Err(error) => {
                state.failures += 1;
                let again = Instant::now() + AGAIN_AFTER;
                let again_by_clock = now.plus(again - begun);
                state.failed = Some(Failed { error: error.clone(), again_by_clock, again });
            }
        }
        outcome
    }

    /// What there is without another reading.
    fn settled(&self, now: Timestamp, lives: Duration, failures: u64) -> Option<Result<Arc<T>, CallError>> {
        let state = self.state();
        state.fresh(now, lives).map(Ok).or_else(|| state.failed(now, failures).map(Err))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, but what is out of date rather than nothing where it cannot be read again. `what` names it in the log.
    ///
    /// # Errors
    /// Those of `read`, where nothing is kept.
    pub async fn fresh_or_old(
        &self,
        what: &str,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        match self.fresh(now, lives, read).await {
            Ok(it) => Ok(it),
            Err(error) => {
                let old = self.known().await.ok_or(error.clone())?;
                tracing::warn!(%error, "{what} cannot be read: going on with what was read before");
                Ok(old)
            }
        }
    }

    /// What is kept, however old: at once, whoever is reading.
    pub async fn known(&self) -> Option<Arc<T>> {
        self.state().kept.as_ref().map(|(it, _)| Arc::clone(it))
    }

    /// The same, unless it was said to be out of date.
    pub async fn unforgotten(&self) -> Option<Arc<T>> {
        self.state().kept.as_ref().filter(|(_, at)| *at != Timestamp::default()).map(|(it, _)| Arc::clone(it))
    }

    /// What is kept is out of date: it is read again when it is needed next.
    pub async fn forget(&self) {
        self.state().forget();
    }

    /// The same, if this is what is kept, and nobody has said so of it: several who find the same wrong make it be read once.
    pub async fn forget_this(&self, it: &Arc<T>) {
        let mut state = self.state();
        let is_believed = |(kept, at): &(Arc<T>, Timestamp)| Arc::ptr_eq(kept, it) && *at != Timestamp::default();
        if state.kept.as_ref().is_some_and(is_believed) {
            state.forget();
        }
    }
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        let state = State { kept: None, forgotten: 0, failures: 0, failed: None };
        Self { state: Mutex::new(state), reader: tokio::sync::Mutex::new(()) }
    }
}

impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::pending;
    use std::pin::pin;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn fails() -> Result<u8, CallError> {
        Err(CallError::Unreadable("gibberish".to_owned()))
    }

    #[tokio::test]
    async fn what_was_read_is_believed_for_its_time() {
        let kept = Remembered::default();
        assert_eq!(kept.known().await, None);
        assert_eq!(kept.fresh(NOW, HOUR, async { Ok(1) }).await.as_deref(), Ok(&1));
        let later = NOW.plus(HOUR / 2);
        assert_eq!(kept.fresh(later, HOUR, async { Ok(2) }).await.as_deref(), Ok(&1));
        assert_eq!(kept.fresh(NOW.plus(HOUR), HOUR, async { Ok(2) }).await.as_deref(), Ok(&2));
        kept.forget().await;
        assert_eq!(kept.known().await.as_deref(), Some(&2));
        assert_eq!(kept.fresh(later, HOUR, async { Ok(3) }).await.as_deref(), Ok(&3));
    }

    #[tokio::test]
    async fn what_is_old_is_better_than_nothing_where_that_is_asked_for() {
        let kept = Remembered::default();
        assert!(kept.fresh_or_old("it", NOW, HOUR, async { fails() }).await.is_err());
        kept.fresh(NOW, HOUR, async { Ok(1) }).await.unwrap();
        let later = NOW.plus(HOUR);
        assert!(kept.fresh(later, HOUR, async { fails() }).await.is_err());
        assert_eq!(kept.fresh_or_old("it", later, HOUR, async { fails() }).await.as_deref(), Ok(&1));
    }

    /// Ends a reading with this outcome, once it has begun.
    fn held(outcome: Result<u8, CallError>) -> (Arc<Notify>, impl Future<Output = Result<u8, CallError>>) {
        let end = Arc::new(Notify::new());
        let ends = Arc::clone(&end);
        let read = async move {
            ends.notified().await;
            outcome
        };
        (end, read)
    }

    #[tokio::test]
    async fn what_is_known_is_known_at_once_while_it_is_read_anew() {
        let kept = Remembered::default();
        kept.fresh(NOW, HOUR, async { Ok(1) }).await.unwrap();
        let mut reading = pin!(kept.fresh(NOW.plus(HOUR), HOUR, pending()));
        assert!(reading.as_mut().now_or_never().is_none(), "it has begun, and hangs");
        assert_eq!(kept.known().now_or_never().flatten().as_deref(), Some(&1));
        assert!(kept.forget().now_or_never().is_some());
    }

    #[tokio::test]
    async fn whoever_waited_for_a_reading_takes_what_came_of_it() {
        for outcome in [Ok(1), fails()] {
            let (kept, readings) = (Remembered::default(), AtomicU32::new(0));
            let (end, read) = held(outcome.clone());
            let first = kept.fresh(NOW, HOUR, async {
                readings.fetch_add(1, Ordering::Relaxed);
                read.await
            });
            let other = || {
                kept.fresh(NOW, HOUR, async {
                    readings.fetch_add(1, Ordering::Relaxed);
                    Ok(2)
                })
            };
            let all = async { tokio::join!(first, other(), other(), other(), other(), async { end.notify_one() }) };
            let (first, second, third, fourth, fifth, ()) = all.await;
            for told in [first, second, third, fourth, fifth] {
                assert_eq!(told, outcome.clone().map(Arc::new));
            }
            assert_eq!(readings.into_inner(), 1);
        }
    }

    #[tokio::test]
    async fn a_reading_that_failed_is_not_repeated_at_once_where_something_old_is_kept() {
        let kept = Remembered::default();
        kept.fresh(NOW, HOUR, async { Ok(1) }).await.unwrap();
        kept.forget().await;
        let failed = |again_by_clock, again| {
            let error = CallError::Unreadable("gibberish".to_owned());
            Some(Failed { error, again_by_clock, again })
        };
        kept.state().failed = failed(NOW.plus(HOUR), Instant::now() + HOUR);
        assert_eq!(kept.fresh(NOW, HOUR, async { panic!("read again") }).await, fails().map(Arc::new));
        assert_eq!(kept.fresh_or_old("it", NOW, HOUR, async { panic!("read again") }).await.as_deref(), Ok(&1));
        kept.state().failed = failed(NOW.plus(HOUR), Instant::now());
        assert_eq!(kept.fresh(NOW, HOUR, async { Ok(2) }).await.as_deref(), Ok(&2));
        kept.forget().await;
        kept.state().failed = failed(NOW, Instant::now() + HOUR);
        assert_eq!(kept.fresh(NOW, HOUR, async { Ok(3) }).await.as_deref(), Ok(&3), "simulated minutes are short");
    }

    #[tokio::test]
    async fn what_is_forgotten_while_it_is_read_is_read_once_more() {
        let kept = Remembered::default();
        let (end, read) = held(Ok(1));
        let meanwhile = async {
            kept.forget().await;
            end.notify_one();
        };
        let (first, ()) = tokio::join!(kept.fresh(NOW, HOUR, read), meanwhile);
        assert_eq!(first.as_deref(), Ok(&1));
        assert_eq!(kept.fresh(NOW, HOUR, async { Ok(2) }).await.as_deref(), Ok(&2));
    }

    #[tokio::test]
    async fn what_several_find_wrong_is_read_again_once() {
        let kept = Remembered::default();
        let first = kept.fresh(NOW, HOUR, async { Ok(1) }).await.unwrap();
        assert_eq!(kept.unforgotten().await.as_deref(), Some(&1));
        kept.forget_this(&first).await;
        assert_eq!(kept.unforgotten().await, None);
        let (end, read) = held(Ok(2));
        let meanwhile = async {
            kept.forget_this(&first).await;
            end.notify_one();
        };
        let (second, ()) = tokio::join!(kept.fresh(NOW, HOUR, read), meanwhile);
        assert_eq!(second.as_deref(), Ok(&2));
        kept.forget_this(&first).await;
        assert_eq!(kept.fresh(NOW, HOUR, async { panic!("read again") }).await.as_deref(), Ok(&2));
    }
}
