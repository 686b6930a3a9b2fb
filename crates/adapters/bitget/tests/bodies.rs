//! REST bodies of every call that is read, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_bitget::wire::{Symbols, body};
use plimsoll_domain::{Money, Timestamp};
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/rest_", $name, ".json"))
    };
}

fn read(endpoint: &str, body: &str) -> String {
    told(body::decode_endpoint(endpoint, body.as_bytes(), &Symbols::by_suffix()))
}

const MIX: &str = "GET /api/v2/mix";

#[test]
fn the_account_is_told() {
    insta::assert_snapshot!(read("GET /api/v2/mix/account/account", fixture!("account")), @r"
    balance USDT wallet 5002.76 cross - available 4987.5 equity 5000.75 unrealized -2.01 @1764000000120+0
    position mode hedge @1764000000120+0
    ");
    insta::assert_snapshot!(read("GET /api/v2/mix/account/accounts", fixture!("accounts")), @"balance USDT wallet 5002.76 cross - available 4987.5 equity 5000.75 unrealized -2.01 @1764000000120+0");
    insta::assert_snapshot!(read("GET /api/v2/mix/position/all-position", fixture!("positions")), @"position BTC/USDT:USDT long long 0.02 from 61000.5 mark 60900 liquidation 17629.684814834 unrealized -2.01 realized 1.25 leverage 10x cross margin - maintenance - @1764000000119+0");
    insta::assert_snapshot!(read("GET /api/v2/mix/position/adlRank", fixture!("adl_rank")), @"adl BTC/USDT:USDT long - at - level 3 @0");
}

#[test]
fn a_contracts_settings_are_those_of_its_margin_mode() {
    let settings = body::settings(fixture!("account").as_bytes()).unwrap();
    insta::assert_snapshot!(format!("{settings:?}"), @"Settings { margin_mode: Isolated, position_mode: Hedge, long_leverage: Some(Leverage(25)), short_leverage: Some(Leverage(20)), multi_assets: false }");
    let crossed = fixture!("account").replace(r#""marginMode":"isolated""#, r#""marginMode":"crossed""#);
    insta::assert_snapshot!(format!("{:?}", body::settings(crossed.as_bytes()).unwrap().long_leverage), @"Some(Leverage(10))");
}

#[test]
fn orders_are_told_in_every_listing() {
    insta::assert_snapshot!(read("GET /api/v2/mix/order/detail", fixture!("order")), @"order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - partially_filled filled 0.012 mean 60999.9 child - @1764000000120+0");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-pending", fixture!("orders")), @"order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000000120+0");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-pending", fixture!("orders_none")), @"nothing");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-plan-pending?planType=profit_loss", fixture!("plans")), @r"
    order 1380000000000000050 'plim-s1' BTC/USDT:USDT sell both stop_market - reduce-only close-position quantity - price - trigger 59000.5 new filled - mean - child - @1764000000120+0
    order 1380000000000000051 'plim-s2' BTC/USDT:USDT buy long stop - quantity 0.02 price 62000 trigger 61990 filled filled 0.02 mean 62000 child 1380000000000000052 @1764000000120+0
    ");
}

