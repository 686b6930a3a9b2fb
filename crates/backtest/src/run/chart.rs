//! Prices for a chart: few candles, however long the history.

use crate::outcome::ChartCandle;
use plimsoll_domain::{Candle, Price, Symbol};

/// So many candles at most: with more, each two become one.
const MOST: usize = 1000;

/// The candles of one contract.
#[derive(Debug)]
pub(crate) struct Chart {
    symbol: Symbol,
    candles: Vec<ChartCandle>,
    /// So many candles of the history are one of the chart's.
    each: usize,
    /// So many are in the last.
    in_last: usize,
}

impl Chart {
    pub(crate) const fn new(symbol: Symbol) -> Self {
        Self { symbol, candles: Vec::new(), each: 1, in_last: 0 }
    }

    /// Takes the next candle; `liquidation` is asked for once for each candle of the chart, at its first.
    #[inline]
    pub(crate) fn candle(&mut self, candle: &Candle, liquidation: impl FnOnce() -> Option<Price>) {
        if self.in_last < self.each
            && let Some(last) = self.candles.last_mut()
        {
            last.high = last.high.max(candle.high);
            last.low = last.low.min(candle.low);
            last.close = candle.close;
            self.in_last += 1;
            return;
        }
        self.begin(candle, liquidation());
    }

    #[cold]
    fn begin(&mut self, candle: &Candle, liquidation: Option<Price>) {
        if self.candles.len() == MOST {
            self.candles = self.candles.chunks(2).filter_map(joined).collect();
            self.each *= 2;
        }
        let Candle { open_time, open, high, low, close, .. } = *candle;
        self.candles.push(ChartCandle { symbol: self.symbol.clone(), open_time, open, high, low, close, liquidation });
        self.in_last = 1;
    }

    pub(crate) fn into_candles(self) -> Vec<ChartCandle> {
        self.candles
    }
}

fn joined(pair: &[ChartCandle]) -> Option<ChartCandle> {
    let first = pair.first()?.clone();
    let Some(second) = pair.get(1) else { return Some(first) };
    Some(ChartCandle {
        high: first.high.max(second.high),
        low: first.low.min(second.low),
        close: second.close,
        liquidation: second.liquidation.or(first.liquidation),
        ..first
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Timestamp;
    use std::time::Duration;

    #[test]
    fn a_long_history_is_few_candles_and_keeps_its_extremes() {
        let symbol: Symbol = "BTC/USDT:USDT".parse().unwrap();
        let mut chart = Chart::new(symbol.clone());
        for minute in 0..5000_i64 {
            let price: Price = if minute == 3333 { "900" } else { "100" }.parse().unwrap();
            let candle = Candle {
                symbol: symbol.clone(),
                open_time: Timestamp::from_millis(60_000 * minute),
                interval: Duration::from_secs(60),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 1.into(),
                closed: true,
            };
            chart.candle(&candle, || None);
        }
        let candles = chart.into_candles();
        assert_eq!(candles.len(), 625);
        assert_eq!(candles.iter().map(|candle| candle.high).max(), Some("900".parse().unwrap()));
        let times: Vec<i64> = candles.iter().map(|candle| candle.open_time.as_millis() / 60_000).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 8), "{times:?}");
    }
}
