//! `plimsoll sweep`, as a script sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Ten days of candles of 15 minutes that swing around 40,000 without meaning anything.
fn market() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("btc.csv");
    let (mut text, mut noise, mut price) = (String::from("time,open,high,low,close,volume\n"), 1_u64, 400_000_u64);
    for row in 0..960_u64 {
        let open = price;
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let swing = [1200, 900, 200, 0, 300, 1000][usize::try_from(row / 16 % 6).unwrap()];
        price = open - 600 + swing + (noise >> 33) % 200 - 100;
        let (low, high) = (open.min(price) - 150, open.max(price) + 150);
        let tenth = |price: u64| format!("{}.{}", price / 10, price % 10);
        let time = 1_704_067_200 + row * 900;
        writeln!(text, "{time},{},{},{},{},5", tenth(open), tenth(high), tenth(low), tenth(price)).unwrap();
    }
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn sweep(candles: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("sweep").arg("--candles").arg(candles).args(["--strategy", "ema_cross", "--set", "interval=15m"]);
    command.args(more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const TRIED: [&str; 5] = ["--try", "fast=2,4,20", "--try", "slow=8,16", "--json"];

#[test]
fn two_threads_find_what_one_does() {
    let (_folder, candles) = market();
    let one = json(&sweep(&candles, &[&TRIED[..], &["--threads", "1"]].concat()));
    let two = json(&sweep(&candles, &[&TRIED[..], &["--threads", "2"]].concat()));
    assert_eq!(one, two);
    assert_eq!(one["rows"].as_array().unwrap().len(), 4);
    assert_eq!(one["deflated_sharpe"]["trials"], 4);
    assert_eq!(one["overfitting"]["halvings"], 12_870);
    assert_eq!(one["unfit"].as_array().unwrap().len(), 2);
    assert!(one["unfit"][0]["wrong"].as_str().unwrap().contains("fast is below slow, got 20 and 8"), "{one}");
    let figures: Vec<f64> =
        one["rows"].as_array().unwrap().iter().map(|row| row["in_sample"].as_f64().unwrap()).collect();
    assert!(figures.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-9), "all are alike: {figures:?}");
    assert!(one["rows"].as_array().unwrap().iter().all(|row| row["trades"].as_u64().unwrap() > 3), "{one}");
}

/// What a sweep says of a combination is what a backtest over the same time says of it.
#[test]
fn a_row_is_a_backtest_of_either_part() {
    let (_folder, candles) = market();
    let swept = json(&sweep(&candles, &["--try", "fast=4", "--try", "slow=16", "--json"]));
    let border = swept["out_of_sample"]["from"].as_str().unwrap();
    let alone = |bound: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("backtest").arg("--candles").arg(&candles).args(["--strategy", "ema_cross", "--json"]);
        command.args(["--set", "interval=15m", "--set", "fast=4", "--set", "slow=16", bound, border]);
        json(&command.output().unwrap())
    };
    let (before, after) = (alone("--to"), alone("--from"));
    let row = &swept["rows"][0];
    assert_eq!(row["in_sample"], before["statistics"]["sharpe"]);
    assert_eq!(row["trades"], before["statistics"]["trades"]["closed"]);
    assert_eq!(row["out_of_sample"], after["statistics"]["sharpe"]);
}

#[test]
fn rates_from_outside_the_candles_move_no_border() {
    let (folder, candles) = market();
    let rates = |from: i64, to: i64| {
        let path = folder.path().join(format!("funding{from}.csv"));
        let row = |number: i64| format!("{},0.0001\n", 1_704_067_200 + number * 28_800);
        std::fs::write(&path, "time,rate\n".to_owned() + &(from..to).map(row).collect::<String>()).unwrap();
        path
    };
    let swept = |rates: &Path| json(&sweep(&candles, &[&TRIED[..], &["--funding", rates.to_str().unwrap()]].concat()));
    // The last of them is settled with the last close.
    let (within, beyond) = (swept(&rates(0, 31)), swept(&rates(-300, 300)));
    assert_eq!(within, beyond);
    assert_ne!(within["rows"], json(&sweep(&candles, &TRIED))["rows"]);
}

