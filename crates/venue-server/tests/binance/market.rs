//! Calls that anybody may make, and the market streams.

use crate::client::Venue;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_market_is_told_in_the_venues_words() {
    let venue = Venue::start().await;
    venue.tick("60010.5", 60);
    assert_eq!(venue.open("/fapi/v1/ping").text, "{}");
    insta::assert_snapshot!(venue.open("/fapi/v1/premiumIndex?symbol=BTCUSDT").text, @r#"{"estimatedSettlePrice":"60010.50000000","indexPrice":"60010.50000000","interestRate":"0.00010000","lastFundingRate":"0.00010000","markPrice":"60010.50000000","nextFundingTime":1767254400000,"symbol":"BTCUSDT","time":1767226260000}"#);
    insta::assert_snapshot!(venue.open("/fapi/v1/ticker/bookTicker?symbol=BTCUSDT").text, @r#"{"askPrice":"60010.60","askQty":"1.000","bidPrice":"60010.50","bidQty":"1.000","lastUpdateId":2,"pair":"BTCUSDT","symbol":"BTCUSDT","time":1767226260000}"#);
    insta::assert_snapshot!(venue.open("/fapi/v2/ticker/price?symbol=BTCUSDT").text, @r#"{"price":"60010.50","symbol":"BTCUSDT","time":1767226260000}"#);
    insta::assert_snapshot!(venue.open("/fapi/v1/depth?symbol=BTCUSDT&limit=5").text, @r#"{"E":1767226260000,"T":1767226260000,"asks":[["60010.60","1.000"],["60010.70","2.000"],["60010.80","3.000"],["60010.90","4.000"],["60011.00","5.000"]],"bids":[["60010.50","1.000"],["60010.40","2.000"],["60010.30","3.000"],["60010.20","4.000"],["60010.10","5.000"]],"lastUpdateId":2}"#);
    insta::assert_snapshot!(venue.open("/fapi/v1/klines?symbol=BTCUSDT&interval=1m").text, @r#"[[1767226200000,"60000.00","60000.00","60000.00","60000.00","0.000",1767226259999,"0.00",0,"0","0","0"],[1767226260000,"60010.50","60010.50","60010.50","60010.50","0.000",1767226319999,"0.00",0,"0","0","0"]]"#);
    insta::assert_snapshot!(venue.open("/fapi/v1/openInterest?symbol=BTCUSDT").text, @r#"{"openInterest":"0.000","symbol":"BTCUSDT","time":1767226260000}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_are_told_with_their_filters() {
    let venue = Venue::start().await;
    let info = venue.open("/fapi/v1/exchangeInfo").json();
    assert_eq!(info["rateLimits"].as_array().map(Vec::len), Some(3));
    let bitcoin = &info["symbols"][0];
    let filter = |name: &str| -> Value {
        let filters = bitcoin["filters"].as_array().unwrap();
        filters.iter().find(|filter| filter["filterType"] == name).unwrap().clone()
    };
    assert_eq!((&bitcoin["symbol"], &bitcoin["contractType"]), (&json!("BTCUSDT"), &json!("PERPETUAL")));
    assert_eq!(filter("PRICE_FILTER")["tickSize"], "0.10");
    assert_eq!(filter("LOT_SIZE")["stepSize"], "0.001");
    assert_eq!(filter("MIN_NOTIONAL")["notional"], "50");
    assert_eq!(filter("PERCENT_PRICE")["multiplierUp"], "1.0500");
    assert_eq!(bitcoin["liquidationFee"], "0.012500");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_questions_are_refused_by_code() {
    let venue = Venue::start().await;
    for (target, code) in [
        ("/fapi/v1/depth", -1102),
        ("/fapi/v1/depth?symbol=NOPE", -1121),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=7", -4021),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=x", -1102),
        ("/fapi/v1/klines?symbol=BTCUSDT", -1102),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=7m", -1120),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=0", -1130),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&startTime=2&endTime=1", -1128),
        ("/fapi/v1/premiumIndex?symbol=btcusdt", -1121),
    ] {
        let answer = venue.open(target);
        assert_eq!((answer.status, answer.code()), (400, code), "{target}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_a_question_breaks_anything() {
    let venue = Venue::start().await;
    let (least, most) = (i64::MIN, i64::MAX);
    for target in [
        format!("/fapi/v1/klines?symbol=BTCUSDT&interval=1M&startTime={least}&endTime={most}&limit={most}"),
        format!("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&endTime={least}"),
        format!("/fapi/v1/markPriceKlines?symbol=BTCUSDT&interval=1w&startTime={most}"),
        format!("/fapi/v1/aggTrades?symbol=BTCUSDT&fromId={least}"),
        format!("/fapi/v1/fundingRate?startTime={least}&endTime={most}"),
    ] {
        assert_eq!(venue.open(&target).status, 200, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn funding_is_told_once_it_is_settled() {
    let venue = Venue::start().await;
    assert_eq!(venue.open("/fapi/v1/fundingRate?symbol=BTCUSDT").json(), json!([]));
    venue.tick("60000", 8 * 3600);
    insta::assert_snapshot!(venue.open("/fapi/v1/fundingRate?symbol=BTCUSDT").text, @r#"[{"fundingRate":"0.00010000","fundingTime":1767254400000,"markPrice":"60000.00000000","rateType":"Regular","symbol":"BTCUSDT"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn market_streams_follow_the_price() {
    let venue = Venue::start().await;
    let mut socket = venue.socket("/market/ws/btcusdt@markPrice@1s/btcusdt@aggTrade/btcusdt@kline_1m").await;
    socket.heard().await;
    venue.tick("60010.5", 50);
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"E":1767226250000,"T":1767226250000,"a":2,"e":"aggTrade","f":2,"l":2,"m":false,"nq":"0.001","p":"60010.50","q":"0.001","s":"BTCUSDT","st":1}
{"E":1767226250000,"P":"60010.50000000","T":1767254400000,"ap":"60010.50000000","e":"markPriceUpdate","i":"60010.50000000","p":"60010.50000000","r":"0.00010000","s":"BTCUSDT","st":1}
{"E":1767226250000,"e":"kline","k":{"B":"0","L":-1,"Q":"0","T":1767226259999,"V":"0","c":"60010.50","f":-1,"h":"60010.50","i":"1m","l":"60000.00","n":0,"o":"60000.00","q":"0.00","s":"BTCUSDT","t":1767226200000,"v":"0.000","x":false},"ps":"BTCUSDT","s":"BTCUSDT","st":1}
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candle_is_told_closed_once_the_next_one_opens() {
    let venue = Venue::start().await;
    let mut socket = venue.socket("/market/ws/btcusdt@kline_1m").await;
    socket.heard().await;
    venue.tick("60001", 10);
    venue.tick("60002", 60);
    let told: Vec<Value> = socket.heard().await.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let seen: Vec<_> =
        told.iter().map(|it| (it["k"]["c"].as_str().unwrap(), it["k"]["x"].as_bool().unwrap())).collect();
    assert_eq!(seen, [("60001.00", false), ("60001.00", true), ("60002.00", false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_can_be_followed_by_its_changes() {
    let venue = Venue::start().await;
    let mut socket = venue.socket("/public/ws/btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@depth5").await;
    socket.heard().await;
    let snapshot = venue.open("/fapi/v1/depth?symbol=BTCUSDT&limit=1000").json();
    let mut last = snapshot["lastUpdateId"].as_i64().unwrap();
    for price in ["60000.1", "60005", "59990"] {
        venue.tick(price, 1);
    }
    let heard = socket.heard().await;
    let changes: Vec<Value> = heard.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let changes = changes.iter().filter(|it| it["e"] == "depthUpdate" && it["b"].as_array().unwrap().len() > 5);
    let changes = changes.chain(std::iter::empty());
    let mut followed = 0;
    for change in changes {
        assert_eq!(change["pu"], last, "{change}");
        last = change["u"].as_i64().unwrap();
        followed += 1;
    }
    assert!(followed >= 2, "{heard:?}");
    assert_eq!(venue.open("/fapi/v1/depth?symbol=BTCUSDT&limit=5").json()["lastUpdateId"], last);
}
