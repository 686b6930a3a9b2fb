//! All combinations on all processors, with a bar that says how long it takes.

use super::results::Results;
use super::trial::{Stopped, Trials};
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_backtest::Item;
use plimsoll_backtest::sweep::{Fold, Job, SweepError, Tried, on_threads};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

/// What is shared by all threads.
pub(super) struct Work<'a> {
    pub(super) trials: &'a Trials<'a>,
    pub(super) items: &'a [Item],
    pub(super) folds: &'a [Fold],
    pub(super) results: &'a Results,
}

/// A row, or what is wrong with the combination.
type Found = Result<Tried, String>;

impl Work<'_> {
    /// Runs them all; answers in their order.
    pub(super) fn on(&self, threads: Option<NonZeroUsize>, jobs: &[Job], shows: bool) -> Result<Vec<Found>, Failure> {
        let threads = threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let bar = bar(shows, jobs.len());
        // After one that stops all, the others are not begun: they have no error of their own.
        let stopped = AtomicBool::new(false);
        let work = |job: &Job| -> Result<Option<Found>, Failure> {
            if stopped.load(Ordering::Relaxed) {
                return Ok(None);
            }
            self.one(job).map(Some).inspect_err(|_| stopped.store(true, Ordering::Relaxed))
        };
        let found = on_threads(jobs, threads, work, |_, _| bar.inc(1));
        bar.finish_and_clear();
        match found {
            Ok(all) => Ok(all.into_iter().flatten().collect()),
            Err(SweepError::Run(failure)) => Err(failure),
            Err(SweepError::Threads(error)) => Err(Failure::no(format!("no threads to work on: {error}"))),
        }
    }

    fn one(&self, job: &Job) -> Result<Found, Failure> {
        match self.trials.run(job, self.items, self.folds) {
            Ok(tried) => {
                self.results.keep(&tried)?;
                Ok(Ok(tried))
            }
            Err(Stopped::Unfit(wrong)) => Ok(Err(wrong)),
            Err(Stopped::All(failure)) => Err(failure.beside(format!("at {}", job.key()))),
        }
    }
}

fn bar(shows: bool, total: usize) -> ProgressBar {
    if !shows || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len}, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
