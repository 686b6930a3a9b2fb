//! What is written is what is read back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::{Decimal, Price, Quantity, Rate, Timestamp};
use plimsoll_history::{CandleRow, Digits, FileWriter, Format, FundingRow, QuoteRow, Row, Rows};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;

fn write<R: Row>(path: &Path, format: Format, rows: &[R]) {
    let mut writer = FileWriter::create(path, format, &Digits::of(rows)).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
}

fn comes_back<R: Row>(rows: &[R]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [("f.csv", Format::Csv), ("f.parquet", Format::Parquet)] {
        let path = folder.path().join(name);
        write(&path, format, rows);
        let back = Rows::<R>::open(&path).unwrap().collect::<Result<Vec<_>, _>>();
        prop_assert_eq!(back.as_deref(), Ok(rows));
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        prop_assert!(files.iter().all(|name| !name.to_string_lossy().ends_with("partial")), "{files:?}");
    }
    Ok(())
}

/// Any decimal of 96 bits, of few digits or many.
fn decimals() -> impl Strategy<Value = Decimal> {
    (any::<i128>(), 31_u32..=126, 0_u32..=28)
        .prop_map(|(mantissa, shift, scale)| Decimal::from_i128_with_scale(mantissa >> shift, scale))
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0_i64..253_402_300_799_999_999).prop_map(Timestamp::from_micros)
}

fn prices() -> impl Strategy<Value = Price> {
    decimals().prop_filter_map("no price", |number| Price::new(number.abs()).ok())
}

fn sizes() -> impl Strategy<Value = Option<Quantity>> {
    decimals().prop_map(|number| Quantity::new(number.abs()).ok())
}

prop_compose! {
    fn candles()(time in times(), mut prices in [prices(), prices(), prices(), prices()], volume in decimals()) -> CandleRow {
        prices.sort_unstable();
        let [low, open, close, high] = prices;
        CandleRow { time, open, high, low, close, volume: volume.abs() }
    }
}

prop_compose! {
    fn fundings()(time in times(), rate in decimals(), mark in proptest::option::of(prices())) -> FundingRow {
        let rate = if rate.abs() > Decimal::ONE_HUNDRED { Rate::ZERO } else { Rate::new(rate) };
        FundingRow { time, rate, mark }
    }
}

prop_compose! {
    fn quotes()(time in times(), one in prices(), other in prices(), bid_size in sizes(), ask_size in sizes()) -> QuoteRow {
        QuoteRow { time, bid: one.min(other), ask: one.max(other), bid_size, ask_size }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn candles_of_any_decimals_come_back(rows in vec(candles(), 0..20)) {
        comes_back(&rows)?;
    }

    #[test]
    fn funding_of_any_decimals_comes_back(rows in vec(fundings(), 0..20)) {
        comes_back(&rows)?;
    }

    #[test]
    fn quotes_of_any_decimals_come_back(rows in vec(quotes(), 0..20)) {
        comes_back(&rows)?;
    }
}

#[test]
fn a_file_of_several_groups_comes_back() {
    let rows: Vec<FundingRow> = (0..300_000)
        .map(|at| FundingRow { time: Timestamp::from_micros(at), rate: Rate::new(Decimal::new(at - 5, 7)), mark: None })
        .collect();
    comes_back(&rows).unwrap();
}

#[test]
fn what_is_not_finished_leaves_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    let row = FundingRow { time: Timestamp::from_micros(0), rate: Rate::ZERO, mark: None };
    write(&path, Format::Csv, &[row]);
    let mut other = FileWriter::create(&path, Format::Parquet, &Digits::of(&[row])).unwrap();
    other.write(&row).unwrap();
    drop(other);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "time,rate\n1970-01-01T00:00:00Z,0\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_number_with_more_digits_than_were_said_is_refused_and_not_rounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.parquet");
    let row = |rate| FundingRow { time: Timestamp::from_micros(0), rate: Rate::new(rate), mark: None };
    let mut writer = FileWriter::create(&path, Format::Parquet, &Digits::of(&[row(Decimal::new(1, 4))])).unwrap();
    writer.write(&row(Decimal::new(20, 5))).unwrap();
    let error = writer.write(&row(Decimal::new(15, 5))).unwrap_err().to_string();
    assert!(
        error.ends_with("f.parquet: Parquet error: rate of 1970-01-01T00:00:00Z needs more digits than were said"),
        "{error}"
    );
}
