//! What the channels of the market show.

use crate::bitget::channel::Channel;
use crate::bitget::floor::Floor;
use crate::bitget::market::held;
use crate::day::{Day, candle_open, turnover};
use crate::number::{cut, trimmed};
use crate::tape::{Depth, Level, Print};
use plimsoll_domain::{Candle, Instrument, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::time::Duration;

/// How many candles a channel begins with.
const FIRST_CANDLES: u32 = 500;
/// How many trades a channel begins with.
const FIRST_TRADES: usize = 50;

/// A trade: its side is the taker's.
pub(crate) fn print_row(print: &Print) -> Value {
    json!({
        "ts": print.time.as_millis().to_string(), "price": trimmed(print.price.get()),
        "size": trimmed(print.quantity.get()), "side": if print.buyer_is_maker { "sell" } else { "buy" },
        "tradeId": print.id.to_string(),
    })
}

/// So many levels of a book; `numbers` are its own and that of the push before.
pub(crate) fn book_row(depth: &Depth, count: usize, numbers: (i64, i64), now: Timestamp) -> Value {
    let levels = |levels: &[Level]| -> Vec<[String; 2]> {
        levels.iter().take(count).map(|(price, size)| [trimmed(price.get()), trimmed(*size)]).collect()
    };
    json!({
        "asks": levels(&depth.asks), "bids": levels(&depth.bids), "seq": numbers.0, "pseq": numbers.1,
        "ts": now.as_millis().to_string(),
    })
}

/// Over REST: open time, open, high, low, close, volume, turnover.
pub(crate) fn candle_row(candle: &Candle, of_mark: bool) -> [String; 7] {
    let (volume, money) = if of_mark { (Decimal::ZERO, Decimal::ZERO) } else { (candle.volume, turnover(candle)) };
    [
        candle.open_time.as_millis().to_string(),
        trimmed(candle.open.get()),
        trimmed(candle.high.get()),
        trimmed(candle.low.get()),
        trimmed(candle.close.get()),
        trimmed(volume),
        trimmed(money),
    ]
}

fn candles(floor: &Floor, instrument: &Instrument, interval: Duration, from: Timestamp) -> Option<String> {
    let until = floor.exchange.now().plus(Duration::from_micros(1));
    let candles = floor.candles(&instrument.symbol, interval, from, until, false);
    let rows: Vec<Vec<String>> = candles
        .iter()
        .map(|candle| {
            let row = candle_row(candle, false);
            // The money once more, in USDT.
            row.iter().chain(row.last()).cloned().collect()
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    serde_json::to_string(&rows).ok()
}

/// The whole ticker, as REST has it.
pub(crate) fn ticker_row(floor: &Floor, instrument: &Instrument) -> Option<Value> {
    let (view, tape) = (floor.market(&instrument.symbol)?, floor.tape(&instrument.symbol)?);
    let day = Day::of(&floor.exchange, tape, instrument)?;
    let (bid, ask) = (tape.depth().bids.first()?, tape.depth().asks.first()?);
    let change = day.change().checked_div(day.open.get()).unwrap_or_default();
    let open = trimmed(day.open.get());
    Some(json!({
        "symbol": &*instrument.native, "lastPr": trimmed(view.last.get()), "askPr": trimmed(ask.0.get()),
        "bidPr": trimmed(bid.0.get()), "bidSz": trimmed(bid.1), "askSz": trimmed(ask.1),
        "high24h": trimmed(day.high.get()), "low24h": trimmed(day.low.get()),
        "ts": view.time.as_millis().to_string(), "change24h": cut(change, 5), "baseVolume": trimmed(day.volume),
        "quoteVolume": trimmed(day.turnover), "usdtVolume": trimmed(day.turnover), "openUtc": open,
        "changeUtc24h": cut(change, 5), "indexPrice": trimmed(view.index.get()),
        "fundingRate": trimmed(view.funding_rate.get()), "holdingAmount": trimmed(held(floor, instrument)),
        "deliveryStartTime": "", "deliveryTime": "", "deliveryStatus": "", "open24h": open,
        "markPrice": trimmed(view.mark.get()),
    }))
}

/// The ticker of the channel: it also says when the next funding is.
fn ticker(floor: &Floor, instrument: &Instrument) -> Option<String> {
    let mut row = ticker_row(floor, instrument)?;
    let members = row.as_object_mut()?;
    members.retain(|name, _| !name.starts_with("delivery") && name != "changeUtc24h" && name != "usdtVolume");
    let next = floor.market(&instrument.symbol)?.next_funding.as_millis().to_string();
    members.insert("instId".to_owned(), instrument.native.to_string().into());
    members.insert("nextFundingTime".to_owned(), next.into());
    members.insert("symbolType".to_owned(), 1.into());
    members.insert("deliveryPrice".to_owned(), "0".into());
    Some(json!([row]).to_string())
}

fn book(floor: &Floor, instrument: &Instrument, count: usize) -> Option<String> {
    let tape = floor.tape(&instrument.symbol)?;
    let row = book_row(tape.depth(), count, (tape.update, 0), floor.exchange.now());
    Some(json!([row]).to_string())
}

/// What a channel begins with.
pub(crate) fn first(floor: &Floor, instrument: &Instrument, channel: Channel) -> Option<String> {
    match channel {
        Channel::Ticker => ticker(floor, instrument),
        Channel::Trade => {
            let prints = floor.tape(&instrument.symbol)?.prints().rev().take(FIRST_TRADES);
            Some(Value::from_iter(prints.map(print_row)).to_string())
        }
        Channel::Candle(interval) => {
            let back = interval.saturating_mul(FIRST_CANDLES - 1);
            candles(floor, instrument, interval, candle_open(floor.exchange.now(), interval).minus(back))
        }
        Channel::Book(count) => book(floor, instrument, count.unwrap_or(usize::MAX)),
        _ => None,
    }
}

/// What is due on a channel that shows a state, when it last showed one at `last`: its action and its rows.
pub(crate) fn shown(
    floor: &Floor,
    instrument: &Instrument,
    channel: Channel,
    last: Option<Timestamp>,
) -> Option<(&'static str, String)> {
    match channel {
        Channel::Ticker => Some(("snapshot", ticker(floor, instrument)?)),
        Channel::Book(Some(count)) => Some(("snapshot", book(floor, instrument, count)?)),
        Channel::Candle(interval) => {
            let from = candle_open(last.unwrap_or_else(|| floor.exchange.now()), interval);
            Some(("update", candles(floor, instrument, interval, from)?))
        }
        _ => None,
    }
}
