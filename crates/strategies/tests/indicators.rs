//! The indicators, against TA-Lib's C library (a table) and its Rust port (a long series), and after a restart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_strategies::indicator::{Atr, Bollinger, Ema, Rsi, Sma};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ta_lib::{Core, MAType};

/// What one candle makes of every indicator: EMA of 10 and 50, SMA, ATR, RSI, and the bands.
type Row = [Option<f64>; 8];

struct All(Ema, Ema, Sma, Atr, Rsi, Bollinger);

impl All {
    fn new() -> Self {
        Self(Ema::new(10), Ema::new(50), Sma::new(20), Atr::new(14), Rsi::new(14), Bollinger::new(20, 2.0))
    }

    fn update(&mut self, [high, low, close]: [f64; 3]) -> Row {
        let bands = self.5.update(close);
        [
            self.0.update(close),
            self.1.update(close),
            self.2.update(close),
            self.3.update(high, low, close),
            self.4.update(close),
            bands.map(|it| it.upper),
            bands.map(|it| it.middle),
            bands.map(|it| it.lower),
        ]
    }

    fn restarted(&self) -> Self {
        fn again<T: Serialize + DeserializeOwned>(it: &T) -> T {
            serde_json::from_str(&serde_json::to_string(it).unwrap()).unwrap()
        }
        Self(again(&self.0), again(&self.1), again(&self.2), again(&self.3), again(&self.4), again(&self.5))
    }
}

fn assert_near(found: Option<f64>, expected: Option<f64>, place: &str) {
    match (found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) if (found - expected).abs() <= 1e-12 * expected.abs() => {}
        _ => panic!("{place}: {found:?}, expected {expected:?}"),
    }
}

/// A long walk in sixteenths: high, low, close.
fn walk(count: usize) -> Vec<[f64; 3]> {
    let (mut seed, mut close) = (7_u64, 100_000_i32);
    let mut draw = |below: u64| {
        seed = (seed * 1_103_515_245 + 12_345) % (1 << 31);
        i32::try_from((seed >> 16) % below).unwrap()
    };
    let mut next = || {
        let open = close;
        close += draw(257) - 128;
        let (high, low) = (open.max(close) + draw(65), open.min(close) - draw(65));
        [high, low, close].map(|it| f64::from(it) / 16.0)
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn they_say_what_the_c_library_says() {
    let table = include_str!("fixtures/talib.csv");
    let mut all = All::new();
    let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    for (line, row) in table.lines().enumerate().skip(1) {
        let cells: Vec<Option<f64>> = row.split(',').map(|cell| cell.parse().ok()).collect();
        let [Some(high), Some(low), Some(close), ..] = cells[..] else { panic!("line {}: no candle", line + 1) };
        for (column, found) in (3..).zip(all.update([high, low, close])) {
            assert_near(found, cells[column], &format!("line {}, {}", line + 1, names[column]));
        }
    }
}

/// One column of a batch, where it begins, beside ours.
fn assert_column(found: &[Row], column: usize, begin: usize, expected: &[f64]) {
    let ours: Vec<Option<f64>> = found.iter().map(|row| row[column]).collect();
    assert!(ours[..begin].iter().all(Option::is_none), "column {column} begins before {begin}");
    for (index, (found, expected)) in (begin..).zip(ours[begin..].iter().zip(expected)) {
        // The bands are sums that run on there, and are made anew here.
        let allowed = if column == 2 || column > 4 { 1e-11 * expected.abs() } else { 0.0 };
        let found = found.unwrap();
        assert!((found - expected).abs() <= allowed, "column {column}, {index}: {found}, expected {expected}");
    }
}

#[test]
fn they_say_what_the_rust_port_says_and_averages_to_the_last_bit() {
    let candles = walk(20_000);
    let mut all = All::new();
    let found: Vec<Row> = candles.iter().map(|candle| all.update(*candle)).collect();
    let [high, low, close] = [0, 1, 2].map(|part| candles.iter().map(|candle| candle[part]).collect::<Vec<f64>>());
    let (core, last) = (Core::new(), close.len() - 1);
    let mut out = [vec![0.0; close.len()], vec![0.0; close.len()], vec![0.0; close.len()]];
    let [first, second, third] = &mut out;
    for (column, period) in [(0, 10), (1, 50)] {
        let range = core.ema(0, last, &close, period, first).unwrap();
        assert_column(&found, column, range.beg_idx, &first[..range.count]);
    }
    let range = core.sma(0, last, &close, 20, first).unwrap();
    assert_column(&found, 2, range.beg_idx, &first[..range.count]);
    let range = core.atr(0, last, &high, &low, &close, 14, first).unwrap();
    assert_column(&found, 3, range.beg_idx, &first[..range.count]);
    let range = core.rsi(0, last, &close, 14, first).unwrap();
    assert_column(&found, 4, range.beg_idx, &first[..range.count]);
    let range = core.bbands(0, last, &close, 20, 2.0, 2.0, MAType::SMA, first, second, third).unwrap();
    for (column, out) in [(5, first), (6, second), (7, third)] {
        assert_column(&found, column, range.beg_idx, &out[..range.count]);
    }
}

#[test]
fn after_a_restart_at_any_moment_they_go_on_to_the_last_bit() {
    let candles = walk(300);
    let mut whole = All::new();
    let expected: Vec<Row> = candles.iter().map(|candle| whole.update(*candle)).collect();
    let mut restarted = All::new();
    for (candle, expected) in candles.iter().zip(&expected) {
        restarted = restarted.restarted();
        assert_eq!(restarted.update(*candle).map(|it| it.map(f64::to_bits)), expected.map(|it| it.map(f64::to_bits)));
    }
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    let refused = [
        serde_json::from_str::<Ema>(r#"{"period": 0, "seen": 0, "value": "0"}"#).unwrap_err().to_string(),
        serde_json::from_str::<Ema>(r#"{"period": 5, "seen": 6, "value": "0"}"#).unwrap_err().to_string(),
        serde_json::from_str::<Ema>(r#"{"period": 5, "seen": 5, "value": "NaN"}"#).unwrap_err().to_string(),
        serde_json::from_str::<Atr>(r#"{"period": 5, "seen": 6, "value": "0", "close": null}"#)
            .unwrap_err()
            .to_string(),
        serde_json::from_str::<Sma>(r#"{"period": 1, "values": ["1", "2"]}"#).unwrap_err().to_string(),
        serde_json::from_str::<Rsi>(r#"{"period": 5, "more": 1}"#).unwrap_err().to_string(),
    ];
    assert!(refused.iter().all(|it| !it.is_empty()), "{refused:?}");
}

#[test]
fn a_series_that_stands_still_has_no_range_no_width_and_no_strength() {
    let mut all = All::new();
    let last = (0..60).map(|_| all.update([5.0, 5.0, 5.0])).last().unwrap();
    assert_eq!(last, [5.0, 5.0, 5.0, 0.0, 50.0, 5.0, 5.0, 5.0].map(Some));
    assert_eq!(all.5.value().unwrap().width(), 0.0);
}
