//! Rows from CSV.

use crate::fault::{Fault, Place, RowError};
use crate::layout::Cells;
use crate::moment::moment;
use crate::number::number;
use crate::open::{OpenError, columns};
use crate::row::Row;
use crate::rows::Progress;
use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use plimsoll_domain::{Decimal, Timestamp};
use std::io::Read;
use std::sync::Arc;

/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// The lines of a CSV file.
pub(crate) struct CsvRows {
    file: Arc<str>,
    reader: Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    width: usize,
    places: Vec<Option<usize>>,
    total: Option<u64>,
    is_over: bool,
}

impl std::fmt::Debug for CsvRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvRows").field("file", &self.file).field("places", &self.places).finish_non_exhaustive()
    }
}

impl CsvRows {
    /// Reads the header of what begins with `head`.
    pub(crate) fn open<R: Row>(
        file: Arc<str>,
        head: &[u8],
        input: Box<dyn Read + Send>,
        total: Option<u64>,
    ) -> Result<Self, OpenError> {
        // Every line then has an end; one more end is no row.
        let input: Box<dyn Read + Send> = Box::new(input.chain(&b"\n"[..]));
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .delimiter(delimiter(head))
            .buffer_capacity(BUFFER)
            .from_reader(input);
        let header = reader.byte_headers().map_err(|error| OpenError::io(&file, error.into()))?;
        if header.iter().all(|name| name.trim_ascii().is_empty()) {
            return Err(OpenError::Empty { file });
        }
        if header.get(0).is_some_and(|first| moment(first.trim_ascii()).is_some()) {
            return Err(OpenError::NoHeader { file });
        }
        let names: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
        let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let places = columns(&file, R::KIND, R::COLUMNS, &names)?;
        let width = names.len();
        Ok(Self { file, reader, record: ByteRecord::new(), width, places, total, is_over: false })
    }

    #[inline]
    pub(crate) fn next_row<R: Row>(&mut self) -> Option<Result<R, RowError>> {
        if self.is_over {
            return None;
        }
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                // A line of nothing but its end, as Windows writes it.
                Ok(true) if self.record.len() == 1 && self.record.as_slice().trim_ascii().is_empty() => {}
                Ok(true) => return Some(self.row().map_err(|fault| self.error(fault))),
                Ok(false) => {
                    self.is_over = true;
                    return None;
                }
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(self.error(Fault::Unreadable(error.to_string().into()))));
                }
            }
        }
    }

    #[inline]
    fn row<R: Row>(&self) -> Result<R, Fault> {
        if self.record.len() != self.width {
            return Err(Fault::Width { expected: self.width, found: self.record.len() });
        }
        R::read(&Line { record: &self.record, places: &self.places, names: R::COLUMNS })
    }

    #[cold]
    fn error(&self, fault: Fault) -> RowError {
        RowError { file: self.file.clone(), place: self.place(), fault }
    }

    /// The line just read: the reader stands on the next one. (The position that a record has is that of the empty lines
    /// before it.)
    pub(crate) fn place(&self) -> Place {
        Place::Line(self.reader.position().line().saturating_sub(1))
    }

    pub(crate) fn progress(&self) -> Progress {
        let done = self.reader.position().byte();
        Progress { done: self.total.map_or(done, |total| done.min(total)), total: self.total }
    }
}

/// What separates cells: of comma, semicolon and tab, what the first line has most of.
fn delimiter(head: &[u8]) -> u8 {
    let header = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| header.iter().filter(|byte| **byte == wanted).count();
    let most = [b'\t', b';', b','].into_iter().max_by_key(|wanted| count(*wanted));
    most.unwrap_or(b',')
}

/// One line.
struct Line<'a> {
    record: &'a ByteRecord,
    places: &'a [Option<usize>],
    names: &'static [crate::column::Column],
}

impl Line<'_> {
    #[inline]
    fn cell(&self, at: usize) -> &[u8] {
        let cell = self.places.get(at).copied().flatten().and_then(|place| self.record.get(place));
        cell.unwrap_or_default().trim_ascii()
    }
}

impl Cells for Line<'_> {
    #[inline]
    fn time(&self, at: usize) -> Result<Timestamp, Fault> {
        let cell = self.cell(at);
        moment(cell).ok_or_else(|| Fault::NotATime(String::from_utf8_lossy(cell).chars().take(64).collect()))
    }

    #[inline]
    fn number(&self, at: usize) -> Result<Decimal, Fault> {
        number(self.cell(at), self.names.get(at).map_or("", |column| column.name))
    }

    fn has(&self, at: usize) -> bool {
        !self.cell(at).is_empty()
    }
}
