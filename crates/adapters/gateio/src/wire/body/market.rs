//! Prices, funding and candles.

use super::body_rows;
use super::instrument::hours;
use super::order::side_of;
use crate::wire::moment::{first_moment, maybe_moment, moment};
use crate::wire::symbols::{Reading, Symbols, Traded, quantity};
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, Decimal, FundingRate, LastPrice, MarkPrice, MarketEvent, MarketLiquidation,
    MarketTrade, Price, SettledFunding, Symbol, Timestamp, TradeId,
};
use plimsoll_venue::json::{self, DecodeError, Num, Raw, Text};
use plimsoll_venue::{message, plain};
use std::time::Duration;

message! {
    /// A ticker, and as much of a contract as is about prices: the pushes and the contract say when the next funding is.
    pub(crate) struct TickerRow {
        required {}
        optional {
            contract = "contract": Option<Text<'a>>,
            name = "name": Option<Text<'a>>,
            last = "last": Num<'a>,
            last_price = "last_price": Num<'a>,
            mark_price = "mark_price": Num<'a>,
            index_price = "index_price": Num<'a>,
            funding_rate = "funding_rate": Num<'a>,
            funding_interval = "funding_interval": Num<'a>,
            funding_next_apply = "funding_next_apply": Num<'a>,
            highest_bid = "highest_bid": Num<'a>,
            highest_size = "highest_size": Num<'a>,
            lowest_ask = "lowest_ask": Num<'a>,
            lowest_size = "lowest_size": Num<'a>,
        }
    }
}

impl TickerRow<'_> {
    pub(crate) fn native(&self) -> Result<&str, DecodeError> {
        let native = self.contract.as_ref().or(self.name.as_ref()).map(Text::as_str);
        native.ok_or_else(|| DecodeError::new("no value", "contract"))
    }

    pub(crate) fn mark(&self, symbol: &Symbol, time: Timestamp) -> Result<Option<MarkPrice>, DecodeError> {
        let Some(price) = self.mark_price.maybe_price("mark_price")? else { return Ok(None) };
        let index = self.index_price.maybe_price("index_price")?;
        Ok(Some(MarkPrice { symbol: symbol.clone(), price, index, time }))
    }

    pub(crate) fn funding(&self, symbol: &Symbol, time: Timestamp) -> Result<Option<FundingRate>, DecodeError> {
        if self.funding_rate.0.is_empty() {
            return Ok(None);
        }
        let interval = self.funding_interval;
        Ok(Some(FundingRate {
            symbol: symbol.clone(),
            rate: self.funding_rate.rate("funding_rate")?,
            next_time: maybe_moment(self.funding_next_apply, "funding_next_apply")?,
            interval_hours: if interval.0.is_empty() { None } else { Some(hours(interval, "funding_interval")?) },
            mark_price: self.mark_price.maybe_price("mark_price")?,
            index_price: self.index_price.maybe_price("index_price")?,
            time,
        }))
    }

    /// The best quotes where the ticker has them, and else the last price alone.
    fn quotes(&self, traded: &Traded, time: Timestamp) -> Result<Option<MarketEvent>, DecodeError> {
        let symbol = traded.symbol.clone();
        let last = if self.last.0.is_empty() { self.last_price } else { self.last }.maybe_price("last")?;
        let told = !self.highest_size.0.is_empty() || !self.lowest_size.0.is_empty();
        if !told {
            return Ok(last.map(|price| MarketEvent::Last(LastPrice { symbol, price, time })));
        }
        let bid = quote(traded, (self.highest_bid, self.highest_size), ("highest_bid", "highest_size"))?;
        let ask = quote(traded, (self.lowest_ask, self.lowest_size), ("lowest_ask", "lowest_size"))?;
        Ok(Some(MarketEvent::Quotes(BestQuotes { symbol, bid, ask, last, time })))
    }

    /// All that it says.
    pub(crate) fn events(&self, traded: &Traded, time: Timestamp) -> Result<Vec<MarketEvent>, DecodeError> {
        let mark = self.mark(&traded.symbol, time)?.map(MarketEvent::Mark);
        let funding = self.funding(&traded.symbol, time)?.map(MarketEvent::Funding);
        Ok([mark, funding, self.quotes(traded, time)?].into_iter().flatten().collect())
    }
}

