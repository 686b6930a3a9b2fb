//! Orders over a socket.

use crate::client::*;
use serde_json::{Value, json};

fn login(secret_text: &str) -> Value {
    json!({"time": START, "channel": "futures.login", "event": "api", "payload": {
        "req_id": "login-1", "api_key": KEY, "timestamp": START.to_string(), "signature": signature(secret_text),
    }})
}

fn request(channel: &str, param: Value) -> Value {
    let payload = json!({"req_id": "r-1", "req_param": param});
    json!({"time": START, "channel": channel, "event": "api", "payload": payload})
}

async fn logged_in(venue: &Venue) -> Socket {
    let mut socket = venue.socket().await;
    socket.say(&login(&format!("api\nfutures.login\n\n{START}"))).await;
    let answer = socket.hear().await.unwrap();
    assert_eq!(pick(&answer["data"]["result"], &["api_key", "uid"]), format!("{KEY} {USER}"));
    assert_eq!(answer["header"]["status"], "200");
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_logged_in_places_nothing() {
    let venue = Venue::start().await;
    let mut socket = venue.socket().await;
    socket.say(&request("futures.order_place", market(1))).await;
    let refused = socket.hear().await.unwrap();
    assert_eq!(
        (&refused["header"]["status"], &refused["data"]["errs"]["label"]),
        (&json!("401"), &json!("INVALID_KEY"))
    );
    socket.say(&login("something else")).await;
    assert_eq!(socket.hear().await.unwrap()["data"]["errs"]["label"], "INVALID_SIGNATURE");
    assert_eq!(venue.get("/orders", "status=finished"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_acknowledged_and_then_answered() {
    let venue = Venue::start().await;
    let mut socket = logged_in(&venue).await;
    socket.say(&request("futures.order_place", market(10))).await;
    let ack = socket.hear().await.unwrap();
    assert_eq!(
        (pick(&ack, &["request_id", "ack"]), &ack["data"]["result"]["req_param"]),
        ("r-1 true".to_owned(), &market(10))
    );
    let result = socket.hear().await.unwrap();
    let order = &result["data"]["result"];
    assert_eq!(pick(order, &["size", "left", "status", "finish_as", "text"]), "10 0 finished filled apiv4-ws");
    assert_eq!(result["header"]["x_gate_ratelimit_requests_remain"], 99);
    assert_eq!(result["header"]["x_gat_ratelimit_reset_timestamp"], START * 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_changed_asked_for_and_cancelled() {
    let venue = Venue::start().await;
    let mut socket = logged_in(&venue).await;
    let id = venue.post("/orders", &limit(20, "59000", "t-a"))["id"].to_string();
    venue.post("/orders", &limit(20, "58900", "t-b"));
    let mut ask = async |channel: &str, param: Value| {
        socket.say(&request(channel, param)).await;
        socket.hear().await.unwrap()["data"].clone()
    };
    let amended = ask("futures.order_amend", json!({"order_id": id, "size": "30"})).await;
    assert_eq!(amended["result"]["size"], "30");
    assert_eq!(ask("futures.order_status", json!({"order_id": "t-a"})).await["result"]["left"], "30");
    let listed = ask("futures.order_list", json!({"contract": "BTC_USDT", "status": "open"})).await;
    assert_eq!(listed["result"].as_array().unwrap().len(), 2);
    assert_eq!(ask("futures.order_cancel", json!({"order_id": id})).await["result"]["finish_as"], "cancelled");
    let gone = ask("futures.order_cancel_ids", json!([id])).await;
    assert_eq!(pick(&gone["result"][0], &["succeeded", "message"]), "false ORDER_FINISHED");
    let all = ask("futures.order_cancel_cp", json!({"contract": "BTC_USDT", "side": "bid"})).await;
    assert_eq!(all["result"][0]["text"], "t-b");
    assert_eq!(ask("futures.order_dance", json!({})).await["errs"]["label"], "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_too_late_or_cannot_be_is_refused() {
    let venue = Venue::start().await;
    let mut socket = logged_in(&venue).await;
    let mut late = request("futures.order_cancel", json!({"order_id": "1"}));
    late["payload"]["req_header"] = json!({"x-gate-exptime": (START * 1000 - 1).to_string()});
    socket.say(&late).await;
    assert_eq!(socket.hear().await.unwrap()["data"]["errs"]["label"], "REQUEST_EXPIRED");
    socket.say(&request("futures.order_batch_place", json!([limit(1, "70000", "t-a")]))).await;
    assert_eq!(socket.hear().await.unwrap()["ack"], true);
    let placed = socket.hear().await.unwrap();
    assert_eq!(pick(&placed["data"]["result"][0], &["succeeded", "label"]), "false PRICE_TOO_DEVIATED");
}
