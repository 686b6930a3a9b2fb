//! Plans: stops, take-profits and orders that wait for a price.

use crate::client::{Venue, market, with};
use serde_json::{Value, json};

fn stop(trigger: &str, name: &str) -> Value {
    json!({"planType": "pos_loss", "triggerPrice": trigger, "triggerType": "mark_price", "holdSide": "buy", "clientOid": name})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_triggers_and_names_what_it_became() {
    let venue = Venue::start().await;
    assert_eq!(venue.refused("order/place-tpsl-order", &stop("59500", "sl")), "40837");
    venue.trade("buy", "0.1");
    assert_eq!(venue.refused("order/place-tpsl-order", &stop("60500", "sl")), "40917");
    assert_eq!(venue.refused("order/place-tpsl-order", &with(stop("59500", "sl"), "executePrice", "59000")), "43011");
    assert_eq!(venue.refused("order/place-tpsl-order", &with(stop("59500", "sl"), "planType", "moving_plan")), "40812");
    let placed = venue.post("order/place-tpsl-order", &stop("59500", "sl"));
    let id = placed["orderId"].as_str().unwrap();
    let pending = venue.get("order/orders-plan-pending?planType=profit_loss");
    insta::assert_snapshot!(pending["entrustedList"][0], @r#"{"baseVolume":"0","cTime":"1767226200000","callbackRatio":"","clientOid":"sl","enterPointSource":"API","executeOrderId":"","executePrice":"0","marginCoin":"USDT","marginMode":"crossed","orderId":"1000000000000001","orderType":"market","planStatus":"live","planType":"pos_loss","posMode":"one_way_mode","posSide":"net","price":"0","priceAvg":"","reduceOnly":"YES","side":"sell","size":"","stopLossExecutePrice":"","stopLossTriggerPrice":"","stopLossTriggerType":"","stopSurplusExecutePrice":"","stopSurplusTriggerPrice":"","stopSurplusTriggerType":"","symbol":"BTCUSDT","tradeSide":"sell_single","triggerPrice":"59500","triggerType":"mark_price","uTime":"1767226200000"}"#);
    let position = venue.get("position/all-position");
    assert_eq!((&position[0]["stopLoss"], &position[0]["stopLossId"]), (&json!("59500"), &json!(id)));
    let elsewhere = venue
        .try_ask("GET", &format!("order/detail?symbol=BTCUSDT&productType=USDT-FUTURES&orderId={id}"), "")
        .unwrap();
    assert_eq!(elsewhere.code(), "40109", "plans are no orders");
    venue.tick("59499", 1);
    let over = venue.get("order/orders-plan-history?planType=profit_loss&planStatus=executed");
    let row = &over["entrustedList"][0];
    let child = row["executeOrderId"].as_str().unwrap();
    assert_eq!(
        (&row["planStatus"], &row["priceAvg"], &row["baseVolume"]),
        (&json!("executed"), &json!("59499"), &json!("0.1"))
    );
    let order = venue.get(&format!("order/detail?symbol=BTCUSDT&clientOid={id}"));
    assert_eq!(
        (&order["orderId"], &order["state"], &order["orderSource"]),
        (&json!(child), &json!("filled"), &json!("loss_market"))
    );
    let children = venue.get(&format!("order/plan-sub-order?planType=profit_loss&planOrderId={id}"));
    assert_eq!(children[0]["orderId"], child);
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_listed_changed_and_cancelled_by_type() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    let both = json!({"holdSide": "buy", "stopSurplusTriggerPrice": "61000", "stopSurplusSize": "0.04", "stopLossTriggerPrice": "59000"});
    let legs = venue.post("order/place-pos-tpsl", &both);
    assert_eq!(legs.as_array().unwrap().len(), 2);
    let trigger = json!({
        "planType": "normal_plan", "marginMode": "crossed", "size": "0.02", "triggerPrice": "61500",
        "triggerType": "fill_price", "side": "buy", "orderType": "market", "clientOid": "breakout",
    });
    venue.post("order/place-plan-order", &trigger);
    let listed = |group: &str| -> Vec<String> {
        let pending = venue.get(&format!("order/orders-plan-pending?planType={group}"));
        let rows = pending["entrustedList"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| {
                format!(
                    "{} {} {}",
                    row["planType"].as_str().unwrap(),
                    row["triggerPrice"].as_str().unwrap(),
                    row["size"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(listed("profit_loss"), ["pos_loss 59000 ", "profit_plan 61000 0.04"]);
    assert_eq!(listed("normal_plan"), ["normal_plan 61500 0.02"]);
    let wrong =
        venue.try_ask("GET", "order/orders-plan-pending?planType=pos_loss&productType=USDT-FUTURES", "").unwrap();
    assert_eq!(wrong.code(), "40812");
    venue.post(
        "order/modify-plan-order",
        &json!({"clientOid": "breakout", "newTriggerPrice": "61600", "newSize": "0.03"}),
    );
    assert_eq!(listed("normal_plan"), ["normal_plan 61600 0.03"]);
    let profit = legs[0]["orderId"].clone();
    venue.post("order/modify-tpsl-order", &json!({"orderId": profit, "triggerPrice": "61100", "size": "0.05"}));
    assert_eq!(listed("profit_loss"), ["pos_loss 59000 ", "profit_plan 61100 0.05"]);
    let cancelled =
        venue.post("order/cancel-plan-order", &json!({"orderIdList": [{"orderId": profit}, {"orderId": "7"}]}));
    assert_eq!(
        (&cancelled["successList"][0]["orderId"], &cancelled["failureList"][0]["errorCode"]),
        (&profit, &json!("43020"))
    );
    venue.post("order/cancel-plan-order", &json!({"planType": "pos_loss"}));
    venue.post("order/cancel-plan-order", &json!({}));
    assert_eq!((listed("profit_loss").len(), listed("normal_plan").len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_opens_when_its_price_comes_with_what_is_attached_to_it() {
    let venue = Venue::start().await;
    let dip = json!({
        "planType": "normal_plan", "marginMode": "crossed", "size": "0.02", "triggerPrice": "59500", "side": "buy",
        "orderType": "market", "stopLossTriggerPrice": "58000",
    });
    venue.post("order/place-plan-order", &dip);
    venue.tick("59500", 1);
    let position = venue.get("position/all-position");
    assert_eq!((&position[0]["holdSide"], &position[0]["total"]), (&json!("long"), &json!("0.02")));
    let waiting = venue.get("order/orders-plan-pending?planType=profit_loss");
    let row = &waiting["entrustedList"][0];
    assert_eq!(
        (&row["planType"], &row["triggerPrice"], &row["size"]),
        (&json!("loss_plan"), &json!("58000"), &json!("0.02"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_are_placed_when_their_order_has_filled() {
    let venue = Venue::start().await;
    let entry = with(with(market("sell", "0.05"), "presetStopSurplusPrice", "59000"), "presetStopLossPrice", "61000");
    venue.post("order/place-order", &entry);
    let waiting = venue.get("order/orders-plan-pending?planType=profit_loss");
    let rows: Vec<_> = waiting["entrustedList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["planType"].clone(), it["side"].clone()))
        .collect();
    assert_eq!(rows, [(json!("loss_plan"), json!("buy")), (json!("profit_plan"), json!("buy"))]);
}