/// A price and its size, unless one is zero or missing: then nobody is there.
pub(crate) fn quote(
    traded: &Traded,
    (price, size): (Num<'_>, Num<'_>),
    (price_place, size_place): (&str, &str),
) -> Result<Option<(Price, plimsoll_domain::Quantity)>, DecodeError> {
    Ok(price.maybe_price(price_place)?.zip(traded.quantity(size, size_place)?))
}

/// Everything that `GET /tickers` says, as of `time`, which the body does not tell. In a list, contracts that are not
/// listed are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn tickers(body: &[u8], symbols: &Symbols, time: Timestamp) -> Result<Vec<MarketEvent>, DecodeError> {
    let rows: Vec<TickerRow<'_>> = body_rows(body)?;
    let events = json::each(&rows, |row| match symbols.traded(row.native()?) {
        Ok(traded) => row.events(&traded, time).map(Some),
        Err(_) if rows.len() > 1 => Ok(None),
        Err(error) => Err(error),
    })?;
    Ok(events.into_iter().flatten().collect())
}

/// The mark prices of `GET /contracts` or `GET /tickers`, each with the funding to come, as of `time`, which the body does
/// not tell. Only contracts say when that is and how often.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn mark_and_funding(
    body: &[u8],
    symbols: &Symbols,
    time: Timestamp,
) -> Result<Vec<(MarkPrice, Option<FundingRate>)>, DecodeError> {
    let rows: Vec<TickerRow<'_>> = body_rows(body)?;
    json::each(&rows, |row| match symbols.symbol(row.native()?) {
        Ok(symbol) => {
            let Some(mark) = row.mark(&symbol, time)? else { return Ok(None) };
            Ok(Some((mark, row.funding(&symbol, time)?)))
        }
        Err(_) if rows.len() > 1 => Ok(None),
        Err(error) => Err(error),
    })
}

message! {
    struct Settled {
        required {
            t = "t": Num<'a>,
            r = "r": Num<'a>,
        }
        optional {}
    }
}

/// The rows of `GET /funding_rate`, oldest first, which do not say of which contract they are. The venue does not keep the
/// mark price.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn settled_funding(body: &[u8], symbol: &Symbol) -> Result<Vec<SettledFunding>, DecodeError> {
    let mut settled = json::each(&body_rows::<Settled<'_>>(body)?, |row| row.read(symbol).map(Some))?;
    settled.sort_by_key(|row| row.time);
    Ok(settled)
}

impl Settled<'_> {
    fn read(&self, symbol: &Symbol) -> Result<SettledFunding, DecodeError> {
        let (rate, time) = (self.r.rate("r")?, moment(self.t, "t")?);
        Ok(SettledFunding { symbol: symbol.clone(), rate, mark_price: None, time })
    }
}

message! {
    struct SettledOf {
        required {
            contract = "contract": Text<'a>,
            data = "data": Vec<Settled<'a>>,
        }
        optional {}
    }
}

/// The answer to a batch, which the venue wraps in a list once more in some of its examples.
pub(super) fn settled_batch(body: &[u8], symbols: &Symbols) -> Result<Vec<SettledFunding>, DecodeError> {
    let mut settled = Vec::new();
    for row in body_rows::<Raw<'_>>(body)? {
        for of in super::part::<SettledOf<'_>>(row)? {
            let symbol = symbols.symbol(of.contract.as_str())?;
            settled.extend(json::each(&of.data, |row| row.read(&symbol).map(Some))?);
        }
    }
    Ok(settled)
}

/// What candles are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CandlesOf {
    /// Trades.
    Trades,
    /// The mark or index price, which has no volume.
    MarkPrice,
}

