//! Messages recorded elsewhere, where they are at hand: every one gives events or a definite error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../tests/recordings.rs"]
mod recordings;
#[path = "../../../venue/tests/sheet/mod.rs"]
mod sheet;

use plimsoll_bitget::wire::request::{self, Call, Place, PlanKind, WhichOrder};
use plimsoll_bitget::wire::{self, Protocol, Symbols, body::decode_endpoint};
use plimsoll_domain::{
    ClientOrderId, Direction, Leverage, MarginMode, OrderKind, OrderSize, PositionMode, PositionSide, Side, TriggerBy,
};
use recordings::{Row, Tally, of_venue, recorded};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

fn ours(text: &str) -> Vec<Row<'_>> {
    of_venue("bitget", text)
}

#[test]
fn every_recorded_message_gives_events_or_a_definite_error() {
    let Some(text) = recorded("ws.jsonl") else { return };
    let mut tally = Tally::default();
    for row in ours(&text) {
        let frame = row.message.unwrap().get();
        tally.count(&row.call, wire::decode(frame.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 1));
    }
    // Candles with nothing but their opening time.
    tally.check(&["Concurrent:push"]);
}

#[test]
fn every_recorded_answer_gives_events_or_a_definite_error() {
    let (Some(answers), Some(requests)) = (recorded("responses.jsonl"), recorded("requests.jsonl")) else { return };
    let requests = ours(&requests);
    let mut tally = Tally::default();
    for row in ours(&answers) {
        let endpoint = endpoint(&row.call, &requests);
        let body = row.message.map_or("", RawValue::get);
        let outcome = decode_endpoint(&endpoint, body.as_bytes(), &Symbols::by_suffix());
        tally.count(&format!("{} [{endpoint}]", row.call), outcome);
    }
    // A dated contract that settles in coin.
    tally.check(&["GetTicker "]);
}

