//! What a venue says about a market.

use crate::name::{Symbol, TradeId};
use crate::price::Price;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::Side;
use crate::time::Timestamp;
use rust_decimal::Decimal;
use std::time::Duration;

/// One thing a venue says about a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketEvent {
    /// The fair price.
    Mark(MarkPrice),
    /// The best bid and ask.
    Quotes(BestQuotes),
    /// A trade between others.
    Trade(MarketTrade),
    /// A candle, closed or still open.
    Candle(Candle),
    /// The funding to come.
    Funding(FundingRate),
    /// A change of the order book.
    Book(BookUpdate),
    /// The last trade's price, without quotes.
    Last(LastPrice),
    /// Funding as it was settled.
    Settled(SettledFunding),
    /// Somebody's forced close, as the venue publishes them.
    Liquidation(MarketLiquidation),
}

/// The venue's fair price, used for profit and liquidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkPrice {
    /// The contract.
    pub symbol: Symbol,
    /// The fair price.
    pub price: Price,
    /// The spot average that it follows, where the message says.
    pub index: Option<Price>,
    /// When.
    pub time: Timestamp,
}

/// The best bid and ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestQuotes {
    /// The contract.
    pub symbol: Symbol,
    /// The best bid and its size; `None` if nobody buys.
    pub bid: Option<(Price, Quantity)>,
    /// The best ask and its size; `None` if nobody sells.
    pub ask: Option<(Price, Quantity)>,
    /// The last trade's price, where the message says.
    pub last: Option<Price>,
    /// When.
    pub time: Timestamp,
}

/// The last trade's price, where a venue publishes it without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPrice {
    /// The contract.
    pub symbol: Symbol,
    /// The last trade's price.
    pub price: Price,
    /// When.
    pub time: Timestamp,
}

/// A forced close of somebody's position, as the venue publishes it to everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketLiquidation {
    /// The contract.
    pub symbol: Symbol,
    /// What the forced order did: a sale closes a long.
    pub side: Side,
    /// At this price.
    pub price: Price,
    /// This much, in base units.
    pub quantity: Quantity,
    /// When.
    pub time: Timestamp,
}

/// A trade between others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketTrade {
    /// The contract.
    pub symbol: Symbol,
    /// The venue's id of it.
    pub trade_id: TradeId,
    /// At this price.
    pub price: Price,
    /// This much, in base units.
    pub quantity: Quantity,
    /// The side that took.
    pub taker: Side,
    /// When.
    pub time: Timestamp,
}

/// Prices over an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candle {
    /// The contract.
    pub symbol: Symbol,
    /// When it opened.
    pub open_time: Timestamp,
    /// How long it lasts.
    pub interval: Duration,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price so far.
    pub close: Price,
    /// What was traded, in base units; 0 for mark-price candles.
    pub volume: Decimal,
    /// Nothing more will change.
    pub closed: bool,
}

/// The funding to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingRate {
    /// The contract.
    pub symbol: Symbol,
    /// The rate as estimated now; positive: longs pay shorts.
    pub rate: Rate,
    /// When it will be settled, if it will be.
    pub next_time: Option<Timestamp>,
    /// Hours between fundings, where known.
    pub interval_hours: Option<u32>,
    /// The mark price of the message.
    pub mark_price: Option<Price>,
    /// The index price of the message.
    pub index_price: Option<Price>,
    /// When it was so.
    pub time: Timestamp,
}

/// Funding as it was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledFunding {
    /// The contract.
    pub symbol: Symbol,
    /// The rate; positive: longs paid shorts.
    pub rate: Rate,
    /// The mark price it was settled at, where the venue still has it.
    pub mark_price: Option<Price>,
    /// When.
    pub time: Timestamp,
}

/// A change of the order book, as sent: joining them up is the reader's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookUpdate {
    /// The contract.
    pub symbol: Symbol,
    /// Bids by price; size 0 removes the level.
    pub bids: Vec<(Price, Decimal)>,
    /// Asks by price; size 0 removes the level.
    pub asks: Vec<(Price, Decimal)>,
    /// The first update that this holds.
    pub first_id: u64,
    /// The last update that this holds.
    pub last_id: u64,
    /// The last update of the message before; a mismatch is a gap.
    pub previous_id: Option<u64>,
    /// When.
    pub time: Timestamp,
}
