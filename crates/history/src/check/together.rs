//! Candles, their marks and their funding in one pass.

use crate::check::file::Inspected;
use crate::check::{CheckOptions, CheckReport};
use crate::fault::{Fault, RowError};
use crate::findings::Findings;
use crate::open::OpenError;
use crate::row::{CandleRow, FundingRow, MarkRow};
use crate::rows::{Progress, Rows};
use plimsoll_domain::Timestamp;
use std::path::Path;
use std::time::Duration;

/// Reads candles with their mark prices and their funding once, side by side, and says what is wrong with each and what
/// does not fit together: candles without a mark, funding outside the candles, candles without funding.
///
/// # Errors
/// [`OpenError`] if one is no file of its kind.
pub fn check_together(
    candles: &Path,
    marks: Option<&Path>,
    funding: Option<&Path>,
    options: &CheckOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<CheckReport, OpenError> {
    // An interval that is given is that of the candles.
    let own = CheckOptions { interval: None, ..*options };
    let mut candles = Inspected::open(Rows::<CandleRow>::open(candles)?, options);
    let marks = marks.map(Rows::<MarkRow>::open).transpose()?.map(|rows| Inspected::open(rows, &own));
    let mut funding = funding.map(Rows::<FundingRow>::open).transpose()?.map(|rows| Inspected::open(rows, &own));
    let length = candles.interval().unwrap_or_default();
    let mut together = Together { findings: Findings::default(), kept: options.kept };
    let mut marks = marks.map(|rows| Marks::new(rows, length));
    let mut ends: Option<(Timestamp, Timestamp)> = None;
    while let Some(candle) = candles.next_row() {
        if let Some(fault) = marks.as_mut().and_then(|marks| marks.beside(candle.time)) {
            together.add(candles.error(fault));
        }
        let from = ends.map_or(candle.time, |(from, _)| from);
        ends = Some((from, candle.time.plus(length)));
        candles.tell(progress);
    }
    if let Some(fault) = marks.as_mut().and_then(Marks::rest) {
        together.add(candles.error(fault));
    }
    if let (Some(funding), Some((from, to))) = (&mut funding, ends) {
        hold(funding, from, to, &mut together);
    }
    Ok(CheckReport {
        candles: candles.report(),
        marks: marks.map(|marks| marks.rows.report()),
        funding: funding.map(Inspected::report),
        together: together.findings,
    })
}

struct Together {
    findings: Findings,
    kept: usize,
}

impl Together {
    fn add(&mut self, error: RowError) {
        self.findings.add(error, self.kept);
    }
}

/// Marks as far as the candles have come.
struct Marks {
    rows: Inspected<MarkRow>,
    next: Option<MarkRow>,
    /// How long a mark is good for.
    length: Duration,
    until: Option<Timestamp>,
    without: Option<(Timestamp, Timestamp, u64)>,
}

impl Marks {
    fn new(mut rows: Inspected<MarkRow>, candle: Duration) -> Self {
        let length = rows.interval().unwrap_or_default().max(candle);
        let next = rows.next_row();
        Self { rows, next, length, until: None, without: None }
    }

    /// Goes on to a candle of this time; says which candles before it had no mark, once they are over.
    fn beside(&mut self, time: Timestamp) -> Option<Fault> {
        while let Some(mark) = self.next.filter(|mark| mark.time <= time) {
            self.until = Some(mark.time.plus(self.length));
            self.next = self.rows.next_row();
        }
        if self.until.is_some_and(|until| time < until) {
            return self.without();
        }
        let (_, last, count) = self.without.get_or_insert((time, time, 0));
        (*last, *count) = (time, *count + 1);
        None
    }

    fn rest(&mut self) -> Option<Fault> {
        while self.rows.next_row().is_some() {}
        self.without()
    }

    fn without(&mut self) -> Option<Fault> {
        self.without.take().map(|(from, to, rows)| Fault::Unmarked { from, to, rows })
    }
}

/// How much later than its hour a settlement may be stamped.
const LATE: Duration = Duration::from_secs(60);

/// Reads all funding and holds it against candles that begin and end at these times.
fn hold(rows: &mut Inspected<FundingRow>, from: Timestamp, to: Timestamp, together: &mut Together) {
    let between = rows.interval().unwrap_or_default() + LATE;
    let mut covered = from;
    while let Some(row) = rows.next_row() {
        if row.time < from {
            together.add(rows.error(Fault::Outside { time: row.time, edge: from }));
        } else if row.time > to.plus(LATE) {
            together.add(rows.error(Fault::Outside { time: row.time, edge: to }));
        } else {
            // What is missing later on is a gap of the file itself.
            if covered == from && row.time > from.plus(between) {
                together.add(rows.error(Fault::Unfunded { from, to: row.time }));
            }
            covered = row.time;
        }
    }
    if to > covered.plus(between) {
        together.add(rows.error(Fault::Unfunded { from: covered, to }));
    }
}
