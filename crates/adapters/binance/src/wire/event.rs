//! WebSocket messages: bytes in, events out.

mod account;
mod algo;
mod market;
mod order;
mod session;

pub(crate) use account::{held, leverage_of};
pub(crate) use algo::status as algo_status;
pub(crate) use market::{levels, quote, span, taker};

use super::symbols::Symbols;
use plimsoll_domain::{Stamp, Timestamp};
use plimsoll_venue::json::{self, Num, Text, present, utf8};
use plimsoll_venue::{DecodeError, Event};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a message is read with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'s> {
    pub(crate) symbols: &'s Symbols,
    pub(crate) arrival: u64,
}

impl Context<'_> {
    pub(crate) fn stamp(self, time: Timestamp) -> Stamp {
        Stamp { time, sequence: self.arrival }
    }
}

/// Reads one message of a stream socket or of the request-response socket, wrapped with its stream's name or not.
///
/// `arrival` counts the messages of a connection: it orders what the venue says of one millisecond.
///
/// # Errors
/// [`DecodeError`] for what is no JSON object, for a known event with a missing or impossible field, and for unknown
/// words. Unknown *events* are [`SessionEvent::Unknown`](plimsoll_venue::SessionEvent::Unknown).
pub fn decode(frame: &[u8], symbols: &Symbols, arrival: u64) -> Result<Vec<Event>, DecodeError> {
    message(utf8(frame)?.trim(), Context { symbols, arrival }, Nesting::Outermost)
}

/// Where a message stands. A stream's name is around a list or an event, a list is around events, and that is all: deeper
/// ones would be read at the cost of our stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nesting {
    Outermost,
    InStream,
    InList,
}

fn message(text: &str, context: Context<'_>, nesting: Nesting) -> Result<Vec<Event>, DecodeError> {
    match peek(text) {
        Some(name) => payload(name, text, context),
        None if text.starts_with('[') && nesting < Nesting::InList => array(text, context),
        None => envelope(text, context, nesting),
    }
}

/// The event type, where it is the first thing in the message, as the venue writes it.
fn peek(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(r#"{"e":""#)?;
    let (name, _) = rest.split_once('"')?;
    (!name.contains('\\')).then_some(name)
}

fn payload(name: &str, text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let events = match name {
        "ORDER_TRADE_UPDATE" => order::update(text, context),
        "ACCOUNT_UPDATE" => account::update(text, context),
        "TRADE_LITE" => order::trade_lite(text, context),
        "ALGO_UPDATE" => algo::update(text, context),
        "MARGIN_CALL" => account::margin_call(text, context),
        "ACCOUNT_CONFIG_UPDATE" => account::config(text, context),
        "CONDITIONAL_ORDER_TRIGGER_REJECT" => algo::trigger_reject(text, context),
        "listenKeyExpired" => session::expired(text),
        "markPriceUpdate" => market::mark_price(text, context),
        "bookTicker" => market::book_ticker(text, context),
        "depthUpdate" => market::depth(text, context),
        "kline" => market::kline(text, context),
        "continuous_kline" => market::continuous_kline(text, context),
        "aggTrade" => market::agg_trade(text, context),
        "trade" => market::trade(text, context),
        "24hrTicker" | "24hrMiniTicker" => market::ticker(text, context),
        "forceOrder" => market::force_order(text, context),
        "contractInfo" => market::contract_info(text),
        _ => {
            json::read::<serde::de::IgnoredAny>(text)?;
            return Ok(vec![Event::unknown(name.chars().take(64).collect::<String>())]);
        }
    };
    events.map_err(|error| error.inside(name))
}

/// The market's `…@arr` streams. One contract that we do not know does not spoil the others.
fn array(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let mut events = Vec::new();
    for (index, item) in json::read::<Vec<&RawValue>>(text)?.into_iter().enumerate() {
        let item = item.get();
        let strange = || native(item).and_then(|native| context.symbols.symbol(native).err());
        match message(item, context, Nesting::InList) {
            Ok(told) => events.extend(told),
            Err(error) => match strange() {
                Some(strange) => events.push(Event::unknown(strange.what)),
                None => return Err(error.inside(&format!("[{index}]"))),
            },
        }
    }
    Ok(events)
}

/// The contract of an event, if it is of one.
fn native(text: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Of<'a> {
        s: &'a str,
    }
    json::read::<Of<'_>>(text).ok().map(|of| of.s)
}

/// Everything that a message can be besides an event that begins with its type.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    e: Option<Text<'a>>,
    #[serde(default, borrow)]
    stream: Option<Text<'a>>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<session::Trouble<'a>>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default, borrow)]
    code: Num<'a>,
    #[serde(default, borrow)]
    msg: Option<Text<'a>>,
    #[serde(default, borrow)]
    method: Option<Text<'a>>,
}

fn envelope(text: &str, context: Context<'_>, nesting: Nesting) -> Result<Vec<Event>, DecodeError> {
    if !text.starts_with('{') {
        json::read::<serde::de::IgnoredAny>(text)?;
        let expected = if nesting == Nesting::InList { "not an object" } else { "neither an object nor a list" };
        return Err(DecodeError::new(expected, "the whole message"));
    }
    let it: Envelope<'_> = json::read(text)?;
    if let Some(name) = &it.e {
        return payload(name.as_str(), text, context);
    }
    match (&it.stream, it.data) {
        (Some(_), Some(data)) if nesting == Nesting::Outermost => {
            message(data.get(), context, Nesting::InStream).map_err(|error| error.inside("data"))
        }
        (Some(_), Some(_)) => Err(DecodeError::new("a stream within a stream", "the whole message")),
        _ => session::reply(&it, context),
    }
}
