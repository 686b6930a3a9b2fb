//! A reading that fails for a reason that passes: it is made again, whole, within one deadline.

use crate::call_error::CallError;
use plimsoll_domain::Timestamp;
use plimsoll_ports::Clock;
use plimsoll_transport::{Backoff, BackoffSettings};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// So many times it is made at most.
const ATTEMPTS: u32 = 3;
/// None is begun so long after the first: an answer that does not come is waited for twice.
const WITHIN: Duration = Duration::from_secs(12);
/// Nor where the venue wants to be left alone for longer.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads, and reads again a few times, after a back-off and after what the venue wants to be waited, where that failed for a
/// reason that passes. What belongs together is read by one `read`: nothing of an attempt that failed is kept, so that all
/// parts are of one moment, and one deadline holds for all.
///
/// # Errors
/// That of the last attempt.
pub async fn insist<T, F>(clock: &dyn Clock, read: impl Fn() -> F + Send) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>> + Send,
{
    patiently(clock, Patience::new(BackoffSettings::default()), read).await
}

async fn patiently<T, F>(clock: &dyn Clock, mut patience: Patience, read: impl Fn() -> F + Send) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>> + Send,
{
    let begun = Instant::now();
    loop {
        let error = match read().await {
            Ok(it) => return Ok(it),
            Err(error) => error,
        };
        let Some(pause) = patience.pause(&error, clock.now(), begun.elapsed()) else { return Err(error) };
        tracing::debug!(%error, ?pause, "a reading failed, and is made again");
        // What the venue has said is by its clock, which may stand still.
        let both = async { tokio::join!(sleep(pause.ours), clock.sleep(pause.theirs)) };
        if timeout_at(begun + WITHIN, both).await.is_err() {
            return Err(error);
        }
    }
}

/// How much longer a reading is insisted on.
struct Patience {
    attempts: u32,
    backoff: Backoff,
}

/// Before the next attempt.
#[derive(Debug)]
struct Pause {
    ours: Duration,
    theirs: Duration,
}

impl Patience {
    fn new(backoff: BackoffSettings) -> Self {
        Self { attempts: ATTEMPTS, backoff: Backoff::new(backoff) }
    }

    /// Before another attempt, if there is to be one `elapsed` after the first began.
    fn pause(&mut self, error: &CallError, now: Timestamp, elapsed: Duration) -> Option<Pause> {
        self.attempts = self.attempts.saturating_sub(1);
        let theirs = error.passes_within(now).filter(|wait| self.attempts > 0 && *wait <= LONGEST)?;
        let ours = self.backoff.next_wait();
        (elapsed + ours.max(theirs) < WITHIN).then_some(Pause { ours, theirs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Class, Failure, Wait};
    use async_trait::async_trait;
    use plimsoll_ports::{NotSent, RefusalReason};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const BRIEF: Duration = Duration::from_millis(100);
    const BACKOFF: BackoffSettings = BackoffSettings { first: Duration::ZERO, longest: Duration::ZERO, seed: None };

    /// Notes how long it was slept by, and nobody sleeps.
    #[derive(Default)]
    struct Sleepless(Mutex<Vec<Duration>>);

    #[async_trait]
    impl Clock for Sleepless {
        fn now(&self) -> Timestamp {
            NOW
        }

        async fn sleep(&self, duration: Duration) {
            self.0.lock().unwrap().push(duration);
        }
    }

    fn venue(class: Class, wait: Wait) -> CallError {
        let (code, message) = ("1".to_owned(), "no".to_owned());
        let failure = Failure { class, reason: RefusalReason::Other, status: 500, code, message, wait };
        CallError::Venue(failure, NOW)
    }

    fn timed_out() -> CallError {
        CallError::Unanswered("timed out".to_owned())
    }

    /// Returns what was slept by the clock.
    async fn check(error: CallError, failures: u32, attempts: u32) -> Vec<Duration> {
        let (clock, asked) = (Sleepless::default(), AtomicU32::new(0));
        let outcome = patiently(&clock, Patience::new(BACKOFF), || async {
            if asked.fetch_add(1, Ordering::Relaxed) < failures { Err(error.clone()) } else { Ok(7) }
        })
        .await;
        assert_eq!(asked.into_inner(), attempts, "{error:?}");
        assert_eq!(outcome, if attempts > failures { Ok(7) } else { Err(error) });
        clock.0.into_inner().unwrap()
    }

    #[tokio::test]
    async fn what_fails_for_a_reason_that_passes_is_read_again_after_the_venues_pause_by_the_clock() {
        for (error, pause) in [
            (timed_out(), Duration::ZERO),
            (CallError::NotSent(NotSent::Disconnected("refused".to_owned())), Duration::ZERO),
            (CallError::NotSent(NotSent::Throttled { until: NOW.plus(BRIEF) }), BRIEF),
            (venue(Class::Unknown, Wait::None), Duration::ZERO),
            (venue(Class::BackOff, Wait::None), Duration::ZERO),
            (venue(Class::BackOff, Wait::For(LONGEST)), LONGEST),
            (venue(Class::BackOff, Wait::Until(NOW.plus(BRIEF))), BRIEF),
        ] {
            assert_eq!(check(error, 1, 2).await, [pause]);
        }
        check(timed_out(), 9, ATTEMPTS).await;
    }

    #[tokio::test]
    async fn what_does_not_pass_or_not_soon_is_not_read_again() {
        for error in [
            CallError::Unreadable("gibberish".to_owned()),
            CallError::NotSent(NotSent::Invalid("no key".to_owned())),
            // A list that cannot be read, to whoever wanted to ask with it.
            CallError::Unreadable("gibberish".to_owned()).before_sending(),
            CallError::NotSent(NotSent::Throttled { until: NOW.plus(LONGEST * 2) }),
            venue(Class::Mistake, Wait::None),
            venue(Class::Halt, Wait::None),
            venue(Class::BackOff, Wait::Unsaid),
            venue(Class::BackOff, Wait::Until(NOW.plus(LONGEST * 2))),
        ] {
            assert_eq!(check(error, 9, 1).await, []);
        }
    }

    #[test]
    fn no_attempt_begins_after_the_deadline_however_long_the_pause_before_it() {
        let pauses = |elapsed: Duration, error: &CallError| {
            Patience::new(BACKOFF).pause(error, NOW, elapsed).map(|pause| pause.theirs)
        };
        let silenced = venue(Class::BackOff, Wait::For(LONGEST));
        let early = WITHIN - LONGEST - BRIEF;
        assert_eq!(pauses(early, &silenced), Some(LONGEST));
        assert_eq!(pauses(early + BRIEF, &silenced), None, "it would begin at the deadline");
        assert_eq!(pauses(WITHIN - BRIEF, &timed_out()), Some(Duration::ZERO));
        assert_eq!(pauses(WITHIN, &timed_out()), None);
    }
}
