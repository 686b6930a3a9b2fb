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

pub use subscription::GateioMarketStream;

/// Gate.io's public prices.
#[derive(Clone)]
pub struct GateioMarketFeed {
    shared: Arc<Shared>,
}

/// So many candles are asked for at a time; the venue gives 2000 at most, both ends included.
const AT_A_TIME: u32 = 1999;

impl GateioMarketFeed {
    /// Prices alone, which need no key. Whoever has a broker takes them [from it](crate::GateioBroker::market_feed).
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

    /// The answer has no time: it is so when it was asked for.
    async fn mark(&self, symbol: &Symbol) -> Result<MarkPrice, CallError> {
        let native = self.shared.native(symbol).await?;
        let (listed, now) = (self.shared.listed().await?, self.shared.client.known_time().await?);
        let read = |body: &[u8]| body::mark_and_funding(body, &listed.symbols, now);
        let rows = self.shared.client.read(&request::contract(&native), Priority::Watches, read).await?;
        let mark = rows.into_iter().map(|(mark, _)| mark).next();
        mark.ok_or_else(|| CallError::Unreadable(format!("no mark price of {symbol}")))
    }

    async fn quotes(&self, symbol: &Symbol) -> Result<BestQuotes, CallError> {
        let native = self.shared.native(symbol).await?;
        let listed = self.shared.listed().await?;
        let read = |body: &[u8]| body::best_quotes(body, &listed.symbols, symbol);
        self.shared.client.read(&request::order_book(&native, 1), Priority::Watches, read).await
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
        let (listed, now) = (self.shared.listed().await?, self.shared.client.known_time().await?);
        let (to, mut cursor) = (to.min(now), from.max(Timestamp::default()));
        let mut candles: Vec<Candle> = Vec::new();
        while cursor < to {
            let end = cursor.plus(interval * AT_A_TIME).min(to);
            let call = request::candles(&native, word, Some(cursor), Some(end), AT_A_TIME);
            let read =
                |body: &[u8]| body::candles(body, &listed.symbols, symbol, CandlesOf::Trades, interval, Some(now));
            let page = self.shared.client.read(&call, Priority::Ordinary, read).await?;
            candles.extend(page.into_iter().filter(|it| it.closed && it.open_time >= from && it.open_time < to));
            cursor = end;
        }
        candles.sort_by_key(|candle| candle.open_time);
        candles.dedup_by_key(|candle| candle.open_time);
        Ok(candles)
    }
}

impl fmt::Debug for GateioMarketFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateioMarketFeed")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MarketFeed for GateioMarketFeed {
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
