//! The public channels.

use super::Context;
use crate::wire::body::{CandleRow, Level, PublicLiquidation, PublicTrade, TickerRow, candle, levels, part, quote};
use crate::wire::moment::first_moment;
use crate::wire::request::interval_of;
use plimsoll_domain::{BestQuotes, BookUpdate, MarketEvent, Timestamp};
use plimsoll_venue::json::{DecodeError, Num, Raw, Text};
use plimsoll_venue::plain::Plain;
use plimsoll_venue::{Event, SessionEvent, message};
use serde::Deserialize;

/// The events of each row. A contract that is not listed does not spoil the others.
fn rows<'a, R: Plain<'a> + Deserialize<'a>>(
    result: Raw<'a>,
    context: Context<'_>,
    native: impl for<'r> Fn(&'r R) -> Result<&'r str, DecodeError>,
    mut tell: impl FnMut(&R, &crate::wire::symbols::Traded) -> Result<Vec<MarketEvent>, DecodeError>,
) -> Result<Vec<Event>, DecodeError> {
    let rows: Vec<R> = part(result)?;
    let mut events = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let inside = |error: DecodeError| error.inside(&format!("[{index}]"));
        match context.reading.symbols.traded(native(row).map_err(inside)?) {
            Ok(traded) => events.extend(tell(row, &traded).map_err(inside)?.into_iter().map(Event::Market)),
            Err(strange) => events.push(Event::unknown(strange.what)),
        }
    }
    Ok(events)
}

/// `futures.tickers`: mark price, funding to come, best quotes or last price.
///
/// `[{"contract":"BTC_USDT","last":"118.4","funding_rate":"-0.000114","funding_interval":28800,
/// "funding_next_apply":1541664000,"mark_price":"118.35","index_price":"118.36","total_size":"73648"}]`
pub(super) fn tickers(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, context, TickerRow::native, |row, traded| row.events(traded, context.sent))
}

/// `futures.trades`: `[{"size":"-108","id":27753479,"create_time_ms":1545136464123,"price":"96.4","contract":"BTC_USDT"}]`,
/// below zero where the taker sold.
pub(super) fn trades(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &PublicTrade<'_>| Ok(row.contract.as_str()),
        |row, traded| Ok(vec![MarketEvent::Trade(row.trade(traded, Some(context.sent))?)]),
    )
}

/// `futures.public_liquidates`: `[{"price":"215.1","size":"-124.5","time":1541486601123,"contract":"BTC_USDT"}]`; the size
/// is that of the position.
pub(super) fn liquidations(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &PublicLiquidation<'_>| Ok(row.contract.as_str()),
        |row, traded| Ok(vec![MarketEvent::Liquidation(row.liquidation(traded, Some(context.sent))?)]),
    )
}

/// `futures.candlesticks`: `[{"t":1545129300,"v":"27525555","c":"95.4","h":"96.9","l":"89.5","o":"94.3",
/// "n":"1m_BTC_USDT","w":false}]`. Those of the mark and of the index price have no volume; one that does not say that it
/// is closed is open.
pub(super) fn candles(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &CandleRow<'_>| Ok(named(row)?.1),
        |row, traded| {
            let (word, _) = named(row)?;
            let interval = interval_of(word).ok_or_else(|| DecodeError::word("interval", word, "n"))?;
            Ok(vec![MarketEvent::Candle(candle(row, traded, interval, row.w == Some(true))?)])
        },
    )
}

/// The interval and the contract of `1m_BTC_USDT` or `1m_mark_BTC_USDT`.
fn named<'r>(row: &'r CandleRow<'_>) -> Result<(&'r str, &'r str), DecodeError> {
    let name = row.n.as_ref().map_or("", Text::as_str);
    let (word, native) = name.split_once('_').ok_or_else(|| DecodeError::new("no value", "n"))?;
    let of_mark = native.strip_prefix("mark_").or_else(|| native.strip_prefix("index_"));
    Ok((word, of_mark.unwrap_or(native)))
}

message! {
    struct BookTicker {
        required {
            s = "s": Text<'a>,
        }
        optional {
            t = "t": Num<'a>,
            b = "b": Num<'a>,
            bid_size = "B": Num<'a>,
            a = "a": Num<'a>,
            ask_size = "A": Num<'a>,
        }
    }
}

/// `futures.book_ticker`: `{"t":1615366379123,"u":2517661076,"s":"BTC_USDT","b":"54696.6","B":"37000","a":"54696.7",
/// "A":"47061"}`; a side where nobody is has an empty price.
pub(super) fn book_ticker(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &BookTicker<'_>| Ok(row.s.as_str()),
        |row, traded| {
            Ok(vec![MarketEvent::Quotes(BestQuotes {
                symbol: traded.symbol.clone(),
                bid: quote(traded, (row.b, row.bid_size), ("b", "B"))?,
                ask: quote(traded, (row.a, row.ask_size), ("a", "A"))?,
                last: None,
                time: told(row.t, context)?,
            })])
        },
    )
}

fn told(t: Num<'_>, context: Context<'_>) -> Result<Timestamp, DecodeError> {
    Ok(first_moment(&[(t, "t")])?.unwrap_or(context.sent))
}

