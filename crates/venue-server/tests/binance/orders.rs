//! Orders over REST: what is taken, what is refused, what is told of it.

use crate::client::{Venue, account};
use serde_json::{Value, json};

const LIMIT: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.002&price=59000";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_answered_in_the_shape_of_2026() {
    let venue = Venue::start().await;
    let placed = venue.signed("POST", "/fapi/v1/order", &format!("{LIMIT}&newClientOrderId=one"));
    insta::assert_snapshot!(placed.text, @r#"{"orderId":1000001,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"one","price":"59000.00","origQty":"0.002","executedQty":"0.000","cumQty":"0.000","timeInForce":"GTC","type":"LIMIT","reduceOnly":false,"closePosition":false,"side":"BUY","positionSide":"BOTH","stopPrice":"0.00","workingType":"CONTRACT_PRICE","priceProtect":false,"origType":"LIMIT","priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"updateTime":1767226200000}"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one").text, @r#"{"orderId":1000001,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"one","price":"59000.00","avgPrice":"0.00000","origQty":"0.002","executedQty":"0.000","cumQuote":"0","timeInForce":"GTC","type":"LIMIT","reduceOnly":false,"closePosition":false,"side":"BUY","positionSide":"BOTH","stopPrice":"0.00","workingType":"CONTRACT_PRICE","priceProtect":false,"origType":"LIMIT","priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"time":1767226200000,"updateTime":1767226200000}"#);
    let cancelled = venue.signed("DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one");
    assert_eq!(cancelled.json()["status"], "CANCELED");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_show_fills_where_the_venue_is_told_to() {
    let venue = Venue::with(|settings| settings.answers_show_fills = true, |_| {}).await;
    let filled =
        venue.post("/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.002&newOrderRespType=RESULT");
    assert_eq!((&filled["status"], &filled["avgPrice"]), (&json!("FILLED"), &json!("60000.10000")));
    assert_eq!((&filled["cumQuote"], &filled["executedQty"]), (&json!("120.0002"), &json!("0.002")));
    let acknowledged = venue.trade("BUY", "0.002");
    assert_eq!((&acknowledged["status"], &acknowledged["executedQty"]), (&json!("NEW"), &json!("0.000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_orders_are_refused_by_code() {
    let venue = Venue::start().await;
    for (parameters, code) in [
        ("side=BUY&type=MARKET&quantity=1", -1102),
        ("symbol=NOPE&side=BUY&type=MARKET&quantity=1", -1121),
        ("symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1", -1117),
        ("symbol=BTCUSDT&side=BUY&type=WISH&quantity=1", -1116),
        ("symbol=BTCUSDT&side=BUY&type=MARKET", -1102),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0", -4003),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=-1", -4003),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1e", -1102),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.0011", -1111),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&price=60000", -1106),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=99999999999999999999", -4005),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=59000", -1102),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=59000&timeInForce=DAY", -1115),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&timeInForce=GTC", -1102),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=59000.05&timeInForce=GTC", -4014),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=59000.001&timeInForce=GTC", -1111),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=0&timeInForce=GTC", -4001),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.01&price=64000&timeInForce=GTC", -4016),
        ("symbol=BTCUSDT&side=SELL&type=LIMIT&quantity=0.01&price=56000&timeInForce=GTC", -4024),
        ("symbol=ETHUSDT&side=BUY&type=LIMIT&quantity=0.001&price=2900&timeInForce=GTC", -4164),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=50", -2019),
        ("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01&reduceOnly=true", -2022),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.01&price=60500&timeInForce=GTX", -5022),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.01&price=59000&timeInForce=FOK", -5021),
        ("symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=0.01&stopPrice=59000", -4120),
        ("symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=0.01&callbackRate=1", -4120),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&positionSide=LONG", -4061),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&positionSide=UP", -4060),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&reduceOnly=perhaps", -1102),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&closePosition=true", -4136),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newOrderRespType=FULL", -1130),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=a%20b", -1100),
        (
            "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=1234567890123456789012345678901234567",
            -4015,
        ),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.01&price=59000&timeInForce=GTD&goodTillDate=1", -5040),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.01&timeInForce=GTC&priceMatch=QUEUE", -5037),
    ] {
        for path in ["/fapi/v1/order", "/fapi/v1/order/test"] {
            let answer = venue.signed("POST", path, parameters);
            assert_eq!((answer.status, answer.code()), (400, code), "{path}?{parameters}: {}", answer.text);
        }
    }
    assert_eq!(venue.get("/fapi/v1/allOrders", "symbol=BTCUSDT"), json!([]));
    assert_eq!(venue.post("/fapi/v1/order/test", LIMIT), json!({}));
    assert_eq!(venue.get("/fapi/v1/openOrders", ""), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_conditional_orders_are_refused_by_code() {
    let venue = Venue::start().await;
    let stop = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET";
    for (parameters, code) in [
        ("symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59000&quantity=0.01".to_owned(), -1102),
        (format!("{stop}&quantity=0.01"), -1102),
        (format!("{stop}&triggerPrice=61000&quantity=0.01"), -2021),
        (format!("{stop}&triggerPrice=59000"), -1102),
        (format!("{stop}&triggerPrice=59000&closePosition=true&quantity=0.01"), -4137),
        (format!("{stop}&triggerPrice=59000&closePosition=true&reduceOnly=true"), -4138),
        (format!("{stop}&triggerPrice=59000&quantity=0.01&workingType=INDEX"), -1130),
        (format!("{stop}&triggerPrice=59000.05&quantity=0.01"), -4014),
        ("algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=1".to_owned(), -1116),
        ("algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=LIMIT&quantity=1".to_owned(), -1116),
    ] {
        let answer = venue.signed("POST", "/fapi/v1/algoOrder", &parameters);
        assert_eq!((answer.status, answer.code()), (400, code), "{parameters}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_services_do_not_know_each_others_orders() {
    let venue = Venue::start().await;
    let stored = venue.signed(
        "POST",
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59000&quantity=0.01&clientAlgoId=sl",
    );
    insta::assert_snapshot!(stored.text, @r#"{"algoId":1000000000000001,"clientAlgoId":"sl","algoType":"CONDITIONAL","orderType":"STOP_MARKET","symbol":"BTCUSDT","side":"SELL","positionSide":"BOTH","timeInForce":"GTC","quantity":"0.010","algoStatus":"NEW","triggerPrice":"59000.00","price":"0.00","icebergQuantity":null,"selfTradePreventionMode":"EXPIRE_MAKER","workingType":"CONTRACT_PRICE","priceMatch":"NONE","closePosition":false,"priceProtect":false,"reduceOnly":false,"activatePrice":"","callbackRate":"","createTime":1767226200000,"updateTime":1767226200000,"triggerTime":0,"goodTillDate":0}"#);
    let id = stored.json()["algoId"].as_i64().unwrap();
    let unknown = |method: &str, parameters: &str| venue.signed(method, "/fapi/v1/order", parameters).code();
    assert_eq!(unknown("GET", &format!("symbol=BTCUSDT&orderId={id}")), -2013);
    assert_eq!(unknown("GET", "symbol=BTCUSDT&origClientOrderId=sl"), -2013);
    assert_eq!(unknown("DELETE", "symbol=BTCUSDT&origClientOrderId=sl"), -2011);
    venue.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    assert_eq!(venue.get("/fapi/v1/openAlgoOrders", "")[0]["algoId"], id);
    let cancelled = venue.delete("/fapi/v1/algoOrder", "clientAlgoId=sl");
    assert_eq!(cancelled, json!({"algoId": id, "clientAlgoId": "sl", "code": "200", "msg": "success"}));
    assert_eq!(venue.signed("DELETE", "/fapi/v1/algoOrder", "clientAlgoId=sl").code(), -2011);
    assert_eq!(venue.get("/fapi/v1/algoOrder", "clientAlgoId=sl")["algoStatus"], "CANCELED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_id_is_unique_among_open_orders() {
    let venue = Venue::start().await;
    let named = format!("{LIMIT}&newClientOrderId=one");
    let first = venue.post("/fapi/v1/order", &named)["orderId"].clone();
    assert_eq!(venue.signed("POST", "/fapi/v1/order", &named).code(), -4116);
    venue.delete("/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one");
    assert_eq!(venue.signed("DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one").code(), -2011);
    let second = venue.post("/fapi/v1/order", &named)["orderId"].clone();
    assert!(second.as_i64() > first.as_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_mixes_orders_and_refusals() {
    let venue = Venue::start().await;
    let good =
        r#"{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.002","price":59000}"#;
    let bad = r#"{"symbol":"BTCUSDT","side":"SELL","type":"MARKET","quantity":"0.01","reduceOnly":"true"}"#;
    let list = |items: &[&str]| format!("batchOrders={}", encoded(&format!("[{}]", items.join(","))));
    let answered = venue.post("/fapi/v1/batchOrders", &list(&[good, bad]));
    assert_eq!((&answered[0]["status"], &answered[1]["code"]), (&json!("NEW"), &json!(-2022)));
    assert_eq!(venue.signed("POST", "/fapi/v1/batchOrders", &list(&[good; 6])).code(), -4082);
    assert_eq!(venue.signed("POST", "/fapi/v1/batchOrders", "batchOrders=nonsense").code(), -1102);
    let id = answered[0]["orderId"].as_i64().unwrap();
    let cancelled =
        venue.delete("/fapi/v1/batchOrders", &format!("symbol=BTCUSDT&orderIdList={}", encoded(&format!("[{id},1]"))));
    assert_eq!((&cancelled[0]["status"], &cancelled[1]["code"]), (&json!("CANCELED"), &json!(-2011)));
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modified_order_keeps_its_id() {
    let venue = Venue::start().await;
    let id = venue.post("/fapi/v1/order", LIMIT)["orderId"].as_i64().unwrap();
    let change = |terms: &str| venue.signed("PUT", "/fapi/v1/order", &format!("symbol=BTCUSDT&orderId={id}&{terms}"));
    let changed = change("side=BUY&quantity=0.003&price=58900");
    assert_eq!((changed.json()["orderId"].as_i64(), changed.json()["price"].as_str()), (Some(id), Some("58900.00")));
    assert_eq!(change("side=BUY&quantity=0.003&price=58900").code(), -5027);
    assert_eq!(change("side=SELL&quantity=0.003&price=58900").code(), -1117);
    assert_eq!(change("side=BUY&quantity=0.003&price=58900.05").code(), -4014);
    assert_eq!(change("side=BUY&quantity=0.003&price=58800&priceMatch=QUEUE").code(), -5037);
    let small = "symbol=ETHUSDT&side=BUY&price=2900&newClientOrderId=small&origClientOrderId=small";
    venue.post("/fapi/v1/order", &format!("{small}&type=LIMIT&timeInForce=GTC&quantity=0.01"));
    assert_eq!(venue.signed("PUT", "/fapi/v1/order", &format!("{small}&quantity=0.002")).code(), -5029);
    venue.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    assert_eq!(change("side=BUY&quantity=0.004&price=58900").code(), -2013);
}

#[tokio::test(flavor = "multi_thread")]
async fn fills_and_income_are_remembered_for_ninety_days() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    let remembered = || {
        venue.running.exchange(|exchange| {
            let symbol = plimsoll_exchange::listings::btc_usdt().symbol;
            let commissions = exchange.income(&account()).iter().filter(|income| income.trade_id.is_some());
            (exchange.fills(&account(), &symbol).count(), commissions.count())
        })
    };
    let before = venue.running.exchange(|exchange| exchange.balance(&account())).unwrap().wallet;
    for day in 1..=92 {
        venue.tick("60000", 86_400);
        assert_eq!(remembered(), if day <= 90 { (1, 1) } else { (0, 0) }, "on day {day}");
    }
    let position = venue.get("/fapi/v3/positionRisk", "symbol=BTCUSDT");
    assert_eq!(position[0]["positionAmt"], "0.010", "what is held is not forgotten");
    let after = venue.running.exchange(|exchange| exchange.balance(&account())).unwrap().wallet;
    assert!(after.is_some() && before.is_some() && after < before, "funding was paid, and nothing given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_end_by_their_date_and_by_the_countdown() {
    let venue = Venue::start().await;
    let until = crate::client::START + 601_500;
    let dated = LIMIT.replace("GTC", "GTD");
    let placed = venue.post("/fapi/v1/order", &format!("{dated}&goodTillDate={until}&newClientOrderId=dated"));
    assert_eq!((&placed["timeInForce"], &placed["goodTillDate"]), (&json!("GTD"), &json!(until - 500)));
    venue.post("/fapi/v1/order", &format!("{LIMIT}&newClientOrderId=counted"));
    let counted = venue.post("/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=900000");
    assert_eq!(counted, json!({"symbol": "BTCUSDT", "countdownTime": "900000"}));
    let open = || -> Vec<String> {
        let orders = venue.get("/fapi/v1/openOrders", "symbol=BTCUSDT");
        orders.as_array().unwrap().iter().map(|it| it["clientOrderId"].as_str().unwrap().to_owned()).collect()
    };
    venue.tick("60000", 600);
    assert_eq!(open(), ["dated", "counted"]);
    venue.tick("60000", 1);
    assert_eq!(open(), ["counted"]);
    venue.tick("60000", 299);
    assert_eq!(open(), Vec::<String>::new());
    venue.post("/fapi/v1/order", LIMIT);
    venue.post("/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=1000");
    venue.post("/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=0");
    venue.tick("60000", 60);
    assert_eq!(open().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfilled_orders_are_forgotten_after_three_days_and_filled_ones_are_not() {
    let venue = Venue::start().await;
    let filled = venue.trade("BUY", "0.001")["orderId"].clone();
    let gone = venue.post("/fapi/v1/order", LIMIT)["orderId"].clone();
    venue.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    let ask = |id: &Value| venue.signed("GET", "/fapi/v1/order", &format!("symbol=BTCUSDT&orderId={id}")).code();
    assert_eq!((ask(&filled), ask(&gone)), (0, 0));
    venue.tick("60000", 3 * 86_400 + 1);
    assert_eq!((ask(&filled), ask(&gone)), (0, -2013));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_refuse_what_changes_nothing_and_what_stands_in_the_way() {
    let venue = Venue::start().await;
    let code = |path: &str, parameters: &str| venue.signed("POST", path, parameters).code();
    assert_eq!(code("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED"), -4046);
    assert_eq!(code("/fapi/v1/positionSide/dual", "dualSidePosition=false"), -4059);
    assert_eq!(code("/fapi/v1/multiAssetsMargin", "multiAssetsMargin=false"), -4171);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=1&type=1"), -4049);
    assert_eq!(code("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=0"), -4028);
    assert_eq!(code("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=126"), -4028);
    assert_eq!(code("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=1.5"), -4028);
    let set = venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=50");
    assert_eq!(set, json!({"leverage": 50, "maxNotionalValue": "12000000", "symbol": "BTCUSDT"}));
    venue.post("/fapi/v1/order", LIMIT);
    assert_eq!(code("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED"), -4047);
    assert_eq!(code("/fapi/v1/positionSide/dual", "dualSidePosition=true"), -4067);
    venue.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    venue.trade("BUY", "0.01");
    assert_eq!(code("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED"), -4048);
    assert_eq!(code("/fapi/v1/positionSide/dual", "dualSidePosition=true"), -4068);
    venue.trade("SELL", "0.01");
    venue.post("/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    venue.post("/fapi/v1/positionSide/dual", "dualSidePosition=true");
    assert_eq!(code("/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01"), -4061);
    let hedged = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&positionSide=LONG";
    assert_eq!(code("/fapi/v1/order", &format!("{hedged}&reduceOnly=false")), -1106);
    assert_eq!(code("/fapi/v1/order", hedged), 0);
    assert_eq!(code("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=20"), -4161);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=1&type=1"), -4061);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=0&type=1&positionSide=LONG"), -4055);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=1&type=1&positionSide=SHORT"), -4054);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=99999&type=1&positionSide=LONG"), -4050);
    assert_eq!(code("/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=99&type=2&positionSide=LONG"), -4051);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_told_with_its_margin() {
    let venue = Venue::start().await;
    venue.post("/fapi/v1/leverage", "symbol=BTCUSDT&leverage=10");
    venue.trade("SELL", "0.1");
    venue.tick("59900", 1);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v3/positionRisk", "").text, @r#"[{"adl":4,"askNotional":"0","bidNotional":"0","breakEvenPrice":"59976","entryPrice":"60000.0","initialMargin":"599","isolatedMargin":"0","isolatedWallet":"0","liquidationPrice":"159338.64541832","maintMargin":"23.96","marginAsset":"USDT","markPrice":"59900.00000000","notional":"-5990","openOrderInitialMargin":"0","positionAmt":"-0.100","positionInitialMargin":"599","positionSide":"BOTH","symbol":"BTCUSDT","unRealizedProfit":"10.00000000","updateTime":1767226200000}]"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v3/account", "").text, @r#"{"assets":[{"asset":"USDT","availableBalance":"9408.60000000","crossUnPnl":"10.00000000","crossWalletBalance":"9997.60000000","initialMargin":"599.00000000","maintMargin":"23.96000000","marginBalance":"10007.60000000","maxWithdrawAmount":"9398.60000000","openOrderInitialMargin":"0.00000000","positionInitialMargin":"599.00000000","unrealizedProfit":"10.00000000","updateTime":1767226201000,"walletBalance":"9997.60000000"}],"availableBalance":"9408.60000000","maxWithdrawAmount":"9398.60000000","positions":[{"initialMargin":"599","isolatedMargin":"0","isolatedWallet":"0","maintMargin":"23.96","notional":"-5990","positionAmt":"-0.100","positionSide":"BOTH","symbol":"BTCUSDT","unrealizedProfit":"10.00000000","updateTime":1767226200000}],"totalCrossUnPnl":"10.00000000","totalCrossWalletBalance":"9997.60000000","totalInitialMargin":"599.00000000","totalMaintMargin":"23.96000000","totalMarginBalance":"10007.60000000","totalOpenOrderInitialMargin":"0.00000000","totalPositionInitialMargin":"599.00000000","totalUnrealizedProfit":"10.00000000","totalWalletBalance":"9997.60000000"}"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v2/positionRisk", "symbol=BTCUSDT").text, @r#"[{"breakEvenPrice":"59976","entryPrice":"60000.0","isAutoAddMargin":"false","isolatedMargin":"0","isolatedWallet":"0","leverage":"10","liquidationPrice":"159338.64541832","marginType":"cross","markPrice":"59900.00000000","maxNotionalValue":"230000000","notional":"-5990","positionAmt":"-0.100","positionSide":"BOTH","symbol":"BTCUSDT","unRealizedProfit":"10.00000000","updateTime":1767226200000}]"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v1/userTrades", "symbol=BTCUSDT").text, @r#"[{"baseQty":"0","buyer":false,"commission":"2.40000000","commissionAsset":"USDT","id":1,"maker":false,"marginAsset":"USDT","orderId":1000001,"pair":"BTCUSDT","positionSide":"BOTH","price":"60000.00","qty":"0.100","quoteQty":"6000.00","realizedPnl":"0.00000000","side":"SELL","symbol":"BTCUSDT","time":1767226200000}]"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v1/income", "incomeType=COMMISSION").text, @r#"[{"asset":"USDT","income":"-2.40000000","incomeType":"COMMISSION","info":"1","symbol":"BTCUSDT","time":1767226200000,"tradeId":"1","tranId":2}]"#);
    insta::assert_snapshot!(venue.signed("GET", "/fapi/v3/balance", "").text, @r#"[{"accountAlias":"SgsR","asset":"USDT","availableBalance":"9408.60000000","balance":"9997.60000000","crossUnPnl":"10.00000000","crossWalletBalance":"9997.60000000","marginAvailable":true,"maxWithdrawAmount":"9398.60000000","updateTime":1767226201000}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_paged_by_weeks_and_ids() {
    let venue = Venue::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        venue.trade("BUY", "0.001");
        venue.tick("60000", 4 * 86_400);
    }
    let trades = |parameters: &str| -> Vec<i64> {
        let rows = venue.get("/fapi/v1/userTrades", &format!("symbol=BTCUSDT&{parameters}"));
        rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let start = crate::client::START;
    ids.extend(trades(&format!("startTime={start}")));
    assert_eq!(ids.len(), 2, "a week from the start holds two of three");
    let all = trades(&format!("fromId={}", ids[0]));
    assert_eq!((all.len(), &all[..2]), (3, &ids[..]));
    assert_eq!(trades(&format!("fromId={}&limit=1", ids[1])), [ids[1]]);
    assert_eq!(trades(""), [all[2]]);
    let too_long = format!("symbol=BTCUSDT&startTime={start}&endTime={}", start + 8 * 86_400_000);
    assert_eq!(venue.signed("GET", "/fapi/v1/userTrades", &too_long).code(), -4165);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_simulated_venue_does_not_have_is_refused_and_not_ignored() {
    let venue = Venue::start().await;
    let stop = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59000&quantity=0.01";
    let code = |path: &str, parameters: String| venue.signed("POST", path, &parameters).code();
    for (parameter, expected) in [
        ("selfTradePreventionMode=EXPIRE_MAKER", 0),
        ("selfTradePreventionMode=NONE", 0),
        ("selfTradePreventionMode=EXPIRE_TAKER", -1130),
        ("selfTradePreventionMode=EXPIRE_BOTH", -1130),
    ] {
        assert_eq!(code("/fapi/v1/order", format!("{LIMIT}&{parameter}")), expected, "{parameter}");
        assert_eq!(code("/fapi/v1/algoOrder", format!("{stop}&{parameter}")), expected, "{parameter}");
    }
    assert_eq!(code("/fapi/v1/algoOrder", format!("{stop}&priceProtect=false")), 0);
    assert_eq!(code("/fapi/v1/algoOrder", format!("{stop}&priceProtect=true")), -1130);
}
