//! Many seeds, on as many threads as there are jobs.

use crate::naked::{Begins, Ends, Met, Spell, Takes};
use crate::plan::Plan;
use crate::run::{Outcome, run_seed};
use crate::share::Share;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Which seeds are run, and how many at once.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
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
    /// Seeds that panicked.
    pub panicked: Vec<u64>,
    struck: BTreeMap<String, u64>,
    lives: u64,
    calls: u64,
    looks: u64,
    agreed: u64,
    orders: usize,
    fills: usize,
    simulated: Duration,
    spells: Vec<Spell>,
    /// The fill that was without a stop for longest, and its seed, by when the venue takes one.
    longest: BTreeMap<Takes, (Duration, u64)>,
    round_trips: Vec<Duration>,
    composed: BTreeMap<String, u64>,
    times: Vec<Duration>,
    took: Duration,
}

impl Summary {
    /// Nothing was wrong with any of them.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failed.is_empty() && self.panicked.is_empty()
    }

    fn add(&mut self, outcome: Outcome) {
        for (fault, times) in &outcome.struck {
            *self.struck.entry(fault.clone()).or_default() += times;
        }
        self.lives += outcome.lives;
        self.calls += outcome.calls;
        self.looks += outcome.looks;
        self.agreed += outcome.agreed;
        self.orders += outcome.orders;
        self.fills += outcome.fills;
        self.simulated += outcome.simulated;
        for it in outcome.spells.iter().filter(|it| it.begins != Begins::Lost) {
            let longest = self.longest.entry(it.takes).or_default();
            *longest = (*longest).max((it.took, outcome.plan.seed));
        }
        self.spells.extend(&outcome.spells);
        self.round_trips.extend(&outcome.round_trips);
        for (what, times) in &outcome.composed {
            *self.composed.entry(what.clone()).or_default() += times;
        }
        self.times.push(outcome.took);
        if !outcome.is_well() {
            self.failed.push(outcome);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = self.failed.len() + self.panicked.len();
        let (minutes, seconds) = (self.simulated.as_secs() / 60, self.took.as_secs_f64());
        writeln!(f, "{} seeds, {wrong} wrong, in {seconds:.1} s", self.run)?;
        writeln!(f, "{minutes} simulated minutes: {:.0} a minute", self.simulated.as_secs_f64() / seconds.max(0.001))?;
        writeln!(f, "a seed took {}", Share::of(&self.times))?;
        writeln!(
            f,
            "{} processes, {} calls, {} looks, {} orders, {} fills; {} comparisons agreed",
            self.lives, self.calls, self.looks, self.orders, self.fills, self.agreed
        )?;
        write!(f, "composed orders:")?;
        self.composed.iter().try_for_each(|(what, times)| write!(f, " {what} {times},"))?;
        writeln!(f)?;
        self.unprotected(f)?;
        let struck: u64 = self.struck.values().sum();
        write!(f, "{struck} faults:")?;
        for (word, count) in &self.struck {
            write!(f, " {word} {count},")?;
        }
        writeln!(f)?;
        for seed in self.failed.iter().map(|it| it.plan.seed).chain(self.panicked.iter().copied()) {
            writeln!(f, "wrong: cargo xtask trial --seed {seed}")?;
        }
        Ok(())
    }
}