/// Which endpoint a recorded answer is from: that of the request of the same name.
fn endpoint(call: &str, requests: &[Row<'_>]) -> String {
    let request = requests.iter().find(|it| it.call == call).unwrap();
    let url = request.url.unwrap();
    let path = url.find("/api/").map_or(url, |at| &url[at..]);
    let path = path.split('?').next().unwrap_or_default();
    format!("{} {path}?symbol=BTCUSDT&granularity=5m", request.http_method.unwrap())
}

#[test]
fn our_calls_are_calls_that_others_make() {
    let Some(text) = recorded("requests.jsonl") else { return };
    let known: BTreeSet<(String, String)> = ours(&text)
        .iter()
        .map(|row| {
            let url = row.url.unwrap();
            let path = url.find("/api/").map_or(url, |at| &url[at..]);
            (row.http_method.unwrap().to_owned(), path.split('?').next().unwrap_or_default().to_owned())
        })
        .collect();
    let mut missing = Vec::new();
    for call in calls() {
        if !known.contains(&(call.method.as_str().to_owned(), call.path.to_owned())) {
            missing.push(call.path);
        }
    }
    println!("{} calls are recorded, not among them: {missing:?}", known.len());
    // Reading the time, and fees of this account, are beyond what was recorded.
    let beyond = ["/api/v2/public/time", "/api/v2/common/trade-rate"];
    assert!(missing.iter().all(|path| beyond.contains(path)), "{missing:?}");
}

/// Every call that the broker and the feeds make.
fn calls() -> Vec<Call> {
    let (native, id) = ("BTCUSDT", ClientOrderId::new("plim-1").unwrap());
    let which = WhichOrder::Client(&id);
    let kind = |trigger| OrderKind::StopMarket { trigger, trigger_by: TriggerBy::Mark };
    let order = |kind, reduce_only| Place {
        native,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity("1".parse().unwrap()),
        reduce_only,
        client_order_id: Some("plim-1"),
        margin_mode: MarginMode::Cross,
        stop: None,
    };
    let trigger = "9000".parse().unwrap();
    let placed = [order(OrderKind::Market, false), order(kind(trigger), false), order(kind(trigger), true)];
    let mut calls: Vec<Call> = placed.iter().map(|order| request::place(order).unwrap()).collect();
    calls.extend([
        request::flash_close(native, PositionSide::Both),
        request::cancel(native, which),
        request::cancel_all(native),
        request::cancel_everything(),
        request::cancel_every_plan("pos_loss"),
        request::cancel_plan(native, which, "pos_loss"),
        request::amend(native, which, "plim-2", "1".parse().unwrap(), trigger),
        request::order(native, which),
        request::open_orders(None, None),
        request::order_history(None, None, None, None),
        request::open_plans(PlanKind::Trigger, None, None),
        request::plan_history(PlanKind::Trigger, None, None, None, None),
        request::account(native),
        request::all_accounts(),
        request::positions(None),
        request::positions(Some(native)),
        request::adl_rank(),
        request::trade_rate(native),
        request::fills(None, None, None, None),
        request::bills(None, None, None, None),
        request::set_leverage(native, Leverage::ONE, MarginMode::Cross, PositionMode::OneWay),
        request::set_margin_mode(native, MarginMode::Isolated),
        request::set_position_mode(PositionMode::Hedge),
        request::set_isolated_margin(native, PositionSide::Long, Direction::Long, "5".parse().unwrap()),
        request::server_time(),
        request::contracts(),
        request::ticker(native),
        request::tickers(),
        request::prices(native),
        request::order_book(native),
        request::current_funding(None),
        request::funding_time(native),
        request::funding_history(native, 1),
        request::position_tiers(native),
        request::candles(native, "1m", None, None, 10),
        request::history_candles(native, "1m", None, None, 10),
    ]);
    calls
}

#[test]
fn every_example_message_of_the_fact_sheet_gives_events() {
    let Some(examples) = sheet::examples("venues/bitget.md") else { return };
    let symbols = Symbols::by_suffix();
    let mut tally = Tally::default();
    for it in examples.iter().filter(|it| ["action", "event", "op", "arg"].iter().any(|member| it.has(member))) {
        // Whole messages only: of some the sheet leaves a part out.
        let protocol = if it.line > 1040 { Protocol::MixV1 } else { Protocol::V2 };
        tally.count(&format!("line {}", it.line), wire::decode(it.text.as_bytes(), &symbols, protocol, 1));
    }
    assert!(tally.events > 20, "{tally:?}");
    tally.check(&[]);
}

#[test]
fn every_example_answer_of_the_fact_sheet_gives_events() {
    let Some(examples) = sheet::examples("venues/bitget.md") else { return };
    let symbols = Symbols::by_suffix();
    let mut tally = Tally::default();
    for it in examples.iter().filter(|it| it.has("code") && it.has("data") || it.has("data") && !it.has("arg")) {
        let Some(endpoint) = it.endpoint.as_ref().filter(|endpoint| endpoint.contains("/api/v2/")) else { continue };
        let mut body = it.value.clone();
        body["code"] = body.get("code").cloned().unwrap_or_else(|| "00000".into());
        let endpoint = format!("{endpoint}?symbol=BTCUSDT&granularity=5m");
        let outcome = decode_endpoint(&endpoint, body.to_string().as_bytes(), &symbols);
        tally.count(&format!("line {} [{endpoint}]", it.line), outcome);
    }
    assert!(tally.events > 10, "{tally:?}");
    tally.check(&[]);
}

#[test]
fn every_example_of_the_older_dialect_gives_events() {
    let Some(examples) = sheet::examples("mission/2-bitget-private-data-api.md") else { return };
    let symbols = Symbols::by_suffix();
    let mut tally = Tally::default();
    for it in examples.iter().filter(|it| it.has("data") || it.has("event")) {
        let outcome = wire::decode(it.text.as_bytes(), &symbols, Protocol::MixV1, 1);
        tally.count(&format!("line {}", it.line), outcome);
    }
    assert!(tally.events >= 6 && tally.unknown.is_empty(), "{tally:?}");
    tally.check(&[]);
}
