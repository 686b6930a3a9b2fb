//! WebSockets: subscriptions, public and signed, and the request-response channels.

use super::call::{Credentials, seconds};
use super::json::{Object, text, texts};
use super::order::{self, Place};
use crate::wire::sign;
use plimsoll_domain::{OrderKind, Timestamp};
use secrecy::ExposeSecret;

/// The channels of an account, in the order in which they are subscribed to.
pub const PRIVATE_CHANNELS: [&str; 10] = [
    "futures.orders",
    "futures.usertrades",
    "futures.positions",
    "futures.balances",
    "futures.autoorders",
    "futures.liquidates",
    "futures.auto_deleverages",
    "futures.position_closes",
    "futures.reduce_risk_limits",
    "futures.position_adl_rank",
];

/// What a private channel is asked for: everything of the account.
#[must_use]
pub fn private_payload<'a>(channel: &str, user_id: &'a str) -> Vec<&'a str> {
    match channel {
        "futures.balances" => vec![user_id],
        "futures.position_adl_rank" => vec!["!all"],
        _ => vec![user_id, "!all"],
    }
}

/// The message that asks for a public channel.
#[must_use]
pub fn subscribe(channel: &str, payload: &[&str], id: u64, now: Timestamp) -> String {
    message(channel, "subscribe", payload, id, now).end()
}

/// The message that ends a public channel.
#[must_use]
pub fn unsubscribe(channel: &str, payload: &[&str], id: u64, now: Timestamp) -> String {
    message(channel, "unsubscribe", payload, id, now).end()
}

/// The message that asks for a private channel: each has a signature of its own.
#[must_use]
pub fn subscribe_private(
    channel: &str,
    payload: &[&str],
    credentials: &Credentials,
    id: u64,
    now: Timestamp,
) -> String {
    let signed = sign::subscription(channel, "subscribe", seconds(now));
    let auth = Object::new()
        .text("method", "api_key")
        .text("KEY", credentials.key.expose_secret())
        .text("SIGN", &sign::hmac_sha512(&credentials.secret, &signed));
    message(channel, "subscribe", payload, id, now).raw("auth", &auth.end()).end()
}

fn message(channel: &str, event: &str, payload: &[&str], id: u64, now: Timestamp) -> Object {
    Object::new()
        .raw("id", &id.to_string())
        .raw("time", &seconds(now).to_string())
        .text("channel", channel)
        .text("event", event)
        .raw("payload", &texts(payload.iter().copied()))
}

/// What keeps a connection: one on which nothing is said for about a minute is closed.
#[must_use]
pub fn ping(now: Timestamp) -> String {
    Object::new().raw("time", &seconds(now).to_string()).text("channel", "futures.ping").end()
}

/// The login of the request-response channels; once on each connection.
#[must_use]
pub fn login(credentials: &Credentials, req_id: &str, now: Timestamp) -> String {
    let timestamp = seconds(now);
    let payload = Object::new()
        .text("req_id", req_id)
        .text("api_key", credentials.key.expose_secret())
        .text("timestamp", &timestamp.to_string())
        .text("signature", &sign::hmac_sha512(&credentials.secret, &sign::login(timestamp)));
    api("futures.login", payload, now)
}

/// A market or limit order over a connection that is logged in; `None` for what the channel cannot say: a conditional
/// order, or a time in force that the venue does not know.
#[must_use]
pub fn place_over_socket(order: &Place<'_>, req_id: &str, now: Timestamp) -> Option<String> {
    let on_book = matches!(order.kind, OrderKind::Market | OrderKind::Limit { .. });
    let body = on_book.then(|| order::body(order)).flatten()?;
    Some(api("futures.order_place", Object::new().text("req_id", req_id).raw("req_param", &body), now))
}

/// Cancels a market or limit order over a connection that is logged in; `which` is the venue's id, or a whole `text`.
#[must_use]
pub fn cancel_over_socket(which: &str, req_id: &str, now: Timestamp) -> String {
    let param = format!("{{\"order_id\":{}}}", text(which));
    api("futures.order_cancel", Object::new().text("req_id", req_id).raw("req_param", &param), now)
}

fn api(channel: &str, payload: Object, now: Timestamp) -> String {
    Object::new()
        .raw("time", &seconds(now).to_string())
        .text("channel", channel)
        .text("event", "api")
        .raw("payload", &payload.end())
        .end()
}
