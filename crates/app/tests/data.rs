//! `plimsoll data`, as a script sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "only the venue is used here")]
mod stage;

use serde_json::Value;
use stage::Venue;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn data(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).arg("data").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let all = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(all).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn write<'a>(path: &'a Path, rows: &str) -> &'a str {
    std::fs::write(path, format!("time,open,high,low,close,volume\n{rows}")).unwrap();
    path.to_str().unwrap()
}

#[test]
fn a_check_says_what_is_wrong_and_the_exit_code_says_whether_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.csv"), folder.path().join("bad.csv"));
    let good = write(&good, "0,1,1,1,1,1\n60,1,1,1,1,1\n180,1,1,1,1,1\n");
    let bad = write(&bad, "0,1,1,1,1,1\n60,NaN,1,1,1,1\n");
    let fine = data(&["check", good]);
    assert_eq!(fine.status.code(), Some(0), "{}", said(&fine));
    assert!(said(&fine).contains("gaps: 1 (1 rows)\n    line 4: 1 missing between"), "{}", said(&fine));
    let both = data(&["check", good, bad, "--json"]);
    assert_eq!(both.status.code(), Some(1));
    let answer = json(&both);
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["files"][0]["findings"]["gaps"]["count"], 1);
    assert_eq!(answer["files"][0]["interval_seconds"], 60.0);
    let first = answer["files"][1]["findings"]["wrong"]["first"][0].as_str().unwrap();
    assert!(first.ends_with("bad.csv, line 3: open is 'NaN', which is no finite number"), "{first}");
    let none = data(&["check", "none.csv"]);
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
}

#[test]
fn candles_are_checked_with_what_belongs_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let (candles, funding) = (folder.path().join("c.csv"), folder.path().join("f.csv"));
    let candles = write(&candles, "600,1,1,1,1,1\n660,1,1,1,1,1\n");
    std::fs::write(&funding, "time,rate\n0,0.0001\n600,0.0001\n").unwrap();
    let output = data(&["check", candles, "--funding", funding.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["together"]["outside"]["count"], 1);
    let two = data(&["check", candles, candles, "--funding", funding.to_str().unwrap()]);
    assert_eq!(two.status.code(), Some(2), "{}", said(&two));
}

#[test]
fn an_import_is_whole_or_refused_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, parquet) = (folder.path().join("c.csv"), folder.path().join("c.parquet"));
    let to = parquet.to_str().unwrap();
    let from = write(&csv, "0,1,2,1,2,1.50\n60,2,1,1,1,1\n");
    let refused = data(&["import", from, to]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(
        said(&refused).contains("c.csv, line 3: open and close are not between low and high"),
        "{}",
        said(&refused)
    );
    assert!(!parquet.exists());
    let lenient = data(&["import", from, to, "--lenient", "--json"]);
    assert_eq!(json(&lenient)["rows"], 1);
    assert_eq!(json(&lenient)["noted"]["wrong"]["count"], 1);
    let again = data(&["import", from, to, "--lenient"]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("is there already\nWith --replace it is replaced."), "{}", said(&again));
    let back = folder.path().join("back.csv");
    assert!(data(&["import", to, back.to_str().unwrap()]).status.success());
    let text = std::fs::read_to_string(back).unwrap();
    assert_eq!(text, "time,open,high,low,close,volume\n1970-01-01T00:00:00Z,1,2,1,2,1.5\n");
}

/// A whole hour so many hours ago, as a count of seconds.
fn ago(hours: u64) -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - Duration::from_secs(hours * 3600);
    (time.as_secs() / 3600 * 3600).to_string()
}

#[test]
fn a_download_waits_for_a_venue_that_is_busy_or_away() {
    let folder = tempfile::tempdir().unwrap();
    let (_venue, rest, _) = Venue::start_with("binance", "k", "s", &["--faults", "429=x1,502-before=x2"]);
    let place = ["--symbol", "BTC/USDT:USDT", "--dir", folder.path().to_str().unwrap(), "--rest", &rest, "--json"];
    let span = ["--interval", "1m", "--from", &ago(20), "--to", &ago(2)];
    let begun = Instant::now();
    let output = data(&[&["download", "--venue", "binance"][..], &place, &span].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(json(&output)["new_rows"], 1080);
    assert!(begun.elapsed() > Duration::from_secs(1), "the venue said to wait for a second");
}

#[test]
fn a_download_fills_the_store_once_and_then_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    for wire in ["binance", "gateio", "bitget"] {
        let (_venue, rest, _) = Venue::start(wire, "k", "s");
        let dir = folder.path().join(wire);
        let download = |more: &[&str]| {
            let (from, to) = (ago(6), ago(2));
            let place = ["--symbol", "BTC/USDT:USDT", "--dir", dir.to_str().unwrap(), "--rest", &rest];
            let span = ["--from", &from, "--to", &to, "--json"];
            data(&[&["download", "--venue", wire][..], &place, &span, more].concat())
        };
        let first = download(&["--interval", "1m"]);
        assert!(first.status.success(), "{wire}: {}", said(&first));
        let rows = json(&first)["new_rows"].as_u64().unwrap();
        assert_eq!(rows, 240, "{wire}: {}", said(&first));
        let second = download(&["--interval", "1m"]);
        assert_eq!(json(&second)["pages"], 0, "{wire}: {}", said(&second));
        let funding = download(&["--funding"]);
        assert!(funding.status.success(), "{wire}: {}", said(&funding));
        let series = dir.join(wire).join("BTC-USDT-USDT").join("1m");
        for file in std::fs::read_dir(series).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "parquet") {
                let check = data(&["check", file.to_str().unwrap()]);
                assert!(check.status.success() && said(&check).contains("every 1m"), "{wire}: {}", said(&check));
            }
        }
    }
}

#[test]
fn a_download_from_nowhere_says_that_it_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["download", "--venue", "binance", "--symbol", "BTC/USDT:USDT", "--interval", "1m", "--rest"];
    let rest = ["--from", "2024-01-01", "--to", "2024-01-02", "--dir", folder.path().to_str().unwrap()];
    let output = data(&[&arguments[..], &["http://127.0.0.1:9"], &rest].concat());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("the same command goes on where this one stopped"), "{}", said(&output));
    let output = data(&[&arguments[..], &["http://example.com"], &rest].concat());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
