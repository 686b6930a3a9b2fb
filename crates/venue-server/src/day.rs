//! What a contract's market has done: its last day, its candles, its best prices.

use crate::tape::Tape;
use plimsoll_domain::{Candle, Instrument, Price, Quantity, Symbol, Timestamp};
use plimsoll_exchange::Exchange;
use rust_decimal::Decimal;
use std::time::Duration;

/// The best bid and ask.
pub(crate) fn quotes(exchange: &Exchange, symbol: &Symbol) -> Option<(Price, Price)> {
    let quotes = exchange.quotes(symbol)?;
    Some((quotes.bid?.0, quotes.ask?.0))
}

/// When the candle of this length that holds a moment opened.
pub(crate) fn candle_open(time: Timestamp, interval: Duration) -> Timestamp {
    let length = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_micros(time.as_micros().saturating_sub(time.as_micros().rem_euclid(length)))
}

/// What was traded in a candle, in money at its closing price.
pub(crate) fn turnover(candle: &Candle) -> Decimal {
    candle.volume.saturating_mul(candle.close.get())
}

/// A contract over the last day.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) from: Timestamp,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) last: Price,
    pub(crate) last_quantity: Option<Quantity>,
    pub(crate) volume: Decimal,
    pub(crate) turnover: Decimal,
    pub(crate) first_id: i64,
    pub(crate) last_id: i64,
    pub(crate) count: usize,
}

impl Day {
    pub(crate) fn of(exchange: &Exchange, tape: &Tape, instrument: &Instrument) -> Option<Self> {
        let now = exchange.now();
        let from = now.minus(Duration::from_secs(86_400));
        let (minute, until) = (Duration::from_secs(60), now.plus(Duration::from_micros(1)));
        let candles = exchange.candles(&instrument.symbol, minute, from, until);
        let (first, last) = (candles.first()?, candles.last()?);
        let recent = || tape.prints().filter(|print| print.time >= from);
        Some(Self {
            from,
            open: first.open,
            high: candles.iter().map(|candle| candle.high).max()?,
            low: candles.iter().map(|candle| candle.low).min()?,
            last: last.close,
            last_quantity: tape.newest().map(|print| print.quantity),
            volume: candles.iter().fold(Decimal::ZERO, |sum, candle| sum.saturating_add(candle.volume)),
            turnover: candles.iter().fold(Decimal::ZERO, |sum, candle| sum.saturating_add(turnover(candle))),
            first_id: recent().next().map_or(-1, |print| print.id),
            last_id: tape.newest().map_or(-1, |print| print.id),
            count: recent().count(),
        })
    }

    /// Follows the price until it is worked out anew.
    pub(crate) fn follow(&mut self, last: Price) {
        (self.last, self.high, self.low) = (last, self.high.max(last), self.low.min(last));
    }

    pub(crate) fn change(&self) -> Decimal {
        self.last.get() - self.open.get()
    }

    pub(crate) fn change_percent(&self) -> Decimal {
        (self.change() * Decimal::ONE_HUNDRED).checked_div(self.open.get()).unwrap_or_default().round_dp(3)
    }

    /// The mean price, weighted by volume; the last where nothing was traded.
    pub(crate) fn mean(&self) -> Decimal {
        self.turnover.checked_div(self.volume).unwrap_or(self.last.get()).round_dp(8)
    }
}
