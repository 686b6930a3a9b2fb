//! WebSocket messages of every documented kind, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_domain::PositionMode;
use plimsoll_gateio::wire::{Reading, Symbols, body, decode};
use proptest::prelude::*;
use std::sync::LazyLock;
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/ws_", $name, ".json"))
    };
}

/// The directory of the venue's list: a contract of BTC is 0.0001, one of ETH 0.01.
static LISTED: LazyLock<Symbols> = LazyLock::new(|| {
    let listing = body::contracts(include_bytes!("fixtures/rest_contracts.json")).unwrap();
    Symbols::listed(&listing.contracts)
});

fn read(frame: &str) -> String {
    told(decode(frame.as_bytes(), Reading::new(&LISTED, PositionMode::OneWay), 5))
}

fn read_hedged(frame: &str) -> String {
    told(decode(frame.as_bytes(), Reading::new(&LISTED, PositionMode::Hedge), 5))
}

#[test]
fn an_order_is_told_as_it_is_now_in_base_units() {
    insta::assert_snapshot!(read(fixture!("order_new")), @"order 94294117235059656 'plim-a1' BTC/USDT:USDT buy both limit post_only quantity 0.02 price 61000.5 trigger - new filled - mean - child - @1764000000100+1");
    insta::assert_snapshot!(read(fixture!("order_partly")), @"order 94294117235059656 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000120+2");
    insta::assert_snapshot!(read(fixture!("order_filled")), @"order 94294117235059656 'plim-a1' BTC/USDT:USDT buy both limit gtc quantity 0.02 price 61000.5 trigger - filled filled 0.02 mean 61000.5 child - @1764000000130+3");
}

