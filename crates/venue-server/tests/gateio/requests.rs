//! Who is let in, how often, and what those hear who are not.

use crate::client::*;
use plimsoll_venue_server::AuthenticationClock;
use plimsoll_venue_server::gateio::RateLimits;
use serde_json::{Value, json};

const ACCOUNTS: &str = "/api/v4/futures/usdt/accounts";

fn headers(key: &str, time: i64, signed: &str) -> String {
    let hash = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
    let sign = signature(&format!("GET\n{signed}\n\n{hash}\n{time}"));
    format!("KEY: {key}\r\nTimestamp: {time}\r\nSIGN: {sign}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_signs_in_time_with_a_known_key_is_let_in() {
    let venue = Venue::start().await;
    let ask = |headers: &str| {
        let answer = venue.raw("GET", ACCOUNTS, headers, "");
        (answer.status, answer.label())
    };
    assert_eq!(ask(&headers(KEY, START, ACCOUNTS)), (200, String::new()));
    assert_eq!(ask(""), (401, "MISSING_REQUIRED_HEADER".to_owned()));
    assert_eq!(ask(&headers("nobody", START - 61, ACCOUNTS)), (403, "REQUEST_EXPIRED".to_owned()));
    assert_eq!(ask(&headers("nobody", START, ACCOUNTS)), (401, "INVALID_KEY".to_owned()));
    assert_eq!(ask(&headers(KEY, START, "/api/v4/spot/time")), (401, "INVALID_SIGNATURE".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_clock_can_judge_instead_of_the_market_s() {
    let venue = Venue::with(|settings| settings.clock = AuthenticationClock::Wall, |_| {}).await;
    assert_eq!(venue.refused("GET", "/accounts", "", &Value::Null), "REQUEST_EXPIRED");
    assert!(venue.open("/spot/time")["server_time"].as_i64().unwrap() > START * 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let venue = Venue::start().await;
    let ask = |method: &str, path: &str| {
        let answer = venue.raw(method, path, "", "");
        (answer.status, answer.label())
    };
    assert_eq!(ask("GET", "/api/v4/futures/usdt/dual_comp/positions"), (404, "NOT_FOUND".to_owned()));
    assert_eq!(ask("GET", "/fapi/v1/ping"), (404, "NOT_FOUND".to_owned()));
    assert_eq!(ask("PATCH", "/api/v4/futures/usdt/orders"), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(ask("GET", "/api/v4/futures/usdt/contracts/DOGE_USDT"), (400, "CONTRACT_NOT_FOUND".to_owned()));
    assert_eq!(venue.open("/futures/btc/contracts"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_when_it_was_given_and_what_is_left() {
    let limits = RateLimits { orders_per_second: 1, ..RateLimits::default() };
    let venue = Venue::with(|settings| settings.rate_limits = limits, |_| {}).await;
    let answer = venue.signed("GET", "/accounts", "", "");
    let told = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    assert_eq!(told("X-In-Time"), (START * 1_000_000).to_string());
    assert_eq!(told("X-Gate-RateLimit-Limit"), "200");
    assert_eq!(told("X-Gate-RateLimit-Requests-Remain"), "199");
    assert_eq!(venue.signed("POST", "/orders", "", &market(1).to_string()).status, 201);
    let refused = venue.signed("POST", "/orders", "", &market(1).to_string());
    assert_eq!((refused.status, refused.label().as_str()), (429, "TOO_MANY_REQUESTS"));
    assert_eq!(refused.header("X-Gate-RateLimit-Requests-Remain"), Some("0"));
    let reset = ((START + 1) * 1000).to_string();
    assert_eq!(refused.header("X-Gate-RateLimit-Reset-Timestamp"), Some(reset.as_str()));
    venue.tick("60000", 1);
    assert_eq!(venue.signed("POST", "/orders", "", &market(1).to_string()).status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_whole_numbers_for_those_who_did_not_ask_for_decimals() {
    let venue = Venue::start().await;
    let contract = "/api/v4/futures/usdt/contracts/BTC_USDT";
    let plain = venue.raw("GET", contract, "", "").json();
    assert_eq!(plain["order_size_min"], 1);
    let decimal = venue.raw("GET", contract, "X-Gate-Size-Decimal: 1\r\n", "").json();
    assert_eq!(decimal["order_size_min"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_listens_on_loopback_only() {
    let exchange = plimsoll_exchange::Exchange::new(plimsoll_domain::Timestamp::from_millis(START * 1000));
    let settings = plimsoll_venue_server::Settings { listen: "0.0.0.0:0".parse().unwrap(), ..Default::default() };
    let refused = plimsoll_venue_server::GateioVenue::start(exchange, settings).await;
    assert!(matches!(refused, Err(plimsoll_venue_server::StartError::NotLoopback(_))));
}
