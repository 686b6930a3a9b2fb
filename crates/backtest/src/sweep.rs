//! Many runs that differ in their parameters: which to try, over which times, and all of them on all processors.
//!
//! ```
//! use plimsoll_backtest::sweep::{Search, jobs};
//!
//! let values = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
//! let parameters = [("fast".to_owned(), values(&["5", "10"])), ("slow".to_owned(), values(&["30", "50", "80"]))];
//! let all = jobs(&parameters, Search::Grid);
//! assert_eq!(all.len(), 6);
//! assert_eq!(all[4].key(), "fast=10 slow=50");
//! let some = jobs(&parameters, Search::Random { count: 4, seed: 7 });
//! assert_eq!(some.len(), 4);
//! ```

use crate::honesty::TrackRecord;
use crate::report::SweepRow;
use crate::run::Item;
use crate::statistics::Statistics;
use crate::{Outcome, RunError};
use plimsoll_domain::Timestamp;
use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::BTreeSet;
use std::ops::Range;

/// One combination of parameters: a value, which may be worked on anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job {
    /// Names and values, in the order in which they were given.
    pub parameters: Vec<(String, String)>,
}

impl Job {
    /// What it is known by: what was done of it already is found again by this.
    #[must_use]
    pub fn key(&self) -> String {
        let words: Vec<String> = self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        words.join(" ")
    }
}

/// Which combinations to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// All of them.
    Grid,
    /// So many of them by chance, each once; all of them if there are no more.
    Random {
        /// How many.
        count: usize,
        /// The same seed chooses the same.
        seed: u64,
    },
}

/// The combinations to try, in an order that does not change.
#[must_use]
pub fn jobs(parameters: &[(String, Vec<String>)], search: Search) -> Vec<Job> {
    let total = parameters.iter().fold(1_usize, |product, (_, values)| product.saturating_mul(values.len()));
    let numbers: Vec<usize> = match search {
        Search::Random { count, seed } if count < total => chosen(total, count, seed).into_iter().collect(),
        Search::Grid | Search::Random { .. } => (0..total).collect(),
    };
    numbers.into_iter().map(|number| job(parameters, number)).collect()
}

/// The combination of this number: the last parameter changes first.
fn job(parameters: &[(String, Vec<String>)], mut number: usize) -> Job {
    let mut chosen: Vec<(String, String)> = Vec::with_capacity(parameters.len());
    for (name, values) in parameters.iter().rev() {
        let value = values.get(number % values.len().max(1)).cloned().unwrap_or_default();
        number /= values.len().max(1);
        chosen.push((name.clone(), value));
    }
    chosen.reverse();
    Job { parameters: chosen }
}

/// So many different numbers below `total`.
fn chosen(total: usize, count: usize, seed: u64) -> BTreeSet<usize> {
    let mut state = seed;
    let mut chosen = BTreeSet::new();
    while chosen.len() < count {
        // SplitMix64 (Steele, Lea, Flood 2014): every seed goes through all 64-bit numbers.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let wide = u128::from(mixed) * total as u128;
        chosen.insert(usize::try_from(wide >> 64).unwrap_or_default());
    }
    chosen
}

/// A time by which a combination is chosen, and the time behind it by which the choice is judged; as places in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// In sample.
    pub chosen_by: Range<usize>,
    /// Out of sample.
    pub judged_by: Range<usize>,
}

/// Walk-forward folds: the last `share` (0 to 1) of the history is judged in so many pieces of equal length, each by a choice that
/// knows everything before it and nothing after. One piece is a plain split.
#[must_use]
pub fn folds(items: &[Item], share: f64, pieces: usize) -> Vec<Fold> {
    let times: Vec<Timestamp> = items.iter().map(Item::time).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Vec::new() };
    let whole = last.as_micros().saturating_sub(first.as_micros());
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a place in a history, to the second"
    )]
    let place = |part: f64| {
        let time = first.as_micros().saturating_add((whole as f64 * part) as i64);
        times.partition_point(|it| it.as_micros() <= time)
    };
    let pieces = pieces.max(1);
    let border = |piece: usize| {
        #[expect(clippy::cast_precision_loss, reason = "a handful of pieces")]
        let part = piece as f64 / pieces as f64;
        if piece == pieces { items.len() } else { place(1.0 - share + share * part) }
    };
    let fold = |piece| Fold { chosen_by: 0..border(piece), judged_by: border(piece)..border(piece + 1) };
    (0..pieces).map(fold).filter(|fold| !fold.chosen_by.is_empty() && !fold.judged_by.is_empty()).collect()
}

/// By which figure runs are compared; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The Sharpe ratio, a year.
    Sharpe,
    /// The total return.
    Return,
    /// The annualised return ÷ the largest drawdown.
    Calmar,
}

impl Figure {
    /// Its name, with its unit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sharpe => "Sharpe ratio, a year",
            Self::Return => "total return",
            Self::Calmar => "Calmar ratio",
        }
    }

    fn of(self, statistics: &Statistics) -> Option<f64> {
        match self {
            Self::Sharpe => statistics.sharpe,
            Self::Return => statistics.total_return,
            Self::Calmar => statistics.calmar,
        }
    }
}

/// What became of one combination, over all folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The row of the sweep: figures are means over the folds, trades and hash are of the last fold in sample.
    pub row: SweepRow,
    /// The returns in sample of the last fold, a step each: what overfitting is counted by.
    pub returns: Vec<f64>,
}

