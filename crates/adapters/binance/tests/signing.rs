//! The worked signatures of the venue's documentation, by the string and through the calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_binance::wire::request::{self, Call, Credentials, Place};
use plimsoll_binance::wire::sign::{hmac_sha256, query, sorted};
use plimsoll_domain::{OrderKind, OrderSize, PositionSide, Side, TimeInForce, Timestamp, TriggerBy};
use secrecy::SecretString;
use std::time::Duration;

/// The key pair of the documentation's examples.
const KEY: &str = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";
const HOST: &str = "https://fapi.binance.com";
const AT: i64 = 1_591_702_613_943;
const WINDOW: Option<Duration> = Some(Duration::from_secs(5));

fn url(call: &Call, at: i64, recv_window: Option<Duration>) -> String {
    call.request(HOST, &Credentials::new(KEY, SECRET), Timestamp::from_millis(at), recv_window).url
}

fn market_buy(native: &str) -> Place<'_> {
    Place {
        native,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("1".parse().unwrap()),
        reduce_only: false,
        client_order_id: None,
    }
}

fn limit_buy(native: &'static str, price: &str, quantity: &str) -> Place<'static> {
    Place {
        kind: OrderKind::Limit { price: price.parse().unwrap(), time_in_force: TimeInForce::Gtc },
        size: OrderSize::Quantity(quantity.parse().unwrap()),
        ..market_buy(native)
    }
}

#[test]
fn strings_are_signed_as_documented() {
    let secret = SecretString::from(SECRET);
    for (signed, expected) in [
        (
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            // A query and a body are joined without a separator.
            concat!(
                "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC",
                "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943"
            ),
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
        (
            // What the documentation prints for the one above holds only with its stray space.
            concat!(
                "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC",
                "quantity=1&price=9000&recvWindow=5000&timestamp= 1591702613943"
            ),
            "f9d0ae5e813ef6ccf15c2b5a434047a0181cb5a342b903b367ca6d27a66e36f2",
        ),
        ("timestamp=1591702613943", "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6"),
        ("recvWindow=5000&timestamp=1591702613943", "5581570ecf76b9b74c6f1a66ef6520c2959a75c32641affb2634d655d6e64db8"),
    ] {
        assert_eq!(hmac_sha256(&secret, signed), expected, "{signed}");
    }
}

#[test]
fn a_limit_order_is_the_documented_request() {
    let call = request::place(&limit_buy("BTCUSDT", "9000", "1")).unwrap();
    let request = call.request(HOST, &Credentials::new(KEY, SECRET), Timestamp::from_millis(AT), WINDOW);
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.headers, [("X-MBX-APIKEY", KEY.to_owned())]);
    assert_eq!(request.body, None);
    assert!(request.counts_as_order && request.weight == 0);
    assert_eq!(
        request.url,
        "https://fapi.binance.com/fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC\
         &recvWindow=5000&timestamp=1591702613943\
         &signature=3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    );
}

#[test]
fn calls_without_parameters_sign_the_times_alone() {
    let call = request::account_config();
    assert!(url(&call, AT, None).ends_with(
        "/fapi/v1/accountConfig?timestamp=1591702613943\
         &signature=84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6"
    ));
    assert!(url(&call, AT, WINDOW).ends_with(
        "?recvWindow=5000&timestamp=1591702613943\
         &signature=5581570ecf76b9b74c6f1a66ef6520c2959a75c32641affb2634d655d6e64db8"
    ));
}

#[test]
fn a_stop_goes_to_the_service_of_conditional_orders() {
    let stop = Place {
        side: Side::Sell,
        kind: OrderKind::StopMarket { trigger: "8500".parse().unwrap(), trigger_by: TriggerBy::Mark },
        size: OrderSize::WholePosition,
        reduce_only: true,
        client_order_id: Some("sl-1"),
        ..market_buy("BTCUSDT")
    };
    assert_eq!(
        url(&request::place(&stop).unwrap(), AT, WINDOW),
        "https://fapi.binance.com/fapi/v1/algoOrder?algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET\
         &triggerPrice=8500&closePosition=true&workingType=MARK_PRICE&clientAlgoId=sl-1\
         &recvWindow=5000&timestamp=1591702613943\
         &signature=000a4d146ea1b03546592317d16d1ad7593833ae36b046d63c758046cdf85a36"
    );
}

#[test]
fn a_batch_is_encoded_once_and_signed_encoded() {
    let call = request::batch_place(&[limit_buy("BTCUSDT", "10001", "0.001")]).unwrap();
    let url = url(&call, AT, None);
    assert!(url.contains("?batchOrders=%5B%7B%22type%22%3A%22LIMIT%22%2C%22timeInForce%22%3A%22GTC%22%2C"), "{url}");
    assert!(url.ends_with("&signature=dcac873835e9c3c74083d5e19cd547b0020b65acee0be43f5e585ef521981c0f"), "{url}");
}

#[test]
fn a_chinese_symbol_is_encoded_as_utf_8() {
    let call = request::place(&market_buy("测试USDT")).unwrap();
    assert_eq!(
        url(&call, 1_760_000_007_980, None),
        "https://fapi.binance.com/fapi/v1/order?symbol=%E6%B5%8B%E8%AF%95USDT&side=BUY&type=MARKET&quantity=1\
         &timestamp=1760000007980&signature=f5a675acf0ed2365094143f2921df08b17ba837118e5e06178defa1b39d60116"
    );
}

#[test]
fn the_request_response_socket_signs_sorted_names() {
    let call = request::place(&limit_buy("BTCUSDT", "9000", "1")).unwrap();
    let keys = Credentials::new(KEY, SECRET);
    let message = request::ws_api("order.place", &call, &keys, Timestamp::from_millis(AT), WINDOW, "1");
    let message: serde_json::Value = serde_json::from_str(&message).unwrap();
    let params = &message["params"];
    assert_eq!(message["method"], "order.place");
    assert_eq!(params["signature"], "5b8fe2b962b8e1b2b82fb40e548d56147c2a8f835b5f1393ae4b4b90c38b527f");
    assert_eq!((&params["timestamp"], &params["price"]), (&AT.into(), &"9000".into()));
    assert_eq!(sorted([("b", "2"), ("a", "1")]), "a=1&b=2");
}

#[test]
fn a_message_of_the_request_response_socket_is_sorted_and_escaped() {
    let call = request::place(&market_buy("测试USDT")).unwrap();
    let keys = Credentials::new("a \"key\"", "secret");
    let id = "one\\two\nthree";
    let text = request::ws_api("order.place", &call, &keys, Timestamp::from_millis(AT), WINDOW, id);
    let (before, after) = text.split_once(r#","signature":""#).unwrap();
    let expected = r#"{"id":"one\\two\nthree","method":"order.place","params":{"apiKey":"a \"key\"","quantity":"1","recvWindow":5000,"side":"BUY""#;
    assert_eq!(before, expected);
    let (signature, after) = after.split_once('"').unwrap();
    assert_eq!(after, r#","symbol":"测试USDT","timestamp":1591702613943,"type":"MARKET"}}"#);
    let signed =
        "apiKey=a \"key\"&quantity=1&recvWindow=5000&side=BUY&symbol=测试USDT&timestamp=1591702613943&type=MARKET";
    assert_eq!(signature, hmac_sha256(&"secret".into(), signed));
}

#[test]
fn only_the_unreserved_characters_travel_as_they_are() {
    let text = "AZaz09-_.~ !*'()+/&=%测";
    assert_eq!(query([("a", text)]), "a=AZaz09-_.~%20%21%2A%27%28%29%2B%2F%26%3D%25%E6%B5%8B");
}

#[test]
fn neither_key_nor_signature_is_shown() {
    let keys = Credentials::new(KEY, SECRET);
    let request = request::account().request(HOST, &keys, Timestamp::from_millis(AT), WINDOW);
    let signature = request.url.rsplit_once('=').unwrap().1;
    let shown = format!("{request:?} {keys:?}");
    for secret in [KEY, SECRET, signature] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(request.endpoint(), "https://fapi.binance.com/fapi/v3/account");
}
