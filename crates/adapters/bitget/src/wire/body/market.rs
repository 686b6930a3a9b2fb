//! Prices, funding and candles.

use super::answer::data;
use crate::wire::event::{candle, id, levels, quote};
use crate::wire::symbols::Symbols;
use crate::wire::word;
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, FundingRate, LastPrice, MarkPrice, MarketTrade, Rate, SettledFunding, Symbol,
    Timestamp, TradeId,
};
use plimsoll_venue::json::{self, Num, Text, each, rows};
use plimsoll_venue::{DecodeError, message, plain};
use std::time::Duration;

message! {
    struct Ticker {
        required {
            symbol = "symbol": Text<'a>,
            time = "ts": Num<'a>,
        }
        optional {
            last = "lastPr": Num<'a>,
            bid = "bidPr": Num<'a>,
            ask = "askPr": Num<'a>,
            bid_size = "bidSz": Num<'a>,
            ask_size = "askSz": Num<'a>,
            mark = "markPrice": Num<'a>,
            index = "indexPrice": Num<'a>,
        }
    }
}

/// The tickers of `market/ticker` and `market/tickers`: quotes, and the mark price where there is one. Contracts that are
/// no perpetuals are left out, unless there is nothing else.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn tickers(body: &[u8], symbols: &Symbols) -> Result<Vec<(BestQuotes, Option<MarkPrice>)>, DecodeError> {
    let rows: Vec<Ticker<'_>> = rows(data(body)?.data)?;
    let many = rows.len() > 1;
    each(&rows, |row| {
        let symbol = match symbols.symbol(row.symbol.as_str()) {
            Ok(symbol) => symbol,
            Err(_) if many => return Ok(None),
            Err(error) => return Err(error),
        };
        let time = row.time.time("ts")?;
        let mark = row.mark.maybe_price("markPrice")?;
        let index = row.index.maybe_price("indexPrice")?;
        let quotes = BestQuotes {
            symbol: symbol.clone(),
            bid: quote(row.bid, row.bid_size, ("bidPr", "bidSz"))?,
            ask: quote(row.ask, row.ask_size, ("askPr", "askSz"))?,
            last: row.last.maybe_price("lastPr")?,
            time,
        };
        Ok(Some((quotes, mark.map(|price| MarkPrice { symbol, price, index, time }))))
    })
}

message! {
    struct Prices {
        required {
            symbol = "symbol": Text<'a>,
            time = "ts": Num<'a>,
        }
        optional {
            last = "price": Num<'a>,
            index = "indexPrice": Num<'a>,
            mark = "markPrice": Num<'a>,
        }
    }
}

/// Mark and last price of `market/symbol-price`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn prices(body: &[u8], symbols: &Symbols) -> Result<Vec<(MarkPrice, Option<LastPrice>)>, DecodeError> {
    let rows: Vec<Prices<'_>> = rows(data(body)?.data)?;
    each(&rows, |row| {
        let symbol = symbols.symbol(row.symbol.as_str())?;
        let time = row.time.time("ts")?;
        let last = row.last.maybe_price("price")?;
        let mark = MarkPrice {
            symbol: symbol.clone(),
            price: row.mark.price("markPrice")?,
            index: row.index.maybe_price("indexPrice")?,
            time,
        };
        Ok(Some((mark, last.map(|price| LastPrice { symbol, price, time }))))
    })
}

message! {
    struct RunningRow {
        required {
            symbol = "symbol": Text<'a>,
            rate = "fundingRate": Num<'a>,
        }
        optional {
            interval = "fundingRateInterval": Num<'a>,
            next = "nextUpdate": Num<'a>,
            min = "minFundingRate": Num<'a>,
            max = "maxFundingRate": Num<'a>,
        }
    }
}

/// The running funding of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The rate, its interval and when it is settled.
    pub funding: FundingRate,
    /// The least that it can be.
    pub min: Option<Rate>,
    /// The most that it can be.
    pub max: Option<Rate>,
}

