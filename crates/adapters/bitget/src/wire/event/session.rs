//! Acknowledgements, errors, heartbeats.

use super::{Arg, Envelope};
use plimsoll_venue::json::Text;
use plimsoll_venue::plain;
use plimsoll_venue::{DecodeError, Event, SessionEvent};

/// The codes of a login that was refused, of both dialects.
const LOGIN: [&str; 7] = ["30005", "30011", "30012", "30013", "30014", "30015", "60001"];

pub(super) fn pong() -> Event {
    Event::Session(SessionEvent::Pong)
}

/// A message that is no push: `{"event":"login","code":0}`, `{"event":"subscribe","arg":{…}}`,
/// `{"event":"error","arg":{…},"code":30001,"msg":"…","op":"subscribe"}`, an answer to an order, or a request of a client
/// that was recorded.
pub(super) fn reply(it: &Envelope<'_>) -> Result<Vec<Event>, DecodeError> {
    let succeeded = matches!(it.code.0, "" | "0" | "00000");
    let message = || it.msg.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
    let refused =
        |id: String| Event::Session(SessionEvent::Refused { id, code: it.code.0.to_owned(), message: message() });
    let event = it.event.as_ref().map(Text::as_str);
    let told = match (event, it.op.as_ref().map(Text::as_str)) {
        (Some("pong"), _) | (None, Some("pong")) => pong(),
        (Some("login"), _) if succeeded => Event::Session(SessionEvent::Login),
        (Some("login"), _) => refused("login".to_owned()),
        (Some("subscribe"), _) => Event::Session(SessionEvent::Subscribed { id: named(it)? }),
        (Some("unsubscribe"), _) => Event::unknown(format!("unsubscribed {}", named(it)?)),
        (Some("error"), _) if LOGIN.contains(&it.code.0) => refused("login".to_owned()),
        (Some("error"), Some("subscribe")) => refused(named(it)?),
        (Some("error"), _) => Event::venue_error(it.code.0, message()),
        (Some("trade"), _) if succeeded => Event::unknown("an answer to an order"),
        (Some("trade"), _) => Event::venue_error(it.code.0, message()),
        (Some(event), _) => Event::unknown(event.chars().take(64).collect::<String>()),
        (None, Some(op)) => {
            Event::unknown(format!("a request of a client: {}", op.chars().take(64).collect::<String>()))
        }
        (None, None) if !succeeded => Event::venue_error(it.code.0, message()),
        (None, None) => Event::unknown("a message without an event"),
    };
    Ok(vec![told])
}

/// What was asked for.
fn named(it: &Envelope<'_>) -> Result<String, DecodeError> {
    if !it.arg.0.starts_with('{') {
        return Ok(String::new());
    }
    Ok(plain::read::<Arg<'_>>(it.arg.0).map_err(|error| error.inside("arg"))?.id())
}
