//! The worked signatures of the venue's documentation, by the string and through the calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::{
    Leverage, MarginMode, OrderKind, PositionMode, PositionSide, Side, TimeInForce, Timestamp, TriggerBy,
};
use plimsoll_gateio::wire::request::{self, Call, Credentials, Place, Size};
use plimsoll_gateio::wire::sign::{body_hash, hmac_sha512, login, rest, subscription};
use secrecy::SecretString;
use std::time::Duration;

const HOST: &str = "https://api.gateio.ws";
const AT: Timestamp = Timestamp::from_millis(1_541_993_715_000);

fn keys() -> Credentials {
    Credentials::new("key", "secret")
}

fn header(call: &Call, name: &str) -> Option<String> {
    let request = call.request(HOST, &keys(), AT, None);
    request.headers.into_iter().find_map(|(known, value)| (known == name).then_some(value))
}

fn limit_buy() -> Place<'static> {
    Place {
        native: "BTC_USDT",
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Limit { price: "65000.1".parse().unwrap(), time_in_force: TimeInForce::Gtc },
        size: Size::Contracts("10".parse().unwrap()),
        reduce_only: false,
        client_order_id: Some("my-custom-id"),
    }
}

#[test]
fn strings_are_signed_as_documented() {
    let secret = SecretString::from("secret");
    let order = r#"{"contract":"BTC_USD","type":"limit","size":100,"price":6800,"time_in_force":"gtc"}"#;
    for (signed, expected) in [
        (
            rest("GET", "/api/v4/futures/orders", "contract=BTC_USD&status=finished&limit=50", "", "1541993715"),
            "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a",
        ),
        (
            rest("POST", "/api/v4/futures/orders", "", order, "1541993715"),
            "eae42da914a590ddf727473aff25fc87d50b64783941061f47a3fdb92742541fc4c2c14017581b4199a1418d54471c269c03a38d788d802e2c306c37636389f0",
        ),
        (
            subscription("futures.orders", "subscribe", 1_541_993_715),
            "4cdab02f21aba635fce8684a050806325cb4aa74a93d00c39f2084da73614d2e1d25878ca7c9ebcbde9541cddfc5ae36b1ccde10982eb82fd09f7a30a6d43d84",
        ),
        (
            login(1_541_993_715),
            "2085a2b6f0343904fb273d0dd6fbe5c4724286a72284822976925ec2496b8f744d33aab0f5edfb886c4661951a407fb02e9238cb18dee6743b1ff409b0ab783f",
        ),
    ] {
        assert_eq!(hmac_sha512(&secret, &signed), expected, "{signed}");
    }
    assert_eq!(
        body_hash(order),
        "ad3c169203dc3026558f01b4df307641fa1fa361f086b2306658886d5708767b1854797c68d9e62fef2f991645aa82673622ebf417e091d0bd22bafe5d956cca"
    );
    assert_eq!(
        body_hash(""),
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
    );
}

