//! What a message costs from its bytes to the account, each figure beside its floor: the same bytes into a typed struct
//! that keeps every text as it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "benches")]

#[path = "../../../venue/tests/pass/mod.rs"]
mod pass;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use plimsoll_binance::wire::{Symbols, body, decode};
use serde::Deserialize;
use std::hint::black_box;

const FRAMES: usize = 2 * 4096;

const LISTING: &[u8] = include_bytes!("../tests/fixtures/rest_exchange_info.json");

#[derive(Deserialize)]
struct OrderFloor<'a> {
    #[serde(rename = "T")]
    _time: i64,
    #[serde(borrow)]
    o: OrderFloorBody<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor reads the fields and uses none")]
struct OrderFloorBody<'a> {
    s: &'a str,
    c: &'a str,
    #[serde(rename = "S")]
    side: &'a str,
    o: &'a str,
    f: &'a str,
    q: &'a str,
    p: &'a str,
    ap: &'a str,
    sp: &'a str,
    x: &'a str,
    #[serde(rename = "X")]
    status: &'a str,
    i: u64,
    l: &'a str,
    z: &'a str,
    #[serde(rename = "L")]
    last_price: &'a str,
    #[serde(rename = "N")]
    fee_currency: &'a str,
    n: &'a str,
    #[serde(rename = "T")]
    time: i64,
    t: u64,
    m: bool,
    #[serde(rename = "R")]
    reduce_only: bool,
    ps: &'a str,
    cp: bool,
    rp: &'a str,
}

#[derive(Deserialize)]
struct AccountFloor<'a> {
    #[serde(rename = "T")]
    _time: i64,
    #[serde(borrow)]
    a: AccountFloorBody<'a>,
}

#[derive(Deserialize)]
struct AccountFloorBody<'a> {
    #[serde(rename = "m")]
    _reason: &'a str,
    #[serde(rename = "B", borrow)]
    balances: Vec<BalanceFloor<'a>>,
    #[serde(rename = "P", borrow)]
    positions: Vec<PositionFloor<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor reads the fields and uses none")]
struct BalanceFloor<'a> {
    a: &'a str,
    wb: &'a str,
    cw: &'a str,
    bc: &'a str,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor reads the fields and uses none")]
struct PositionFloor<'a> {
    s: &'a str,
    pa: &'a str,
    ep: &'a str,
    cr: &'a str,
    up: &'a str,
    mt: &'a str,
    iw: &'a str,
    ps: &'a str,
}

/// A fill of an order of its own, so that none is known already.
fn fill(number: usize) -> Vec<u8> {
    let (order, trade) = (70_010_001 + number, 9_001 + number);
    let time = 1_764_000_000_120 + number;
    format!(
        concat!(
            r#"{{"e":"ORDER_TRADE_UPDATE","E":{time},"T":{time},"o":{{"s":"BTCUSDT","c":"plim-a{order}","S":"BUY","#,
            r#""o":"LIMIT","f":"GTC","q":"0.02","p":"61000.5","ap":"61000.5","sp":"0","x":"TRADE","X":"FILLED","i":{order},"#,
            r#""l":"0.02","z":"0.02","L":"61000.5","n":"0.244002","N":"USDT","T":{time},"t":{trade},"b":"0","a":"0","m":true,"#,
            r#""R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"#,
            r#""V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}}}"#
        ),
        time = time,
        order = order,
        trade = trade,
    )
    .into_bytes()
}

fn account(number: usize) -> Vec<u8> {
    let time = 1_764_000_000_120 + number;
    format!(
        concat!(
            r#"{{"e":"ACCOUNT_UPDATE","T":{time},"E":{time},"a":{{"B":[{{"a":"USDT","wb":"{wallet}.87866827","#,
            r#""cw":"937.87866827","bc":"0"}}],"P":[{{"s":"BTCUSDT","pa":"0.02","ep":"61000.5","cr":"-0.28351998","#,
            r#""up":"0.00586175","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"61000.5"}}],"m":"ORDER"}}}}"#
        ),
        time = time,
        wallet = 900 + number % 90,
    )
    .into_bytes()
}

fn order_trade_update(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(fill).collect();
    let mut group = criterion.benchmark_group("ORDER_TRADE_UPDATE");
    group.bench_function("floor: texts in a struct", |it| {
        it.iter(|| black_box(serde_json::from_slice::<OrderFloor<'_>>(black_box(&frames[0])).unwrap()).o.s.len());
    });
    group.bench_function("to the order and its fill", |it| {
        it.iter(|| decode(black_box(&frames[0]), &symbols, 1).unwrap());
    });
    group.bench_function("to the fill applied", |it| {
        let read = |frame: &[u8]| decode(frame, &symbols, 1).unwrap();
        it.iter_custom(|rounds| pass::time(rounds, &frames, read));
    });
    group.finish();
}

fn account_update(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(account).collect();
    let mut group = criterion.benchmark_group("ACCOUNT_UPDATE");
    group.bench_function("floor: texts in a struct", |it| {
        it.iter(|| {
            let floor = serde_json::from_slice::<AccountFloor<'_>>(black_box(&frames[0])).unwrap();
            floor.a.balances.len() + floor.a.positions.len()
        });
    });
    group.bench_function("to the balance and the position", |it| {
        it.iter(|| decode(black_box(&frames[0]), &symbols, 1).unwrap());
    });
    group.bench_function("to the account applied", |it| {
        let read = |frame: &[u8]| decode(frame, &symbols, 1).unwrap();
        it.iter_custom(|rounds| pass::time(rounds, &frames, read));
    });
    group.finish();
}

fn market(criterion: &mut Criterion) {
    let symbols = Symbols::listed(&body::contracts(LISTING).unwrap().contracts);
    let mut group = criterion.benchmark_group("market");
    for (name, frame) in [
        ("mark price", &include_bytes!("../tests/fixtures/ws_mark_price.json")[..]),
        ("best quotes", &include_bytes!("../tests/fixtures/ws_book_ticker.json")[..]),
    ] {
        group.bench_function(name, |it| {
            it.iter_batched(|| frame, |frame| decode(black_box(frame), &symbols, 1).unwrap(), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, order_trade_update, account_update, market);
criterion_main!(benches);
