//! Messages recorded elsewhere, where they are at hand: every one gives events or a definite error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../tests/recordings.rs"]
mod recordings;
#[path = "../../../venue/tests/sheet/mod.rs"]
mod sheet;

use plimsoll_domain::{
    ClientOrderId, Leverage, MarginMode, OrderId, OrderKind, PositionMode, PositionSide, Side, TimeInForce, TriggerBy,
};
use plimsoll_gateio::wire::request::{self, Call, Place, Size, WhichOrder};
use plimsoll_gateio::wire::{self, Reading, Symbols, body::decode_endpoint};
use recordings::{Row, Tally, of_venue, recorded};
use serde_json::value::RawValue;

fn ours(text: &str) -> Vec<Row<'_>> {
    of_venue("gate", text)
}

#[test]
fn every_recorded_message_gives_events_or_a_definite_error() {
    let Some(text) = recorded("ws.jsonl") else { return };
    let (mut tally, symbols) = (Tally::default(), Symbols::by_name());
    for row in ours(&text) {
        let frame = row.message.unwrap().get();
        tally.count(&row.call, wire::decode(frame.as_bytes(), Reading::new(&symbols, PositionMode::OneWay), 1));
    }
    // A candle with nothing but its name.
    tally.check(&["Concurrent:push"]);
}

#[test]
fn every_recorded_answer_gives_events_or_a_definite_error() {
    let (Some(answers), Some(requests)) = (recorded("responses.jsonl"), recorded("requests.jsonl")) else { return };
    let (requests, symbols) = (ours(&requests), Symbols::by_name());
    let mut tally = Tally::default();
    for row in ours(&answers) {
        let endpoint = endpoint(&row.call, &requests);
        let body = row.message.map_or("", RawValue::get);
        let reading = Reading::new(&symbols, PositionMode::OneWay);
        tally.count(&format!("{} [{endpoint}]", row.call), decode_endpoint(&endpoint, body.as_bytes(), reading));
    }
    // A table that names its first line twice; a short row where the call asks for both legs of a hedge is fine.
    tally.check(&["GetRiskLimitTiers"]);
}

/// Which endpoint a recorded answer is from: that of the request of the same name.
fn endpoint(call: &str, requests: &[Row<'_>]) -> String {
    let request = requests.iter().find(|it| it.call == call).unwrap_or_else(|| panic!("no request is named {call}"));
    let path = request.url.unwrap().trim_start_matches("https://api.gateio.ws");
    let endpoint = format!("{} {path}", request.http_method.unwrap());
    let tells_no_contract = ["/candlesticks", "/order_book", "/funding_rate"].iter().any(|end| endpoint.ends_with(end));
    if tells_no_contract { endpoint + "?contract=ETH_USDT&interval=1m" } else { endpoint }
}

#[test]
fn our_calls_are_those_of_others() {
    let Some(text) = recorded("requests.jsonl") else { return };
    let rows = ours(&text);
    let mut known = 0;
    for call in calls() {
        let same = |row: &&Row<'_>| {
            row.http_method == Some(call.method.as_str())
                && row.url.is_some_and(|url| url.ends_with(&format!(".ws{}", call.path)))
        };
        let Some(row) = rows.iter().find(same) else {
            println!("nobody else makes this call: {} {}", call.method, call.path);
            continue;
        };
        known += 1;
        let signed = call.security == request::Security::Signed;
        assert_eq!(!row.auth_headers.is_empty(), signed, "{} {}", call.method, call.path);
    }
    assert!(known >= 22, "only {known} of our calls are made by others too");
}

/// Every call that we make.
fn calls() -> Vec<Call> {
    let (native, id) = ("ETH_USDT", OrderId::new("123"));
    let client = ClientOrderId::new("plim-1").unwrap();
    let (which, price) = (WhichOrder::Id(&id), "9000".parse().unwrap());
    let order = |kind| Place {
        native,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind,
        size: Size::Contracts("1".parse().unwrap()),
        reduce_only: true,
        client_order_id: Some("plim-1"),
    };
    let stop = OrderKind::StopMarket { trigger: price, trigger_by: TriggerBy::Mark };
    let mut calls = vec![
        request::place(&order(OrderKind::Limit { price, time_in_force: TimeInForce::PostOnly })).unwrap(),
        request::place(&order(stop)).unwrap(),
        request::cancel(which),
        request::cancel(WhichOrder::Client(&client)),
        request::cancel_all(native),
        request::cancel_trigger(&id),
        request::cancel_all_triggers(native),
        request::countdown_cancel(None, 30),
        request::amend(which, Side::Buy, "1".parse().unwrap(), price),
        request::order(which),
        request::open_orders(Some(native), 0),
        request::finished_orders(native, 0),
        request::orders_between(native, None, None, 0),
        request::trigger(&id),
        request::open_triggers(Some(native), 0),
        request::finished_triggers(Some(native), 0),
        request::account(),
        request::account_detail(),
        request::fees(Some(native)),
        request::positions(true, 0),
        request::fills(Some(native), 0),
        request::fills_between(Some(native), None, None, 0),
        request::bookings(None, Some("fund"), None, None, 0),
        request::set_position_mode(PositionMode::Hedge),
        request::server_time(),
        request::contracts(0),
        request::contract(native),
        request::tickers(Some(native)),
        request::funding_history(native, None, None),
        request::risk_limit_tiers(Some(native), 0),
        request::candles(native, "1m", None, None, 500),
    ];
    for mode in [PositionMode::OneWay, PositionMode::Hedge] {
        let side = if mode == PositionMode::OneWay { PositionSide::Both } else { PositionSide::Long };
        calls.extend([
            request::position(native, mode),
            request::set_leverage(native, Leverage::ONE, MarginMode::Cross, mode),
            request::set_margin_mode(native, MarginMode::Isolated, mode),
            request::adjust_isolated_margin(native, side, "-5".parse().unwrap()),
        ]);
    }
    calls
}

#[test]
fn every_example_message_of_the_fact_sheet_gives_events() {
    let Some(examples) = sheet::examples("venues/gateio.md") else { return };
    let symbols = Symbols::by_name();
    let mut tally = Tally::default();
    for it in examples.iter().filter(|it| it.has("channel") || it.has("header") || it.has("request_id")) {
        let outcome = wire::decode(it.text.as_bytes(), Reading::new(&symbols, PositionMode::OneWay), 1);
        tally.count(&format!("line {}", it.line), outcome);
    }
    assert!(tally.events > 8, "{tally:?}");
    tally.check(&[]);
}