/// The running rates of `market/current-fund-rate`, as of the answer. Contracts that are not known are left out, unless
/// there is nothing else.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn running_funding(body: &[u8], symbols: &Symbols) -> Result<Vec<Running>, DecodeError> {
    let answer = data(body)?;
    let rows: Vec<RunningRow<'_>> = rows(answer.data)?;
    let many = rows.len() > 1;
    each(&rows, |row| {
        let symbol = match symbols.symbol(row.symbol.as_str()) {
            Ok(symbol) => symbol,
            Err(_) if many => return Ok(None),
            Err(error) => return Err(error),
        };
        let bound =
            |number: Num<'_>, place: &str| if number.0.is_empty() { Ok(None) } else { number.rate(place).map(Some) };
        let interval_hours = match row.interval.0 {
            "" => None,
            _ => Some(row.interval.whole("fundingRateInterval")?).filter(|hours| *hours > 0),
        };
        Ok(Some(Running {
            funding: FundingRate {
                symbol,
                rate: row.rate.rate("fundingRate")?,
                next_time: row.next.maybe_time("nextUpdate")?,
                interval_hours,
                mark_price: None,
                index_price: None,
                time: answer.time.unwrap_or_default(),
            },
            min: bound(row.min, "minFundingRate")?,
            max: bound(row.max, "maxFundingRate")?,
        }))
    })
}

message! {
    struct SettledRow {
        required {
            symbol = "symbol": Text<'a>,
            rate = "fundingRate": Num<'a>,
            time = "fundingTime": Num<'a>,
        }
        optional {}
    }
}

/// The settled funding of `market/history-fund-rate`, newest first as it is sent.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn settled_funding(body: &[u8], symbols: &Symbols) -> Result<Vec<SettledFunding>, DecodeError> {
    let answer = super::answer::answer(body)?;
    if answer.data.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<SettledRow<'_>> = rows(answer.data)?;
    each(&rows, |row| {
        let rate = row.rate.rate("fundingRate")?;
        let time = row.time.time("fundingTime")?;
        Ok(Some(SettledFunding { symbol: symbols.symbol(row.symbol.as_str())?, rate, mark_price: None, time }))
    })
}

/// The candles of `market/candles` and its sisters. The rows say neither of which contract they are nor how long they
/// last. A candle is closed if it ended before `now`; without that, if another follows it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn candles(
    body: &[u8],
    symbol: &Symbol,
    interval: Duration,
    now: Option<Timestamp>,
) -> Result<Vec<Candle>, DecodeError> {
    let answer = super::answer::answer(body)?;
    if answer.data.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Vec<Num<'_>>> = json::read(answer.data)?;
    let last = rows.len().saturating_sub(1);
    let mut index = 0;
    each(&rows, |row| {
        let followed = index < last;
        index += 1;
        let mut candle = candle(row, symbol.clone(), interval, followed)?;
        if let Some(now) = now {
            candle.closed = candle.open_time.plus(interval) <= now;
        }
        Ok(Some(candle))
    })
}

message! {
    struct Trade {
        required {
            trade_id = "tradeId": Num<'a>,
            price = "price": Num<'a>,
            size = "size": Num<'a>,
            side = "side": Text<'a>,
            time = "ts": Num<'a>,
            symbol = "symbol": Text<'a>,
        }
        optional {}
    }
}

/// The last trades of `market/fills`.
pub(super) fn trades(body: &[u8], symbols: &Symbols) -> Result<Vec<MarketTrade>, DecodeError> {
    let rows: Vec<Trade<'_>> = rows(data(body)?.data)?;
    each(&rows, |row| {
        Ok(Some(MarketTrade {
            symbol: symbols.symbol(row.symbol.as_str())?,
            trade_id: TradeId::new(id(row.trade_id, "tradeId")?),
            price: row.price.price("price")?,
            quantity: row.size.quantity("size")?,
            taker: word::side(row.side.as_str(), "side")?,
            time: row.time.time("ts")?,
        }))
    })
}

message! {
    struct Depth {
        required {
            asks = "asks": Vec<Vec<Num<'a>>>,
            bids = "bids": Vec<Vec<Num<'a>>>,
            time = "ts": Num<'a>,
        }
        optional {}
    }
}

/// The book of `market/merge-depth`, whose levels are bare numbers; it does not say of which contract it is.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn order_book(body: &[u8], symbol: &Symbol) -> Result<BookUpdate, DecodeError> {
    let it: Depth<'_> = plain::read(data(body)?.data)?;
    Ok(BookUpdate {
        symbol: symbol.clone(),
        bids: levels(&it.bids, "bids")?,
        asks: levels(&it.asks, "asks")?,
        first_id: 0,
        last_id: 0,
        previous_id: None,
        time: it.time.time("ts")?,
    })
}
