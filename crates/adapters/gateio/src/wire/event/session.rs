//! Acknowledgements, errors, answers.

use super::Envelope;
use crate::wire::body::by_shape;
use crate::wire::symbols::Reading;
use plimsoll_venue::json::{DecodeError, Num, Raw, Text};
use plimsoll_venue::{Event, SessionEvent, message, plain};

message! {
    /// `{"code":2,"message":"Alert sub ob.BTC_USDT.400"}`
    struct Trouble {
        required {}
        optional {
            code = "code": Num<'a>,
            message = "message": Option<Text<'a>>,
        }
    }
}

/// A message that is no push: an acknowledgement (`error` null or absent), a refusal, a pong, or a request of a client
/// that was recorded. Acknowledgements and refusals go by their channel: the request's number is not always echoed.
pub(super) fn reply(it: &Envelope<'_>, event: &str) -> Vec<Event> {
    let channel = it.channel.as_str();
    if channel == "futures.pong" {
        return vec![Event::Session(SessionEvent::Pong)];
    }
    if !it.error.is_nothing() {
        return vec![refused(it, event)];
    }
    let named = |what: &str| vec![Event::unknown(what.chars().take(64).collect::<String>())];
    match event {
        "subscribe" if !it.result.is_nothing() => {
            vec![Event::Session(SessionEvent::Subscribed { id: channel.to_owned() })]
        }
        "unsubscribe" if !it.result.is_nothing() => named(&format!("unsubscribed from {channel}")),
        _ if channel == "futures.ping" || !it.payload.is_nothing() => {
            named(&format!("a request of a client: {channel}"))
        }
        _ if channel.is_empty() => named("a message without a channel"),
        event => named(&format!("{channel} {event}")),
    }
}

/// A refused subscription, or whatever else is wrong.
fn refused(it: &Envelope<'_>, event: &str) -> Event {
    let trouble = plain::read::<Trouble<'_>>(it.error.0);
    let (code, message) = match &trouble {
        Ok(trouble) => (trouble.code.0, trouble.message.as_ref().map_or("", Text::as_str)),
        Err(_) => ("", it.error.0),
    };
    match event {
        "subscribe" | "unsubscribe" => Event::Session(SessionEvent::Refused {
            id: it.channel.as_str().to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }),
        _ => Event::venue_error(code, message),
    }
}

message! {
    struct Header {
        required {}
        optional {
            status = "status": Num<'a>,
            channel = "channel": Option<Text<'a>>,
        }
    }
}

message! {
    struct Data {
        required {}
        optional {
            result = "result": Raw<'a>,
            errs = "errs": Raw<'a>,
        }
    }
}

message! {
    struct Errors {
        required {}
        optional {
            label = "label": Option<Text<'a>>,
            message = "message": Option<Text<'a>>,
        }
    }
}

/// The answer of a request-response channel. One that only says "received" tells nothing: what becomes of it follows.
pub(super) fn answer(it: &Envelope<'_>, reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
    let header: Header<'_> = plain::read(it.header.0)?;
    let data: Data<'_> = if it.data.is_nothing() { plain::read("{}")? } else { plain::read(it.data.0)? };
    let channel = header.channel.as_ref().map_or("", Text::as_str);
    if !data.errs.is_nothing() {
        let errs: Errors<'_> = plain::read(data.errs.0)?;
        let text = |text: &Option<Text<'_>>| text.as_ref().map_or_else(String::new, |it| it.as_str().to_owned());
        let (code, message) = (text(&errs.label), text(&errs.message));
        return Ok(vec![if channel == "futures.login" {
            let id = it.request_id.as_ref().map_or(channel, Text::as_str).to_owned();
            Event::Session(SessionEvent::Refused { id, code, message })
        } else {
            Event::venue_error(code, message)
        }]);
    }
    match (channel, it.ack) {
        (_, Some(true)) => Ok(Vec::new()),
        ("futures.login", _) if header.status.0 == "200" || header.status.0.is_empty() => {
            Ok(vec![Event::Session(SessionEvent::Login)])
        }
        _ if data.result.is_nothing() => {
            Ok(vec![Event::venue_error(header.status.0, "an answer without a result and without an error")])
        }
        _ => by_shape(data.result.0, reading).map_err(|error| error.inside("data.result")),
    }
}

message! {
    struct Notice {
        required {}
        optional {
            kind = "type": Option<Text<'a>>,
            msg = "msg": Option<Text<'a>>,
        }
    }
}

/// `{"type":"upgrade","msg":"…"}`: the connection is about to be closed, and wants to be opened anew.
pub(super) fn system(result: Raw<'_>) -> Result<Vec<Event>, DecodeError> {
    let notice: Notice<'_> = plain::read(result.0)?;
    let kind = notice.kind.as_ref().map_or("", Text::as_str);
    if kind == "upgrade" {
        return Ok(vec![Event::Session(SessionEvent::StreamExpired)]);
    }
    Ok(vec![Event::venue_error(kind, notice.msg.as_ref().map_or("", Text::as_str))])
}
