//! Prices, funding and candles.

use crate::wire::event::{levels, quote, span, taker};
use crate::wire::symbols::Symbols;
use plimsoll_domain::{
    BestQuotes, BookUpdate, Candle, Decimal, FundingRate, LastPrice, MarkPrice, MarketTrade, SettledFunding, Symbol,
    Timestamp, TradeId,
};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::{self, Num, Text, each, rows, text};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PremiumIndex<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    mark_price: Num<'a>,
    #[serde(default, borrow)]
    index_price: Num<'a>,
    #[serde(default, borrow)]
    last_funding_rate: Num<'a>,
    #[serde(default, borrow)]
    next_funding_time: Num<'a>,
    #[serde(borrow)]
    time: Num<'a>,
}

/// The mark prices of `GET /fapi/v1/premiumIndex`, each with the funding to come where the contract has any. In a list,
/// contracts that are no perpetuals are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn mark_and_funding(body: &[u8], symbols: &Symbols) -> Result<Vec<(MarkPrice, Option<FundingRate>)>, DecodeError> {
    let text = text(body)?;
    let list = text.starts_with('[');
    let rows: Vec<PremiumIndex<'_>> = rows(text)?;
    each(&rows, |row| match symbols.symbol(row.symbol.as_str()) {
        Ok(symbol) => row.read(symbol).map(Some),
        Err(_) if list => Ok(None),
        Err(error) => Err(error),
    })
}

impl PremiumIndex<'_> {
    fn read(&self, symbol: Symbol) -> Result<(MarkPrice, Option<FundingRate>), DecodeError> {
        let price = self.mark_price.price("markPrice")?;
        let index = self.index_price.maybe_price("indexPrice")?;
        let time = self.time.time("time")?;
        let mark = MarkPrice { symbol: symbol.clone(), price, index, time };
        if self.last_funding_rate.0.is_empty() {
            return Ok((mark, None));
        }
        let funding = FundingRate {
            symbol,
            rate: self.last_funding_rate.rate("lastFundingRate")?,
            next_time: self.next_funding_time.maybe_time("nextFundingTime")?,
            interval_hours: None,
            mark_price: Some(price),
            index_price: index,
            time,
        };
        Ok((mark, Some(funding)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settled<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    funding_rate: Num<'a>,
    #[serde(borrow)]
    funding_time: Num<'a>,
    #[serde(default, borrow)]
    mark_price: Num<'a>,
}

/// The rows of `GET /fapi/v1/fundingRate`. Old ones have lost their mark price.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn settled_funding(body: &[u8], symbols: &Symbols) -> Result<Vec<SettledFunding>, DecodeError> {
    let rows: Vec<Settled<'_>> = rows(text(body)?)?;
    each(&rows, |row| {
        Ok(Some(SettledFunding {
            symbol: symbols.symbol(row.symbol.as_str())?,
            rate: row.funding_rate.rate("fundingRate")?,
            mark_price: row.mark_price.maybe_price("markPrice")?,
            time: row.funding_time.time("fundingTime")?,
        }))
    })
}

/// What candles are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CandlesOf {
    /// Trades.
    Trades,
    /// The mark or index price, which has no volume.
    MarkPrice,
}

/// Open time, open, high, low, close, volume, end; what follows is not read.
struct CandleRow<'a>([Num<'a>; 7]);

impl<'de: 'a, 'a> Deserialize<'de> for CandleRow<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Vec::<Num<'de>>::deserialize(deserializer)?;
        let row = row.get(..7).and_then(|row| row.try_into().ok());
        row.map(Self).ok_or_else(|| serde::de::Error::custom("a candle has at least 7 members"))
    }
}

