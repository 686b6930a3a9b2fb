//! A stream whose rows are right and in order, by a policy that says what is borne.

use crate::fault::{Fault, Place, RowError};
use crate::findings::Findings;
use crate::row::Row;
use crate::rows::Rows;
use crate::sequence::{LOOKED_AT, Next, Sequence, interval};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A stream of rows that knows where it is.
pub trait Source<R>: Iterator<Item = Result<R, RowError>> {
    /// The place of the row that came last.
    fn spot(&self) -> Spot;
}

/// The place of a row: which file, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
}

impl Spot {
    /// The error that says this of the row here.
    #[must_use]
    pub fn error(self, fault: Fault) -> RowError {
        RowError { file: self.file, place: self.place, fault }
    }
}

impl<R: Row> Source<R> for Rows<R> {
    fn spot(&self) -> Spot {
        Spot { file: self.file().clone(), place: self.place() }
    }
}

/// What is done about something that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The stream ends with an error that names the row.
    Refuse,
    /// The row is left out and noted; a gap is only noted.
    Report,
}

/// What is borne. By itself, all that could make a result wrong is refused; gaps and equal duplicates, which venues leave in
/// their own files, are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Rows that cannot be read, or hold what cannot be: NaN, prices of zero, a high below the low.
    pub wrong: Act,
    /// Rows of a time before the one before.
    pub unsorted: Act,
    /// Rows of the time of the one before that say something else. If they are borne, the first counts.
    pub contradictions: Act,
    /// Rows that say the same once more.
    pub duplicates: Act,
    /// Rows that are missing, or come at another time than their interval says.
    pub gaps: Act,
    /// How many findings of each kind are kept; the others are counted.
    pub kept: usize,
}

impl Default for Policy {
    fn default() -> Self {
        let (wrong, unsorted, contradictions) = (Act::Refuse, Act::Refuse, Act::Refuse);
        Self { wrong, unsorted, contradictions, duplicates: Act::Report, gaps: Act::Report, kept: 20 }
    }
}

impl Policy {
    /// Nothing is borne.
    pub const STRICT: Self = Self::all(Act::Refuse);
    /// Everything is: what cannot be taken is left out.
    pub const LENIENT: Self = Self::all(Act::Report);

    const fn all(act: Act) -> Self {
        Self { wrong: act, unsorted: act, contradictions: act, duplicates: act, gaps: act, kept: 20 }
    }

    fn about(self, fault: &Fault) -> Act {
        match fault {
            Fault::Unsorted { .. } => self.unsorted,
            Fault::Contradiction(_) => self.contradictions,
            Fault::Duplicate(_) => self.duplicates,
            Fault::Gap { .. } | Fault::OffGrid { .. } => self.gaps,
            _ => self.wrong,
        }
    }
}

/// Rows that were read to find the interval.
type Ahead<R> = VecDeque<(Result<R, RowError>, Spot)>;

/// The rows of a stream in order of time, each time once (quotes: each quote once). What the [`Policy`] bears is left out
/// and [noted](Self::noted); what it does not bear ends the stream with an error.
///
/// ```
/// use plimsoll_history::{FundingRow, Ordered, Policy, Rows};
///
/// let file = "time,rate\n2024-01-01 00:00:00,0.0001\n2024-01-01 08:00:00,0.0002\n2024-01-01 08:00:00,0.0003\n";
/// let rows = |policy| Ok::<_, plimsoll_history::OpenError>(Ordered::new(Rows::<FundingRow>::from_csv("f.csv", file.as_bytes())?, policy));
///
/// let error = rows(Policy::default())?.last().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "f.csv, line 4: a second row of 2024-01-01T08:00:00Z, and it says something else: which is right?");
///
/// let mut rows = rows(Policy::LENIENT)?;
/// assert_eq!(rows.by_ref().filter_map(Result::ok).count(), 2);
/// assert_eq!(rows.noted().count(), 1);
/// # Ok::<(), plimsoll_history::OpenError>(())
/// ```
#[derive(Debug)]
pub struct Ordered<R: Row, S = Rows<R>> {
    rows: S,
    policy: Policy,
    sequence: Sequence<R>,
    ahead: Ahead<R>,
    noted: Findings,
    is_over: bool,
}

impl<R: Row, S: Source<R>> Ordered<R, S> {
    /// Puts a policy on a stream. Its interval is found from its first rows.
    pub fn new(mut rows: S, policy: Policy) -> Self {
        let mut ahead = VecDeque::new();
        while ahead.len() < LOOKED_AT {
            let Some(row) = rows.next() else { break };
            ahead.push_back((row, rows.spot()));
        }
        let times = ahead.iter().filter_map(|(row, _)| row.as_ref().ok()).map(Row::time);
        let sequence = Sequence::new(interval(R::KIND, times));
        Self { rows, policy, sequence, ahead, noted: Findings::default(), is_over: false }
    }

    /// Takes this interval for that of the stream.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.sequence = Sequence::new(Some(interval));
        self
    }

    /// The usual time from one row to the next; `None` for quotes, and if there are too few rows to tell.
    #[must_use]
    pub const fn interval(&self) -> Option<Duration> {
        self.sequence.interval()
    }

    /// What was borne so far.
    #[must_use]
    pub const fn noted(&self) -> &Findings {
        &self.noted
    }

    /// The stream within, as for its progress.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.rows
    }

    /// Whether to go on after this; if so, it is noted.
    fn is_borne(&mut self, error: &RowError) -> bool {
        if error.is_last() || self.policy.about(&error.fault) == Act::Refuse {
            self.is_over = true;
            return false;
        }
        self.noted.add(error.clone(), self.policy.kept);
        true
    }
}

impl<R: Row, S: Source<R>> Iterator for Ordered<R, S> {
    type Item = Result<R, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            let (row, spot) = match self.ahead.pop_front() {
                Some((row, spot)) => (row, Some(spot)),
                None => (self.rows.next()?, None),
            };
            let row = match row {
                Ok(row) => row,
                Err(error) if self.is_borne(&error) => continue,
                Err(error) => return Some(Err(error)),
            };
            let (fault, is_taken) = match self.sequence.take(&row) {
                Next::Follows => return Some(Ok(row)),
                Next::FollowsBut(fault) => (fault, true),
                Next::IsNot(fault) => (fault, false),
            };
            let error = spot.unwrap_or_else(|| self.rows.spot()).error(fault);
            match self.is_borne(&error) {
                false => return Some(Err(error)),
                true if is_taken => return Some(Ok(row)),
                true => {}
            }
        }
        None
    }
}
