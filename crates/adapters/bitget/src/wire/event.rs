//! WebSocket messages: bytes in, events out.

mod account;
mod fill;
mod market;
mod mix;
mod order;
mod plan;
mod session;
mod unified;

#[cfg(feature = "live")]
pub(crate) use account::nothing_held;
pub(crate) use account::{held, leverage_of, margin_mode, maybe_leverage, positive_price, ratio, wallet};
pub(crate) use fill::{FeeDetail, paid};
pub(crate) use market::{candle, levels, quote};
pub(crate) use plan::{Planned, plan_status};

use super::protocol::Protocol;
use super::symbols::Symbols;
use plimsoll_domain::{Stamp, Timestamp};
use plimsoll_venue::json::{Num, Raw, Text, utf8};
use plimsoll_venue::plain;
use plimsoll_venue::{DecodeError, Event, message};

/// What a message is read with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'s> {
    pub(crate) symbols: &'s Symbols,
    pub(crate) arrival: u64,
    /// When the venue sent it, where it says.
    pub(crate) sent: Option<Timestamp>,
}

impl Context<'_> {
    pub(crate) fn stamp(self, time: Timestamp) -> Stamp {
        Stamp { time, sequence: self.arrival }
    }

    /// When the message was sent, which some kinds of it have no other time than.
    fn sent(self) -> Result<Timestamp, DecodeError> {
        self.sent.ok_or_else(|| DecodeError::new("no value", "ts"))
    }

    /// The row's own time, or that of the message.
    fn time(self, row: Num<'_>, place: &str) -> Result<Timestamp, DecodeError> {
        match row.maybe_time(place)? {
            Some(time) => Ok(time),
            None => self.sent(),
        }
    }
}

/// A message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it says.
    pub events: Vec<Event>,
    /// Its position reports are all the positions that there are, as of then: what is missing is closed.
    pub all_positions: Option<Stamp>,
}

impl From<Vec<Event>> for Frame {
    fn from(events: Vec<Event>) -> Self {
        Self { events, all_positions: None }
    }
}

/// Reads one message of a public or private socket.
///
/// `protocol` is the dialect of messages that do not say it themselves; `arrival` counts the messages of a connection: it
/// orders what the venue says of one millisecond.
///
/// # Errors
/// [`DecodeError`] for what is no JSON object, for a known channel with a missing or impossible field, and for unknown
/// words. Unknown *channels* are [`SessionEvent::Unknown`](plimsoll_venue::SessionEvent::Unknown).
///
/// ```
/// use plimsoll_bitget::wire::{Event, Protocol, SessionEvent, Symbols, decode};
/// let frame = br#"{"event":"login","code":0,"connId":"0621ccff"}"#;
/// assert_eq!(decode(frame, &Symbols::by_suffix(), Protocol::V2, 1)?, [Event::Session(SessionEvent::Login)]);
/// # Ok::<(), plimsoll_bitget::wire::DecodeError>(())
/// ```
pub fn decode(frame: &[u8], symbols: &Symbols, protocol: Protocol, arrival: u64) -> Result<Vec<Event>, DecodeError> {
    read(frame, symbols, protocol, arrival).map(|frame| frame.events)
}

/// As [`decode`], with what a message says by leaving it out.
///
/// # Errors
/// As [`decode`].
pub fn read(frame: &[u8], symbols: &Symbols, protocol: Protocol, arrival: u64) -> Result<Frame, DecodeError> {
    let text = utf8(frame)?.trim();
    match text {
        "pong" => return Ok(vec![session::pong()].into()),
        "ping" => return Ok(vec![Event::unknown("ping")].into()),
        // A list of nothing tells nothing.
        "[]" => return Ok(Vec::new().into()),
        text if !text.starts_with('{') => {
            return Err(DecodeError::new("neither an object nor a heartbeat", "the whole message"));
        }
        _ => {}
    }
    let it: Envelope<'_> = plain::read(text)?;
    if it.action.is_none() || it.data.0.is_empty() {
        return session::reply(&it).map(Frame::from);
    }
    let arg: Arg<'_> = plain::read(it.arg.0).map_err(|error| error.inside("arg"))?;
    let context = Context { symbols, arrival, sent: it.ts.maybe_time("ts")? };
    let name = arg.name();
    push(&it, &arg, protocol, context).map_err(|error| error.inside(name))
}

message! {
    /// Everything that a message can be.
    struct Envelope {
        required {}
        optional {
            action = "action": Option<Text<'a>>,
            arg = "arg": Raw<'a>,
            data = "data": Raw<'a>,
            ts = "ts": Num<'a>,
            event = "event": Option<Text<'a>>,
            op = "op": Option<Text<'a>>,
            code = "code": Num<'a>,
            msg = "msg": Option<Text<'a>>,
        }
    }
}

