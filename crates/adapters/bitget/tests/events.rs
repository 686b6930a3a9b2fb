//! WebSocket messages of every documented kind, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_bitget::wire::{Protocol, Symbols, decode, read as frame};
use proptest::prelude::*;
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/ws_", $name, ".json"))
    };
}

fn read(frame: &str) -> String {
    told(decode(frame.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 5))
}

#[test]
fn an_order_is_told_as_it_is_now() {
    insta::assert_snapshot!(read(fixture!("order_live")), @"order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("order_market_live")), @"order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy both market gtc quantity 0.02 price - trigger - new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("order_canceled")), @"order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - canceled filled 0.005 mean - child - @1764000000120+5");
}

#[test]
fn a_fill_is_told_beside_its_order_with_the_figures_of_this_fill_alone() {
    insta::assert_snapshot!(read(fixture!("order_fill")), @r"
    order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.012 mean 60999.9 child - @1764000000120+5
    fill 1380000000000000777 order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.1830015 USDT maker profit 1.25 by order @1764000000119
    ");
}

#[test]
fn with_legs_the_trade_is_told_not_the_leg() {
    insta::assert_snapshot!(read(fixture!("order_hedge_close")), @r"
    order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell long limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.012 mean 60999.9 child - @1764000000120+5
    fill 1380000000000000777 order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell long 0.005 at 61000.5 fee 0.1830015 USDT maker profit 1.25 by order @1764000000119
    ");
    insta::assert_snapshot!(read(fixture!("fill_hedge_close_short")), @"fill 1380000000000000777 order 1380000000000000001 'plim-a1' BTC/USDT:USDT buy short 0.005 at 61000.5 fee 0.1830015 USDT maker profit 1.25 by order @1764000000119");
}

#[test]
fn forced_fills_say_who_forced_them() {
    insta::assert_snapshot!(read(fixture!("order_burst")), @r"
    order 1380000000000000001 '' BTC/USDT:USDT sell long market gtc reduce-only quantity 0.02 price - trigger - filled filled 0.012 mean 60999.9 child - @1764000000120+5
    fill 1380000000000000777 order 1380000000000000001 '' BTC/USDT:USDT sell long 0.005 at 61000.5 fee 0.1830015 USDT taker profit -310.5 by liquidation @1764000000119
    liquidation BTC/USDT:USDT long 0.005 at 61000.5 level - @1764000000119
    ");
    insta::assert_snapshot!(read(fixture!("fill_adl")), @r"
    fill 1380000000000000777 order 1380000000000000001 '' BTC/USDT:USDT buy short 0.005 at 61000.5 fee 0 USDT maker profit 1.25 by adl @1764000000119
    adl BTC/USDT:USDT short 0.005 at 61000.5 level - @1764000000119
    ");
    insta::assert_snapshot!(read(fixture!("adl_noti")), @"adl BTC/USDT:USDT both - at 88291.2 level - @1764000000120");
}

#[test]
fn a_fee_that_is_paid_is_positive_here() {
    insta::assert_snapshot!(read(fixture!("fill")), @"fill 1380000000000000777 order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.1830015 USDT maker profit 1.25 by order @1764000000119");
    insta::assert_snapshot!(read(fixture!("fill_two_fees")), @"fill 1380000000000000777 order 1380000000000000001 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.015 BGB maker profit 1.25 by order @1764000000119");
}

#[test]
fn plan_orders_say_what_they_wait_for() {
    insta::assert_snapshot!(read(fixture!("algo_stop")), @"order 1380000000000000050 'plim-s1' BTC/USDT:USDT sell long stop_market - reduce-only quantity 0.02 price - trigger 59000.5 new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("algo_whole_one_way")), @"order 1380000000000000050 'plim-s1' BTC/USDT:USDT sell both take_profit_market - reduce-only close-position quantity - price - trigger 59000.5 new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("algo_trigger_limit")), @"order 1380000000000000050 'plim-s1' BTC/USDT:USDT buy long stop - quantity 0.02 price 58990 trigger 59000.5 new filled - mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("algo_executed")), @"order 1380000000000000050 'plim-s1' BTC/USDT:USDT sell long stop_market - reduce-only quantity 0.02 price - trigger 59000.5 filled filled 0.02 mean - child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("algo_failed")), @"order 1380000000000000050 'plim-s1' BTC/USDT:USDT sell long stop_market - reduce-only quantity 0.02 price - trigger 59000.5 rejected filled - mean - child - @1764000000120+5");
}

#[test]
fn positions_are_told_with_their_side_and_a_negative_liquidation_price_is_none() {
    insta::assert_snapshot!(read(fixture!("positions")), @r"
    position BTC/USDT:USDT long long 0.02 from 61000.5 mark 60900 liquidation 17629.684814834 unrealized -2.01 realized 1.25 leverage 10x cross margin - maintenance - @1764000000119+5
    position ETH/USDT:USDT short short 1.5 from 3000 mark 60900 liquidation - unrealized -2.01 realized 0 leverage 10x isolated margin 450 maintenance - @1764000000119+5
    ");
    insta::assert_snapshot!(read(fixture!("positions_one_way_short")), @"position BTC/USDT:USDT both short 0.02 from 61000.5 mark 60900 liquidation - unrealized -2.01 realized 1.25 leverage 10x cross margin - maintenance - @1764000000119+5");
    insta::assert_snapshot!(read(fixture!("positions_flat")), @"nothing");
    insta::assert_snapshot!(read(fixture!("positions_history")), @"position BTC/USDT:USDT both closed mark - liquidation - unrealized - realized -62.21 leverage - isolated margin - maintenance - @1764000000120+5");
}

#[test]
fn only_a_push_of_positions_is_the_whole_set() {
    let all = |text: &str| {
        frame(text.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 5)
            .unwrap()
            .all_positions
            .map(|it| it.time.as_millis())
    };
    assert_eq!(all(fixture!("positions")), Some(1_764_000_000_140));
    assert_eq!(all(fixture!("positions_flat")), Some(1_764_000_000_140));
    assert_eq!(all(fixture!("positions_history")), None);
    assert_eq!(all(fixture!("order_live")), None);
    assert_eq!(all(fixture!("mix_position")), None);
}

#[test]
fn a_balance_without_its_unrealised_profit_is_the_wallet() {
    insta::assert_snapshot!(read(fixture!("account")), @"balance USDT wallet 5002.76 cross - available 4987.5 equity 5000.75 unrealized -2.01 @1764000000140+5");
    insta::assert_snapshot!(read(fixture!("equity")), @"balance USDT wallet - cross - available - equity 5000.75 unrealized -2.01 @1764000000140+5");
}

#[test]
fn the_market_is_told() {
    insta::assert_snapshot!(read(fixture!("ticker")), @r"
    quotes BTC/USDT:USDT bid 2.71 at 61000 ask 8.76 at 61000.5 @1764000000120
    mark BTC/USDT:USDT 61001.2 index 61010.4 @1764000000120
    funding rate BTC/USDT:USDT 0.000068 next @1764028800000 mark 61001.2 index 61010.4 @1764000000120
    ");
    insta::assert_snapshot!(read(fixture!("trade")), @r"
    trade BTC/USDT:USDT 1111111111 0.001 at 61000.5 taker buy @1764000000120
    trade BTC/USDT:USDT 1111111110 0.002 at 61000 taker sell @1764000000119
    ");
    insta::assert_snapshot!(read(fixture!("candle")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61010 60990 61005 volume 1.5 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61005 61005 61000 61001 volume 0.2 closed false
    ");
    insta::assert_snapshot!(read(fixture!("books")), @"book BTC/USDT:USDT 124..124 after 123 bids [2.71@61000] asks [8.76@61000.5 0@61001] @1764000000120");
    insta::assert_snapshot!(read(fixture!("books5")), @"book BTC/USDT:USDT 0..0 after - bids [2.71@61000] asks [8.76@61000.5] @1764000000120");
    insta::assert_snapshot!(read(fixture!("unified_liquidation")), @"public liquidation BTC/USDT:USDT buy 37.5 at 61000 @1764000000120");
}

#[test]
fn the_session_is_told() {
    insta::assert_snapshot!(read(fixture!("login")), @"login");
    insta::assert_snapshot!(read(fixture!("login_refused")), @"refused login: 30005: error");
    insta::assert_snapshot!(read(fixture!("subscribed")), @"subscribed orders");
    insta::assert_snapshot!(read(fixture!("subscription_refused")), @"refused execution: 30001: instType:USDT-FUTURES,channel:execution,instId:default doesn't exist");
    insta::assert_snapshot!(read(fixture!("upgrade")), @"venue error 30033: service upgrade");
    insta::assert_snapshot!(read(fixture!("trade_answer")), @"unknown: an answer to an order");
    insta::assert_snapshot!(read("pong"), @"pong");
    insta::assert_snapshot!(read(r#"{"event":"login","code":"0","msg":""}"#), @"login");
    insta::assert_snapshot!(read(r#"{"op":"login","args":[{"apiKey":"k"}]}"#), @"unknown: a request of a client: login");
}

#[test]
fn what_is_not_read_is_said_to_be() {
    insta::assert_snapshot!(read(fixture!("strange_channel")), @"unknown: orders-future USDT-FUTURES");
    insta::assert_snapshot!(read(fixture!("other_product")), @"unknown: orders SPOT");
    insta::assert_snapshot!(read(fixture!("unified_account")), @"unknown: account of the unified account");
}

#[test]
fn orders_and_fills_of_the_unified_account_are_read() {
    insta::assert_snapshot!(read(fixture!("unified_order")), @"order 1400000000000000001 'plim-a1' BTC/USDT:USDT sell long market gtc reduce-only quantity 0.02 price - trigger - filled filled 0.02 mean 61000.5 child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("unified_fill")), @"fill 1400000000000000009 order 1400000000000000001 'plim-a1' BTC/USDT:USDT sell long 0.02 at 61000.5 fee 0.732006 USDT taker profit 1.25 by order @1764000000119");
}

#[test]
fn the_older_dialect_tells_the_same() {
    insta::assert_snapshot!(read(fixture!("mix_account")), @"balance USDT wallet 5000 cross - available 4500 equity 5050 unrealized 50 @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("mix_position")), @"position BTC/USDT:USDT long long 0.02 from 61000.5 mark 61100 liquidation 55300 unrealized 1.99 realized - leverage 10x isolated margin 122.001 maintenance 5.62 @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("mix_position_closed")), @"position BTC/USDT:USDT long closed mark - liquidation - unrealized - realized - leverage - isolated margin - maintenance - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("mix_order")), @"order 138001 '' BTC/USDT:USDT buy both limit - quantity 0.02 price 61000.5 trigger - partially_filled filled 0.015 mean 61000 child - @1764000000120+5");
    insta::assert_snapshot!(read(fixture!("mix_execution")), @"fill 777 order 138001 '' BTC/USDT:USDT buy both 0.015 at 61000 fee 0.183 USDT maker profit - by order @1764000000120");
    insta::assert_snapshot!(read(fixture!("mix_liquidation")), @"liquidation warning BTC/USDT:USDT long - mark 55600 maintenance - level 2 @1764000000120");
    insta::assert_snapshot!(read(r#"{"op":"pong"}"#), @"pong");
}

#[test]
fn the_older_dialect_has_codes_of_its_own() {
    insta::assert_snapshot!(read(fixture!("mix_error_60001")), @"refused login: 60001: Authentication failed");
    insta::assert_snapshot!(read(fixture!("mix_error_60002")), @"venue error 60002: Connection limit exceeded");
    insta::assert_snapshot!(read(fixture!("mix_error_60003")), @"venue error 60003: Rate limit exceeded");
    insta::assert_snapshot!(read(fixture!("mix_error_60004")), @"venue error 60004: Invalid subscription");
    insta::assert_snapshot!(read(fixture!("mix_error_60005")), @"venue error 60005: Invalid message");
}

#[test]
fn an_unknown_word_is_an_error_that_carries_it_and_an_unknown_field_is_none() {
    let strange = fixture!("order_live").replace(r#""status":"live""#, r#""status":"melting""#);
    insta::assert_snapshot!(read(&strange), @"error: unknown order status 'melting', in orders [0] status");
    let more = fixture!("order_live").replace(r#""status":"live""#, r#""new":{"a":[1,{"b":null}]},"status":"live""#);
    assert_eq!(read(&more), read(fixture!("order_live")));
    let missing = fixture!("order_live").replace(r#""orderId""#, r#""orderNo""#);
    insta::assert_snapshot!(read(&missing), @"error: missing field `orderId`, in orders line 1 column 527");
    insta::assert_snapshot!(read(&fixture!("order_live").replace("BTCUSDT", "BTCEUR")), @"error: 'BTCEUR' is no perpetual contract that is known, in orders [0] symbol");
    insta::assert_snapshot!(read("<html>"), @"error: neither an object nor a heartbeat, in the whole message");
    insta::assert_snapshot!(read(&fixture!("order_live")[..200]), @"error: EOF while parsing a string, in line 1 column 200");
}

const ALL: [&str; 26] = [
    fixture!("order_live"),
    fixture!("order_fill"),
    fixture!("order_burst"),
    fixture!("fill"),
    fixture!("fill_adl"),
    fixture!("algo_stop"),
    fixture!("algo_executed"),
    fixture!("positions"),
    fixture!("positions_history"),
    fixture!("account"),
    fixture!("adl_noti"),
    fixture!("ticker"),
    fixture!("trade"),
    fixture!("candle"),
    fixture!("books"),
    fixture!("login"),
    fixture!("subscribed"),
    fixture!("subscription_refused"),
    fixture!("trade_answer"),
    fixture!("unified_liquidation"),
    fixture!("mix_account"),
    fixture!("mix_position"),
    fixture!("mix_order"),
    fixture!("mix_execution"),
    fixture!("mix_liquidation"),
    fixture!("mix_error_60001"),
];

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, &Symbols::by_suffix(), Protocol::V2, 1);
        let _ = decode(&bytes, &Symbols::by_suffix(), Protocol::MixV1, 1);
    }

    #[test]
    fn no_damage_to_a_message_panics(
        which in 0..ALL.len(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        number in "-?[0-9]{1,30}(\\.[0-9]{0,30})?(e[0-9]{1,4})?",
    ) {
        let whole = ALL[which].trim_end();
        let mut bytes = whole.as_bytes().to_vec();
        let at = cut.index(bytes.len());
        let _ = decode(&bytes[..at], &Symbols::by_suffix(), Protocol::V2, 1);
        bytes[at] = byte;
        let _ = decode(&bytes, &Symbols::by_suffix(), Protocol::V2, 1);
        let other = whole.replace("61000.5", &number).replace("1764000000120", &number).replace("0.02", &number);
        let _ = decode(other.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 1);
    }
}

#[test]
fn nesting_costs_no_stack() {
    for depth in [2, 3, 200, 200_000] {
        let deep = format!(
            r#"{{"action":"snapshot","arg":{{"channel":"orders"}},"data":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert!(decode(deep.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 1).is_err(), "{depth}");
        assert!(decode("{\"a\":".repeat(depth).as_bytes(), &Symbols::by_suffix(), Protocol::V2, 1).is_err());
    }
}
