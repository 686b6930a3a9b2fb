//! What a row of a recorded market says.

use crate::layout::Layout;
use plimsoll_domain::{
    BestQuotes, Candle, Decimal, MarkPrice, Price, Quantity, Rate, SettledFunding, Symbol, Timestamp,
};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// A row that files hold: [`CandleRow`], [`MarkRow`], [`FundingRow`] or [`QuoteRow`].
pub trait Row: Layout {
    /// What its file is a file of.
    const KIND: Kind;

    /// When it was; a candle's is when it opened.
    fn time(&self) -> Timestamp;

    /// The price that the row ends with, where it has one; a quote's is its middle.
    fn price(&self) -> Option<Price>;

    /// The lowest and the highest price of the row, where it has them.
    fn range(&self) -> Option<(Price, Price)> {
        self.price().map(|price| (price, price))
    }
}

/// What a file is a file of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Candles of traded prices.
    Candles,
    /// Candles of the mark price.
    Marks,
    /// Funding as it was settled.
    Funding,
    /// Best bids and asks.
    Quotes,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Candles => "candles",
            Self::Marks => "mark prices",
            Self::Funding => "funding rates",
            Self::Quotes => "quotes",
        })
    }
}

/// A candle of traded prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandleRow {
    /// When it opened.
    pub time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// What was traded, in whatever unit the file has; zero or more.
    pub volume: Decimal,
}

impl CandleRow {
    /// The closed candle of this contract that lasts so long.
    #[must_use]
    pub fn candle(&self, symbol: &Symbol, interval: Duration) -> Candle {
        Candle {
            symbol: symbol.clone(),
            open_time: self.time,
            interval,
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: self.volume,
            closed: true,
        }
    }
}

impl From<&Candle> for CandleRow {
    fn from(candle: &Candle) -> Self {
        let Candle { open_time: time, open, high, low, close, volume, .. } = *candle;
        Self { time, open, high, low, close, volume }
    }
}

impl Row for CandleRow {
    const KIND: Kind = Kind::Candles;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn price(&self) -> Option<Price> {
        Some(self.close)
    }

    fn range(&self) -> Option<(Price, Price)> {
        Some((self.low, self.high))
    }
}

/// A candle of the mark price. Its file may have a volume; it is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkRow {
    /// When it opened.
    pub time: Timestamp,
    /// First mark.
    pub open: Price,
    /// Highest mark.
    pub high: Price,
    /// Lowest mark.
    pub low: Price,
    /// Last mark.
    pub close: Price,
}

impl MarkRow {
    /// The closed candle of this contract that lasts so long; its volume is 0.
    #[must_use]
    pub fn candle(&self, symbol: &Symbol, interval: Duration) -> Candle {
        let Self { time, open, high, low, close } = *self;
        CandleRow { time, open, high, low, close, volume: Decimal::ZERO }.candle(symbol, interval)
    }

    /// The mark with which this candle of so long an interval ended.
    #[must_use]
    pub fn last(&self, symbol: &Symbol, interval: Duration) -> MarkPrice {
        MarkPrice { symbol: symbol.clone(), price: self.close, index: None, time: self.time.plus(interval) }
    }
}

impl Row for MarkRow {
    const KIND: Kind = Kind::Marks;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn price(&self) -> Option<Price> {
        Some(self.close)
    }

    fn range(&self) -> Option<(Price, Price)> {
        Some((self.low, self.high))
    }
}

/// Funding as it was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundingRow {
    /// When.
    pub time: Timestamp,
    /// The rate of that interval; positive: longs paid shorts.
    pub rate: Rate,
    /// The mark price it was settled at, where the file has it.
    pub mark: Option<Price>,
}

impl FundingRow {
    /// The settled funding of this contract.
    #[must_use]
    pub fn settled(&self, symbol: &Symbol) -> SettledFunding {
        SettledFunding { symbol: symbol.clone(), rate: self.rate, mark_price: self.mark, time: self.time }
    }
}

impl From<&SettledFunding> for FundingRow {
    fn from(it: &SettledFunding) -> Self {
        Self { time: it.time, rate: it.rate, mark: it.mark_price }
    }
}

impl Row for FundingRow {
    const KIND: Kind = Kind::Funding;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn price(&self) -> Option<Price> {
        self.mark
    }
}

/// The best bid and ask at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteRow {
    /// When.
    pub time: Timestamp,
    /// The best bid; at most the ask.
    pub bid: Price,
    /// The best ask.
    pub ask: Price,
    /// The size of the bid in base units, where the file has it.
    pub bid_size: Option<Quantity>,
    /// The size of the ask in base units, where the file has it.
    pub ask_size: Option<Quantity>,
}

impl QuoteRow {
    /// The quotes of this contract, with `size` where the file has none.
    #[must_use]
    pub fn quotes(&self, symbol: &Symbol, size: Quantity) -> BestQuotes {
        BestQuotes {
            symbol: symbol.clone(),
            bid: Some((self.bid, self.bid_size.unwrap_or(size))),
            ask: Some((self.ask, self.ask_size.unwrap_or(size))),
            last: None,
            time: self.time,
        }
    }
}

impl Row for QuoteRow {
    const KIND: Kind = Kind::Quotes;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn price(&self) -> Option<Price> {
        let middle = self.bid.get().checked_add(self.ask.get())?.checked_div(Decimal::TWO)?;
        Price::new(middle).ok()
    }
}
