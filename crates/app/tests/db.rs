//! `plimsoll db` as an operator and a script see it: made, checked, exported and moved, on both kinds of database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::Timestamp;
use plimsoll_ports::{DeskRepository, SavedDesk};
use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit_postgres::{Database, Databases};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

fn plimsoll(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).env_remove("DATABASE_URL").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What it prints when it is done, or when its answer is "no".
fn answer(code: i32, arguments: &[&str]) -> Value {
    let output = plimsoll(&[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn failure(code: i32, arguments: &[&str]) -> Value {
    let output = plimsoll(&[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stdout));
    assert_eq!(text(&output.stdout), "");
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    error["error"].clone()
}

fn exported(url: &str) -> Vec<String> {
    let output = plimsoll(&["db", "export", "--database", url]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

/// The records of a demo: positions opened, reduced and closed, orders, funding, an equity curve.
fn demo_ledger(folder: &Path) -> String {
    let candles = folder.join("candles.csv");
    let mut rows = "timestamp,open,high,low,close,volume\n".to_owned();
    let (mut time, mut open) = (1_704_067_200_000_i64, 60_000);
    for close in (0..96).map(|hour| 60_000 + (hour * 37) % 500) {
        writeln!(rows, "{time},{open},{},{},{close},1", open.max(close), open.min(close)).unwrap();
        (time, open) = (time + 3_600_000, close);
    }
    std::fs::write(&candles, rows).unwrap();
    let database = folder.join("demo.db");
    let (candles, file) = (candles.to_str().unwrap(), database.to_str().unwrap());
    let output = plimsoll(&["demo", "--prices", candles, "--database", file, "--json"]);
    assert!(database.exists(), "{}{}", text(&output.stdout), text(&output.stderr));
    format!("sqlite:{file}")
}

/// A desk beside what the file holds.
fn save_desk(folder: &Path, state: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(folder.join("demo.db")).await.unwrap();
        let desk = SavedDesk { state: state.to_owned(), saved_at: Timestamp::from_micros(1_700_000_000_123_457) };
        store.save_desk("main", &desk).await.unwrap();
        store.close().await;
    });
}

fn server_database() -> (Database, Databases) {
    let databases = Databases::open().unwrap();
    (databases.fresh().unwrap(), databases)
}

#[test]
fn a_ledger_moves_from_sqlite_to_postgresql_and_back_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _databases) = server_database();
    let (file, server) = (demo_ledger(folder.path()), database.url());
    let state = "{\"b\": 1.10,\n\"a\":\"№\"}";
    save_desk(folder.path(), state);
    let lines = exported(&file);
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let desk = json!({ "record": "desk", "name": "main", "state": state, "saved_at": "2023-11-14T22:13:20.123457Z" });
    assert_eq!(last, desk);
    for record in ["position", "trade", "order", "equity"] {
        let has = |line: &String| serde_json::from_str::<Value>(line).unwrap()["record"] == record;
        assert!(lines.iter().any(has), "the demo recorded no {record}");
    }
    let moved = answer(0, &["db", "export", "--database", &file, "--to", server]);
    assert_eq!(moved["records"], lines.len());
    assert_eq!(exported(server), lines);
    let back = format!("sqlite:{}", folder.path().join("back.db").display());
    answer(0, &["db", "export", "--database", server, "--to", &back]);
    assert_eq!(exported(&back), lines);

    for url in [&file, server, &back] {
        let checked = answer(0, &["db", "check", "--database", url]);
        assert_eq!(
            (&checked["ok"], &checked["records"], &checked["findings"]),
            (&json!(true), &json!(lines.len()), &json!([]))
        );
    }
    let refused = failure(1, &["db", "export", "--database", &file, "--to", server]);
    assert!(refused["message"].as_str().unwrap().ends_with("this database holds records already"), "{refused}");
    assert_eq!(exported(server), lines, "and it still holds what it held");
}

#[test]
fn a_demo_recorded_in_postgresql_agrees_with_the_exchange_to_the_last_digit() {
    let (database, _databases) = server_database();
    let output = plimsoll(&["demo", "--database", database.url(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let steps: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(steps.last().unwrap()["agrees"], true);
    let checked = answer(0, &["db", "check", "--database", database.url()]);
    assert_eq!(checked["findings"], json!([]));
}

#[test]
fn migrations_are_applied_once_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _databases) = server_database();
    let file = format!("sqlite:{}", folder.path().join("new.db").display());
    for url in [&file, database.url()] {
        let first = answer(0, &["db", "migrate", "--database", url]);
        assert_eq!((&first["from"], &first["applied"][0]), (&json!(0), &json!({ "version": 1, "name": "records" })));
        assert_eq!(first["applied"].as_array().unwrap().len(), first["to"].as_u64().unwrap() as usize);
        let again = answer(0, &["db", "migrate", "--database", url]);
        assert_eq!((&again["from"], &again["to"], &again["applied"]), (&first["to"], &first["to"], &json!([])));
        let checked = answer(0, &["db", "check", "--database", url]);
        assert_eq!((&checked["version"], &checked["records"]), (&first["to"], &json!(0)));
        assert_eq!(exported(url), [""; 0]);
    }
}

#[test]
fn a_check_changes_nothing_and_says_what_to_do() {
    let (database, _databases) = server_database();
    let server = database.url();
    for _ in 0..2 {
        let checked = answer(1, &["db", "check", "--database", server]);
        assert_eq!(checked["version"], 0);
        let remedy = checked["findings"][0]["remedy"].as_str().unwrap();
        assert!(remedy.starts_with("plimsoll db migrate --database postgres://"), "{remedy}");
    }
    let refused = failure(1, &["db", "export", "--database", server]);
    assert!(refused["help"].as_str().unwrap().starts_with("plimsoll db migrate"), "{refused}");
}

#[test]
fn a_check_finds_what_was_altered_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _databases) = server_database();
    let (file, server) = (demo_ledger(folder.path()), database.url());
    answer(0, &["db", "export", "--database", &file, "--to", server]);
    for (tampering, mending, expected) in [
        (
            "UPDATE positions SET realized_pnl = realized_pnl + 0.01 WHERE id = 1",
            "UPDATE positions SET realized_pnl = realized_pnl - 0.01 WHERE id = 1",
            "position 1 (BTC/USDT:USDT): realised ",
        ),
        (
            "UPDATE positions SET fees = fees + 0.01 WHERE id = 1",
            "UPDATE positions SET fees = fees - 0.01 WHERE id = 1",
            "position 1 (BTC/USDT:USDT): fees ",
        ),
        (
            "UPDATE trades SET venue = 'gateio' WHERE id = 1",
            "UPDATE trades SET venue = 'binance' WHERE id = 1",
            "trade 1 belongs to position 1, which is of another account, venue or symbol or does not exist",
        ),
        (
            "UPDATE orders SET symbol = 'BTC' WHERE id = 1",
            "UPDATE orders SET symbol = 'BTC/USDT:USDT' WHERE id = 1",
            "table orders, row 1, column symbol: ",
        ),
        (
            "DROP INDEX trades_key",
            "CREATE UNIQUE INDEX trades_key ON trades (account, symbol, trade_id)",
            "index trades_key is missing: records may be doubled",
        ),
        (
            "DROP INDEX desks_key",
            "CREATE UNIQUE INDEX desks_key ON desks (name)",
            "index desks_key is missing: records may be doubled",
        ),
    ] {
        database.run(tampering).unwrap();
        let checked = answer(1, &["db", "check", "--database", server]);
        let found = checked["findings"][0]["what"].as_str().unwrap();
        assert!(found.starts_with(expected), "{tampering}: {found}");
        assert!(!checked["findings"][0]["remedy"].as_str().unwrap().is_empty());
        database.run(mending).unwrap();
        answer(0, &["db", "check", "--database", server]);
    }
}

#[test]
fn what_cannot_be_opened_is_told_apart_and_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "time,price\n".repeat(1000)).unwrap();
    let nowhere = format!("sqlite:{}", folder.path().join("nowhere.db").display());
    for (url, code, word) in [
        ("postgres://me:s3cret@127.0.0.1:1/db", 3, "unreachable"),
        ("postgres://me:s3cret@[::1/db", 2, "usage"),
        ("postgres://me:s3cret@127.0.0.1:1/db?pasword=s3cret", 2, "usage"),
        ("mysql://me:s3cret@host/db", 2, "usage"),
        (&nowhere, 3, "unreachable"),
        (&format!("sqlite:{}", garbage.display()), 3, "unreachable"),
    ] {
        for verb in [&["db", "check"][..], &["db", "export"]] {
            let error = failure(code, &[verb, &["--database", url]].concat());
            assert_eq!(error["code"], word, "{url}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
    assert!(!folder.path().join("nowhere.db").exists(), "a check makes no file");
}
