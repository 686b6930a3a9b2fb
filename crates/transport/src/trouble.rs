//! What went wrong on a socket, in words that hold no key.

use crate::redact::redacted;
use crate::socket::Dial;
use std::time::Duration;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_tungstenite::tungstenite::http::header::{LOCATION, RETRY_AFTER};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub(crate) type SocketError = tokio_tungstenite::tungstenite::Error;

/// No wait that somebody asks for is longer than this: a number that is no time must not silence us for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(3 * 24 * 3600);

/// What went wrong, in words that hold no address: the library's can hold the request, and with it a key.
pub(crate) fn short(error: &SocketError) -> String {
    match error {
        SocketError::Http(response) => handshake(response.status().as_u16(), response.headers()),
        SocketError::Io(error) if error.get_ref().is_some_and(|it| it.is::<rustls::Error>()) => {
            format!("no TLS connection: {error}: does the other side speak TLS, with a certificate of this name?")
        }
        SocketError::Io(error) => error.to_string(),
        SocketError::Tls(error) => format!("no TLS connection: {error}"),
        SocketError::Url(error) => error.to_string(),
        SocketError::Protocol(error) => protocol(error),
        SocketError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            format!("a message of {size} bytes, and no more than {max_size} are read")
        }
        SocketError::Capacity(error) => error.to_string(),
        SocketError::Utf8(_) => "a text that is no UTF-8".to_owned(),
        SocketError::HttpFormat(_) => NO_WEBSOCKET.to_owned(),
        SocketError::ConnectionClosed | SocketError::AlreadyClosed => "closed".to_owned(),
        _ => "the connection failed".to_owned(),
    }
}

const NO_WEBSOCKET: &str =
    "what answers there is no WebSocket: is the address right, and is it ws:// or wss:// (does it speak TLS)?";

fn protocol(error: &ProtocolError) -> String {
    match error {
        ProtocolError::HttparseError(error) => format!("{error}: {NO_WEBSOCKET}"),
        ProtocolError::NonZeroReservedBits => {
            "a frame that is compressed or otherwise extended, and nobody asked for that: is there a proxy in between?"
                .to_owned()
        }
        error => error.to_string(),
    }
}

fn handshake(status: u16, headers: &HeaderMap) -> String {
    let answered = format!("the handshake was answered with status {status}");
    match headers.get(LOCATION).and_then(|value| value.to_str().ok()) {
        Some(location) => format!("{answered}, a redirect to {}, which is not followed", redacted(location)),
        None => answered,
    }
}

/// How long the other side wants no further handshake, if that is what it says: for the time that it tells, or `usual`
/// where it has had enough of us and tells none.
pub(crate) fn wait(error: &SocketError, usual: Duration) -> Option<Duration> {
    let SocketError::Http(response) = error else { return None };
    let told = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match (response.status().as_u16(), told.map(Duration::from_secs)) {
        (403 | 418 | 429 | 503, Some(told)) => Some(told.min(LONGEST_WAIT)),
        (403 | 418 | 429, None) => Some(usual),
        _ => None,
    }
}

/// Why the other side has closed the connection, if it says so; its words as they may be [told](Dial::told).
pub(crate) fn closing(frame: Option<&CloseFrame>, dial: &impl Dial) -> String {
    match frame {
        None => String::new(),
        Some(CloseFrame { code, reason }) if reason.is_empty() => format!(": {}", u16::from(*code)),
        Some(CloseFrame { code, reason }) => format!(": {} ({})", dial.told(reason), u16::from(*code)),
    }
}
