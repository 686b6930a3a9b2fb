//! `kills --program PATH [--kills N] [--seed S]`: kills the real process at work; see `cargo xtask kills`.

use plimsoll_tests::kills::{Plan, Report, run};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

const USAGE: &str = "kills --program PATH [--kills 200] [--seed 1]";

#[tokio::main]
async fn main() -> ExitCode {
    let Some(plan) = plan(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let report = run(&plan, |report| tell(&plan, report)).await;
    println!("{report}");
    if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plan(mut words: impl Iterator<Item = String>) -> Option<Plan> {
    let (mut program, mut kills, mut seed) = (None, 200, 1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--program" => program = Some(value.into()),
            "--kills" => kills = value.parse().ok()?,
            "--seed" => seed = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(Plan { program: program?, kills, seed })
}

fn tell(plan: &Plan, report: &Report) {
    let end = if std::io::stderr().is_terminal() { "\r" } else { "\n" };
    if end == "\r" || report.killed.is_multiple_of(20) {
        eprint!("{} of {} killed, {} left something to mend{end}", report.killed, plan.kills, report.mended);
        let _ = std::io::stderr().flush();
    }
}
