//! Orders over a socket: a login, and then the calls of REST under other names.

use crate::gateio::auth::{self, Claim};
use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::hearing::Said;
use crate::gateio::limits::{Bucket, Left};
use crate::gateio::orders::{self, Source};
use crate::gateio::parameters::Parameters;
use crate::gateio::router::{Call, Handled};
use crate::gateio::write::{Object, quoted};
use plimsoll_domain::{AccountId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Default, Deserialize)]
struct Payload {
    #[serde(default)]
    req_id: String,
    #[serde(default)]
    req_param: Option<Box<RawValue>>,
    #[serde(default)]
    req_header: Option<ReqHeader>,
    #[serde(default)]
    header: Option<ReqHeader>,
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    signature: String,
}

#[derive(Debug, Default, Deserialize)]
struct ReqHeader {
    #[serde(rename = "x-gate-exptime", default)]
    expires: Option<String>,
}

/// Does what a client asks for over a socket; `false` if the socket is to be closed.
pub(crate) fn obey(floor: &mut Floor, socket: u64, said: &Said) -> bool {
    let payload: Payload =
        said.payload.as_deref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    if said.channel == "futures.login" {
        return log_in(floor, socket, said, &payload);
    }
    let now = floor.server_time();
    let Some(session) = floor.sockets.get_mut(socket) else { return false };
    let decimal = session.is_decimal();
    let login = session.login.clone();
    let twice = matches!(said.channel.as_str(), "futures.order_place" | "futures.order_batch_place");
    if twice && login.is_some() {
        let echo = payload.req_param.as_deref().map_or("null", RawValue::get);
        let result = Object::new().text("req_id", &payload.req_id).raw("req_param", echo).end();
        let frame = frame(said, &payload, true, 200, None, &Object::new().raw("result", result).end(), now);
        if !session.say(frame) {
            return false;
        }
    }
    let mut left = None;
    let done = match &login {
        None => Err(Refusal::INVALID_KEY.saying("not logged in")),
        Some(account) => carry_out(floor, account, said, &payload, decimal, &mut left),
    };
    floor.publish();
    let (status, data) = match &done {
        Ok(body) => (200, Object::new().raw("result", body).end()),
        Err(refusal) => (refusal.status, errors(refusal)),
    };
    let frame = frame(said, &payload, false, status, left, &data, now);
    floor.sockets.get_mut(socket).is_some_and(|session| session.say(frame))
}

fn errors(refusal: &Refusal) -> String {
    let body = Object::new().text("label", refusal.label).text("message", &refusal.message).end();
    Object::new().raw("errs", body).end()
}

fn log_in(floor: &mut Floor, socket: u64, said: &Said, payload: &Payload) -> bool {
    let now = floor.server_time();
    let (key, sign, timestamp) = (&payload.api_key, &payload.signature, &payload.timestamp);
    let claim = Claim { key: Some(key), sign: Some(sign), timestamp: Some(timestamp) };
    let caller = auth::verify_login(claim, &said.channel, "", now, &floor.keys);
    let (status, data) = match &caller {
        Ok(account) => {
            let user = floor.user(account).to_string();
            let result = Object::new().text("api_key", key).text("uid", &user).end();
            (200, Object::new().raw("result", result).end())
        }
        Err(refusal) => (refusal.status, errors(refusal)),
    };
    let frame = frame(said, payload, false, status, None, &data, now);
    let Some(session) = floor.sockets.get_mut(socket) else { return false };
    if let Ok(account) = caller {
        session.log_in(account);
    }
    session.say(frame)
}

fn carry_out(
    floor: &mut Floor,
    account: &AccountId,
    said: &Said,
    payload: &Payload,
    decimal: bool,
    left: &mut Option<Left>,
) -> Handled {
    let now = floor.server_time();
    let handle: fn(&mut Floor, &Call<'_>) -> Handled = match said.channel.as_str() {
        "futures.order_place" => orders::place,
        "futures.order_batch_place" => orders::place_batch,
        "futures.order_cancel" => orders::cancel,
        "futures.order_cancel_ids" => orders::cancel_batch,
        "futures.order_cancel_cp" => orders::cancel_all,
        "futures.order_amend" => orders::amend,
        "futures.order_list" => orders::list,
        "futures.order_status" => orders::order,
        other => return Err(Refusal::NOT_FOUND.saying(format!("unknown channel {other}"))),
    };
    floor.usage.check_open(now)?;
    let (still, taken) = floor.usage.take(Bucket::Orders, Some(account), "", now);
    *left = Some(still);
    taken?;
    let header = payload.req_header.as_ref().or(payload.header.as_ref());
    let expires = header.and_then(|header| header.expires.as_deref()).and_then(|millis| millis.parse::<i64>().ok());
    if expires.is_some_and(|millis| millis < now.as_millis()) {
        return Err(Refusal::REQUEST_EXPIRED);
    }
    let body = payload.req_param.as_deref().map_or("{}", RawValue::get);
    let parameters = if body.starts_with('{') { Parameters::object(body)? } else { Parameters::default() };
    let places = parameters.get("order_id").map(str::to_owned);
    let places = places.iter().map(String::as_str).collect();
    let caller = Some(account.clone());
    handle(floor, &Call { caller, parameters: &parameters, body, places, decimal, now, source: Source::Socket })
}

/// The frame of an answer: `data` is JSON already.
fn frame(
    said: &Said,
    payload: &Payload,
    ack: bool,
    status: u16,
    left: Option<Left>,
    data: &str,
    now: Timestamp,
) -> String {
    let mut header = Object::new()
        .text("response_time", &now.as_millis().to_string())
        .text("status", &status.to_string())
        .text("channel", &said.channel)
        .text("event", "api")
        .text("client_id", "127.0.0.1-0x1")
        .raw("x_in_time", now.as_micros())
        .raw("x_out_time", now.as_micros());
    if let Some(left) = left {
        if left.remain > 0 {
            header = header.raw("x_gate_ratelimit_requests_remain", left.remain);
        }
        // The name is misspelt on the wire.
        header = header
            .raw("x_gate_ratelimit_limit", left.limit)
            .raw("x_gat_ratelimit_reset_timestamp", left.reset.as_millis());
    }
    let frame = Object::new().raw("request_id", quoted(&payload.req_id));
    let frame = if said.channel == "futures.login" { frame } else { frame.raw("ack", ack) };
    frame.raw("header", header.end()).raw("data", data).end()
}
