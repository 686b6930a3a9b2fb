//! The chores of the workspace: `cargo xtask <verb>`.

mod bench;
mod bugs;
mod conformance;
mod faults;
mod fuzz;
mod january;
mod kills;
mod readme;
mod seeds;
mod services;
mod shell;
mod soak;
mod test;
mod trial;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <verb>

  test          format, lint, tests, doc tests, docs, dependency rule: what CI runs
  services      start | stop | status: the PostgreSQL server that the tests use
  readme        what the README tells an engineer to write, built outside the workspace
  conformance   [VENUE]: a stock CCXT from PyPI trades against each venue server
  bench         [NAME …]: every criterion bench, each beside its floor; bench backtest: beside nautilus_trader
  faults        [--venue V] --seed N | --seeds COUNT [--from N] [--jobs N] [--first] | --bug NAME: the whole system under
                fire; V is binance, gateio, bitget, bitget-v1 or paper
  trial         --seed N | --seeds COUNT [--from N] [--jobs N] [--first] | --bug NAME: the whole on one simulated clock
  kills         [--kills N] [--seed S]: the real process, killed at work and started again
  soak          [--minutes 10] [--rate 2000] [--seed 1] [--json]: three accounts followed while their venues fail
  january       --prices FILE: a month of minutes, long at 5x, 10x and 20x, with protection and without
  fuzz          [--seconds N] [target …]: every decoder against a fuzzer, 60 s each
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run_all(),
        ["services", verb] => services::run(verb),
        ["services"] => services::run("start"),
        ["readme"] => readme::run_all(),
        ["conformance"] => conformance::run_some(None),
        ["conformance", venue] => conformance::run_some(Some(venue)),
        ["bench", ref filters @ ..] => bench::run_benches(filters),
        ["faults", ref arguments @ ..] => faults::run_seeds(arguments),
        ["trial", ref arguments @ ..] => trial::run_seeds(arguments),
        ["kills", ref arguments @ ..] => kills::run_all(arguments),
        ["soak", ref arguments @ ..] => soak::hold(arguments),
        ["fuzz", ref arguments @ ..] => fuzz::run_targets(arguments),
        ["january", ref arguments @ ..] => january::pass(arguments),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [] => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
        ref unknown => {
            eprintln!("xtask: no verb '{}'\n\n{HELP}", unknown.join(" "));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
