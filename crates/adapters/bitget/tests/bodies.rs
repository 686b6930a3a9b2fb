//! REST bodies of every call that is read, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

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
    insta::assert_snapshot!(read("GET /api/v2/mix/account/account", fixture!("account")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/account/accounts", fixture!("accounts")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/position/all-position", fixture!("positions")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/position/adlRank", fixture!("adl_rank")), @"");
}

#[test]
fn a_contracts_settings_are_those_of_its_margin_mode() {
    let settings = body::settings(fixture!("account").as_bytes()).unwrap();
    insta::assert_snapshot!(format!("{settings:?}"), @"");
    let crossed = fixture!("account").replace(r#""marginMode":"isolated""#, r#""marginMode":"crossed""#);
    insta::assert_snapshot!(format!("{:?}", body::settings(crossed.as_bytes()).unwrap().long_leverage), @"");
}

#[test]
fn orders_are_told_in_every_listing() {
    insta::assert_snapshot!(read("GET /api/v2/mix/order/detail", fixture!("order")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-pending", fixture!("orders")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-pending", fixture!("orders_none")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/order/orders-plan-pending?planType=profit_loss", fixture!("plans")), @"");
}

#[test]
fn trades_and_bills_are_told() {
    insta::assert_snapshot!(read("GET /api/v2/mix/order/fills", fixture!("fills")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/account/bill", fixture!("bills")), @"");
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
    insta::assert_snapshot!(kinds.collect::<Vec<String>>().join("\n"), @"");
    assert_eq!(page.older_than.as_deref(), Some("1"));
}

#[test]
fn the_market_is_told() {
    insta::assert_snapshot!(read("GET /api/v2/mix/market/current-fund-rate", fixture!("running_funding")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/history-fund-rate", fixture!("settled_funding")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?symbol=BTCUSDT&granularity=1m", fixture!("candles")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/merge-depth?symbol=BTCUSDT", fixture!("depth")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?granularity=1m", fixture!("candles")), @"");
    insta::assert_snapshot!(read("GET /api/v2/mix/market/candles?symbol=BTCUSDT", fixture!("candles")), @"");
}

#[test]
fn a_contract_has_steps_and_one_that_has_none_is_left_out_alone() {
    let listing = body::contracts(fixture!("contracts").as_bytes()).unwrap();
    let told: Vec<String> = listing
        .contracts
        .iter()
        .map(|it| {
            let trading = if it.is_trading() { "trading" } else { "not trading" };
            format!(
                "{} tick {} lot {} {}..{} market {} money {} every {} h {trading}",
                it.symbol, it.tick, it.lot, it.min_quantity, it.max_quantity, it.max_market_quantity, it.min_notional,
                it.funding_interval_hours
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"");
    let unread: Vec<String> = listing.unread.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(unread.join("\n"), @"");
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
    insta::assert_snapshot!(lines.join("\n"), @"");
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
    insta::assert_snapshot!(read("POST /api/v2/mix/order/place-order", fixture!("placed")), @"");
    insta::assert_snapshot!(read("POST /api/v2/mix/order/batch-cancel-orders", fixture!("cancelled_some")), @"");
    insta::assert_snapshot!(read("POST /api/v2/mix/account/set-leverage", fixture!("leverage")), @"");
    insta::assert_snapshot!(read("POST /api/v2/mix/account/set-position-mode", fixture!("position_mode")), @"");
    insta::assert_snapshot!(read("POST /api/v2/mix/order/place-order", fixture!("error")), @"");
    let cancelled = body::cancelled(fixture!("cancelled_some").as_bytes()).unwrap();
    assert_eq!((cancelled.done, cancelled.failures.len()), (1, 1));
}

#[test]
fn the_rest_of_the_catalogue_is_read_to_the_end() {
    let time = body::server_time(fixture!("time").as_bytes()).unwrap();
    assert_eq!(time, Timestamp::from_millis(1_764_000_000_120));
    assert_eq!(body::trade_rate(fixture!("trade_rate").as_bytes()).unwrap().taker.to_string(), "0.0006");
    insta::assert_snapshot!(read(&format!("{MIX}/market/query-position-lever"), fixture!("tiers")), @"");
    insta::assert_snapshot!(read(&format!("{MIX}/market/open-interest"), r#"{"code":"00000","data":{}}"#), @"");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), "<html>"), @"");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), ""), @"");
    insta::assert_snapshot!(read(&format!("{MIX}/position/all-position"), r#"{"code":"00000","data":null}"#), @"");
}

#[test]
fn a_position_of_a_contract_that_is_not_known_is_an_error() {
    let strange = fixture!("positions").replace("BTCUSDT", "BTCEUR");
    assert!(body::positions(strange.as_bytes(), &Symbols::by_suffix()).is_err());
}

#[test]
fn no_answer_panics() {
    let endpoints = [
        "GET /api/v2/mix/account/account", "GET /api/v2/mix/account/accounts", "GET /api/v2/mix/position/all-position",
        "GET /api/v2/mix/order/detail", "GET /api/v2/mix/order/orders-pending", "GET /api/v2/mix/order/fills",
        "GET /api/v2/mix/order/orders-plan-pending", "GET /api/v2/mix/account/bill", "GET /api/v2/mix/market/contracts",
        "GET /api/v2/mix/market/query-position-lever", "GET /api/v2/mix/market/candles?symbol=BTCUSDT&granularity=1m",
        "GET /api/v2/mix/market/tickers", "GET /api/v2/mix/position/adlRank", "POST /api/v2/mix/account/set-leverage",
    ];
    let all = [
        fixture!("account"), fixture!("accounts"), fixture!("positions"), fixture!("order"), fixture!("orders"),
        fixture!("plans"), fixture!("fills"), fixture!("bills"), fixture!("contracts"), fixture!("tiers"),
        fixture!("candles"), fixture!("depth"), fixture!("adl_rank"), fixture!("leverage"),
    ];
    let numbers = ["99999999999999999999999999", "-1e400", "0.00000000000000000000000000000000001", "79228162514264337593543950335", ""];
    for body in all {
        for (at, _) in body.char_indices().step_by(7) {
            let _ = read(endpoints[at % endpoints.len()], &body[..at]);
        }
        for endpoint in endpoints {
            for number in numbers {
                let _ = read(endpoint, &body.replace("61000.5", number).replace("0.02", number).replace("150000", number).replace("0.005", number).replace("10\"", number));
            }
        }
    }
}
