//! How fast files are read.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_domain::{Decimal, Price, Timestamp};
use plimsoll_history::{CandleRow, Digits, FileWriter, Format, Rows};
use std::hint::black_box;

const ROWS: i64 = 200_000;

/// A minute of a market that goes up and down, with as many digits as a real one.
fn candle(at: i64) -> CandleRow {
    let price = |tenths: i64| Price::new(Decimal::new(463_190 + tenths, 1)).unwrap();
    let noise = (at.wrapping_mul(6_364_136_223_846_793_005) >> 33).rem_euclid(997);
    let middle = (at % 40_000 - 20_000).abs() / 4 + noise;
    CandleRow {
        time: Timestamp::from_millis(1_640_991_660_000 + at * 60_000),
        open: price(middle),
        high: price(middle + 380 + noise / 7),
        low: price(middle - 210 - noise / 11),
        close: price(middle + noise / 3),
        volume: Decimal::new(1_004_137_295 + noise * 71_000_003, 4),
    }
}

fn read(bench: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<CandleRow> = (0..ROWS).map(candle).collect();
    let mut group = bench.benchmark_group("candles");
    group.throughput(Throughput::Elements(ROWS.unsigned_abs())).sample_size(20);
    for (name, format) in [("csv", Format::Csv), ("parquet", Format::Parquet)] {
        let path = folder.path().join(name);
        let mut writer = FileWriter::create(&path, format, &Digits::of(&rows)).unwrap();
        rows.iter().for_each(|row| writer.write(row).unwrap());
        writer.finish().unwrap();
        eprintln!("{name}: {} bytes a row", std::fs::metadata(&path).unwrap().len() / ROWS.unsigned_abs());
        group.bench_function(name, |bench| {
            bench.iter(|| Rows::<CandleRow>::open(&path).unwrap().filter(|row| black_box(row).is_ok()).count());
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
