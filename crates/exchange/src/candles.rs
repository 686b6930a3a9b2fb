//! Candles built from ticks.

use crate::gate::PriceKey;
use plimsoll_domain::{Candle, Price, Symbol, Timestamp};
use rust_decimal::Decimal;
use std::collections::VecDeque;
use std::time::Duration;

const MINUTE_MICROS: i64 = 60_000_000;
/// Ten weeks of minutes are kept.
const KEPT: usize = 100_800;

#[derive(Debug, Clone)]
struct Bar {
    open_micros: i64,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Decimal,
}

/// The one-minute candles of one price. Minutes without a tick have none.
#[derive(Debug, Clone)]
pub(crate) struct CandleSeries {
    closed: VecDeque<Bar>,
    open: Bar,
    high: PriceKey,
    low: PriceKey,
}

impl CandleSeries {
    pub(crate) fn starting(time: Timestamp, price: Price) -> Self {
        let key = PriceKey::of(price);
        Self { closed: VecDeque::new(), open: Bar::opening(time, price), high: key, low: key }
    }

    #[inline]
    pub(crate) fn tick(&mut self, time: Timestamp, price: Price, key: PriceKey) {
        if time.as_micros().saturating_sub(self.open.open_micros) >= MINUTE_MICROS {
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
        if self.closed.len() == KEPT {
            self.closed.pop_front();
        }
        self.closed.push_back(full);
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
        let micros = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(MINUTE_MICROS);
        let mut candles: Vec<Candle> = Vec::new();
        let first = self.closed.partition_point(|bar| bar.open_micros < from.as_micros());
        for bar in self.closed.range(first..).chain([&self.open]) {
            let open_time = Timestamp::from_micros(bar.open_micros.saturating_sub(bar.open_micros.rem_euclid(micros)));
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

impl Bar {
    fn opening(time: Timestamp, price: Price) -> Self {
        let micros = time.as_micros();
        let open_micros = micros.saturating_sub(micros.rem_euclid(MINUTE_MICROS));
        Self { open_micros, open: price, high: price, low: price, close: price, volume: Decimal::ZERO }
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
