//! Prices.

mod subscription;

use crate::broker::Shared;
use crate::endpoints::{Endpoints, Settings};
use crate::wire::body::{self, CandlesOf};
use crate::wire::request;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, MarkPrice, Symbol, Timestamp};
use plimsoll_ports::{Clock, MarketFeed, MarketStream, NotSent, QueryError};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use subscription::BinanceMarketStream;

/// Binance's public prices.
#[derive(Clone)]
pub struct BinanceMarketFeed {
    shared: Arc<Shared>,
}

/// The most candles that one answer has.
const FULL: u32 = 1500;

impl BinanceMarketFeed {
    /// Prices alone, which need no key. Whoever has a broker takes them [from it](crate::BinanceBroker::market_feed).
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(endpoints: Endpoints, clock: Arc<dyn Clock>) -> Result<Self, BuildFailure> {
        Self::with_settings(endpoints, clock, Settings::default())
    }

    /// Prices alone, with settings of the caller's.
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn with_settings(
        endpoints: Endpoints,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, BuildFailure> {
        Ok(Self::of(Shared::new(endpoints, None, clock, settings)?))
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn mark(&self, symbol: &Symbol) -> Result<MarkPrice, CallError> {
        let native = self.shared.native(symbol).await?;
        let call = request::premium_index(Some(&native));
        let rows = self.shared.ask(&call, Priority::Watches, body::mark_and_funding).await?;
        let mark = rows.into_iter().map(|(mark, _)| mark).next();
        mark.ok_or_else(|| CallError::Unreadable(format!("no mark price of {symbol}")))
    }

    async fn quotes(&self, symbol: &Symbol) -> Result<BestQuotes, CallError> {
        let native = self.shared.native(symbol).await?;
        let call = request::book_ticker(Some(&native));
        let quotes = self.shared.ask(&call, Priority::Watches, body::quotes).await?;
        quotes.into_iter().next().ok_or_else(|| CallError::Unreadable(format!("no quotes of {symbol}")))
    }

    async fn closed_candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, CallError> {
        let Some(word) = request::interval_word(interval) else {
            let reason = format!("there are no candles of {interval:?}");
            return Err(CallError::NotSent(NotSent::Invalid(reason)));
        };
        let native = self.shared.native(symbol).await?;
        let now = self.shared.client.known_time().await?;
        let (mut candles, mut cursor) = (Vec::new(), from.max(Timestamp::default()));
        while cursor < to {
            let call = request::candles(&native, word, Some(cursor), Some(to), FULL);
            let read = |body: &[u8]| body::candles(body, symbol, CandlesOf::Trades, Some(now));
            let page = self.shared.client.read(&call, Priority::Ordinary, read).await?;
            let full = page.len() >= FULL as usize;
            let Some(last) = page.iter().map(|candle| candle.open_time).max() else { break };
            candles.extend(page.into_iter().filter(|it| it.closed && it.open_time >= from && it.open_time < to));
            if !full {
                break;
            }
            cursor = last.max(cursor).plus(interval);
        }
        candles.sort_by_key(|candle| candle.open_time);
        Ok(candles)
    }
}

impl fmt::Debug for BinanceMarketFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceMarketFeed")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MarketFeed for BinanceMarketFeed {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        Ok(self.mark(symbol).await?)
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        Ok(self.quotes(symbol).await?)
    }

    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        Ok(self.closed_candles(symbol, interval, from, to).await?)
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        Ok(Box::new(subscription::open(Arc::clone(&self.shared), symbols).await?))
    }
}
