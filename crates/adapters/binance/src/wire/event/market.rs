//! The public streams.

use super::Context;
use crate::wire::word;
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, Decimal, FundingRate, LastPrice, MarkPrice, MarketEvent, MarketLiquidation,
    MarketTrade, Price, Quantity, Side, Symbol, Timestamp, TradeId,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::plain::read;
use plimsoll_venue::{DecodeError, Event, SessionEvent, message};
use std::time::Duration;

message! {
    struct MarkPriceUpdate {
        required {
            time = "E": Num<'a>,
            s = "s": Text<'a>,
            p = "p": Num<'a>,
        }
        optional {
            i = "i": Num<'a>,
            r = "r": Num<'a>,
            next = "T": Num<'a>,
        }
    }
}

/// `{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","r":"0.00038167",
/// "T":1562306400000}`: the mark price and the funding to come. Contracts without funding have no rate.
pub(super) fn mark_price(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: MarkPriceUpdate<'_> = read(text)?;
    let symbol = context.symbols.symbol(it.s.as_str())?;
    let (price, index, time) = (it.p.price("p")?, it.i.maybe_price("i")?, it.time.time("E")?);
    let mut events = Vec::with_capacity(2);
    if !it.r.0.is_empty() {
        events.push(Event::Market(MarketEvent::Funding(FundingRate {
            symbol: symbol.clone(),
            rate: it.r.rate("r")?,
            next_time: it.next.maybe_time("T")?,
            interval_hours: None,
            mark_price: Some(price),
            index_price: index,
            time,
        })));
    }
    events.insert(0, Event::Market(MarketEvent::Mark(MarkPrice { symbol, price, index, time })));
    Ok(events)
}

message! {
    struct BookTicker {
        required {
            s = "s": Text<'a>,
            b = "b": Num<'a>,
            bid_size = "B": Num<'a>,
            a = "a": Num<'a>,
            ask_size = "A": Num<'a>,
        }
        optional {
            sent = "E": Num<'a>,
            time = "T": Num<'a>,
        }
    }
}

/// `{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000","B":"31.21",
/// "a":"25.36520000","A":"40.66"}`
pub(super) fn book_ticker(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: BookTicker<'_> = read(text)?;
    let time = if it.time.0.is_empty() { it.sent } else { it.time };
    one(MarketEvent::Quotes(BestQuotes {
        symbol: context.symbols.symbol(it.s.as_str())?,
        bid: quote(it.b, it.bid_size, ("b", "B"))?,
        ask: quote(it.a, it.ask_size, ("a", "A"))?,
        last: None,
        time: time.time("T")?,
    }))
}

/// A price and its size, unless one is zero: then nobody is there.
pub(crate) fn quote(
    price: Num<'_>,
    size: Num<'_>,
    (price_place, size_place): (&str, &str),
) -> Result<Option<(Price, Quantity)>, DecodeError> {
    Ok(price.maybe_price(price_place)?.zip(size.maybe_quantity(size_place)?))
}

