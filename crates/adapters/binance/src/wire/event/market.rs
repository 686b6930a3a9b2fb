//! The public streams.

use super::{Context, Event, SessionEvent};
use crate::wire::read::{DecodeError, Num, Text, json};
use crate::wire::word;
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, Decimal, FundingRate, LastPrice, MarkPrice, MarketEvent, MarketLiquidation,
    MarketTrade, Price, Quantity, Side, Symbol, Timestamp, TradeId,
};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
struct MarkPriceUpdate<'a> {
    #[serde(rename = "E", borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(borrow)]
    p: Num<'a>,
    #[serde(default, borrow)]
    i: Num<'a>,
    #[serde(default, borrow)]
    r: Num<'a>,
    #[serde(rename = "T", default, borrow)]
    next: Num<'a>,
}

/// `{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","r":"0.00038167",
/// "T":1562306400000}`: the mark price and the funding to come. Contracts without funding have no rate.
pub(super) fn mark_price(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: MarkPriceUpdate<'_> = json(text)?;
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

#[derive(Deserialize)]
struct BookTicker<'a> {
    #[serde(rename = "E", default, borrow)]
    sent: Num<'a>,
    #[serde(rename = "T", default, borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(borrow)]
    b: Num<'a>,
    #[serde(rename = "B", borrow)]
    bid_size: Num<'a>,
    #[serde(borrow)]
    a: Num<'a>,
    #[serde(rename = "A", borrow)]
    ask_size: Num<'a>,
}

/// `{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000","B":"31.21",
/// "a":"25.36520000","A":"40.66"}`
pub(super) fn book_ticker(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: BookTicker<'_> = json(text)?;
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

#[derive(Deserialize)]
struct DepthUpdate<'a> {
    #[serde(rename = "E", default, borrow)]
    sent: Num<'a>,
    #[serde(rename = "T", default, borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(rename = "U", borrow)]
    first: Num<'a>,
    #[serde(borrow)]
    u: Num<'a>,
    #[serde(default, borrow)]
    pu: Num<'a>,
    #[serde(borrow)]
    b: Vec<[Num<'a>; 2]>,
    #[serde(borrow)]
    a: Vec<[Num<'a>; 2]>,
}

/// `{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["0.0024","10"]],
/// "a":[["0.0026","100"]]}`
pub(super) fn depth(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: DepthUpdate<'_> = json(text)?;
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

#[derive(Deserialize)]
struct Kline<'a> {
    #[serde(default, borrow)]
    s: Option<Text<'a>>,
    #[serde(default, borrow)]
    ps: Option<Text<'a>>,
    #[serde(default, borrow)]
    ct: Option<Text<'a>>,
    #[serde(borrow)]
    k: KlineBody<'a>,
}

#[derive(Deserialize)]
struct KlineBody<'a> {
    #[serde(borrow)]
    t: Num<'a>,
    #[serde(rename = "T", borrow)]
    end: Num<'a>,
    #[serde(borrow)]
    o: Num<'a>,
    #[serde(borrow)]
    c: Num<'a>,
    #[serde(borrow)]
    h: Num<'a>,
    #[serde(borrow)]
    l: Num<'a>,
    #[serde(borrow)]
    v: Num<'a>,
    x: bool,
}

/// `{"e":"kline","E":1638747660000,"s":"BTCUSDT","k":{"t":1638747660000,"T":1638747719999,"s":"BTCUSDT","i":"1m",
/// "o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","x":false}}`
pub(super) fn kline(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Kline<'_> = json(text)?;
    let native = it.s.as_ref().map(Text::as_str).ok_or_else(|| DecodeError::new("no value", "s"))?;
    one(MarketEvent::Candle(it.k.candle(context.symbols.symbol(native)?)?))
}

/// The same by pair and contract type; those of dated contracts are not read.
pub(super) fn continuous_kline(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Kline<'_> = json(text)?;
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

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(rename = "T", borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(default, borrow)]
    a: Num<'a>,
    #[serde(default, borrow)]
    t: Num<'a>,
    #[serde(borrow)]
    p: Num<'a>,
    #[serde(borrow)]
    q: Num<'a>,
    m: bool,
}

/// `{"e":"aggTrade","E":123456789,"s":"BTCUSDT","a":5933014,"p":"0.001","q":"100","f":100,"l":105,"T":123456785,"m":true}`:
/// fills of one taker at one price. `m`: the buyer was the maker, so the taker sold.
pub(super) fn agg_trade(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Trade<'_> = json(text)?;
    one(MarketEvent::Trade(it.event(it.a.id("a")?, context)?))
}

/// `{"e":"trade","E":123456789,"s":"BTCUSDT","t":5933014,"p":"0.001","q":"100","T":123456785,"m":true}`. Entries of size
/// 0, which the venue sends for trades it does not publish, are no trades.
pub(super) fn trade(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Trade<'_> = json(text)?;
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

#[derive(Deserialize)]
struct Ticker<'a> {
    #[serde(rename = "E", borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(borrow)]
    c: Num<'a>,
}

/// `{"e":"24hrMiniTicker","E":123456789,"s":"BTCUSDT","c":"0.0025","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000",
/// "q":"18"}`: of the day's figures only the last price is read.
pub(super) fn ticker(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: Ticker<'_> = json(text)?;
    let symbol = context.symbols.symbol(it.s.as_str())?;
    one(MarketEvent::Last(LastPrice { symbol, price: it.c.price("c")?, time: it.time.time("E")? }))
}

#[derive(Deserialize)]
struct ForceOrder<'a> {
    #[serde(borrow)]
    o: Forced<'a>,
}

#[derive(Deserialize)]
struct Forced<'a> {
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(rename = "S")]
    side: &'a str,
    #[serde(borrow)]
    p: Num<'a>,
    #[serde(default, borrow)]
    ap: Num<'a>,
    #[serde(borrow)]
    q: Num<'a>,
    #[serde(default, borrow)]
    z: Num<'a>,
    #[serde(rename = "T", borrow)]
    time: Num<'a>,
}

/// `{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910",
/// "ap":"9910","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}}`: what was filled at its mean price, or, with
/// nothing filled, what was ordered at its limit.
pub(super) fn force_order(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let ForceOrder { o } = json(text)?;
    let filled = o.ap.maybe_price("o.ap")?.zip(o.z.maybe_quantity("o.z")?);
    let (price, quantity) = match filled {
        Some(filled) => filled,
        None => (o.p.price("o.p")?, o.q.quantity("o.q")?),
    };
    one(MarketEvent::Liquidation(MarketLiquidation {
        symbol: context.symbols.symbol(o.s.as_str())?,
        side: word::side(o.side)?,
        price,
        quantity,
        time: o.time.time("o.T")?,
    }))
}

#[derive(Deserialize)]
struct ContractInfo<'a> {
    #[serde(borrow)]
    s: Text<'a>,
}

/// `{"e":"contractInfo","E":1669356423908,"s":"IOTAUSDT","ct":"PERPETUAL","dt":4133404800000,"ot":1569398400000,
/// "cs":"TRADING","bks":[…]}`: new contracts are in no directory yet, so the name is the venue's.
pub(super) fn contract_info(text: &str) -> Result<Vec<Event>, DecodeError> {
    let it: ContractInfo<'_> = json(text)?;
    Ok(vec![Event::Session(SessionEvent::ContractChanged { native: it.s.as_str().to_owned() })])
}

fn one(event: MarketEvent) -> Result<Vec<Event>, DecodeError> {
    Ok(vec![Event::Market(event)])
}
