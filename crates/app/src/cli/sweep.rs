//! `plimsoll sweep`: a strategy with many settings over recorded history.

mod columns;
mod parameter;
mod results;
mod show;
mod threads;
mod trial;
mod worth;

use crate::cli::backtest::feed::Notes;
use crate::cli::backtest::plan::PlanArguments;
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use parameter::{Parameter, parameter};
use plimsoll_backtest::Item;
use plimsoll_backtest::report::SweepOutcome;
use plimsoll_backtest::sweep::{Figure, Fold, Job, Search, Tried, folds, jobs};
use results::Results;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use trial::Trials;

/// More combinations than this are for chance to choose from.
const MOST: usize = 1_000_000;

/// Run a strategy with every combination of settings over recorded history, and say how much the best is worth.
///
/// What a combination earned in the first part of the time chooses; what it earned in the rest, of which the choice knows
/// nothing, judges.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sweep --candles btc-1m.csv --strategy ema_cross \\
      --try fast=5..50/5 --try slow=50,100,200
  plimsoll sweep plan.toml --try trend.stop.atr=1..4/0.5 --random 500 \\
      --results sweep.jsonl --parquet sweep.parquet")]
pub(crate) struct Sweep {
    #[command(flatten)]
    plan: PlanArguments,
    /// A setting and its values: fast=5,10,20, or fast=5..50/5 from 5 to 50 in steps of 5; of several strategies, name.fast
    #[arg(long = "try", value_name = "NAME=VALUES", value_parser = parameter, required = true)]
    parameters: Vec<Parameter>,
    /// Try only so many combinations, chosen by chance
    #[arg(long, value_name = "COUNT")]
    random: Option<NonZeroUsize>,
    /// The same seed chooses the same combinations
    #[arg(long, default_value_t = 1, requires = "random")]
    seed: u64,
    /// The share of the time, at its end, that judges and does not choose
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = share)]
    out_of_sample: f64,
    /// Judge in so many pieces, each by a choice that knows everything before it
    #[arg(long, value_name = "COUNT", default_value = "1")]
    folds: NonZeroUsize,
    /// By which figure combinations are compared
    #[arg(long, value_enum, default_value_t = By::Sharpe)]
    by: By,
    /// How many combinations are worked on at once; as many as there are processors without it
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// Keep every combination here as it ends, a line of JSON each; what is here already is not run again
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Write all combinations as a table in Parquet
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
    /// Write a page with a heat map over the first two settings
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

/// The figures, as they are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The annualised Sharpe ratio
    Sharpe,
    /// The total return
    Return,
    /// The annualised return ÷ the largest drawdown
    Calmar,
}

impl By {
    const fn figure(self) -> Figure {
        match self {
            Self::Sharpe => Figure::Sharpe,
            Self::Return => Figure::Return,
            Self::Calmar => Figure::Calmar,
        }
    }
}

/// What came of a sweep.
struct Swept {
    outcome: SweepOutcome,
    /// Why there is no probability of overfitting, if there is none.
    incomparable: Option<String>,
    /// How many a year of the steps that returns are of.
    steps_a_year: f64,
    figure: Figure,
    /// How many rows were there already.
    kept: usize,
    /// Combinations that cannot be run, each with what is wrong with it.
    unfit: Vec<(String, String)>,
}

