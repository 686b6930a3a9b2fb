//! Positions, money and settings.

use crate::client::*;
use serde_json::{Value, json};

fn number(value: &Value) -> rust_decimal::Decimal {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn leverage_zero_is_cross_and_any_other_is_isolated() {
    let venue = Venue::start().await;
    let shown = ["leverage", "cross_leverage_limit", "lever", "pos_margin_mode"];
    let set = |query: &str| pick(&venue.set("/positions/BTC_USDT/leverage", query), &shown);
    assert_eq!(set("leverage=10"), "10 0 10 isolated");
    assert_eq!(set("leverage=0&cross_leverage_limit=7"), "0 7 7 cross");
    assert_eq!(set("leverage=0"), "0 7 7 cross");
    assert_eq!(set("leverage=0&cross_leverage_limit=0"), "0 125 125 cross");
    assert_eq!(set("leverage=5&cross_leverage_limit=9"), "5 0 5 isolated");
    let newer = venue.set("/positions/BTC_USDT/set_leverage", "leverage=8&margin_mode=cross");
    assert_eq!(pick(&newer, &shown), "0 8 8 cross");
    assert_eq!(venue.get("/get_leverage/BTC_USDT", "pos_margin_mode=cross&dual_side=dual_long"), json!({"Lever": "8"}));
    let isolated = venue.post("/positions/cross_mode", &json!({"mode": "ISOLATED", "contract": "BTC_USDT"}));
    assert_eq!(pick(&isolated, &shown), "8 0 8 isolated");
    let refused = |query: &str| venue.refused("POST", "/positions/BTC_USDT/leverage", query, &Value::Null);
    assert_eq!(refused("leverage=126"), "LEVERAGE_TOO_HIGH");
    assert_eq!(refused("leverage=1.5"), "INVALID_PARAM_VALUE");
    assert_eq!(refused(""), "MISSING_REQUIRED_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_leverage_leaves_the_margin_mode_as_it_was() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=0&cross_leverage_limit=7");
    assert_eq!(
        venue.refused("POST", "/positions/BTC_USDT/leverage", "leverage=200", &Value::Null),
        "LEVERAGE_TOO_HIGH"
    );
    assert_eq!(venue.get("/positions/BTC_USDT", "")["pos_margin_mode"], "cross");
    venue.trade(10);
    assert_eq!(venue.refused("POST", "/positions/BTC_USDT/leverage", "leverage=7", &Value::Null), "POSITION_HOLDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_isolated_position_is_reckoned_as_the_venue_reckons() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=10");
    venue.trade(2000);
    let row = venue.get("/positions/BTC_USDT", "");
    // 0.2 bitcoin at 60,000.1: a tenth of 12,000.02, and 0.075 % of it for closing.
    assert_eq!(
        pick(&row, &["size", "entry_price", "mark_price", "value", "margin"]),
        "2000 60000.1 60000 12000 1209.002015"
    );
    assert_eq!(pick(&row, &["initial_margin", "maintenance_margin", "maintenance_rate"]), "1209 57 0.004");
    // (60,000.1 − 1,209.002015 / 0.2) / (1 − 0.004 − 0.00075), rounded to a hundredth.
    assert_eq!(row["liq_price"], "54212.6");
    assert_eq!(
        pick(&row, &["realised_pnl", "pnl_fee", "pnl_pnl", "mode", "update_id"]),
        "-9.000015 -9.000015 0 single 3"
    );
    let more = venue.set("/positions/BTC_USDT/margin", "change=100");
    assert_eq!((more["margin"].as_str(), more["update_id"].as_u64()), (Some("1309.002015"), Some(4)));
    assert!(number(&more["liq_price"]) < number(&row["liq_price"]));
    let refused = |query: &str| venue.refused("POST", "/positions/BTC_USDT/margin", query, &Value::Null);
    assert_eq!(refused("change=-1000"), "REMOVE_TOO_MUCH");
    assert_eq!(refused("change=100000"), "INSUFFICIENT_AVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_liquidation_price_is_where_it_happens() {
    for (size, mode) in [(2000, "leverage=10"), (-2000, "leverage=10"), (10_000, "leverage=0&cross_leverage_limit=20")]
    {
        let venue = Venue::with(|_| {}, |_| {}).await;
        venue.set("/positions/BTC_USDT/leverage", mode);
        venue.trade(size);
        let exact = venue.running.exchange(|exchange| exchange.positions(&account())[0].liquidation_price.unwrap());
        let shown = number(&venue.get("/positions/BTC_USDT", "")["liq_price"]);
        assert!((shown - exact.get()).abs() <= rust_decimal::Decimal::new(5, 3), "{shown} {exact}");
        let sign = rust_decimal::Decimal::from(size.signum());
        let tick = rust_decimal::Decimal::new(1, 1);
        let at = |ticks: i64| (exact.get() + sign * tick * rust_decimal::Decimal::from(ticks)).to_string();
        venue.tick(&at(1), 1);
        assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], size.to_string());
        venue.tick(&exact.to_string(), 1);
        assert_eq!(venue.get("/positions/BTC_USDT", "")["size"], "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cross_position_has_no_margin_of_its_own_to_change() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=0&cross_leverage_limit=10");
    venue.trade(10);
    assert_eq!(venue.refused("POST", "/positions/BTC_USDT/margin", "change=1", &Value::Null), "POSITION_CROSS_MARGIN");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_is_the_sum_of_its_ledger() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=10");
    venue.trade(100);
    venue.tick("60100", 1);
    venue.trade(-40);
    venue.tick("60100", 28_800);
    let account = venue.get("/accounts", "");
    let history = &account["history"];
    let sum: rust_decimal::Decimal = ["dnw", "pnl", "fee", "fund"].iter().map(|kind| number(&history[*kind])).sum();
    assert_eq!(number(&account["total"]), sum);
    assert_eq!(pick(history, &["dnw", "pnl", "fee", "fund"]), "10000 0.3996 -0.63030075 -0.03606");
    let book = venue.get("/account_book", "");
    let kinds: Vec<_> = book.as_array().unwrap().iter().map(|row| pick(row, &["type", "change", "balance"])).collect();
    assert_eq!(kinds[0], format!("fund -0.03606 {}", account["total"].as_str().unwrap()));
    assert_eq!(kinds.last().unwrap(), "dnw 10000 10000");
    let order = venue.get("/my_trades", "")[0]["order_id"].as_str().unwrap().to_owned();
    assert_eq!(venue.get("/account_book", "type=fee")[0]["text"], format!("BTC_USDT:{order}"));
    let place = venue.get("/positions/BTC_USDT", "");
    assert_eq!(pick(&place, &["pnl_pnl", "pnl_fund", "pnl_fee"]), "0.3996 -0.03606 -0.63030075");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_position_that_is_closed() {
    let venue = Venue::start().await;
    venue.trade(100);
    venue.tick("60100", 10);
    venue.trade(-40);
    venue.trade(-60);
    let closed = venue.get("/position_close", "contract=BTC_USDT");
    let shown =
        ["side", "max_size", "accum_size", "first_open_time", "long_price", "short_price", "pnl_pnl", "pnl_fee"];
    assert_eq!(pick(&closed[0], &shown), format!("long 100 100 {START} 60000.1 60100 0.999 -0.90075075"));
    let row = venue.get("/positions/BTC_USDT", "");
    assert_eq!(pick(&row, &["realised_pnl", "history_pnl", "last_close_pnl"]), "0 0.09824925 0.09824925");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_every_contract_and_can_be_of_those_that_are_held() {
    let venue = Venue::start().await;
    let count = |query: &str| venue.get("/positions", query).as_array().unwrap().len();
    assert_eq!((count(""), count("holding=true")), (2, 0));
    venue.trade(1);
    assert_eq!((count(""), count("holding=true")), (2, 1));
    venue.post("/orders", &json!({"contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "close": true}));
    venue.set("/set_position_mode", "position_mode=dual");
    assert_eq!(count(""), 4);
    assert_eq!(venue.refused("GET", "/positions/BTC_USDT", "", &Value::Null), "POSITION_DUAL_MODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_mode_needs_a_flat_account() {
    let venue = Venue::start().await;
    let set = |on: bool| venue.refused("POST", "/dual_mode", &format!("dual_mode={on}"), &Value::Null);
    assert_eq!(set(false), "NO_CHANGE");
    let id = venue.post("/orders", &limit(1, "59000", "t-a"))["id"].to_string();
    assert_eq!(set(true), "ORDER_PENDING");
    venue.delete(&format!("/orders/{id}"), "");
    venue.trade(1);
    assert_eq!(set(true), "POSITION_HOLDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liquidation_is_an_order_that_nobody_placed() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=50");
    venue.trade(1000);
    let resting = venue.post("/orders", &limit(10, "59900", "t-a"))["id"].to_string();
    venue.tick("58900", 1);
    let row = &venue.get("/liquidates", "")[0];
    assert_eq!(pick(row, &["contract", "size", "leverage", "entry_price", "left"]), "BTC_USDT 1000 50 60000.1 0");
    let order = venue.get(&format!("/orders/{}", row["order_id"]), "");
    assert_eq!(
        pick(&order, &["size", "is_liq", "text", "finish_as"]),
        format!("-1000 true liq-{} filled", row["order_id"])
    );
    assert_eq!(venue.get(&format!("/orders/{resting}"), "")["finish_as"], "liquidated");
    assert!(venue.get("/position_close", "")[0]["text"].as_str().unwrap().starts_with("autoclose"));
    assert_eq!(venue.open("/futures/usdt/liq_orders")[0]["order_size"], "-1000");
}
