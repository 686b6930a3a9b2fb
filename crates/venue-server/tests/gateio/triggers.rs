//! Price-triggered orders.

use crate::client::*;
use serde_json::{Value, json};

fn stop(size: i64, price: &str, rule: u8) -> Value {
    json!({
        "initial": {"contract": "BTC_USDT", "size": size, "price": "0", "tif": "ioc", "reduce_only": true, "text": "t-stop"},
        "trigger": {"strategy_type": 0, "price_type": 0, "price": price, "rule": rule, "expiration": 86400},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_fires_and_names_the_order_that_it_became() {
    let venue = Venue::start().await;
    venue.trade(30);
    let answer = venue.signed("POST", "/price_orders", "", &stop(-30, "59000", 2).to_string());
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].to_string();
    assert_eq!(answer.json()["id_string"], id);
    let path = format!("/price_orders/{id}");
    assert_eq!(pick(&venue.get(&path, ""), &["status", "finish_as", "trade_id", "order_type"]), "open  0 ");
    venue.tick("59000.1", 1);
    assert_eq!(venue.get(&path, "")["status"], "open");
    venue.tick("59000", 1);
    let fired = venue.get(&path, "");
    assert_eq!(pick(&fired, &["status", "finish_as"]), "finished succeeded");
    assert_eq!(pick(&fired["trigger"], &["price", "rule", "price_type", "expiration"]), "59000 2 0 86400");
    let order = venue.get(&format!("/orders/{}", fired["trade_id"]), "");
    assert_eq!(pick(&order, &["size", "left", "text", "is_reduce_only"]), "-30 0 t-stop true");
    assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_says_which_way_the_price_has_to_go() {
    let venue = Venue::start().await;
    venue.trade(30);
    let refused = |body: &Value| venue.refused("POST", "/price_orders", "", body);
    assert_eq!(refused(&stop(-30, "59000", 1)), "AUTO_TRIGGER_PRICE_LESS_LAST");
    assert_eq!(refused(&stop(-30, "61000", 2)), "AUTO_TRIGGER_PRICE_GREATE_LAST");
    assert_eq!(refused(&stop(-30, "61000", 3)), "INVALID_PARAM_VALUE");
    venue.post("/price_orders", &stop(-30, "61000", 1));
    venue.tick("61000", 1);
    assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_position_is_closed_by_type_by_word_or_by_leg() {
    let close = |initial: Value, order_type: &str| {
        let mut body = stop(0, "59000", 2);
        body["initial"] = initial;
        body["order_type"] = json!(order_type);
        body
    };
    let single = json!({"contract": "BTC_USDT", "size": 0, "price": "0", "close": true, "reduce_only": true});
    let by_type = json!({"contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "reduce_only": true});
    for body in [close(single.clone(), "close-long-position"), close(single, ""), close(by_type, "close-long-position")]
    {
        let venue = Venue::start().await;
        venue.trade(30);
        venue.post("/price_orders", &body);
        venue.trade(20);
        venue.tick("59000", 1);
        assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], "0", "{body}");
    }
    let venue = Venue::start().await;
    venue.set("/dual_mode", "dual_mode=true");
    venue.trade(30);
    venue.trade(-10);
    let leg = json!({"contract": "BTC_USDT", "size": 0, "price": "0", "auto_size": "close_long", "reduce_only": true});
    let id = venue.post("/price_orders", &close(leg, "close-long-position"))["id"].to_string();
    let row = venue.get(&format!("/price_orders/{id}"), "");
    assert_eq!(pick(&row["initial"], &["size", "amount", "is_close", "auto_size"]), "0 0 true close_long");
    venue.tick("59000", 1);
    let sizes: Vec<_> = venue
        .get("/dual_comp/positions/BTC_USDT", "")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| pick(row, &["size"]))
        .collect();
    assert_eq!(sizes, ["0", "-10"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_not_met_in_time_expires() {
    let venue = Venue::start().await;
    venue.trade(30);
    let id = venue.post("/price_orders", &stop(-30, "59000", 2))["id"].to_string();
    venue.tick("60000", 86_399);
    assert_eq!(venue.get(&format!("/price_orders/{id}"), "")["status"], "open");
    venue.tick("60000", 1);
    assert_eq!(pick(&venue.get(&format!("/price_orders/{id}"), ""), &["status", "finish_as"]), "finished expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_whose_order_is_refused_has_failed_and_says_why() {
    let venue = Venue::start().await;
    venue.trade(30);
    let id = venue.post("/price_orders", &stop(-30, "59000", 2))["id"].to_string();
    venue.trade(-30);
    venue.tick("59000", 1);
    let row = venue.get(&format!("/price_orders/{id}"), "");
    assert_eq!(pick(&row, &["status", "finish_as", "reason", "trade_id"]), "finished failed POSITION_EMPTY 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_listed_and_cancelled_one_by_one_or_all() {
    let venue = Venue::start().await;
    venue.trade(30);
    let ids: Vec<String> = ["59000", "58000", "57000"]
        .iter()
        .map(|price| venue.post("/price_orders", &stop(-30, price, 2))["id"].to_string())
        .collect();
    let listed = |status: &str| {
        let rows = venue.get("/price_orders", &format!("status={status}&contract=BTC_USDT"));
        rows.as_array().unwrap().iter().map(|row| row["id"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed("open"), [ids[2].clone(), ids[1].clone(), ids[0].clone()]);
    assert_eq!(venue.delete(&format!("/price_orders/{}", ids[1]), "")["finish_as"], "cancelled");
    let path = format!("/price_orders/{}", ids[1]);
    assert_eq!(venue.refused("DELETE", &path, "", &Value::Null), "ORDER_FINISHED");
    assert_eq!(venue.delete("/price_orders", "contract=BTC_USDT").as_array().unwrap().len(), 2);
    assert_eq!((listed("open").len(), listed("finished").len()), (0, 3));
    let limited = json!({"initial": {"contract": "BTC_USDT", "size": 1, "price": "59000"}, "trigger": {"price": "59000", "rule": 2}});
    assert_eq!(venue.refused("POST", "/price_orders", "", &limited), "INVALID_PARAM_VALUE");
}