impl Sweep {
    /// Runs all and reports.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.html.is_some() && self.parameters.len() < 2 {
            return Err(Failure::usage("a heat map is over two settings, and one is tried")
                .help("Give a second --try; one value is enough."));
        }
        let swept = self.sweep()?;
        if let Some(path) = &self.parquet {
            plimsoll_history::write_table(path, &columns::of(&swept.outcome)).map_err(Failure::usage)?;
        }
        if let (Some(path), [across, down, ..]) = (&self.html, swept.outcome.parameters().as_slice()) {
            let page = swept.outcome.html(across, down).map_err(Failure::usage)?;
            let refused = |error| Failure::usage(format!("cannot write {}: {error}", path.display()));
            std::fs::write(path, page).map_err(refused)?;
        }
        if self.json { show::json(&swept) } else { show::terminal(&swept) }?;
        Ok(ExitCode::SUCCESS)
    }

    fn sweep(&self) -> Result<Swept, Failure> {
        let prepared = self.plan.read()?.opened()?;
        let figure = self.by.figure();
        let targets = parameter::targets(&self.parameters, &prepared.strategies)?;
        let all = self.jobs()?;
        let trials = Trials { prepared: &prepared, targets: &targets, figure };
        let (fit, mut unfit) = trials.sorted(all)?;
        let key = trials.key(&self.parameters, self.out_of_sample, self.folds)?;
        let (results, kept) = Results::open(self.results.as_deref(), key)?;
        let items = with_candles(prepared.history(&Notes::default())?.collect::<Result<_, _>>()?);
        let folds = folds(&items, self.out_of_sample, self.folds.get());
        if folds.len() < self.folds.get() {
            return Err(Failure::usage(format!(
                "the history is too short to be judged by {} of it in {} pieces: {} candles and rates",
                self.out_of_sample,
                self.folds,
                items.len()
            )));
        }
        let mut done: BTreeMap<String, Tried> = kept.into_iter().map(|it| (key_of(&it), it)).collect();
        let kept = done.len();
        let left: Vec<Job> = fit.iter().filter(|job| !done.contains_key(&job.key())).cloned().collect();
        let work = threads::Work { trials: &trials, items: &items, folds: &folds, results: &results };
        let found = work.on(self.threads, &left, !self.json)?;
        for (job, found) in left.iter().zip(found) {
            match found {
                Ok(tried) => drop(done.insert(job.key(), tried)),
                Err(wrong) => unfit.push((job.key(), wrong)),
            }
        }
        // What was tried before and is not asked for now was tried all the same: it counts, behind the others.
        let mut tried: Vec<Tried> = fit.iter().filter_map(|job| done.remove(&job.key())).collect();
        tried.extend(done.into_values());
        let names: Vec<&str> = prepared.strategies.iter().map(|(_, name, _)| name.as_str()).collect();
        let symbols: Vec<String> =
            prepared.listings.iter().map(|listing| listing.instrument.symbol.to_string()).collect();
        let (overfitting, incomparable) = match worth::overfitting(&tried) {
            Ok(found) => (Some(found), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (in_sample, out_of_sample) = times(&items, &folds);
        let outcome = SweepOutcome {
            title: format!("{} on {}", names.join(", "), symbols.join(", ")),
            figure: figure.as_str().to_owned(),
            in_sample,
            out_of_sample,
            rows: tried.into_iter().map(|it| it.row).collect(),
            overfitting,
        };
        let steps_a_year = worth::steps_a_year(prepared.settings.curve_step);
        Ok(Swept { outcome, incomparable, steps_a_year, figure, kept, unfit })
    }

    fn jobs(&self) -> Result<Vec<Job>, Failure> {
        let parameters: Vec<_> = self.parameters.iter().map(|it| (it.name.clone(), it.values.clone())).collect();
        let total = parameters.iter().fold(1_usize, |product, (_, values)| product.saturating_mul(values.len()));
        let count = self.random.map_or(total, NonZeroUsize::get).min(total);
        if count > MOST {
            return Err(Failure::usage(format!("{count} combinations are more than {MOST}"))
                .help("--random 1000 tries a thousand of them, chosen by chance."));
        }
        let seed = self.seed;
        Ok(jobs(&parameters, self.random.map_or(Search::Grid, |count| Search::Random { count: count.get(), seed })))
    }
}

fn key_of(tried: &Tried) -> String {
    Job { parameters: tried.row.parameters.clone() }.key()
}

/// Without rates from before the first candle and after the last: time in which nothing can be traded judges nothing.
fn with_candles(mut items: Vec<Item>) -> Vec<Item> {
    let is_candle = |item: &Item| matches!(item, Item::Candle(..));
    items.truncate(items.iter().rposition(is_candle).map_or(0, |last| last + 1));
    if let Some(first) = items.iter().find(|item| is_candle(item)).map(Item::time) {
        items.retain(|item| item.time() >= first);
    }
    items
}

type Times = (plimsoll_domain::Timestamp, plimsoll_domain::Timestamp);

/// From when to when is chosen, and from when to when is judged.
fn times(items: &[Item], folds: &[Fold]) -> (Times, Times) {
    let at = |place: usize| items.get(place).map(Item::time).unwrap_or_default();
    let judged = folds.first().map_or(0, |fold| fold.judged_by.start);
    let chosen = folds.last().map_or(0, |fold| fold.chosen_by.end);
    ((at(0), at(chosen.saturating_sub(1))), (at(judged), at(items.len().saturating_sub(1))))
}

fn share(text: &str) -> Result<f64, String> {
    let read = text.parse::<f64>().ok().filter(|it| *it > 0.0 && *it < 1.0);
    read.ok_or_else(|| format!("'{text}' is no share between 0 and 1, such as 0.3"))
}
