//! `plimsoll demo` and `plimsoll venue` as a newcomer and a script see them: the whole system in one process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::Decimal;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn plimsoll(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).output().unwrap()
}

/// A file of hourly candles, each from the close before it to its own.
fn candles(folder: &Path, closes: impl IntoIterator<Item = u32>) -> PathBuf {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    let (start, mut open) = (1_704_067_200_000_i64, 60_000);
    for (hour, close) in (0_i64..).zip(closes) {
        let (high, low) = (open.max(close), open.min(close));
        writeln!(text, "{},{open},{high},{low},{close},1", start + hour * 3_600_000).unwrap();
        open = close;
    }
    let file = folder.join("candles.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn steps(output: &Output) -> Vec<Value> {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn step<'a>(steps: &'a [Value], name: &str) -> &'a Value {
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("no step {name} in {steps:?}"))
}

fn figure(step: &Value, field: &str) -> Decimal {
    step[field].as_str().unwrap_or_else(|| panic!("no {field} in {step}")).parse().unwrap()
}

fn played(file: &Path, database: &Path) -> Vec<Value> {
    let (file, database) = (file.to_str().unwrap(), database.to_str().unwrap());
    let output = plimsoll(&["demo", "--prices", file, "--database", database, "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(said, "");
    steps(&output)
}

/// The records are added up here once more, from the steps, and not only believed.
fn check_ledger(steps: &[Value]) {
    let ledger = step(steps, "ledger");
    assert_eq!(ledger["agrees"], true, "{ledger}");
    assert_eq!(ledger["wallet"], ledger["exchange_wallet"]);
    let booked = |field: &str| if ledger[field].is_null() { Decimal::ZERO } else { figure(ledger, field) };
    let wallet = figure(step(steps, "venue"), "wallet") + figure(ledger, "realized_pnl")
        - figure(ledger, "fees")
        - figure(ledger, "funding")
        + booked("adjustments")
        + booked("transfers");
    assert_eq!(figure(ledger, "wallet"), wallet);
}

#[test]
fn a_position_is_opened_guarded_and_closed_and_the_ledger_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let file = candles(folder.path(), (0..30).map(|hour| 60_000 + hour * 37 % 400));
    let database = folder.path().join("demo.db");
    for _ in 0..2 {
        let steps = played(&file, &database);
        let open = step(&steps, "open");
        assert_eq!(open["quantity"], "0.001");
        let (exact, venue) = (figure(open, "liquidation_price"), figure(open, "venue_liquidation_price"));
        assert!((exact - venue).abs() < Decimal::new(1, 7), "{exact} against {venue}");
        assert!(figure(open, "stop_price") > exact, "the stop is hit before liquidation");
        let replay = step(&steps, "replay");
        assert_eq!(replay["fundings"], "3", "at 08:00, 16:00 and 00:00");
        assert!(replay["remarks"].is_null(), "{replay}");
        assert!(step(&steps, "monitor")["action"].as_str().unwrap().starts_with("reduced: "));
        check_ledger(&steps);
        let ledger = step(&steps, "ledger");
        assert_eq!((&ledger["positions_closed"], &ledger["trades"]), (&"1".into(), &"4".into()), "a run of its own");
    }
}

#[test]
fn a_position_that_its_stop_ends_is_in_the_ledger_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = candles(folder.path(), (1..55).map(|hour| 60_000 - hour * 400));
    let steps = played(&file, &folder.path().join("demo.db"));
    let replay = step(&steps, "replay");
    assert!(replay["remarks"][0].as_str().unwrap().starts_with("ended by stop_loss"), "{replay}");
    check_ledger(&steps);
    assert_eq!(step(&steps, "ledger")["positions_closed"], "2");
}

/// A gap over stop and liquidation price at once: the venue liquidates and keeps what margin is left, which no fill tells
/// of. The records hold that too.
#[test]
fn the_ledger_of_a_liquidated_account_agrees_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let file = candles(folder.path(), [60_000, 30_000, 30_000]);
    let steps = played(&file, &folder.path().join("demo.db"));
    let replay = step(&steps, "replay");
    assert!(replay["remarks"][0].as_str().unwrap().starts_with("ended by liquidation"), "{replay}");
    check_ledger(&steps);
    let ledger = step(&steps, "ledger");
    assert_eq!(ledger["positions_liquidated"], "1");
    assert!(figure(ledger, "adjustments").is_sign_negative(), "{ledger}");
    let file = file.to_str().unwrap();
    let said = String::from_utf8(plimsoll(&["demo", "--prices", file]).stdout).unwrap();
    assert!(said.contains("liquidation_clearance   BTC/USDT:USDT"), "{said}");
    assert!(said.lines().filter(|line| !line.contains(file)).all(|line| line.chars().count() <= 80), "{said}");
}

