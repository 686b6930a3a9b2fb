//! A file as a stream of rows.

use crate::csv_rows::CsvRows;
use crate::fault::{Place, RowError};
use crate::open::{Format, OpenError};
use crate::parquet_rows::ParquetRows;
use crate::row::Row;
use std::fs::File;
use std::io::{Cursor, Read};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

/// How much of a file is looked at to find out what it is.
const HEAD: u64 = 16 * 1024;

/// The rows of a file in its order, read as they are asked for.
///
/// A row that is wrong is an error with its place, and the next one follows: whoever reads decides whether to go on.
/// Only an error that [is the last](RowError::is_last) ends the stream. Whether rows are in order is not looked at here;
/// [`Ordered`](crate::Ordered) does that.
#[derive(Debug)]
pub struct Rows<R> {
    file: Arc<str>,
    source: Source,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug)]
enum Source {
    Csv(Box<CsvRows>),
    Parquet(Box<ParquetRows>),
}

impl<R: Row> Rows<R> {
    /// Opens a CSV or Parquet file; which one it is, its first bytes say.
    ///
    /// # Errors
    /// [`OpenError`] if it is not there, is neither, or has not the columns of such rows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let name: Arc<str> = path.to_string_lossy().into();
        let file = File::open(path).map_err(|error| OpenError::io(&name, error))?;
        let mut head = Vec::new();
        (&file).take(HEAD).read_to_end(&mut head).map_err(|error| OpenError::io(&name, error))?;
        let source = match Format::of(&name, &head)? {
            Format::Csv => {
                let total = file.metadata().ok().map(|it| it.len());
                let input = Box::new(Cursor::new(head.clone()).chain(file));
                Source::Csv(Box::new(CsvRows::open::<R>(name.clone(), &head, input, total)?))
            }
            Format::Parquet => Source::Parquet(Box::new(ParquetRows::open::<R>(name.clone(), file)?)),
        };
        Ok(Self { file: name, source, row: PhantomData })
    }

    /// Reads CSV from anywhere; errors name it `name`.
    ///
    /// # Errors
    /// [`OpenError`] if it has not the columns of such rows.
    pub fn from_csv(name: &str, mut input: impl Read + Send + 'static) -> Result<Self, OpenError> {
        let name: Arc<str> = name.into();
        let mut head = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| OpenError::io(&name, error))?;
        let input = Box::new(Cursor::new(head.clone()).chain(input));
        let source = Source::Csv(Box::new(CsvRows::open::<R>(name.clone(), &head, input, None)?));
        Ok(Self { file: name, source, row: PhantomData })
    }

    /// The file, as it was named.
    #[must_use]
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// How the file is written.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.source {
            Source::Csv(_) => Format::Csv,
            Source::Parquet(_) => Format::Parquet,
        }
    }

    /// Where the row that came last is.
    #[must_use]
    pub fn place(&self) -> Place {
        match &self.source {
            Source::Csv(rows) => rows.place(),
            Source::Parquet(rows) => rows.place(),
        }
    }

    /// How far reading has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match &self.source {
            Source::Csv(rows) => rows.progress(),
            Source::Parquet(rows) => rows.progress(),
        }
    }
}

impl<R: Row> Iterator for Rows<R> {
    type Item = Result<R, RowError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Csv(rows) => rows.next_row(),
            Source::Parquet(rows) => rows.next_row(),
        }
    }
}

/// How far reading has come: bytes of a CSV file, rows of a Parquet file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What was read.
    pub done: u64,
    /// What there is, where that is known.
    pub total: Option<u64>,
}
