//! The paper venue's prices and funding rates, whose calls meet the faults.

use super::calls::{Call, Line};
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, FundingRate, MarkPrice, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{FundingRates, MarketFeed, MarketStream, QueryError};
use plimsoll_venue_server::Target;
use std::time::Duration;

/// What is public, by calls that meet the faults.
pub(super) struct FaultyPublic {
    line: Line,
}

impl FaultyPublic {
    pub(super) const fn new(line: Line) -> Self {
        Self { line }
    }

    async fn ask<T: Send + 'static>(
        &self,
        method: &'static str,
        ask: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        self.line.call(Call::new(Target::Market, method), ask).await
    }
}

#[async_trait]
impl MarketFeed for FaultyPublic {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        let (venue, symbol) = (self.line.venue.clone(), symbol.clone());
        self.ask("mark_price", async move { venue.mark_price(&symbol).await }).await
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        let (venue, symbol) = (self.line.venue.clone(), symbol.clone());
        self.ask("best_quotes", async move { venue.best_quotes(&symbol).await }).await
    }

    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        let (venue, symbol) = (self.line.venue.clone(), symbol.clone());
        self.ask("candles", async move { venue.candles(&symbol, interval, from, to).await }).await
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        let (venue, symbols) = (self.line.venue.clone(), symbols.to_vec());
        self.ask("subscribe", async move { venue.subscribe(&symbols).await }).await
    }
}

#[async_trait]
impl FundingRates for FaultyPublic {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        let (venue, symbol) = (self.line.venue.clone(), symbol.clone());
        self.ask("current", async move { venue.current(&symbol).await }).await
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        let (venue, symbol) = (self.line.venue.clone(), symbol.clone());
        self.ask("history", async move { venue.history(&symbol, from, to).await }).await
    }
}
