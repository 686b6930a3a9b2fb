//! Candles that were asked for: a screen is drawn every second, a candle closes once a minute at most, and a venue's budget is
//! for orders.

use super::CandleInterval;
use crate::account::ServedAccount;
use crate::failure::AskFailure;
use plimsoll_domain::{AccountId, Candle, Symbol, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;

/// One that has just closed is asked for again after so long, while the venue does not have it.
pub const RETRY: Duration = Duration::from_secs(10);
/// Nobody who draws a screen waits longer for them.
const WITHIN: Duration = Duration::from_secs(5);
/// So often is the venue of an account asked in a minute, whoever asks us, and for however many contracts.
const ASKED_A_MINUTE: usize = 30;
const MINUTE: Duration = Duration::from_secs(60);
/// So many series are kept.
const MOST_SERIES: usize = 64;

type Key = (AccountId, Symbol, CandleInterval);

/// The candles that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct KnownCandles(std::sync::Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    series: HashMap<Key, Entry>,
    asked: HashMap<AccountId, VecDeque<Timestamp>>,
}

#[derive(Debug)]
struct Entry {
    series: Arc<Mutex<Series>>,
    wanted_at: Timestamp,
}

/// What is known of one contract, oldest first.
#[derive(Debug, Default)]
struct Series {
    candles: Vec<Candle>,
    /// When the venue last told, and how many were asked for at the most.
    told: Option<(Timestamp, u32)>,
    /// When it was last asked.
    asked_at: Option<Timestamp>,
}

/// What is answered.
pub(super) struct Told {
    pub(super) candles: Vec<Candle>,
    pub(super) known_at: Timestamp,
    pub(super) trouble: Option<String>,
}

impl KnownCandles {
    /// The newest, asked for if there can be newer ones than are known.
    pub(super) async fn newest(
        &self,
        account: &ServedAccount,
        symbol: &Symbol,
        interval: CandleInterval,
        limit: u32,
    ) -> Result<Told, AskFailure> {
        let (clock, length) = (&account.ports.clock, interval.duration());
        let key = (account.name().clone(), symbol.clone(), interval);
        let series = self.series(key, clock.now());
        let mut series = series.lock().await;
        let now = clock.now();
        let mut trouble = None;
        if let Some(from) = series.wanted(length, limit, now) {
            if !self.may_ask(account.name(), now) {
                trouble = Some(format!("the venue is asked for candles {ASKED_A_MINUTE} times a minute at the most"));
            } else {
                series.asked_at = Some(now);
                let until = begin_of(now, length);
                let told = tokio::select! {
                    biased;
                    told = account.ports.feed.candles(symbol, length, from, until) => told.map_err(|error| error.to_string()),
                    () = clock.sleep(WITHIN) => Err(format!("the venue has not answered within {} s", WITHIN.as_secs())),
                };
                match told {
                    Ok(candles) => series.take(candles, from, limit, now),
                    Err(why) => trouble = Some(why),
                }
            }
        }
        match series.told {
            Some((known_at, _)) => Ok(Told { candles: series.newest(limit), known_at, trouble }),
            None => Err(AskFailure::Venue(trouble.unwrap_or_else(|| "the venue was asked a moment ago".to_owned()))),
        }
    }

    fn series(&self, key: Key, now: Timestamp) -> Arc<Mutex<Series>> {
        let mut kept = self.kept();
        if kept.series.len() >= MOST_SERIES && !kept.series.contains_key(&key) {
            let oldest = kept.series.iter().min_by_key(|(_, entry)| entry.wanted_at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| kept.series.remove(&oldest));
        }
        let entry = kept.series.entry(key).or_insert_with(|| Entry { series: Arc::default(), wanted_at: now });
        entry.wanted_at = now;
        Arc::clone(&entry.series)
    }

