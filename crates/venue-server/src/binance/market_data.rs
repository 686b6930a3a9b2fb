//! What public and market sockets are sent.

use crate::binance::facts::id;
use crate::binance::floor::Floor;
use crate::binance::number::{self, padded, shown, trimmed};
use crate::binance::subscription::Stream;
use crate::binance::words;
use crate::day::{Day, candle_open, turnover};
use crate::tape::{Depth, Level, Print};
use plimsoll_domain::{Candle, Instrument, Price, Timestamp};
use plimsoll_exchange::{MarketView, PlacedOrder};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Streams that tell of single happenings; the others show a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AggregateTrade,
    Trade,
    DepthChange,
    ForcedOrder,
}

impl Kind {
    pub(crate) const fn of(stream: &Stream) -> Option<Self> {
        match stream {
            Stream::AggregateTrade { .. } => Some(Self::AggregateTrade),
            Stream::Trade { .. } => Some(Self::Trade),
            Stream::Depth { levels: None, .. } => Some(Self::DepthChange),
            Stream::ForcedOrder { .. } => Some(Self::ForcedOrder),
            _ => None,
        }
    }
}

/// What a moved price sets off: a trade, a changed book.
pub(crate) fn moved(
    instrument: &Instrument,
    print: Option<&Print>,
    changes: Option<&Depth>,
    update: i64,
    time: Timestamp,
) -> Vec<(Kind, String)> {
    let millis = time.as_millis();
    let native = &*instrument.native;
    let trades = print.map(|print| {
        let (price, quantity) =
            (number::price(instrument, Some(print.price)), number::quantity(instrument, Some(print.quantity)));
        let (id, time, maker) = (print.id, print.time.as_millis(), print.buyer_is_maker);
        let aggregate = json!({
            "e": "aggTrade", "E": millis, "s": native, "a": id, "p": price, "q": quantity, "nq": quantity, "f": id,
            "l": id, "T": time, "m": maker, "st": 1,
        });
        let single = json!({
            "e": "trade", "E": millis, "T": time, "s": native, "t": id, "p": price, "q": quantity, "X": "MARKET",
            "m": maker, "st": 1,
        });
        [(Kind::AggregateTrade, aggregate.to_string()), (Kind::Trade, single.to_string())]
    });
    let book = changes.map(|changes| {
        // The first number is the one before, so that a follower whose snapshot is of just then finds itself within.
        let book = json!({
            "e": "depthUpdate", "E": millis, "T": millis, "s": native, "ps": native, "U": update - 1, "u": update,
            "pu": update - 1, "b": levels(instrument, &changes.bids), "a": levels(instrument, &changes.asks), "st": 1,
        });
        (Kind::DepthChange, book.to_string())
    });
    trades.into_iter().flatten().chain(book).collect()
}

/// A book's levels as pairs of texts.
pub(crate) fn levels(instrument: &Instrument, levels: &[Level]) -> Vec<[String; 2]> {
    let pair = |(price, size): &Level| {
        [number::price(instrument, Some(*price)), padded(*size, number::quantity_precision(instrument))]
    };
    levels.iter().map(pair).collect()
}

/// A position closed by force, as everybody sees it.
pub(crate) fn forced_order(instrument: &Instrument, placed: &PlacedOrder, time: Timestamp) -> String {
    let order = &placed.order;
    let quantity = number::quantity(instrument, order.quantity);
    let price = order.price.or(order.average_price);
    json!({"e": "forceOrder", "E": time.as_millis(), "o": {
        "s": &*instrument.native, "ps": &*instrument.native, "S": words::side(order.side), "o": "LIMIT", "f": "IOC",
        "q": quantity, "p": number::price(instrument, price), "ap": number::price(instrument, order.average_price),
        "X": words::order_status(order.status), "l": number::quantity(instrument, order.filled),
        "z": number::quantity(instrument, order.filled), "T": time.as_millis(), "st": 1,
    }})
    .to_string()
}

