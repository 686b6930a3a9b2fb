//! What a message costs from its bytes to the account.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "benches")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use plimsoll_bitget::wire::{Event, Protocol, Symbols, body, decode};
use plimsoll_domain::AccountState;
use std::hint::black_box;

const FRAMES: usize = 4096;

const LISTING: &[u8] = include_bytes!("../tests/fixtures/rest_contracts.json");

/// A fixture with these texts replaced, so that no two frames are about the same order.
fn frame(fixture: &str, number: usize) -> Vec<u8> {
    fixture
        .replace("1380000000000000001", &format!("{}", 1_380_000_000_000_000_001_usize + number))
        .replace("1380000000000000777", &format!("{}", 1_380_000_000_000_000_777_usize + number))
        .replace("1764000000120", &format!("{}", 1_764_000_000_120_usize + number))
        .replace("1764000000119", &format!("{}", 1_764_000_000_119_usize + number))
        .into_bytes()
}

/// Every frame once into an account that knows none of them; a new account when they are used up.
fn applied(symbols: &Symbols, frames: &[Vec<u8>]) -> impl FnMut() -> usize {
    let (symbols, frames) = (symbols.clone(), frames.to_vec());
    let (mut state, mut next) = (AccountState::new(), 0);
    move || {
        if next == frames.len() {
            (state, next) = (AccountState::new(), 0);
        }
        let events = decode(&frames[next], &symbols, Protocol::V2, 1).unwrap();
        next += 1;
        let mut changes = 0;
        for event in &events {
            if let Event::Account(event) = event {
                changes += state.apply(event).len();
            }
        }
        changes
    }
}

fn private(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    for (name, fixture) in [
        ("orders", include_str!("../tests/fixtures/ws_order_fill.json")),
        ("fill", include_str!("../tests/fixtures/ws_fill.json")),
        ("positions", include_str!("../tests/fixtures/ws_positions_one_way_short.json")),
        ("account", include_str!("../tests/fixtures/ws_account.json")),
        ("execution of the older dialect", include_str!("../tests/fixtures/ws_mix_execution.json")),
    ] {
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(|number| frame(fixture, number)).collect();
        let mut group = criterion.benchmark_group(name);
        group.bench_function("read", |it| {
            it.iter(|| decode(black_box(&frames[0]), &symbols, Protocol::V2, 1).unwrap());
        });
        group.bench_function("read and applied", |it| {
            let mut apply = applied(&symbols, &frames);
            it.iter(|| black_box(apply()));
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