message! {
    pub(crate) struct CandleRow {
        required {
            t = "t": Num<'a>,
            o = "o": Num<'a>,
            h = "h": Num<'a>,
            l = "l": Num<'a>,
            c = "c": Num<'a>,
        }
        optional {
            v = "v": Num<'a>,
            n = "n": Option<Text<'a>>,
            w = "w": Option<bool>,
        }
    }
}

/// A candle of a contract, of this length.
pub(crate) fn candle(
    row: &CandleRow<'_>,
    traded: &Traded,
    interval: Duration,
    closed: bool,
) -> Result<Candle, DecodeError> {
    Ok(Candle {
        symbol: traded.symbol.clone(),
        open_time: moment(row.t, "t")?,
        interval,
        open: row.o.price("o")?,
        high: row.h.price("h")?,
        low: row.l.price("l")?,
        close: row.c.price("c")?,
        volume: traded.maybe_base(row.v, "v")?,
        closed,
    })
}

/// The candles of `GET /candlesticks`. The rows say neither of which contract they are nor how long they last. A candle is
/// closed if its end is before `now`; without that, if another follows it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn candles(
    body: &[u8],
    symbols: &Symbols,
    symbol: &Symbol,
    of: CandlesOf,
    interval: Duration,
    now: Option<Timestamp>,
) -> Result<Vec<Candle>, DecodeError> {
    let multiplier = match of {
        CandlesOf::Trades => symbols.multiplier(symbol).unwrap_or(Decimal::ONE),
        CandlesOf::MarkPrice => Decimal::ZERO,
    };
    let traded = Traded { symbol: symbol.clone(), multiplier };
    let rows: Vec<CandleRow<'_>> = body_rows(body)?;
    let last = rows.len().saturating_sub(1);
    let mut index = 0;
    json::each(&rows, |row| {
        let followed = index < last;
        index += 1;
        let mut candle = candle(row, &traded, interval, followed)?;
        if let Some(now) = now {
            candle.closed = candle.open_time.plus(interval) <= now;
        }
        Ok(Some(candle))
    })
}

message! {
    /// A price and a size, absolute; size 0 takes the price away.
    pub(crate) struct Level {
        required {
            p = "p": Num<'a>,
            s = "s": Num<'a>,
        }
        optional {}
    }
}

/// One side of a book, in base units.
pub(crate) fn levels<'a>(
    rows: impl Iterator<Item = (Num<'a>, Num<'a>)>,
    traded: &Traded,
    place: &str,
) -> Result<Vec<(Price, Decimal)>, DecodeError> {
    rows.map(|(price, size)| {
        let size = traded.base(size, place)?;
        if size.is_sign_negative() && !size.is_zero() {
            return Err(DecodeError::new(format!("a size below zero: {size}"), place));
        }
        Ok((price.price(place)?, size))
    })
    .collect()
}

message! {
    struct Book {
        required {
            asks = "asks": Vec<Level<'a>>,
            bids = "bids": Vec<Level<'a>>,
        }
        optional {
            id = "id": Num<'a>,
            update = "update": Num<'a>,
            current = "current": Num<'a>,
        }
    }
}

/// The whole book of `GET /order_book`, which does not say of which contract it is.
pub(super) fn book(body: &[u8], traded: &Traded) -> Result<BookUpdate, DecodeError> {
    let it: Book<'_> = plain::read(json::text(body)?)?;
    let id = if it.id.0.is_empty() { 0 } else { it.id.whole("id")? };
    Ok(BookUpdate {
        symbol: traded.symbol.clone(),
        bids: levels(it.bids.iter().map(|it| (it.p, it.s)), traded, "bids")?,
        asks: levels(it.asks.iter().map(|it| (it.p, it.s)), traded, "asks")?,
        first_id: id,
        last_id: id,
        previous_id: None,
        time: first_moment(&[(it.update, "update"), (it.current, "current")])?.unwrap_or_default(),
    })
}