message! {
    struct Book {
        required {
            contract = "contract": Text<'a>,
            id = "id": Num<'a>,
            asks = "asks": Vec<Level<'a>>,
            bids = "bids": Vec<Level<'a>>,
        }
        optional {
            t = "t": Num<'a>,
        }
    }
}

fn pairs<'r, 'a>(levels: &'r [Level<'a>]) -> impl Iterator<Item = (Num<'a>, Num<'a>)> + use<'r, 'a> {
    levels.iter().map(|level| (level.p, level.s))
}

/// `futures.order_book`, the old channel: the whole book (event `all`), or single levels as rows of their own, which are
/// not read.
pub(super) fn book(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    if result.0.starts_with('[') {
        part::<Raw<'_>>(result)?;
        return Ok(vec![Event::unknown("futures.order_book level by level")]);
    }
    rows(
        result,
        context,
        |row: &Book<'_>| Ok(row.contract.as_str()),
        |row, traded| {
            let id = row.id.whole("id")?;
            Ok(vec![MarketEvent::Book(BookUpdate {
                symbol: traded.symbol.clone(),
                bids: levels(pairs(&row.bids), traded, "bids")?,
                asks: levels(pairs(&row.asks), traded, "asks")?,
                first_id: id,
                last_id: id,
                previous_id: None,
                time: told(row.t, context)?,
            })])
        },
    )
}

message! {
    struct Update {
        required {
            s = "s": Text<'a>,
            u = "u": Num<'a>,
        }
        optional {
            t = "t": Num<'a>,
            first = "U": Num<'a>,
            full = "full": Option<bool>,
            b = "b": Vec<Level<'a>>,
            a = "a": Vec<Level<'a>>,
        }
    }
}

/// `futures.order_book_update`: `{"t":1615366381417,"s":"BTC_USDT","U":2517661101,"u":2517661113,
/// "b":[{"p":"54672.1","s":"0"}],"a":[{"p":"54743.6","s":"0"}],"l":"100"}`; with `full` it is the whole book.
pub(super) fn book_update(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &Update<'_>| Ok(row.s.as_str()),
        |row, traded| {
            let ids = Ids::read(row.first, row.u, row.full)?;
            Ok(vec![MarketEvent::Book(BookUpdate {
                symbol: traded.symbol.clone(),
                bids: levels(pairs(&row.b), traded, "b")?,
                asks: levels(pairs(&row.a), traded, "a")?,
                first_id: ids.first,
                last_id: ids.last,
                previous_id: ids.previous,
                time: told(row.t, context)?,
            })])
        },
    )
}

/// The changes that a message holds. Each begins where the one before ended; the whole book follows none.
struct Ids {
    first: u64,
    last: u64,
    previous: Option<u64>,
}

impl Ids {
    fn read(first: Num<'_>, last: Num<'_>, full: Option<bool>) -> Result<Self, DecodeError> {
        let last = last.whole("u")?;
        if full == Some(true) || first.0.is_empty() {
            return Ok(Self { first: last, last, previous: None });
        }
        let first: u64 = first.whole("U")?;
        Ok(Self { first, last, previous: first.checked_sub(1) })
    }
}

message! {
    struct UpdateV2 {
        required {
            s = "s": Text<'a>,
            u = "u": Num<'a>,
        }
        optional {
            t = "t": Num<'a>,
            first = "U": Num<'a>,
            full = "full": Option<bool>,
            b = "b": Vec<[Num<'a>; 2]>,
            a = "a": Vec<[Num<'a>; 2]>,
        }
    }
}

/// `futures.obu`: `{"t":1743673026995,"full":true,"s":"ob.BTC_USDT.400","u":79072179673,"b":[["83705.9","30166"]],
/// "a":[["83706","4208"]]}`, then changes with `U` and `u`.
pub(super) fn book_v2(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(
        result,
        context,
        |row: &UpdateV2<'_>| native_of_stream(row.s.as_str()),
        |row, traded| {
            let ids = Ids::read(row.first, row.u, row.full)?;
            let side =
                |rows: &[[Num<'_>; 2]], place| levels(rows.iter().map(|[price, size]| (*price, *size)), traded, place);
            Ok(vec![MarketEvent::Book(BookUpdate {
                symbol: traded.symbol.clone(),
                bids: side(&row.b, "b")?,
                asks: side(&row.a, "a")?,
                first_id: ids.first,
                last_id: ids.last,
                previous_id: ids.previous,
                time: told(row.t, context)?,
            })])
        },
    )
}

/// The contract of `ob.BTC_USDT.400`.
fn native_of_stream(stream: &str) -> Result<&str, DecodeError> {
    let named = stream.strip_prefix("ob.").and_then(|rest| rest.rsplit_once('.'));
    named.map(|(native, _)| native).ok_or_else(|| DecodeError::word("book", stream, "s"))
}

message! {
    struct ContractInfo {
        required { contract = "contract": Text<'a>, }
        optional {}
    }
}

/// `futures.contract_info`: the steps or the margin table of a contract have changed. New contracts are in no directory
/// yet, so the name is the venue's.
pub(super) fn contract_info(result: Raw<'_>) -> Result<Vec<Event>, DecodeError> {
    let changed = |row: &ContractInfo<'_>| {
        Event::Session(SessionEvent::ContractChanged { native: row.contract.as_str().to_owned() })
    };
    Ok(part::<ContractInfo<'_>>(result)?.iter().map(changed).collect())
}
