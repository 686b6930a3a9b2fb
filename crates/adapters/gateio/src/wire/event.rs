//! WebSocket messages: bytes in, events out.

mod account;
mod market;
mod session;

use super::moment::first_moment;
use super::symbols::{Reading, Traded};
use plimsoll_domain::{Stamp, Timestamp};
use plimsoll_venue::json::{self, DecodeError, Num, Raw, Text};
use plimsoll_venue::{Event, message, plain};

message! {
    /// Everything that a message can be: a push, an acknowledgement, an answer, or a request that was recorded.
    pub(super) struct Envelope {
        required {}
        optional {
            channel = "channel": Text<'a>,
            event = "event": Text<'a>,
            result = "result": Raw<'a>,
            time = "time": Num<'a>,
            time_ms = "time_ms": Num<'a>,
            error = "error": Raw<'a>,
            payload = "payload": Raw<'a>,
            request_id = "request_id": Option<Text<'a>>,
            header = "header": Raw<'a>,
            data = "data": Raw<'a>,
            ack = "ack": Option<bool>,
        }
    }
}

/// What a push is read with.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    pub(super) reading: Reading<'s>,
    pub(super) arrival: u64,
    /// The message's own time.
    pub(super) sent: Timestamp,
}

impl Context<'_> {
    /// The stamp of one of the several things that a message says of one moment.
    pub(super) fn stamp(self, time: Timestamp, index: usize) -> Stamp {
        let index = u64::try_from(index).unwrap_or(u64::MAX).min(PLACES - 1);
        Stamp { time, sequence: self.arrival.saturating_mul(PLACES).saturating_add(index) }
    }

    pub(super) fn traded(self, native: &Text<'_>) -> Result<Traded, DecodeError> {
        self.reading.symbols.traded(native.as_str())
    }
}

/// The rows of a message that are told apart.
const PLACES: u64 = 1024;

/// Reads one message of a socket, whichever its channel.
///
/// `arrival` counts the messages of a connection: it orders what the venue says of one moment and does not count itself.
///
/// # Errors
/// [`DecodeError`] for what is no JSON object, for a known channel with a missing or impossible field, and for unknown
/// words. Unknown *channels* are [`SessionEvent::Unknown`](crate::wire::SessionEvent::Unknown), and so are rows of markets
/// that are not listed.
pub fn decode(frame: &[u8], reading: Reading<'_>, arrival: u64) -> Result<Vec<Event>, DecodeError> {
    let text = json::text(frame)?;
    if text == "[]" {
        // A list of nothing tells nothing.
        return Ok(Vec::new());
    }
    if !text.starts_with('{') {
        json::read::<serde::de::IgnoredAny>(text)?;
        return Err(DecodeError::new("not an object", "the whole message"));
    }
    let it: Envelope<'_> = plain::read(text)?;
    let channel = it.channel.as_str();
    match it.event.as_str() {
        _ if !it.header.is_nothing() => session::answer(&it, reading).map_err(|error| error.inside("answer")),
        "update" | "all" => push(&it, reading, arrival).map_err(|error| error.inside(channel)),
        "" if !it.result.is_nothing() && channel != "futures.pong" => {
            push(&it, reading, arrival).map_err(|error| error.inside(channel))
        }
        event => Ok(session::reply(&it, event)),
    }
}

fn push(it: &Envelope<'_>, reading: Reading<'_>, arrival: u64) -> Result<Vec<Event>, DecodeError> {
    let sent = first_moment(&[(it.time_ms, "time_ms"), (it.time, "time")])?.unwrap_or_default();
    let context = Context { reading, arrival, sent };
    let result = it.result;
    match it.channel.as_str() {
        "futures.orders" => account::orders(result, context),
        "futures.usertrades" => account::trades(result, context),
        "futures.positions" => account::positions(result, context),
        "futures.balances" => account::balances(result, context),
        "futures.autoorders" => account::triggers(result, context),
        "futures.liquidates" => account::liquidations(result, context),
        "futures.auto_deleverages" => account::deleveragings(result, context),
        "futures.position_adl_rank" => account::adl_ranks(result, context),
        "futures.reduce_risk_limits" => account::reduced_risk_limits(result, context),
        "futures.position_closes" => account::closes(result, context),
        "futures.tickers" => market::tickers(result, context),
        "futures.trades" => market::trades(result, context),
        "futures.book_ticker" => market::book_ticker(result, context),
        "futures.order_book" => market::book(result, context),
        "futures.order_book_update" => market::book_update(result, context),
        "futures.obu" => market::book_v2(result, context),
        "futures.candlesticks" => market::candles(result, context),
        "futures.public_liquidates" => market::liquidations(result, context),
        "futures.contract_info" => market::contract_info(result),
        "futures.system" => session::system(result),
        channel => {
            json::read::<serde::de::IgnoredAny>(if result.0.is_empty() { "null" } else { result.0 })?;
            Ok(vec![Event::unknown(channel.chars().take(64).collect::<String>())])
        }
    }
}