#[test]
fn an_interrupted_sweep_goes_on_where_it_was() {
    let (folder, candles) = market();
    let file = folder.path().join("results.jsonl");
    let kept = [&TRIED[..], &["--threads", "1", "--results", file.to_str().unwrap()]].concat();
    let first = json(&sweep(&candles, &kept));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 4);
    // The last line was being written.
    std::fs::write(&file, &text[..text.len() - 20]).unwrap();
    let mut second = json(&sweep(&candles, &kept));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(second["run_before"], 3);
    second["run_before"] = 0.into();
    assert_eq!(second, first);
    // What was tried before counts as a trial, whatever is tried now.
    let fewer = ["--try", "fast=2", "--try", "slow=8,12", "--json", "--results", file.to_str().unwrap()];
    assert_eq!(json(&sweep(&candles, &fewer))["deflated_sharpe"]["trials"], 5);
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 5);
    let other = sweep(&candles, &[&kept[..], &["--slippage", "0.0003"]].concat());
    assert_eq!(other.status.code(), Some(2), "{}", said(&other));
    assert!(said(&other).contains("results.jsonl, line 1: it is of another plan"), "{}", said(&other));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), lines);
}

#[test]
fn people_see_the_best_and_what_it_is_worth() {
    let (folder, candles) = market();
    let (page, table) = (folder.path().join("sweep.html"), folder.path().join("sweep.parquet"));
    let files = ["--html", page.to_str().unwrap(), "--parquet", table.to_str().unwrap(), "--folds", "2"];
    let output = sweep(&candles, &[&TRIED[..4], &files].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = said(&output);
    for expected in [
        "ema_cross on BTC/USDT:USDT: 4 combinations by Sharpe ratio, a year",
        "2 combinations cannot be run; fast=20 slow=8: ",
        "out of sample",
        "Deflated Sharpe ratio: ",
        "Probability of backtest overfitting: ",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let page = std::fs::read_to_string(page).unwrap();
    assert!(["fast", "slow", "20", "16"].iter().all(|word| page.contains(word)) && page.ends_with("</html>"), "{page}");
    assert!(std::fs::read(table).unwrap().starts_with(b"PAR1"));
}

#[test]
fn what_cannot_be_swept_is_refused_in_words() {
    let (folder, candles) = market();
    let plan = folder.path().join("plan.toml");
    let strategy = |name: &str| format!("[[strategies]]\nkind = \"ema_cross\"\nname = \"{name}\"\n");
    std::fs::write(&plan, strategy("trend") + &strategy("other")).unwrap();
    let two = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("sweep").arg(&plan).arg("--candles").arg(&candles).args(more).output().unwrap()
    };
    for (output, expected) in [
        (sweep(&candles, &[]), "--try <NAME=VALUES>"),
        (sweep(&candles, &["--try", "fast=9..1"]), "'9..1' goes nowhere"),
        (sweep(&candles, &["--try", "speed=1,2"]), "none of 2 combinations fits together; speed=1: "),
        (sweep(&candles, &["--try", "fast=2", "--try", "ema_cross.fast=3"]), "--try ema_cross.fast is given twice"),
        (sweep(&candles, &["--try", "fast=2", "--out-of-sample", "1"]), "'1' is no share between 0 and 1"),
        (sweep(&candles, &["--try", "fast=2", "--html", "x.html"]), "a heat map is over two settings"),
        (sweep(&candles, &["--try", "fast=1..2000", "--try", "slow=1..2000"]), "4000000 combinations are more than"),
        (sweep(&candles, &["--try", "fast=2", "--folds", "5000"]), "the history is too short to be judged by 0.3"),
        (two(&["--try", "fast=2"]), "--try fast: of which strategy?\nPut its name before it, as in trend.fast"),
    ] {
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(expected), "{expected}: {}", said(&output));
    }
}
