//! The command line.

mod calc;
mod decode;
mod request;

use crate::failure::Failure;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Keeps leveraged perpetual-futures positions afloat.
///
/// Everything that prints for people also prints JSON with --json. Exit codes: 0 done; 1 the answer is no; 2 wrong use
/// or configuration; 3 the venue or database could not be reached; 4 outcome unknown.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 80, infer_long_args = false)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Liquidation price, margin, funding, size, reduction: no account needed
    #[command(subcommand)]
    Calc(calc::Calc),
    /// What captured messages mean
    Decode(decode::Decode),
    /// The exact signed request of an action, unsent
    Request(request::Request),
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) if error.use_stderr() => return Err(misuse(&error)),
        Err(shown) => {
            print!("{}", shown.render());
            return Ok(ExitCode::SUCCESS);
        }
    };
    match command.verb {
        Verb::Calc(calc) => calc.run(),
        Verb::Decode(decode) => decode.run(),
        Verb::Request(request) => request.run(),
    }
}

/// What the parser says, in our form: the sentence, then the usage.
fn misuse(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    match text.split_once("\n\n") {
        Some((message, help)) => Failure::usage(message.trim()).help(help.trim()),
        None => Failure::usage(text),
    }
}
