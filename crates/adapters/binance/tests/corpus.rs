//! Messages recorded elsewhere, where they are at hand: every one gives events or a definite error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_binance::wire::{self, Event, SessionEvent, Symbols, body::decode_endpoint};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// A row of a recording, its message as it was sent.
#[derive(Deserialize)]
struct Row<'a> {
    venue: &'a str,
    #[serde(alias = "event")]
    call: String,
    #[serde(borrow, alias = "http_response")]
    message: Option<&'a RawValue>,
    http_method: Option<&'a str>,
    url: Option<&'a str>,
    #[serde(default)]
    required: Option<Vec<String>>,
    #[serde(default)]
    optional: Option<Vec<String>>,
}

/// The recordings of one kind; `None`, and a word about it, where there are none.
fn recorded(name: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("corpus").join(name)).ok();
    if text.is_none() {
        println!("{name} is not at hand: nothing is checked against it");
    }
    text
}

/// Those of this venue.
fn ours(text: &str) -> Vec<Row<'_>> {
    let rows = text.lines().map(|line| serde_json::from_str::<Row<'_>>(line).unwrap());
    rows.filter(|row| row.venue == "binance").collect()
}

#[derive(Debug, Default)]
struct Tally {
    events: usize,
    unknown: Vec<String>,
    errors: Vec<String>,
}

impl Tally {
    fn count(&mut self, name: &str, outcome: Result<Vec<Event>, wire::DecodeError>) {
        match outcome {
            Ok(events) => match &events[..] {
                [Event::Session(SessionEvent::Unknown { what }), ..] => self.unknown.push(format!("{name}: {what}")),
                _ => self.events += 1,
            },
            Err(error) => self.errors.push(format!("{name}: {error}")),
        }
    }

    fn print(&self) {
        println!("{} give events, {} are unknown, {} errors", self.events, self.unknown.len(), self.errors.len());
        self.unknown.iter().for_each(|it| println!("  unknown  {it}"));
        self.errors.iter().for_each(|it| println!("  error    {it}"));
    }
}

#[test]
fn every_recorded_message_gives_events_or_a_definite_error() {
    let Some(text) = recorded("ws.jsonl") else { return };
    let mut tally = Tally::default();
    for row in ours(&text) {
        let frame = row.message.unwrap().get();
        tally.count(&row.call, wire::decode(frame.as_bytes(), &Symbols::by_suffix(), 1));
    }
    tally.print();
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
    tally.print();
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
