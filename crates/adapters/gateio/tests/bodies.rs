//! REST bodies of every kind we ask for, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_domain::{Fees, OrderStatus, PositionMode, Rate, Timestamp};
use plimsoll_gateio::wire::body::{self, Income, decode_endpoint};
use plimsoll_gateio::wire::{Reading, Symbols};
use proptest::prelude::*;
use std::sync::LazyLock;
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/rest_", $name, ".json"))
    };
}

static LISTED: LazyLock<Symbols> =
    LazyLock::new(|| Symbols::listed(&body::contracts(fixture!("contracts").as_bytes()).unwrap().contracts));

fn read(endpoint: &str, body: &str) -> String {
    told(decode_endpoint(endpoint, body.as_bytes(), Reading::new(&LISTED, PositionMode::OneWay)))
}

fn read_hedged(endpoint: &str, body: &str) -> String {
    told(decode_endpoint(endpoint, body.as_bytes(), Reading::new(&LISTED, PositionMode::Hedge)))
}

#[test]
fn a_contract_takes_its_table_and_the_accounts_fees() {
    let listing = body::contracts(fixture!("contracts").as_bytes()).unwrap();
    let unread: Vec<String> = listing.unread.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(unread.join("\n"), @"a size is above 0 and at most 100000000000000, got 0, in [4] ODD_USDT quanto_multiplier");
    let [btc, eth, old] = &listing.contracts[..] else { panic!("three linear contracts can be read") };
    assert!(btc.is_trading() && eth.is_trading() && !old.is_trading());
    assert_eq!((btc.lot.to_string(), eth.lot.to_string()), ("0.0001".to_owned(), "0.001".to_owned()));
    assert_eq!(eth.funding_interval_hours, 4);

    let tiers = body::margin_tiers(fixture!("tiers").as_bytes()).unwrap();
    let fees = body::fees(fixture!("fee").as_bytes()).unwrap()["BTC_USDT"];
    assert_eq!(fees, Fees { maker: "0.0002".parse().unwrap(), taker: "0.0005".parse().unwrap() });
    let bare = tiers.clone();
    let instrument = btc.instrument(tiers, fees);
    for (with_fee, line) in instrument.tiers.lines().iter().zip(bare.lines()) {
        assert_eq!(with_fee.rate.get() - line.rate.get(), instrument.liquidation_fee.get());
        assert_eq!((with_fee.floor, with_fee.deduction), (line.floor, line.deduction));
    }
    assert_eq!(instrument.multiplier.to_string(), "0.0001");
    assert_eq!(instrument.min_quantity.to_string(), "0.0001");
    assert_eq!(instrument.max_quantity.to_string(), "100");
    assert_eq!(instrument.max_market_quantity, instrument.max_quantity, "0 is no limit of its own");
    assert_eq!(eth.max_market_quantity.to_string(), "500");
    assert_eq!(instrument.liquidation_fee, "0.00075".parse::<Rate>().unwrap(), "the contract's own rate");
}