/// Runs one combination over every fold. `run` makes a run of a part of the history.
///
/// # Errors
/// What `run` says.
pub fn attempt<E>(
    job: &Job,
    items: &[Item],
    folds: &[Fold],
    figure: Figure,
    run: impl Fn(&Job, &[Item]) -> Result<Outcome, E>,
) -> Result<Tried, E> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut last: Option<(Outcome, Option<TrackRecord>)> = None;
    for fold in folds {
        let chosen_by = run(job, items.get(fold.chosen_by.clone()).unwrap_or_default())?;
        let judged_by = run(job, items.get(fold.judged_by.clone()).unwrap_or_default())?;
        let statistics = Statistics::of(&chosen_by);
        inside.push(figure.of(&statistics));
        outside.push(figure.of(&Statistics::of(&judged_by)));
        last = Some((chosen_by, statistics.record));
    }
    let (outcome, record) = last.map_or((None, None), |(outcome, record)| (Some(outcome), record));
    let returns = outcome.as_ref().and_then(|it| crate::statistics::Returns::of(&it.curve));
    Ok(Tried {
        row: SweepRow {
            parameters: job.parameters.clone(),
            in_sample: mean(&inside),
            out_of_sample: mean(&outside),
            trades: outcome.as_ref().map_or(0, |it| it.ended),
            hash: outcome.map(|it| it.hash).unwrap_or_default(),
            record,
        },
        returns: returns.map(|it| it.values().to_vec()).unwrap_or_default(),
    })
}

/// `None` where one is missing: a mean of the rest would be of something else.
fn mean(figures: &[Option<f64>]) -> Option<f64> {
    let all: Vec<f64> = figures.iter().copied().collect::<Option<_>>()?;
    #[expect(clippy::cast_precision_loss, reason = "a handful of folds")]
    let count = all.len() as f64;
    if all.is_empty() { None } else { Some(all.iter().sum::<f64>() / count) }
}

/// Works on every job on so many threads; answers in the order of the jobs, whoever was first. `done` hears of each as it ends.
///
/// # Errors
/// The first error in the order of the jobs; [`SweepError::Threads`] if there are none to be had.
pub fn on_threads<T: Send, E: Send>(
    jobs: &[Job],
    threads: usize,
    work: impl Fn(&Job) -> Result<T, E> + Sync,
    done: impl Fn(&Job, &T) + Sync,
) -> Result<Vec<T>, SweepError<E>> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|error| SweepError::Threads(error.to_string()))?;
    let one = |job: &Job| work(job).inspect(|it| done(job, it));
    let all: Vec<Result<T, E>> = pool.install(|| jobs.par_iter().map(one).collect());
    all.into_iter().collect::<Result<Vec<T>, E>>().map_err(SweepError::Run)
}

/// Why a sweep came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepError<E> {
    /// There are no threads to be had.
    #[error("no threads to work on: {0}")]
    Threads(String),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] E),
}

/// A run over a slice of a history.
///
/// # Errors
/// [`RunError`].
pub fn over(mut run: crate::Run, items: &[Item]) -> Result<Outcome, RunError> {
    for item in items {
        run.step(item)?;
    }
    run.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Quote;

    fn items(count: i64) -> Vec<Item> {
        let price = "100".parse().unwrap();
        let size = "1".parse().unwrap();
        let at = |second: i64| {
            let time = Timestamp::from_millis(second * 1000);
            Item::Quote(0, Quote { time, bid: price, bid_size: size, ask: price, ask_size: size, mark: None })
        };
        (0..count).map(at).collect()
    }

    fn parameters() -> Vec<(String, Vec<String>)> {
        let values = |from: u32| (from..from + 40).map(|it| it.to_string()).collect();
        vec![("a".into(), values(0)), ("b".into(), values(100))]
    }

    #[test]
    fn a_random_search_tries_different_combinations_and_the_same_of_a_seed() {
        let few = jobs(&parameters(), Search::Random { count: 100, seed: 1 });
        let different: BTreeSet<&Job> = few.iter().collect();
        assert_eq!((few.len(), different.len()), (100, 100));
        assert_eq!(jobs(&parameters(), Search::Random { count: 100, seed: 1 }), few);
        assert_ne!(jobs(&parameters(), Search::Random { count: 100, seed: 2 }), few);
        assert_eq!(jobs(&parameters(), Search::Random { count: 9999, seed: 2 }), jobs(&parameters(), Search::Grid));
    }

    #[test]
    fn a_choice_knows_nothing_of_what_judges_it() {
        let items = items(1000);
        let all = folds(&items, 0.4, 4);
        assert_eq!(all.len(), 4);
        for (number, fold) in all.iter().enumerate() {
            assert_eq!(fold.chosen_by, 0..fold.judged_by.start);
            assert_eq!(fold.judged_by.start, 600 + 100 * number);
        }
        assert_eq!(all.last().map(|fold| fold.judged_by.end), Some(1000));
        assert_eq!(folds(&[], 0.4, 4), []);
    }

    #[test]
    fn threads_answer_in_the_order_of_the_jobs() {
        let all = jobs(&parameters(), Search::Grid);
        let keys = |threads| on_threads(&all, threads, |job| Ok::<_, ()>(job.key()), |_, _| {}).unwrap();
        assert_eq!(keys(1), keys(3));
        let failing = |job: &Job| if job.key() == "a=3 b=105" { Err("no") } else { Ok(()) };
        assert_eq!(on_threads(&all, 2, failing, |_, ()| {}), Err(SweepError::Run("no")));
    }
}
