//! `plimsoll run` where nothing is configured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn the_strategy_that_the_environment_names_is_shown_and_its_database_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("mine.db");
    let mut run = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["run", "--json"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("DATABASE_URL", format!("sqlite:{}", database.display()))
        .env("DEFAULT_FUTURES_STRATEGY", "ema_cross")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let mut told = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let began = told.find(|told| told["event"] == "strategy_began").expect("it trades");
    assert_eq!((&began["strategy"], &began["account"]), (&"default".into(), &"tryout".into()), "{began}");
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    told.for_each(drop);
    let status = run.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(!database.exists(), "its records went where the environment says");
}

#[test]
fn a_kind_that_one_account_cannot_trade_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["run", "--json"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("DEFAULT_FUTURES_STRATEGY", "funding_arbitrage")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("environment DEFAULT_FUTURES_STRATEGY: trading.default_strategy: funding_arbitrage trades 2"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something is left");
}

/// Status and body of what is answered there.
fn asked(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn a_dashboard_that_opens_at_once_has_its_candles_and_nothing_is_throttled() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["run", "--json", "--serve", "127.0.0.1:0"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("PLIMSOLL_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let mut told = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let serving = told.find(|told| told["event"] == "serving").expect("it serves");
    let address = serving["address"].as_str().unwrap().trim_start_matches("http://").to_owned();
    told.find(|told| told["event"] == "stream_connected").expect("it is followed");
    assert_eq!(asked(&address, "/readyz").0, 200);
    // As many as are asked for in a minute, and each as deep as can be.
    for limit in 996..1000 {
        for interval in ["1m", "5m", "15m", "1h", "4h", "1d"] {
            let path = format!("/api/candles?account=tryout&symbol=BTC/USDT:USDT&interval={interval}&limit={limit}");
            let (status, body) = asked(&address, &path);
            let trouble = serde_json::from_str::<Value>(&body).unwrap()["trouble"].clone();
            assert_eq!((status, trouble), (200, Value::Null), "{interval}: {body}");
        }
    }
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    told.for_each(drop);
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("no such one may go out"), "{said}");
}

#[test]
fn whoever_stops_it_while_it_begins_finds_nothing_of_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("run")
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    // Said before its database is made, and before anything is opened.
    let greeted = lines.next().expect("it greets").unwrap();
    assert!(greeted.starts_with("No configuration was found"), "{greeted}");
    assert_ne!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "what it is made of lies there");
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    lines.for_each(drop);
    let status = run.wait().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something is left");
}

/// A try that tells events, in a folder of its own.
fn tried(folder: &std::path::Path) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["run", "--json"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn tries_that_begin_at_the_same_moment_are_served_each_where_it_says() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let mut runs = folders.each_ref().map(|folder| tried(folder.path()));
    let mut all = runs.each_mut().map(|run| {
        let lines = BufReader::new(run.stdout.take().unwrap()).lines();
        lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
    });
    let addresses = all.each_mut().map(|told| {
        let serving = told.find(|told| told["event"] == "serving").expect("it is served");
        serving["address"].as_str().unwrap().trim_start_matches("http://").to_owned()
    });
    let different: std::collections::BTreeSet<&String> = addresses.iter().collect();
    assert_eq!(different.len(), addresses.len(), "{addresses:?}");
    for (address, folder) in addresses.iter().zip(&folders) {
        assert_eq!(asked(address, "/healthz").0, 200, "{address}");
        let inside = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let config = std::fs::read_to_string(inside.join("plimsoll.toml")).unwrap();
        assert!(config.contains(&format!("listen = \"{address}\"")), "{address}: {config}");
    }
    for (run, told) in runs.iter_mut().zip(all) {
        assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
        told.for_each(drop);
        assert!(run.wait().unwrap().success());
    }
}
