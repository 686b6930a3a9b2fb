//! WebSocket messages of every documented kind, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

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
    insta::assert_snapshot!(read(fixture!("order_new")), @"");
    insta::assert_snapshot!(read(fixture!("order_partly")), @"");
    insta::assert_snapshot!(read(fixture!("order_filled")), @"");
}

#[test]
fn an_order_is_done_when_nothing_is_left_whatever_its_last_word() {
    insta::assert_snapshot!(read(fixture!("order_ioc")), @"");
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
    insta::assert_snapshot!(read(fixture!("order_liquidated")), @"");
}

#[test]
fn an_order_of_no_size_yet_is_no_order() {
    let frame = fixture!("order_new").replace(r#""200""#, r#""0""#);
    insta::assert_snapshot!(read(&frame), @"");
}

#[test]
fn fills_have_base_units_and_our_names() {
    insta::assert_snapshot!(read(fixture!("user_trades")), @"");
    insta::assert_snapshot!(read_hedged(fixture!("user_trades")), @"");
    let silent = fixture!("user_trades").replace(r#","close_size":"-50""#, "");
    insta::assert_snapshot!(read_hedged(&silent), @"");
}

#[test]
fn positions_are_whole_states_counted_by_their_own_changes() {
    insta::assert_snapshot!(read(fixture!("positions")), @"");
    insta::assert_snapshot!(read_hedged(fixture!("positions_dual")), @"");
}

#[test]
fn a_mode_that_was_not_expected_is_told_first() {
    insta::assert_snapshot!(read(fixture!("positions_dual")), @"");
}

#[test]
fn every_booking_tells_the_wallet_and_funding_itself_too() {
    insta::assert_snapshot!(read(fixture!("balances")), @"");
}

#[test]
fn a_trigger_names_its_child_once_it_has_one() {
    insta::assert_snapshot!(read(fixture!("auto_new")), @"");
    insta::assert_snapshot!(read(fixture!("auto_part")), @"");
    insta::assert_snapshot!(read(fixture!("auto_dual")), @"");
    insta::assert_snapshot!(read(fixture!("auto_triggered")), @"");
}

#[test]
fn a_trigger_that_failed_says_why() {
    insta::assert_snapshot!(read(fixture!("auto_failed")), @"");
}

#[test]
fn what_the_venue_does_by_force_is_told() {
    insta::assert_snapshot!(read(fixture!("liquidates")), @"");
    insta::assert_snapshot!(read(fixture!("auto_deleverages")), @"");
    insta::assert_snapshot!(read_hedged(fixture!("auto_deleverages")), @"");
    insta::assert_snapshot!(read(fixture!("adl_rank")), @"");
    insta::assert_snapshot!(read(fixture!("reduced_risk")), @"");
    insta::assert_snapshot!(read(fixture!("position_closes")), @"");
}

#[test]
fn markets_are_told_in_base_units() {
    insta::assert_snapshot!(read(fixture!("tickers")), @"");
    insta::assert_snapshot!(read(fixture!("trades")), @"");
    insta::assert_snapshot!(read(fixture!("book_ticker")), @"");
    insta::assert_snapshot!(read(fixture!("candles")), @"");
    insta::assert_snapshot!(read(fixture!("public_liquidates")), @"");
}

#[test]
fn books_say_what_they_follow() {
    insta::assert_snapshot!(read(fixture!("order_book")), @"");
    insta::assert_snapshot!(read(fixture!("book_update")), @"");
    insta::assert_snapshot!(read(fixture!("obu_full")), @"");
    insta::assert_snapshot!(read(fixture!("obu")), @"");
}

#[test]
fn the_connection_is_told_of() {
    insta::assert_snapshot!(read(fixture!("subscribed")), @"");
    insta::assert_snapshot!(read(fixture!("refused")), @"");
    insta::assert_snapshot!(read(fixture!("pong")), @"");
    insta::assert_snapshot!(read(fixture!("system")), @"");
    insta::assert_snapshot!(read(fixture!("contract_info")), @"");
    insta::assert_snapshot!(read(fixture!("contract_stats")), @"");
    insta::assert_snapshot!(read(fixture!("client_request")), @"");
    insta::assert_snapshot!(read(r#"{"time":1,"channel":"futures.of_tomorrow","event":"update","result":[{"x":1}]}"#), @"");
}

#[test]
fn answers_of_the_request_response_channels_are_known_by_their_shape() {
    insta::assert_snapshot!(read(fixture!("api_login")), @"");
    insta::assert_snapshot!(read(fixture!("api_login_refused")), @"");
    insta::assert_snapshot!(read(fixture!("api_ack")), @"");
    insta::assert_snapshot!(read(fixture!("api_order")), @"");
    insta::assert_snapshot!(read(fixture!("api_error")), @"");
    insta::assert_snapshot!(read(fixture!("api_cancelled")), @"");
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
    insta::assert_snapshot!(edited(r#""status":"open""#, r#""status":"resting""#), @"");
    insta::assert_snapshot!(edited(r#""tif":"poc""#, r#""tif":"gtd""#), @"");
    insta::assert_snapshot!(edited(r#""contract":"BTC_USDT","#, ""), @"");
    insta::assert_snapshot!(edited(r#""contract":"BTC_USDT""#, r#""contract":"BTC_USD""#), @"");
    insta::assert_snapshot!(edited(r#""left":"200""#, r#""left":"-1""#), @"");
    insta::assert_snapshot!(edited(r#""left":"200""#, r#""left":"201""#), @"");
    insta::assert_snapshot!(edited(r#""price":61000.5"#, r#""price":1e99"#), @"");
    insta::assert_snapshot!(edited(r#""id":94294117235059656"#, r#""id":-1"#), @"");
    insta::assert_snapshot!(edited(r#""size":"200""#, r#""size":"200000000000000000000""#), @"");
    insta::assert_snapshot!(read("not json"), @"");
    insta::assert_snapshot!(read("[1]"), @"");
    insta::assert_snapshot!(read(""), @"");
    insta::assert_snapshot!(read("{}"), @"");
    insta::assert_snapshot!(told(decode(b"\xff{}", Reading::new(&LISTED, PositionMode::OneWay), 0)), @"");
}

#[test]
fn a_leg_of_the_wrong_sign_is_refused() {
    let frame = fixture!("positions_dual").replace(r#""size":"-30""#, r#""size":"30""#);
    insta::assert_snapshot!(read_hedged(&frame), @"");
}

#[test]
fn without_a_list_sizes_are_contracts_and_the_directory_says_so() {
    let symbols = Symbols::by_name();
    assert!(symbols.counts_contracts() && !LISTED.counts_contracts());
    let fill = told(decode(fixture!("trades").as_bytes(), Reading::new(&symbols, PositionMode::OneWay), 5));
    insta::assert_snapshot!(fill, @"");
}

#[test]
fn nesting_costs_no_stack() {
    for (open, close) in [("[", "]"), (r#"{"result":"#, "}"), (r#"{"event":"update","channel":"futures.orders","result":["#, "]}")] {
        for depth in [200, 200_000] {
            let whole = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let reading = Reading::new(&LISTED, PositionMode::OneWay);
            assert!(decode(whole.as_bytes(), reading, 5).is_err(), "{depth} times {open}");
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
