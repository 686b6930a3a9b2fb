//! Stretches of time, and the words for intervals.

use plimsoll_domain::Timestamp;
use std::time::Duration;
use time::{Date, Month, OffsetDateTime};

/// From one moment up to another, which is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after it.
    pub to: Timestamp,
}

impl Span {
    /// Whether this moment is in it.
    #[must_use]
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }

    /// Cut at the beginnings of months, and into pieces of at most this length.
    pub(crate) fn pages(self, length: Duration) -> Vec<Self> {
        let length = length.max(Duration::from_micros(1));
        let (mut pages, mut from) = (Vec::new(), self.from);
        while from < self.to {
            let to = from.plus(length).min(month(from).to).min(self.to);
            pages.push(Self { from, to });
            from = to;
        }
        pages
    }
}

/// The month that holds this moment, in UTC. Beyond the year 9999 there is only one.
pub(crate) fn month(time: Timestamp) -> Span {
    let begin = |year: i32, month: Month| {
        let date = Date::from_calendar_date(year, month, 1).ok()?;
        Some(Timestamp::from_millis(date.midnight().assume_utc().unix_timestamp() * 1000))
    };
    let moment = OffsetDateTime::from_unix_timestamp(time.as_micros().div_euclid(1_000_000));
    let found = moment.ok().and_then(|moment| {
        let (year, this) = (moment.year(), moment.month());
        let next_year = if this == Month::December { year + 1 } else { year };
        Some(Span { from: begin(year, this)?, to: begin(next_year, this.next())? })
    });
    found.unwrap_or(Span { from: time, to: Timestamp::from_micros(i64::MAX) })
}

/// Spans that do not touch, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spans(Vec<Span>);

impl Spans {
    pub(crate) fn add(&mut self, span: Span) {
        let mut all = std::mem::take(&mut self.0);
        all.push(span);
        all.sort_unstable();
        for span in all {
            match self.0.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => self.0.push(span),
            }
        }
    }

    /// What of this span is in none of them.
    pub(crate) fn missing(&self, span: Span) -> Vec<Span> {
        let (mut missing, mut from) = (Vec::new(), span.from);
        for known in self.0.iter().filter(|known| known.to > span.from && known.from < span.to) {
            if known.from > from {
                missing.push(Span { from, to: known.from });
            }
            from = from.max(known.to);
        }
        if from < span.to {
            missing.push(Span { from, to: span.to });
        }
        missing
    }

    /// As `from-to,from-to`, in microseconds.
    pub(crate) fn to_text(&self) -> String {
        let text = |span: &Span| format!("{}-{}", span.from.as_micros(), span.to.as_micros());
        self.0.iter().map(text).collect::<Vec<_>>().join(",")
    }

    /// What [`to_text`](Self::to_text) wrote; what cannot be read is not known, and is asked for again.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut spans = Self::default();
        let read = |part: &str| part.parse().ok().map(Timestamp::from_micros);
        for (from, to) in text.split(',').filter_map(|span| span.split_once('-')) {
            if let (Some(from), Some(to)) = (read(from), read(to)) {
                spans.add(Span { from, to });
            }
        }
        spans
    }
}

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// `1m`, `8h`, `1d`: the word for an interval of whole seconds; finer ones are in seconds with a fraction.
#[must_use]
pub fn interval_word(interval: Duration) -> String {
    let seconds = interval.as_secs();
    if interval.subsec_nanos() > 0 || seconds == 0 {
        return format!("{}s", interval.as_secs_f64());
    }
    let unit = UNITS.into_iter().find(|(_, length)| seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, length)| format!("{}{unit}", seconds / length))
}

/// Reads `1m`, `90s`, `8h`, `1d`; `None` for anything else.
#[must_use]
pub fn read_interval(word: &str) -> Option<Duration> {
    let (unit, length) = UNITS.into_iter().find(|(unit, _)| word.ends_with(unit))?;
    let count: u64 = word.strip_suffix(unit)?.parse().ok()?;
    count.checked_mul(length).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::{Span, Spans, interval_word, month, read_interval};
    use plimsoll_domain::Timestamp;
    use proptest::prelude::*;
    use std::time::Duration;

    fn span(from: i64, to: i64) -> Span {
        Span { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to) }
    }

    #[test]
    fn a_month_is_that_of_the_calendar() {
        for (millis, from, to) in [
            (0, "1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z"),
            (1_709_251_199_999, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            (1_735_689_599_000, "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ] {
            let found = month(Timestamp::from_millis(millis));
            assert_eq!((found.from.to_string().as_str(), found.to.to_string().as_str()), (from, to));
        }
    }

    #[test]
    fn words_and_intervals_are_one() {
        for (word, seconds) in [("1m", 60), ("90s", 90), ("4h", 14_400), ("1d", 86_400), ("7d", 604_800)] {
            assert_eq!(read_interval(word), Some(Duration::from_secs(seconds)), "{word}");
            assert_eq!(interval_word(Duration::from_secs(seconds)), word);
        }
        for word in ["", "m", "0m", "-1m", "1x", "1.5h", "one m", "99999999999999999999d"] {
            assert_eq!(read_interval(word), None, "{word}");
        }
    }

    #[test]
    fn pages_end_with_their_month() {
        let day = Duration::from_secs(86_400);
        let from = Timestamp::from_millis(1_706_572_800_000);
        let pages = Span { from, to: from.plus(day * 5) }.pages(day * 3);
        let days: Vec<u64> = pages.iter().map(|page| page.to.since(page.from).as_secs() / 86_400).collect();
        assert_eq!(days, [2, 3]);
    }

    proptest! {
        #[test]
        fn what_is_missing_is_what_no_span_holds(
            spans in proptest::collection::vec((0_i64..100, 1_i64..20), 0..10), from in 0_i64..100, length in 1_i64..50,
        ) {
            let mut all = Spans::default();
            for (from, length) in &spans {
                all.add(span(*from, from + length));
            }
            prop_assert_eq!(&Spans::of_text(&all.to_text()), &all);
            let missing = all.missing(span(from, from + length));
            for moment in (from..from + length).map(Timestamp::from_micros) {
                let is_known = spans.iter().any(|(from, length)| span(*from, from + length).holds(moment));
                prop_assert_eq!(missing.iter().any(|span| span.holds(moment)), !is_known);
            }
        }
    }
}
