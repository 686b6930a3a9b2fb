//! Messages recorded elsewhere, where they are at hand: every one gives events or a definite error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../tests/recordings.rs"]
mod recordings;
#[path = "../../../venue/tests/sheet/mod.rs"]
mod sheet;

use plimsoll_binance::wire::request::{self, Call, Place, WhichOrder};
use plimsoll_binance::wire::{self, Symbols, body::decode_endpoint};
use plimsoll_domain::{
    ClientOrderId, Leverage, MarginMode, OrderKind, OrderSize, PositionMode, PositionSide, Side, TimeInForce,
    Timestamp, TriggerBy,
};
use recordings::{Row, Tally, of_venue, recorded};
use serde_json::value::RawValue;

fn ours(text: &str) -> Vec<Row<'_>> {
    of_venue("binance", text)
}

#[test]
fn every_recorded_message_gives_events_or_a_definite_error() {
    let Some(text) = recorded("ws.jsonl") else { return };
    let mut tally = Tally::default();
    for row in ours(&text) {
        let frame = row.message.unwrap().get();
        tally.count(&row.call, wire::decode(frame.as_bytes(), &Symbols::by_suffix(), 1));
    }
    // A candle with nothing but its opening time.
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
    // An empty margin table; an answer filed under another call's name, twice; a position without an entry price.
    tally.check(&[
        "notional_and_leverage_brackets",
        "continuous_contract_kline_candlestick_data",
        "mark_price_kline_candlestick_data",
        "http_futures_account_positions_hedge",
    ]);
}

/// Which endpoint a recorded answer is from: that of the request of the same name, or one of these.
fn endpoint(call: &str, requests: &[Row<'_>]) -> String {
    const HOST: &str = "https://fapi.binance.com";
    let request = requests.iter().find(|it| it.call == call && it.call != "createOrder");
    let endpoint = match request {
        Some(it) => format!("{} {}", it.http_method.unwrap(), it.url.unwrap().trim_start_matches(HOST)),
        None => format!("GET {}", named(call)),
    };
    let tells_no_symbol = ["lines", "rades", "/depth"].iter().any(|end| endpoint.ends_with(end));
    if tells_no_symbol { endpoint + "?symbol=BTCUSDT" } else { endpoint }
}

fn named(call: &str) -> String {
    const NAMES: [(&str, &str); 24] = [
        ("account_info_v2", "/fapi/v2/account"),
        ("open_algo_orders", "/fapi/v1/openAlgoOrders"),
        ("algo_order_cancel", "/fapi/v1/none"),
        ("algo_order", "/fapi/v1/algoOrder"),
        ("order_response", "/fapi/v1/order"),
        ("test_order_to_report", "/fapi/v1/order"),
        ("account_orders", "/fapi/v1/allOrders"),
        ("position_side_dual", "/fapi/v1/positionSide/dual"),
        ("hedge_mode", "/fapi/v1/positionSide/dual"),
        ("position_risk", "/fapi/v2/positionRisk"),
        ("account_positions", "/fapi/v2/positionRisk"),
        ("account_position", "/fapi/v2/positionRisk"),
        ("symbol_config", "/fapi/v1/symbolConfig"),
        ("account_trades", "/fapi/v1/userTrades"),
        ("account_info", "/fapi/v3/account"),
        ("balance", "/fapi/v3/balance"),
        ("commission_rate", "/fapi/v1/commissionRate"),
        ("agg_trades", "/fapi/v1/aggTrades"),
        ("book_ticker", "/fapi/v1/ticker/bookTicker"),
        ("exchange_info", "/fapi/v1/exchangeInfo"),
        ("funding_rate", "/fapi/v1/fundingRate"),
        ("premium_index", "/fapi/v1/premiumIndex"),
        ("ticker_price", "/fapi/v2/ticker/price"),
        ("ticker_24hr", "/fapi/v1/ticker/24hr"),
    ];
    if let Some((_, path)) = NAMES.iter().find(|(name, _)| call.contains(name)) {
        return (*path).to_owned();
    }
    let market = call.strip_prefix("http_futures_market_").unwrap_or(call);
    match market {
        "klines" | "depth" | "trades" => format!("/fapi/v1/{market}"),
        "historical_trades" => "/fapi/v1/historicalTrades".to_owned(),
        "continuous_klines" => "/fapi/v1/continuousKlines".to_owned(),
        "mark_price_klines" => "/fapi/v1/markPriceKlines".to_owned(),
        _ if call.contains("listen_key") => "/fapi/v1/listenKey".to_owned(),
        _ => format!("/{market}"),
    }
}

#[test]
fn our_calls_have_the_names_of_the_official_client() {
    let Some(text) = recorded("requests.jsonl") else { return };
    let rows = ours(&text);
    for call in calls() {
        let names = |row: &&Row<'_>| row.required.is_some() || row.optional.is_some();
        let same = |row: &&Row<'_>| {
            row.http_method == Some(call.method.as_str())
                && row.url.is_some_and(|url| url.ends_with(&format!("com{}", call.path)))
        };
        let found: Vec<&Row<'_>> = rows.iter().filter(same).collect();
        assert!(!found.is_empty(), "nobody makes this call: {} {}", call.method, call.path);
        let Some(row) = found.into_iter().find(names) else { continue };
        let required = row.required.iter().flatten();
        let known: Vec<&String> = required.clone().chain(row.optional.iter().flatten()).collect();
        let sent: Vec<&str> = call.params().map(|(name, _)| name).collect();
        for name in &sent {
            assert!(known.iter().any(|known| known == name), "{} {} has no {name}", call.method, call.path);
        }
        for name in required {
            assert!(sent.contains(&name.as_str()), "{} {} lacks {name}", call.method, call.path);
        }
    }
}