#[test]
fn trades_and_bills_are_told() {
    insta::assert_snapshot!(read("GET /api/v2/mix/order/fills", fixture!("fills")), @"fill 777 order 1380000000000000001 '' BTC/USDT:USDT buy short 0.005 at 61000.5 fee 0.1830015 USDT taker profit 1.25 by order @1764000000120");
    insta::assert_snapshot!(read("GET /api/v2/mix/account/bill", fixture!("bills")), @r"
    funding BTC/USDT:USDT pays 0.3 USDT id 5 @1764000000120
    unknown: a bill of a trade
    unknown: a bill of transfer 100
    unknown: a bill of margin that moved
    unknown: a bill of other:trader_profit_share 0.7
    ");
}

#[test]
fn bills_are_sorted_by_what_they_do_to_the_wallet() {
    let page = body::bills(fixture!("bills").as_bytes(), &Symbols::by_suffix()).unwrap();
    let kinds = page.rows.iter().map(|bill| match bill {
        body::Bill::Traded { symbol, .. } => format!("trade of {}", symbol.as_ref().unwrap()),
        body::Bill::Funding(payment) => format!("funding {} {}", payment.payment, payment.id.as_ref().unwrap()),
        body::Bill::Moved { .. } => "moved".to_owned(),
        body::Bill::Booked(booking) => format!("{} {} {}", booking.kind, booking.amount, booking.id),
    });
    insta::assert_snapshot!(kinds.collect::<Vec<String>>().join("\n"), @r"
    funding 0.3 5
    trade of BTC/USDT:USDT
    transfer 100 3
    moved
    other:trader_profit_share 0.7 1
    ");
    assert_eq!(page.older_than.as_deref(), Some("1"));
}

#[test]
fn the_market_is_told() {
    insta::assert_snapshot!(read("GET /api/v2/mix/market/current-fund-rate", fixture!("running_funding")), @"funding rate BTC/USDT:USDT 0.000068 next @1764028800000 mark - index - @1764000000120");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/history-fund-rate", fixture!("settled_funding")), @"settled funding BTC/USDT:USDT 0.0005 mark - @1763985600000");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?symbol=BTCUSDT&granularity=1m", fixture!("candles")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61010 60990 61005 volume 1.5 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61005 61005 61000 61001 volume 0.2 closed false
    ");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/merge-depth?symbol=BTCUSDT", fixture!("depth")), @"book BTC/USDT:USDT 0..0 after - bids [0.16@61000] asks [0.25@61000.5 0.16@61001] @1764000000120");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?granularity=1m", fixture!("candles")), @"error: the body does not say of which contract it is: add ?symbol=… to the endpoint, in /api/v2/mix/market/candles symbol");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?symbol=BTCUSDT", fixture!("candles")), @"error: the body does not say how long its candles last: add &granularity=…, in /api/v2/mix/market/candles granularity");
}

