//! Prices and funding rates, by calls that take their time.

use super::Line;
use crate::fault::Site;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, FundingRate, MarkPrice, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{FundingRates, MarketFeed, MarketStream, QueryError};
use std::time::Duration;

/// What is public.
pub(crate) struct TrialPublic {
    line: Line,
}

impl TrialPublic {
    pub(crate) const fn new(line: Line) -> Self {
        Self { line }
    }

    async fn ask<T>(
        &self,
        name: &'static str,
        ask: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryError> {
        self.line.call(Site::Market, name, ask).await
    }
}

#[async_trait]
impl MarketFeed for TrialPublic {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        self.ask("mark_price", self.line.world.venue.mark_price(symbol)).await
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        self.ask("best_quotes", self.line.world.venue.best_quotes(symbol)).await
    }

    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        self.ask("candles", self.line.world.venue.candles(symbol, interval, from, to)).await
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        self.ask("subscribe", self.line.world.venue.subscribe(symbols)).await
    }
}

#[async_trait]
impl FundingRates for TrialPublic {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        self.ask("current", self.line.world.venue.current(symbol)).await
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        self.ask("history", FundingRates::history(&self.line.world.venue, symbol, from, to)).await
    }
}
