//! Five million candles (or as many as are said) written, read, checked and imported, and the memory that each takes at most.
//!
//! `cargo run --release -p plimsoll-history --example stream [rows]`

#![allow(clippy::unwrap_used, reason = "an example")]

use plimsoll_domain::{Decimal, Price, Timestamp};
use plimsoll_history::{
    CandleRow, CheckOptions, Digits, FileWriter, Format, ImportOptions, Kind, Ordered, Policy, Rows, check_file, import,
};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: i64 = std::env::args().nth(1).map_or(Ok(5_000_000), |rows| rows.parse())?;
    let folder = tempfile::tempdir()?;
    let (csv, parquet) = (folder.path().join("candles.csv"), folder.path().join("candles.parquet"));
    measured("write csv", rows, || {
        let mut writer = FileWriter::create(&csv, Format::Csv, &Digits::none())?;
        (0..rows).try_for_each(|at| writer.write(&candle(at)))?;
        Ok(writer.finish()?)
    })?;
    measured("import to parquet", rows, || {
        Ok(import(&csv, &parquet, &ImportOptions::default(), &mut |_, _| {}).map(drop)?)
    })?;
    for path in [&csv, &parquet] {
        println!("{}: {} bytes", path.display(), std::fs::metadata(path)?.len());
        measured("read", rows, || all(Rows::<CandleRow>::open(path)?.flatten().count() as u64, rows))?;
        measured("read in order", rows, || {
            all(Ordered::new(Rows::<CandleRow>::open(path)?, Policy::STRICT).flatten().count() as u64, rows)
        })?;
        measured("check", rows, || {
            all(check_file(path, Kind::Candles, &CheckOptions::default(), &mut |_| {})?.rows, rows)
        })?;
    }
    Ok(())
}

fn all(found: u64, rows: i64) -> Result<(), Box<dyn std::error::Error>> {
    if found == rows.unsigned_abs() { Ok(()) } else { Err(format!("{found} of {rows} rows").into()) }
}

/// A market that wanders, with as many digits as a real one.
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

/// Does this, and says how long it took and how much memory the process had at most meanwhile.
fn measured(
    what: &str,
    rows: i64,
    run: impl FnOnce() -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    // Where there is no /proc, there is no figure.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let begun = Instant::now();
    run()?;
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim();
    println!("{what:<18} {seconds:6.2} s, {:5.2} million rows a second, {peak} at most", rows as f64 / seconds / 1e6);
    Ok(())
}
