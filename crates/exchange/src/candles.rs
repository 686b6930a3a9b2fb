//! Candles built from ticks.

use crate::gate::PriceKey;
use plimsoll_domain::{Candle, Price, Symbol, Timestamp};
use rust_decimal::Decimal;
use std::collections::VecDeque;
use std::time::Duration;

const MINUTE_MICROS: i64 = 60_000_000;
/// The shortest candles.
const SHORT_MICROS: i64 = 10_000_000;
/// Ten weeks of minutes are kept.
const KEPT: usize = 100_800;
/// So many of the shortest are: a day, where each had a tick.
const SHORT_KEPT: usize = 8_640;

#[derive(Debug, Clone)]
struct Bar {
    open_micros: i64,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Decimal,
}

/// The candles of one price, of ten seconds and of a minute. Where there was no tick, there is none.
#[derive(Debug, Clone)]
pub(crate) struct CandleSeries {
    /// Minutes that are over.
    closed: VecDeque<Bar>,
    /// What is over of the last minute.
    minute: Option<Bar>,
    /// Ten seconds each, and over.
    short: VecDeque<Bar>,
    /// The ten seconds of now.
    open: Bar,
    high: PriceKey,
    low: PriceKey,
}

impl CandleSeries {
    pub(crate) fn starting(time: Timestamp, price: Price) -> Self {
        let key = PriceKey::of(price);
        let (closed, short) = (VecDeque::new(), VecDeque::new());
        Self { closed, minute: None, short, open: Bar::opening(time, price), high: key, low: key }
    }

    #[inline]
    pub(crate) fn tick(&mut self, time: Timestamp, price: Price, key: PriceKey) {
        if time.as_micros().saturating_sub(self.open.open_micros) >= SHORT_MICROS {
            return self.roll(time, price, key);
        }
        if key >= self.high && price > self.open.high {
            (self.high, self.open.high) = (key, price);
        }
        if key <= self.low && price < self.open.low {
            (self.low, self.open.low) = (key, price);
        }
        self.open.close = price;
    }

    pub(crate) fn traded(&mut self, quantity: Decimal) {
        self.open.volume = self.open.volume.saturating_add(quantity);
    }

    #[cold]
    fn roll(&mut self, time: Timestamp, price: Price, key: PriceKey) {
        let full = std::mem::replace(&mut self.open, Bar::opening(time, price));
        match &mut self.minute {
            Some(minute) if minute.open_micros == start_of(full.open_micros, MINUTE_MICROS) => minute.append(&full),
            _ => {
                let next = Bar { open_micros: start_of(full.open_micros, MINUTE_MICROS), ..full.clone() };
                if let Some(over) = self.minute.replace(next) {
                    keep(&mut self.closed, over, KEPT);
                }
            }
        }
        keep(&mut self.short, full, SHORT_KEPT);
        (self.high, self.low) = (key, key);
    }

    /// Candles of this interval that opened at or after `from` and before `to`, oldest first; the last may be open.
    pub(crate) fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Vec<Candle> {
        let micros = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
        if micros == 0 || micros % SHORT_MICROS != 0 {
            return Vec::new();
        }
        let (over, minute) = match micros % MINUTE_MICROS {
            0 => (&self.closed, self.minute.as_ref()),
            _ => (&self.short, None),
        };
        let mut candles: Vec<Candle> = Vec::new();
        let first = over.partition_point(|bar| bar.open_micros < from.as_micros());
        for bar in over.range(first..).chain(minute).chain([&self.open]) {
            let open_time = Timestamp::from_micros(start_of(bar.open_micros, micros));
            if open_time < from || open_time >= to {
                continue;
            }
            match candles.last_mut() {
                Some(candle) if candle.open_time == open_time => bar.join(candle),
                _ => candles.push(bar.candle(symbol, open_time, micros, now)),
            }
        }
        candles
    }
}

/// When the candle of this length began that holds this moment.
fn start_of(micros: i64, length: i64) -> i64 {
    micros.saturating_sub(micros.rem_euclid(length))
}

/// The newest of them.
fn keep(bars: &mut VecDeque<Bar>, bar: Bar, most: usize) {
    if bars.len() == most {
        bars.pop_front();
    }
    bars.push_back(bar);
}

impl Bar {
    fn opening(time: Timestamp, price: Price) -> Self {
        let open_micros = start_of(time.as_micros(), SHORT_MICROS);
        Self { open_micros, open: price, high: price, low: price, close: price, volume: Decimal::ZERO }
    }

    /// What came after it, and belongs to it.
    fn append(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = self.volume.saturating_add(later.volume);
    }

    fn join(&self, candle: &mut Candle) {
        candle.high = candle.high.max(self.high);
        candle.low = candle.low.min(self.low);
        candle.close = self.close;
        candle.volume = candle.volume.saturating_add(self.volume);
    }

    fn candle(&self, symbol: &Symbol, open_time: Timestamp, micros: i64, now: Timestamp) -> Candle {
        Candle {
            symbol: symbol.clone(),
            open_time,
            interval: Duration::from_micros(micros.unsigned_abs()),
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: self.volume,
            closed: now.as_micros() >= open_time.as_micros().saturating_add(micros),
        }
    }
}
