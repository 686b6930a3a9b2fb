//! A venue's prices and candles, by calls that take their time and may go wrong.

use crate::weather::Sky;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, CandleBuilder, FundingRate, MarkPrice, SettledFunding, Symbol, Timestamp};
use plimsoll_exchange::PaperVenue;
use plimsoll_ports::{FundingRates, MarketFeed, MarketStream, QueryError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// So many candles of a contract are kept for whoever asks.
const KEPT: usize = 20_000;

/// Candles of a history that have closed, by contract.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClosedCandles(Arc<Mutex<BTreeMap<Symbol, VecDeque<Candle>>>>);

impl ClosedCandles {
    pub(crate) fn add(&self, candle: Candle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = all.entry(candle.symbol.clone()).or_default();
        if of_it.len() == KEPT {
            of_it.pop_front();
        }
        of_it.push_back(candle);
    }

    /// Those of this interval that opened in this time, made of shorter ones; `None` if the contract's candles are not of a history.
    fn of(&self, symbol: &Symbol, interval: Duration, from: Timestamp, to: Timestamp) -> Option<Vec<Candle>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = all.get(symbol)?;
        let mut builder = CandleBuilder::new(interval);
        let first = of_it.partition_point(|candle| candle.open_time < from);
        let mut candles = Vec::new();
        for candle in of_it.range(first..) {
            if candle.interval == interval {
                candles.push(candle.clone());
            } else {
                candles.extend(builder.push(candle));
            }
        }
        candles.retain(|candle| candle.open_time < to);
        Some(candles)
    }
}

/// What is public of a venue.
pub(crate) struct SimulatedFeed {
    venue: PaperVenue,
    candles: ClosedCandles,
    sky: Arc<Sky>,
}

impl SimulatedFeed {
    pub(crate) const fn new(venue: PaperVenue, candles: ClosedCandles, sky: Arc<Sky>) -> Self {
        Self { venue, candles, sky }
    }
}

#[async_trait]
impl MarketFeed for SimulatedFeed {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        self.sky.call(self.venue.mark_price(symbol)).await
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        self.sky.call(self.venue.best_quotes(symbol)).await
    }

    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        let of_history = self.candles.of(symbol, interval, from, to);
        self.sky
            .call(async {
                match of_history {
                    Some(candles) => Ok(candles),
                    None => self.venue.candles(symbol, interval, from, to).await,
                }
            })
            .await
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        self.sky.call(self.venue.subscribe(symbols)).await
    }
}

#[async_trait]
impl FundingRates for SimulatedFeed {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        self.sky.call(self.venue.current(symbol)).await
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        self.sky.call(FundingRates::history(&self.venue, symbol, from, to)).await
    }
}
