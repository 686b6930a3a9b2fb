//! Runs cases one by one and tells which of them failed, and where.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::time::Duration;

/// What a case comes to.
pub(crate) type Outcome = Result<(), Failure>;

/// Why a case failed, and on which line of the suite. Every error becomes one through `?`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure in the caller's words.
    #[track_caller]
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        let place = Location::caller();
        let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
        Self(format!("{what} ({file}:{})", place.line()))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Fails the case unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::contract::suite::Failure::new(format!($($message)+)));
        }
    };
}

/// Fails the case unless both are equal.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($message:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if found != expected {
                    let what = format!($($message)+);
                    let text = format!("{what}: found {found:?}, expected {expected:?}");
                    return Err($crate::contract::suite::Failure::new(text));
                }
            }
        }
    };
}
pub(crate) use {ensure, ensure_eq};

/// A run of cases. What failed is told together at the end, so that one failure hides no other.
#[derive(Debug)]
pub(crate) struct Suite {
    port: &'static str,
    passed: usize,
    failures: Vec<String>,
}

/// Longer than any case takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(60);

impl Suite {
    pub(crate) fn new(port: &'static str) -> Self {
        Self { port, passed: 0, failures: Vec::new() }
    }

    pub(crate) async fn case(&mut self, name: &str, case: impl Future<Output = Outcome>) {
        println!("contract {}: {name}", self.port);
        match tokio::time::timeout(PATIENCE, case).await {
            Ok(Ok(())) => self.passed += 1,
            Ok(Err(failure)) => self.failures.push(format!("{name}: {failure}")),
            Err(_) => self.failures.push(format!("{name}: still not done after {PATIENCE:?}")),
        }
    }

    #[expect(
        clippy::panic,
        reason = "a suite is a test: it fails by panicking, with every broken promise in its message"
    )]
    pub(crate) fn finish(self) {
        let Self { port, passed, failures } = self;
        if !failures.is_empty() {
            let cases = passed + failures.len();
            panic!(
                "{} of {cases} promises of the {port} port are broken:\n  {}",
                failures.len(),
                failures.join("\n  ")
            );
        }
    }
}

/// A case that is made in a frame of its own and kept on the heap: a suite with many of them would be larger than the stack
/// of a test.
pub(crate) fn apart<F: Future<Output = Outcome>>(case: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(case())
}

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_millis(640);

/// Asks, with growing waits, until there is an answer; a venue's readings may lag behind what it has just done.
pub(crate) async fn eventually<T, F: Future<Output = Result<Option<T>, Failure>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> Result<T, Failure> {
    let mut wait = Duration::from_millis(5);
    for _ in 0..18 {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    Err(Failure::new(format!("never happened: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[should_panic(expected = "2 of 3 promises of the toy port are broken:\n  \
                               it_counts: a count: found 1, expected 2 (suite.rs:")]
    async fn every_broken_promise_is_named() {
        let mut suite = Suite::new("toy");
        suite.case("it_counts", async { counts(1) }).await;
        suite.case("it_holds", async { Ok(()) }).await;
        suite.case("it_reads", async { Ok("x".parse::<u8>().map(drop)?) }).await;
        suite.finish();
    }

    fn counts(found: u8) -> Outcome {
        ensure_eq!(found, 2, "a count");
        Ok(())
    }
}
