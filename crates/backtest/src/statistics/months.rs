//! Returns by calendar month, in UTC.

use super::ratio::share;
use crate::CurvePoint;
use plimsoll_domain::{Money, Timestamp};
use time::OffsetDateTime;

/// A calendar month of the run; the first and the last may be parts of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Month {
    /// The year.
    pub year: i32,
    /// From 1 for January.
    pub month: u8,
    /// Equity at its beginning: the last point up to then.
    pub opening: Money,
    /// Equity at its end.
    pub closing: Money,
    /// Return over it, as a fraction; `None` if it began with nothing.
    pub result: Option<f64>,
}

/// The months of a curve, oldest first. Their returns multiply to that of the whole.
#[must_use]
pub fn months(curve: &[CurvePoint]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let mut before = curve.first().map_or(Money::ZERO, |first| first.equity);
    for point in curve.iter().skip(1) {
        // A point at midnight of the first ends the month before.
        let Some((year, month)) = calendar(Timestamp::from_micros(point.time.as_micros().saturating_sub(1))) else {
            continue;
        };
        match months.last_mut().filter(|last| (last.year, last.month) == (year, month)) {
            Some(last) => last.closing = point.equity,
            None => months.push(Month { year, month, opening: before, closing: point.equity, result: None }),
        }
        before = point.equity;
    }
    for month in &mut months {
        month.result = share(month.closing - month.opening, month.opening);
    }
    months
}

/// Year and month; `None` beyond the year 9999.
fn calendar(time: Timestamp) -> Option<(i32, u8)> {
    let date = OffsetDateTime::from_unix_timestamp(time.as_micros().div_euclid(1_000_000)).ok()?;
    Some((date.year(), date.month().into()))
}
