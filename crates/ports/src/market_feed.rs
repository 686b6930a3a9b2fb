//! Prices.

use crate::error::QueryError;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, MarkPrice, MarketEvent, Symbol, Timestamp};
use std::time::Duration;

/// A venue's public prices.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait MarketFeed: Send + Sync {
    /// The mark price now.
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError>;

    /// The best bid and ask now.
    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError>;

    /// Closed candles that opened at or after `from` and before `to`, oldest first.
    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError>;

    /// Mark prices, quotes and trades as they come.
    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError>;
}

/// Public events as they come, through every reconnection.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait MarketStream: Send {
    /// The next item; reconnects by itself. `None` once the stream has been shut down for good.
    async fn next(&mut self) -> Option<MarketItem>;
}

/// What a public stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketItem {
    /// Events flow.
    Connected,
    /// Events do not flow: prices are ageing.
    Disconnected {
        /// Why, for the log.
        reason: String,
    },
    /// Something happened.
    Event(MarketEvent),
}
