//! Logins, subscriptions, heartbeats, and the market's channels.

use crate::client::{KEY, START, Venue, sign, subscribe};
use plimsoll_venue_server::bitget::RateLimits;
use serde_json::{Value, json};
use std::time::Duration;

const PRIVATE: &str = "/v2/ws/private";
const PUBLIC: &str = "/v2/ws/public";

fn code(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn private_channels_take_a_login_on_the_private_address() {
    let venue = Venue::start().await;
    let mut socket = venue.socket(PRIVATE).await;
    socket.say(&subscribe("orders")).await;
    assert_eq!(code(&socket.hear().await.unwrap()), 30004);
    socket.say(&venue.login()).await;
    insta::assert_snapshot!(socket.hear().await.unwrap(), @r#"{"code":0,"connId":"00000001","event":"login"}"#);
    let mut public = venue.socket(PUBLIC).await;
    public.say(&venue.login()).await;
    insta::assert_snapshot!(public.hear().await.unwrap(), @r#"{"code":30003,"event":"error","msg":"INVALID op:login"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_login_is_told_and_cut() {
    let venue = Venue::start().await;
    let good = sign(&format!("{}GET/user/verify", START / 1000));
    for (key, passphrase, timestamp, sign, expected) in [
        ("nobody", "phrase", START / 1000, good.as_str(), 30011),
        (KEY, "wrong", START / 1000, good.as_str(), 30012),
        (KEY, "phrase", START / 1000 - 60, good.as_str(), 30014),
        (KEY, "phrase", START / 1000, "d3Jvbmc=", 30015),
    ] {
        let mut socket = venue.socket(PRIVATE).await;
        let arg = json!({"apiKey": key, "passphrase": passphrase, "timestamp": timestamp.to_string(), "sign": sign});
        socket.say(&json!({"op": "login", "args": [arg]}).to_string()).await;
        assert_eq!(code(&socket.hear().await.unwrap()), expected);
        assert_eq!(socket.hear().await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_answered() {
    let venue = Venue::start().await;
    let mut socket = venue.socket(PUBLIC).await;
    for (text, expected) in [
        ("{", 30002),
        ("[]", 30002),
        (r#"{"op":"dance"}"#, 30003),
        (r#"{"op":"ping"}"#, 30003),
        (r#"{"op":"subscribe","args":[{"instType":"USDT-FUTURES","channel":"ticker","instId":"NOPE"}]}"#, 30001),
        (r#"{"op":"subscribe","args":[{"instType":"UMCBL","channel":"ticker","instId":"BTCUSDT"}]}"#, 30001),
        (r#"{"op":"subscribe","args":[{"instType":"USDT-FUTURES","channel":"orders","instId":"default"}]}"#, 30001),
    ] {
        socket.say(text).await;
        assert_eq!(code(&socket.hear().await.unwrap()), expected, "{text}");
    }
    let long = json!({"op": "subscribe", "args": ["x".repeat(5000)]}).to_string();
    socket.say(&long).await;
    assert_eq!(code(&socket.hear().await.unwrap()), 30016);
    socket.say("ping").await;
    assert_eq!(socket.hear().await.as_deref(), Some("pong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_messages_and_too_few_pings_end_a_socket() {
    let venue = Venue::start().await;
    let mut busy = venue.socket(PUBLIC).await;
    for _ in 0..11 {
        busy.say("ping").await;
    }
    let mut last = None;
    while let Some(text) = busy.hear().await {
        last = Some(text);
    }
    assert_eq!(code(&last.unwrap()), 30006);
    let limits = RateLimits { idle: Duration::from_millis(200), ..RateLimits::default() };
    let venue = Venue::with(|settings| settings.rate_limits = limits, |_| {}).await;
    let mut idle = venue.socket(PUBLIC).await;
    assert_eq!(idle.hear().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_market_is_shown() {
    let venue = Venue::start().await;
    venue.tick("60010", 60);
    let mut socket = venue.socket(PUBLIC).await;
    let args: Vec<Value> = ["ticker", "trade", "candle1m", "books", "books1"]
        .map(|channel| json!({"instType": "USDT-FUTURES", "channel": channel, "instId": "BTCUSDT"}))
        .to_vec();
    socket.say(&json!({"op": "subscribe", "args": args}).to_string()).await;
    let first: Vec<Value> = socket.heard().await.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let pushes: Vec<&Value> = first.iter().filter(|it| it["action"] == "snapshot").collect();
    assert_eq!(pushes.len(), 5, "{first:?}");
    let book = pushes[3]["data"][0].clone();
    assert_eq!((&book["pseq"], &book["bids"][0][0]), (&json!(0), &json!("60010")));
    venue.tick("60020", 60);
    let heard = socket.heard().await;
    let of = |channel: &str| -> Value {
        let mut pushes = heard.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
        pushes.rfind(|push| push["arg"]["channel"] == channel).unwrap_or_else(|| panic!("{heard:?}"))
    };
    insta::assert_snapshot!(of("ticker"), @r#"{"action":"snapshot","arg":{"channel":"ticker","instId":"BTCUSDT","instType":"USDT-FUTURES"},"data":[{"askPr":"60020.1","askSz":"1","baseVolume":"0","bidPr":"60020","bidSz":"1","change24h":"0.00033","deliveryPrice":"0","fundingRate":"0.0001","high24h":"60020","holdingAmount":"0","indexPrice":"60020","instId":"BTCUSDT","lastPr":"60020","low24h":"60000","markPrice":"60020","nextFundingTime":"1767254400000","open24h":"60000","openUtc":"60000","quoteVolume":"0","symbol":"BTCUSDT","symbolType":1,"ts":"1767226320000"}],"ts":1767226320000}"#);
    let (change, trade) = (of("books"), of("trade"));
    assert_eq!((&change["action"], &change["data"][0]["pseq"]), (&json!("update"), &book["seq"]));
    assert_eq!(
        (&trade["action"], &trade["data"][0]["price"], &trade["data"][0]["side"]),
        (&json!("update"), &json!("60020"), &json!("buy"))
    );
    let candle = of("candle1m");
    assert_eq!(
        (&candle["action"], candle["data"].as_array().unwrap().len()),
        (&json!("update"), 2),
        "the one that closed, and the open one"
    );
    socket.say(&json!({"op": "unsubscribe", "args": args}).to_string()).await;
    socket.heard().await;
    venue.tick("60030", 60);
    assert_eq!(socket.heard().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_elsewhere() {
    let venue = Venue::start().await;
    let url = format!("{}/v3/ws/private", venue.running.ws_url());
    assert!(tokio_tungstenite::connect_async(url).await.is_err());
}