/// The candles of `GET /fapi/v1/klines` and of its mark-price sister. The rows do not say of which contract they are. A
/// candle is closed if its end is before `now`; without that, if another follows it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn candles(
    body: &[u8],
    symbol: &Symbol,
    of: CandlesOf,
    now: Option<Timestamp>,
) -> Result<Vec<Candle>, DecodeError> {
    let rows: Vec<CandleRow<'_>> = json::read(text(body)?)?;
    let last = rows.len().saturating_sub(1);
    let mut index = 0;
    each(&rows, |&CandleRow([open_time, open, high, low, close, volume, end])| {
        let (open_time, interval) = span(open_time, end, ("open time", "end"))?;
        let followed = index < last;
        index += 1;
        Ok(Some(Candle {
            symbol: symbol.clone(),
            open_time,
            interval,
            open: open.price("open")?,
            high: high.price("high")?,
            low: low.price("low")?,
            close: close.price("close")?,
            volume: match of {
                CandlesOf::Trades => volume.decimal("volume")?,
                CandlesOf::MarkPrice => Decimal::ZERO,
            },
            closed: now.map_or(followed, |now| open_time.plus(interval) <= now),
        }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookTicker<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    bid_price: Num<'a>,
    #[serde(borrow)]
    bid_qty: Num<'a>,
    #[serde(borrow)]
    ask_price: Num<'a>,
    #[serde(borrow)]
    ask_qty: Num<'a>,
    #[serde(borrow)]
    time: Num<'a>,
}

/// The best quotes of `GET /fapi/v1/ticker/bookTicker`. In a list, contracts that are no perpetuals are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn quotes(body: &[u8], symbols: &Symbols) -> Result<Vec<BestQuotes>, DecodeError> {
    let text = text(body)?;
    let list = text.starts_with('[');
    let rows: Vec<BookTicker<'_>> = rows(text)?;
    each(&rows, |row| {
        let symbol = match symbols.symbol(row.symbol.as_str()) {
            Ok(symbol) => symbol,
            Err(_) if list => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(BestQuotes {
            symbol,
            bid: quote(row.bid_price, row.bid_qty, ("bidPrice", "bidQty"))?,
            ask: quote(row.ask_price, row.ask_qty, ("askPrice", "askQty"))?,
            last: None,
            time: row.time.time("time")?,
        }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ticker<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow, alias = "lastPrice")]
    price: Num<'a>,
    #[serde(borrow, alias = "closeTime")]
    time: Num<'a>,
}

/// The last prices of `ticker/price` and `ticker/24hr`.
pub(super) fn last_prices(body: &[u8], symbols: &Symbols) -> Result<Vec<LastPrice>, DecodeError> {
    let rows: Vec<Ticker<'_>> = rows(text(body)?)?;
    each(&rows, |row| {
        let symbol = symbols.symbol(row.symbol.as_str())?;
        Ok(Some(LastPrice { symbol, price: row.price.price("price")?, time: row.time.time("time")? }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trade<'a> {
    #[serde(borrow, alias = "a")]
    id: Num<'a>,
    #[serde(borrow, alias = "p")]
    price: Num<'a>,
    #[serde(borrow, alias = "q")]
    qty: Num<'a>,
    #[serde(borrow, alias = "T")]
    time: Num<'a>,
    #[serde(alias = "m")]
    is_buyer_maker: bool,
}

/// The rows of `trades`, `historicalTrades` and `aggTrades`, which do not say of which contract they are.
pub(super) fn trades(body: &[u8], symbol: &Symbol) -> Result<Vec<MarketTrade>, DecodeError> {
    let rows: Vec<Trade<'_>> = rows(text(body)?)?;
    each(&rows, |row| {
        Ok(Some(MarketTrade {
            symbol: symbol.clone(),
            trade_id: TradeId::new(row.id.id("id")?),
            price: row.price.price("price")?,
            quantity: row.qty.quantity("qty")?,
            taker: taker(row.is_buyer_maker),
            time: row.time.time("time")?,
        }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Depth<'a> {
    #[serde(borrow)]
    last_update_id: Num<'a>,
    #[serde(rename = "T", borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    bids: Vec<[Num<'a>; 2]>,
    #[serde(borrow)]
    asks: Vec<[Num<'a>; 2]>,
}

/// The whole book of `depth`, which does not say of which contract it is.
pub(super) fn depth(body: &[u8], symbol: Symbol) -> Result<BookUpdate, DecodeError> {
    let it: Depth<'_> = json::read(text(body)?)?;
    let id = it.last_update_id.whole("lastUpdateId")?;
    Ok(BookUpdate {
        symbol,
        bids: levels(&it.bids, "bids")?,
        asks: levels(&it.asks, "asks")?,
        first_id: id,
        last_id: id,
        previous_id: None,
        time: it.time.time("T")?,
    })
}
