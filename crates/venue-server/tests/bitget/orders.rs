//! Orders, positions and settings over REST.

use crate::client::{Venue, account, limit, market, money, with};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_published_with_its_steps_and_its_tiers_without_the_fee() {
    let venue = Venue::start().await;
    let contracts = venue.get("market/contracts?symbol=BTCUSDT");
    let of = |name: &str| contracts[0][name].as_str().unwrap().to_owned();
    assert_eq!(["pricePlace", "priceEndStep", "sizeMultiplier", "minTradeUSDT"].map(of), ["1", "1", "0.001", "50"]);
    let tiers = venue.get("market/query-position-lever?symbol=btcusdt");
    insta::assert_snapshot!(tiers[1], @r#"{"endUnit":"600000","keepMarginRate":"0.0044","level":"2","leverage":"100","startUnit":"50000","symbol":"BTCUSDT"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_rests_is_listed_and_cancelled() {
    let venue = Venue::start().await;
    assert_eq!(venue.get("order/orders-pending"), json!({"entrustedList": null, "endId": null}));
    let placed = venue.post("order/place-order", &limit("buy", "0.02", "59000", "one"));
    assert_eq!(placed["clientOid"], "one");
    let detail = venue.get("order/detail?symbol=BTCUSDT&clientOid=one");
    insta::assert_snapshot!(detail, @r#"{"baseVolume":"0","cTime":"1767226200000","cancelReason":"","clientOid":"one","enterPointSource":"API","fee":"","force":"gtc","leverage":"20","marginCoin":"USDT","marginMode":"crossed","orderId":"1000001","orderSource":"normal","orderType":"limit","posMode":"one_way_mode","posSide":"net","presetStopLossExecutePrice":"","presetStopLossPrice":"","presetStopLossType":"","presetStopSurplusExecutePrice":"","presetStopSurplusPrice":"","presetStopSurplusType":"","price":"59000","priceAvg":"","quoteVolume":"0","reduceOnly":"NO","side":"buy","size":"0.02","state":"live","symbol":"BTCUSDT","totalProfits":"0","tradeSide":"buy_single","uTime":"1767226200000"}"#);
    assert_eq!(venue.get("order/orders-pending")["entrustedList"][0]["status"], "live");
    assert_eq!(venue.post("order/cancel-order", &json!({"clientOid": "one"}))["orderId"], placed["orderId"]);
    assert_eq!(venue.refused("order/cancel-order", &json!({"clientOid": "one"})), "43001");
    let history = venue.get("order/orders-history?symbol=BTCUSDT");
    let row = &history["entrustedList"][0];
    assert_eq!((&row["status"], &row["cancelReason"]), (&json!("canceled"), &json!("normal_cancel")));
    assert_eq!(history["endId"], placed["orderId"]);
    let unknown = venue.try_ask("GET", "order/detail?symbol=BTCUSDT&productType=USDT-FUTURES&orderId=7", "").unwrap();
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "40109"));
    // A name is free again once its order is over.
    venue.post("order/place-order", &limit("buy", "0.02", "59000", "one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_opened_paid_for_and_closed() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    venue.tick("60100", 1);
    let position = venue.get("position/single-position?symbol=BTCUSDT&marginCoin=USDT");
    insta::assert_snapshot!(position[0], @r#"{"achievedProfits":"0","assetMode":"single","autoMargin":"off","available":"0.1","breakEvenPrice":"60024.10004","cTime":"1767226200000","cashDividend":"","deductedFee":"2.400004","grant":"","holdSide":"long","keepMarginRate":"0.0034","leverage":"20","liquidationPrice":"0","locked":"0","marginCoin":"USDT","marginMode":"crossed","marginRatio":"0.002402176748808525029026379","marginSize":"300.5","markPrice":"60100","openDelegateSize":"0","openPriceAvg":"60000.1","posMode":"one_way_mode","stopLoss":"","stopLossId":"","symbol":"BTCUSDT","takeProfit":"","takeProfitId":"","total":"0.1","totalFee":"","uTime":"1767226200000","unrealizedPL":"9.99"}"#);
    let funds = venue.get("account/accounts");
    let of = |name: &str| funds[0][name].as_str().unwrap().to_owned();
    assert_eq!(["accountEquity", "unrealizedPL", "crossedMargin"].map(of), ["10007.589996", "9.99", "300.5"]);
    venue.post("order/place-order", &with(market("sell", "0.3"), "reduceOnly", "YES"));
    assert_eq!(venue.get("position/all-position"), json!([]));
    let fills = venue.get("order/fills?symbol=BTCUSDT");
    insta::assert_snapshot!(fills["fillList"][0], @r#"{"baseVolume":"0.1","cTime":"1767226201000","enterPointSource":"API","feeDetail":[{"deduction":"no","feeCoin":"USDT","totalDeductionFee":"0","totalFee":"-2.404"}],"marginCoin":"USDT","orderId":"1000002","posMode":"one_way_mode","price":"60100","profit":"9.99","quoteVolume":"6010","side":"sell","symbol":"BTCUSDT","tradeId":"2","tradeScope":"taker","tradeSide":"sell_single"}"#);
    let bills = venue.get("account/bill");
    let rows: Vec<_> = bills["bills"].as_array().unwrap().iter().map(bill).collect();
    assert_eq!(
        rows,
        ["sell 9.99 -2.404 = 10005.185996", "buy 0 -2.400004 = 9997.599996", "trans_from_exchange 10000 0 = 10000"]
    );
    let history = venue.get("position/history-position");
    let row = &history["list"][0];
    assert_eq!(
        (&row["pnl"], &row["netProfit"], &row["openFee"]),
        (&json!("9.99"), &json!("5.185996"), &json!("-2.400004"))
    );
}

fn bill(row: &Value) -> String {
    let of = |name: &str| row[name].as_str().unwrap();
    format!("{} {} {} = {}", of("businessType"), of("amount"), of("fee"), of("balance"))
}

#[tokio::test(flavor = "multi_thread")]
async fn funding_is_a_bill_and_grows_on_the_position() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    let symbol = plimsoll_exchange::listings::btc_usdt().symbol;
    venue.running.exchange(|it| it.set_funding_rate(&symbol, "0.0001".parse().unwrap())).unwrap();
    venue.tick("60000", 8 * 3600);
    let bills = venue.get("account/bill?businessType=contract_settle_fee");
    assert_eq!(bill(&bills["bills"][0]), "contract_settle_fee -0.6 0 = 9996.999996");
    let position = venue.get("position/all-position");
    assert_eq!(position[0]["totalFee"], "-0.6");
    assert_eq!(venue.get("market/history-fund-rate?symbol=BTCUSDT")[0]["fundingRate"], "0.0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_legs_a_close_is_cut_to_what_resting_closes_leave() {
    let venue = Venue::start().await;
    venue.post("account/set-position-mode", &json!({"posMode": "hedge_mode"}));
    assert_eq!(venue.refused("order/place-order", &market("buy", "0.1")), "40774");
    venue.post("order/place-order", &with(market("buy", "0.1"), "tradeSide", "open"));
    let close = |size: &str, name: &str| with(limit("buy", size, "61000", name), "tradeSide", "close");
    let first = venue.post("order/place-order", &close("0.07", "first"));
    let position = venue.get("position/all-position");
    let of = |name: &str| position[0][name].as_str().unwrap().to_owned();
    assert_eq!(["holdSide", "total", "available", "locked"].map(of), ["long", "0.1", "0.03", "0.07"]);
    let cut = venue.post("order/place-order", &with(market("buy", "0.05"), "tradeSide", "close"));
    let detail = venue.get(&format!("order/detail?symbol=BTCUSDT&orderId={}", cut["orderId"].as_str().unwrap()));
    let of = |name: &str| detail[name].as_str().unwrap().to_owned();
    assert_eq!(
        ["size", "state", "side", "tradeSide", "posSide", "reduceOnly"].map(of),
        ["0.03", "filled", "buy", "close", "long", "YES"]
    );
    // Where all of it is spoken for, a new close takes the place of the old one, and is not told its number.
    let second = venue.post("order/place-order", &close("0.07", "second"));
    assert_eq!(second, json!({"orderId": null, "clientOid": "second"}));
    let gone = venue.get(&format!("order/detail?symbol=BTCUSDT&orderId={}", first["orderId"].as_str().unwrap()));
    assert_eq!(gone["state"], "canceled");
    let fills = venue.get("order/fills");
    let sides: Vec<_> = fills["fillList"].as_array().unwrap().iter().map(|row| row["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["sell", "buy"], "a fill's side is the trade's");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_legs_a_new_reduction_makes_older_ones_give_way() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    let reduce = |size: &str, name: &str| with(limit("sell", size, "61000", name), "reduceOnly", "YES");
    venue.post("order/place-order", &reduce("0.06", "first"));
    venue.post("order/place-order", &reduce("0.03", "second"));
    let third = venue.post("order/place-order", &reduce("0.05", "third"));
    assert_eq!(third["orderId"], Value::Null);
    let pending = venue.get("order/orders-pending");
    let names: Vec<_> = pending["entrustedList"].as_array().unwrap().iter().map(|it| it["clientOid"].clone()).collect();
    assert_eq!(names, ["third", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matching_refuses_is_accepted_and_cancelled() {
    let venue = Venue::start().await;
    for force in ["post_only", "fok"] {
        let price = if force == "fok" { "59000" } else { "60500" };
        let order = with(limit("buy", "0.01", price, force), "force", force);
        venue.post("order/place-order", &order);
        let detail = venue.get(&format!("order/detail?symbol=BTCUSDT&clientOid={force}"));
        let of = |name: &str| detail[name].as_str().unwrap().to_owned();
        assert_eq!(["state", "baseVolume", "cancelReason"].map(of), ["canceled", "0", "system_cancel"], "{force}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_order_is_a_new_one() {
    let venue = Venue::start().await;
    venue.post("order/place-order", &limit("buy", "0.02", "59000", "one"));
    let change = |more: &Value| {
        let mut body = json!({"clientOid": "one"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let refused = |more: &Value| venue.refused("order/modify-order", &change(more));
    assert_eq!(refused(&json!({"newPrice": "58900", "newClientOid": "two"})), "40925");
    assert_eq!(refused(&json!({"newPrice": "58900", "newSize": "0.03"})), "22003");
    assert_eq!(refused(&json!({"newPrice": "59000", "newSize": "0.02", "newClientOid": "two"})), "40923");
    let names = venue
        .post("order/modify-order", &change(&json!({"newPrice": "58900", "newSize": "0.03", "newClientOid": "two"})));
    assert_eq!(names["clientOid"], "one");
    assert_eq!(venue.get("order/detail?symbol=BTCUSDT&clientOid=one")["state"], "canceled");
    let new = venue.get("order/detail?symbol=BTCUSDT&clientOid=two");
    assert_eq!((&new["state"], &new["price"], &new["size"]), (&json!("live"), &json!("58900"), &json!("0.03")));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_say_what_became_of_each() {
    let venue = Venue::start().await;
    let order = |size: &str, name: &str| json!({"size": size, "price": "59000", "side": "buy", "orderType": "limit", "clientOid": name});
    let list = json!({"marginMode": "crossed", "orderList": [order("0.002", "one"), order("0.0015", "two")]});
    let placed = venue.post("order/batch-place-order", &list);
    assert_eq!(placed["successList"][0]["clientOid"], "one");
    assert_eq!(
        (&placed["failureList"][0]["clientOid"], &placed["failureList"][0]["errorCode"]),
        (&json!("two"), &json!("40808"))
    );
    let cancelled =
        venue.post("order/batch-cancel-orders", &json!({"orderIdList": [{"clientOid": "one"}, {"clientOid": "two"}]}));
    assert_eq!(
        (cancelled["successList"].as_array().unwrap().len(), &cancelled["failureList"][0]["errorCode"]),
        (1, &json!("43001"))
    );
    assert_eq!(venue.refused("order/cancel-all-orders", &json!({})), "22001");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_set_and_locked_by_what_is_held() {
    let venue = Venue::start().await;
    let leverage = |times: &str| json!({"leverage": times});
    assert_eq!(venue.refused("account/set-leverage", &leverage("20")), "40814");
    assert_eq!(venue.refused("account/set-leverage", &leverage("500")), "45045");
    assert_eq!(venue.post("account/set-leverage", &leverage("10"))["longLeverage"], "10");
    venue.post("account/set-margin-mode", &json!({"marginMode": "isolated"}));
    assert_eq!(venue.get("account/isolated-symbols")[0]["symbol"], "BTCUSDT");
    let account = venue.get("account/account?symbol=BTCUSDT&marginCoin=USDT");
    let of = |name: &str| account[name].as_str().unwrap().to_owned();
    assert_eq!(["marginMode", "posMode", "isolatedLongLever"].map(of), ["isolated", "one_way_mode", "10"]);
    venue.post("order/place-order", &with(market("buy", "0.01"), "marginMode", "isolated"));
    assert_eq!(venue.refused("account/set-margin-mode", &json!({"marginMode": "crossed"})), "45117");
    assert_eq!(venue.refused("account/set-position-mode", &json!({"posMode": "hedge_mode"})), "40920");
    assert_eq!(venue.refused("account/set-leverage", &leverage("5")), "45097");
    let before = margin(&venue);
    assert_eq!(venue.post("account/set-margin", &json!({"holdSide": "long", "amount": "12.5"})), "");
    assert_eq!(margin(&venue) - before, money("12.5"));
    assert_eq!(venue.refused("account/set-margin", &json!({"holdSide": "long", "amount": "-1000"})), "40801");
}

fn margin(venue: &Venue) -> plimsoll_domain::Money {
    money(venue.get("position/all-position")[0]["marginSize"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_close_closes_everything() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    venue.post(
        "order/place-order",
        &json!({"symbol": "ETHUSDT", "marginMode": "crossed", "side": "sell", "orderType": "market", "size": "1"}),
    );
    let body = json!({"productType": "USDT-FUTURES"}).to_string();
    let closed = venue.try_ask("POST", "order/close-positions", &body).unwrap().json();
    assert_eq!(closed["data"]["successList"].as_array().unwrap().len(), 2);
    assert!(venue.running.exchange(|exchange| exchange.positions(&account()).is_empty()));
    assert_eq!(venue.refused("order/close-positions", &json!({})), "22002");
}
