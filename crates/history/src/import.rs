//! A file in another format, whole and proved.

use crate::findings::Findings;
use crate::open::{Format, OpenError};
use crate::ordered::{Ordered, Policy};
use crate::row::{CandleRow, FundingRow, Kind, MarkRow, QuoteRow, Row};
use crate::rows::{Progress, Rows};
use crate::write::{Digits, FileWriter, WriteError};
use crate::{fault::RowError, open::kind_of};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a file is imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What is borne in the file that is read; what is left out is not written.
    pub policy: Policy,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
}

/// What an import is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reads all rows once, so that nothing is written of a file that is refused.
    Checking,
    /// Writes them.
    Writing,
    /// Reads back what was written, and holds it against the source.
    Comparing,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// What kind of rows.
    pub kind: Kind,
    /// How many.
    pub rows: u64,
    /// What was borne.
    pub noted: Findings,
}

/// Writes the rows of one file into another, CSV or Parquet by the ending of its name, and reads it back before it is put in its
/// place. Until then nothing is changed there.
///
/// # Errors
/// [`ImportError`] if the one cannot be read, by the policy, or the other not be written.
pub fn import(
    from: &Path,
    to: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(Phase, Progress),
) -> Result<Imported, ImportError> {
    let format = Format::of_name(to).ok_or_else(|| ImportError::Ending(to.to_owned()))?;
    if to.exists() && !options.replace {
        return Err(ImportError::Exists(to.to_owned()));
    }
    match kind_of(from)? {
        Kind::Candles => rows::<CandleRow>(from, to, format, options.policy, progress),
        Kind::Marks => rows::<MarkRow>(from, to, format, options.policy, progress),
        Kind::Funding => rows::<FundingRow>(from, to, format, options.policy, progress),
        Kind::Quotes => rows::<QuoteRow>(from, to, format, options.policy, progress),
    }
}

fn rows<R: Row>(
    from: &Path,
    to: &Path,
    format: Format,
    policy: Policy,
    progress: &mut dyn FnMut(Phase, Progress),
) -> Result<Imported, ImportError> {
    let (mut digits, mut checked) = (Digits::<R>::none(), 0);
    let mut source = pass::<R>(from, policy, |row, at| {
        digits.take(row);
        checked += 1;
        told(progress, Phase::Checking, checked, at);
        Ok(())
    })?;
    let mut writer = FileWriter::create(to, format, &digits)?;
    pass::<R>(from, policy, |row, at| {
        told(progress, Phase::Writing, writer.rows(), at);
        Ok(writer.write(row)?)
    })?;
    let written = writer.rows();
    if written != checked {
        return Err(ImportError::Changed(from.to_owned()));
    }
    writer.finish_if(|partial| compare::<R>(from, partial, policy, progress))?;
    Ok(Imported { kind: R::KIND, rows: written, noted: std::mem::take(&mut source) })
}

/// Reads all rows; what was borne comes back.
fn pass<R: Row>(
    from: &Path,
    policy: Policy,
    mut take: impl FnMut(&R, &Rows<R>) -> Result<(), ImportError>,
) -> Result<Findings, ImportError> {
    let mut rows = Ordered::new(Rows::<R>::open(from)?, policy);
    while let Some(row) = rows.next() {
        take(&row?, rows.source())?;
    }
    Ok(rows.noted().clone())
}

/// Holds what was written against its source.
fn compare<R: Row>(
    from: &Path,
    partial: &Path,
    policy: Policy,
    progress: &mut dyn FnMut(Phase, Progress),
) -> Result<(), ImportError> {
    let (mut back, mut count) = (Rows::<R>::open(partial)?, 0);
    pass::<R>(from, policy, |row, at| {
        count += 1;
        told(progress, Phase::Comparing, count, at);
        if back.next().transpose()? == Some(*row) { Ok(()) } else { Err(ImportError::Differs(count)) }
    })?;
    match back.next() {
        None => Ok(()),
        Some(_) => Err(ImportError::Differs(count + 1)),
    }
}

/// Tells how far this is, once in many rows.
fn told<R: Row>(progress: &mut dyn FnMut(Phase, Progress), phase: Phase, row: u64, at: &Rows<R>) {
    if row.is_multiple_of(16_384) {
        progress(phase, at.progress());
    }
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its name says no format.
    #[error("{}: the name of a file to write ends with .csv or .parquet", .0.display())]
    Ending(PathBuf),
    /// There is such a file.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The source cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A row of the source was refused.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The target cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The source was written to meanwhile.
    #[error("{} changed while it was read", .0.display())]
    Changed(PathBuf),
    /// What was read back is not what was written.
    #[error("row {0} was read back otherwise than it was written: nothing was kept")]
    Differs(u64),
}
