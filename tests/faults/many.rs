//! Many seeds, side by side.

use super::run::{Outcome, run_seed};
use super::schedule::Schedule;
use super::wire::Wire;
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// Which seeds are run, and how many at once.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Whose wire they go over.
    pub wire: Wire,
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// How many at once.
    pub jobs: usize,
    /// The first failure ends it.
    pub stops_at_failure: bool,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many were run.
    pub run: u64,
    /// Those that went wrong.
    pub failed: Vec<Outcome>,
    /// Seeds that panicked, and with what.
    pub panicked: Vec<(Wire, u64, String)>,
    /// How often each fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// Processes, orders, fills.
    pub lives: u64,
    /// Orders at the exchange.
    pub orders: u64,
    /// Fills at the exchange.
    pub fills: u64,
    /// Seeds whose books agreed only after more than one round.
    pub late: u64,
    /// How long each took.
    pub times: Vec<Duration>,
    /// How long all took.
    pub took: Duration,
}

impl Summary {
    /// Every seed ended with true books.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failed.is_empty() && self.panicked.is_empty()
    }

    fn add(&mut self, outcome: Outcome) {
        for it in &outcome.injected {
            *self.faults.entry(it.fault.word()).or_default() += 1;
        }
        self.lives += outcome.lives;
        self.orders += outcome.orders as u64;
        self.fills += outcome.fills as u64;
        self.late += u64::from(outcome.rounds > 1);
        self.times.push(outcome.took);
        if !outcome.is_well() {
            self.failed.push(outcome);
        }
    }

    fn time_of(&self, share: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort();
        times.get((times.len().saturating_sub(1)) * share / 100).copied().unwrap_or_default()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = self.failed.len() + self.panicked.len();
        let struck: u64 = self.faults.values().sum();
        writeln!(f, "{} seeds, {wrong} wrong, in {:.1} s", self.run, self.took.as_secs_f64())?;
        let (median, slow, slowest) = (self.time_of(50), self.time_of(99), self.time_of(100));
        writeln!(
            f,
            "a seed took {} ms at the median, {} ms at p99, {} ms at most",
            median.as_millis(),
            slow.as_millis(),
            slowest.as_millis()
        )?;
        writeln!(
            f,
            "{} processes, {} orders, {} fills; {} seeds took more than one round",
            self.lives, self.orders, self.fills, self.late
        )?;
        write!(f, "{struck} faults:")?;
        for (word, count) in &self.faults {
            write!(f, " {word} {count},")?;
        }
        writeln!(f)?;
        let panicked = self.panicked.iter().map(|(wire, seed, _)| (*wire, *seed));
        for (wire, seed) in self.failed.iter().map(|it| (it.schedule.wire, it.schedule.seed)).chain(panicked) {
            writeln!(f, "wrong: cargo xtask faults --venue {wire} --seed {seed}")?;
        }
        Ok(())
    }
}

/// Runs them, and tells of each as it ends.
pub async fn run_many(batch: Batch, mut told: impl FnMut(&Summary, u64, Option<&Outcome>)) -> Summary {
    let started = Instant::now();
    let mut summary = Summary::default();
    let seeds = stream::iter(batch.from..batch.from.saturating_add(batch.seeds));
    let one = |seed: u64| async move { (seed, tokio::spawn(run_seed(batch.wire, seed)).await) };
    let mut outcomes = seeds.map(one).buffer_unordered(batch.jobs.max(1));
    while let Some((seed, outcome)) = outcomes.next().await {
        summary.run += 1;
        match outcome {
            Ok(outcome) => {
                told(&summary, seed, Some(&outcome));
                summary.add(outcome);
            }
            Err(panic) => {
                told(&summary, seed, None);
                let schedule = Schedule::of(batch.wire, seed);
                summary.panicked.push((batch.wire, seed, format!("{panic}: {schedule}")));
            }
        }
        if batch.stops_at_failure && !summary.is_well() {
            break;
        }
    }
    summary.took = started.elapsed();
    summary
}
