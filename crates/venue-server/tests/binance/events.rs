//! What a private socket is told, and in what order.

use crate::client::{Venue, account, money, price};
use plimsoll_domain::{
    AccountId, ClientOrderId, Leverage, MarginMode, Money, NewOrder, OrderKind, OrderSize, PositionSide, Side,
};
use plimsoll_exchange::{Exchange, Settings, listings};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_margin_call_shows_the_position_that_the_liquidation_then_closes() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=100");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("SELL", "0.1");
    let mut socket = venue.private().await;
    venue.tick("60500", 1);
    insta::assert_snapshot!(socket.heard().await[0], @r#"{"e":"MARGIN_CALL","E":1767226201000,"p":[{"s":"BTCUSDT","ps":"BOTH","pa":"-0.1","mt":"ISOLATED","iw":"60","mp":"60500","up":"-50","mm":"24.2"}]}"#);
}

/// An exchange like any other, but for an insurance fund that is empty.
fn without_insurance(exchange: &mut Exchange) {
    let settings = Settings { insurance_fund: Money::ZERO, ..Settings::default() };
    *exchange = Exchange::with_settings(exchange.now(), settings);
    exchange.list(listings::btc_usdt(), price("60000")).unwrap();
}

/// Somebody without a key, who is short 0.1 at 60,000 on a margin of 600: bankrupt at 66,000.
fn open_somebody_short(exchange: &mut Exchange) {
    let (somebody, bitcoin) = (AccountId::new("somebody"), listings::btc_usdt().symbol);
    exchange.open_account(somebody.clone(), money("1000")).unwrap();
    exchange.set_margin_mode(&somebody, &bitcoin, MarginMode::Isolated).unwrap();
    exchange.set_leverage(&somebody, &bitcoin, Leverage::new(10).unwrap()).unwrap();
    let order = NewOrder {
        client_order_id: ClientOrderId::new("short").unwrap(),
        symbol: bitcoin,
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("0.1".parse().unwrap()),
        reduce_only: false,
    };
    exchange.place(&somebody, &order).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleveraged_is_told_of_a_close_by_force_at_the_bankruptcy_price() {
    let venue = Venue::with(|_| {}, without_insurance).await;
    venue.trade("BUY", "0.3");
    venue.post("/fapi/v1/order", "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.1&price=62000");
    venue.running.exchange(open_somebody_short);
    assert_eq!(venue.get("/fapi/v1/adlQuantile", "")[0]["adlQuantile"]["BOTH"], 0, "nobody profits yet");
    let mut socket = venue.private().await;
    let mut public = venue.socket("/market/ws/btcusdt@forceOrder/btcusdt@aggTrade").await;
    public.heard().await;
    venue.tick("70000", 1);
    let heard = socket.heard().await;
    let told: Vec<Value> = heard.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let names: Vec<_> = told.iter().map(|event| event["e"].as_str().unwrap()).collect();
    assert_eq!(names, ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]);
    assert_eq!((&told[0]["o"]["X"], &told[0]["o"]["er"]), (&json!("EXPIRED"), &json!("5")));
    insta::assert_snapshot!(heard[1..].join("\n"), @r#"
{"e":"ORDER_TRADE_UPDATE","T":1767226201000,"E":1767226201000,"o":{"s":"BTCUSDT","c":"adl_autoclose-2","S":"SELL","o":"LIMIT","f":"GTC","q":"0.1","p":"66000","ap":"0","sp":"0","x":"NEW","X":"NEW","i":1000005,"l":"0","z":"0","L":"0","n":"0","N":"USDT","T":1767226201000,"t":0,"b":"0","a":"0","m":false,"R":true,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
{"e":"ACCOUNT_UPDATE","T":1767226201000,"E":1767226201000,"a":{"B":[{"a":"USDT","wb":"10592.789988","cw":"10592.789988","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0.2","ep":"60000.1","cr":"599.99","up":"1999.98","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"60024.10004"}],"m":"ORDER"}}
{"e":"ORDER_TRADE_UPDATE","T":1767226201000,"E":1767226201000,"o":{"s":"BTCUSDT","c":"adl_autoclose-2","S":"SELL","o":"LIMIT","f":"GTC","q":"0.1","p":"66000","ap":"66000","sp":"0","x":"CALCULATED","X":"FILLED","i":1000005,"l":"0.1","z":"0.1","L":"66000","n":"0","N":"USDT","T":1767226201000,"t":4,"b":"0","a":"0","m":false,"R":true,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"599.99","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}
"#);
    // Everybody hears of the bankrupt account's order, and nobody of a trade but the outside market's.
    let heard: Vec<Value> = public.heard().await.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let heard: Vec<_> = heard
        .iter()
        .map(|event| (event["e"].as_str().unwrap(), event["p"].as_str(), event["o"]["S"].as_str()))
        .collect();
    assert_eq!(heard, [("aggTrade", Some("70000.00"), None), ("forceOrder", None, Some("BUY"))]);
    let forced = venue.get("/fapi/v1/forceOrders", "autoCloseType=ADL");
    let row = |name: &str| forced[0][name].as_str().unwrap();
    assert!(row("clientOrderId").starts_with("adl_autoclose"), "{forced}");
    assert_eq!((row("status"), row("timeInForce"), row("avgPrice")), ("FILLED", "GTC", "66000.00000"));
    assert_eq!(venue.get("/fapi/v1/forceOrders", "autoCloseType=LIQUIDATION"), json!([]));
    assert_eq!(venue.get("/fapi/v3/positionRisk", "")[0]["positionAmt"], "0.200");
    let paid = venue.get("/fapi/v1/income", "incomeType=REALIZED_PNL");
    assert_eq!((&paid[0]["income"], &paid[1]), (&json!("599.99000000"), &Value::Null));
    assert_eq!(venue.get("/fapi/v1/income", "incomeType=COMMISSION").as_array().unwrap().len(), 1, "no fee for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_a_liquidation_ends_never_became_an_order() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=100");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.trade("BUY", "0.1");
    venue.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59600&closePosition=true&clientAlgoId=late",
    );
    venue.tick("59500", 1);
    let ended = venue.get("/fapi/v1/algoOrder", "clientAlgoId=late");
    let field = |name: &str| ended[name].as_str().unwrap();
    assert_eq!((field("algoStatus"), field("actualOrderId"), field("actualType")), ("EXPIRED", "", ""));
}
