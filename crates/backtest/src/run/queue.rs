//! The prices of several markets in one order of time.

use super::history::Candles;
use plimsoll_domain::{Candle, Price, Timestamp};
use plimsoll_exchange::prices::candle_ticks;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A price, or the close of a candle.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) time: Timestamp,
    pub(crate) market: usize,
    pub(crate) last: Price,
    pub(crate) mark: Price,
    /// The candle that closes, if this is its close and no price.
    pub(crate) closing: Option<Box<Candle>>,
    number: u64,
}

impl Due {
    /// A close comes before prices of its time: it belongs to what was before. The rest comes as it was given.
    fn key(&self) -> (Timestamp, bool, u64) {
        (self.time, self.closing.is_none(), self.number)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BinaryHeap<Reverse<Due>>,
    given: u64,
}

impl Queue {
    pub(crate) fn add(&mut self, market: usize, candles: &Candles) {
        let Candles { last, mark } = candles;
        let lasts = candle_ticks(last);
        let marks = mark.as_ref().map_or(lasts, candle_ticks);
        for ((time, last), (_, mark)) in lasts.into_iter().zip(marks) {
            self.push(Due { time, market, last, mark, closing: None, number: 0 });
        }
        let (time, closing) = (last.open_time.plus(last.interval), Some(Box::new(last.clone())));
        let mark = mark.as_ref().map_or(last.close, |mark| mark.close);
        self.push(Due { time, market, last: last.close, mark, closing, number: 0 });
    }

    fn push(&mut self, due: Due) {
        self.given += 1;
        self.waiting.push(Reverse(Due { number: self.given, ..due }));
    }

    /// When the earliest that waits is due, and whether it is a close.
    pub(crate) fn first(&self) -> Option<(Timestamp, bool)> {
        self.waiting.peek().map(|Reverse(first)| (first.time, first.closing.is_some()))
    }

    /// The earliest that waits.
    pub(crate) fn pop(&mut self) -> Option<Due> {
        self.waiting.pop().map(|Reverse(due)| due)
    }

    /// All that is due at the earliest moment that waits, if that is before `time`, or closes at it: prices, or closes.
    pub(crate) fn take(&mut self, time: Timestamp, due: &mut Vec<Due>) {
        let Some((moment, closes)) = self.first() else { return };
        if moment < time || moment == time && closes {
            while self.first() == Some((moment, closes)) {
                due.extend(self.pop());
            }
        }
    }
}
