//! What a run is fed with.

use plimsoll_domain::{Candle, Price, Quantity, Rate, Timestamp};

/// One thing of a history. Markets go by their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A closed candle.
    Candle(usize, Candles),
    /// A change of the best quotes.
    Quote(usize, Quote),
    /// The rate of a funding to come, by the time that it is settled.
    Funding(usize, Timestamp, Rate),
}

impl Item {
    /// When it comes: a candle when it opens, a rate when it is settled.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Candle(_, candles) => candles.last.open_time,
            Self::Quote(_, quote) => quote.time,
            Self::Funding(_, time, _) => *time,
        }
    }
}

/// A candle of last prices and, if there is one, that of mark prices over the same interval. Without one the mark is the last
/// price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candles {
    /// Last prices.
    pub last: Candle,
    /// Mark prices.
    pub mark: Option<Candle>,
}

impl Candles {
    /// Last prices alone.
    #[must_use]
    pub fn of(last: &Candle) -> Self {
        Self { last: last.clone(), mark: None }
    }
}

/// The best quotes at a moment. The bid is the last price that conditional and resting orders are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// When.
    pub time: Timestamp,
    /// The best bid.
    pub bid: Price,
    /// Its size, in base units.
    pub bid_size: Quantity,
    /// The best ask.
    pub ask: Price,
    /// Its size, in base units.
    pub ask_size: Quantity,
    /// The mark price; without one the bid.
    pub mark: Option<Price>,
}