/// Every call that we make, with all that it can carry.
fn calls() -> Vec<Call> {
    let (native, id) = ("BTCUSDT", ClientOrderId::new("plim-1").unwrap());
    let (which, time) = (WhichOrder::Client(&id), Some(Timestamp::from_millis(1_700_000_000_000)));
    let (price, quantity) = ("9000".parse().unwrap(), "1".parse().unwrap());
    let order = |kind, size| Place {
        native,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind,
        size,
        reduce_only: true,
        client_order_id: Some("plim-1"),
    };
    let limit = OrderKind::Limit { price, time_in_force: TimeInForce::PostOnly };
    let stop = OrderKind::StopMarket { trigger: price, trigger_by: TriggerBy::Mark };
    let target = OrderKind::TakeProfitMarket { trigger: price, trigger_by: TriggerBy::Last };
    let fixed = OrderSize::Quantity(quantity);
    let placed = [
        order(OrderKind::Market, fixed),
        order(limit, fixed),
        order(stop, fixed),
        order(target, OrderSize::WholePosition),
        Place { position_side: PositionSide::Long, ..order(limit, fixed) },
        Place { position_side: PositionSide::Short, ..order(stop, fixed) },
    ];
    let mut calls: Vec<Call> = placed.iter().map(|order| request::place(order).unwrap()).collect();
    calls.push(request::batch_place(&placed[..2]).unwrap());
    calls.extend([
        request::cancel(native, which),
        request::cancel_algo(which),
        request::cancel_all(native),
        request::cancel_all_algo(native),
        request::amend(native, which, Side::Buy, quantity, price),
        request::order(native, which),
        request::algo_order(which),
        request::open_orders(Some(native)),
        request::open_algo_orders(Some(native)),
        request::all_orders_from(native, 1),
        request::all_algo_orders(native, time, time),
        request::account(),
        request::balances(),
        request::positions(Some(native)),
        request::symbol_config(Some(native)),
        request::account_config(),
        request::position_mode(),
        request::commission_rate(native),
        request::leverage_brackets(Some(native)),
        request::fills(native, time, time),
        request::income(Some(native), Some("FUNDING_FEE"), time, time),
        request::set_leverage(native, Leverage::ONE),
        request::set_margin_mode(native, MarginMode::Isolated),
        request::set_position_mode(PositionMode::Hedge),
        request::set_isolated_margin(native, PositionSide::Long, "-5".parse().unwrap()),
        request::listen_key_open(),
        request::listen_key_keep_alive(),
        request::listen_key_close(),
        request::server_time(),
        request::exchange_info(),
        request::premium_index(Some(native)),
        request::funding_history(Some(native), time, time),
        request::funding_info(),
        request::book_ticker(Some(native)),
        request::candles(native, "1m", time, time, 500),
        request::mark_price_candles(native, "1m", time, time, 500),
    ]);
    calls
}

#[test]
fn every_example_message_of_the_fact_sheet_gives_events() {
    let Some(examples) = sheet::examples("venues/binance.md") else { return };
    let symbols = Symbols::by_suffix();
    let mut tally = Tally::default();
    for it in examples.iter().filter(|it| it.has("e") || it.has("stream") || it.has("id") && it.has("status")) {
        tally.count(&format!("line {}", it.line), wire::decode(it.text.as_bytes(), &symbols, 1));
    }
    assert!(tally.events > 8, "{tally:?}");
    tally.check(&[]);
}