/// A contract at this moment, for the streams that show it.
pub(crate) struct Shown<'a> {
    floor: &'a Floor,
    instrument: &'a Instrument,
    view: Option<MarketView>,
    now: Timestamp,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(floor: &'a Floor, instrument: &'a Instrument) -> Self {
        Self { floor, instrument, view: floor.market(&instrument.symbol), now: floor.exchange.now() }
    }

    /// The frames that are due on this stream, when it last sent one at `last`.
    pub(crate) fn frames(&self, stream: &Stream, last: Option<Timestamp>) -> Vec<Arc<str>> {
        let values = match stream {
            Stream::MarkPrice { symbol, .. } => {
                let mark = self.mark_price();
                if symbol.is_none() { vec![Value::from_iter(mark)] } else { mark.into_iter().collect() }
            }
            Stream::BookTicker { .. } => self.book_ticker().into_iter().collect(),
            Stream::Candle { word, interval, .. } => self.candles(word, *interval, last),
            Stream::Ticker { symbol, mini } => {
                let ticker = self.ticker(*mini);
                if symbol.is_none() { vec![Value::from_iter(ticker)] } else { ticker.into_iter().collect() }
            }
            Stream::Depth { levels: Some(count), .. } => self.partial_depth(*count).into_iter().collect(),
            Stream::Depth { levels: None, .. }
            | Stream::AggregateTrade { .. }
            | Stream::Trade { .. }
            | Stream::ForcedOrder { .. }
            | Stream::Silent => Vec::new(),
        };
        values.into_iter().map(|value| value.to_string().into()).collect()
    }

    fn mark_price(&self) -> Option<Value> {
        let view = self.view.as_ref()?;
        let mark = shown(view.mark.get());
        Some(json!({
            "e": "markPriceUpdate", "E": self.now.as_millis(), "s": &*self.instrument.native, "p": mark, "ap": mark,
            "i": shown(view.index.get()), "P": shown(view.index.get()), "r": padded(view.funding_rate.get(), 8),
            "T": view.next_funding.as_millis(), "st": 1,
        }))
    }

    fn book_ticker(&self) -> Option<Value> {
        let tape = self.floor.tape(&self.instrument.symbol)?;
        let (bid, ask) = (tape.depth().bids.first()?, tape.depth().asks.first()?);
        let level = |level: &Level| levels(self.instrument, &[*level]).swap_remove(0);
        let ([bid, bid_size], [ask, ask_size]) = (level(bid), level(ask));
        let millis = self.now.as_millis();
        let native = &*self.instrument.native;
        Some(json!({
            "e": "bookTicker", "u": tape.update, "E": millis, "T": millis, "s": native, "ps": native, "b": bid,
            "B": bid_size, "a": ask, "A": ask_size, "st": 1,
        }))
    }

    fn partial_depth(&self, count: usize) -> Option<Value> {
        let tape = self.floor.tape(&self.instrument.symbol)?;
        let top = |side: &[Level]| levels(self.instrument, side.get(..count).unwrap_or(side));
        let millis = self.now.as_millis();
        let native = &*self.instrument.native;
        Some(json!({
            "e": "depthUpdate", "E": millis, "T": millis, "s": native, "ps": native, "U": tape.update, "u": tape.update,
            "pu": tape.update - 1, "b": top(&tape.depth().bids), "a": top(&tape.depth().asks), "st": 1,
        }))
    }

    /// The open candle; before it those that have closed since the stream last sent something.
    fn candles(&self, word: &str, interval: Duration, last: Option<Timestamp>) -> Vec<Value> {
        let from = candle_open(last.unwrap_or(self.now), interval);
        let until = self.now.plus(Duration::from_micros(1));
        let candles = self.floor.candles(&self.instrument.symbol, interval, from, until, false);
        candles.iter().map(|candle| self.candle(word, candle)).collect()
    }

    fn candle(&self, word: &str, candle: &Candle) -> Value {
        let instrument = self.instrument;
        let price = |price: Price| number::price(instrument, Some(price));
        let (volume, turnover) = volumes(instrument, candle);
        let native = &*instrument.native;
        json!({"e": "kline", "E": self.now.as_millis(), "s": native, "ps": native, "st": 1, "k": {
            "t": candle.open_time.as_millis(), "T": candle_close(candle), "s": native, "i": word, "f": -1, "L": -1,
            "o": price(candle.open), "c": price(candle.close), "h": price(candle.high), "l": price(candle.low),
            "v": volume, "n": 0, "x": candle.closed, "q": turnover, "V": "0", "Q": "0", "B": "0",
        }})
    }

    fn ticker(&self, mini: bool) -> Option<Value> {
        let day = Day::of(&self.floor.exchange, self.floor.tape(&self.instrument.symbol)?, self.instrument)?;
        let price = |price: Price| number::price(self.instrument, Some(price));
        let millis = self.now.as_millis();
        let native = &*self.instrument.native;
        if mini {
            return Some(json!({
                "e": "24hrMiniTicker", "E": millis, "s": native, "ps": native, "c": price(day.last),
                "o": price(day.open), "h": price(day.high), "l": price(day.low), "v": trimmed(day.volume),
                "q": trimmed(day.turnover), "st": 1,
            }));
        }
        Some(json!({
            "e": "24hrTicker", "E": millis, "s": native, "ps": native, "p": trimmed(day.change()),
            "P": padded(day.change_percent(), 2), "w": trimmed(day.mean()), "c": price(day.last),
            "Q": number::quantity(self.instrument, day.last_quantity), "o": price(day.open), "h": price(day.high),
            "l": price(day.low), "v": trimmed(day.volume), "q": trimmed(day.turnover),
            "O": day.from.as_millis(), "C": millis, "F": day.first_id, "L": day.last_id,
            "n": day.count, "st": 1,
        }))
    }
}

/// The last millisecond of a candle.
pub(crate) fn candle_close(candle: &Candle) -> i64 {
    candle.open_time.plus(candle.interval).as_millis() - 1
}

/// What was traded, in base units and in money at the closing price.
pub(crate) fn volumes(instrument: &Instrument, candle: &Candle) -> (String, String) {
    (padded(candle.volume, number::quantity_precision(instrument)), padded(turnover(candle), 2))
}

/// A trade's id as a number.
pub(crate) fn trade_id(trade: &plimsoll_domain::TradeId) -> i64 {
    id(trade.as_str())
}
