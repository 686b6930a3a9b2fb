//! What every private message costs from its bytes to the account, beside its floor: serde passes over the same bytes and
//! keeps nothing. And prices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "benches")]

#[path = "../../../venue/tests/pass/mod.rs"]
mod pass;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use plimsoll_domain::PositionMode;
use plimsoll_gateio::wire::{Reading, Symbols, body, decode};
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::time::Duration;

const FRAMES: usize = 2 * 4096;

const LISTING: &[u8] = include_bytes!("../tests/fixtures/rest_contracts.json");

fn symbols() -> Symbols {
    Symbols::listed(&body::contracts(LISTING).unwrap().contracts)
}

const fn reading(symbols: &Symbols) -> Reading<'_> {
    Reading::new(symbols, PositionMode::OneWay)
}

fn push(channel: &str, time: usize, row: &str) -> Vec<u8> {
    let seconds = time / 1000;
    format!(r#"{{"time":{seconds},"time_ms":{time},"channel":"futures.{channel}","event":"update","result":[{row}]}}"#)
        .into_bytes()
}

fn at(number: usize) -> usize {
    1_764_000_000_120 + number
}

/// A trade of an order of its own, so that none is known already.
fn trade(number: usize) -> Vec<u8> {
    let (order, trade, time) = (94_294_117_235_059_656 + number, 9_001 + number, at(number));
    let row = format!(
        concat!(
            r#"{{"id":"{trade}","create_time":{seconds},"create_time_ms":{time},"contract":"BTC_USDT","order_id":"{order}","#,
            r#""size":"200","price":"61000.5","role":"maker","text":"t-plim-a{number}","fee":0.244002,"point_fee":0,"#,
            r#""close_size":"0"}}"#
        ),
        trade = trade,
        seconds = time / 1000,
        time = time,
        order = order,
        number = number,
    );
    push("usertrades", time, &row)
}

fn order(number: usize) -> Vec<u8> {
    let (order, time) = (94_294_117_235_059_656 + number, at(number));
    let row = format!(
        concat!(
            r#"{{"contract":"BTC_USDT","create_time":1764000000,"create_time_ms":1764000000100,"fill_price":61000.5,"#,
            r#""finish_as":"filled","finish_time":1764000000,"finish_time_ms":{time},"iceberg":"0","id":{order},"#,
            r#""is_close":false,"is_liq":false,"is_reduce_only":false,"left":"0","mkfr":0.0002,"price":61000.5,"refr":0,"#,
            r#""refu":0,"size":"200","status":"finished","text":"t-plim-a{number}","tif":"gtc","tkfr":0.0005,"#,
            r#""user":"7001","update_id":2,"update_time":{time},"stop_loss_price":"","stop_profit_price":""}}"#
        ),
        time = time,
        order = order,
        number = number,
    );
    push("orders", time, &row)
}

fn position(number: usize) -> Vec<u8> {
    let time = at(number);
    let row = format!(
        concat!(
            r#"{{"contract":"BTC_USDT","cross_leverage_limit":20,"entry_price":60500.100000000006,"history_pnl":-10.5,"#,
            r#""history_point":0,"last_close_pnl":-0.5,"leverage":0,"leverage_max":100,"liq_price":0.1,"#,
            r#""maintenance_rate":0.005,"margin":49.999890611186,"mode":"single","realised_pnl":-0.0125,"#,
            r#""realised_point":0,"risk_limit":100,"size":"{size}","time":{seconds},"time_ms":{time},"user":"7001","#,
            r#""update_id":{number}}}"#
        ),
        size = 100 + number % 90,
        seconds = time / 1000,
        time = time,
        number = number,
    );
    push("positions", time, &row)
}

/// A fixture whose ids and times count up, so that nothing in it is known already.
fn counted(fixture: &str, ids: &[&str], number: usize) -> Vec<u8> {
    let counted = |text: String, id: &&str| text.replace(*id, &(id.parse::<usize>().unwrap() + number).to_string());
    ids.iter().fold(fixture.to_owned(), counted).into_bytes()
}

/// The rarer pushes: what they are called, an example, and what counts up in it.
const RARER: [(&str, &str, &[&str]); 8] = [
    ("balances", include_str!("../tests/fixtures/ws_balances.json"), &["1764000000120", "170920"]),
    ("autoorders", include_str!("../tests/fixtures/ws_auto_new.json"), &["1764000003250", "9256"]),
    ("autoorders, triggered", include_str!("../tests/fixtures/ws_auto_triggered.json"), &["1764000003250", "9256"]),
    ("liquidates", include_str!("../tests/fixtures/ws_liquidates.json"), &["1764000000130"]),
    ("auto_deleverages", include_str!("../tests/fixtures/ws_auto_deleverages.json"), &["1764000000140"]),
    ("position_adl_rank", include_str!("../tests/fixtures/ws_adl_rank.json"), &["1764000000150"]),
    ("reduce_risk_limits", include_str!("../tests/fixtures/ws_reduced_risk.json"), &["1764000000160"]),
    ("position_closes", include_str!("../tests/fixtures/ws_position_closes.json"), &["1764000000170"]),
];

fn private(criterion: &mut Criterion) {
    let symbols = symbols();
    let frames = |frame: fn(usize) -> Vec<u8>| -> Vec<Vec<u8>> { (0..FRAMES).map(frame).collect() };
    for (name, frames) in [("usertrades", frames(trade)), ("orders", frames(order)), ("positions", frames(position))] {
        measure(criterion, &symbols, name, &frames);
    }
    for (name, fixture, ids) in RARER {
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(|number| counted(fixture, ids, number)).collect();
        measure(criterion, &symbols, name, &frames);
    }
}

fn measure(criterion: &mut Criterion, symbols: &Symbols, name: &str, frames: &[Vec<u8>]) {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("floor: passed over", |it| {
        it.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(&frames[0])).unwrap());
    });
    group.bench_function("to the event", |it| {
        it.iter(|| decode(black_box(&frames[0]), reading(symbols), 1).unwrap());
    });
    group.bench_function("to the event applied", |it| {
        let read = |frame: &[u8]| decode(frame, reading(symbols), 1).unwrap();
        it.iter_custom(|rounds| pass::time(rounds, frames, read));
    });
    group.finish();
}

fn market(criterion: &mut Criterion) {
    let symbols = symbols();
    let mut group = criterion.benchmark_group("market");
    for (name, frame) in [
        ("tickers", &include_bytes!("../tests/fixtures/ws_tickers.json")[..]),
        ("best quotes", &include_bytes!("../tests/fixtures/ws_book_ticker.json")[..]),
    ] {
        group.bench_function(name, |it| {
            let decoded = |frame: &[u8]| decode(black_box(frame), reading(&symbols), 1).unwrap();
            it.iter_batched(|| frame, decoded, BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, private, market);
criterion_main!(benches);
