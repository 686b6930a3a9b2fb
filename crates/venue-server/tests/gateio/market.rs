//! What anybody may ask.

use crate::client::*;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_published_in_contracts() {
    let venue = Venue::start().await;
    let listed = venue.open("/futures/usdt/contracts");
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["BTC_USDT", "ETH_USDT"]);
    let contract = venue.open("/futures/usdt/contracts/BTC_USDT");
    assert_eq!(contract, listed[0]);
    for (name, value) in [
        ("type", json!("direct")),
        ("quanto_multiplier", json!("0.0001")),
        ("order_price_round", json!("0.1")),
        ("mark_price_round", json!("0.01")),
        ("order_size_min", json!("1")),
        ("order_size_max", json!("1000000")),
        ("market_order_size_max", json!("500000")),
        ("enable_decimal", json!(false)),
        ("leverage_max", json!("125")),
        ("maintenance_rate", json!("0.004")),
        ("taker_fee_rate", json!("0.00075")),
        ("funding_interval", json!(28_800)),
        ("funding_next_apply", json!(START - 600 + 28_800)),
        ("status", json!("trading")),
    ] {
        assert_eq!(contract[name], value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tiers_say_where_they_end_and_what_they_deduct() {
    let venue = Venue::start().await;
    let tiers = venue.open("/futures/usdt/risk_limit_tiers?contract=BTC_USDT");
    let names = ["tier", "risk_limit", "initial_rate", "maintenance_rate", "leverage_max", "deduction"];
    assert_eq!(pick(&tiers[0], &names), "1 20000 0.008 0.004 125 0");
    assert_eq!(pick(&tiers[3], &names), "4 200000 0.013333 0.007 75 235");
    assert!(tiers[0].get("contract").is_none());
    let all = venue.open("/futures/usdt/risk_limit_tiers");
    assert_eq!((all.as_array().unwrap().len(), &all[8]["contract"]), (14, &json!("ETH_USDT")));
    assert_eq!(venue.open("/futures/usdt/risk_limit_table?table_id=BTC_USDT_TIERS"), tiers);
}

#[tokio::test(flavor = "multi_thread")]
async fn books_trades_candles_and_tickers_follow_the_market() {
    let venue = Venue::start().await;
    venue.tick("60010", 60);
    venue.tick("60005", 60);
    let book = venue.open("/futures/usdt/order_book?contract=BTC_USDT&limit=5&with_id=true");
    assert_eq!(book["bids"][0], json!({"p": "60005", "s": "1000"}));
    assert_eq!((book["asks"].as_array().unwrap().len(), book["id"].is_number()), (5, true));
    let trades = venue.open("/futures/usdt/trades?contract=BTC_USDT&limit=2");
    let told: Vec<_> =
        trades.as_array().unwrap().iter().map(|row| pick(row, &["size", "price", "create_time"])).collect();
    assert_eq!(told, [format!("-1 60005 {}", START + 120), format!("1 60010 {}", START + 60)]);
    let candles = venue.open("/futures/usdt/candlesticks?contract=BTC_USDT&interval=5m&limit=1");
    assert_eq!(pick(&candles[0], &["t", "o", "h", "l", "c", "v"]), format!("{START} 60000 60010 60000 60005 0"));
    assert!(venue.open("/futures/usdt/candlesticks?contract=mark_BTC_USDT&interval=5m")[0].get("v").is_none());
    let shortest = venue.open("/futures/usdt/candlesticks?contract=BTC_USDT&interval=10s&limit=7");
    let shortest: Vec<_> = shortest.as_array().unwrap().iter().map(|row| pick(row, &["t", "c"])).collect();
    assert_eq!(shortest, [format!("{} 60010", START + 60), format!("{} 60005", START + 120)]);
    let refused = venue.raw("GET", "/api/v4/futures/usdt/candlesticks?contract=BTC_USDT&limit=1&from=1", "", "");
    assert_eq!(refused.label(), "INVALID_PARAM_VALUE");
    let ticker = &venue.open("/futures/usdt/tickers?contract=BTC_USDT")[0];
    assert_eq!(pick(ticker, &["last", "high_24h", "lowest_ask", "highest_size"]), "60005 60010 60005.1 1000");
    assert!(ticker.get("funding_interval").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn settled_rates_are_told_the_newest_first() {
    let venue = Venue::start().await;
    venue.tick("60000", 2 * 28_800);
    let rates = venue.open("/futures/usdt/funding_rate?contract=BTC_USDT");
    let eight = START - 600 + 28_800;
    assert_eq!(rates, json!([{"t": eight + 28_800, "r": "0.0001"}, {"t": eight, "r": "0.0001"}]));
    let first = venue.open(&format!("/futures/usdt/funding_rate?contract=BTC_USDT&from={eight}&to={eight}"));
    assert_eq!(first.as_array().unwrap().len(), 1);
    let body = r#"{"contracts":["BTC_USDT"]}"#;
    let batch = venue.raw("POST", "/api/v4/futures/usdt/funding_rates", "", body).json();
    assert_eq!((&batch[0]["contract"], &batch[0]["data"]), (&json!("BTC_USDT"), &rates));
    let old = venue.raw("GET", "/api/v4/futures/usdt/funding_rate?contract=BTC_USDT&from=1", "", "");
    assert_eq!(old.label(), "INVALID_PARAM_VALUE");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_interest_is_what_the_larger_side_holds() {
    let venue = Venue::start().await;
    venue.trade(-30);
    assert_eq!(venue.open("/futures/usdt/contracts/BTC_USDT")["position_size"], "30");
}
