//! What private sockets of v2 are told, and in what order.

use crate::client::{Venue, account, limit, market, money, with};
use plimsoll_domain::AccountId;
use serde_json::{Value, json};

const ALL: [&str; 6] = ["orders", "fill", "positions", "positions-history", "account", "orders-algo"];

#[tokio::test(flavor = "multi_thread")]
async fn channels_begin_with_what_there_is() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.01");
    let mut socket = venue.logged_in("/v2/ws/private").await;
    for channel in ["orders", "positions", "account"] {
        socket.say(&crate::client::subscribe(channel)).await;
    }
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
    {"arg":{"channel":"orders","instId":"default","instType":"USDT-FUTURES"},"event":"subscribe"}
    {"arg":{"channel":"positions","instId":"default","instType":"USDT-FUTURES"},"event":"subscribe"}
    {"action":"snapshot","arg":{"channel":"positions","instId":"default","instType":"USDT-FUTURES"},"data":[{"achievedProfits":"0","assetMode":"single","autoMargin":"off","available":"0.01","breakEvenPrice":"60024.10004","cTime":"1767226200000","deductedFee":"0.2400004","frozen":"0","holdSide":"long","instId":"BTCUSDT","keepMarginRate":"0.0034","leverage":20,"liquidationPrice":"0","marginCoin":"USDT","marginMode":"crossed","marginRate":"0.0002400057841489982222231155","marginSize":"30","markPrice":"60000","openPriceAvg":"60000.1","posId":"5000000000000001","posMode":"one_way_mode","total":"0.01","totalFee":"","uTime":"1767226200000","unrealizedPL":"-0.001","unrealizedPLR":"-0.00003333"}],"ts":1767226200000}
    {"arg":{"channel":"account","coin":"default","instType":"USDT-FUTURES"},"event":"subscribe"}
    {"action":"snapshot","arg":{"channel":"account","coin":"default","instType":"USDT-FUTURES"},"data":[{"assetsMode":"single","available":"9969.7589996","crossedRiskRate":"0.0002400057841489982222231155","equity":"9999.7589996","frozen":"0","marginCoin":"USDT","maxOpenPosAvailable":"9969.7589996","maxTransferOut":"9969.7589996","unionAvailable":"0","unionMm":"0","unionTotalMargin":"0","unrealizedPL":"-0.001","usdtEquity":"9999.7589996"}],"ts":1767226200000}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_lives_and_fills() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&ALL).await;
    venue.post("order/place-order", &limit("buy", "0.02", "59000", "one"));
    assert_eq!(socket.told().await, ["orders live", "positions 0"]);
    venue.tick("58990", 1);
    let heard = socket.heard().await;
    insta::assert_snapshot!(heard[..2].join("\n"), @r#"
    {"action":"snapshot","arg":{"channel":"orders","instId":"default","instType":"USDT-FUTURES"},"data":[{"accBaseVolume":"0.02","baseVolume":"0.02","cTime":"1767226200000","cancelReason":"","clientOid":"one","enterPointSource":"API","feeDetail":[{"fee":"-0.236","feeCoin":"USDT"}],"fillFee":"-0.236","fillFeeCoin":"USDT","fillNotionalUsd":"1180","fillPrice":"59000","fillTime":"1767226201000","force":"gtc","instId":"BTCUSDT","leverage":"20","marginCoin":"USDT","marginMode":"crossed","notionalUsd":"1180","orderId":"1000001","orderType":"limit","pnl":"0","posMode":"one_way_mode","posSide":"net","price":"59000","priceAvg":"59000","reduceOnly":"no","side":"buy","size":"0.02","status":"filled","stpMode":"cancel_maker","totalProfits":"0","tradeId":"1","tradeScope":"M","tradeSide":"buy_single","uTime":"1767226201000"}],"ts":1767226201000}
    {"action":"snapshot","arg":{"channel":"fill","instId":"default","instType":"USDT-FUTURES"},"data":[{"baseVolume":"0.02","cTime":"1767226201000","clientOid":"one","feeDetail":[{"deduction":"no","feeCoin":"USDT","totalDeductionFee":"0","totalFee":"-0.236"}],"orderId":"1000001","orderType":"limit","posMode":"one_way_mode","price":"59000","profit":"0","quoteVolume":"1180","side":"buy","symbol":"BTCUSDT","tradeId":"1","tradeScope":"maker","tradeSide":"buy_single","uTime":"1767226201000"}],"ts":1767226201000}
    "#);
    assert_eq!(heard.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_position_vanishes_and_is_summed_up() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.01");
    let mut socket = venue.private(&ALL).await;
    venue.trade("sell", "0.01");
    let heard = socket.heard().await;
    let push = |at: usize| -> Value { serde_json::from_str(&heard[at]).unwrap() };
    let channels: Vec<_> = (0..heard.len()).map(|at| push(at)["arg"]["channel"].as_str().unwrap().to_owned()).collect();
    assert_eq!(channels, ["orders", "orders", "fill", "positions-history", "positions", "account"]);
    let over = &push(3)["data"][0];
    assert_eq!(
        (&over["achievedProfits"], &over["openFee"], &over["closeFee"]),
        (&json!("-0.001"), &json!("-0.2400004"), &json!("-0.24"))
    );
    assert_eq!(push(4)["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_tells_its_life() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.01");
    let mut socket = venue.private(&ALL).await;
    let stop = json!({"planType": "pos_loss", "triggerPrice": "59500", "triggerType": "mark_price", "holdSide": "buy", "clientOid": "sl"});
    let placed = venue.post("order/place-tpsl-order", &stop);
    assert_eq!(socket.told().await, ["orders-algo live"]);
    venue.tick("59499", 1);
    let heard = socket.heard().await;
    let rows: Vec<(String, Value)> = heard
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap())
        .map(|push| (push["arg"]["channel"].as_str().unwrap().to_owned(), push["data"][0].clone()))
        .collect();
    let named = |channel: &str| {
        rows.iter().filter(|(it, _)| it == channel).map(|(_, row)| row["clientOid"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        named("orders"),
        [placed["orderId"].clone(), placed["orderId"].clone()],
        "what a plan became goes by the plan's id"
    );
    assert_eq!(named("orders-algo"), ["sl", "sl"]);
    let statuses: Vec<_> =
        rows.iter().filter(|(it, _)| it == "orders-algo").map(|(_, row)| row["status"].clone()).collect();
    assert_eq!(statuses, ["executing", "executed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_moves_is_told() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.01");
    let mut socket = venue.private(&["account", "positions"]).await;
    venue.running.exchange(|exchange| exchange.transfer(&account(), money("-5"))).unwrap();
    assert_eq!(socket.told().await, ["account"]);
    let symbol = plimsoll_exchange::listings::btc_usdt().symbol;
    venue.running.exchange(|it| it.set_funding_rate(&symbol, "0.0001".parse().unwrap())).unwrap();
    venue.tick("60000", 8 * 3600);
    assert_eq!(socket.told().await, ["account"]);
    venue.post("account/set-leverage", &json!({"leverage": "10"}));
    assert_eq!(socket.told().await, ["positions 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liquidation_is_the_systems_order() {
    let venue = Venue::start().await;
    venue.post("account/set-position-mode", &json!({"posMode": "hedge_mode"}));
    venue.post("account/set-margin-mode", &json!({"marginMode": "isolated"}));
    let open = with(with(market("buy", "0.1"), "tradeSide", "open"), "marginMode", "isolated");
    venue.post("order/place-order", &open);
    let mut socket = venue.private(&["orders", "fill", "positions"]).await;
    venue.tick("57000", 1);
    let heard = socket.heard().await;
    let fill: Value = heard
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap())
        .find(|push| push["arg"]["channel"] == "fill")
        .unwrap();
    assert_eq!((&fill["data"][0]["tradeSide"], &fill["data"][0]["side"]), (&json!("burst_close_long"), &json!("sell")));
    let history = venue.get("order/orders-history");
    let row = &history["entrustedList"][0];
    assert_eq!(
        (&row["enterPointSource"], &row["orderSource"], &row["tradeSide"]),
        (&json!("SYS"), &json!("liquidation"), &json!("burst_close_long"))
    );
    assert_eq!(venue.get("account/bill?businessType=force_close_long")["bills"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_hear_only_of_themselves() {
    let venue = Venue::start().await;
    let other = AccountId::new("other");
    venue.running.open_account(&other, "other-key", "secret".to_owned().into()).unwrap();
    let mut socket = venue.private(&ALL).await;
    venue.running.exchange(|exchange| exchange.transfer(&other, money("5"))).unwrap();
    assert_eq!(socket.heard().await, Vec::<String>::new());
}
