//! WebSocket messages of every documented kind, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_binance::wire::{Symbols, decode};
use proptest::prelude::*;
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/ws_", $name, ".json"))
    };
}

fn read(frame: &str) -> String {
    told(decode(frame.as_bytes(), &Symbols::by_suffix(), 5))
}

#[test]
fn an_order_is_told_as_it_is_now() {
    insta::assert_snapshot!(read(fixture!("order_new")), @"order 70010001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("order_amended")), @"order 70010001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.03 price 60990 trigger - new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("order_expired")), @"order 70010001 'plim-a1' BTC/USDT:USDT buy both market gtc quantity 0.02 price - trigger - expired filled 0.012 mean 61002.1 child - @1764000000120+5");
}

#[test]
fn a_fill_is_told_beside_its_order() {
    insta::assert_snapshot!(read(fixture!("order_fill")), @r"
    order 70010001 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000120+5
    fill 9001 order 70010001 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.0610005 USDT maker profit 1.25 by order @1764000000120
    ");
}

#[test]
fn a_fill_that_does_not_say_who_took_is_a_fill() {
    let silent = fixture!("order_fill").replace(r#""m":true,"#, "");
    assert_ne!(silent, fixture!("order_fill"));
    insta::assert_snapshot!(read(&silent), @r"
    order 70010001 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000120+5
    fill 9001 order 70010001 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.0610005 USDT - profit 1.25 by order @1764000000120
    ");
}

#[test]
fn nesting_costs_no_stack() {
    for (open, close) in [("[", "]"), (r#"{"stream":"s","data":"#, "}"), (r#"{"stream":"s","data":["#, "]}")] {
        for depth in [2, 3, 200, 200_000] {
            for inner in ["", "1", r#"{"e":"x"}"#] {
                let whole = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                let told = decode(whole.as_bytes(), &Symbols::by_suffix(), 5);
                assert!(told.is_err(), "{depth} times {open} around {inner:?}: {told:?}");
                assert!(decode(open.repeat(depth).as_bytes(), &Symbols::by_suffix(), 5).is_err());
            }
        }
    }
    let prices = format!(r#"{{"stream":"!markPrice@arr","data":[{}]}}"#, fixture!("mark_price"));
    assert_eq!(read(&prices), read(fixture!("mark_price")), "a list within a stream");
}

#[test]
fn forced_fills_say_who_forced_them() {
    insta::assert_snapshot!(read(fixture!("order_liquidation")), @r"
    order 70010001 'autoclose-1764000000120000001' BTC/USDT:USDT sell long limit ioc reduce-only quantity 0.4 price 52000 trigger - filled filled 0.4 mean 52010.4 child - @1764000000120+5
    fill 9002 order 70010001 'autoclose-1764000000120000001' BTC/USDT:USDT sell long 0.4 at 52010.4 fee 10.40208 USDT taker profit -3100.5 by liquidation @1764000000120
    liquidation BTC/USDT:USDT long 0.4 at 52010.4 level - @1764000000120
    ");
    insta::assert_snapshot!(read(fixture!("order_adl")), @r"
    order 70010001 'adl_autoclose' BTC/USDT:USDT buy short limit ioc reduce-only quantity 0.1 price 52000 trigger - filled filled 0.1 mean 52000 child - @1764000000120+5
    fill 9003 order 70010001 'adl_autoclose' BTC/USDT:USDT buy short 0.1 at 52000 fee 0 USDT taker profit 410 by adl @1764000000120
    adl BTC/USDT:USDT short 0.1 at 52000 level - @1764000000120
    ");
}

#[test]
fn the_fast_copy_of_a_fill_is_a_notice_and_no_fill() {
    insta::assert_snapshot!(read(fixture!("trade_lite")), @"fill notice BTC/USDT:USDT sell 0.005 at 61000.5 maker trade 9001 order 70010001 'plim-a1' @1764000000120");
}

#[test]
fn balances_and_positions_are_whole_states() {
    insta::assert_snapshot!(read(fixture!("account_order")), @r"
    balance USDT wallet 998.75 cross 748.75 available - equity - unrealized - @1764000000120+5
    position BTC/USDT:USDT long long 0.015 from 60500.1 mark - liquidation - unrealized 7.5 realized 1.25 leverage - isolated margin 250 maintenance - @1764000000120+5
    position BTC/USDT:USDT short closed mark - liquidation - unrealized 0 realized -4 leverage - isolated margin 0 maintenance - @1764000000120+5
    position ETH/USDT:USDT short short 2 from 3010.25 mark - liquidation - unrealized -1.5 realized 0 leverage - cross margin - maintenance - @1764000000120+5
    ");
}

#[test]
fn funding_is_the_change_of_the_balance() {
    insta::assert_snapshot!(read(fixture!("account_funding")), @r"
    balance USDT wallet 998.5 cross 998.5 available - equity - unrealized - @1764000000120+5
    funding BTC/USDT:USDT pays 0.25 USDT id - @1764000000120
    ");
}

#[test]
fn a_margin_mode_is_told_by_its_reason() {
    insta::assert_snapshot!(read(fixture!("account_margin_type")), @r"
    position BTC/USDT:USDT both closed mark - liquidation - unrealized 0 realized 0 leverage - isolated margin 0 maintenance - @1764000000120+5
    margin mode BTC/USDT:USDT isolated @1764000000120+5
    ");
}

#[test]
fn a_conditional_order_names_its_child_once_it_has_one() {
    insta::assert_snapshot!(read(fixture!("algo_new")), @"order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc close-position quantity - price - trigger 59000 new filled - mean - child - @1764000000500+5");
    insta::assert_snapshot!(read(fixture!("algo_triggering")), @"order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc reduce-only quantity 0.015 price - trigger 59000 new filled - mean - child - @1764000000500+5");
    insta::assert_snapshot!(read(fixture!("algo_triggered")), @"order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc reduce-only quantity 0.015 price - trigger 59000 new filled - mean - child 70010077 @1764000000500+5");
    insta::assert_snapshot!(read(fixture!("algo_finished")), @"order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc reduce-only quantity 0.015 price - trigger 59000 filled filled 0.015 mean 58990.2 child 70010077 @1764000000500+5");
}

#[test]
fn a_rejected_conditional_order_says_why() {
    insta::assert_snapshot!(read(fixture!("algo_rejected")), @r"
    order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc reduce-only quantity 0.015 price - trigger 59000 rejected filled - mean - child - @1764000000500+5
    venue error ALGO_UPDATE REJECTED: Reduce Only reject
    ");
    insta::assert_snapshot!(read(fixture!("trigger_reject")), @"venue error CONDITIONAL_ORDER_TRIGGER_REJECT: order 70010090 of BTC/USDT:USDT: the order cannot fill whole");
}

#[test]
fn warnings_and_settings_are_told() {
    insta::assert_snapshot!(read(fixture!("margin_call")), @"margin call BTC/USDT:USDT long 0.015 mark 58500.2 maintenance 3.5 @1764000000900");
    insta::assert_snapshot!(read(fixture!("leverage")), @"leverage BTC/USDT:USDT 7x @1764000001000+5");
    insta::assert_snapshot!(read(fixture!("multi_assets")), @"unknown: multi-assets mode on");
}

#[test]
fn the_connection_is_told_of_without_its_key() {
    insta::assert_snapshot!(read(fixture!("listen_key_expired")), @"stream expired");
    insta::assert_snapshot!(read(fixture!("subscribed")), @"subscribed 12");
    insta::assert_snapshot!(read(fixture!("refused_request")), @"venue error 2: Invalid request: unknown stream");
    insta::assert_snapshot!(read(fixture!("grid_update")), @"unknown: GRID_UPDATE");
    insta::assert_snapshot!(read(fixture!("contract_info")), @"contract changed BTCUSDT");
}

#[test]
fn answers_of_the_request_response_socket_are_known_by_their_shape() {
    insta::assert_snapshot!(read(fixture!("ws_api_order")), @"order 70010101 'plim-a2' BTC/USDT:USDT buy long limit post_only quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000003700+0");
    insta::assert_snapshot!(read(fixture!("ws_api_error")), @"venue error -1102: Mandatory parameter 'price' was not sent.");
}

#[test]
fn prices_come_raw_wrapped_and_in_lists() {
    insta::assert_snapshot!(read(fixture!("mark_price")), @r"
    mark BTC/USDT:USDT 61010.12345678 index 61008.1 @1764000003000
    funding rate BTC/USDT:USDT -0.00002 next @1764028800000 mark 61010.12345678 index 61008.1 @1764000003000
    ");
    insta::assert_snapshot!(read(fixture!("mark_price_all")), @r"
    mark ETH/USDT:USDT 3010.5 index 3010.1 @1764000003000
    funding rate ETH/USDT:USDT 0.0001 next @1764028800000 mark 3010.5 index 3010.1 @1764000003000
    unknown: 'BTCUSDT_261225' is no perpetual contract that is known
    ");
    insta::assert_snapshot!(read(fixture!("book_ticker")), @"quotes BTC/USDT:USDT bid 3.5 at 61000.1 ask - @1764000003100");
    insta::assert_snapshot!(read(fixture!("depth")), @"book BTC/USDT:USDT 5002..5009 after 5001 bids [0@61000.1 2.25@61000] asks [1@61000.3] @1764000003200");
    insta::assert_snapshot!(read(fixture!("kline")), @"candle BTC/USDT:USDT @1764000000000 60s 61000 61030.5 60990 61020 volume 12.5 closed true");
    insta::assert_snapshot!(read(fixture!("agg_trade")), @"trade BTC/USDT:USDT 81 0.4 at 61000.2 taker sell @1764000003300");
    insta::assert_snapshot!(read(fixture!("mini_ticker")), @"last BTC/USDT:USDT 61001 @1764000003400");
    insta::assert_snapshot!(read(fixture!("force_order")), @"public liquidation BTC/USDT:USDT sell 0.4 at 52010.4 @1764000003500");
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_what_and_where() {
    let order = fixture!("order_fill");
    let edited = |from: &str, to: &str| {
        assert!(order.contains(from), "{from}");
        read(&order.replace(from, to))
    };
    insta::assert_snapshot!(edited(r#""X":"PARTIALLY_FILLED""#, r#""X":"HALF_FILLED""#), @"error: unknown order status 'HALF_FILLED', in ORDER_TRADE_UPDATE o.X");
    insta::assert_snapshot!(edited(r#""x":"TRADE""#, r#""x":"GIFT""#), @"error: unknown execution type 'GIFT', in ORDER_TRADE_UPDATE o.x");
    insta::assert_snapshot!(edited(r#""o":"LIMIT""#, r#""o":"ICEBERG""#), @"error: unknown order type 'ICEBERG', in ORDER_TRADE_UPDATE o.o");
    insta::assert_snapshot!(edited(r#""S":"SELL","#, ""), @"error: missing field `S`, in ORDER_TRADE_UPDATE line 1 column 484");
    insta::assert_snapshot!(edited(r#""l":"0.005""#, r#""l":"-0.005""#), @"error: a size is above 0 and at most 100000000000000, got -0.005, in ORDER_TRADE_UPDATE o.l");
    insta::assert_snapshot!(edited(r#""L":"61000.5""#, r#""L":"1e99""#), @"error: '1e99' is not a decimal number that can be kept exactly, in ORDER_TRADE_UPDATE o.L");
    insta::assert_snapshot!(edited(r#""t":9001"#, r#""t":-1"#), @"error: '-1' is no id, in ORDER_TRADE_UPDATE o.t");
    insta::assert_snapshot!(edited(r#""s":"BTCUSDT""#, r#""s":"BTCUSDT_261225""#), @"error: 'BTCUSDT_261225' is no perpetual contract that is known, in ORDER_TRADE_UPDATE symbol");
    insta::assert_snapshot!(edited(r#""p":"61000.5""#, r#""p":"1","p":"2""#), @"error: duplicate field `p`, in ORDER_TRADE_UPDATE line 1 column 150");
    insta::assert_snapshot!(read("not json"), @"error: expected ident, in line 1 column 2");
    insta::assert_snapshot!(read("[1]"), @"error: not an object, in [0] the whole message");
    insta::assert_snapshot!(read("7"), @"error: neither an object nor a list, in the whole message");
    insta::assert_snapshot!(read(""), @"error: EOF while parsing a value, in line 1 column 0");
    insta::assert_snapshot!(read(r#"{"e":"ORDER_TRADE_UPDATE"}"#), @"error: missing field `T`, in ORDER_TRADE_UPDATE line 1 column 26");
    insta::assert_snapshot!(told(decode(b"\xff{}", &Symbols::by_suffix(), 0)), @"error: not UTF-8, in byte 0");
}

#[test]
fn a_leg_of_the_wrong_sign_is_refused() {
    let frame = fixture!("account_order").replace(r#""pa":"-2""#, r#""pa":"2""#);
    insta::assert_snapshot!(read(&frame), @"error: 2 is not the amount of a short leg, in ACCOUNT_UPDATE a.P.pa");
}

#[test]
fn a_bare_number_is_read_to_its_last_digit() {
    let frame = fixture!("order_fill").replace(r#""L":"61000.5""#, r#""L":61000.123456789012345678"#);
    assert!(read(&frame).contains("at 61000.123456789012345678"), "{}", read(&frame));
}

#[test]
fn an_event_whose_type_comes_last_is_read_too() {
    let frame = fixture!("leverage").trim().replace(r#""e":"ACCOUNT_CONFIG_UPDATE","#, "");
    let frame = frame.replace("}}", r#"},"e":"ACCOUNT_CONFIG_UPDATE"}"#);
    assert_eq!(read(&frame), read(fixture!("leverage")));
}

const FRAMES: [&str; 12] = [
    fixture!("order_fill"),
    fixture!("order_liquidation"),
    fixture!("trade_lite"),
    fixture!("account_order"),
    fixture!("account_funding"),
    fixture!("algo_finished"),
    fixture!("margin_call"),
    fixture!("leverage"),
    fixture!("mark_price_all"),
    fixture!("depth"),
    fixture!("kline"),
    fixture!("ws_api_order"),
];

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, &Symbols::by_suffix(), 0);
    }

    #[test]
    fn no_damage_makes_it_panic(which in 0..FRAMES.len(), at in any::<prop::sample::Index>(), with in ".{0,3}", cut in 0usize..4) {
        let frame = FRAMES[which].as_bytes();
        let at = at.index(frame.len());
        let mut damaged = frame[..at].to_vec();
        damaged.extend_from_slice(with.as_bytes());
        damaged.extend_from_slice(frame.get(at + cut..).unwrap_or_default());
        let _ = decode(&damaged, &Symbols::by_suffix(), 0);
    }

    #[test]
    fn no_number_makes_it_panic(which in 0..FRAMES.len(), nth in 0usize..40, number in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
        let parts: Vec<&str> = FRAMES[which].split('"').collect();
        let numeric = |part: &&str| part.parse::<f64>().is_ok();
        let Some(part) = parts.iter().copied().filter(numeric).nth(nth) else { return Ok(()) };
        let frame = FRAMES[which].replace(&format!("\"{part}\""), &format!("\"{number}\""));
        let _ = decode(frame.as_bytes(), &Symbols::by_suffix(), 0);
        let frame = FRAMES[which].replace(&format!("\"{part}\""), &number);
        let _ = decode(frame.as_bytes(), &Symbols::by_suffix(), 0);
    }
}
