//! Who may call, how often, and what envelopes look like.

use crate::client::{START, Venue, limit, market, with};
use plimsoll_venue_server::bitget::RateLimits;
use serde_json::json;

const POSITIONS: &str = "/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES";

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_in_an_envelope() {
    let venue = Venue::start().await;
    let time = venue.open("/api/v2/public/time");
    insta::assert_snapshot!(time.text, @r#"{"code":"00000","msg":"success","requestTime":1767226200000,"data":{"serverTime":"1767226200000"}}"#);
    let nothing = venue.signed_at(START, "GET", POSITIONS, "").unwrap();
    insta::assert_snapshot!(nothing.text, @r#"{"code":"00000","msg":"success","requestTime":1767226200000,"data":[]}"#);
    let refused = venue.open("/api/v2/mix/market/ticker?symbol=NOPEUSDT&productType=USDT-FUTURES");
    assert_eq!(refused.status, 400);
    insta::assert_snapshot!(refused.text, @r#"{"code":"40034","data":null,"msg":"Parameter NOPEUSDT does not exist","requestTime":1767226200000}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_known_by_key_signature_time_and_passphrase() {
    let venue = Venue::start().await;
    let code = |answer: Option<crate::client::Answer>| answer.unwrap().code();
    assert_eq!(code(venue.signed_at(START, "GET", POSITIONS, "")), "00000");
    assert_eq!(code(venue.signed_at(START - 30_000, "GET", POSITIONS, "")), "00000");
    assert_eq!(code(venue.signed_at(START - 30_001, "GET", POSITIONS, "")), "40008");
    assert_eq!(code(venue.try_raw("GET", POSITIONS, "", "")), "40001");
    assert_eq!(code(venue.try_raw("GET", POSITIONS, "ACCESS-KEY: nobody\r\n", "")), "40002");
    assert_eq!(venue.open("/api/v2/mix/market/contracts?productType=usdt-futures").code(), "00000");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_generations_and_unknown_paths_are_told_apart() {
    let venue = Venue::start().await;
    assert_eq!(venue.open("/api/v3/account/settings").code(), "40084");
    assert_eq!(venue.open("/api/mix/v1/market/contracts").code(), "30032");
    let nowhere = venue.open("/api/v2/mix/market/nowhere");
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "40404"));
    assert_eq!(venue.open("/api/v2/mix/market/contracts").code(), "400172");
    assert_eq!(venue.open("/api/v2/mix/market/contracts?productType=COIN-FUTURES").json()["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_has_its_limit_and_the_address_has_one() {
    let limits = RateLimits { requests_per_minute: 12, ..RateLimits::default() };
    let venue = Venue::with(|settings| settings.rate_limits = limits, |_| {}).await;
    let order = with(market("buy", "0.001"), "marginMode", "none");
    let codes: Vec<_> = (0..11).map(|_| venue.command("order/place-order", &order)).collect();
    assert_eq!(codes[0].header("x-mbx-used-remain-limit"), Some("9"));
    assert!(codes[..10].iter().all(|answer| answer.code() == "40020"), "{codes:?}");
    assert_eq!((codes[10].status, codes[10].code().as_str()), (429, "429"));
    assert_eq!(venue.open("/api/v2/public/time").code(), "00000");
    let shut = venue.open("/api/v2/public/time");
    assert_eq!((shut.status, shut.header("retry-after")), (429, Some("300")));
    venue.tick("60000", 301);
    assert_eq!(venue.open("/api/v2/public/time").code(), "00000");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_do_not_fit_are_refused_in_the_venues_codes() {
    let venue = Venue::start().await;
    let check = |order: serde_json::Value, code: &str| {
        assert_eq!(venue.refused("order/place-order", &order), code, "{order}");
    };
    check(limit("buy", "0.0015", "59000", "a"), "40808");
    check(limit("buy", "0.001", "59000.05", "a"), "45115");
    check(limit("buy", "0.001", "40000", "a"), "45110");
    check(limit("buy", "5", "59000", "a"), "40762");
    check(limit("buy", "2000", "59000", "a"), "45112");
    check(limit("buy", "0.01", "70000", "a"), "40815");
    check(limit("buy", "0.01", "59000", "ä"), "40305");
    check(with(market("buy", "0.01"), "tradeSide", "open"), "40774");
    check(with(market("buy", "0.01"), "reduceOnly", "YES"), "22002");
    check(with(market("buy", "0.01"), "symbol", "NOPEUSDT"), "40034");
    check(json!({"side": "buy", "orderType": "market", "size": "0.01"}), "40019");
    venue.post("order/place-order", &limit("buy", "0.002", "59000", "one"));
    check(limit("buy", "0.002", "59000", "one"), "45034");
    check(with(market("buy", "0.01"), "marginMode", "isolated"), "45117");
}