#[test]
fn a_leverage_of_cross_is_the_documented_request() {
    let times = Leverage::new(10).unwrap();
    let call = request::set_leverage("BTC_USDT", times, MarginMode::Cross, PositionMode::OneWay);
    let request = call.request(HOST, &keys(), AT, Some(Duration::from_secs(2)));
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(
        request.url,
        "https://api.gateio.ws/api/v4/futures/usdt/positions/BTC_USDT/leverage?leverage=0&cross_leverage_limit=10"
    );
    assert_eq!(request.body, None);
    assert_eq!(
        request.headers,
        [
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("X-Gate-Size-Decimal", "1".to_owned()),
            ("KEY", "key".to_owned()),
            ("Timestamp", "1541993715".to_owned()),
            (
                "SIGN",
                "73136904f1a7410ec21d5e29769232178886b82e07dcf34ef7211bd3ebd009cdd5157b366278909922f10e6f1cfbdd2d9846cb26537ad9207bdc2709d9624a97"
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn a_limit_order_is_the_documented_request() {
    let call = request::place(&limit_buy()).unwrap();
    let body = r#"{"contract":"BTC_USDT","size":"10","price":"65000.1","tif":"gtc","text":"t-my-custom-id"}"#;
    assert_eq!(call.body.as_deref(), Some(body));
    assert_eq!(
        body_hash(body),
        "4c9887a0d901a0c1c768faff73798f9439e389413b564d30603c4fe852a66f0f77f2439af255ad3009ee2047cd634d82ff0e31e1ce78b8a3316f2efe7c39e461"
    );
    assert_eq!(
        header(&call, "SIGN").as_deref(),
        Some(
            "e1409e14a8f435f16c467c7f9ab78148d7a36baf0ae3dec7b467f0c729e1ed154f77931fb866315e5e817bff29c74835661b2ead1c4e7d95112e9f3ca81ff986"
        )
    );
    let request = call.request(HOST, &keys(), AT, Some(Duration::from_secs(2)));
    assert!(request.counts_as_order);
    assert!(
        request.headers.contains(&("x-gate-exptime", "1541993717000".to_owned())),
        "it dies at the gateway if late"
    );
    assert_eq!(request.url, "https://api.gateio.ws/api/v4/futures/usdt/orders");
}

#[test]
fn private_channels_and_the_login_are_the_documented_messages() {
    let payload = request::private_payload("futures.orders", "20011");
    assert_eq!(
        request::subscribe_private("futures.orders", &payload, &keys(), 1, AT),
        concat!(
            r#"{"id":1,"time":1541993715,"channel":"futures.orders","event":"subscribe","payload":["20011","!all"],"#,
            r#""auth":{"method":"api_key","KEY":"key","SIGN":"4cdab02f21aba635fce8684a050806325cb4aa74a93d00c39f2084da73614d2e1d25878ca7c9ebcbde9541cddfc5ae36b1ccde10982eb82fd09f7a30a6d43d84"}}"#
        )
    );
    assert_eq!(
        request::login(&keys(), "1541993715000-1", AT),
        concat!(
            r#"{"time":1541993715,"channel":"futures.login","event":"api","payload":{"req_id":"1541993715000-1","#,
            r#""api_key":"key","timestamp":"1541993715","signature":"2085a2b6f0343904fb273d0dd6fbe5c4724286a72284822976925ec2496b8f744d33aab0f5edfb886c4661951a407fb02e9238cb18dee6743b1ff409b0ab783f"}}"#
        )
    );
}

#[test]
fn names_beyond_ascii_are_encoded_in_the_address_and_signed_as_they_are() {
    let call = request::position("币_USDT", PositionMode::OneWay);
    let request = call.request("https://api.gateio.ws/api/v4/", &keys(), AT, None);
    assert_eq!(request.url, "https://api.gateio.ws/api/v4/futures/usdt/positions/%E5%B8%81_USDT");
    let signed = rest("GET", "/api/v4/futures/usdt/positions/币_USDT", "", "", "1541993715");
    assert_eq!(header(&call, "SIGN"), Some(hmac_sha512(&"secret".into(), &signed)));
}

#[test]
fn a_public_request_has_neither_key_nor_signature() {
    let request = request::contracts(0).request(HOST, &keys(), AT, None);
    let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["Accept", "Content-Type", "X-Gate-Size-Decimal"]);
    assert_eq!(request, request::contracts(0).unsigned(HOST));
}

#[test]
fn the_secret_shows_nowhere() {
    let keys = Credentials::new("the-key", "the-secret");
    let stop = OrderKind::StopMarket { trigger: "60000".parse().unwrap(), trigger_by: TriggerBy::Mark };
    let order = Place { kind: stop, side: Side::Sell, reduce_only: true, ..limit_buy() };
    let request = request::place(&order).unwrap().request(HOST, &keys, AT, None);
    let shown = format!("{keys:?} {request:?}");
    assert!(!shown.contains("the-secret") && !shown.contains("the-key"), "{shown}");
}
