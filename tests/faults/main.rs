//! `cargo xtask faults`: the seeds of the whole system under fire, from the command line.

use plimsoll_tests::faults::{Batch, Outcome, Schedule, Summary, Wire, run_many, run_seed};
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

const HELP: &str = "\
cargo xtask faults [--venue V] --seed N                   one seed, told at length
cargo xtask faults [--venue V] --seeds COUNT [--from N] [--jobs N] [--first]   many; --first ends at the first that is wrong
V is binance, gateio, bitget, bitget-v1 or paper.
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(asked) = Asked::read(&arguments) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let well = match asked {
        Asked::One(wire, seed) => one(wire, seed).await,
        Asked::Many(batch) => many(batch).await,
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

enum Asked {
    One(Wire, u64),
    Many(Batch),
}

impl Asked {
    fn read(arguments: &[String]) -> Option<Self> {
        let mut batch = Batch { wire: Wire::Binance, from: 0, seeds: 100, jobs: 8, stops_at_failure: false };
        let mut only = None;
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--venue" => batch.wire = rest.next()?.parse().ok()?,
                "--seed" => only = Some(rest.next()?.parse().ok()?),
                "--seeds" => batch.seeds = rest.next()?.parse().ok()?,
                "--from" => batch.from = rest.next()?.parse().ok()?,
                "--jobs" => batch.jobs = rest.next()?.parse().ok()?,
                "--first" => batch.stops_at_failure = true,
                _ => return None,
            }
        }
        Some(only.map_or(Self::Many(batch), |seed| Self::One(batch.wire, seed)))
    }
}

async fn one(wire: Wire, seed: u64) -> bool {
    println!("{}", Schedule::of(wire, seed));
    let level = std::env::var("PLIMSOLL_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().with_max_level(level.unwrap_or(LevelFilter::OFF)).with_writer(std::io::stderr).init();
    let outcome = run_seed(wire, seed).await;
    println!("{outcome}");
    outcome.is_well()
}

async fn many(batch: Batch) -> bool {
    let summary = run_many(batch, |summary, seed, outcome| tell(batch, summary, seed, outcome)).await;
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
    if summary.run.is_multiple_of(50) {
        eprintln!("{} of {}, {} wrong", summary.run, batch.seeds, summary.failed.len() + summary.panicked.len());
    }
}
