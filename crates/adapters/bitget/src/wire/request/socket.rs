//! WebSockets: logging on, subscriptions, the heartbeat.

use super::call::{Credentials, json, texts};
use crate::wire::Protocol;
use crate::wire::sign;
use crate::wire::word::PRODUCT;
use plimsoll_domain::Timestamp;
use secrecy::ExposeSecret;

/// A channel of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Channel<'a> {
    /// Its name: `orders`, `positions`, `ticker`, `candle1m`.
    pub name: &'a str,
    /// The venue's name of the contract; `None` for all of them.
    pub native: Option<&'a str>,
}

impl Channel<'_> {
    /// `account` is selected by coin, `equity` by nothing, everything else by contract; the older dialect selects by
    /// contract too, and says nothing for all of them.
    fn selector(self, protocol: Protocol) -> String {
        let default = || "default".to_owned();
        let product = match protocol {
            Protocol::V2 => PRODUCT,
            Protocol::MixV1 => "FUTURES",
        };
        let mut fields = match protocol {
            Protocol::V2 => vec![("instType", product.to_owned()), ("channel", self.name.to_owned())],
            Protocol::MixV1 => vec![("channel", self.name.to_owned()), ("instType", product.to_owned())],
        };
        match (protocol, self.name) {
            (Protocol::V2, "account") => fields.push(("coin", self.native.map_or_else(default, str::to_owned))),
            (Protocol::V2, "equity") => {}
            (Protocol::MixV1, name) if name != "account" && self.native.is_none() => {}
            _ => fields.push(("instId", self.native.map_or_else(default, str::to_owned))),
        }
        texts(&fields)
    }
}

/// The message that logs a private socket on. The venue takes its timestamp, in seconds, for 30 of them. Nothing may be
/// subscribed before it has answered.
#[must_use]
pub fn login(credentials: &Credentials, now: Timestamp) -> String {
    let seconds = now.as_millis().div_euclid(1000);
    let fields = [
        ("apiKey", credentials.key.expose_secret().to_owned()),
        ("passphrase", credentials.passphrase.expose_secret().to_owned()),
        ("timestamp", seconds.to_string()),
        ("sign", sign::hmac_sha256(&credentials.secret, &sign::login_text(seconds))),
    ];
    format!(r#"{{"op":"login","args":[{}]}}"#, texts(&fields))
}

/// The message that asks for channels. Each is acknowledged by a message of its own.
#[must_use]
pub fn subscribe(protocol: Protocol, channels: &[Channel<'_>]) -> String {
    subscription("subscribe", protocol, channels)
}

/// The message that ends channels.
#[must_use]
pub fn unsubscribe(protocol: Protocol, channels: &[Channel<'_>]) -> String {
    subscription("unsubscribe", protocol, channels)
}

fn subscription(op: &str, protocol: Protocol, channels: &[Channel<'_>]) -> String {
    let channels: Vec<String> = channels.iter().map(|channel| channel.selector(protocol)).collect();
    format!(r#"{{"op":{},"args":[{}]}}"#, json(op), channels.join(","))
}

/// The heartbeat, a text: the frames of WebSocket itself do not count.
#[must_use]
pub const fn ping(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::V2 => "ping",
        Protocol::MixV1 => r#"{"op":"ping"}"#,
    }
}
