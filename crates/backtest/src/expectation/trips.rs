//! Round trips, judged by what the backtest's were.
//!
//! Let `x₁ … x_N` be the results of the backtest's round trips, `m` their mean and `s` their standard deviation, and `y₁ … y_n`
//! those of the live ones. Ten thousand times n results are drawn from the backtest's, with replacement. That the mean of the
//! backtest is known of N trips only counts too: each case is moved by `s/√N · Z`, `Z` being standard normal. The chance that
//! so little comes of n trips is the share of cases whose mean is `y`'s or less,
//!
//! ```text
//! p = (1 + #{ mean(x*₁ … x*_n) − s/√N·Z ≤ mean(y) }) / (cases + 1)
//! ```
//!
//! which for results that are normally distributed is the one-sided test by `z = (mean(y) − m) / (s·√(1/n + 1/N))`, and for
//! others, a few large winners among many small losers, say, is not misled as that is. How far the sum of results is below its best
//! now, and how many of the last were lost in a row, are judged by the worst of the same cases; they count where the whole backtest
//! had nothing like it.
//!
//! It is judged after each round trip. Who looks often sees more that is rare: of strategies that do exactly what their backtest
//! predicts, more than one in a hundred is found outside at some time.

use super::draws::{CASES, Draws};
use super::{Expectation, INSIDE_AGAIN, OUTSIDE, Verdict, count, float, once_in};
use plimsoll_domain::Decimal;
use std::fmt;

/// Of fewer live round trips nothing is said.
pub const FEWEST_TRIPS: usize = 10;

/// By fewer round trips of a backtest nothing is judged.
pub const FEWEST_EXPECTED: usize = 30;

/// The same cases every time.
const SEED: u64 = 0x504c_494d_534f_4c4c;

/// Live round trips beside those of the backtest. Results are shares: 0.01 is one per cent of what was held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedTrips {
    /// How many live ones there are.
    pub trips: usize,
    /// What one brought on average.
    pub mean: f64,
    /// How many there were in the backtest.
    pub of: usize,
    /// What one brought there on average.
    pub expected: f64,
    /// By how much they differ there: the standard deviation of one.
    pub deviation: f64,
    /// How probable it is that so many bring so little; `None` of too few.
    pub chance: Option<f64>,
    /// How far the sum of live results is below its best now, and how far it ever was in the backtest.
    pub fall: Beside,
    /// How many of the last were lost in a row, and how many ever in the backtest.
    pub lost: Beside,
}

/// A live figure beside the worst that the backtest has, and how probable one as bad is of so many trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// Live, now.
    pub live: f64,
    /// The worst of the backtest.
    pub worst: f64,
    /// `None` of too few.
    pub chance: Option<f64>,
}

/// Judges live results by those of a backtest.
#[must_use]
pub fn judge_trips(live: &[Decimal], by: &Expectation) -> JudgedTrips {
    let live: Vec<f64> = live.iter().copied().map(float).collect();
    let known: Vec<f64> = by.returns.iter().copied().map(float).collect();
    let (mean, expected, deviation) = (mean(&live), mean(&known), deviation(&known));
    let (of_live, of_known) = (Course::of(&live), Course::of(&known));
    let beside = |live, worst| Beside { live, worst, chance: None };
    let judged = JudgedTrips {
        trips: live.len(),
        mean,
        of: known.len(),
        expected,
        deviation,
        chance: None,
        fall: beside(of_live.fall_now, of_known.fall),
        lost: beside(count(of_live.lost_now), count(of_known.lost)),
    };
    if live.len() < FEWEST_TRIPS || known.len() < FEWEST_EXPECTED {
        return judged;
    }
    let (mut draws, mut case) = (Draws::new(SEED), vec![0.0; live.len()]);
    let (mut less, mut fallen, mut lost) = (1_u32, 1_u32, 1_u32);
    let error = deviation / count(known.len()).sqrt();
    for _ in 0..CASES {
        case.fill_with(|| draws.one_of(&known));
        let course = Course::of(&case);
        less += u32::from(self::mean(&case) - error * draws.normal() <= mean);
        fallen += u32::from(course.fall >= of_live.fall_now);
        lost += u32::from(course.lost >= of_live.lost_now);
    }
    let chance = |cases: u32| Some(f64::from(cases) / f64::from(CASES + 1));
    JudgedTrips {
        chance: chance(less),
        fall: Beside { chance: chance(fallen), ..judged.fall },
        lost: Beside { chance: chance(lost), ..judged.lost },
        ..judged
    }
}

