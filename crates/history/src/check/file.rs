//! One pass over one file.

use crate::check::moves::Moves;
use crate::check::{CheckOptions, FileReport};
use crate::fault::{Fault, Place, RowError};
use crate::findings::Findings;
use crate::open::{Format, OpenError};
use crate::row::{CandleRow, FundingRow, Kind, MarkRow, QuoteRow, Row};
use crate::rows::{Progress, Rows};
use crate::sequence::{LOOKED_AT, Next, Sequence, interval};
use plimsoll_domain::Timestamp;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// Reads a file once and says what is wrong with it, in constant memory. `progress` is told now and then how far it has
/// come.
///
/// # Errors
/// [`OpenError`] if it is no file of this kind.
pub fn check_file(
    path: &Path,
    kind: Kind,
    options: &CheckOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<FileReport, OpenError> {
    fn all<R: Row>(
        path: &Path,
        options: &CheckOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<FileReport, OpenError> {
        let mut file = Inspected::open(Rows::<R>::open(path)?, options);
        while file.next_row().is_some() {
            file.tell(progress);
        }
        Ok(file.report())
    }
    match kind {
        Kind::Candles => all::<CandleRow>(path, options, progress),
        Kind::Marks => all::<MarkRow>(path, options, progress),
        Kind::Funding => all::<FundingRow>(path, options, progress),
        Kind::Quotes => all::<QuoteRow>(path, options, progress),
    }
}

/// A file whose usable rows come out while what is wrong with the others is written down.
pub(crate) struct Inspected<R: Row> {
    rows: Rows<R>,
    ahead: VecDeque<(Result<R, RowError>, Place)>,
    sequence: Sequence<R>,
    moves: Option<Moves>,
    findings: Findings,
    kept: usize,
    count: u64,
    from: Option<Timestamp>,
    place: Place,
}

impl<R: Row> Inspected<R> {
    pub(crate) fn open(mut rows: Rows<R>, options: &CheckOptions) -> Self {
        let mut ahead = VecDeque::new();
        while ahead.len() < LOOKED_AT {
            let Some(row) = rows.next() else { break };
            ahead.push_back((row, rows.place()));
        }
        let found = || interval(R::KIND, ahead.iter().filter_map(|(row, _)| row.as_ref().ok()).map(Row::time));
        let sequence = Sequence::new(options.interval.or_else(found));
        let moves = options.outliers.map(Moves::new);
        let place = rows.place();
        Self {
            rows,
            ahead,
            sequence,
            moves,
            findings: Findings::default(),
            kept: options.kept,
            count: 0,
            from: None,
            place,
        }
    }

    /// The next row that can be used.
    pub(crate) fn next_row(&mut self) -> Option<R> {
        loop {
            let row = match self.ahead.pop_front() {
                Some((row, place)) => {
                    self.place = place;
                    row
                }
                None => {
                    let row = self.rows.next()?;
                    self.place = self.rows.place();
                    row
                }
            };
            match row {
                Err(error) => self.findings.add(error, self.kept),
                Ok(row) if self.takes(&row) => return Some(row),
                Ok(_) => {}
            }
        }
    }

    fn takes(&mut self, row: &R) -> bool {
        match self.sequence.take(row) {
            Next::Follows => {}
            Next::IsNot(fault) => {
                self.found(fault);
                return false;
            }
            Next::FollowsBut(fault) => {
                // A price may have gone anywhere while nobody wrote it down.
                if matches!(fault, Fault::Gap { .. }) {
                    self.moves.iter_mut().for_each(Moves::interrupt);
                }
                self.found(fault);
            }
        }
        if let Some(fault) = self.moves.as_mut().and_then(|moves| moves.take(row)) {
            self.found(fault);
        }
        self.count += 1;
        self.from.get_or_insert(row.time());
        true
    }

    fn found(&mut self, fault: Fault) {
        let error = self.error(fault);
        self.findings.add(error, self.kept);
    }

    /// This fault of the row that came last.
    pub(crate) fn error(&self, fault: Fault) -> RowError {
        RowError { file: Arc::clone(self.rows.file()), place: self.place, fault }
    }

    pub(crate) const fn interval(&self) -> Option<std::time::Duration> {
        self.sequence.interval()
    }

    /// Tells how far this has come, once in many rows.
    pub(crate) fn tell(&self, progress: &mut dyn FnMut(Progress)) {
        if self.count.is_multiple_of(16_384) {
            progress(self.rows.progress());
        }
    }

    pub(crate) fn report(self) -> FileReport {
        FileReport {
            file: self.rows.file().to_string(),
            kind: R::KIND,
            format: self.format(),
            rows: self.count,
            from: self.from,
            to: self.sequence.last().map(Row::time),
            interval: self.sequence.interval(),
            findings: self.findings,
        }
    }

    fn format(&self) -> Format {
        self.rows.format()
    }
}
