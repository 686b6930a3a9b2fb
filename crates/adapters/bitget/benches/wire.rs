//! What every private message costs from its bytes to the account, beside its floor: serde passes over the same bytes and
//! keeps nothing. And prices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "benches")]

#[path = "../../../venue/tests/pass/mod.rs"]
mod pass;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use plimsoll_bitget::wire::{Protocol, Symbols, body, decode};
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::time::Duration;

const FRAMES: usize = 2 * 4096;

const LISTING: &[u8] = include_bytes!("../tests/fixtures/rest_contracts.json");

/// A fixture whose ids and times count up, so that nothing in it is known already.
fn counted(fixture: &str, ids: &[&str], number: usize) -> Vec<u8> {
    let counted = |text: String, id: &&str| text.replace(*id, &(id.parse::<usize>().unwrap() + number).to_string());
    ids.iter().fold(fixture.to_owned(), counted).into_bytes()
}

const ORDER: &str = "1380000000000000001";
const TRADE: &str = "1380000000000000777";
const AT: &str = "1764000000120";
const FILLED_AT: &str = "1764000000119";

/// What the pushes are called, an example, and what counts up in it.
const PRIVATE: [(&str, &str, &[&str]); 14] = [
    ("orders, a fill", include_str!("../tests/fixtures/ws_order_fill.json"), &[ORDER, TRADE, AT, FILLED_AT]),
    ("orders, a new one", include_str!("../tests/fixtures/ws_order_live.json"), &[ORDER, AT]),
    ("fill", include_str!("../tests/fixtures/ws_fill.json"), &[ORDER, TRADE, FILLED_AT]),
    ("positions", include_str!("../tests/fixtures/ws_positions_one_way_short.json"), &[FILLED_AT]),
    ("positions-history", include_str!("../tests/fixtures/ws_positions_history.json"), &[AT]),
    ("account", include_str!("../tests/fixtures/ws_account.json"), &["1764000000140", "5000"]),
    ("equity", include_str!("../tests/fixtures/ws_equity.json"), &["1764000000140"]),
    ("orders-algo", include_str!("../tests/fixtures/ws_algo_stop.json"), &["1380000000000000050", AT]),
    ("adl-noti", include_str!("../tests/fixtures/ws_adl_noti.json"), &[AT]),
    ("older dialect: execution", include_str!("../tests/fixtures/ws_mix_execution.json"), &["138001", "777", AT]),
    ("older dialect: orders", include_str!("../tests/fixtures/ws_mix_order.json"), &["138001", AT]),
    ("older dialect: positions", include_str!("../tests/fixtures/ws_mix_position.json"), &[AT]),
    ("older dialect: account", include_str!("../tests/fixtures/ws_mix_account.json"), &[AT]),
    ("older dialect: liquidation", include_str!("../tests/fixtures/ws_mix_liquidation.json"), &[AT]),
];

fn private(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    for (name, fixture, ids) in PRIVATE {
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(|number| counted(fixture, ids, number)).collect();
        let mut group = criterion.benchmark_group(name);
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
        group.bench_function("floor: passed over", |it| {
            it.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(&frames[0])).unwrap());
        });
        group.bench_function("to the event", |it| {
            it.iter(|| decode(black_box(&frames[0]), &symbols, Protocol::V2, 1).unwrap());
        });
        group.bench_function("to the event applied", |it| {
            let read = |frame: &[u8]| decode(frame, &symbols, Protocol::V2, 1).unwrap();
            it.iter_custom(|rounds| pass::time(rounds, &frames, read));
        });
        group.finish();
    }
}

fn market(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    let mut group = criterion.benchmark_group("market");
    for (name, frame) in [
        ("ticker", &include_bytes!("../tests/fixtures/ws_ticker.json")[..]),
        ("books5", &include_bytes!("../tests/fixtures/ws_books5.json")[..]),
    ] {
        group.bench_function(name, |it| {
            let read = |frame| decode(black_box(frame), &symbols, Protocol::V2, 1).unwrap();
            it.iter_batched(|| frame, read, BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, private, market);
criterion_main!(benches);
