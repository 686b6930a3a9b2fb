//! Sockets: what can be subscribed to, by whom, and what is said of the market.

use crate::client::*;
use serde_json::{Value, json};
use std::time::Duration;

async fn asked(socket: &mut Socket, message: &Value) -> String {
    socket.say(message).await;
    let answer = socket.hear().await.unwrap();
    let error = &answer["error"];
    format!(
        "{} {} {}",
        pick(&answer, &["channel", "event"]),
        answer["result"]["status"].as_str().unwrap_or("-"),
        error["code"]
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn private_channels_are_for_those_who_sign_each_subscription() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    let payload = json!([USER, "BTC_USDT"]);
    let good = subscription("futures.orders", "subscribe", &payload, START, "secret");
    assert_eq!(asked(&mut socket, &good).await, "futures.orders subscribe success null");
    let forged = subscription("futures.orders", "subscribe", &payload, START, "guess");
    assert_eq!(asked(&mut socket, &forged).await, "futures.orders subscribe fail 4");
    let stale = subscription("futures.orders", "subscribe", &payload, START - 61, "secret");
    assert_eq!(asked(&mut socket, &stale).await, "futures.orders subscribe fail 4");
    let unsigned = json!({"time": START, "channel": "futures.orders", "event": "subscribe", "payload": payload});
    assert_eq!(asked(&mut socket, &unsigned).await, "futures.orders subscribe fail 4");
    let nameless = subscription("futures.orders", "subscribe", &json!(["BTC_USDT"]), START, "secret");
    assert_eq!(asked(&mut socket, &nameless).await, "futures.orders subscribe fail 2");
    assert_eq!((venue.running.private_sockets(), venue.running.market_sockets()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_with_one_unknown_contract_fails_as_a_whole() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    let answer = socket.subscribe("futures.tickers", json!(["BTC_USDT", "DOGE_USDT"])).await;
    assert_eq!(answer["error"]["code"], 2);
    venue.tick("60001", 1);
    assert_eq!(socket.told().await, Vec::<String>::new());
    let unknown = socket.subscribe("futures.weather", json!(["BTC_USDT"])).await;
    assert_eq!(unknown["error"]["message"], "unknown channel futures.weather");
    socket.say_text("{").await;
    assert_eq!(socket.hear().await.unwrap()["error"]["code"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsubscribed_is_not_heard_any_more() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.orders", "futures.positions"]).await;
    let message = subscription("futures.orders", "unsubscribe", &json!([USER, "!all"]), START, "secret");
    assert_eq!(asked(&mut socket, &message).await, "futures.orders unsubscribe success null");
    venue.trade(1);
    assert_eq!(socket.told().await, ["positions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_pushes_can_be_of_one_contract() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    let message = subscription("futures.orders", "subscribe", &json!([USER, "ETH_USDT"]), START, "secret");
    assert_eq!(asked(&mut socket, &message).await, "futures.orders subscribe success null");
    venue.trade(1);
    venue.post("/orders", &json!({"contract": "ETH_USDT", "size": 1, "price": "2900"}));
    assert_eq!(socket.told().await, ["orders"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn public_channels_tell_of_the_market() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    for (channel, payload) in [
        ("futures.tickers", json!(["BTC_USDT"])),
        ("futures.trades", json!(["BTC_USDT"])),
        ("futures.book_ticker", json!(["BTC_USDT"])),
        ("futures.order_book_update", json!(["BTC_USDT", "100ms", "20"])),
        ("futures.candlesticks", json!(["1m", "BTC_USDT"])),
    ] {
        assert_eq!(socket.subscribe(channel, payload).await["result"]["status"], "success", "{channel}");
    }
    let before = venue.open("/futures/usdt/order_book?contract=BTC_USDT&limit=20&with_id=true");
    venue.tick("60010", 1);
    let frames = socket.heard().await;
    let of = |channel: &str| {
        let found = frames.iter().find(|frame| frame["channel"] == format!("futures.{channel}"));
        found.unwrap_or_else(|| panic!("nothing of {channel}: {frames:?}"))["result"].clone()
    };
    assert_eq!(
        pick(&of("tickers")[0], &["last", "mark_price", "funding_interval", "highest_bid"]),
        "60010 60010 28800 60010"
    );
    assert_eq!(pick(&of("trades")[0], &["size", "price", "contract"]), "1 60010 BTC_USDT");
    assert_eq!(pick(&of("book_ticker"), &["s", "b", "a", "B"]), "BTC_USDT 60010 60010.1 1000");
    let update = of("order_book_update");
    let next = before["id"].as_i64().unwrap() + 1;
    assert!(update["U"].as_i64().unwrap() <= next && next <= update["u"].as_i64().unwrap(), "{update}");
    assert_eq!(pick(&of("candlesticks")[0], &["o", "c", "n", "w"]), "60000 60010 1m_BTC_USDT false");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_book_begins_whole_and_is_subscribed_to_once() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    assert_eq!(socket.subscribe("futures.obu", json!(["ob.BTC_USDT.50"])).await["result"]["status"], "success");
    let whole = socket.hear().await.unwrap()["result"].clone();
    assert_eq!(pick(&whole, &["s", "full"]), "ob.BTC_USDT.50 true");
    assert_eq!(whole["b"][0], json!(["60000", "1000"]));
    venue.tick("60010", 1);
    let next = socket.heard().await[0]["result"].clone();
    assert_eq!(next["U"].as_i64(), whole["u"].as_i64().map(|id| id + 1));
    let again = socket.subscribe("futures.obu", json!(["ob.BTC_USDT.50"])).await;
    assert_eq!(again["error"]["message"], "Alert sub ob.BTC_USDT.50");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_a_liquidation() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=50");
    venue.trade(-1000);
    let mut socket = venue.socket().await;
    socket.subscribe("futures.public_liquidates", json!(["!all"])).await;
    venue.tick("61100", 1);
    assert_eq!(pick(&socket.heard().await[0]["result"][0], &["contract", "size"]), "BTC_USDT -1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_socket_at_other_paths() {
    let venue = Venue::start().await;
    for (path, there) in
        [("/v4/ws/usdt", true), ("/v4/ws/futures/usdt", true), ("/v4/ws", false), ("/v4/ws/btc", false)]
    {
        let opened = tokio_tungstenite::connect_async(format!("{}{path}", venue.running.ws_url())).await;
        assert_eq!(opened.is_ok(), there, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_can_be_cut_and_logins_ended() {
    let venue = Venue::start().await;
    let mut private = venue.private(&["futures.orders"]).await;
    let mut market = venue.socket().await;
    assert!(market.is_answered(Duration::from_secs(5)).await);
    venue.running.expire_listen_keys();
    let told = private.hear().await.unwrap();
    assert_eq!(pick(&told, &["channel", "event"]), "futures.orders unsubscribe");
    assert_eq!(told["error"]["code"], 4);
    venue.trade(1);
    assert_eq!(private.told().await, Vec::<String>::new());
    venue.running.disconnect_private_sockets();
    assert_eq!(private.hear_text().await, None);
    assert!(market.is_answered(Duration::from_secs(5)).await);
    venue.running.disconnect_market_sockets();
    assert_eq!(market.hear_text().await, None);
}