message! {
    /// What a push is about. The unified account says `topic` for channel and `symbol` for contract.
    struct Arg {
        required {}
        optional {
            inst_type = "instType": Option<Text<'a>>,
            channel = "channel": Option<Text<'a>>,
            topic = "topic": Option<Text<'a>>,
            inst_id = "instId": Option<Text<'a>>,
            symbol = "symbol": Option<Text<'a>>,
        }
    }
}

impl Arg<'_> {
    fn inst_type(&self) -> &str {
        self.inst_type.as_ref().map_or("", Text::as_str)
    }

    fn name(&self) -> &str {
        self.channel.as_ref().or(self.topic.as_ref()).map_or("", Text::as_str)
    }

    /// The contract that all rows are of, if it is one.
    fn native(&self) -> &str {
        self.inst_id.as_ref().or(self.symbol.as_ref()).map_or("", Text::as_str)
    }

    /// For acknowledgements: `orders`, or `ticker BTCUSDT`.
    fn id(&self) -> String {
        let limited = |text: &str| text.chars().take(64).collect::<String>();
        match self.native() {
            "" | "default" => limited(self.name()),
            native => format!("{} {}", limited(self.name()), limited(native)),
        }
    }
}

fn push(it: &Envelope<'_>, arg: &Arg<'_>, protocol: Protocol, context: Context<'_>) -> Result<Frame, DecodeError> {
    let rows = it.data.0;
    match (arg.inst_type(), protocol) {
        _ if arg.topic.is_some() => return unified::push(arg, rows, context).map(Frame::from),
        ("FUTURES", _) | ("", Protocol::MixV1) => return mix::push(arg.name(), rows, context).map(Frame::from),
        (other, _) if !is_ours(other) => return Ok(unread(arg)),
        _ => {}
    }
    let events = match arg.name() {
        "positions" => return account::positions(rows, context),
        "account" => account::balances(rows, context),
        "equity" => account::equity(rows, context),
        "positions-history" => account::closed(rows, context),
        "adl-noti" => account::deleveraged(rows, context),
        "orders" => order::updates(rows, context),
        "fill" => fill::fills(rows, context),
        "orders-algo" => plan::updates(rows, context),
        "ticker" => market::tickers(rows, context),
        "trade" => market::trades(rows, arg.native(), context),
        "books" | "books1" | "books5" | "books15" => market::books(rows, arg.native(), context),
        name => match name.strip_prefix("candle") {
            Some(word) => market::candles(rows, word, arg.native(), context),
            None => return Ok(unread(arg)),
        },
    };
    events.map(Frame::from)
}

/// `SUSDT-FUTURES` were the contracts of demo trading, under this same product later.
fn is_ours(inst_type: &str) -> bool {
    ["", "USDT-FUTURES", "SUSDT-FUTURES", "USDC-FUTURES"].iter().any(|ours| ours.eq_ignore_ascii_case(inst_type))
}

fn unread(arg: &Arg<'_>) -> Frame {
    let inst_type: String = arg.inst_type().chars().take(64).collect();
    vec![Event::unknown(format!("{} {inst_type}", arg.id()))].into()
}

/// Each row of a push, and in which one something is wrong.
fn each_row<'a, T>(
    rows: &'a str,
    told: impl FnMut(&T) -> Result<Vec<Event>, DecodeError>,
) -> Result<Vec<Event>, DecodeError>
where
    T: plain::Plain<'a> + serde::Deserialize<'a>,
{
    let rows = all::<T>(rows)?;
    let events = plimsoll_venue::json::each(&rows, {
        let mut told = told;
        move |row| told(row).map(Some)
    })?;
    Ok(events.into_iter().flatten().collect())
}

/// The rows of a push; `null` is none.
fn all<'a, T>(rows: &'a str) -> Result<Vec<T>, DecodeError>
where
    T: plain::Plain<'a> + serde::Deserialize<'a>,
{
    Ok(plain::read::<Option<Vec<T>>>(rows)?.unwrap_or_default())
}

/// An id of the venue: a number in a text, but nothing of ours depends on that.
pub(crate) fn id<'a>(number: Num<'a>, place: &str) -> Result<&'a str, DecodeError> {
    match number.0 {
        "" => Err(DecodeError::new("no value", place)),
        text if text.len() > 64 || text.contains(['\\', ' ']) => Err(DecodeError::new("no id", place)),
        text => Ok(text),
    }
}