message! {
    struct DepthUpdate {
        required {
            s = "s": Text<'a>,
            first = "U": Num<'a>,
            u = "u": Num<'a>,
            b = "b": Vec<[Num<'a>; 2]>,
            a = "a": Vec<[Num<'a>; 2]>,
        }
        optional {
            sent = "E": Num<'a>,
            time = "T": Num<'a>,
            pu = "pu": Num<'a>,
        }
    }
}

/// `{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["0.0024","10"]],
/// "a":[["0.0026","100"]]}`
pub(super) fn depth(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: DepthUpdate<'_> = read(text)?;
    let time = if it.time.0.is_empty() { it.sent } else { it.time };
    one(MarketEvent::Book(BookUpdate {
        symbol: context.symbols.symbol(it.s.as_str())?,
        bids: levels(&it.b, "b")?,
        asks: levels(&it.a, "a")?,
        first_id: it.first.whole("U")?,
        last_id: it.u.whole("u")?,
        previous_id: if it.pu.0.is_empty() { None } else { Some(it.pu.whole("pu")?) },
        time: time.time("T")?,
    }))
}

pub(crate) fn levels(rows: &[[Num<'_>; 2]], place: &str) -> Result<Vec<(Price, Decimal)>, DecodeError> {
    let level = |[price, size]: &[Num<'_>; 2]| {
        let size = size.decimal(place)?;
        if size.is_sign_negative() && !size.is_zero() {
            return Err(DecodeError::new(format!("a size below zero: {size}"), place));
        }
        Ok((price.price(place)?, size))
    };
    rows.iter().map(level).collect()
}

message! {
    struct Kline {
        required {
            k = "k": KlineBody<'a>,
        }
        optional {
            s = "s": Option<Text<'a>>,
            ps = "ps": Option<Text<'a>>,
            ct = "ct": Option<Text<'a>>,
        }
    }
}

message! {
    struct KlineBody {
        required {
            t = "t": Num<'a>,
            end = "T": Num<'a>,
            o = "o": Num<'a>,
            c = "c": Num<'a>,
            h = "h": Num<'a>,
            l = "l": Num<'a>,
            v = "v": Num<'a>,
            x = "x": bool,
        }
        optional {}
    }
}

/// `{"e":"kline","E":1638747660000,"s":"BTCUSDT","k":{"t":1638747660000,"T":1638747719999,"s":"BTCUSDT","i":"1m",
/// "o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","x":false}}`
pub(super) fn kline(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Kline<'_> = read(text)?;
    let native = it.s.as_ref().map(Text::as_str).ok_or_else(|| DecodeError::new("no value", "s"))?;
    one(MarketEvent::Candle(it.k.candle(context.symbols.symbol(native)?)?))
}

/// The same by pair and contract type; those of dated contracts are not read.
pub(super) fn continuous_kline(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Kline<'_> = read(text)?;
    match (it.ps.as_ref().map(Text::as_str), it.ct.as_ref().map(Text::as_str)) {
        (Some(pair), Some("PERPETUAL")) => one(MarketEvent::Candle(it.k.candle(context.symbols.symbol(pair)?)?)),
        _ => Ok(vec![Event::unknown("continuous_kline of a contract that is not perpetual")]),
    }
}

impl KlineBody<'_> {
    fn candle(&self, symbol: Symbol) -> Result<Candle, DecodeError> {
        let (open_time, interval) = span(self.t, self.end, ("k.t", "k.T"))?;
        Ok(Candle {
            symbol,
            open_time,
            interval,
            open: self.o.price("k.o")?,
            high: self.h.price("k.h")?,
            low: self.l.price("k.l")?,
            close: self.c.price("k.c")?,
            volume: self.v.decimal("k.v")?,
            closed: self.x,
        })
    }
}

/// When a candle opens and how long it lasts: its end is the last millisecond that belongs to it.
pub(crate) fn span(
    open: Num<'_>,
    end: Num<'_>,
    (open_place, end_place): (&str, &str),
) -> Result<(Timestamp, Duration), DecodeError> {
    let (open, end) = (open.time(open_place)?, end.time(end_place)?);
    if end < open {
        return Err(DecodeError::new("a candle that ends before it opens", end_place));
    }
    Ok((open, end.since(open) + Duration::from_millis(1)))
}

message! {
    struct Trade {
        required {
            time = "T": Num<'a>,
            s = "s": Text<'a>,
            p = "p": Num<'a>,
            q = "q": Num<'a>,
            m = "m": bool,
        }
        optional {
            a = "a": Num<'a>,
            t = "t": Num<'a>,
        }
    }
}

/// `{"e":"aggTrade","E":123456789,"s":"BTCUSDT","a":5933014,"p":"0.001","q":"100","f":100,"l":105,"T":123456785,"m":true}`:
/// fills of one taker at one price. `m`: the buyer was the maker, so the taker sold.
pub(super) fn agg_trade(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Trade<'_> = read(text)?;
    one(MarketEvent::Trade(it.event(it.a.id("a")?, context)?))
}

/// `{"e":"trade","E":123456789,"s":"BTCUSDT","t":5933014,"p":"0.001","q":"100","T":123456785,"m":true}`. Entries of size
/// 0, which the venue sends for trades it does not publish, are no trades.
pub(super) fn trade(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Trade<'_> = read(text)?;
    if it.q.maybe_quantity("q")?.is_none() {
        return Ok(vec![Event::unknown("a trade of size 0")]);
    }
    one(MarketEvent::Trade(it.event(it.t.id("t")?, context)?))
}

impl Trade<'_> {
    fn event(&self, id: &str, context: Context<'_>) -> Result<MarketTrade, DecodeError> {
        Ok(MarketTrade {
            symbol: context.symbols.symbol(self.s.as_str())?,
            trade_id: TradeId::new(id),
            price: self.p.price("p")?,
            quantity: self.q.quantity("q")?,
            taker: taker(self.m),
            time: self.time.time("T")?,
        })
    }
}

pub(crate) const fn taker(buyer_was_maker: bool) -> Side {
    if buyer_was_maker { Side::Sell } else { Side::Buy }
}

message! {
    struct Ticker {
        required {
            time = "E": Num<'a>,
            s = "s": Text<'a>,
            c = "c": Num<'a>,
        }
        optional {}
    }
}

/// `{"e":"24hrMiniTicker","E":123456789,"s":"BTCUSDT","c":"0.0025","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000",
/// "q":"18"}`: of the day's figures only the last price is read.
pub(super) fn ticker(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Ticker<'_> = read(text)?;
    let symbol = context.symbols.symbol(it.s.as_str())?;
    one(MarketEvent::Last(LastPrice { symbol, price: it.c.price("c")?, time: it.time.time("E")? }))
}

message! {
    struct ForceOrder {
        required {
            o = "o": Forced<'a>,
        }
        optional {}
    }
}

message! {
    struct Forced {
        required {
            s = "s": Text<'a>,
            side = "S": &'a str,
            p = "p": Num<'a>,
            q = "q": Num<'a>,
            time = "T": Num<'a>,
        }
        optional {
            ap = "ap": Num<'a>,
            z = "z": Num<'a>,
        }
    }
}

/// `{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910",
/// "ap":"9910","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}}`: what was filled at its mean price, or, with
/// nothing filled, what was ordered at its limit.
pub(super) fn force_order(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let ForceOrder { o } = read(text)?;
    let filled = o.ap.maybe_price("o.ap")?.zip(o.z.maybe_quantity("o.z")?);
    let (price, quantity) = match filled {
        Some(filled) => filled,
        None => (o.p.price("o.p")?, o.q.quantity("o.q")?),
    };
    one(MarketEvent::Liquidation(MarketLiquidation {
        symbol: context.symbols.symbol(o.s.as_str())?,
        side: word::side(o.side, "o.S")?,
        price,
        quantity,
        time: o.time.time("o.T")?,
    }))
}

message! {
    struct ContractInfo {
        required {
            s = "s": Text<'a>,
        }
        optional {}
    }
}

/// `{"e":"contractInfo","E":1669356423908,"s":"IOTAUSDT","ct":"PERPETUAL","dt":4133404800000,"ot":1569398400000,
/// "cs":"TRADING","bks":[…]}`: new contracts are in no directory yet, so the name is the venue's.
pub(super) fn contract_info(text: &str) -> Result<Vec<Event>, DecodeError> {
    let it: ContractInfo<'_> = read(text)?;
    Ok(vec![Event::Session(SessionEvent::ContractChanged { native: it.s.as_str().to_owned() })])
}

fn one(event: MarketEvent) -> Result<Vec<Event>, DecodeError> {
    Ok(vec![Event::Market(event)])
}
