//! A real PostgreSQL that goes away between two verbs, and comes back: nothing is opened without it, everything can be
//! closed without it, and what happened meanwhile is in it afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod stage;

use plimsoll_testkit_postgres::{Databases, Server};
use serde_json::Value;
use stage::{Venue, answer, configuration};
use std::path::Path;
use std::process::{Command, Output};

fn verb(config: &Path, arguments: &[&str]) -> Output {
    stage::verb(config, &[("STAGE_KEY", "gone-key"), ("STAGE_SECRET", "gone-secret")], arguments)
}

fn done(config: &Path, arguments: &[&str]) -> Value {
    answer(0, &verb(config, arguments))
}

fn spools(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("state/spool")).unwrap().count()
}

#[test]
fn without_its_database_nothing_is_opened_and_everything_can_be_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::disposable().unwrap();
    let database = Databases::on(&server).fresh().unwrap();
    let (_venue, rest, socket) = Venue::start("binance", "gone-key", "gone-secret");
    let config = configuration(folder.path(), database.url(), &[("main", "binance", &rest, &socket)]);
    let open = ["open", "BTC/USDT:USDT", "--side", "long", "--quantity", "0.002", "--stop", "50000", "--yes"];
    done(&config, &open);
    assert_eq!(spools(folder.path()), 0, "a database that is there leaves nothing beside it");

    server.crash().unwrap();
    let refused = verb(&config, &open);
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
    let status = done(&config, &["status"]);
    assert_eq!(
        (status["positions"].as_array().map(Vec::len), &status["kill_switch"]),
        (Some(1), &Value::Null),
        "{status}"
    );
    let orders = done(&config, &["orders"]);
    assert_eq!((orders["open"].as_array().map(Vec::len), &orders["unfinished"]), (Some(1), &Value::Null), "{orders}");
    let part = done(&config, &["close", "BTC/USDT:USDT", "--quantity", "0.001", "--yes"]);
    assert_eq!(part["closed"][0]["quantity"], "0.001", "{part}");
    done(&config, &["flatten", "--yes"]);
    assert_eq!(spools(folder.path()), 2, "what each of the two wrote waits");
    let stopped = answer(3, &verb(&config, &["kill", "--reason", "storm", "--flatten", "--yes"]));
    let said = stopped["error"]["message"].as_str().unwrap();
    assert!(said.contains("for this machine only") && said.contains("the venue is flat"), "{said}");

    server.start_again().unwrap();
    let positions = done(&config, &["positions"]);
    assert_eq!(positions.as_array().map(Vec::len), Some(0), "{positions}");
    // Any verb that acts brings records and venue together first; there is nothing left to do then.
    done(&config, &["flatten", "--yes"]);
    assert_eq!(spools(folder.path()), 0, "it is all in the database");
    let exported = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["db", "export", "--database", database.url()])
        .output()
        .unwrap();
    let records: Vec<Value> =
        String::from_utf8(exported.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| records.iter().filter(|it| it["record"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of("trade").len(), 3, "opened, half closed, closed: each fill once: {:?}", of("trade"));
    assert_eq!(of("position").len(), 1, "{:?}", of("position"));
    assert!(of("position")[0].to_string().contains("\"closed"), "{:?}", of("position"));
    let checked = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["db", "check", "--database", database.url()])
        .output()
        .unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
}
