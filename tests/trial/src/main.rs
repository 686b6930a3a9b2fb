//! `cargo xtask trial`: seeds of the whole on one simulated clock, from the command line.

use plimsoll_trial::{Batch, Outcome, Summary, run_many, run_seed};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask trial --seed N                                       one seed, told at length
cargo xtask trial --seeds COUNT [--from N] [--jobs N] [--first]  many; --first ends at the first that is wrong
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(asked) = Asked::read(&arguments) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let well = match asked {
        Asked::One(seed) => one(seed),
        Asked::Many(batch) => many(batch),
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

enum Asked {
    One(u64),
    Many(Batch),
}

impl Asked {
    fn read(arguments: &[String]) -> Option<Self> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut batch = Batch { from: 0, seeds: 100, jobs, stops_at_failure: false };
        let mut only = None;
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--seed" => only = Some(rest.next()?.parse().ok()?),
                "--seeds" => batch.seeds = rest.next()?.parse().ok()?,
                "--from" => batch.from = rest.next()?.parse().ok()?,
                "--jobs" => batch.jobs = rest.next()?.parse().ok()?,
                "--first" => batch.stops_at_failure = true,
                _ => return None,
            }
        }
        Some(only.map_or(Self::Many(batch), Self::One))
    }
}

fn one(seed: u64) -> bool {
    let outcome = run_seed(seed, true);
    println!("{outcome}");
    outcome.is_well()
}

fn many(batch: Batch) -> bool {
    let summary = run_many(batch, |summary, seed, outcome| tell(batch, summary, seed, outcome));
    print!("{summary}");
    summary.is_well()
}

/// Every failure as it comes, and now and then how far it is.
fn tell(batch: Batch, summary: &Summary, seed: u64, outcome: Option<&Outcome>) {
    match outcome {
        Some(outcome) if outcome.is_well() => {}
        Some(outcome) => println!("{outcome}\n"),
        None => println!("seed {seed} panicked\n"),
    }
    if summary.run.is_multiple_of(500) {
        eprintln!("{} of {}, {} wrong", summary.run, batch.seeds, summary.failed.len() + summary.panicked.len());
    }
}
