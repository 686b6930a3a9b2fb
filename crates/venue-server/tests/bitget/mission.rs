//! The dialect of `mix/v1/stream`.

use crate::client::{Venue, limit, market, with};
use serde_json::{Value, json};

const STREAM: &str = "/mix/v1/stream";

fn wanted(channel: &str) -> String {
    json!({"op": "subscribe", "args": [{"channel": channel, "instType": "FUTURES", "instId": "BTCUSDT"}]}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_channels_tell_of_the_account() {
    let venue = Venue::start().await;
    let mut socket = venue.socket(STREAM).await;
    // A client need not wait for the login's answer.
    socket.say(&venue.login()).await;
    for channel in ["account", "positions", "orders", "execution", "liquidation"] {
        socket.say(&wanted(channel)).await;
    }
    let first = socket.heard().await;
    assert_eq!(first[0], r#"{"code":"0","event":"login","msg":""}"#);
    assert_eq!(first.len(), 8, "an answer each, and what account and positions begin with: {first:?}");
    venue.post("order/place-order", &limit("buy", "0.02", "59000", "one"));
    venue.tick("58990", 1);
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
    {"action":"update","arg":{"channel":"orders","instId":"BTCUSDT","instType":"FUTURES"},"data":[{"avgPrice":"0","clientOid":"one","filledSize":"0","leverage":"20","marginMode":"cross","orderId":"1000001","orderType":"limit","price":"59000","side":"buy","size":"0.02","status":"new","symbol":"BTCUSDT","timestamp":1767226200000}],"ts":1767226200000}
    {"action":"update","arg":{"channel":"orders","instId":"BTCUSDT","instType":"FUTURES"},"data":[{"avgPrice":"59000","clientOid":"one","filledSize":"0.02","leverage":"20","marginMode":"cross","orderId":"1000001","orderType":"limit","price":"59000","side":"buy","size":"0.02","status":"filled","symbol":"BTCUSDT","timestamp":1767226201000}],"ts":1767226201000}
    {"action":"update","arg":{"channel":"execution","instId":"BTCUSDT","instType":"FUTURES"},"data":[{"clientOid":"one","fee":"0.236","feeCurrency":"USDT","orderId":"1000001","price":"59000","role":"maker","side":"buy","size":"0.02","symbol":"BTCUSDT","timestamp":1767226201000,"tradeId":"1"}],"ts":1767226201000}
    {"action":"update","arg":{"channel":"positions","instId":"BTCUSDT","instType":"FUTURES"},"data":[{"holdPosition":"0.02","isolatedMargin":"0","leverage":"20","liquidationPrice":"0","maintainMargin":"4.7192","marginMode":"cross","marginRate":"0.0004719405766091401585109111","markPrice":"58990","openPrice":"59000","posMode":"one_way_mode","positionMargin":"58.99","positionSide":"long","symbol":"BTCUSDT","timestamp":1767226201000,"unrealizedPnl":"-0.2"}],"ts":1767226201000}
    {"action":"update","arg":{"channel":"account","instId":"BTCUSDT","instType":"FUTURES"},"data":[{"available":"9940.574","frozenBalance":"0","initialMargin":"58.99","maintainMargin":"4.7192","marginCoin":"USDT","marginMode":"cross","marginRatio":"0.0004719405766091401585109111","timestamp":1767226201000,"total":"9999.564","unrealizedPnl":"-0.2"}],"ts":1767226201000}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_position_is_told_with_nothing_held() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.01");
    let mut socket = venue.logged_in(STREAM).await;
    socket.say(r#"{"op":"subscribe","args":[{"channel":"positions","instType":"FUTURES"}]}"#).await;
    socket.heard().await;
    venue.trade("sell", "0.01");
    let heard = socket.heard().await;
    let push: Value = serde_json::from_str(heard.last().unwrap()).unwrap();
    assert_eq!((&push["data"][0]["positionSide"], &push["data"][0]["holdPosition"]), (&json!("long"), &json!("0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thin_margin_is_warned_of() {
    let venue = Venue::start().await;
    venue.post("account/set-margin-mode", &json!({"marginMode": "isolated"}));
    venue.post("order/place-order", &with(market("buy", "0.1"), "marginMode", "isolated"));
    let mut socket = venue.logged_in(STREAM).await;
    socket.say(&wanted("liquidation")).await;
    socket.heard().await;
    venue.tick("57280", 1);
    venue.tick("57000", 1);
    let levels: Vec<Value> = socket
        .heard()
        .await
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap()["data"][0]["warningLevel"].clone())
        .collect();
    assert_eq!(levels, ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_five_codes_and_pings_are_json() {
    let venue = Venue::start().await;
    let mut socket = venue.socket(STREAM).await;
    for (text, expected) in
        [(wanted("orders"), "60001"), ("{".to_owned(), "60005"), (r#"{"op":"dance"}"#.to_owned(), "60005")]
    {
        socket.say(&text).await;
        let answer: Value = serde_json::from_str(&socket.hear().await.unwrap()).unwrap();
        assert_eq!((&answer["event"], &answer["code"]), (&json!("error"), &json!(expected)), "{text}");
    }
    socket.say(&venue.login()).await;
    socket.hear().await;
    socket.say(&wanted("fill")).await;
    assert!(socket.hear().await.unwrap().contains("60004"));
    socket.say(r#"{"op":"ping"}"#).await;
    assert_eq!(socket.hear().await.as_deref(), Some(r#"{"event":"pong"}"#));
    let mut busy = venue.socket(STREAM).await;
    for _ in 0..11 {
        busy.say(r#"{"op":"ping"}"#).await;
    }
    let mut last = None;
    while let Some(text) = busy.hear().await {
        last = Some(text);
    }
    assert!(last.unwrap().contains("60003"));
    let mut stranger = venue.socket(STREAM).await;
    stranger.say(&venue.login().replace("phrase\"", "wrong\"")).await;
    assert!(stranger.hear().await.unwrap().contains("60001"));
    assert_eq!(stranger.hear().await, None);
}
