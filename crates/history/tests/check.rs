//! What a check finds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_history::{CheckOptions, CheckReport, FileReport, Kind, Topic, check_file, check_together, kind_of};
use std::fmt::Write;
use std::path::PathBuf;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The report without the folder's name.
    fn shown(&self, report: &impl ToString) -> String {
        report.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Candles of these minutes; every price is 100.
fn candles(minutes: impl IntoIterator<Item = i64>) -> String {
    minutes.into_iter().fold("time,open,high,low,close,volume\n".to_owned(), |mut text, minute| {
        writeln!(text, "{},100,100,100,100,1", minute * 60).unwrap();
        text
    })
}

fn funding(minutes: impl IntoIterator<Item = i64>) -> String {
    minutes.into_iter().fold("time,rate\n".to_owned(), |mut text, minute| {
        writeln!(text, "{}.017,0.0001", minute * 60).unwrap();
        text
    })
}

fn check(path: &std::path::Path, options: &CheckOptions) -> FileReport {
    check_file(path, kind_of(path).unwrap(), options, &mut |_| {}).unwrap()
}

fn together(folder: &Folder, candles: &str, marks: Option<&str>, funding: Option<&str>) -> CheckReport {
    let candles = folder.write("candles.csv", candles);
    let marks = marks.map(|text| folder.write("marks.csv", text));
    let funding = funding.map(|text| folder.write("funding.csv", text));
    let options = CheckOptions::default();
    check_together(&candles, marks.as_deref(), funding.as_deref(), &options, &mut |_| {}).unwrap()
}

#[test]
fn a_clean_file_is_said_to_be() {
    let folder = Folder::new();
    let report = check(&folder.write("clean.csv", &candles(0..100)), &CheckOptions::default());
    assert!(report.is_usable());
    let expected = "clean.csv: 100 candles, every 1m, 1970-01-01T00:00:00Z to 1970-01-01T01:39:00Z\n  nothing found\n";
    assert_eq!(folder.shown(&report), expected);
}

#[test]
fn everything_that_is_wrong_is_named_with_its_place() {
    let folder = Folder::new();
    let mut text = candles((0..10).chain([12, 12, 11]));
    text += "780,NaN,100,100,100,1\n840,0,100,100,100,1\n900,100,90,95,100,1\n";
    text += "960,100,100,100,100,1\n960,100,101,100,100,1\n1040,100,100,100,100,1\n1100,100,100,100,100\n";
    let report = check(&folder.write("bad.csv", &text), &CheckOptions::default());
    assert!(!report.is_usable());
    assert_eq!(
        folder.shown(&report),
        "bad.csv: 13 candles, every 1m, 1970-01-01T00:00:00Z to 1970-01-01T00:17:20Z
  wrong rows: 4
    line 15: open is 'NaN', which is no finite number
    line 16: open is 0: a price is above 0 and at most 10000000000
    line 17: open and close are not between low and high
    line 21: 5 cells, but the header has 6
  unsorted rows: 1
    line 14: 1970-01-01T00:11:00Z comes after 1970-01-01T00:12:00Z: sort the file by time
  contradictions: 1
    line 19: a second row of 1970-01-01T00:16:00Z, and it says something else: which is right?
  duplicates: 1
    line 13: the row of 1970-01-01T00:12:00Z once more
  gaps: 2 (5 rows)
    line 12: 2 missing between 1970-01-01T00:09:00Z and 1970-01-01T00:12:00Z
    line 18: 3 missing between 1970-01-01T00:12:00Z and 1970-01-01T00:16:00Z
  off the interval: 1
    line 20: 1970-01-01T00:17:20Z is no whole interval after 1970-01-01T00:16:00Z
"
    );
}

#[test]
fn only_the_first_findings_are_kept_and_all_are_counted() {
    let folder = Folder::new();
    let path = folder.write("gaps.csv", &candles((0..300).chain((300..2000).step_by(2))));
    let report = check(&path, &CheckOptions { kept: 3, ..CheckOptions::default() });
    let gaps = report.findings.about(Topic::Gaps).unwrap();
    assert_eq!((gaps.count, gaps.rows, gaps.first.len()), (849, 849, 3));
    assert!(folder.shown(&report).ends_with("    and 846 more\n"));
    assert!(report.is_usable());
}

#[test]
fn a_spike_is_an_outlier_twice_and_nothing_else_is() {
    let folder = Folder::new();
    let mut text = candles(0..100);
    text += "6000,100,160,100,160,1\n";
    for minute in 101..110 {
        writeln!(text, "{},100,100,100,100,1", minute * 60).unwrap();
    }
    let report = check(&folder.write("spike.csv", &text), &CheckOptions::default());
    let outliers = report.findings.about(Topic::Outliers).unwrap();
    assert_eq!((outliers.count, report.rows), (2, 110));
    let first = outliers.first[0].to_string();
    assert!(first.contains("line 102: 1970-01-01T01:40:00Z is 60.00 % from the close before it"), "{first}");
    assert!(report.is_usable());
    let none = CheckOptions { outliers: None, ..CheckOptions::default() };
    assert_eq!(check(&folder.write("spike.csv", &text), &none).findings.count(), 0);
}

#[test]
fn a_file_without_rows_is_not_usable() {
    let folder = Folder::new();
    let report = check(&folder.write("none.csv", &candles([])), &CheckOptions::default());
    assert!(!report.is_usable());
    assert_eq!(folder.shown(&report), "none.csv: 0 candles\n  no row can be used\n  nothing found\n");
}

#[test]
fn a_file_is_told_by_its_columns() {
    let folder = Folder::new();
    for (text, kind) in [
        ("time,open,high,low,close,volume\n", Kind::Candles),
        ("time,open,high,low,close\n", Kind::Marks),
        ("time,funding_rate\n", Kind::Funding),
        ("time,bid,ask\n", Kind::Quotes),
    ] {
        assert_eq!(kind_of(folder.write("f.csv", text)).unwrap(), kind);
    }
    let error = kind_of(folder.write("f.csv", "time,price\n")).unwrap_err().to_string();
    assert!(error.contains("no column 'open'"), "{error}");
}

#[test]
fn candles_without_marks_are_found_at_the_beginning_in_the_middle_and_at_the_end() {
    let folder = Folder::new();
    let marks = candles((10..20).chain(30..90));
    let report = together(&folder, &candles(0..100), Some(&marks), None);
    let expected = "together:
  without marks: 3 (30 rows)
    line 12: 10 candles from 1970-01-01T00:00:00Z to 1970-01-01T00:09:00Z have no mark price
    line 32: 10 candles from 1970-01-01T00:20:00Z to 1970-01-01T00:29:00Z have no mark price
    line 101: 10 candles from 1970-01-01T01:30:00Z to 1970-01-01T01:39:00Z have no mark price
";
    assert!(folder.shown(&report).ends_with(expected), "{report}");
    assert!(report.is_usable());
}

#[test]
fn marks_of_a_longer_interval_are_enough() {
    let folder = Folder::new();
    let report = together(&folder, &candles(0..100), Some(&candles((0..100).step_by(10))), None);
    assert_eq!(report.together.count(), 0);
}

#[test]
fn funding_outside_the_candles_and_candles_without_funding_are_found() {
    let folder = Folder::new();
    let hours = |from: i64, to: i64| funding((from..=to).map(|hour| hour * 60));
    let minutes = candles(600..1800);
    assert_eq!(together(&folder, &minutes, None, Some(&hours(10, 30))).together.count(), 0);
    let wider = together(&folder, &minutes, None, Some(&hours(9, 32)));
    let outside = wider.together.about(Topic::Outside).unwrap();
    let shown: Vec<String> = outside.first.iter().map(|it| it.fault.to_string()).collect();
    assert_eq!(
        shown,
        [
            "1970-01-01T09:00:00.017Z is before the first candle opens at 1970-01-01T10:00:00Z",
            "1970-01-02T07:00:00.017Z is after the last candle closes at 1970-01-02T06:00:00Z",
            "1970-01-02T08:00:00.017Z is after the last candle closes at 1970-01-02T06:00:00Z",
        ]
    );
    let narrower = together(&folder, &minutes, None, Some(&hours(15, 20)));
    let without = narrower.together.about(Topic::Unfunded).unwrap();
    let shown: Vec<String> = without.first.iter().map(|it| it.fault.to_string()).collect();
    assert_eq!(
        shown,
        [
            "no funding between 1970-01-01T10:00:00Z and 1970-01-01T15:00:00.017Z, where there are candles",
            "no funding between 1970-01-01T20:00:00.017Z and 1970-01-02T06:00:00Z, where there are candles",
        ]
    );
}
