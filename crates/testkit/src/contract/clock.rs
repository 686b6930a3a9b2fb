//! What [`Clock`] promises.

use super::suite::{Outcome, Suite, ensure};
use async_trait::async_trait;
use plimsoll_ports::Clock;
use std::time::Duration;

/// A clock, and a way to let its time pass.
#[async_trait]
pub trait ClockStage: Send + Sync {
    /// The clock under test.
    fn clock(&self) -> &dyn Clock;

    /// Lets this much of the clock's time pass; on a real clock, by waiting.
    async fn pass(&self, duration: Duration);
}

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: ClockStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("Clock");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![time_passes_and_never_goes_back, a_sleeper_wakes_once_its_time_has_come, sleeping_for_nothing_returns];
    suite.finish();
}

/// Short, since a real clock has to wait for it.
const A_WHILE: Duration = Duration::from_millis(20);

async fn time_passes_and_never_goes_back(stage: &dyn ClockStage) -> Outcome {
    let mut before = stage.clock().now();
    for _ in 0..3 {
        let start = before;
        stage.pass(A_WHILE).await;
        for _ in 0..100 {
            let now = stage.clock().now();
            ensure!(now >= before, "it went back from {before:?} to {now:?}");
            before = now;
        }
        ensure!(before.since(start) >= A_WHILE, "only {:?} of {A_WHILE:?} have passed", before.since(start));
    }
    Ok(())
}

async fn a_sleeper_wakes_once_its_time_has_come(stage: &dyn ClockStage) -> Outcome {
    let asleep_at = stage.clock().now();
    // The sleeper is polled first, so that it sleeps before any time passes.
    let passing = async {
        loop {
            stage.pass(A_WHILE / 4).await;
        }
    };
    tokio::select! {
        biased;
        () = stage.clock().sleep(A_WHILE) => {}
        () = passing => {}
    }
    let slept = stage.clock().now().since(asleep_at);
    ensure!(slept >= A_WHILE, "woken after {slept:?} of {A_WHILE:?}");
    Ok(())
}

async fn sleeping_for_nothing_returns(stage: &dyn ClockStage) -> Outcome {
    stage.clock().sleep(Duration::ZERO).await;
    Ok(())
}
