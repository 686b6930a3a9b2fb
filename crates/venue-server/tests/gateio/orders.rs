//! Orders: what they answer, what becomes of them, who can still find them.

use crate::client::*;
use serde_json::{Value, json};

const SHOWN: [&str; 6] = ["size", "left", "price", "fill_price", "status", "finish_as"];

#[tokio::test(flavor = "multi_thread")]
async fn a_market_order_is_answered_with_what_became_of_it() {
    let venue = Venue::start().await;
    let answer = venue.signed("POST", "/orders", "", &market(100).to_string());
    assert_eq!(answer.status, 201);
    let order = answer.json();
    assert_eq!(pick(&order, &SHOWN), "100 0 0 60000.1 finished filled");
    assert_eq!(pick(&order, &["text", "tif", "is_liq", "is_close", "tkfr"]), "api ioc false false 0.00075");
    assert!(order["id"].as_u64().unwrap() > 1 << 53, "{order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_immediate_order_leaves_is_said_at_once() {
    let venue = Venue::start().await;
    let order = json!({"contract": "BTC_USDT", "size": 5, "price": "59000", "tif": "ioc"});
    assert_eq!(pick(&venue.post("/orders", &order), &SHOWN), "5 5 59000 0 finished ioc");
    let refused = json!({"contract": "BTC_USDT", "size": 5, "price": "59000", "tif": "fok"});
    assert_eq!(pick(&venue.post("/orders", &limit(5, "59000", "t-a")), &["update_id"]), "1");
    assert_eq!(venue.refused("POST", "/orders", "", &refused), "ORDER_FOK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_order_rests_is_found_by_both_names_and_is_cancelled() {
    let venue = Venue::start().await;
    let placed = venue.post("/orders", &limit(-20, "61000", "t-mine"));
    assert_eq!(pick(&placed, &SHOWN), "-20 -20 61000 0 open null");
    let id = placed["id"].as_u64().unwrap();
    for name in [id.to_string(), "t-mine".to_owned()] {
        assert_eq!(venue.get(&format!("/orders/{name}"), "")["id"], id);
    }
    assert_eq!(venue.get("/orders", "status=open&contract=BTC_USDT")[0]["id"], id);
    let cancelled = venue.delete(&format!("/orders/{id}"), "");
    assert_eq!(pick(&cancelled, &SHOWN), "-20 -20 61000 0 finished cancelled");
    assert_eq!(venue.refused("DELETE", &format!("/orders/{id}"), "", &Value::Null), "ORDER_FINISHED");
    assert_eq!(venue.get("/orders", "status=open"), json!([]));
    assert_eq!(venue.get("/orders", "status=finished")[0]["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_ended_without_a_fill_are_soon_forgotten_by_their_text_first() {
    let venue = Venue::start().await;
    let id = venue.post("/orders", &limit(-20, "61000", "t-mine"))["id"].to_string();
    let filled = venue
        .post("/orders", &json!({"contract": "BTC_USDT", "size": 1, "price": "0", "tif": "ioc", "text": "t-filled"}));
    venue.delete(&format!("/orders/{id}"), "");
    let status = |name: &str| venue.signed("GET", &format!("/orders/{name}"), "", "").status;
    venue.tick("60000", 60);
    assert_eq!((status("t-mine"), status(&id)), (200, 200));
    venue.tick("60000", 1);
    assert_eq!((status("t-mine"), status(&id)), (404, 200));
    venue.tick("60000", 540);
    assert_eq!((status("t-mine"), status(&id)), (404, 404));
    assert_eq!((status("t-filled"), status(&filled["id"].to_string())), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_may_be_used_again_and_means_the_newest_order_then() {
    let venue = Venue::start().await;
    let first = venue.post("/orders", &limit(1, "59000", "t-twice"));
    let second = venue.post("/orders", &limit(1, "58900", "t-twice"));
    assert_ne!(first["id"], second["id"]);
    assert_eq!(venue.get("/orders/t-twice", "")["id"], second["id"]);
    assert_eq!(venue.get("/orders", "status=open").as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_amended_to_a_new_total_and_keep_their_id() {
    let venue = Venue::start().await;
    let id = venue.post("/orders", &limit(20, "59000", "t-mine"))["id"].to_string();
    let path = format!("/orders/{id}");
    let amended = venue.signed("PUT", &path, "", r#"{"size":"30","price":"58900","amend_text":"more"}"#).json();
    assert_eq!(pick(&amended, &["id", "size", "price", "amend_text"]), format!("{id} 30 58900 more"));
    let price_only = venue.signed("PUT", &path, "", r#"{"price":"58800"}"#).json();
    assert_eq!(pick(&price_only, &["size", "price"]), "30 58800");
    let refused = |body: Value| venue.refused("PUT", &path, "", &body);
    assert_eq!(refused(json!({"size": "-30"})), "INVALID_PARAM_VALUE");
    assert_eq!(refused(json!({"size": "30", "price": "58800"})), "NO_CHANGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_placed_is_refused_with_its_label() {
    let venue = Venue::start().await;
    let base = json!({"contract": "BTC_USDT", "size": 1, "price": "59000", "tif": "gtc"});
    let with = |changes: Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        venue.refused("POST", "/orders", "", &body)
    };
    for (changes, label) in [
        (json!({"contract": "DOGE_USDT"}), "CONTRACT_NOT_FOUND"),
        (json!({"size": "0.5"}), "INVALID_PARAM_VALUE"),
        (json!({"size": 0}), "INVALID_PARAM_VALUE"),
        (json!({"size": 1_000_001}), "SIZE_TOO_LARGE"),
        (json!({"size": 40_000}), "INSUFFICIENT_AVAILABLE"),
        (json!({"size": 400_000}), "RISK_LIMIT_EXCEEDED"),
        (json!({"price": "59000.05"}), "INVALID_PARAM_VALUE"),
        (json!({"price": "70000"}), "PRICE_TOO_DEVIATED"),
        (json!({"price": "0"}), "INVALID_PARAM_VALUE"),
        (json!({"price": "60100", "tif": "poc"}), "ORDER_POC_IMMEDIATE"),
        (json!({"tif": "day"}), "INVALID_PARAM_VALUE"),
        (json!({"text": "mine"}), "INVALID_PARAM_VALUE"),
        (json!({"text": "t-much-too-long-for-a-client-order-id"}), "INVALID_PARAM_VALUE"),
        (json!({"reduce_only": true}), "POSITION_EMPTY"),
        (json!({"size": 0, "close": true}), "POSITION_EMPTY"),
        (json!({"size": 0, "auto_size": "close_long"}), "INVALID_PARAM_VALUE"),
        (json!({"iceberg": 1}), "INVALID_PARAM_VALUE"),
        (json!({"stp_act": "cn"}), "INVALID_PARAM_VALUE"),
        (json!({"contract": null}), "MISSING_REQUIRED_PARAM"),
    ] {
        assert_eq!(with(changes.clone()), label, "{changes}");
    }
    assert_eq!(venue.signed("POST", "/orders", "", "{").label(), "INVALID_REQUEST_BODY");
    let detail = venue.signed(
        "POST",
        "/orders",
        "",
        &json!({"contract": "BTC_USDT", "size": 1, "price": "60100", "tif": "poc"}).to_string(),
    );
    assert_eq!(detail.json()["detail"], "order price 60100 while counter price 60000.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_positions_are_closed_by_the_word_for_it() {
    let venue = Venue::start().await;
    venue.trade(-30);
    let closed =
        venue.post("/orders", &json!({"contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "close": true}));
    assert_eq!(pick(&closed, &["size", "left", "is_close", "is_reduce_only", "finish_as"]), "30 0 true true filled");
    assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reduce_only_order_is_cut_to_the_position_in_single_mode() {
    let venue = Venue::start().await;
    venue.trade(30);
    let mut body = market(-50);
    body["reduce_only"] = json!(true);
    assert_eq!(pick(&venue.post("/orders", &body), &["size", "left", "is_reduce_only"]), "-30 0 true");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_dual_mode_the_sign_alone_never_closes() {
    let venue = Venue::start().await;
    assert_eq!(venue.set("/dual_mode", "dual_mode=true")["in_dual_mode"], true);
    venue.trade(30);
    venue.trade(-10);
    let sizes = || {
        let rows = venue.get("/dual_comp/positions/BTC_USDT", "");
        rows.as_array().unwrap().iter().map(|row| pick(row, &["mode", "size"])).collect::<Vec<_>>()
    };
    assert_eq!(sizes(), ["dual_long 30", "dual_short -10"]);
    let mut reduce = market(-20);
    reduce["reduce_only"] = json!(true);
    venue.post("/orders", &reduce);
    assert_eq!(sizes(), ["dual_long 10", "dual_short -10"]);
    assert_eq!(venue.refused("POST", "/orders", "", &reduce), "REDUCE_EXCEEDED");
    let close = json!({"contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "auto_size": "close_short", "reduce_only": true});
    venue.post("/orders", &close);
    assert_eq!(sizes(), ["dual_long 10", "dual_short 0"]);
    let single_close = json!({"contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "close": true});
    assert_eq!(venue.refused("POST", "/orders", "", &single_close), "POSITION_DUAL_MODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_says_of_each_item_whether_it_succeeded() {
    let venue = Venue::start().await;
    let batch = json!([limit(1, "59000", "t-a"), limit(1, "70000", "t-b"), limit(1, "58900", "t-c")]);
    let placed = venue.post("/batch_orders", &batch);
    let told: Vec<_> = placed.as_array().unwrap().iter().map(|row| pick(row, &["succeeded", "label"])).collect();
    assert_eq!(told, ["true null", "false PRICE_TOO_DEVIATED", "true null"]);
    let ids = json!([placed[0]["id"].to_string(), "123"]);
    let cancelled = venue.post("/batch_cancel_orders", &ids);
    let told: Vec<_> = cancelled.as_array().unwrap().iter().map(|row| pick(row, &["succeeded", "message"])).collect();
    assert_eq!(told, ["true ", "false ORDER_NOT_FOUND"]);
    let amend = json!([{"order_id": placed[2]["id"], "size": "2"}, {"order_id": 5}]);
    let amended = venue.post("/batch_amend_orders", &amend);
    assert_eq!((&amended[0]["size"], &amended[1]["label"]), (&json!("2"), &json!("ORDER_NOT_FOUND")));
    assert_eq!(venue.refused("POST", "/batch_orders", "", &json!([1])), "INVALID_REQUEST_BODY");
    let all = venue.delete("/orders", "contract=BTC_USDT&side=bid");
    assert_eq!(all.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_cancels_unless_it_is_set_again() {
    let venue = Venue::start().await;
    venue.post("/orders", &limit(1, "59000", "t-a"));
    let told = venue.post("/countdown_cancel_all", &json!({"timeout": 30, "contract": "BTC_USDT"}));
    assert_eq!(told["triggerTime"], ((START + 30) * 1000).to_string());
    let open = || venue.get("/orders", "status=open").as_array().unwrap().len();
    venue.tick("60000", 29);
    venue.post("/countdown_cancel_all", &json!({"timeout": 30, "contract": "BTC_USDT"}));
    venue.tick("60000", 29);
    assert_eq!(open(), 1);
    venue.tick("60000", 1);
    assert_eq!(open(), 0);
    assert_eq!(venue.refused("POST", "/countdown_cancel_all", "", &json!({"timeout": 4})), "INVALID_PARAM_VALUE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_too_late_is_not_carried_out() {
    let venue = Venue::start().await;
    let body = market(1).to_string();
    let path = "/api/v4/futures/usdt/orders";
    use sha2::Digest;
    let hash = hex::encode(sha2::Sha512::digest(body.as_bytes()));
    let sign = signature(&format!("POST\n{path}\n\n{hash}\n{START}"));
    let send = |expires: i64| {
        let headers = format!("KEY: {KEY}\r\nTimestamp: {START}\r\nSIGN: {sign}\r\nx-gate-exptime: {expires}\r\n");
        venue.raw("POST", path, &headers, &body)
    };
    assert_eq!(send(START * 1000 - 1).label(), "REQUEST_EXPIRED");
    assert_eq!(send(START * 1000).status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn trades_tell_what_they_closed_and_what_they_cost() {
    let venue = Venue::start().await;
    venue.trade(30);
    venue.trade(-50);
    let trades = venue.get("/my_trades", "contract=BTC_USDT");
    let shown = |row: &Value| pick(row, &["size", "close_size", "price", "role", "fee", "trade_value", "text"]);
    let shown: Vec<_> = trades.as_array().unwrap().iter().map(shown).collect();
    assert_eq!(shown, ["-50 -30 60000 taker 0.225 300 api", "30 0 60000.1 taker 0.13500023 180.0003 api"],);
    let by_time = venue.get("/my_trades_timerange", &format!("from={START}&to={START}"));
    assert_eq!(by_time[0]["trade_id"], trades[0]["id"].to_string());
    let order = trades[1]["order_id"].as_str().unwrap();
    assert_eq!(venue.get("/my_trades", &format!("order={order}")).as_array().unwrap().len(), 1);
}
