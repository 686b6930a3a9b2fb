//! The command line.

mod acting;
mod adjust;
mod backtest;
mod calc;
mod close;
mod composed;
mod config;
mod data;
mod db;
mod decode;
mod demo;
mod doctor;
mod flatten;
mod kill;
mod ladder;
mod ledger;
mod open;
mod opening;
mod order;
mod orders;
mod paper;
mod portfolio;
mod positions;
mod request;
mod run;
mod signals;
mod simulate;
mod status;
mod sweep;
mod target;
mod venue;

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
    /// The guided tour: a position from open to close, on a venue's own wire
    Demo(demo::Demo),
    /// Liquidation price, margin, funding, size, reduction: no account needed
    #[command(subcommand)]
    Calc(calc::Calc),
    /// What captured messages mean
    Decode(decode::Decode),
    /// The exact signed request of an action, unsent
    Request(request::Request),
    /// Serve the simulated exchange with a venue's wire on loopback
    Venue(venue::Venue),
    /// Strategies over recorded history, with a report
    Backtest(Box<backtest::Backtest>),
    /// The whole system through a day on a simulated clock, with faults and a restart
    Simulate(Box<simulate::Simulate>),
    /// A strategy with many settings over recorded history, and what the best is worth
    Sweep(Box<sweep::Sweep>),
    /// The configuration: an example, a check, what is in force
    #[command(subcommand)]
    Config(config::ConfigVerb),
    /// Recorded markets: check, import, download
    #[command(subcommand)]
    Data(data::Data),
    /// The database of the records: migrate, check, export, move
    #[command(subcommand)]
    Db(db::Db),
    /// The account on one screen: equity, margin, positions, kill switch
    Status(status::Status),
    /// Open positions, with exact liquidation prices
    Positions(positions::Positions),
    /// Several accounts as one: exposure, nearest liquidation, stress
    Portfolio(portfolio::Portfolio),
    /// Orders that rest or go on: bracket, iceberg, TWAP, OCO, trailing stop
    #[command(subcommand)]
    Order(order::Order),
    /// Open orders, those that go on, and those of unknown fate
    Orders(orders::Orders),
    /// What was traded, paid and earned, from the records
    Ledger(ledger::Ledger),
    /// Open a position, or add to one
    Open(open::Open),
    /// Close a position, whole or in part
    Close(close::Close),
    /// Close every position and cancel every order
    Flatten(flatten::Flatten),
    /// Set a contract's leverage
    Leverage(adjust::SetLeverage),
    /// Move margin into or out of an isolated position
    Margin(adjust::Margin),
    /// Engage the kill switch: nothing more is opened
    Kill(kill::Kill),
    /// Release the kill switch
    Release(kill::Release),
    /// Where a live account stands on the way from paper to all of its capital
    Ladder(ladder::Ladder),
    /// Look for what is wrong before the first order
    Doctor(doctor::Doctor),
    /// Guard an account until stopped
    Run(run::Run),
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) if error.use_stderr() => return Err(misuse(&error)),
        Err(shown) => {
            crate::screen::line(shown.render().to_string().trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    match command.verb {
        Verb::Demo(demo) => demo.run(),
        Verb::Calc(calc) => calc.run(),
        Verb::Decode(decode) => decode.run(),
        Verb::Request(request) => request.run(),
        Verb::Venue(venue) => venue.run(),
        Verb::Backtest(backtest) => backtest.run(),
        Verb::Simulate(simulate) => simulate.run(),
        Verb::Sweep(sweep) => sweep.run(),
        Verb::Config(config) => config.run(),
        Verb::Data(data) => data.run(),
        Verb::Db(db) => db.run(),
        Verb::Status(status) => status.run(),
        Verb::Positions(positions) => positions.run(),
        Verb::Portfolio(portfolio) => portfolio.run(),
        Verb::Order(order) => order.run(),
        Verb::Orders(orders) => orders.run(),
        Verb::Ledger(ledger) => ledger.run(),
        Verb::Open(open) => open.run(),
        Verb::Close(close) => close.run(),
        Verb::Flatten(flatten) => flatten.run(),
        Verb::Leverage(leverage) => leverage.run(),
        Verb::Margin(margin) => margin.run(),
        Verb::Kill(kill) => kill.run(),
        Verb::Release(release) => release.run(),
        Verb::Ladder(ladder) => ladder.run(),
        Verb::Doctor(doctor) => doctor.run(),
        Verb::Run(run) => run.run(),
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

/// The runtime of the verbs that wait for something.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::unreachable(format!("cannot start: {error}")))
}
