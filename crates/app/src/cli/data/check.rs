//! `plimsoll data check`.

use super::bar::Bar;
use super::unopened;
use crate::config::duration;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_history::{CheckOptions, CheckReport, FileReport, Findings, check_file, check_together, kind_of};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Say what is wrong with recorded candles, mark prices, funding rates or quotes: CSV or Parquet, of any size.
///
/// Changes nothing. The exit code is 1 if a file has wrong, unsorted or contradictory rows, no rows at all, or cannot be
/// read; gaps, equal duplicates and outliers are told only.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll data check btc-1m.csv
  plimsoll data check btc-1m.parquet --marks btc-mark-1m.csv \\
      --funding btc-funding.csv")]
pub(crate) struct Check {
    /// The files; with --marks or --funding one of candles
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The mark prices of these candles
    #[arg(long, value_name = "FILE")]
    marks: Option<PathBuf>,
    /// The funding rates of these candles
    #[arg(long, value_name = "FILE")]
    funding: Option<PathBuf>,
    /// The time from one candle to the next; found without it
    #[arg(long, value_parser = duration)]
    interval: Option<Duration>,
    /// How many findings of each kind are shown; all are counted
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    show: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    ok: bool,
    files: Vec<FileReport>,
    together: Findings,
    unreadable: Vec<Unreadable>,
}

#[derive(Serialize)]
struct Unreadable {
    file: String,
    why: String,
}

impl Check {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut answer = if self.marks.is_some() || self.funding.is_some() { self.set()? } else { self.each()? };
        answer.ok = answer.unreadable.is_empty() && answer.files.iter().all(FileReport::is_usable);
        if self.json {
            screen::json(&answer)?;
        }
        Ok(if answer.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn options(&self) -> CheckOptions {
        CheckOptions { kept: self.show, interval: self.interval, ..CheckOptions::default() }
    }

    /// Candles with what belongs to them.
    fn set(&self) -> Result<Answer, Failure> {
        let [candles] = self.files.as_slice() else {
            return Err(Failure::usage("--marks and --funding belong to one file of candles")
                .help("Check the others by themselves."));
        };
        let bar = Bar::new(self.json);
        let told = &mut |progress| bar.tell("reading", progress);
        let report = check_together(candles, self.marks.as_deref(), self.funding.as_deref(), &self.options(), told);
        let report = report.map_err(|error| unopened(&error))?;
        drop(bar);
        self.show(&report)?;
        let CheckReport { candles, marks, funding, together } = report;
        let files = [Some(candles), marks, funding].into_iter().flatten().collect();
        Ok(Answer { files, together, ..Answer::default() })
    }

    /// Each file by itself. One that cannot be read does not keep the others from being looked at.
    fn each(&self) -> Result<Answer, Failure> {
        let mut answer = Answer::default();
        for path in &self.files {
            match self.one(path) {
                Ok(report) => {
                    self.show(&report)?;
                    answer.files.push(report);
                }
                Err(failure) if self.files.len() == 1 => return Err(failure),
                Err(failure) => {
                    self.show(&format!("{}\n", failure.message()))?;
                    let file = path.display().to_string();
                    answer.unreadable.push(Unreadable { file, why: failure.message().to_owned() });
                }
            }
        }
        Ok(answer)
    }

    fn one(&self, path: &Path) -> Result<FileReport, Failure> {
        let kind = kind_of(path).map_err(|error| unopened(&error))?;
        let bar = Bar::new(self.json);
        check_file(path, kind, &self.options(), &mut |progress| bar.tell("reading", progress))
            .map_err(|error| unopened(&error))
    }

    fn show(&self, report: &impl ToString) -> Result<(), Failure> {
        if self.json { Ok(()) } else { screen::line(report.to_string().trim_end()) }
    }
}
