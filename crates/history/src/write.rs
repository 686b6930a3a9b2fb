//! Files of rows, written whole or not at all.

mod digits;
mod parquet;
mod partial;
mod table;

use crate::fault::RowError;
use crate::layout::Layout;
use crate::open::{Format, OpenError};
use crate::row::Row;
use parquet::ParquetOut;
use partial::PartialFile;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub use digits::Digits;
pub use table::{TableColumn, Values, write_table};

/// A file in the making. It stands beside its place under another name until [`finish`](Self::finish) puts it there at
/// once; one that is dropped before is removed, and one that a crash leaves behind is written over by the next.
///
/// ```
/// use plimsoll_history::{CandleRow, Digits, FileWriter, Format, Rows};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("btc.parquet");
/// let text = "time,open,high,low,close,volume\n2024-01-01,42000.5,42100,41900,42050,12.25\n";
/// let rows: Vec<CandleRow> = Rows::from_csv("btc.csv", text.as_bytes())?.collect::<Result<_, _>>()?;
///
/// let mut writer = FileWriter::create(&path, Format::Parquet, &Digits::of(&rows))?;
/// for row in &rows {
///     writer.write(row)?;
/// }
/// writer.finish()?;
/// let back: Vec<CandleRow> = Rows::open(&path)?.collect::<Result<_, _>>()?;
/// assert_eq!(back, rows);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileWriter<R: Row> {
    partial: PartialFile,
    columns: Vec<usize>,
    out: Out<R>,
    rows: u64,
}

#[derive(Debug)]
enum Out<R> {
    Csv(BufWriter<File>),
    Parquet(Box<ParquetOut<R>>),
}

impl<R: Row> FileWriter<R> {
    /// Begins a file. `digits` are what its numbers need: [`Digits::of`] the rows, or of a first pass over them. A column that
    /// no row has is left out.
    ///
    /// # Errors
    /// [`WriteError`] if nothing can be written there.
    pub fn create(path: &Path, format: Format, digits: &Digits<R>) -> Result<Self, WriteError> {
        Self::create_noted(path, format, digits, &[])
    }

    /// Begins a file with notes (name and text) in the footer; CSV has no place for them.
    pub(crate) fn create_noted(
        path: &Path,
        format: Format,
        digits: &Digits<R>,
        notes: &[(&str, String)],
    ) -> Result<Self, WriteError> {
        let (partial, file) = PartialFile::create(path)?;
        let columns = digits.columns();
        let out = match format {
            Format::Csv => {
                let mut out = BufWriter::with_capacity(256 * 1024, file);
                let names = columns.iter().filter_map(|at| R::COLUMNS.get(*at)).map(|column| column.name);
                let header = names.collect::<Vec<_>>().join(",");
                writeln!(out, "{header}").map_err(|error| partial.failed(error))?;
                Out::Csv(out)
            }
            Format::Parquet => Out::Parquet(Box::new(
                ParquetOut::create(file, digits, notes).map_err(|error| partial.refused(&error))?,
            )),
        };
        Ok(Self { partial, columns, out, rows: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`WriteError`] if the disk is full, or a number needs more digits than were said.
    pub fn write(&mut self, row: &R) -> Result<(), WriteError> {
        self.rows += 1;
        match &mut self.out {
            Out::Csv(out) => line(out, row, &self.columns).map_err(|error| self.partial.failed(error)),
            Out::Parquet(out) => out.write(row).map_err(|error| self.partial.refused(&error)),
        }
    }

    /// How many rows were written.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Puts the file in its place, safe on the disk.
    ///
    /// # Errors
    /// [`WriteError`] if that cannot be done; then nothing is changed there.
    pub fn finish(self) -> Result<(), WriteError> {
        self.finish_if(|_| Ok(()))
    }

    /// Puts the file in its place if `is_right` says so of what lies beside it.
    pub(crate) fn finish_if<E: From<WriteError>>(self, is_right: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
        let Self { partial, out, .. } = self;
        let file = match out {
            Out::Csv(out) => out.into_inner().map_err(|error| partial.failed(error.into_error()))?,
            Out::Parquet(out) => out.finish().map_err(|error| partial.refused(&error))?,
        };
        file.sync_all().map_err(|error| partial.failed(error))?;
        is_right(partial.path())?;
        Ok(partial.put_in_place()?)
    }
}

/// The row as text: its time as RFC 3339, its numbers without zeros at the end.
fn line<R: Row>(out: &mut impl Write, row: &R, columns: &[usize]) -> std::io::Result<()> {
    write!(out, "{}", row.time())?;
    for at in columns.iter().skip(1) {
        out.write_all(b",")?;
        if let Some(number) = Layout::number(row, *at) {
            write!(out, "{}", number.normalize())?;
        }
    }
    out.write_all(b"\n")
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system says no.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It cannot be written as Parquet.
    #[error("cannot write {}: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What was written cannot be opened again.
    #[error("what was written cannot be read back: {0}")]
    Reopen(#[from] OpenError),
    /// What was written cannot be read again.
    #[error("what was written cannot be read back: {0}")]
    Reread(#[from] RowError),
}
