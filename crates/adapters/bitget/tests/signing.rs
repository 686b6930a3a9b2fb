//! The worked signatures, by the string and through the calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::HttpRequest;
use plimsoll_bitget::wire::request::{self, Call, Credentials, Place, Trading};
use plimsoll_bitget::wire::sign::{hmac_sha256, login_text, rest_text};
use plimsoll_bitget::wire::{Method, Protocol};
use plimsoll_domain::{MarginMode, OrderKind, OrderSize, PositionSide, Side, TimeInForce, Timestamp};

const SECRET: &str = "demoSecret0123456789ABCDEF";
const AT: Timestamp = Timestamp::from_millis(1_732_104_000_000);

fn keys() -> Credentials {
    Credentials::new("the-key", SECRET, "the-phrase")
}

fn signed(call: &Call) -> HttpRequest {
    call.request("https://api.bitget.com/", &keys(), AT, Trading::Live)
}

fn header<'r>(request: &'r HttpRequest, wanted: &str) -> Option<&'r str> {
    request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
}

fn limit_buy() -> Place<'static> {
    Place {
        native: "BTCUSDT",
        side: Side::Buy,
        position_side: PositionSide::Long,
        kind: OrderKind::Limit { price: "60000".parse().unwrap(), time_in_force: TimeInForce::Gtc },
        size: OrderSize::Quantity("0.001".parse().unwrap()),
        reduce_only: false,
        client_order_id: Some("test-0001"),
        margin_mode: MarginMode::Isolated,
        stop: None,
    }
}

#[test]
fn a_query_is_signed_sorted() {
    let request = signed(&request::positions(None));
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url,
        "https://api.bitget.com/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES"
    );
    assert_eq!(request.body, None);
    assert_eq!(header(&request, "ACCESS-SIGN"), Some("PTd1UHS1HpZfH6VA6mCzJz22VsHfcWzG3lprouOpOpk="));
    assert_eq!(header(&request, "ACCESS-KEY"), Some("the-key"));
    assert_eq!(header(&request, "ACCESS-PASSPHRASE"), Some("the-phrase"));
    assert_eq!(header(&request, "ACCESS-TIMESTAMP"), Some("1732104000000"));
    assert_eq!(header(&request, "paptrading"), None);
}

#[test]
fn a_body_is_signed_as_it_is_sent() {
    let request = signed(&request::place(&limit_buy()).unwrap());
    assert_eq!(request.url, "https://api.bitget.com/api/v2/mix/order/place-order");
    let body = r#"{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"isolated","marginCoin":"USDT","size":"0.001","price":"60000","side":"buy","tradeSide":"open","orderType":"limit","force":"gtc","clientOid":"test-0001"}"#;
    assert_eq!(request.body.as_deref(), Some(body));
    assert_eq!(header(&request, "ACCESS-SIGN"), Some("Ge1xwtSzmyDhFN6Ov9DwA+F8LIxNyDeAhgjxLiQG7x0="));
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
    let text = rest_text(AT, Method::Post, "/api/v2/mix/order/place-order", "", body);
    assert_eq!(hmac_sha256(&SECRET.into(), &text), "Ge1xwtSzmyDhFN6Ov9DwA+F8LIxNyDeAhgjxLiQG7x0=");
}

#[test]
fn a_login_is_signed_in_seconds() {
    let message = request::login(&keys(), AT);
    assert_eq!(
        message,
        r#"{"op":"login","args":[{"apiKey":"the-key","passphrase":"the-phrase","timestamp":"1732104000","sign":"+juu24leYclHz7S4/7jCRAeqgU2MNixzq4401Ps/HjE="}]}"#
    );
    assert_eq!(login_text(1_732_104_000), "1732104000GET/user/verify");
}

#[test]
fn a_name_beyond_ascii_is_signed_as_the_venue_reads_it_and_sent_encoded() {
    let request = signed(&request::account("龙USDT"));
    assert!(request.url.contains("symbol=%E9%BE%99USDT"), "{}", request.url);
    let query = "marginCoin=USDT&productType=USDT-FUTURES&symbol=龙USDT";
    let text = rest_text(AT, Method::Get, "/api/v2/mix/account/account", query, "");
    assert_eq!(header(&request, "ACCESS-SIGN"), Some(&*hmac_sha256(&SECRET.into(), &text)));
}

#[test]
fn demo_trading_says_so_on_every_signed_call_and_on_no_other() {
    let demo = |call: &Call| call.request("https://api.bitget.com", &keys(), AT, Trading::Demo);
    assert_eq!(header(&demo(&request::positions(None)), "paptrading"), Some("1"));
    assert_eq!(header(&demo(&request::server_time()), "paptrading"), None);
    assert_eq!(header(&demo(&request::server_time()), "ACCESS-KEY"), None);
}

#[test]
fn neither_secret_nor_passphrase_shows() {
    let request = signed(&request::place(&limit_buy()).unwrap());
    let shown = format!("{:?} {request:?}", keys());
    for secret in [SECRET, "the-phrase", "the-key", "Ge1xwtSzmyDhFN6Ov9DwA"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_heartbeat_is_a_word_or_an_object() {
    assert_eq!(request::ping(Protocol::V2), "ping");
    assert_eq!(request::ping(Protocol::MixV1), r#"{"op":"ping"}"#);
}
