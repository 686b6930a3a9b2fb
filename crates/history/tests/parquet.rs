//! Parquet as other programs write it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use arrow::array::{
    ArrayRef, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, LargeStringArray, RecordBatch,
    StringArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use plimsoll_history::{CandleRow, Format, FundingRow, Row, Rows};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{TempDir, tempdir};

fn write(folder: &Path, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let path = folder.join("f.parquet");
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let packed = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(packed)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

fn read<R: Row>(path: &Path) -> Vec<Result<R, String>> {
    let rows = Rows::<R>::open(path).unwrap();
    assert_eq!(rows.format(), Format::Parquet);
    let shown = path.display().to_string();
    rows.map(|row| row.map_err(|error| error.to_string().replace(&shown, "f"))).collect()
}

/// Funding rates of these two columns as text.
fn funding(folder: &TempDir, time: ArrayRef, rate: ArrayRef) -> Vec<String> {
    let rows = read::<FundingRow>(&write(folder.path(), vec![("funding_time", time), ("funding_rate", rate)]));
    rows.into_iter().map(|row| row.map_or_else(|error| error, |it| format!("{} {}", it.time, it.rate))).collect()
}

#[test]
fn a_time_is_read_from_every_type() {
    let folder = tempdir().unwrap();
    let times: Vec<ArrayRef> = vec![
        Arc::new(TimestampMillisecondArray::from(vec![1_704_067_200_000])),
        Arc::new(TimestampMillisecondArray::from(vec![1_704_067_200_000]).with_timezone("Europe/Berlin")),
        Arc::new(TimestampNanosecondArray::from(vec![1_704_067_200_000_000_999])),
        Arc::new(Int64Array::from(vec![1_704_067_200_000])),
        Arc::new(UInt64Array::from(vec![1_704_067_200_000_000_000])),
        Arc::new(Int32Array::from(vec![1_704_067_200])),
        Arc::new(Float64Array::from(vec![1_704_067_200.0])),
        Arc::new(StringArray::from(vec!["2024-01-01 00:00:00"])),
        Arc::new(LargeStringArray::from(vec!["2024-01-01T00:00:00Z"])),
    ];
    for time in times {
        let of = format!("{}", time.data_type());
        let read = funding(&folder, time, Arc::new(Float64Array::from(vec![0.0001])));
        assert_eq!(read, ["2024-01-01T00:00:00Z 0.0001"], "{of}");
    }
}

#[test]
fn a_number_is_read_exactly_from_every_type() {
    let folder = tempdir().unwrap();
    let decimals = |values, precision, scale| {
        Arc::new(Decimal128Array::from(vec![values]).with_precision_and_scale(precision, scale).unwrap())
    };
    let numbers: Vec<(ArrayRef, &str)> = vec![
        (decimals(-12_345_i128, 9, 6), "-0.012345"),
        (decimals(50_000_000_000_000_000_000_000, 38, 22), "5"),
        (decimals(5_i128 * 10_i128.pow(30), 38, 32), "0.05"),
        (Arc::new(Float64Array::from(vec![0.1 + 0.2])), "0.30000000000000004"),
        (Arc::new(Float64Array::from(vec![1e-7])), "0.0000001"),
        (Arc::new(Float32Array::from(vec![0.1])), "0.1"),
        (Arc::new(Int32Array::from(vec![3])), "3"),
        (Arc::new(StringArray::from(vec!["1e-8"])), "0.00000001"),
    ];
    for (number, expected) in numbers {
        let of = format!("{}", number.data_type());
        let read = funding(&folder, Arc::new(Int64Array::from(vec![0])), number);
        assert_eq!(read, [format!("1970-01-01T00:00:00Z {expected}")], "{of}");
    }
}

#[test]
fn a_wrong_row_is_named_by_its_number_and_the_next_is_read() {
    let folder = tempdir().unwrap();
    let prices = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let path = write(
        folder.path(),
        vec![
            ("volume", prices(vec![Some(1.0); 7])),
            (
                "time",
                Arc::new(Int64Array::from(vec![Some(0), Some(60), Some(-1), Some(180), None, Some(300), Some(360)])),
            ),
            ("open", prices(vec![Some(1.0); 7])),
            (
                "high",
                prices(vec![Some(2.0), Some(f64::NAN), Some(2.0), Some(f64::INFINITY), Some(2.0), None, Some(2.0)]),
            ),
            ("note", Arc::new(StringArray::from(vec!["x"; 7]))),
            ("low", prices(vec![Some(1.0); 7])),
            ("close", prices(vec![Some(1.5), Some(1.5), Some(1.5), Some(1.5), Some(1.5), Some(1.5), Some(1e-40)])),
        ],
    );
    let rows = read::<CandleRow>(&path);
    let wrong: Vec<&str> = rows.iter().filter_map(|row| row.as_ref().err()).map(String::as_str).collect();
    assert_eq!(
        wrong,
        [
            "f, row 2: high is 'NaN', which is no finite number",
            "f, row 3: '-1' is no time such as 2024-01-31T23:01:00Z, 2024-01-31 23:01:00.5 or 1706742060000",
            "f, row 4: high is 'inf', which is no finite number",
            "f, row 5: time is empty",
            "f, row 6: high is empty",
            "f, row 7: close is '0.0000000000000000000000000000000000000001', which is not a decimal number that can be kept \
             exactly",
        ]
    );
    assert_eq!(rows[0].as_ref().unwrap().high.to_string(), "2");
}

#[test]
fn a_file_that_was_cut_off_or_changed_is_refused() {
    let folder = tempdir().unwrap();
    let times: ArrayRef = Arc::new(Int64Array::from_iter_values((0..20_000).map(|at| at * 60)));
    let rates: ArrayRef = Arc::new(Float64Array::from_iter_values((0..20_000).map(|at| f64::from(at) / 1e6)));
    let path = write(folder.path(), vec![("time", times), ("rate", rates)]);
    let whole = std::fs::read(&path).unwrap();
    for kept in [4, 8, 1000, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        std::fs::write(&path, &whole[..kept]).unwrap();
        let error = Rows::<FundingRow>::open(&path).unwrap_err().to_string();
        assert!(error.contains("f.parquet is not a whole Parquet file: "), "{kept}: {error}");
    }
    // The footer is whole, the pages before it are not.
    let mut holed = whole.clone();
    holed[10..5000].fill(0xff);
    std::fs::write(&path, &holed).unwrap();
    let rows: Vec<_> = Rows::<FundingRow>::open(&path).unwrap().collect();
    let last = rows.last().unwrap().as_ref().unwrap_err();
    assert!(last.is_last() && last.to_string().contains("the rest cannot be read: "), "{last}");
}

#[test]
fn columns_that_are_missing_or_of_a_wrong_type_are_named() {
    let folder = tempdir().unwrap();
    let times: ArrayRef = Arc::new(Int64Array::from(vec![0]));
    let flags: ArrayRef = Arc::new(arrow::array::BooleanArray::from(vec![true]));
    let refused = |columns| {
        let path = write(folder.path(), columns);
        Rows::<FundingRow>::open(&path).unwrap_err().to_string().replace(&path.display().to_string(), "f")
    };
    assert_eq!(
        refused(vec![("time", times.clone()), ("price", times.clone())]),
        "f has no column 'rate', nor any name that stands for it, so it holds no funding rates; it has time, price"
    );
    assert_eq!(
        refused(vec![("time", times), ("rate", flags)]),
        "f: the column 'rate' is of the type Boolean, which is no number"
    );
}

#[test]
fn no_changed_byte_makes_reading_panic() {
    let folder = tempdir().unwrap();
    let times: ArrayRef = Arc::new(Int64Array::from_iter_values((0..500).map(|at| at * 60)));
    let rates: ArrayRef = Arc::new(Float64Array::from_iter_values((0..500).map(|at| f64::from(at) / 1e6)));
    let path = write(folder.path(), vec![("time", times), ("rate", rates)]);
    let whole = std::fs::read(&path).unwrap();
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..3000 {
        let mut changed = whole.clone();
        for _ in 0..=draw(3) {
            let at = draw(changed.len());
            changed[at] = u8::try_from(draw(256)).unwrap();
        }
        std::fs::write(&path, &changed).unwrap();
        if let Ok(rows) = Rows::<FundingRow>::open(&path) {
            assert!(rows.take(10_000).count() <= 10_000);
        }
    }
}