/// A venue tells what it has booked for three months, and funding goes on while no candle tells of the market.
#[test]
fn months_without_a_candle_cost_the_ledger_no_funding() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("candles.csv");
    let row = |time: &str| format!("{time}:00:00,60000,60000,60000,60000,1\n");
    let rows = ["2024-01-01 00", "2024-01-01 01", "2024-04-20 00", "2024-04-20 01"].map(row).concat();
    std::fs::write(&file, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
    let steps = played(&file, &folder.path().join("demo.db"));
    check_ledger(&steps);
    assert_eq!(step(&steps, "replay")["fundings"], (110 * 3).to_string(), "three a day");
}

#[test]
fn people_read_it_in_eighty_columns() {
    let folder = tempfile::tempdir().unwrap();
    let file = candles(folder.path(), [60_100, 60_000]);
    let output = plimsoll(&["demo", "--prices", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = file.to_str().unwrap();
    for line in said.lines().filter(|line| !line.contains(path)) {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    assert!(said.contains("records and exchange agree  yes, to the last digit"), "{said}");
}

#[test]
fn markets_that_it_cannot_be_played_on_are_refused_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    for (rows, sentence) in [
        ("", "it holds no candle"),
        ("1704067200000,1.08,1.09,1.07,1.08,1\n", "0.001 BTC at 1.08 are worth 0.00108"),
        ("1704067200000,9e9,9e9,9e9,9e9,1\n", "0.001 BTC at 9000000000 are worth 9000000"),
        ("0001-01-01 00:00:00,60000,60000,60000,60000,1\n", "before 1970"),
        (
            "2020-01-01 00:00:00,60000,60000,60000,60000,1\n2034-01-01 00:00:00,60000,60000,60000,60000,1\n",
            "no candle in the 5 years after 2020-01-01 00:00: are these its times?",
        ),
        ("2020-01-01 00:00:00,60000,59000,61000,60000,1\n", "line 2: open and close are not between low and high"),
        ("yesterday,1,1,1,1,1\n", "line 2: 'yesterday' is no time"),
    ] {
        let file = folder.path().join("wrong.csv");
        std::fs::write(&file, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
        let output = plimsoll(&["demo", "--prices", file.to_str().unwrap(), "--json"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{rows}: {said}");
        let error: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(error["error"]["code"], "usage");
        assert!(error["error"]["message"].as_str().unwrap().contains(sentence), "{said}");
    }
}

#[test]
fn a_database_out_of_reach_is_exit_code_three() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "no database").unwrap();
    for path in [garbage.join("no_folder.db"), garbage] {
        let output = plimsoll(&["demo", "--database", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What `head` does to a program.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [&["demo", "--json"][..], &["calc", "--help"], &["demo"]] {
        let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(process.stdout.take());
        let output = process.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}");
    }
}

#[test]
fn a_venue_says_where_it_is_and_a_second_one_finds_its_port_taken() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["venue", "--speak", "binance", "--secret", "do not tell"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let address = ready["rest"].as_str().unwrap().strip_prefix("http://").unwrap();
    let second = plimsoll(&["venue", "--speak", "binance", "--listen", address]);
    process.kill().unwrap();
    process.wait().unwrap();
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!line.contains("do not tell") && said.is_empty(), "{line} {said}");
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains(address) && said.to_lowercase().contains("in use"), "{said}");
}

#[test]
fn a_venue_that_nobody_could_use_does_not_start() {
    for (arguments, sentence) in [
        (["--listen", "0.0.0.0:0"], "not a loopback address"),
        (["--wallet", "-5"], "a wallet is 0 or more, got -5"),
        (["--secret", ""], "--key and --secret are not empty"),
        (["--speed", "0"], "0 is not in 1..=100000"),
    ] {
        let output = plimsoll(&[&["venue", "--speak", "binance"][..], &arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn the_story_is_the_same_on_every_venues_wire() {
    for venue in ["binance", "gateio", "bitget"] {
        let output = plimsoll(&["demo", "--venue", venue, "--json"]);
        assert!(output.status.success(), "{venue}: {}", String::from_utf8_lossy(&output.stderr));
        let steps = steps(&output);
        let told: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
        assert!(["venue", "open", "close", "ledger"].iter().all(|step| told.contains(step)), "{venue}: {told:?}");
        assert_eq!(step(&steps, "ledger")["agrees"], true, "{venue}");
    }
}
