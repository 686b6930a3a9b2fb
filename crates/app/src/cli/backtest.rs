//! `plimsoll backtest`: strategies over recorded history.

mod contract;
mod expected;
pub(crate) mod feed;
pub(crate) mod plan;
pub(crate) mod show;

use crate::failure::Failure;
use clap::Args;
use plan::PlanArguments;
use std::path::PathBuf;
use std::process::ExitCode;

/// Run strategies over recorded history: the same decisions, risk limits and exchange as in a simulation or on paper.
///
/// One market and one strategy need no file:
///
///   plimsoll backtest --candles btc-1m.csv --strategy ema_cross --set fast=12 --html report.html
///
/// Several of each are told by a plan in TOML, whose markets and strategies are tables; `plimsoll backtest --example`
/// prints one. Files are CSV or Parquet; `plimsoll data check` says what is wrong with them.
#[derive(Debug, Args)]
pub(crate) struct Backtest {
    #[command(flatten)]
    plan: PlanArguments,
    /// Print a plan to begin with, and do nothing
    #[arg(long)]
    example: bool,
    /// List the kinds of strategies with all their settings, and do nothing
    #[arg(long)]
    strategies: bool,
    /// Write the report as one page that opens without a network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write every decision, a line each
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Write what this predicts of the strategy, for `expectation` in the configuration
    #[arg(long, value_name = "FILE")]
    expectation: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Backtest {
    /// Runs and reports.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.example {
            crate::screen::line(plan::EXAMPLE.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.strategies {
            return show::kinds(self.json).map(|()| ExitCode::SUCCESS);
        }
        let plan = self.plan.read()?;
        let prepared = plan.prepare()?;
        if self.expectation.is_some() {
            expected::only(&prepared)?;
        }
        let done = prepared.run(!self.json)?;
        show::written(self.expectation.as_deref(), || expected::file(&prepared, &done))?;
        show::written(self.decisions.as_deref(), || Ok(done.decisions.clone()))?;
        let answer = show::outcome(&done, self.html.as_deref(), self.json)?;
        let files = [
            ("The report with its charts", &self.html),
            ("Every decision", &self.decisions),
            ("What it predicts, for `expectation` in the configuration", &self.expectation),
        ];
        show::files(files.map(|(what, file)| (what, file.as_deref())), self.json)?;
        if self.expectation.is_some() {
            expected::warn_of_stops(&done);
        }
        Ok(answer)
    }
}
