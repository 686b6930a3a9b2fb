//! How one row follows another.

use crate::fault::Fault;
use crate::row::{Kind, Row};
use plimsoll_domain::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// How many rows are looked at to find the interval of a file.
pub(crate) const LOOKED_AT: usize = 256;

/// The rows of a file so far, as far as the next one is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Sequence<R> {
    interval: Option<Duration>,
    last: Option<R>,
}

/// What a row is, next to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It follows them.
    Follows,
    /// It follows them, and there is something to say about how.
    FollowsBut(Fault),
    /// It does not: it says nothing new, or nothing that can be taken.
    IsNot(Fault),
}

impl<R: Row> Sequence<R> {
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        Self { interval, last: None }
    }

    pub(crate) const fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// The latest row that followed.
    pub(crate) const fn last(&self) -> Option<&R> {
        self.last.as_ref()
    }

    /// Takes the next row. One that does not follow is as if it had not been.
    #[inline]
    pub(crate) fn take(&mut self, row: &R) -> Next {
        let Some(last) = self.last.replace(*row) else { return Next::Follows };
        let (time, before) = (row.time(), last.time());
        if time > before {
            return self.step(before, time);
        }
        if time == before && R::REPEATS && *row != last {
            return Next::Follows;
        }
        self.last = Some(last);
        Next::IsNot(match time == before {
            true if *row == last => Fault::Duplicate(time),
            true => Fault::Contradiction(time),
            false => Fault::Unsorted { time, after: before },
        })
    }

    fn step(&self, before: Timestamp, time: Timestamp) -> Next {
        let Some(interval) = self.interval.map(|it| it.as_micros()).filter(|it| *it > 0) else { return Next::Follows };
        let step = time.since(before).as_micros();
        if step == interval {
            return Next::Follows;
        }
        // What is a little late, as funding is by some milliseconds, leaves nothing out.
        let missing = u64::try_from((step + interval / 2) / interval).unwrap_or(u64::MAX).saturating_sub(1);
        if missing > 0 {
            return Next::FollowsBut(Fault::Gap { after: before, time, missing });
        }
        if R::KIND == Kind::Funding || step.is_multiple_of(interval) {
            return Next::Follows;
        }
        Next::FollowsBut(Fault::OffGrid { time, after: before })
    }
}

/// The usual time from one row to the next, by these of its rows; `None` for quotes, which come when they come, and for a
/// single row. Funding is settled some milliseconds after the minute: whole minutes count there.
pub(crate) fn interval(kind: Kind, times: impl IntoIterator<Item = Timestamp>) -> Option<Duration> {
    const MINUTE: u128 = 60_000_000;
    if kind == Kind::Quotes {
        return None;
    }
    let mut times: Vec<Timestamp> = times.into_iter().collect();
    times.sort_unstable();
    let mut counts: HashMap<u128, usize> = HashMap::new();
    for pair in times.windows(2) {
        let [one, next] = pair else { continue };
        let step = next.since(*one).as_micros();
        let step = if kind == Kind::Funding { (step + MINUTE / 2) / MINUTE * MINUTE } else { step };
        if step > 0 {
            *counts.entry(step).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(step, count)| (*count, std::cmp::Reverse(*step)));
    most.and_then(|(step, _)| u64::try_from(step).ok()).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::{Next, Sequence, interval};
    use crate::fault::Fault;
    use crate::row::{FundingRow, Kind, QuoteRow};
    use plimsoll_domain::{Decimal, Price, Rate, Timestamp};
    use std::time::Duration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_interval_is_the_step_that_most_rows_have() {
        let check = |kind, seconds: &[i64], expected: Option<u64>| {
            let times = seconds.iter().map(|second| at(*second));
            assert_eq!(interval(kind, times), expected.map(Duration::from_secs), "{seconds:?}");
        };
        check(Kind::Candles, &[0, 60, 120, 300, 360, 361], Some(60));
        check(Kind::Candles, &[0, 60, 300], Some(60));
        check(Kind::Candles, &[120, 60, 0, 0], Some(60));
        check(Kind::Candles, &[0], None);
        check(Kind::Candles, &[0, 0], None);
        check(Kind::Quotes, &[0, 1, 2], None);
        let jittered = [0, 28_800_017, 57_600_007, 86_399_990].map(Timestamp::from_millis);
        assert_eq!(interval(Kind::Funding, jittered), Some(Duration::from_secs(28_800)));
    }

    fn funding(millis: i64, rate: i64) -> FundingRow {
        FundingRow { time: Timestamp::from_millis(millis), rate: Rate::new(Decimal::new(rate, 4)), mark: None }
    }

    #[test]
    fn funding_may_be_a_little_late_or_more_frequent_and_not_missing() {
        let mut sequence = Sequence::new(Some(Duration::from_secs(8)));
        let mut take = |millis| sequence.take(&funding(millis, 1));
        assert_eq!(take(17), Next::Follows);
        assert_eq!(take(8_003), Next::Follows);
        assert_eq!(take(12_003), Next::Follows);
        let (after, time) = (Timestamp::from_millis(12_003), Timestamp::from_millis(36_000));
        assert_eq!(take(36_000), Next::FollowsBut(Fault::Gap { after, time, missing: 2 }));
    }

    #[test]
    fn what_comes_back_is_told_by_what_it_says() {
        let mut sequence = Sequence::new(None);
        let mut take = |millis, rate| sequence.take(&funding(millis, rate));
        let zero = Timestamp::from_millis(5);
        assert_eq!(take(5, 1), Next::Follows);
        assert_eq!(take(5, 1), Next::IsNot(Fault::Duplicate(zero)));
        assert_eq!(take(5, 2), Next::IsNot(Fault::Contradiction(zero)));
        assert_eq!(take(4, 1), Next::IsNot(Fault::Unsorted { time: Timestamp::from_millis(4), after: zero }));
        assert_eq!(take(5, 1), Next::IsNot(Fault::Duplicate(zero)));
        assert_eq!(take(6, 1), Next::Follows);
    }

    #[test]
    fn several_quotes_may_have_one_time() {
        let price = |number: i64| Price::new(Decimal::from(number)).unwrap();
        let quote = |bid| QuoteRow { time: at(0), bid: price(bid), ask: price(9), bid_size: None, ask_size: None };
        let mut sequence = Sequence::new(None);
        assert_eq!(sequence.take(&quote(7)), Next::Follows);
        assert_eq!(sequence.take(&quote(8)), Next::Follows);
        assert_eq!(sequence.take(&quote(8)), Next::IsNot(Fault::Duplicate(at(0))));
    }
}
