//! Several streams as one, in order of time.

use crate::row::{CandleRow, FundingRow, MarkRow, QuoteRow};
use plimsoll_domain::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;

/// Something that has a time.
pub trait Timed {
    /// When it was.
    fn time(&self) -> Timestamp;
}

/// A candle counts from when it opens; whoever merges by another time gives its items one.
impl Timed for CandleRow {
    fn time(&self) -> Timestamp {
        self.time
    }
}

impl Timed for MarkRow {
    fn time(&self) -> Timestamp {
        self.time
    }
}

impl Timed for FundingRow {
    fn time(&self) -> Timestamp {
        self.time
    }
}

impl Timed for QuoteRow {
    fn time(&self) -> Timestamp {
        self.time
    }
}

/// A row of any kind, for streams that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyRow {
    /// A candle.
    Candle(CandleRow),
    /// A candle of the mark price.
    Mark(MarkRow),
    /// Settled funding.
    Funding(FundingRow),
    /// A quote.
    Quote(QuoteRow),
}

impl Timed for AnyRow {
    fn time(&self) -> Timestamp {
        match self {
            Self::Candle(row) => row.time,
            Self::Mark(row) => row.time,
            Self::Funding(row) => row.time,
            Self::Quote(row) => row.time,
        }
    }
}

/// Several streams, each in order of time, as one. What has one time comes in the order in which the streams were added, and
/// of one stream in its own. One item of each stream is held, and no more.
///
/// ```
/// use plimsoll_history::{AnyRow, CandleRow, FundingRow, Merge, Rows};
///
/// let candles = "time,open,high,low,close,volume\n0,1,1,1,1,1\n60,1,1,1,1,1\n";
/// let funding = "time,rate\n60,0.0001\n";
/// let mut merged = Merge::new();
/// merged.add(Rows::<FundingRow>::from_csv("funding", funding.as_bytes())?.map(|row| row.map(AnyRow::Funding)));
/// merged.add(Rows::<CandleRow>::from_csv("candles", candles.as_bytes())?.map(|row| row.map(AnyRow::Candle)));
///
/// let order: Vec<(usize, i64)> =
///     merged.map(|(stream, row)| row.map(|row| (stream, plimsoll_history::Timed::time(&row).as_millis()))).collect::<Result<_, _>>()?;
/// assert_eq!(order, [(1, 0), (0, 60_000), (1, 60_000)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An error comes out as soon as its stream is looked at, so before items of other streams that are later than the last of
/// its own. A stream that is not in order is not put in order: [`Ordered`](crate::Ordered) refuses such a one.
pub struct Merge<'a, T, E> {
    streams: Vec<Stream<'a, T, E>>,
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Streams whose next item is not known yet, or is an error.
    unknown: Vec<usize>,
}

type Stream<'a, T, E> = Peekable<Box<dyn Iterator<Item = Result<T, E>> + Send + 'a>>;

impl<T, E> std::fmt::Debug for Merge<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge").field("streams", &self.streams.len()).field("next", &self.next).finish_non_exhaustive()
    }
}

impl<T, E> Default for Merge<'_, T, E> {
    fn default() -> Self {
        Self { streams: Vec::new(), next: BinaryHeap::new(), unknown: Vec::new() }
    }
}

impl<'a, T: Timed, E> Merge<'a, T, E> {
    /// No stream yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stream; its number, which its items come out with.
    pub fn add(&mut self, stream: impl Iterator<Item = Result<T, E>> + Send + 'a) -> usize {
        let number = self.streams.len();
        let stream: Box<dyn Iterator<Item = Result<T, E>> + Send + 'a> = Box::new(stream);
        self.streams.push(stream.peekable());
        self.unknown.push(number);
        number
    }
}

impl<T: Timed, E> Iterator for Merge<'_, T, E> {
    type Item = (usize, Result<T, E>);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(number) = self.unknown.pop() {
            let Some(stream) = self.streams.get_mut(number) else { continue };
            match stream.peek() {
                None => {}
                Some(Ok(item)) => self.next.push(Reverse((item.time(), number))),
                Some(Err(_)) => {
                    self.unknown.push(number);
                    return stream.next().map(|item| (number, item));
                }
            }
        }
        let Reverse((_, number)) = self.next.pop()?;
        self.unknown.push(number);
        self.streams.get_mut(number)?.next().map(|item| (number, item))
    }
}

#[cfg(test)]
mod tests {
    use super::{Merge, Timed};
    use plimsoll_domain::Timestamp;
    use proptest::prelude::*;

    #[derive(Debug, Clone, PartialEq)]
    struct At(i64, usize);

    impl Timed for At {
        fn time(&self) -> Timestamp {
            Timestamp::from_micros(self.0)
        }
    }

    #[test]
    fn an_error_comes_out_and_its_stream_goes_on() {
        let mut merged = Merge::new();
        merged.add([Ok(At(1, 0)), Err("bad"), Ok(At(4, 2))].into_iter());
        merged.add([Ok(At(2, 0)), Ok(At(3, 1))].into_iter());
        let shown: Vec<_> = merged.map(|(stream, item)| (stream, item.map(|it| it.0))).collect();
        assert_eq!(shown, [(0, Ok(1)), (0, Err("bad")), (1, Ok(2)), (1, Ok(3)), (0, Ok(4))]);
    }

    #[test]
    fn nothing_merges_to_nothing() {
        assert_eq!(Merge::<At, ()>::new().next(), None);
    }

    proptest! {
        #[test]
        fn the_merged_order_is_that_of_a_stable_sort(streams in proptest::collection::vec(proptest::collection::vec(0_i64..20, 0..30), 0..6)) {
            let mut merged = Merge::<At, ()>::new();
            let mut expected = Vec::new();
            for mut times in streams {
                times.sort_unstable();
                let items: Vec<At> = times.into_iter().enumerate().map(|(place, time)| At(time, place)).collect();
                let number = merged.add(items.clone().into_iter().map(Ok));
                expected.extend(items.into_iter().map(|item| (number, item)));
            }
            expected.sort_by_key(|(_, item)| item.0);
            let order: Vec<_> = merged.map(|(number, item)| (number, item.unwrap())).collect();
            prop_assert_eq!(order, expected);
        }
    }
}
