//! `plimsoll simulate` and `plimsoll run --paper`, as a script sees them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn plimsoll(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).env("BINANCE_KEY", "k").env("BINANCE_SECRET", "s");
    command.env("DATABASE_URL", "postgres://ann:hunter2@nowhere/records").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

/// The report: all that was said, or its last line.
fn report(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let last = || serde_json::from_str(text.lines().last().unwrap());
    serde_json::from_str(&text).or_else(|_| last()).unwrap()
}

/// A day of candles of a minute that swing around 40,000.
fn candles(folder: &Path) -> PathBuf {
    let path = folder.join("btc.csv");
    let (mut text, mut noise, mut price) = (String::from("time,open,high,low,close,volume\n"), 1_u64, 400_000_u64);
    for row in 0..1440_u64 {
        let open = price;
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let swing = [300, 250, 100, 50, 100, 250][usize::try_from(row / 16 % 6).unwrap()];
        price = open - 170 + swing + (noise >> 33) % 60 - 30;
        let (low, high) = (open.min(price) - 30, open.max(price) + 30);
        let tenth = |price: u64| format!("{}.{}", price / 10, price % 10);
        let time = 1_704_067_200 + row * 60;
        writeln!(text, "{time},{},{},{},{},5", tenth(open), tenth(high), tenth(low), tenth(price)).unwrap();
    }
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_day_of_four_strategies_ends_in_the_same_hash_each_time() {
    let arguments = ["simulate", "--duration", "2h", "--every", "5s", "--seed", "3", "--json"];
    let days = [report(&plimsoll(&arguments)), report(&plimsoll(&arguments))];
    assert_eq!(days[0], days[1]);
    let day = &days[0];
    assert_eq!(day["reconciliation"]["adds_up"], true);
    assert_eq!(day["simulation"]["lives"], 2);
    assert_eq!(day["run"]["strategies"].as_array().unwrap().len(), 4);
    let kinds: Vec<&str> = day["incidents"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"crash") && kinds.contains(&"restart"), "{kinds:?}");
}

#[test]
fn a_simulation_of_a_history_decides_what_its_backtest_decides() {
    let folder = tempfile::tempdir().unwrap();
    let history = candles(folder.path());
    let decided = |verb: &[&str], name: &str| {
        let file = folder.path().join(name);
        let market = ["--candles", history.to_str().unwrap(), "--strategy", "ema_cross", "--set", "fast=3"];
        let output = ["--set", "slow=9", "--json", "--decisions", file.to_str().unwrap()];
        let whole = report(&plimsoll(&[verb, &market, &output].concat()));
        (std::fs::read_to_string(file).unwrap(), whole["run"]["wallet"].clone(), whole["fills"].clone())
    };
    let tested = decided(&["backtest"], "tested.txt");
    let simulated = decided(&["simulate", "--weather", "still"], "simulated.txt");
    assert!(tested.0.lines().count() > 20, "{}", tested.0);
    assert_eq!(tested, simulated);
}

/// A venue that runs until it is dropped.
struct Venue(Child, Value);

impl Venue {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(["venue", "--speak", "binance", "--key", "k", "--secret", "s", "--speed", "20"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap();
        Self(child, said)
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_paper_run_goes_on_where_it_broke_off_and_is_replayed_to_the_same_hash() {
    let folder = tempfile::tempdir().unwrap();
    let venue = Venue::start();
    let (config, day) = (folder.path().join("plimsoll.toml"), folder.path().join("day.jsonl"));
    let text = format!(
        "database = \"nowhere.db\"\n[accounts.main]\nvenue = \"binance\"\nenvironment = \"loopback\"\n\
         rest_url = {}\nsocket_url = {}\nkey_env = \"BINANCE_KEY\"\nsecret_env = \"BINANCE_SECRET\"\n\
         [strategies.trend]\nkind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\n\
         [strategies.trend.settings]\nfast = 2\nslow = 3\n",
        venue.1["rest"], venue.1["ws"]
    );
    std::fs::write(&config, text).unwrap();
    let (config, day) = (config.to_str().unwrap(), day.to_str().unwrap());
    let paper = ["run", "--config", config, "--paper", "--record", day, "--duration", "4s", "--json"];
    let first = report(&plimsoll(&paper));
    let again = || report(&plimsoll(&["run", "--replay", day, "--json"]));
    assert_eq!(again()["run"], first["run"]);

    let second = report(&plimsoll(&paper));
    assert!(second["run"]["events"].as_u64() > first["run"]["events"].as_u64(), "{second}");
    assert_ne!(second["run"]["hash"], first["run"]["hash"]);
    assert_eq!(again()["run"], second["run"]);

    let written = std::fs::read_to_string(day).unwrap();
    assert!(!written.contains("hunter2") && !written.contains("nowhere"), "where the records are is nobody's business");
    let prices: Vec<&str> = written.lines().skip(1).collect();
    assert!(prices.len() > 10, "{} moments in eight seconds", prices.len());
}