impl JudgedTrips {
    /// Whether it is as predicted. What was outside is so until it is well inside again.
    #[must_use]
    pub fn verdict(&self, was_outside: bool) -> Verdict {
        let Some(chance) = self.chance else { return Verdict::TooFew };
        let limit = if was_outside { INSIDE_AGAIN } else { OUTSIDE };
        match chance < limit || self.fall.is_outside(limit) || self.lost.is_outside(limit) {
            true => Verdict::Outside,
            false => Verdict::AsPredicted,
        }
    }
}

impl Beside {
    /// Worse than ever, and rare.
    fn is_outside(&self, limit: f64) -> bool {
        self.live > self.worst && self.chance.is_some_and(|chance| chance < limit)
    }
}

impl fmt::Display for JudgedTrips {
    /// `24 round trips earned −0.12 % each, the backtest +0.08 % ± 0.31 %: so little happens once in 900`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trips, of, .. } = self;
        if self.trips == 0 {
            return write!(f, "no round trip has ended yet; the backtest has {of}");
        }
        write!(f, "{trips} round trips earned {} each, ", percent(self.mean))?;
        write!(f, "the backtest {} ± {}", percent(self.expected), unsigned(self.deviation))?;
        match self.chance {
            Some(chance) => write!(f, ": so little happens {}", once_in(chance))?,
            None if *of < FEWEST_EXPECTED => {
                return write!(f, ": it has {of}, and {FEWEST_EXPECTED} are needed to judge by");
            }
            None => return write!(f, ": {FEWEST_TRIPS} are needed to judge"),
        }
        if let Some(chance) = self.fall.chance.filter(|_| self.fall.is_outside(INSIDE_AGAIN)) {
            let (live, worst) = (unsigned(self.fall.live), unsigned(self.fall.worst));
            write!(
                f,
                "; their sum is {live} below its best, in the backtest {worst} at the most: {}",
                once_in(chance)
            )?;
        }
        if let Some(chance) = self.lost.chance.filter(|_| self.lost.is_outside(INSIDE_AGAIN)) {
            let Beside { live, worst, .. } = self.lost;
            write!(
                f,
                "; the last {live:.0} were lost, in the backtest {worst:.0} in a row at the most: {}",
                once_in(chance)
            )?;
        }
        Ok(())
    }
}

/// With its sign.
fn percent(share: f64) -> String {
    let sign = if share < 0.0 { '\u{2212}' } else { '+' };
    format!("{sign}{}", unsigned(share.abs()))
}

fn unsigned(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The worst of results in their order, and how it is at their end.
struct Course {
    fall: f64,
    fall_now: f64,
    lost: usize,
    lost_now: usize,
}

impl Course {
    fn of(results: &[f64]) -> Self {
        let (mut sum, mut best, mut fall) = (0.0_f64, 0.0_f64, 0.0_f64);
        let (mut row, mut lost) = (0, 0);
        for result in results {
            sum += result;
            best = best.max(sum);
            fall = fall.max(best - sum);
            row = if *result < 0.0 { row + 1 } else { 0 };
            lost = lost.max(row);
        }
        Self { fall, fall_now: best - sum, lost, lost_now: row }
    }
}

fn mean(them: &[f64]) -> f64 {
    if them.is_empty() { 0.0 } else { them.iter().sum::<f64>() / count(them.len()) }
}

/// The standard deviation of one.
fn deviation(them: &[f64]) -> f64 {
    if them.len() < 2 {
        return 0.0;
    }
    let mean = mean(them);
    (them.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / count(them.len() - 1)).sqrt()
}
