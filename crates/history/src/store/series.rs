//! The files of a series as one stream.

use crate::fault::{Fault, Place, RowError};
use crate::open::OpenError;
use crate::ordered::{Source, Spot};
use crate::row::Row;
use crate::rows::Rows;
use crate::span::Span;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rows of a series, file after file; one is open at a time.
#[derive(Debug)]
pub struct SeriesRows<R> {
    files: VecDeque<PathBuf>,
    rows: Option<Rows<R>>,
    span: Option<Span>,
    spot: Spot,
}

impl<R: Row> SeriesRows<R> {
    pub(crate) fn open(folder: &Path, span: Option<Span>) -> Result<Self, OpenError> {
        let name: Arc<str> = folder.to_string_lossy().into();
        let entries = std::fs::read_dir(folder).map_err(|error| OpenError::io(&name, error))?;
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_month(path)).collect();
        files.sort();
        if let Some(span) = span {
            files.retain(|path| may_hold(path, span));
        }
        let spot = Spot { file: name, place: Place::Row(0) };
        Ok(Self { files: files.into(), rows: None, span, spot })
    }

    fn next_file(&mut self) -> Option<Result<(), RowError>> {
        let path = self.files.pop_front()?;
        Some(match Rows::open(&path) {
            Ok(rows) => {
                self.rows = Some(rows);
                Ok(())
            }
            Err(error) => {
                self.files.clear();
                self.spot = Spot { file: path.to_string_lossy().into(), place: Place::Row(0) };
                Err(self.spot.clone().error(Fault::Unreadable(error.to_string().into())))
            }
        })
    }
}

impl<R: Row> Iterator for SeriesRows<R> {
    type Item = Result<R, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(rows) = &mut self.rows else {
                match self.next_file()? {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            };
            match rows.next() {
                Some(Ok(row)) if self.span.is_some_and(|span| !span.holds(row.time())) => {}
                Some(row) => return Some(row),
                None => {
                    self.spot = rows.spot();
                    self.rows = None;
                }
            }
        }
    }
}

impl<R: Row> Source<R> for SeriesRows<R> {
    fn spot(&self) -> Spot {
        self.rows.as_ref().map_or_else(|| self.spot.clone(), Source::spot)
    }
}

/// `2024-01.parquet`, and nothing else: what a download has begun is hidden, and not ours is not read.
fn is_month(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let Some(month) = name.strip_suffix(".parquet") else { return false };
    month.len() == 7
        && month.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() })
}

/// Whether a month's file may hold rows of this span.
fn may_hold(path: &Path, span: Span) -> bool {
    let month = |time: &dyn ToString| time.to_string().get(..7).map(str::to_owned);
    let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    name >= month(&span.from) && name <= month(&span.to)
}