    /// Whether the venue may be asked once more; if so, that is counted.
    fn may_ask(&self, account: &AccountId, now: Timestamp) -> bool {
        let mut kept = self.kept();
        let asked = kept.asked.entry(account.clone()).or_default();
        while asked.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            asked.pop_front();
        }
        let may = asked.len() < ASKED_A_MINUTE;
        if may {
            asked.push_back(now);
        }
        may
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Series {
    /// From when on the venue is to be asked for what opened; `None` while it can have nothing that is not known.
    fn wanted(&self, length: Duration, limit: u32, now: Timestamp) -> Option<Timestamp> {
        let until = begin_of(now, length);
        let all = until.minus(length * limit);
        let patience_is_over = self.asked_at.is_none_or(|at| now.since(at) >= RETRY);
        let from = match self.told {
            Some((_, depth)) if depth >= limit => match self.candles.last() {
                Some(last) => last.open_time.plus(length).max(all),
                None => all,
            },
            // More is wanted than was asked for; the venue owes no patience for that, unless it has just failed.
            Some((at, _)) => return (self.asked_at == Some(at) || patience_is_over).then_some(all),
            None => all,
        };
        (from < until && patience_is_over).then_some(from)
    }

    /// What the venue tells of all that opened since `from`.
    fn take(&mut self, new: Vec<Candle>, from: Timestamp, limit: u32, now: Timestamp) {
        let depth = self.told.map_or(limit, |(_, depth)| depth.max(limit));
        self.candles.retain(|it| it.open_time < from);
        self.candles.extend(new.into_iter().filter(|it| it.closed && it.open_time >= from));
        let more = self.candles.len().saturating_sub(usize::try_from(depth).unwrap_or(usize::MAX));
        self.candles.drain(..more);
        self.told = Some((now, depth));
    }

    fn newest(&self, limit: u32) -> Vec<Candle> {
        let more = self.candles.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        self.candles.get(more..).unwrap_or_default().to_vec()
    }
}

/// When the interval begins that this time is in; intervals begin at whole ones since 1970.
fn begin_of(time: Timestamp, length: Duration) -> Timestamp {
    let length = i64::try_from(length.as_micros()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_micros(time.as_micros().saturating_sub(time.as_micros().rem_euclid(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = MINUTE;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_767_600_000_000 + second * 1000)
    }

    fn candle(second: i64, closed: bool) -> Candle {
        let price = "50000".parse().unwrap();
        Candle {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            open_time: at(second),
            interval: LENGTH,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: "1".parse().unwrap(),
            closed,
        }
    }

    #[test]
    fn the_venue_is_asked_once_for_each_candle_that_has_closed() {
        let mut series = Series::default();
        assert_eq!(series.wanted(LENGTH, 3, at(200)), Some(at(0)), "three that have closed by 180");
        series.asked_at = Some(at(200));
        series.take(vec![candle(0, true), candle(60, true), candle(120, true)], at(0), 3, at(200));
        assert_eq!(series.wanted(LENGTH, 3, at(239)), None, "none has closed since");
        assert_eq!(series.wanted(LENGTH, 2, at(239)), None, "fewer are known as well");
        assert_eq!(series.wanted(LENGTH, 3, at(240)), Some(at(180)));
        series.asked_at = Some(at(240));
        assert_eq!(series.wanted(LENGTH, 3, at(245)), None, "it may not have it yet");
        assert_eq!(series.wanted(LENGTH, 3, at(250)), Some(at(180)));
        series.asked_at = Some(at(250));
        series.take(vec![candle(180, true), candle(240, false)], at(180), 3, at(250));
        let opened: Vec<Timestamp> = series.newest(9).iter().map(|it| it.open_time).collect();
        assert_eq!(opened, [at(60), at(120), at(180)], "the oldest is dropped, and what has not closed is none");
        assert_eq!(series.newest(1).len(), 1);
    }

    #[test]
    fn more_than_was_asked_for_is_asked_for_at_once_and_not_again_at_once_where_that_fails() {
        let mut series = Series { asked_at: Some(at(200)), ..Series::default() };
        series.take(vec![candle(120, true)], at(120), 1, at(200));
        assert_eq!(series.wanted(LENGTH, 3, at(201)), Some(at(0)));
        series.asked_at = Some(at(201));
        assert_eq!(series.wanted(LENGTH, 3, at(202)), None);
        assert_eq!(series.wanted(LENGTH, 3, at(211)), Some(at(0)));
    }

    #[test]
    fn a_venue_that_has_none_is_asked_again_after_a_while() {
        let mut series = Series { asked_at: Some(at(200)), ..Series::default() };
        series.take(Vec::new(), at(0), 3, at(200));
        assert_eq!((series.wanted(LENGTH, 3, at(209)), series.wanted(LENGTH, 3, at(210))), (None, Some(at(0))));
    }

    #[test]
    fn the_venue_of_an_account_is_asked_thirty_times_a_minute() {
        let (known, main) = (KnownCandles::default(), AccountId::new("main"));
        assert_eq!((0..40).filter(|_| known.may_ask(&main, at(0))).count(), ASKED_A_MINUTE);
        assert!(known.may_ask(&AccountId::new("second"), at(0)), "others have their own");
        assert_eq!((known.may_ask(&main, at(59)), known.may_ask(&main, at(60))), (false, true));
    }

    #[test]
    fn so_many_series_are_kept_and_the_one_that_was_wanted_longest_ago_goes() {
        let known = KnownCandles::default();
        let key = |number: usize| {
            let symbol = format!("C{number}/USDT:USDT").parse().unwrap();
            (AccountId::new("main"), symbol, CandleInterval::Hour)
        };
        let moment = |number: usize| at(i64::try_from(number).unwrap());
        let first = known.series(key(0), at(0));
        for number in 1..MOST_SERIES {
            known.series(key(number), moment(number));
        }
        assert!(Arc::ptr_eq(&first, &known.series(key(0), moment(MOST_SERIES))), "it is kept, and wanted again");
        known.series(key(MOST_SERIES), moment(MOST_SERIES + 1));
        let kept = known.kept();
        assert_eq!((kept.series.len(), kept.series.contains_key(&key(1))), (MOST_SERIES, false));
    }
}
