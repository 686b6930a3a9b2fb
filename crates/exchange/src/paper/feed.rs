//! The paper venue's public prices and funding rates.

use super::outlet::Outlet;
use super::refusal::query_error;
use super::{Floor, PaperVenue, telling};
use crate::event::ExchangeEvent;
use crate::exchange::Exchange;
use crate::rejection::Rejection;
use async_trait::async_trait;
use plimsoll_domain::{BestQuotes, Candle, FundingRate, MarkPrice, MarketEvent, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{FundingRates, MarketFeed, MarketItem, MarketStream, NotSent, QueryError};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How many items a slow reader may leave unread before it begins again at the newest prices.
const CAPACITY: usize = 4096;

/// Candles are of so long, or of any multiple.
const SHORTEST: Duration = Duration::from_secs(10);

#[async_trait]
impl MarketFeed for PaperVenue {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        self.listed(symbol, |exchange| telling::mark_price(exchange, symbol))
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        self.listed(symbol, |exchange| exchange.quotes(symbol))
    }

    /// Candles of the last price, of tens of seconds.
    async fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, QueryError> {
        if interval.is_zero() || !interval.as_micros().is_multiple_of(SHORTEST.as_micros()) {
            let what = format!("candles are of tens of seconds, not of {interval:?}");
            return Err(QueryError::Unreachable(NotSent::Invalid(what)));
        }
        let candles = self.listed(symbol, |exchange| Some(exchange.candles(symbol, interval, from, to)))?;
        Ok(candles.into_iter().filter(|candle| candle.closed).collect())
    }

    async fn subscribe(&self, symbols: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        for symbol in symbols {
            self.listed(symbol, |exchange| exchange.instrument(symbol).map(drop))?;
        }
        Ok(Box::new(PaperMarketStream::open(self.clone(), symbols.iter().cloned().collect())))
    }
}

#[async_trait]
impl FundingRates for PaperVenue {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        self.listed(symbol, |exchange| {
            let market = exchange.market(symbol)?;
            Some(FundingRate {
                symbol: market.symbol,
                rate: market.funding_rate,
                next_time: Some(market.next_funding),
                interval_hours: Some(market.funding_interval_hours),
                mark_price: Some(market.mark),
                index_price: Some(market.index),
                time: exchange.now(),
            })
        })
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        self.listed(symbol, |exchange| {
            exchange.instrument(symbol)?;
            let settled = exchange.funding_history(symbol).iter();
            Some(settled.filter(|settled| settled.time >= from && settled.time < to).cloned().collect())
        })
    }
}

impl PaperVenue {
    /// What the exchange answers of a contract; refused if it is not listed.
    pub(super) fn listed<T>(&self, symbol: &Symbol, ask: impl FnOnce(&Exchange) -> Option<T>) -> Result<T, QueryError> {
        let floor = self.floor();
        let is_listed = floor.exchange.instrument(symbol).is_some();
        let answer = is_listed.then(|| ask(&floor.exchange)).flatten();
        answer.ok_or_else(|| query_error(Rejection::UnknownSymbol))
    }
}

/// The public events of some contracts.
struct PaperMarketStream {
    venue: PaperVenue,
    line: u64,
    wake: Arc<Notify>,
}

impl PaperMarketStream {
    fn open(venue: PaperVenue, symbols: BTreeSet<Symbol>) -> Self {
        let line = MarketLine { symbols, outlet: Outlet::beginning(Gap::Beginning, CAPACITY) };
        let wake = line.outlet.reader();
        let line = venue.floor().show(line);
        Self { venue, line, wake }
    }

    fn take(&self) -> Option<MarketItem> {
        self.venue.floor().take_public(self.line)
    }
}

#[async_trait]
impl MarketStream for PaperMarketStream {
    async fn next(&mut self) -> Option<MarketItem> {
        loop {
            if let Some(item) = self.take() {
                return Some(item);
            }
            self.wake.notified().await;
        }
    }
}

impl Drop for PaperMarketStream {
    fn drop(&mut self) {
        self.venue.floor().public.remove(&self.line);
    }
}

impl fmt::Debug for PaperMarketStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperMarketStream").field("venue", &self.venue).finish_non_exhaustive()
    }
}

/// The venue's end of one public stream.
#[derive(Debug)]
pub(super) struct MarketLine {
    symbols: BTreeSet<Symbol>,
    outlet: Outlet<MarketItem, Gap>,
}

/// Why prices were not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Beginning,
    Cut,
    Overflow,
}

impl MarketLine {
    pub(super) fn hear(&mut self, event: &ExchangeEvent) {
        if let Some((_, told)) = telling::to_everybody(event).filter(|(symbol, _)| self.symbols.contains(*symbol)) {
            self.tell(vec![told]);
        }
    }

    pub(super) fn hear_prices(&mut self, exchange: &Exchange, symbol: &Symbol) {
        if self.symbols.contains(symbol) {
            self.tell(telling::prices(exchange, symbol));
        }
    }

    fn tell(&mut self, events: Vec<MarketEvent>) {
        self.outlet.tell(events.into_iter().map(MarketItem::Event).collect(), || Gap::Overflow);
    }

    pub(super) fn cut(&mut self) {
        self.outlet.lose(Gap::Cut);
    }

    fn take(&mut self, exchange: &Exchange) -> Option<MarketItem> {
        let symbols = &self.symbols;
        self.outlet.take(|gap| {
            let now = symbols.iter().flat_map(|symbol| telling::prices(exchange, symbol)).map(MarketItem::Event);
            let connected = [MarketItem::Connected].into_iter().chain(now);
            gap.told().into_iter().chain(connected).collect()
        })
    }
}

impl Gap {
    fn told(self) -> Option<MarketItem> {
        let reason = match self {
            Self::Beginning => return None,
            Self::Cut => "the paper venue has cut the stream".to_owned(),
            Self::Overflow => format!("more than {CAPACITY} items were left unread"),
        };
        Some(MarketItem::Disconnected { reason })
    }
}

impl Floor {
    fn show(&mut self, line: MarketLine) -> u64 {
        let number = self.number();
        self.public.insert(number, line);
        number
    }

    fn take_public(&mut self, line: u64) -> Option<MarketItem> {
        self.public.get_mut(&line)?.take(&self.exchange)
    }
}
