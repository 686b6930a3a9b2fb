//! What can be wrong with a row, and where it is.

use plimsoll_domain::{Decimal, Timestamp};
use std::fmt;
use std::sync::Arc;

/// A row that cannot be taken, by its place in its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, {place}: {fault}")]
pub struct RowError {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub fault: Fault,
}

impl RowError {
    /// Whether no row can be read after this one: the stream has ended.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        matches!(self.fault, Fault::Unreadable(_))
    }
}

/// Where a row is in its file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A line of a CSV file; the header is one.
    Line(u64),
    /// A row of a Parquet file.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A cell that has to be there is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// Infinite, or no number by its own word.
    #[error("{0} is '{1}', which is no finite number")]
    NotFinite(&'static str, Box<str>),
    /// Something else than a number, or one that no decimal can keep.
    #[error("{0} is '{1}', which is not a decimal number that can be kept exactly")]
    NotANumber(&'static str, Box<str>),
    /// A price of zero, below it, or absurdly large.
    #[error("{0} is {1}: a price is above 0 and at most 10000000000")]
    NotAPrice(&'static str, Decimal),
    /// A size of zero, below it, or absurdly large.
    #[error("{0} is {1}: a size is above 0 and at most 100000000000000")]
    NotASize(&'static str, Decimal),
    /// Less than nothing.
    #[error("{0} is {1}, below 0")]
    Negative(&'static str, Decimal),
    /// A rate beyond ±10,000 %.
    #[error("{0} is {1}: a rate is a fraction between -100 and 100")]
    NotARate(&'static str, Decimal),
    /// Not a time.
    #[error("'{0}' is no time such as 2024-01-31T23:01:00Z, 2024-01-31 23:01:00.5 or 1706742060000")]
    NotATime(Box<str>),
    /// Open or close are outside low and high.
    #[error("open and close are not between low and high")]
    Shape,
    /// The bid is above the ask.
    #[error("the bid is above the ask")]
    Crossed,
    /// Another number of cells than the header has.
    #[error("{found} cells, but the header has {expected}")]
    Width {
        /// How many the header has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Before the row before it.
    #[error("{time} comes after {after}: sort the file by time")]
    Unsorted {
        /// The time of the row.
        time: Timestamp,
        /// The latest time before it.
        after: Timestamp,
    },
    /// The time of the row before it, and something else.
    #[error("a second row of {0}, and it says something else: which is right?")]
    Contradiction(Timestamp),
    /// The row before it once more.
    #[error("the row of {0} once more")]
    Duplicate(Timestamp),
    /// Rows are missing before it.
    #[error("{missing} missing between {after} and {time}")]
    Gap {
        /// The time of the row before.
        after: Timestamp,
        /// The time of the row.
        time: Timestamp,
        /// How many would have come between.
        missing: u64,
    },
    /// It comes at another time than its interval says.
    #[error("{time} is no whole interval after {after}")]
    OffGrid {
        /// The time of the row.
        time: Timestamp,
        /// The time of the row before.
        after: Timestamp,
    },
    /// Its price is far beyond what is usual around it.
    #[error("{time} is {} % from the close before it, {times} times the usual move", percent(*basis_points))]
    Outlier {
        /// The time of the row.
        time: Timestamp,
        /// How far it went from the close before it, in hundredths of a percent.
        basis_points: i64,
        /// How many times the median move of the rows before it that is.
        times: u64,
    },
    /// Funding that no candle is there for.
    #[error("{time} is {} at {edge}", if time < edge { "before the first candle opens" } else { "after the last candle closes" })]
    Outside {
        /// The time of the funding.
        time: Timestamp,
        /// When the first candle opens, or the last one closes.
        edge: Timestamp,
    },
    /// Candles that no mark price is there for.
    #[error("{rows} candles from {from} to {to} have no mark price")]
    Unmarked {
        /// The time of the first.
        from: Timestamp,
        /// The time of the last.
        to: Timestamp,
        /// How many they are.
        rows: u64,
    },
    /// A stretch of candles at the beginning or end that no funding is there for.
    #[error("no funding between {from} and {to}, where there are candles")]
    Unfunded {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// The rest of the file cannot be read.
    #[error("the rest cannot be read: {0}")]
    Unreadable(Arc<str>),
}

impl Fault {
    /// How many rows this leaves out, or has wrong.
    pub(crate) const fn rows(&self) -> u64 {
        match self {
            Self::Gap { missing, .. } => *missing,
            Self::Unmarked { rows, .. } => *rows,
            _ => 1,
        }
    }
}

/// Hundredths of a percent as percent.
fn percent(basis_points: i64) -> Decimal {
    Decimal::new(basis_points, 2)
}
