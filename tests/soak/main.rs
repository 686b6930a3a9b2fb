//! `cargo xtask soak`: three accounts under fire for minutes, from the command line.

use cap::Cap;
use plimsoll_tests::soak::{Plan, run, serve};
use std::alloc::System;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

/// Counts what is in use.
#[global_allocator]
static HELD: Cap<System> = Cap::new(System, usize::MAX);

const HELP: &str = "cargo xtask soak [--minutes 10 | --seconds N] [--rate 2000] [--seed 1] [--json]\n";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--exchange", rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        let Some(plan) = Plan::of_arguments(rest) else { return ExitCode::from(2) };
        serve(plan).await;
        return ExitCode::SUCCESS;
    }
    let Some((plan, as_json)) = asked(&words) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let level = std::env::var("PLIMSOLL_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().with_max_level(level.unwrap_or(LevelFilter::OFF)).with_writer(std::io::stderr).init();
    let Ok(program) = std::env::current_exe() else {
        eprintln!("soak: it is not known where this program is");
        return ExitCode::FAILURE;
    };
    let report = run(plan, &program, Some(|| HELD.allocated()), |line| eprintln!("{line}")).await;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        println!("{report}");
    }
    if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn asked(words: &[String]) -> Option<(Plan, bool)> {
    let mut plan = Plan { length: Duration::from_secs(600), rate: 2000, seed: 1, judges_time: true };
    let (mut as_json, mut rest) = (false, words.iter());
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--json" => as_json = true,
            "--minutes" => plan.length = Duration::from_secs(rest.next()?.parse::<u64>().ok()?.checked_mul(60)?),
            "--seconds" => plan.length = Duration::from_secs(rest.next()?.parse().ok()?),
            "--rate" => plan.rate = rest.next()?.parse().ok()?,
            "--seed" => plan.seed = rest.next()?.parse().ok()?,
            _ => return None,
        }
    }
    (plan.length > Duration::ZERO && plan.rate > 0).then_some((plan, as_json))
}
