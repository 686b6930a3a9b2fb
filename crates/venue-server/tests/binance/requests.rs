//! Who is let in, and how the rest is told.

use crate::client::{START, Venue, signature};
use plimsoll_venue_server::{AuthenticationClock, RateLimits};

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_request_of_the_first_vector_is_let_in() {
    // It is of June 2020: the market's clock is put there.
    let then = |exchange: &mut plimsoll_exchange::Exchange| {
        *exchange = plimsoll_exchange::Exchange::new(plimsoll_domain::Timestamp::from_millis(1_591_702_613_943));
        exchange.list(plimsoll_exchange::listings::btc_usdt(), "9000".parse().unwrap()).unwrap();
    };
    let venue = Venue::with(|_| {}, then).await;
    let key = "X-MBX-APIKEY: dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83\r\n";
    let answer = venue.raw(
        "POST",
        "/fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943&signature=3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        key,
        "",
    );
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("NEW")), "{}", answer.text);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = venue.raw(
        "POST",
        "/fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC",
        &format!("{key}{form}"),
        "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943&signature=30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
    );
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("NEW")), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_kept_out() {
    let venue = Venue::start().await;
    let path = "/fapi/v3/balance";
    let check = |headers: &str, query: &str, expected: (u16, i64)| {
        let answer = venue.raw("GET", &format!("{path}?{query}"), headers, "");
        assert_eq!((answer.status, answer.code()), expected, "{headers} {query}: {}", answer.text);
    };
    let key = "X-MBX-APIKEY: dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83\r\n";
    let sign = |query: String| format!("{query}&signature={}", signature(&query));
    check("", &sign(format!("timestamp={START}")), (401, -2014));
    check("X-MBX-APIKEY: nobody\r\n", &sign(format!("timestamp={START}")), (401, -2015));
    check(key, &format!("timestamp={START}"), (400, -1102));
    check(key, "signature=00", (400, -1102));
    check(key, &format!("timestamp={START}&signature=00"), (400, -1022));
    check(key, &format!("{}x", sign(format!("timestamp={START}"))), (400, -1022));
    check(key, &sign(format!("timestamp={}", START - 5001)), (400, -1021));
    check(key, &sign(format!("timestamp={}", START + 1000)), (400, -1021));
    check(key, &sign(format!("recvWindow=6000&timestamp={}", START - 5001)), (200, 0));
    check(key, &sign(format!("timestamp={}", START + 999)), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_in_the_query_only() {
    let venue = Venue::start().await;
    let headers = "X-MBX-APIKEY: dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n";
    let form = format!("timestamp={START}");
    let signed = format!("{form}&signature={}", signature(&form));
    assert_eq!(venue.raw("GET", "/fapi/v3/balance", headers, &signed).code(), -1102);
    let form = format!("countdownTime=0&symbol=BTCUSDT&{form}");
    let signed = format!("{form}&signature={}", signature(&form));
    assert_eq!(venue.raw("POST", "/fapi/v1/countdownCancelAll", headers, &signed).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_never_show() {
    let venue = Venue::start().await;
    let shown = format!("{:?}", venue.running);
    assert!(!shown.contains("2b5eb11e18796d12"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let venue = Venue::start().await;
    let answer = venue.open("/fapi/v1/nothing");
    assert_eq!((answer.status, answer.code()), (404, -5000));
    assert_eq!(answer.json()["msg"], "Path /fapi/v1/nothing, Method GET is invalid");
    assert_eq!(venue.raw("PATCH", "/fapi/v1/order", "", "").status, 404);
    assert_eq!(venue.open("/").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_the_markets_or_the_walls() {
    let market = Venue::start().await;
    assert_eq!(market.open("/fapi/v1/time").json()["serverTime"], START);
    market.tick("60000", 7);
    assert_eq!(market.open("/fapi/v1/time").json()["serverTime"], START + 7000);
    let wall = Venue::with(|settings| settings.clock = AuthenticationClock::Wall, |_| {}).await;
    assert!(wall.open("/fapi/v1/time").json()["serverTime"].as_i64().unwrap() > START);
    assert_eq!(wall.signed("GET", "/fapi/v3/balance", "").code(), -1021);
}

#[tokio::test(flavor = "multi_thread")]
async fn weight_is_counted_told_and_limited() {
    let limits = RateLimits { weight_per_minute: 20, warnings: 1, ..RateLimits::default() };
    let venue = Venue::with(|settings| settings.rate_limits = limits, |_| {}).await;
    let used = |answer: &crate::client::Answer| answer.header("X-MBX-USED-WEIGHT-1M").map(str::to_owned);
    assert_eq!(used(&venue.open("/fapi/v1/ping")).as_deref(), Some("1"));
    assert_eq!(used(&venue.open("/fapi/v1/depth?symbol=BTCUSDT&limit=5")).as_deref(), Some("3"));
    assert_eq!(used(&venue.open("/fapi/v1/premiumIndex")).as_deref(), Some("13"));
    let told = venue.open("/fapi/v1/premiumIndex");
    assert_eq!((told.status, told.code()), (429, -1003));
    assert!(told.header("Retry-After").is_some_and(|seconds| (1..=60).contains(&seconds.parse::<u32>().unwrap())));
    let banned = venue.open("/fapi/v1/ping");
    assert_eq!((banned.status, banned.code(), banned.header("Retry-After")), (418, -1003, Some("120")));
    let until = format!("banned until {}", START + 120_000);
    assert!(banned.text.contains(&until), "{}", banned.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_counted_told_and_limited() {
    let limits = RateLimits { orders_per_ten_seconds: 2, ..RateLimits::default() };
    let venue = Venue::with(|settings| settings.rate_limits = limits, |_| {}).await;
    let place = || venue.signed("POST", "/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001");
    for count in ["1", "2"] {
        let answer = place();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("X-MBX-ORDER-COUNT-10S"), Some(count));
        assert_eq!(answer.header("X-MBX-ORDER-COUNT-1M"), Some(count));
    }
    let refused = place();
    assert_eq!((refused.status, refused.code()), (429, -1015));
    assert_eq!(venue.get("/fapi/v1/rateLimit/order", "")[0]["limit"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_listens_on_loopback_only() {
    let exchange = plimsoll_exchange::Exchange::new(plimsoll_domain::Timestamp::from_millis(START));
    let settings = plimsoll_venue_server::Settings { listen: "0.0.0.0:0".parse().unwrap(), ..Default::default() };
    let refused = plimsoll_venue_server::BinanceVenue::start(exchange, settings).await;
    assert!(matches!(refused, Err(plimsoll_venue_server::StartError::NotLoopback(_))));
}
