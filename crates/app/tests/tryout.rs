//! `plimsoll run` where nothing is configured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
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
