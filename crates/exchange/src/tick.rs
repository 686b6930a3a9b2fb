//! What moves the exchange: prices at a time.

use plimsoll_domain::{Price, Symbol, Timestamp};

/// One price event of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// The contract.
    pub symbol: Symbol,
    /// When; the exchange's time becomes this.
    pub time: Timestamp,
    /// The last traded price of the outside market, which is the outside liquidity.
    pub last: Price,
    /// The fair price: profit, margin, liquidation and funding are reckoned at it.
    pub mark: Price,
    /// The spot average, where the feed has one.
    pub index: Option<Price>,
}

impl Tick {
    /// A tick whose mark is its last price.
    #[must_use]
    pub const fn at(symbol: Symbol, time: Timestamp, last: Price) -> Self {
        Self { symbol, time, last, mark: last, index: None }
    }
}

/// Why a tick changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TickRefused {
    /// No such contract is listed.
    #[error("no contract of that name is listed")]
    UnknownMarket,
    /// Time does not go back.
    #[error("the tick is of {} µs, before the exchange's time of {} µs", time.as_micros(), now.as_micros())]
    InThePast {
        /// The tick's time.
        time: Timestamp,
        /// The exchange's.
        now: Timestamp,
    },
    /// More than 100,000 funding times lie in between: the feed's clock is wrong.
    #[error("the tick is of {} µs, too far ahead of the exchange's time of {} µs", time.as_micros(), now.as_micros())]
    TooFarAhead {
        /// The tick's time.
        time: Timestamp,
        /// The exchange's.
        now: Timestamp,
    },
}
