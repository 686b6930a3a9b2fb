//! Longer candles, made of shorter ones.

use crate::float;
use plimsoll_domain::Candle;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A closed candle, as indicators hear it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// When it opened, in microseconds since 1970.
    pub open_time: i64,
    /// Highest price.
    #[serde(with = "float")]
    pub high: f64,
    /// Lowest price.
    #[serde(with = "float")]
    pub low: f64,
    /// Last price.
    #[serde(with = "float")]
    pub close: f64,
    /// What was traded, in base units.
    #[serde(with = "float")]
    pub volume: f64,
}

impl Bar {
    /// A candle as it is.
    #[must_use]
    pub fn of(candle: &Candle) -> Self {
        Self {
            open_time: candle.open_time.as_micros(),
            high: float::of(candle.high.get()),
            low: float::of(candle.low.get()),
            close: float::of(candle.close.get()),
            volume: float::of(candle.volume),
        }
    }

    fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
    }
}

/// Makes candles of one interval out of closed candles of a shorter one.
///
/// They begin at whole intervals since 1970. One is given out when the last candle of its interval has closed, and never
/// before: nothing of it is known ahead of time. Where that last candle is missing, it is given out as it stands, once the
/// first of a later interval has closed; so is one that lacks others. The very first is left out if its beginning was not
/// heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregator {
    base: i64,
    interval: i64,
    open: Option<Bar>,
    last: Option<i64>,
    whole_from: Option<i64>,
}

/// What one closed candle has closed with it: at most the longer one before it, and its own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClosedBars {
    /// An earlier one whose last candle never came.
    pub late: Option<Bar>,
    /// The one that this candle was the last of.
    pub now: Option<Bar>,
}

impl ClosedBars {
    /// Those that closed, the earlier first.
    pub fn iter(&self) -> impl Iterator<Item = Bar> {
        self.late.into_iter().chain(self.now)
    }
}

impl Aggregator {
    /// `None` unless `interval` is a whole multiple of `base`, and `base` at least a microsecond.
    #[must_use]
    pub fn new(base: Duration, interval: Duration) -> Option<Self> {
        let (base, interval) = (micros(base)?, micros(interval)?);
        (base > 0 && interval >= base && interval % base == 0).then_some(Self {
            base,
            interval,
            open: None,
            last: None,
            whole_from: None,
        })
    }

    /// Hears the next closed candle of the shorter interval. One that is not after the last is left out.
    pub fn update(&mut self, bar: &Bar) -> ClosedBars {
        if self.last.is_some_and(|last| bar.open_time <= last) {
            return ClosedBars::default();
        }
        let begin = bar.open_time - bar.open_time.rem_euclid(self.interval);
        let first = if bar.open_time == begin { begin } else { begin.saturating_add(self.interval) };
        let whole_from = *self.whole_from.get_or_insert(first);
        self.last = Some(bar.open_time);
        let late = self.open.take_if(|open| open.open_time != begin);
        match &mut self.open {
            Some(open) => open.join(bar),
            None => self.open = (begin >= whole_from).then_some(Bar { open_time: begin, ..*bar }),
        }
        let is_last = bar.open_time.saturating_add(self.base) >= begin.saturating_add(self.interval);
        let now = if is_last { self.open.take() } else { None };
        ClosedBars { late, now }
    }
}

fn micros(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000_000;

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    /// The bar of this minute; its figures say which it is.
    fn bar(minute: i64) -> Bar {
        let price = f64::from(i32::try_from(minute).unwrap());
        Bar { open_time: minute * MINUTE, high: price + 0.5, low: price - 0.5, close: price, volume: 1.0 }
    }

    /// What each minute closed: `begin: low..high close volume`, minutes apart.
    fn closed(interval: u64, heard: &[i64]) -> Vec<String> {
        let mut aggregator = Aggregator::new(minutes(1), minutes(interval)).unwrap();
        let mut told = Vec::new();
        for minute in heard {
            for it in aggregator.update(&bar(*minute)).iter() {
                let begin = it.open_time / MINUTE;
                told.push(format!("{minute}>{begin}: {}..{} {} {}", it.low, it.high, it.close, it.volume));
            }
        }
        told
    }

    #[test]
    fn a_longer_candle_closes_with_its_last_one_and_not_before() {
        assert_eq!(closed(5, &[0, 1, 2, 3]), [""; 0]);
        assert_eq!(closed(5, &[0, 1, 2, 3, 4]), ["4>0: -0.5..4.5 4 5"]);
        assert_eq!(closed(1, &[7, 8]), ["7>7: 6.5..7.5 7 1", "8>8: 7.5..8.5 8 1"]);
    }

    #[test]
    fn they_begin_at_whole_intervals_wherever_hearing_begins() {
        assert_eq!(closed(5, &[3, 4, 5, 6, 7, 8, 9]), ["9>5: 4.5..9.5 9 5"]);
    }

    #[test]
    fn a_gap_closes_what_it_cuts_off_late_and_takes_nothing_from_what_follows() {
        // The end of one is missing, the beginning of the next, and one whole.
        assert_eq!(closed(5, &[0, 1, 6, 7, 8, 9]), ["6>0: -0.5..1.5 1 2", "9>5: 5.5..9.5 9 4"]);
        assert_eq!(closed(5, &[0, 1, 2, 3, 4, 6, 9]), ["4>0: -0.5..4.5 4 5", "9>5: 5.5..9.5 9 2"]);
        assert_eq!(closed(5, &[0, 1, 14]), ["14>0: -0.5..1.5 1 2", "14>10: 13.5..14.5 14 1"]);
    }

    #[test]
    fn what_comes_twice_or_late_is_left_out() {
        assert_eq!(closed(5, &[0, 1, 1, 2, 0, 3, 4, 4]), ["4>0: -0.5..4.5 4 5"]);
    }

    #[test]
    fn only_whole_multiples_can_be_made() {
        for (base, interval, can) in [(1, 5, true), (5, 5, true), (5, 1, false), (2, 5, false), (0, 5, false)] {
            assert_eq!(Aggregator::new(minutes(base), minutes(interval)).is_some(), can, "{base} {interval}");
        }
    }

    proptest! {
        /// Whatever is missing, what has closed by any moment is made of what was heard by then, and all of it was over.
        #[test]
        fn nothing_is_known_ahead_of_time(heard in prop::collection::btree_set(0_i64..200, 1..120), interval in 1_u64..30) {
            let heard: Vec<i64> = heard.into_iter().collect();
            let whole = closed(interval, &heard);
            for cut in 0..heard.len() {
                let told = closed(interval, &heard[..cut]);
                prop_assert_eq!(&whole[..told.len()], &told[..]);
            }
            let mut aggregator = Aggregator::new(minutes(1), minutes(interval)).unwrap();
            for minute in heard {
                for it in aggregator.update(&bar(minute)).iter() {
                    let end = it.open_time / MINUTE + i64::try_from(interval).unwrap();
                    prop_assert!(end <= minute + 1, "one of {} is out at {minute}", it.open_time / MINUTE);
                }
            }
        }
    }
}