/// The best bid and ask of `GET /order_book`, which does not say of which contract it is.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn best_quotes(body: &[u8], symbols: &Symbols, symbol: &Symbol) -> Result<BestQuotes, DecodeError> {
    let multiplier = symbols.multiplier(symbol).unwrap_or(Decimal::ONE);
    let book = book(body, &Traded { symbol: symbol.clone(), multiplier })?;
    let best = |levels: &[(Price, Decimal)]| {
        levels.iter().find_map(|(price, size)| Some((*price, plimsoll_domain::Quantity::new(*size).ok()?)))
    };
    let (bid, ask) = (best(&book.bids), best(&book.asks));
    Ok(BestQuotes { symbol: book.symbol, bid, ask, last: None, time: book.time })
}

message! {
    /// A trade between others. More than zero: the taker bought.
    pub(crate) struct PublicTrade {
        required {
            id = "id": Num<'a>,
            contract = "contract": Text<'a>,
            size = "size": Num<'a>,
            price = "price": Num<'a>,
        }
        optional {
            create_time = "create_time": Num<'a>,
            create_time_ms = "create_time_ms": Num<'a>,
        }
    }
}

impl PublicTrade<'_> {
    pub(crate) fn trade(&self, traded: &Traded, sent: Option<Timestamp>) -> Result<MarketTrade, DecodeError> {
        let size = traded.base(self.size, "size")?;
        let time = first_moment(&[(self.create_time_ms, "create_time_ms"), (self.create_time, "create_time")])?;
        Ok(MarketTrade {
            symbol: traded.symbol.clone(),
            trade_id: TradeId::new(self.id.id("id")?),
            price: self.price.price("price")?,
            quantity: quantity(size, "size")?.ok_or_else(|| DecodeError::new("a trade of nothing", "size"))?,
            taker: side_of(size),
            time: time.or(sent).ok_or_else(|| DecodeError::new("no value", "create_time"))?,
        })
    }
}

/// The rows of `GET /trades`.
pub(super) fn trades(body: &[u8], reading: Reading<'_>) -> Result<Vec<MarketTrade>, DecodeError> {
    json::each(&body_rows::<PublicTrade<'_>>(body)?, |row| {
        row.trade(&reading.symbols.traded(row.contract.as_str())?, None).map(Some)
    })
}

message! {
    /// A liquidation of somebody. `size` is the position's: a long one is sold.
    pub(crate) struct PublicLiquidation {
        required {
            contract = "contract": Text<'a>,
            size = "size": Num<'a>,
        }
        optional {
            price = "price": Num<'a>,
            fill_price = "fill_price": Num<'a>,
            order_price = "order_price": Num<'a>,
            time = "time": Num<'a>,
            time_ms = "time_ms": Num<'a>,
        }
    }
}

impl PublicLiquidation<'_> {
    pub(crate) fn liquidation(
        &self,
        traded: &Traded,
        sent: Option<Timestamp>,
    ) -> Result<MarketLiquidation, DecodeError> {
        let size = traded.base(self.size, "size")?;
        let prices = [(self.fill_price, "fill_price"), (self.price, "price"), (self.order_price, "order_price")];
        let mut price = None;
        for (number, place) in prices {
            price = price.or(number.maybe_price(place)?);
        }
        let time = first_moment(&[(self.time_ms, "time_ms"), (self.time, "time")])?.or(sent);
        Ok(MarketLiquidation {
            symbol: traded.symbol.clone(),
            side: side_of(size).opposite(),
            price: price.ok_or_else(|| DecodeError::new("no value", "price"))?,
            quantity: quantity(size, "size")?.ok_or_else(|| DecodeError::new("a liquidation of nothing", "size"))?,
            time: time.ok_or_else(|| DecodeError::new("no value", "time"))?,
        })
    }
}

/// The rows of `GET /liq_orders`.
pub(super) fn liquidations(body: &[u8], reading: Reading<'_>) -> Result<Vec<MarketLiquidation>, DecodeError> {
    json::each(&body_rows::<PublicLiquidation<'_>>(body)?, |row| {
        row.liquidation(&reading.symbols.traded(row.contract.as_str())?, None).map(Some)
    })
}
