//! The chores of the workspace: `cargo xtask <verb>`.

mod bench;
mod conformance;
mod shell;
mod test;
mod trial;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <verb>

  test          format, lint, tests, doc tests, docs, dependency rule: what CI runs
  trial         what the README tells an engineer to write, built outside the workspace
  conformance   a stock CCXT from PyPI trades against the venue server
  bench         every criterion bench, each beside its floor
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run_all(),
        ["trial"] => trial::run_all(),
        ["conformance"] => conformance::run_all(),
        ["bench", ref filters @ ..] => bench::run_benches(filters),
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
