//! Acknowledgements, errors, answers.

use super::{Context, Envelope};
use crate::wire::body;
use plimsoll_venue::json::{self, Num, Text};
use plimsoll_venue::{DecodeError, Event, SessionEvent};
use serde::Deserialize;

/// `{"code":-1102,"msg":"…"}` within an answer.
#[derive(Deserialize)]
pub(super) struct Trouble<'a> {
    #[serde(default, borrow)]
    code: Num<'a>,
    #[serde(default, borrow)]
    msg: Text<'a>,
}

/// `{"e":"listenKeyExpired","E":1736996475556,"listenKey":"…"}`. The key is not repeated.
pub(super) fn expired(text: &str) -> Result<Vec<Event>, DecodeError> {
    json::read::<serde::de::IgnoredAny>(text)?;
    Ok(vec![Event::Session(SessionEvent::StreamExpired)])
}

/// A message that is no event: `{"result":null,"id":1}`, `{"code":2,"msg":"…"}`, `{"error":{…},"id":9}`, an answer of
/// the request-response socket, or a request of a client that was recorded.
pub(super) fn reply(it: &Envelope<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    if let Some(trouble) = &it.error {
        return Ok(vec![Event::venue_error(trouble.code.0, trouble.msg.as_str())]);
    }
    if let Some(message) = &it.msg {
        return Ok(vec![Event::venue_error(it.code.0, message.as_str())]);
    }
    if let Some(method) = &it.method {
        return Ok(vec![Event::unknown(format!("a request of a client: {}", method.as_str()))]);
    }
    let Some(result) = it.result else {
        return Ok(vec![Event::unknown("a message without an event type")]);
    };
    let result = result.get();
    match it.status {
        Some(200) => body::by_shape(result, context).map_err(|error| error.inside("result")),
        Some(status) => Ok(vec![Event::venue_error(status.to_string(), "an answer without an error text")]),
        None if result == "null" => {
            let id = it.id.map_or("", |id| id.get().trim_matches('"')).chars().take(64).collect();
            Ok(vec![Event::Session(SessionEvent::Subscribed { id })])
        }
        None => Ok(vec![Event::unknown("an answer to a request")]),
    }
}
