//! Tickers, trades, candles, books.

use super::{Context, each_row, id};
use crate::wire::request::INTERVALS;
use crate::wire::word;
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, Decimal, FundingRate, MarkPrice, MarketEvent, MarketTrade, Price, Quantity, Symbol,
    TradeId,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, json, message};
use std::time::Duration;

message! {
    struct Ticker {
        required {
            inst_id = "instId": Text<'a>,
        }
        optional {
            last = "lastPr": Num<'a>,
            bid = "bidPr": Num<'a>,
            ask = "askPr": Num<'a>,
            bid_size = "bidSz": Num<'a>,
            ask_size = "askSz": Num<'a>,
            mark = "markPrice": Num<'a>,
            index = "indexPrice": Num<'a>,
            rate = "fundingRate": Num<'a>,
            next = "nextFundingTime": Num<'a>,
            time = "ts": Num<'a>,
        }
    }
}

/// `{"instId":"BTCUSDT","lastPr":"27000.5","bidPr":"27000","askPr":"27000.5","bidSz":"2.71","askSz":"8.76",
/// "fundingRate":"0.00001","nextFundingTime":"1695722400000","markPrice":"27000","indexPrice":"25702.4",
/// "ts":"1695715383021",…}`: the venue's only stream with mark prices and funding.
pub(super) fn tickers(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Ticker<'_>| {
        let symbol = context.symbols.symbol(row.inst_id.as_str())?;
        let time = context.time(row.time, "ts")?;
        let (mark, index) = (row.mark.maybe_price("markPrice")?, row.index.maybe_price("indexPrice")?);
        let mut events = vec![Event::Market(MarketEvent::Quotes(BestQuotes {
            symbol: symbol.clone(),
            bid: quote(row.bid, row.bid_size, ("bidPr", "bidSz"))?,
            ask: quote(row.ask, row.ask_size, ("askPr", "askSz"))?,
            last: row.last.maybe_price("lastPr")?,
            time,
        }))];
        if let Some(price) = mark {
            let mark = MarkPrice { symbol: symbol.clone(), price, index, time };
            events.push(Event::Market(MarketEvent::Mark(mark)));
        }
        if !row.rate.0.is_empty() {
            events.push(Event::Market(MarketEvent::Funding(FundingRate {
                symbol,
                rate: row.rate.rate("fundingRate")?,
                next_time: row.next.maybe_time("nextFundingTime")?,
                interval_hours: None,
                mark_price: mark,
                index_price: index,
                time,
            })));
        }
        Ok(events)
    })
}

/// The best price of one side with its size; `None` where nobody is.
pub(crate) fn quote(
    price: Num<'_>,
    size: Num<'_>,
    (price_place, size_place): (&str, &str),
) -> Result<Option<(Price, Quantity)>, DecodeError> {
    Ok(price.maybe_price(price_place)?.zip(size.maybe_quantity(size_place)?))
}

message! {
    struct Trade {
        required {
            time = "ts": Num<'a>,
            price = "price": Num<'a>,
            size = "size": Num<'a>,
            side = "side": Text<'a>,
            trade_id = "tradeId": Num<'a>,
        }
        optional {}
    }
}

/// `{"ts":"1695716760565","price":"27000.5","size":"0.001","side":"buy","tradeId":"1111111111"}`: `side` took.
pub(super) fn trades(rows: &str, native: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let symbol = context.symbols.symbol(native)?;
    each_row(rows, |row: &Trade<'_>| {
        Ok(vec![Event::Market(MarketEvent::Trade(MarketTrade {
            symbol: symbol.clone(),
            trade_id: TradeId::new(id(row.trade_id, "tradeId")?),
            price: row.price.price("price")?,
            quantity: row.size.quantity("size")?,
            taker: word::side(row.side.as_str(), "side")?,
            time: row.time.time("ts")?,
        }))])
    })
}

/// `["1695685500000","27000","27000.5","27000","27000.5","0.057","1539.0155","1539.0155"]`: opening time, open, high, low,
/// close, base volume, and volumes in money. No candle says that it is closed; one is, if another follows it.
pub(super) fn candles(rows: &str, word: &str, native: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let interval = interval(word)?;
    let symbol = context.symbols.symbol(native)?;
    let rows: Vec<Vec<Num<'_>>> = super::all(rows)?;
    let last = rows.len().saturating_sub(1);
    let mut index = 0;
    json::each(&rows, |row| {
        let closed = index < last;
        index += 1;
        Ok(Some(Event::Market(MarketEvent::Candle(candle(row, symbol.clone(), interval, closed)?))))
    })
}

/// How long a candle lasts, by the venue's word: the plain ones of a day and longer open at another hour than those of
/// UTC, but last as long. A month is no fixed length.
fn interval(word: &str) -> Result<Duration, DecodeError> {
    let known = |(known, _): &(&str, u64)| *known == word || known.strip_suffix("utc") == Some(word);
    let minutes = INTERVALS.into_iter().find(known).map(|(_, minutes)| minutes);
    minutes
        .map(|minutes| Duration::from_secs(60 * minutes))
        .ok_or_else(|| DecodeError::word("candle length", word, "channel"))
}

/// A row of a candle, in pushes and in answers.
pub(crate) fn candle(row: &[Num<'_>], symbol: Symbol, interval: Duration, closed: bool) -> Result<Candle, DecodeError> {
    let &[open_time, open, high, low, close, volume, ..] = row else {
        return Err(DecodeError::new("a candle has at least 6 members", "the candle"));
    };
    Ok(Candle {
        symbol,
        open_time: open_time.time("open time")?,
        interval,
        open: open.price("open")?,
        high: high.price("high")?,
        low: low.price("low")?,
        close: close.price("close")?,
        volume: volume.decimal("volume")?,
        closed,
    })
}

message! {
    struct Book {
        required {
            bids = "bids": Vec<Vec<Num<'a>>>,
            asks = "asks": Vec<Vec<Num<'a>>>,
        }
        optional {
            seq = "seq": Num<'a>,
            previous = "pseq": Num<'a>,
            time = "ts": Num<'a>,
        }
    }
}

/// `{"asks":[["27000.5","8.76"]],"bids":[["27000","2.71"]],"seq":123,"pseq":0,"ts":"1695716059516"}`. Without a number
/// of the message before, it is a whole book. Older recordings have no numbers at all.
pub(super) fn books(rows: &str, native: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let symbol = context.symbols.symbol(native)?;
    each_row(rows, |row: &Book<'_>| {
        let id = if row.seq.0.is_empty() { 0 } else { row.seq.whole("seq")? };
        let previous: u64 = if row.previous.0.is_empty() { 0 } else { row.previous.whole("pseq")? };
        Ok(vec![Event::Market(MarketEvent::Book(BookUpdate {
            symbol: symbol.clone(),
            bids: levels(&row.bids, "bids")?,
            asks: levels(&row.asks, "asks")?,
            first_id: id,
            last_id: id,
            previous_id: (previous != 0).then_some(previous),
            time: context.time(row.time, "ts")?,
        }))])
    })
}

/// Prices with their sizes.
pub(crate) fn levels(rows: &[Vec<Num<'_>>], place: &str) -> Result<Vec<(Price, Decimal)>, DecodeError> {
    json::each(rows, |row| match row.as_slice() {
        [price, size, ..] => Ok(Some((price.price("price")?, size.decimal("size")?))),
        _ => Err(DecodeError::new("a level is a price and a size", "the level")),
    })
    .map_err(|error| error.inside(place))
}