#[test]
fn deductions_follow_from_the_rates_and_are_checked() {
    let tiers = body::margin_tiers(fixture!("tiers").as_bytes()).unwrap();
    let told: Vec<String> =
        tiers.lines().iter().map(|it| format!("{}: {} - {}", it.floor, it.rate, it.deduction)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    0: 0.01 - 0
    20000: 0.013 - 60
    30000: 0.015 - 120
    50000: 0.02 - 370
    70000: 0.025 - 720
    ");
    let untold = fixture!("tiers").replace(r#","deduction":"720""#, "");
    assert_eq!(body::margin_tiers(untold.as_bytes()).unwrap(), tiers);
    let wrong = fixture!("tiers").replace(r#""720""#, r#""700""#);
    insta::assert_snapshot!(body::margin_tiers(wrong.as_bytes()).unwrap_err(), @"the line from 70000 deducts 700, not 720, in the margin table");
    let falling =
        fixture!("tiers").replace(r#""0.025","leverage_max":"25","deduction":"720""#, r#""0.001","leverage_max":"25""#);
    insta::assert_snapshot!(body::margin_tiers(falling.as_bytes()).unwrap_err(), @"line 5 of the margin table has rate 0.001, below the 0.02 of the line before, in the margin table");
    let paged = fixture!("tiers").replace(r#","deduction""#, r#","contract":"ZTX_USDT","deduction""#);
    assert_eq!(body::margin_tables(paged.as_bytes()).unwrap()["ZTX_USDT"], Ok(tiers));
}

#[test]
fn the_account_says_what_it_holds_and_how_it_is_set() {
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/accounts", fixture!("account")), @r"
    balance USDT wallet 1000.5 cross - available 730.25 equity 1007.75 unrealized 7.25 @0+0
    position mode one_way @0+0
    ");
    let unified = fixture!("account").replace(r#""enable_tiered_mm":true"#, r#""margin_mode":1"#);
    assert!(read("GET /accounts", &unified).contains("available 731 "), "{}", read("GET /accounts", &unified));
    let split = fixture!("account").replace(r#""position_mode":"single""#, r#""position_mode":"dual_plus""#);
    assert_eq!(body::account(split.as_bytes()).unwrap().mode, None);
    let old = fixture!("account").replace(r#","position_mode":"single""#, "");
    assert_eq!(body::account(old.as_bytes()).unwrap().mode, Some(PositionMode::OneWay));
    assert_eq!(body::account(old.as_bytes()).unwrap().user, "7001");
}

#[test]
fn positions_come_one_by_one_in_lists_and_as_legs() {
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/positions", fixture!("positions")), @r"
    position BTC/USDT:USDT both long 0.015 from 60500.1 mark 61010.12 liquidation - unrealized 7.65 realized -2.5 leverage 20x cross margin - maintenance 5.25 @1764000000000+170919
    position ETH/USDT:USDT both closed mark 61010.12 liquidation - unrealized 0 realized -2.5 leverage 7x isolated margin 0 maintenance - @1764000000000+170919
    ");
    insta::assert_snapshot!(read_hedged("GET /api/v4/futures/usdt/dual_comp/positions/BTC_USDT", fixture!("positions_dual")), @r"
    position BTC/USDT:USDT long long 0.015 from 60500.1 mark 61010.12 liquidation 52100.5 unrealized 7.65 realized -2.5 leverage 20x isolated margin 250 maintenance 5.25 @1764000000000+170919
    position BTC/USDT:USDT short short 0.003 from 61200 mark 61010.12 liquidation 69000.5 unrealized 0.57 realized -2.5 leverage 20x isolated margin 80 maintenance - @1764000000000+170919
    ");
    let list = fixture!("positions_dual");
    assert_eq!(read("POST /api/v4/futures/usdt/positions/BTC_USDT/leverage", list), read("GET /positions", list));
}

#[test]
fn orders_are_told_as_they_are() {
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/orders/94294117235059656", fixture!("order")), @"order 94294117235059656 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000120+0");
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/orders", fixture!("orders")), @r"
    order 94294117235059656 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000100+0
    order 94294117235059656 'web' BTC/USDT:USDT buy both limit post_only quantity 0.02 price 60000 trigger - canceled filled - mean - child - @1764000009500+0
    ");
    insta::assert_snapshot!(read("POST /api/v4/futures/usdt/batch_orders", fixture!("batch")), @r"
    order 94294117235059656 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000000100+0
    venue error CONTRACT_IN_DELISTING: flag close or reduce
    ");
    insta::assert_snapshot!(body::placed(fixture!("order").as_bytes()).unwrap(), @"94294117235059656");
    insta::assert_snapshot!(read("POST /price_orders", r#"{"id":1432329,"id_string":"1432329"}"#), @"nothing");
}

#[test]
fn triggers_are_conditional_orders() {
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/price_orders", fixture!("price_orders")), @r"
    order 9256 'plim-sl1' BTC/USDT:USDT sell both stop_market - reduce-only close-position quantity - price - trigger 59000 new filled - mean - child - @1764000000000+0
    order 9257 'plim-tp1' BTC/USDT:USDT sell both take_profit gtc reduce-only quantity 0.01 price 63000 trigger 62900 new filled - mean - child 94294117235059777 @1764000100000+0
    order 9258 'web' BTC/USDT:USDT buy both stop_market - quantity 0.01 price - trigger 65000 expired filled - mean - child - @1764086400000+0
    ");
    insta::assert_snapshot!(read("DELETE /price_orders/9256", r#"{"id":9256}"#), @"nothing");
}

#[test]
fn trades_say_which_leg_they_changed() {
    insta::assert_snapshot!(read("GET /api/v4/futures/usdt/my_trades", fixture!("my_trades")), @r"
    fill 9001 order 94294117235059656 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.0610005 USDT maker profit - by order @1764000000120
    fill 9002 order 94294117235059657 'liq-94294117235059657' BTC/USDT:USDT sell both 0.4 at 52010.4 fee 1.5 POINT taker profit - by liquidation @1764000000500
    ");
    insta::assert_snapshot!(read_hedged("GET /api/v4/futures/usdt/my_trades", fixture!("my_trades")), @r"
    fill 9001 order 94294117235059656 'plim-a1' BTC/USDT:USDT sell long 0.005 at 61000.5 fee 0.0610005 USDT maker profit - by order @1764000000120
    fill 9002 order 94294117235059657 'liq-94294117235059657' BTC/USDT:USDT sell long 0.4 at 52010.4 fee 1.5 POINT taker profit - by liquidation @1764000000500
    ");
    insta::assert_snapshot!(read_hedged("GET /api/v4/futures/usdt/my_trades_timerange", fixture!("my_trades_timerange")), @"fill 9001 order 94294117235059656 'plim-a1' BTC/USDT:USDT sell short 0.005 at 61000.5 fee 0.0610005 USDT maker profit 0 by order @1764000000120");
}

/// Old answers number no row: those that say the same are as many bookings.
#[test]
fn rows_without_an_id_are_as_many_bookings_as_there_are_rows() {
    let row = |amount: &str, more: &str| {
        format!(r#"{{"time":1700000000.5,"change":"{amount}","type":"dnw","text":"x","contract":""{more}}}"#)
    };
    let rows = [row("1", ""), row("1", ""), row("2", ""), row("1", r#","id":"7""#), row("1", r#","id":"8""#)];
    let income = body::income(format!("[{}]", rows.join(",")).as_bytes(), &LISTED, "USDT").unwrap();
    let ids: Vec<String> = income
        .iter()
        .filter_map(|row| if let Income::Booked(booking) = row { Some(booking.id.clone()) } else { None })
        .collect();
    assert_eq!(ids[3..], ["dnw-7", "dnw-8"]);
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 5, "{ids:?}");
    let again = body::income(format!("[{}]", rows.join(",")).as_bytes(), &LISTED, "USDT").unwrap();
    assert_eq!(again, income, "the same rows have the same ids");
}

#[test]
fn a_trigger_that_names_no_order_has_expired() {
    let trigger = |more: &str| {
        format!(
            r#"{{"initial":{{"contract":"BTC_USDT","size":0,"price":"0","tif":"ioc","close":true}},"trigger":{{"strategy_type":0,"price_type":1,"price":"3000","rule":2}},"id":7,"create_time":1514764800,"finish_time":1514764900,"order_type":"close-long-position",{more}}}"#
        )
    };
    let status = |more: &str| {
        let body = trigger(more);
        body::trigger(body.as_bytes(), Reading::new(&LISTED, PositionMode::OneWay)).unwrap().status
    };
    assert_eq!(status(r#""status":"finished","finish_as":"succeeded","trade_id":13566"#), OrderStatus::New);
    for gone in ["\"trade_id\":0", "\"trade_id\":\"0\"", "\"reason\":\"\""] {
        assert_eq!(status(&format!(r#""status":"finished","finish_as":"succeeded",{gone}"#)), OrderStatus::Expired);
    }
    assert_eq!(status(r#""status":"open""#), OrderStatus::New);
}

#[test]
fn every_booking_is_of_a_kind() {
    let told: Vec<String> = body::income(fixture!("account_book").as_bytes(), &LISTED, "usdt")
        .unwrap()
        .iter()
        .map(|row| match row {
            Income::Traded { symbol, .. } => format!("traded {symbol:?} @{}", row.time().as_millis()),
            Income::Funding(it) => {
                format!("funding {} {} {:?} @{}", it.payment, it.currency, it.id, it.time.as_millis())
            }
            Income::Booked(it) => {
                format!("{} {} {} {} @{}", it.id, it.kind, it.amount, it.currency, it.time.as_millis())
            }
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    unheard_of-880004 other:unheard_of -3.75 USDT @1764000005250
    funding 0.25 USDT Some("fund-880003") @1764000000000
    traded Some(Symbol("BTC/USDT:USDT")) @1763999999500
    dnw-880001 transfer 1000 USDT @1763990000000
    "#);
    assert_eq!(body::funding_payments(fixture!("account_book").as_bytes(), &LISTED, "usdt").unwrap().len(), 1);
    insta::assert_snapshot!(read("GET /account_book", fixture!("account_book")), @r"
    unknown: booking other:unheard_of -3.75
    funding BTC/USDT:USDT pays 0.25 USDT id fund-880003 @1764000000000
    unknown: profit or fee of a trade
    unknown: booking transfer 1000
    ");
}

#[test]
fn forced_closes_are_told() {
    insta::assert_snapshot!(read("GET /liquidates", fixture!("liquidates")), @"liquidation BTC/USDT:USDT both 0.4 at 52010.4 level - @1764000000000");
    insta::assert_snapshot!(read("GET /auto_deleverages", fixture!("auto_deleverages")), @"adl BTC/USDT:USDT both 0.001 at 52000 level - @1764000000000");
}

#[test]
fn prices_and_funding_are_told() {
    insta::assert_snapshot!(read("GET /tickers", fixture!("tickers")), @r"
    mark BTC/USDT:USDT 61010.12 index 61008.1 @0
    funding rate BTC/USDT:USDT 0.0001 next - mark 61010.12 index 61008.1 @0
    quotes BTC/USDT:USDT bid 0.0015 at 61010.9 ask 0.1 at 61011.1 @0
    ");
    insta::assert_snapshot!(read("GET /funding_rate?contract=BTC_USDT", fixture!("funding_rate")), @r"
    settled funding BTC/USDT:USDT -0.00002 mark - @1763971201000
    settled funding BTC/USDT:USDT 0.0001 mark - @1764000000000
    ");
    insta::assert_snapshot!(read("POST /funding_rates", &format!(r#"[{{"contract":"ETH_USDT","data":{}}}]"#, fixture!("funding_rate"))), @r"
    settled funding ETH/USDT:USDT 0.0001 mark - @1764000000000
    settled funding ETH/USDT:USDT -0.00002 mark - @1763971201000
    ");
    insta::assert_snapshot!(read("GET /candlesticks?contract=BTC_USDT&interval=1m", fixture!("candles")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61030.5 60990 61020 volume 12.5000 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61020 61025 61010 61015 volume 1.5000 closed false
    ");
    insta::assert_snapshot!(read("GET /candlesticks?contract=mark_BTC_USDT&interval=1m", fixture!("candles")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61030.5 60990 61020 volume 0 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61020 61025 61010 61015 volume 0 closed false
    ");
    insta::assert_snapshot!(read("GET /candlesticks", fixture!("candles")), @"error: the body does not say of which contract it is: add ?contract=… to the endpoint, in /candlesticks contract");
    insta::assert_snapshot!(read("GET /order_book?contract=BTC_USDT", fixture!("order_book")), @"book BTC/USDT:USDT 123456..123456 after - bids [2.2500@61000] asks [0.0100@61000.3] @1764000003121");
    insta::assert_snapshot!(read("GET /trades?contract=BTC_USDT", fixture!("trades")), @"trade BTC/USDT:USDT 121234231 0.01 at 61000.2 taker sell @1764000003200");
    let time = Timestamp::from_millis(1_764_000_003_000);
    let marks = body::mark_and_funding(fixture!("contract").as_bytes(), &LISTED, time).unwrap();
    let [(mark, Some(funding))] = &marks[..] else { panic!("one contract with funding") };
    assert_eq!((mark.price.to_string(), mark.time), ("61010.12".to_owned(), time));
    assert_eq!(funding.interval_hours, Some(8));
    assert_eq!(funding.next_time, Some(Timestamp::from_millis(1_764_014_400_000)));
}

#[test]
fn a_candle_is_closed_once_its_end_has_passed() {
    let (symbol, minute) = ("BTC/USDT:USDT".parse().unwrap(), std::time::Duration::from_secs(60));
    let closed = |now: i64| -> Vec<bool> {
        let (of, now) = (body::CandlesOf::Trades, Some(Timestamp::from_millis(now)));
        let candles = body::candles(fixture!("candles").as_bytes(), &LISTED, &symbol, of, minute, now).unwrap();
        candles.iter().map(|candle| candle.closed).collect()
    };
    assert_eq!(closed(1_764_000_119_999), [true, false]);
    assert_eq!(closed(1_764_000_120_000), [true, true]);
}

#[test]
fn errors_successes_and_strangers_are_told_apart() {
    insta::assert_snapshot!(read("POST /orders", fixture!("error")), @"venue error ORDER_POC_IMMEDIATE: order price 1700 while counter price 1793.55");
    insta::assert_snapshot!(read("POST /orders", r#"{"label":"INVALID_PARAM_VALUE","message":"Invalid parameter `text`"}"#), @"venue error INVALID_PARAM_VALUE: Invalid parameter `text`");
    insta::assert_snapshot!(read("POST /batch_cancel_orders", r#"[{"user_id":111,"id":"123456","succeeded":true,"message":""},{"id":"7","succeeded":false,"message":"ORDER_NOT_FOUND"}]"#), @"venue error ORDER_NOT_FOUND: ORDER_NOT_FOUND");
    insta::assert_snapshot!(read("POST /countdown_cancel_all", r#"{"triggerTime":"1660039145000"}"#), @"nothing");
    insta::assert_snapshot!(read("GET /api/v4/spot/time", r#"{"server_time":1597026383085}"#), @"nothing");
    insta::assert_snapshot!(read("GET /contracts", &fixture!("contracts").replace(r#""quanto_multiplier":"0","order"#, r#""quanto_multiplier":"1","order"#)), @"unknown: 4 contracts");
    insta::assert_snapshot!(read("GET /risk_limit_tiers?contract=BTC_USDT", fixture!("tiers")), @"unknown: a margin table");
    insta::assert_snapshot!(read("GET /fee", fixture!("fee")), @"unknown: fees");
    insta::assert_snapshot!(read("GET /insurance", r#"[{"t":1543968000,"b":"83.0031"}]"#), @"unknown: GET /insurance");
    insta::assert_snapshot!(read("GET /accounts", "<html>"), @"error: expected value, in /accounts line 1 column 1");
    insta::assert_snapshot!(read("GET /positions", "{}"), @"error: missing field `contract`, in /positions line 1 column 2");
    insta::assert_snapshot!(read("nonsense", "[]"), @"unknown: GET nonsense");
    assert_eq!(body::acknowledged(b"[]"), Ok(()));
    assert!(body::acknowledged(b"<html>").is_err());
    assert_eq!(body::user_id(br#"{"user_id":1667201533,"tier":2}"#).unwrap(), "1667201533");
}

const BODIES: [(&str, &str); 12] = [
    ("GET /contracts", fixture!("contracts")),
    ("GET /risk_limit_tiers?contract=BTC_USDT", fixture!("tiers")),
    ("GET /accounts", fixture!("account")),
    ("GET /positions", fixture!("positions")),
    ("GET /dual_comp/positions/BTC_USDT", fixture!("positions_dual")),
    ("GET /orders", fixture!("orders")),
    ("POST /batch_orders", fixture!("batch")),
    ("GET /my_trades", fixture!("my_trades")),
    ("GET /account_book", fixture!("account_book")),
    ("GET /price_orders", fixture!("price_orders")),
    ("GET /candlesticks?contract=BTC_USDT", fixture!("candles")),
    ("GET /tickers", fixture!("tickers")),
];

proptest! {
    #[test]
    fn no_damage_makes_it_panic(which in 0..BODIES.len(), at in any::<prop::sample::Index>(), with in ".{0,3}", cut in 0usize..4) {
        let (endpoint, body) = BODIES[which];
        let at = at.index(body.len());
        let mut damaged = body.as_bytes()[..at].to_vec();
        damaged.extend_from_slice(with.as_bytes());
        damaged.extend_from_slice(body.as_bytes().get(at + cut..).unwrap_or_default());
        let _ = decode_endpoint(endpoint, &damaged, Reading::new(&LISTED, PositionMode::Hedge));
    }

    #[test]
    fn no_number_makes_it_panic(which in 0..BODIES.len(), nth in 0usize..40, number in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
        let (endpoint, body) = BODIES[which];
        let parts: Vec<&str> = body.split(['"', ':', ',']).collect();
        let numeric = |part: &&str| part.parse::<f64>().is_ok();
        let Some(part) = parts.iter().copied().filter(numeric).nth(nth) else { return Ok(()) };
        let damaged = body.replace(part, &number);
        let _ = decode_endpoint(endpoint, damaged.as_bytes(), Reading::new(&LISTED, PositionMode::OneWay));
    }
}
