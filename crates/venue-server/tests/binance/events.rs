//! What a private socket is told, and in what order.

use crate::client::{Venue, account, money};
use serde_json::{Value, json};

const LIMIT: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.02&price=59000&newClientOrderId=one";

#[tokio::test(flavor = "multi_thread")]
async fn a_resting_order_its_change_and_its_end() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    venue.post("/fapi/v1/order", LIMIT);
    let change = "symbol=BTCUSDT&origClientOrderId=one&side=BUY&quantity=0.03&price=58900";
    assert_eq!(venue.signed("PUT", "/fapi/v1/order", change).status, 200);
    venue.delete("/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one");
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"e":"ORDER_TRADE_UPDATE","T":1767226200000,"E":1767226200000,"o":{"s":"BTCUSDT","c":"one","S":"BUY","o":"LIMIT","f":"GTC","q":"0.02","p":"59000","ap":"0","sp":"0","x":"NEW","X":"NEW","i":1000001,"l":"0","z":"0","L":"0","n":"0","N":"USDT","T":1767226200000,"t":0,"b":"1180","a":"0","m":false,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
{"e":"ORDER_TRADE_UPDATE","T":1767226200000,"E":1767226200000,"o":{"s":"BTCUSDT","c":"one","S":"BUY","o":"LIMIT","f":"GTC","q":"0.03","p":"58900","ap":"0","sp":"0","x":"AMENDMENT","X":"NEW","i":1000001,"l":"0","z":"0","L":"0","n":"0","N":"USDT","T":1767226200000,"t":0,"b":"1767","a":"0","m":false,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
{"e":"ORDER_TRADE_UPDATE","T":1767226200000,"E":1767226200000,"o":{"s":"BTCUSDT","c":"one","S":"BUY","o":"LIMIT","f":"GTC","q":"0.03","p":"58900","ap":"0","sp":"0","x":"CANCELED","X":"CANCELED","i":1000001,"l":"0","z":"0","L":"0","n":"0","N":"USDT","T":1767226200000,"t":0,"b":"0","a":"0","m":false,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_makers_fill_is_told_three_times() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=10");
    venue.post("/fapi/v1/order", LIMIT);
    let mut socket = venue.private().await;
    socket.heard().await;
    venue.tick("58990", 1);
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"e":"TRADE_LITE","E":1767226201000,"T":1767226201000,"s":"BTCUSDT","q":"0.020","p":"59000.00","m":true,"c":"one","S":"BUY","L":"59000.00","l":"0.020","t":1,"i":1000001}
{"e":"ACCOUNT_UPDATE","T":1767226201000,"E":1767226201000,"a":{"B":[{"a":"USDT","wb":"9999.764","cw":"9999.764","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0.02","ep":"59000","cr":"0","up":"-0.2","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"59023.6"}],"m":"ORDER"}}
{"e":"ORDER_TRADE_UPDATE","T":1767226201000,"E":1767226201000,"o":{"s":"BTCUSDT","c":"one","S":"BUY","o":"LIMIT","f":"GTC","q":"0.02","p":"59000","ap":"59000","sp":"0","x":"TRADE","X":"FILLED","i":1000001,"l":"0.02","z":"0.02","L":"59000","n":"0.236","N":"USDT","T":1767226201000,"t":1,"b":"0","a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_order_is_accepted_and_filled() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    venue.trade("BUY", "0.01");
    venue.trade("SELL", "0.01");
    let told = socket.heard().await;
    let names = ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"].repeat(2);
    let events: Vec<Value> = told.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(events.iter().map(|it| it["e"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let closed = &events[6]["a"];
    assert_eq!(
        (&closed["m"], &closed["P"][0]["pa"], &closed["P"][0]["ep"]),
        (&json!("ORDER"), &json!("0"), &json!("0"))
    );
    assert_eq!((&events[7]["o"]["rp"], &events[7]["o"]["m"]), (&json!("-0.001"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_stored_triggered_and_finished() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    let mut socket = venue.private().await;
    venue.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59500&closePosition=true&workingType=MARK_PRICE&clientAlgoId=sl",
    );
    venue.tick("59499", 1);
    let heard = socket.heard().await;
    insta::assert_snapshot!(heard.join("\n"), @r#"
{"e":"ALGO_UPDATE","T":1767226200000,"E":1767226200000,"o":{"caid":"sl","aid":1000000000000001,"at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0","X":"NEW","ai":"","tp":"59500","p":"0","V":"EXPIRE_MAKER","wt":"MARK_PRICE","pm":"NONE","cp":true,"pP":false,"R":false,"tt":0,"gtd":0,"ia":false}}
{"e":"ALGO_UPDATE","T":1767226201000,"E":1767226201000,"o":{"caid":"sl","aid":1000000000000001,"at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0","X":"TRIGGERING","ai":"","tp":"59500","p":"0","V":"EXPIRE_MAKER","wt":"MARK_PRICE","pm":"NONE","cp":true,"pP":false,"R":false,"tt":1767226201000,"gtd":0,"ia":false}}
{"e":"ALGO_UPDATE","T":1767226201000,"E":1767226201000,"o":{"caid":"sl","aid":1000000000000001,"at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0","X":"TRIGGERED","ai":"1000002","ap":"0","aq":"0","act":"MARKET","tp":"59500","p":"0","V":"EXPIRE_MAKER","wt":"MARK_PRICE","pm":"NONE","cp":true,"pP":false,"R":false,"tt":1767226201000,"gtd":0,"ia":false}}
{"e":"ORDER_TRADE_UPDATE","T":1767226201000,"E":1767226201000,"o":{"s":"BTCUSDT","c":"sl","S":"SELL","o":"MARKET","f":"GTC","q":"0.01","p":"0","ap":"0","sp":"59500","x":"NEW","X":"NEW","i":1000002,"l":"0","z":"0","L":"0","n":"0","N":"USDT","T":1767226201000,"t":0,"b":"0","a":"0","m":false,"R":false,"wt":"MARK_PRICE","ot":"STOP_MARKET","ps":"BOTH","cp":true,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
{"e":"TRADE_LITE","E":1767226201000,"T":1767226201000,"s":"BTCUSDT","q":"0.010","p":"0","m":false,"c":"sl","S":"SELL","L":"59499.00","l":"0.010","t":2,"i":1000002}
{"e":"ACCOUNT_UPDATE","T":1767226201000,"E":1767226201000,"a":{"B":[{"a":"USDT","wb":"9994.5110036","cw":"9994.5110036","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0","ep":"0","cr":"-5.011","up":"0","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"0"}],"m":"ORDER"}}
{"e":"ORDER_TRADE_UPDATE","T":1767226201000,"E":1767226201000,"o":{"s":"BTCUSDT","c":"sl","S":"SELL","o":"MARKET","f":"GTC","q":"0.01","p":"0","ap":"59499","sp":"59500","x":"TRADE","X":"FILLED","i":1000002,"l":"0.01","z":"0.01","L":"59499","n":"0.237996","N":"USDT","T":1767226201000,"t":2,"b":"0","a":"0","m":false,"R":false,"wt":"MARK_PRICE","ot":"STOP_MARKET","ps":"BOTH","cp":true,"rp":"-5.011","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
{"e":"ALGO_UPDATE","T":1767226201000,"E":1767226201000,"o":{"caid":"sl","aid":1000000000000001,"at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0","X":"FINISHED","ai":"1000002","ap":"59499","aq":"0.01","act":"MARKET","tp":"59500","p":"0","V":"EXPIRE_MAKER","wt":"MARK_PRICE","pm":"NONE","cp":true,"pP":false,"R":false,"tt":1767226201000,"gtd":0,"ia":false}}
"#);
    let finished = venue.signed("GET", "/fapi/v1/algoOrder", "clientAlgoId=sl");
    insta::assert_snapshot!(finished.text, @r#"{"algoId":1000000000000001,"clientAlgoId":"sl","algoType":"CONDITIONAL","orderType":"STOP_MARKET","symbol":"BTCUSDT","side":"SELL","positionSide":"BOTH","timeInForce":"GTC","quantity":"0.000","algoStatus":"FINISHED","actualOrderId":"1000002","actualPrice":"59499.00000","actualQty":"0.010","actualType":"MARKET","triggerPrice":"59500.00","price":"0.00","icebergQuantity":null,"tpOrderType":"","selfTradePreventionMode":"EXPIRE_MAKER","workingType":"MARK_PRICE","priceMatch":"NONE","closePosition":true,"priceProtect":false,"reduceOnly":false,"createTime":1767226200000,"updateTime":1767226201000,"triggerTime":1767226201000,"goodTillDate":0}"#);
    let child = finished.json()["actualOrderId"].as_str().unwrap().to_owned();
    let child = venue.get("/fapi/v1/order", &format!("symbol=BTCUSDT&orderId={child}"));
    assert_eq!((&child["status"], &child["origType"]), (&json!("FILLED"), &json!("STOP_MARKET")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_finds_nothing_to_reduce_is_rejected() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    venue.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59500&quantity=0.01&reduceOnly=true",
    );
    venue.trade("SELL", "0.01");
    let mut socket = venue.private().await;
    venue.tick("59499", 1);
    insta::assert_snapshot!(socket.told().await.join("\n"), @r#"
ALGO_UPDATE TRIGGERING
ALGO_UPDATE REJECTED
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_told() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=25");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("BUY", "0.01");
    socket.heard().await;
    venue.post("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=10&type=1");
    venue.running.exchange(|exchange| exchange.transfer(&account(), money("-5"))).unwrap();
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"e":"ACCOUNT_UPDATE","T":1767226200000,"E":1767226200000,"a":{"B":[{"a":"USDT","wb":"9999.7599996","cw":"9965.7599596","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0.01","ep":"60000.1","cr":"0","up":"-0.001","mt":"isolated","iw":"34.00004","ps":"BOTH","ma":"USDT","bep":"60024.10004"}],"m":"MARGIN_TRANSFER"}}
{"e":"ACCOUNT_UPDATE","T":1767226200000,"E":1767226200000,"a":{"B":[{"a":"USDT","wb":"9994.7599996","cw":"9960.7599596","bc":"-5"}],"P":[],"m":"WITHDRAW"}}
"#);
    let history = venue.get("/fapi/v1/positionMargin/history", "symbol=BTCUSDT");
    assert_eq!((&history[0]["amount"], &history[0]["type"]), (&json!("10.00000000"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn leverage_and_margin_mode_are_told() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=25");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"E":1767226200000,"T":1767226200000,"ac":{"l":25,"s":"BTCUSDT"},"e":"ACCOUNT_CONFIG_UPDATE"}
{"e":"ACCOUNT_UPDATE","T":1767226200000,"E":1767226200000,"a":{"B":[{"a":"USDT","wb":"10000","cw":"10000","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0","ep":"0","cr":"0","up":"0","mt":"isolated","iw":"0","ps":"BOTH","ma":"USDT","bep":"0"}],"m":"MARGIN_TYPE_CHANGE"}}
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn funding_names_the_position_only_where_it_is_isolated() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    let mut socket = venue.private().await;
    venue.tick("60000", 8 * 3600);
    insta::assert_snapshot!(socket.heard().await.join("\n"), @r#"
{"e":"ACCOUNT_UPDATE","T":1767254400000,"E":1767254400000,"a":{"B":[{"a":"USDT","wb":"9999.6999996","cw":"9999.6999996","bc":"-0.06"}],"P":[],"m":"FUNDING_FEE","S":"BTCUSDT"}}
{"E":1767255000000,"e":"listenKeyExpired","listenKey":"738374ff767ef4603f2b2cfaf1ef80092b35db7118fb5105654c5e181911f5cb"}
"#);
    venue.trade("SELL", "0.01");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("SELL", "0.01");
    socket.heard().await;
    // A listen key lives for an hour of the market's time: the one before has ended with the jump.
    let mut socket = venue.private().await;
    venue.tick("60000", 8 * 3600);
    let told: Value = serde_json::from_str(&socket.heard().await[0]).unwrap();
    let update = &told["a"];
    assert_eq!(
        (&update["m"], &update["S"], &update["P"][0]["pa"]),
        (&json!("FUNDING_FEE"), &json!("BTCUSDT"), &json!("-0.01"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liquidation_ends_orders_closes_the_position_and_takes_its_fee() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=100");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("BUY", "0.1");
    venue.post("/fapi/v1/order", &LIMIT.replace("59000", "58500"));
    let mut socket = venue.private().await;
    let mut public = venue.socket("/market/ws/btcusdt@forceOrder").await;
    public.heard().await;
    venue.tick("59500", 1);
    insta::assert_snapshot!(socket.told().await.join("\n"), @r#"
MARGIN_CALL
ORDER_TRADE_UPDATE EXPIRED EXPIRED er=5
ORDER_TRADE_UPDATE NEW NEW
ACCOUNT_UPDATE ORDER
ORDER_TRADE_UPDATE CALCULATED FILLED
ACCOUNT_UPDATE INSURANCE_CLEAR
"#);
    assert!(public.heard().await[0].contains(r#""S":"SELL""#));
    let forced = venue.get("/fapi/v1/forceOrders", "autoCloseType=LIQUIDATION");
    assert!(forced[0]["clientOrderId"].as_str().unwrap().starts_with("autoclose-"), "{forced}");
    assert_eq!(venue.get("/fapi/v1/forceOrders", "autoCloseType=ADL"), json!([]));
    assert_eq!(venue.get("/fapi/v3/positionRisk", ""), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_margin_call_comes_before_the_liquidation() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=100");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("BUY", "0.1");
    let mut socket = venue.private().await;
    venue.tick("59690", 1);
    let told = socket.heard().await;
    insta::assert_snapshot!(told.join("\n"), @r#"{"e":"MARGIN_CALL","E":1767226201000,"p":[{"s":"BTCUSDT","ps":"BOTH","pa":"0.1","mt":"ISOLATED","iw":"60.0001","mp":"59690","up":"-31.01","mm":"23.876"}]}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_is_the_sum_of_what_the_stream_told() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    let mut wallet = rust_decimal::Decimal::from(10_000);
    for (side, quantity, price) in [
        ("BUY", "0.013", "60001.3"),
        ("BUY", "0.007", "60017.9"),
        ("SELL", "0.031", "59987.1"),
        ("BUY", "0.011", "60003"),
    ] {
        venue.trade(side, quantity);
        venue.tick(price, 7);
    }
    for text in socket.heard().await {
        let event: Value = serde_json::from_str(&text).unwrap();
        if event["o"]["x"] == "TRADE" {
            let figure = |name: &str| -> rust_decimal::Decimal { event["o"][name].as_str().unwrap().parse().unwrap() };
            wallet += figure("rp") - figure("n");
        }
    }
    let balance = venue.get("/fapi/v3/balance", "")[0]["balance"].as_str().unwrap().to_owned();
    assert_eq!(wallet, balance.parse().unwrap());
}
