//! WebSockets: their addresses, their subscriptions, and the request-response socket.

use super::batch::{json, push_json};
use super::call::{Call, Credentials, times};
use crate::wire::sign;
use plimsoll_domain::Timestamp;
use secrecy::ExposeSecret;
use std::borrow::Cow;
use std::time::Duration;

/// What a stream socket carries. One socket has one route; a stream that is asked for on the wrong one is acknowledged
/// and stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Books and best quotes.
    Public,
    /// Mark prices, trades, candles, tickers, liquidations, contracts.
    Market,
    /// The account's own events.
    Private,
}

impl Route {
    /// The route's part of the address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Public => "/public",
            Self::Market => "/market",
            Self::Private => "/private",
        }
    }

    /// The route that carries this stream.
    #[must_use]
    pub fn of(stream: &str) -> Self {
        let kind = stream.split('@').nth(1).unwrap_or_default();
        let book = ["bookTicker", "depth", "rpiDepth"].iter().any(|word| kind.starts_with(word));
        if book || stream == "!bookTicker" { Self::Public } else { Self::Market }
    }
}

/// The name of a contract's stream: `stream("BTCUSDT", "markPrice@1s")` is `btcusdt@markPrice@1s`.
#[must_use]
pub fn stream(native: &str, kind: &str) -> String {
    format!("{}@{kind}", native.to_lowercase())
}

/// The address of a socket that carries these streams, each message wrapped with its stream's name. `root` is scheme and
/// host (`wss://fstream.binance.com`).
#[must_use]
pub fn stream_url(root: &str, route: Route, streams: &[String]) -> String {
    let streams: Vec<String> = streams.iter().map(|stream| sign::percent_encoded(stream).replace("%40", "@")).collect();
    format!("{}{}/stream?streams={}", root.trim_end_matches('/'), route.path(), streams.join("/"))
}

/// The address of the private socket. It holds the listen key, which opens the account's events: not for logs.
#[must_use]
pub fn private_url(root: &str, listen_key: &str) -> String {
    format!("{}{}/ws/{}", root.trim_end_matches('/'), Route::Private.path(), sign::percent_encoded(listen_key))
}

/// The message that asks for streams.
#[must_use]
pub fn subscribe(streams: &[String], id: u64) -> String {
    subscription("SUBSCRIBE", streams, id)
}

/// The message that ends streams.
#[must_use]
pub fn unsubscribe(streams: &[String], id: u64) -> String {
    subscription("UNSUBSCRIBE", streams, id)
}

fn subscription(method: &str, streams: &[String], id: u64) -> String {
    let streams: Vec<String> = streams.iter().map(|stream| json(stream)).collect();
    format!(r#"{{"method":"{method}","params":[{}],"id":{id}}}"#, streams.join(","))
}

/// A signed message of the request-response socket: `method` (`order.place`) with the parameters of `call`. Times travel
/// as JSON integers, everything else as strings, as the venue wants decimals.
#[must_use]
pub fn ws_api(
    method: &str,
    call: &Call,
    credentials: &Credentials,
    now: Timestamp,
    recv_window: Option<Duration>,
    id: &str,
) -> String {
    let mut params: Vec<(&str, Param<'_>)> = Vec::with_capacity(MANY_PARAMS);
    params.extend(call.params().map(|(name, value)| (name, Param::Text(value))));
    params.push(("apiKey", Param::Text(credentials.key.expose_secret().into())));
    params.extend(times(now, recv_window).into_iter().map(|(name, value)| (name, Param::Number(value))));
    params.sort_unstable_by_key(|(name, _)| *name);
    let signed = sign::joined(params.iter().map(|(name, value)| (*name, value.as_str())));
    let signature = sign::hmac_sha256(&credentials.secret, &signed);
    let place = params.partition_point(|(name, _)| *name < "signature");
    params.insert(place, ("signature", Param::Text(signature.into())));
    let mut message = String::with_capacity(signed.len() + LONGER_THAN_SIGNED);
    message.push_str(r#"{"id":"#);
    push_json(&mut message, id);
    message.push_str(r#","method":"#);
    push_json(&mut message, method);
    message.push_str(r#","params":"#);
    for (index, (name, value)) in params.iter().enumerate() {
        message.push(if index == 0 { '{' } else { ',' });
        push_json(&mut message, name);
        message.push(':');
        match value {
            Param::Text(text) => push_json(&mut message, text),
            Param::Number(number) => message.push_str(number),
        }
    }
    message.push_str("}}");
    message
}

/// More than an order has.
const MANY_PARAMS: usize = 20;

/// What a message has beside the text that it signs: its signature, an id, a method, quotes.
const LONGER_THAN_SIGNED: usize = 320;

/// How a parameter is written as JSON.
enum Param<'a> {
    Text(Cow<'a, str>),
    Number(String),
}

impl Param<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number,
        }
    }
}