#[test]
fn an_order_is_done_when_nothing_is_left_whatever_its_last_word() {
    insta::assert_snapshot!(read(fixture!("order_ioc")), @"order 94294117235059656 'plim-a1' BTC/USDT:USDT buy both market ioc quantity 0.02 price - trigger - expired filled 0.012 mean 61002.1 child - @1764000000130+2");
    let ended = |word: &str| {
        let frame = fixture!("order_ioc").replace(r#""finish_as":"ioc""#, &format!(r#""finish_as":"{word}""#));
        read(&frame).split(" filled ").next().and_then(|it| it.rsplit(' ').next()).unwrap().to_owned()
    };
    for (word, status) in [
        ("cancelled", "canceled"),
        ("liquidated", "canceled"),
        ("reduce_only", "canceled"),
        ("reduce_out", "canceled"),
        ("position_closed", "canceled"),
        ("stp", "canceled"),
        ("auto_deleveraged", "canceled"),
        ("ioc", "expired"),
        ("a word of tomorrow", "expired"),
    ] {
        assert_eq!(ended(word), status, "{word}");
    }
    let whole = fixture!("order_ioc").replace(r#""left":"80""#, r#""left":"0""#);
    assert!(read(&whole).contains(" filled filled 0.02 "), "{}", read(&whole));
    let refused = fixture!("order_ioc").replace(r#""left":"80""#, r#""left":"200""#).replace(r#""ioc""#, r#""poc""#);
    assert!(read(&refused).contains(" rejected filled - "), "{}", read(&refused));
}

#[test]
fn in_hedge_mode_an_order_is_for_the_leg_that_it_opens_or_can_only_reduce() {
    let leg = |frame: &str| read_hedged(frame).split(' ').nth(5).unwrap().to_owned();
    assert_eq!(leg(fixture!("order_new")), "long", "a buy that may open");
    assert_eq!(leg(fixture!("order_partly")), "long", "a sale that may only reduce");
    let free = fixture!("order_partly").replace(r#""is_reduce_only":true"#, r#""is_reduce_only":false"#);
    assert_eq!(leg(&free), "short", "a sale that may open");
    let closing = fixture!("order_new").replace(r#""is_close":false"#, r#""is_close":true"#);
    assert_eq!(leg(&closing), "short", "a buy that closes");
}

#[test]
fn forced_orders_are_told_apart() {
    insta::assert_snapshot!(read(fixture!("order_liquidated")), @"order 94294117235059656 'liq-94294117235059657' BTC/USDT:USDT sell both liquidation ioc reduce-only quantity 0.4 price - trigger - filled filled 0.4 mean 52010.4 child - @1764000000130+1");
}

#[test]
fn an_order_of_no_size_yet_is_no_order() {
    let frame = fixture!("order_new").replace(r#""200""#, r#""0""#);
    insta::assert_snapshot!(read(&frame), @"unknown: order 94294117235059656 of a size that is not made out yet");
}

#[test]
fn fills_have_base_units_and_our_names() {
    insta::assert_snapshot!(read(fixture!("user_trades")), @r"
    fill 9001 order 94294117235059656 'plim-a1' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.0610005 USDT maker profit - by order @1764000000120
    fill 9002 order 94294117235059660 'web' ETH/USDT:USDT buy both 0.03 at 3010.25 fee -0.000000125 USDT taker profit 0 by order @1764000000121
    ");
    insta::assert_snapshot!(read_hedged(fixture!("user_trades")), @r"
    fill 9001 order 94294117235059656 'plim-a1' BTC/USDT:USDT sell long 0.005 at 61000.5 fee 0.0610005 USDT maker profit - by order @1764000000120
    fill 9002 order 94294117235059660 'web' ETH/USDT:USDT buy long 0.03 at 3010.25 fee -0.000000125 USDT taker profit 0 by order @1764000000121
    ");
    let silent = fixture!("user_trades").replace(r#","close_size":"-50""#, "");
    insta::assert_snapshot!(read_hedged(&silent), @"error: no value, in futures.usertrades [0] close_size");
}

#[test]
fn positions_are_whole_states_counted_by_their_own_changes() {
    insta::assert_snapshot!(read(fixture!("positions")), @r"
    position BTC/USDT:USDT both long 0.015 from 60500.100000000006 mark - liquidation - unrealized - realized -10.5000000125 leverage 20x cross margin - maintenance - @1764000000120+170919
    position ETH/USDT:USDT both closed mark - liquidation - unrealized - realized 4 leverage 10x isolated margin 0 maintenance - @1764000000121+88
    ");
    insta::assert_snapshot!(read_hedged(fixture!("positions_dual")), @r"
    position BTC/USDT:USDT long long 0.015 from 60500.1 mark - liquidation - unrealized - realized 1.25 leverage 20x isolated margin 250.5 maintenance - @1764000000120+12
    position BTC/USDT:USDT short short 0.003 from 61200 mark - liquidation - unrealized - realized 0 leverage 20x isolated margin 80 maintenance - @1764000000120+13
    ");
}

#[test]
fn a_mode_that_was_not_expected_is_told_first() {
    insta::assert_snapshot!(read(fixture!("positions_dual")), @r"
    position mode hedge @1764000000120+12
    position BTC/USDT:USDT long long 0.015 from 60500.1 mark - liquidation - unrealized - realized 1.25 leverage 20x isolated margin 250.5 maintenance - @1764000000120+12
    position BTC/USDT:USDT short short 0.003 from 61200 mark - liquidation - unrealized - realized 0 leverage 20x isolated margin 80 maintenance - @1764000000120+13
    ");
}

#[test]
fn every_booking_tells_the_wallet_and_funding_itself_too() {
    insta::assert_snapshot!(read(fixture!("balances")), @r"
    balance USDT wallet 998.75 cross - available - equity - unrealized - @1764000000120+5120
    funding BTC/USDT:USDT pays 0.25 USDT id - @1764000000120
    balance USDT wallet 998.5 cross - available - equity - unrealized - @1764000000120+5121
    ");
}

#[test]
fn a_trigger_names_its_child_once_it_has_one() {
    insta::assert_snapshot!(read(fixture!("auto_new")), @"order 9256 'plim-sl1' BTC/USDT:USDT sell both stop_market - reduce-only close-position quantity - price - trigger 59000 new filled - mean - child - @1764000003250+5120");
    insta::assert_snapshot!(read(fixture!("auto_part")), @"order 9256 'plim-tp1' BTC/USDT:USDT sell both take_profit_market - reduce-only quantity 0.015 price - trigger 63000 new filled - mean - child - @1764000003250+5120");
    insta::assert_snapshot!(read(fixture!("auto_dual")), @"order 9256 'plim-sl2' BTC/USDT:USDT buy short stop_market - reduce-only close-position quantity - price - trigger 64000 new filled - mean - child - @1764000003250+5120");
    insta::assert_snapshot!(read(fixture!("auto_triggered")), @"order 9256 'plim-sl1' BTC/USDT:USDT sell both stop_market - reduce-only close-position quantity - price - trigger 59000 new filled - mean - child 94294117235059777 @1764000003250+5120");
}

#[test]
fn a_trigger_that_failed_says_why() {
    insta::assert_snapshot!(read(fixture!("auto_failed")), @r"
    order 9256 'plim-sl1' BTC/USDT:USDT sell both stop_market - reduce-only close-position quantity - price - trigger 59000 rejected filled - mean - child - @1764000003250+5120
    venue error futures.autoorders failed: POSITION_EMPTY
    ");
}

#[test]
fn what_the_venue_does_by_force_is_told() {
    insta::assert_snapshot!(read(fixture!("liquidates")), @"liquidation BTC/USDT:USDT both 0.399 at 52010.4 level - @1764000000130");
    insta::assert_snapshot!(read(fixture!("auto_deleverages")), @"adl BTC/USDT:USDT both 0.1 at 52000 level - @1764000000140");
    insta::assert_snapshot!(read_hedged(fixture!("auto_deleverages")), @"adl BTC/USDT:USDT short 0.1 at 52000 level - @1764000000140");
    insta::assert_snapshot!(read(fixture!("adl_rank")), @r"
    adl BTC/USDT:USDT both - at - level 4 @1764000000150
    unknown: ETH/USDT:USDT has no place in the deleveraging queue
    ");
    insta::assert_snapshot!(read(fixture!("reduced_risk")), @"liquidation warning BTC/USDT:USDT both - mark - maintenance - @1764000000160");
    insta::assert_snapshot!(read(fixture!("position_closes")), @"unknown: long BTC/USDT:USDT closed by t-plim-a1 with -3.5");
}

#[test]
fn markets_are_told_in_base_units() {
    insta::assert_snapshot!(read(fixture!("tickers")), @r"
    mark BTC/USDT:USDT 61010.12 index 61008.1 @1764000003250
    funding rate BTC/USDT:USDT -0.00002 next @1764014400000 mark 61010.12 index 61008.1 @1764000003250
    quotes BTC/USDT:USDT bid 0.0015 at 61010.9 ask 0.1 at 61011.1 @1764000003250
    unknown: 'LUNA_USDT' is no linear contract that is known
    ");
    insta::assert_snapshot!(read(fixture!("trades")), @"trade BTC/USDT:USDT 27753479 0.0108 at 61000.2 taker sell @1764000003200");
    insta::assert_snapshot!(read(fixture!("book_ticker")), @"quotes BTC/USDT:USDT bid 3.5 at 61000.1 ask - @1764000003100");
    insta::assert_snapshot!(read(fixture!("candles")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61030.5 60990 61020 volume 12.5000 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61000 61030.5 60990 61021 volume 0 closed false
    ");
    insta::assert_snapshot!(read(fixture!("public_liquidates")), @"public liquidation BTC/USDT:USDT sell 0.4 at 52010.4 @1764000003500");
}

#[test]
fn books_say_what_they_follow() {
    insta::assert_snapshot!(read(fixture!("order_book")), @"book BTC/USDT:USDT 93973511..93973511 after - bids [2.2500@61000] asks [0.0100@61000.3] @1764000003200");
    insta::assert_snapshot!(read(fixture!("book_update")), @"book BTC/USDT:USDT 5002..5009 after 5001 bids [0.0000@61000.1 2.2500@61000] asks [1.0000@61000.3] @1764000003200");
    insta::assert_snapshot!(read(fixture!("obu_full")), @"book BTC/USDT:USDT 5001..5001 after - bids [2.2500@61000] asks [1.0000@61000.3] @1764000003200");
    insta::assert_snapshot!(read(fixture!("obu")), @"book BTC/USDT:USDT 5002..5003 after 5001 bids [0.0000@61000] asks [] @1764000003300");
}

#[test]
fn the_connection_is_told_of() {
    insta::assert_snapshot!(read(fixture!("subscribed")), @"subscribed futures.orders");
    insta::assert_snapshot!(read(fixture!("refused")), @"refused futures.orders: 4: authentication fail");
    insta::assert_snapshot!(read(fixture!("pong")), @"pong");
    insta::assert_snapshot!(read(fixture!("system")), @"stream expired");
    insta::assert_snapshot!(read(fixture!("contract_info")), @"contract changed BTC_USDT");
    insta::assert_snapshot!(read(fixture!("contract_stats")), @"unknown: futures.contract_stats");
    insta::assert_snapshot!(read(fixture!("client_request")), @"unknown: a request of a client: futures.tickers");
    insta::assert_snapshot!(read(r#"{"time":1,"channel":"futures.of_tomorrow","event":"update","result":[{"x":1}]}"#), @"unknown: futures.of_tomorrow");
}

#[test]
fn answers_of_the_request_response_channels_are_known_by_their_shape() {
    insta::assert_snapshot!(read(fixture!("api_login")), @"login");
    insta::assert_snapshot!(read(fixture!("api_login_refused")), @"refused r-1: INVALID_KEY: Invalid key provided");
    insta::assert_snapshot!(read(fixture!("api_ack")), @"nothing");
    insta::assert_snapshot!(read(fixture!("api_order")), @"order 94294117235059701 'plim-a2' BTC/USDT:USDT buy both limit gtc quantity 0.001 price 61000.5 trigger - filled filled 0.001 mean 61000.1 child - @1764000003464+0");
    insta::assert_snapshot!(read(fixture!("api_error")), @"venue error TOO_MANY_REQUESTS: Request Rate limit Exceeded (311)");
    insta::assert_snapshot!(read(fixture!("api_cancelled")), @"venue error ORDER_NOT_FOUND: ORDER_NOT_FOUND");
}

#[test]
fn sizes_are_read_as_texts_and_as_numbers() {
    let bare = fixture!("user_trades").replace(r#""size":"-50""#, r#""size":-50"#);
    assert_eq!(read(&bare), read(fixture!("user_trades")));
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_what_and_where() {
    let order = fixture!("order_new");
    let edited = |from: &str, to: &str| {
        assert!(order.contains(from), "{from}");
        read(&order.replace(from, to))
    };
    insta::assert_snapshot!(edited(r#""status":"open""#, r#""status":"resting""#), @"error: unknown order status 'resting', in futures.orders [0] status");
    insta::assert_snapshot!(edited(r#""tif":"poc""#, r#""tif":"gtd""#), @"error: unknown time in force 'gtd', in futures.orders [0] tif");
    insta::assert_snapshot!(edited(r#""contract":"BTC_USDT","#, ""), @"error: missing field `contract`, in futures.orders line 1 column 487");
    insta::assert_snapshot!(edited(r#""contract":"BTC_USDT""#, r#""contract":"BTC_USD""#), @"error: 'BTC_USD' is no linear contract that is known, in futures.orders [0] contract");
    insta::assert_snapshot!(edited(r#""left":"200""#, r#""left":"-1""#), @"error: -0.0001 is not left of 0.0200, in futures.orders [0] left");
    insta::assert_snapshot!(edited(r#""left":"200""#, r#""left":"201""#), @"error: 0.0201 is not left of 0.0200, in futures.orders [0] left");
    insta::assert_snapshot!(edited(r#""price":61000.5"#, r#""price":1e99"#), @"error: '1e99' is not a decimal number that can be kept exactly, in futures.orders [0] price");
    insta::assert_snapshot!(edited(r#""id":94294117235059656"#, r#""id":-1"#), @"error: '-1' is no id, in futures.orders [0] id");
    insta::assert_snapshot!(edited(r#""size":"200""#, r#""size":"200000000000000000000""#), @"error: 200000000000000000000 contracts of 0.0001 are no number that can be kept exactly, in futures.orders [0] size");
    insta::assert_snapshot!(read("not json"), @"error: expected ident, in line 1 column 2");
    insta::assert_snapshot!(read("[1]"), @"error: not an object, in the whole message");
    insta::assert_snapshot!(read(""), @"error: EOF while parsing a value, in line 1 column 0");
    insta::assert_snapshot!(read("{}"), @"unknown: a message without a channel");
    insta::assert_snapshot!(told(decode(b"\xff{}", Reading::new(&LISTED, PositionMode::OneWay), 0)), @"error: not UTF-8, in byte 0");
}

#[test]
fn a_leg_of_the_wrong_sign_is_refused() {
    let frame = fixture!("positions_dual").replace(r#""size":"-30""#, r#""size":"30""#);
    insta::assert_snapshot!(read_hedged(&frame), @"error: 0.0030 is not the size of a short leg, in futures.positions [1] size");
}

#[test]
fn without_a_list_sizes_are_contracts_and_the_directory_says_so() {
    let symbols = Symbols::by_name();
    assert!(symbols.counts_contracts() && !LISTED.counts_contracts());
    let fill = told(decode(fixture!("trades").as_bytes(), Reading::new(&symbols, PositionMode::OneWay), 5));
    insta::assert_snapshot!(fill, @"trade BTC/USDT:USDT 27753479 108 at 61000.2 taker sell @1764000003200");
}

#[test]
fn nesting_costs_no_stack() {
    for (open, close) in
        [("[", "]"), (r#"{"result":"#, "}"), (r#"{"event":"update","channel":"futures.orders","result":["#, "]}")]
    {
        for depth in [200, 200_000] {
            let whole = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let reading = Reading::new(&LISTED, PositionMode::OneWay);
            let told = decode(whole.as_bytes(), reading, 5);
            assert!(told.is_err() || open.contains("result"), "{depth} times {open}: {told:?}");
            assert!(decode(open.repeat(depth).as_bytes(), reading, 5).is_err());
        }
    }
}

const FRAMES: [&str; 16] = [
    fixture!("order_partly"),
    fixture!("order_liquidated"),
    fixture!("user_trades"),
    fixture!("positions"),
    fixture!("positions_dual"),
    fixture!("balances"),
    fixture!("auto_part"),
    fixture!("auto_triggered"),
    fixture!("liquidates"),
    fixture!("auto_deleverages"),
    fixture!("adl_rank"),
    fixture!("tickers"),
    fixture!("book_update"),
    fixture!("candles"),
    fixture!("api_order"),
    fixture!("refused"),
];

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, Reading::new(&LISTED, PositionMode::OneWay), 0);
    }

    #[test]
    fn no_damage_makes_it_panic(which in 0..FRAMES.len(), at in any::<prop::sample::Index>(), with in ".{0,3}", cut in 0usize..4) {
        let frame = FRAMES[which].as_bytes();
        let at = at.index(frame.len());
        let mut damaged = frame[..at].to_vec();
        damaged.extend_from_slice(with.as_bytes());
        damaged.extend_from_slice(frame.get(at + cut..).unwrap_or_default());
        for mode in [PositionMode::OneWay, PositionMode::Hedge] {
            let _ = decode(&damaged, Reading::new(&LISTED, mode), 0);
        }
    }

    #[test]
    fn no_number_makes_it_panic(which in 0..FRAMES.len(), nth in 0usize..40, number in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
        let parts: Vec<&str> = FRAMES[which].split(['"', ':', ',']).collect();
        let numeric = |part: &&str| part.parse::<f64>().is_ok();
        let Some(part) = parts.iter().copied().filter(numeric).nth(nth) else { return Ok(()) };
        for mode in [PositionMode::OneWay, PositionMode::Hedge] {
            let frame = FRAMES[which].replace(part, &number);
            let _ = decode(frame.as_bytes(), Reading::new(&LISTED, mode), 0);
        }
    }
}