impl Summary {
    /// How long positions were without the stop that was meant for them, by how that began and what happened meanwhile.
    fn unprotected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = crate::world::VENUE_WAY.saturating_mul(2);
        writeln!(f, "without a stop until one was read back (in fair weather a round trip takes {way:?}):")?;
        writeln!(f, "  a round trip, sending a stop and being answered: {}", Share::of(&self.round_trips))?;
        let every = |of: fn(&Spell) -> Duration, is_counted: fn(&Spell) -> bool| {
            let fills = self.spells.iter().filter(|it| it.begins != Begins::Lost && is_counted(it));
            Share::of(&fills.map(of).collect::<Vec<_>>())
        };
        writeln!(f, "  every fill that opened or added: {}", every(|it| it.took, |_| true))?;
        writeln!(f, "    from when somebody was told of the fill {}", every(|it| it.after_seen, |_| true))?;
        let woken = every(|it| it.after_seen, |it| it.is_woken);
        writeln!(f, "    the same where the guard hears of what happens, as everywhere in the program {woken}")?;
        for takes in Takes::ALL {
            let fills: Vec<&Spell> =
                self.spells.iter().filter(|it| it.begins != Begins::Lost && it.takes == takes).collect();
            let share = |of: fn(&Spell) -> Duration| Share::of(&fills.iter().map(|it| of(it)).collect::<Vec<_>>());
            let in_peace = fills.iter().filter(|it| it.met == Met::Nothing && it.is_waited_for());
            let in_peace: Vec<Duration> = in_peace.map(|it| it.after_seen).collect();
            let at_once = fills.iter().filter(|it| it.took.is_zero()).count();
            let venue = takes.as_str();
            writeln!(f, "  those where the venue {venue}: {}", share(|it| it.took))?;
            writeln!(f, "    without any at the venue for {}", share(|it| it.until_resting))?;
            writeln!(f, "    from when somebody was told of the fill {}", share(|it| it.after_seen))?;
            writeln!(f, "    the same where nothing went wrong and somebody was awake {}", Share::of(&in_peace))?;
            writeln!(f, "    {at_once} of them had a stop that was read back before")?;
            if let Some((_, seed)) = self.longest.get(&takes).filter(|(took, _)| !took.is_zero()) {
                writeln!(f, "    the longest: cargo xtask trial --seed {seed}")?;
            }
        }
        let mut kinds: BTreeMap<(Begins, bool, bool, Met), Vec<Spell>> = BTreeMap::new();
        for it in &self.spells {
            let by_the_clock = !it.is_waited_for();
            kinds.entry((it.begins, !it.is_fair, by_the_clock, it.met)).or_default().push(*it);
        }
        for ((begins, is_any, by_the_clock, met), spells) in kinds {
            let (protected, closed): (Vec<Spell>, Vec<Spell>) =
                spells.into_iter().partition(|it| it.ends == Ends::Protected);
            let read: Vec<Duration> = protected.iter().map(|it| it.took).collect();
            let resting: Vec<Duration> = protected.iter().map(|it| it.until_resting).collect();
            let weather = if is_any { "any weather" } else { "fair weather" };
            let eyes = if by_the_clock { ", looked for by the clock" } else { "" };
            writeln!(f, "  {}{eyes}, {weather}, {}: {}", begins.as_str(), met.as_str(), Share::of(&read))?;
            writeln!(f, "    at the venue after {}; {} were closed instead", Share::of(&resting), closed.len())?;
        }
        Ok(())
    }
}

/// Runs them, and tells of each as it ends: of those that panicked, only their number.
pub fn run_many(batch: Batch, mut told: impl FnMut(&Summary, u64, Option<&Outcome>)) -> Summary {
    let started = Instant::now();
    let mut summary = Summary::default();
    let (next, is_over) = (AtomicU64::new(batch.from), AtomicBool::new(false));
    let end = batch.from.saturating_add(batch.seeds);
    let (sender, outcomes) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..batch.jobs.max(1) {
            let (sender, next, is_over) = (sender.clone(), &next, &is_over);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end || is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let outcome = catch_unwind(AssertUnwindSafe(|| run_seed(seed, false))).ok();
                    // Whoever listens has enough.
                    if sender.send((seed, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (seed, outcome) in outcomes {
            summary.run += 1;
            told(&summary, seed, outcome.as_ref());
            match outcome {
                Some(outcome) => summary.add(outcome),
                None => summary.panicked.push(Plan::of(seed).seed),
            }
            if batch.stops_at_failure && !summary.is_well() {
                is_over.store(true, Ordering::SeqCst);
                break;
            }
        }
    });
    summary.failed.sort_by_key(|outcome| outcome.plan.seed);
    summary.panicked.sort_unstable();
    summary.took = started.elapsed();
    summary
}
