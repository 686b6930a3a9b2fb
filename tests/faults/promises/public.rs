//! What prices and funding rates promise.

use super::Promises;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, FundingRate, MarkPrice, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{FundingRates, MarketFeed, MarketStream, QueryError};
use std::sync::Arc;
use std::time::Duration;

/// A feed of which every answer is judged.
pub(super) struct JudgedFeed {
    feed: Arc<dyn MarketFeed>,
    promises: Promises,
}

impl JudgedFeed {
    pub(super) fn new(feed: Arc<dyn MarketFeed>, promises: Promises) -> Self {
        Self { feed, promises }
    }
}

#[async_trait]
impl MarketFeed for JudgedFeed {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        let mark = self.feed.mark_price(symbol).await?;
        self.promises.hold("the mark of what was asked", mark.symbol == *symbol, || format!("{mark:?}"));
        Ok(mark)
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        let quotes = self.feed.best_quotes(symbol).await?;
        let is_of_it = quotes.symbol == *symbol;
        self.promises.hold("the quotes of what was asked", is_of_it, || format!("{quotes:?}"));
        Ok(quotes)
    }

    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        self.feed.candles(symbol, interval, from, to).await
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        self.feed.subscribe(symbols).await
    }
}

/// Funding rates of which every answer is judged.
pub(super) struct JudgedRates {
    rates: Arc<dyn FundingRates>,
    promises: Promises,
}

impl JudgedRates {
    pub(super) fn new(rates: Arc<dyn FundingRates>, promises: Promises) -> Self {
        Self { rates, promises }
    }
}

#[async_trait]
impl FundingRates for JudgedRates {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        let rate = self.rates.current(symbol).await?;
        let is_of_it = rate.symbol == *symbol && rate.interval_hours.is_none_or(|hours| hours > 0);
        self.promises.hold("the rate of what was asked", is_of_it, || format!("{rate:?}"));
        Ok(rate)
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        let settled = self.rates.history(symbol, from, to).await?;
        let is_asked = settled.iter().all(|it| it.symbol == *symbol && it.time >= from && it.time < to);
        let is_sorted = settled.is_sorted_by(|one, next| one.time < next.time);
        let promise = "settled rates of the time that was asked, oldest first, each once";
        self.promises.hold(promise, is_asked && is_sorted, || format!("from {from} to {to}: {settled:?}"));
        Ok(settled)
    }
}
