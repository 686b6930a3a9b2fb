//! A combination, run.

use super::parameter::{Parameter, Target};
use super::worth;
use crate::cli::backtest::plan::{Prepared, StrategyPlan, built, label};
use crate::failure::Failure;
use plimsoll_backtest::sweep::{Figure, Fold, Job, Tried, attempt, over};
use plimsoll_backtest::{Item, Listing, Outcome, Run, RunError};
use plimsoll_domain::Price;
use plimsoll_strategies::Place;
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;

/// What combinations are run with.
pub(super) struct Trials<'a> {
    pub(super) prepared: &'a Prepared,
    /// Whose the parameters are, in the order that every job has them in.
    pub(super) targets: &'a [Target],
    pub(super) figure: Figure,
}

/// Why a combination has no row.
pub(super) enum Stopped {
    /// It cannot be run; the others can.
    Unfit(String),
    /// None can.
    All(Failure),
}

/// Combinations that can be run, and those that cannot, each with what is wrong with it.
type Sorted = (Vec<Job>, Vec<(String, String)>);
type Strategies = Vec<(StrategyPlan, String, Vec<Place>)>;

impl Trials<'_> {
    /// The combinations that fit together, and those that do not, with what is wrong.
    ///
    /// # Errors
    /// None fits.
    pub(super) fn sorted(&self, jobs: Vec<Job>) -> Result<Sorted, Failure> {
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for job in jobs {
            let strategies = self.strategies(&job);
            match strategies.and_then(|all| built(&all).map_err(|error| error.to_string())) {
                Ok(_) => fit.push(job),
                Err(wrong) => unfit.push((job.key(), wrong)),
            }
        }
        match unfit.first() {
            Some((key, wrong)) if fit.is_empty() => {
                Err(Failure::usage(format!("none of {} combinations fits together; {key}: {wrong}", unfit.len()))
                    .help("`plimsoll backtest --strategies` lists the kinds and their settings."))
            }
            _ => Ok((fit, unfit)),
        }
    }

    fn strategies(&self, job: &Job) -> Result<Strategies, String> {
        let mut strategies = self.prepared.strategies.clone();
        for (target, (_, value)) in self.targets.iter().zip(&job.parameters) {
            target.set(&mut strategies, value)?;
        }
        Ok(strategies)
    }

    /// Runs a combination over all folds.
    pub(super) fn run(&self, job: &Job, items: &[Item], folds: &[Fold]) -> Result<Tried, Stopped> {
        let strategies = self.strategies(job).map_err(Stopped::Unfit)?;
        let tried = attempt(job, items, folds, self.figure, |_, part| self.over(&strategies, part))?;
        let group = worth::group(items, folds, self.prepared.settings.curve_step);
        Ok(Tried { returns: worth::pooled(&tried.returns, group), ..tried })
    }

    /// Runs over a part of the history, as if it were all that there is.
    fn over(&self, strategies: &Strategies, part: &[Item]) -> Result<Outcome, Stopped> {
        let mut settings = self.prepared.settings.clone();
        settings.keeps_records = false;
        settings.label = label(strategies);
        let candles = part.iter().filter(|item| matches!(item, Item::Candle(..)));
        settings.start = candles.map(Item::time).next().unwrap_or(settings.start);
        let number = |(number, listing): (usize, &Listing)| {
            let opening = opening(part, number).unwrap_or(listing.opening);
            Listing { opening, ..listing.clone() }
        };
        let listings = self.prepared.listings.iter().enumerate().map(number).collect();
        let strategies = built(strategies).map_err(|error| Stopped::Unfit(error.to_string()))?;
        let run = Run::new(settings, listings, strategies).map_err(|error| Stopped::All(Failure::usage(error)))?;
        over(run, part).map_err(|error| match error {
            RunError::Endless(_) => Stopped::Unfit(error.to_string()),
            RunError::Tick(_) | RunError::UnknownMarket(_) => Stopped::All(Failure::no(error)),
        })
    }

    /// What results are known by: everything that they follow from but the values that are tried.
    pub(super) fn key(&self, parameters: &[Parameter], share: f64, folds: NonZeroUsize) -> Result<String, Failure> {
        let names: Vec<&str> = parameters.iter().map(|it| it.name.as_str()).collect();
        let made = (env!("CARGO_PKG_VERSION"), &self.prepared.settings, &self.prepared.listings);
        let judged = (self.figure, share, folds, self.prepared.spans());
        let mut hash = Sha256::new();
        hash.update(format!("{made:?} {judged:?} {names:?}"));
        for path in self.prepared.files() {
            let unread = |error| Failure::usage(format!("cannot read {}: {error}", path.display()));
            let mut file = Sha256::new();
            std::io::copy(&mut std::fs::File::open(path).map_err(unread)?, &mut Hashing(&mut file)).map_err(unread)?;
            hash.update(file.finalize());
        }
        Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The first price of a market.
fn opening(part: &[Item], market: usize) -> Option<Price> {
    part.iter().find_map(|item| match item {
        Item::Candle(number, candles) if *number == market => Some(candles.last.open),
        _ => None,
    })
}
