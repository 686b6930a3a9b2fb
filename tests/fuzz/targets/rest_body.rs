//! What the venue answers. The first line is the question, the rest is the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_binance::classify;
use plimsoll_binance::wire::Symbols;
use plimsoll_binance::wire::body::{self, CandlesOf, decode_endpoint};
use plimsoll_domain::Timestamp;
use std::time::Duration;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        drop(decode_endpoint("GET /fapi/v1/order", data, &Symbols::by_suffix()));
        return;
    };
    let (question, answer) = text.split_once('\n').unwrap_or(("GET /fapi/v1/order", text));
    let (answer, symbols) = (answer.as_bytes(), Symbols::by_suffix());
    drop(decode_endpoint(question, answer, &symbols));
    drop(body::contracts(answer).map(|listing| Symbols::listed(&listing.contracts)));
    drop((body::server_time(answer), body::acknowledged(answer), body::placed(answer), body::algo_placed(answer)));
    drop((body::listen_key(answer), body::kept_listen_key(answer)));
    drop((body::leverage_brackets(answer), body::commission_rate(answer), body::funding_intervals(answer)));
    drop((body::fills(answer, &symbols), body::income(answer, &symbols), body::funding_payments(answer, &symbols)));
    drop((body::positions(answer, &symbols), body::orders_or_troubles(answer, &symbols)));
    let now = Timestamp::from_millis(1_700_000_000_000);
    if let Ok(symbol) = symbols.symbol("BTCUSDT") {
        drop(body::candles(answer, &symbol, CandlesOf::MarkPrice, Some(now)));
    }
    for status in [200, 302, 400, 403, 408, 418, 429, 500, 502, 503] {
        let failure = classify(status, Some(Duration::from_secs(7)), answer, true);
        drop((failure.clone().place_error(now), failure.clone().command_outcome(now), failure.query_error(now)));
    }
});
