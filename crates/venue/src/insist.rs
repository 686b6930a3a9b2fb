//! A reading of many parts, of which one fails for a reason that passes: that one is made again, not all of them.

use crate::call_error::CallError;
use plimsoll_ports::Clock;
use plimsoll_transport::{Backoff, BackoffSettings};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So many times one part is read at most.
const ATTEMPTS: u32 = 3;
/// None is begun again after so much time: an answer that does not come is waited for twice.
const WITHIN: Duration = Duration::from_secs(12);
/// Nor where the venue wants to be left alone for longer.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads, and reads again a few times, after a back-off and after what the venue wants to be waited, where that failed for a
/// reason that passes.
///
/// # Errors
/// That of the last attempt.
pub async fn insist<T, F>(clock: &dyn Clock, read: impl Fn() -> F + Send) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>> + Send,
{
    let (begun, mut backoff) = (Instant::now(), Backoff::new(BackoffSettings::default()));
    for _ in 1..ATTEMPTS {
        let error = match read().await {
            Ok(it) => return Ok(it),
            Err(error) => error,
        };
        let wait = error.passes_within(clock.now()).filter(|wait| *wait <= LONGEST && begun.elapsed() < WITHIN);
        let Some(wait) = wait else { return Err(error) };
        let pause = backoff.next_wait().max(wait);
        tracing::debug!(%error, ?pause, "a part of a reading failed, and is read again");
        sleep(pause).await;
    }
    read().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Class, Failure, Wait};
    use plimsoll_domain::Timestamp;
    use plimsoll_ports::{NotSent, RefusalReason, SystemClock};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn venue(class: Class, wait: Wait) -> CallError {
        let (code, message) = ("1".to_owned(), "no".to_owned());
        let failure = Failure { class, reason: RefusalReason::Other, status: 500, code, message, wait };
        CallError::Venue(failure, SystemClock.now())
    }

    fn soon(wait: Duration) -> Timestamp {
        SystemClock.now().plus(wait)
    }

    async fn check(error: CallError, failures: u32, attempts: u32) {
        let asked = AtomicU32::new(0);
        let outcome = insist(&SystemClock, || async {
            if asked.fetch_add(1, Ordering::Relaxed) < failures { Err(error.clone()) } else { Ok(7) }
        })
        .await;
        assert_eq!(asked.into_inner(), attempts, "{error:?}");
        assert_eq!(outcome, if attempts > failures { Ok(7) } else { Err(error) });
    }

    #[tokio::test]
    async fn what_fails_for_a_reason_that_passes_is_read_again() {
        for error in [
            CallError::Unanswered("timed out".to_owned()),
            CallError::NotSent(NotSent::Disconnected("refused".to_owned())),
            CallError::NotSent(NotSent::Throttled { until: soon(Duration::from_millis(100)) }),
            venue(Class::Unknown, Wait::None),
            venue(Class::BackOff, Wait::None),
            venue(Class::BackOff, Wait::Until(soon(Duration::from_millis(100)))),
        ] {
            check(error, 1, 2).await;
        }
        check(CallError::Unanswered("timed out".to_owned()), 9, ATTEMPTS).await;
    }

    #[tokio::test]
    async fn what_does_not_pass_or_not_soon_is_not_read_again() {
        for error in [
            CallError::Unreadable("gibberish".to_owned()),
            CallError::NotSent(NotSent::Invalid("no key".to_owned())),
            CallError::NotSent(NotSent::Throttled { until: soon(LONGEST * 2) }),
            venue(Class::Mistake, Wait::None),
            venue(Class::Halt, Wait::None),
            venue(Class::BackOff, Wait::Unsaid),
            venue(Class::BackOff, Wait::Until(soon(LONGEST * 2))),
        ] {
            check(error, 9, 1).await;
        }
    }
}
