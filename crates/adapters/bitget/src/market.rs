//! Prices.

mod subscription;

use crate::broker::Shared;
use crate::endpoints::{Endpoints, Settings};
use crate::wire::{body, request};
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, MarkPrice, Symbol, Timestamp};
use plimsoll_ports::{Clock, MarketFeed, MarketStream, NotSent, QueryError};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use subscription::BitgetMarketStream;

/// Bitget's public prices.
#[derive(Clone)]
pub struct BitgetMarketFeed {
    shared: Arc<Shared>,
}

/// The most candles that one answer of the recent ones has, and of those of any age.
const RECENT: u32 = 1000;
const OLDER: u32 = 200;
/// Candles of every length are told as recent ones for a month.
const IS_RECENT: Duration = Duration::from_secs(28 * 24 * 3600);
/// A window of candles is at most 90 days long.
const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);

impl BitgetMarketFeed {
    /// Prices alone, which need no key. Whoever has a broker takes them [from it](crate::BitgetBroker::market_feed).
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

    async fn ticker(&self, symbol: &Symbol) -> Result<(BestQuotes, Option<MarkPrice>), CallError> {
        let native = self.shared.native(symbol).await?;
        let tickers = self.shared.ask(&request::ticker(&native), Priority::Watches, body::tickers).await?;
        let found = tickers.into_iter().find(|(quotes, _)| quotes.symbol == *symbol);
        found.ok_or_else(|| CallError::Unreadable(format!("no ticker of {symbol}")))
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
        let recent = now.minus(IS_RECENT);
        let (mut candles, mut cursor) = (Vec::new(), from.max(Timestamp::default()));
        // What is asked for is never more than one answer holds, whichever end the venue would begin to cut at.
        while cursor < to.min(now) {
            let most = if cursor >= recent { RECENT } else { OLDER };
            let end = cursor.plus((interval * most).min(LONGEST)).min(to);
            let call = if cursor >= recent {
                request::candles(&native, word, Some(cursor), Some(end), most)
            } else {
                request::history_candles(&native, word, Some(cursor), Some(end), most)
            };
            let read = |body: &[u8]| body::candles(body, symbol, interval, Some(now));
            let page = self.shared.client.read(&call, Priority::Ordinary, read).await?;
            let wanted = |it: &Candle| it.closed && it.open_time >= cursor && it.open_time < end;
            candles.extend(page.into_iter().filter(wanted));
            cursor = end;
        }
        candles.sort_by_key(|candle| candle.open_time);
        candles.dedup_by_key(|candle| candle.open_time);
        Ok(candles)
    }
}

impl fmt::Debug for BitgetMarketFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitgetMarketFeed")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MarketFeed for BitgetMarketFeed {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        let (_, mark) = self.ticker(symbol).await?;
        Ok(mark.ok_or_else(|| CallError::Unreadable(format!("no mark price of {symbol}")))?)
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        Ok(self.ticker(symbol).await?.0)
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