#[test]
fn a_contract_has_steps_and_one_that_has_none_is_left_out_alone() {
    let listing = body::contracts(fixture!("contracts").as_bytes()).unwrap();
    let told: Vec<String> = listing
        .contracts
        .iter()
        .map(|it| {
            let trading = it.standing();
            format!(
                "{} tick {} lot {} {}..{} market {} money {} every {} h {trading}",
                it.symbol,
                it.tick,
                it.lot,
                it.min_quantity,
                it.max_quantity,
                it.max_market_quantity,
                it.min_notional,
                it.funding_interval_hours
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    BTC/USDT:USDT tick 0.5 lot 0.0005 0.001..1200 market 220 money 5 every 4 h trading
    NEW/USDT:USDT tick 0.0001 lot 1 1..100000000000000 market 100000000000000 money 0 every 8 h reduce_only
    ");
    let unread: Vec<String> = listing.unread.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(unread.join("\n"), @"a price or lot step is above 0, got 0, in data[2] ODDUSDT priceEndStep");
    assert_eq!(Symbols::listed(&listing.contracts).len(), 2);
}

#[test]
fn each_tier_has_its_own_slice_of_the_notional() {
    let tiers = body::margin_tiers(fixture!("tiers").as_bytes()).unwrap();
    let lines: Vec<String> = tiers
        .lines()
        .iter()
        .map(|tier| format!("from {} at {} less {} up to {}", tier.floor, tier.rate, tier.deduction, tier.max_leverage))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    from 0 at 0.0046 less 0 up to 125x
    from 150000 at 0.0056 less 150 up to 100x
    from 900000 at 0.0106 less 4650 up to 50x
    ");
}

#[test]
fn the_documented_example_of_sliced_maintenance_holds() {
    let rows = r#"{"code":"00000","data":[{"symbol":"BTCUSDT","level":"1","startUnit":"0","endUnit":"200000","leverage":"125","keepMarginRate":"0.004"},{"symbol":"BTCUSDT","level":"2","startUnit":"200000","endUnit":"900000","leverage":"100","keepMarginRate":"0.005"}]}"#;
    let tiers = body::margin_tiers(rows.as_bytes()).unwrap();
    let maintenance: Money = tiers.maintenance("330000".parse().unwrap());
    assert_eq!(maintenance.to_string(), "1648");
}

#[test]
fn what_was_done_is_read_and_what_was_not_is_told() {
    let placed = |text: &str| body::placed(text.as_bytes()).unwrap().map(|id| id.to_string());
    assert_eq!(placed(fixture!("placed")).as_deref(), Some("1380000000000000001"));
    assert_eq!(placed(fixture!("placed_without_id")), None);
    insta::assert_snapshot!(read("POST /api/v2/mix/order/place-order", fixture!("placed")), @"nothing");
    insta::assert_snapshot!(read("POST /api/v2/mix/order/batch-cancel-orders", fixture!("cancelled_some")), @"venue error 43001: order 2: order does not exist");
    insta::assert_snapshot!(read("POST /api/v2/mix/account/set-leverage", fixture!("leverage")), @r"
    leverage BTC/USDT:USDT 20x @0+0
    margin mode BTC/USDT:USDT cross @0+0
    ");
    insta::assert_snapshot!(read("POST /api/v2/mix/account/set-position-mode", fixture!("position_mode")), @"position mode hedge @0+0");
    insta::assert_snapshot!(read("POST /api/v2/mix/order/place-order", fixture!("error")), @"venue error 40762: The order size is greater than the max open size");
    let cancelled = body::cancelled(fixture!("cancelled_some").as_bytes()).unwrap();
    assert_eq!((cancelled.done, cancelled.failures.len()), (1, 1));
    let ids = body::cancelled_ids(fixture!("cancelled_some").as_bytes()).unwrap();
    assert_eq!(ids.iter().map(plimsoll_domain::OrderId::as_str).collect::<Vec<_>>(), ["1"]);
}

#[test]
fn the_rest_of_the_catalogue_is_read_to_the_end() {
    let time = body::server_time(fixture!("time").as_bytes()).unwrap();
    assert_eq!(time, Timestamp::from_millis(1_764_000_000_120));
    assert_eq!(body::trade_rate(fixture!("trade_rate").as_bytes()).unwrap().taker.to_string(), "0.0006");
    insta::assert_snapshot!(read(&format!("{MIX}/market/query-position-lever"), fixture!("tiers")), @"unknown: a margin table of 3 tiers");
    insta::assert_snapshot!(read(&format!("{MIX}/market/open-interest"), r#"{"code":"00000","data":{}}"#), @"unknown: GET /api/v2/mix/market/open-interest");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), "<html>"), @"error: expected value, in /api/v2/mix/position/all-position line 1 column 1");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), ""), @"error: EOF while parsing a value, in /api/v2/mix/position/all-position line 1 column 0");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), r#"{"code":"00000","data":null}"#), @"nothing");
}

#[test]
fn a_position_of_a_contract_that_is_not_known_is_an_error() {
    let strange = fixture!("positions").replace("BTCUSDT", "BTCEUR");
    assert!(body::positions(strange.as_bytes(), &Symbols::by_suffix()).is_err());
}

#[test]
fn no_answer_panics() {
    let endpoints = [
        "GET /api/v2/mix/account/account",
        "GET /api/v2/mix/account/accounts",
        "GET /api/v2/mix/position/all-position",
        "GET /api/v2/mix/order/detail",
        "GET /api/v2/mix/order/orders-pending",
        "GET /api/v2/mix/order/fills",
        "GET /api/v2/mix/order/orders-plan-pending",
        "GET /api/v2/mix/account/bill",
        "GET /api/v2/mix/market/contracts",
        "GET /api/v2/mix/market/query-position-lever",
        "GET /api/v2/mix/market/candles?symbol=BTCUSDT&granularity=1m",
        "GET /api/v2/mix/market/tickers",
        "GET /api/v2/mix/position/adlRank",
        "POST /api/v2/mix/account/set-leverage",
    ];
    let all = [
        fixture!("account"),
        fixture!("accounts"),
        fixture!("positions"),
        fixture!("order"),
        fixture!("orders"),
        fixture!("plans"),
        fixture!("fills"),
        fixture!("bills"),
        fixture!("contracts"),
        fixture!("tiers"),
        fixture!("candles"),
        fixture!("depth"),
        fixture!("adl_rank"),
        fixture!("leverage"),
    ];
    let numbers = [
        "99999999999999999999999999",
        "-1e400",
        "0.00000000000000000000000000000000001",
        "79228162514264337593543950335",
        "",
    ];
    for body in all {
        for (at, _) in body.char_indices().step_by(7) {
            let _ = read(endpoints[at % endpoints.len()], &body[..at]);
        }
        for endpoint in endpoints {
            for number in numbers {
                let _ = read(
                    endpoint,
                    &body
                        .replace("61000.5", number)
                        .replace("0.02", number)
                        .replace("150000", number)
                        .replace("0.005", number)
                        .replace("10\"", number),
                );
            }
        }
    }
}
