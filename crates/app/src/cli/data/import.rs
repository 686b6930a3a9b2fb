//! `plimsoll data import`.

use super::bar::Bar;
use super::unopened;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_history::{ImportError, ImportOptions, Imported, Phase, Policy, import};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Bring a file from CSV to Parquet or back. Numbers stay exactly what they are; the new file is read back and held
/// against the old one before it is put in its place.
///
/// A file with wrong, unsorted or contradictory rows is refused; equal duplicates are left out, and told.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll data import btc-1m.csv btc-1m.parquet")]
pub(crate) struct Import {
    /// The file to read
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// The file to write, .csv or .parquet
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// Leave out wrong, unsorted and contradictory rows instead of refusing the file
    #[arg(long)]
    lenient: bool,
    /// Replace a file that is there
    #[arg(long)]
    replace: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    #[serde(flatten)]
    imported: &'a Imported,
}

impl Import {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let policy = if self.lenient { Policy::LENIENT } else { Policy::default() };
        let options = ImportOptions { policy, replace: self.replace };
        let bar = Bar::new(self.json);
        let told = &mut |phase, progress| bar.tell(word(phase), progress);
        let imported = import(&self.from, &self.to, &options, told).map_err(refused)?;
        drop(bar);
        let file = self.to.display().to_string();
        if self.json {
            screen::json(&Answer { file, imported: &imported })?;
            return Ok(ExitCode::SUCCESS);
        }
        screen::line(format!("{file}: {} {}, read back and found equal", imported.rows, imported.kind))?;
        for (topic, found) in imported.noted.iter() {
            screen::line(format!("  {}: {}", topic.as_str(), found.count))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Checking => "checking ",
        Phase::Writing => "writing  ",
        Phase::Comparing => "comparing",
    }
}

fn refused(error: ImportError) -> Failure {
    match error {
        ImportError::Open(error) => unopened(&error),
        ImportError::Ending(_) | ImportError::Write(_) => Failure::usage(error),
        ImportError::Exists(_) => Failure::no(error).help("With --replace it is replaced."),
        ImportError::Row(_) => {
            Failure::no(error).help("`plimsoll data check` shows all that is wrong; --lenient leaves out such rows.")
        }
        ImportError::Changed(_) | ImportError::Differs(_) => Failure::no(error),
    }
}
