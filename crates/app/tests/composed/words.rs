//! What cannot be meant is said to be so, with what to do about it, and nothing is sent.

use crate::floor::{BTC, Floor};
use serde_json::{Value, json};

#[test]
fn what_cannot_be_meant_says_what_where_and_what_to_do() {
    let floor = Floor::new();
    for (code, line, said) in [
        (2, "bracket BTC --side long --quantity 1 --limit 1 --stop 1", "BTC"),
        (2, "bracket {} --side up --quantity 1 --limit 1 --stop 1", "unknown direction 'up'"),
        (2, "bracket {} --side long --quantity 0.01 --limit 59000", "--stop PRICE"),
        (2, "bracket {} --side long --limit 59000 --stop 58000", "--quantity, --notional, or --risk"),
        (2, "bracket {} --side long --quantity 0.01 --limit 59000 --tif ioc --stop 58000", "plimsoll open --limit"),
        (2, "bracket {} --side long --quantity 0.01 --limit 59000.05 --stop 58000", "is not on the tick of 0.1"),
        (1, "bracket {} --side long --quantity 0.01 --limit 59000 --stop 61000", "stop-loss"),
        (1, "bracket {} --side long --quantity 0.01 --limit 59000 --stop 30000", "liquidation"),
        (1, "bracket {} --side long --quantity 9 --limit 59000 --stop 58000", "refused"),
        (1, "bracket X/USDT:USDT --side long --quantity 0.01 --limit 59000 --stop 58000", "X/USDT:USDT"),
        (2, "iceberg {} --quantity 0.01 --visible 0.001 --limit 59000 --stop 58000", "--side"),
        (2, "iceberg {} --side long --quantity 0.01 --visible 0.01 --limit 59000 --stop 58000", "hides nothing"),
        (2, "iceberg {} --side long --quantity 0.01 --visible 0.0001 --limit 59000 --stop 58000", "lot of 0.001"),
        (2, "iceberg {} --close --stop 58000 --visible 0.001 --limit 59000", "cannot be used with"),
        (1, "iceberg {} --close --visible 0.001 --limit 59000", "no position"),
        (2, "twap {} --side long --quantity 0.01 --slices 0 --every 1m --stop 58000", "0 is not in 1..=1295"),
        (2, "twap {} --side long --quantity 0.01 --slices 20 --every 1m --stop 58000", "less than a lot each"),
        (2, "twap {} --side long --quantity 0.01 --slices 2 --every soon --stop 58000", "write it like 250ms, 5s"),
        (1, "oco {} --stop 58000 --target 63000", "no position"),
        (2, "oco {} --stop 58000", "--target"),
        (2, "trail {} --distance 100%", "below 100 %"),
        (1, "trail {} --distance 1%", "no position"),
        (1, "cancel nothing", "there is no order 'nothing'"),
    ] {
        let line = format!("order {} --yes", line.replace("{}", BTC));
        let message = floor.message(code, &line);
        assert!(message.contains(said), "{line}: {message}");
    }
    assert!(floor.message(1, "order show nothing").contains("there is no order 'nothing'"));
    assert_eq!((floor.open(), floor.verb(0, "order list")), (vec![], json!([])));
}

#[test]
fn what_is_held_bounds_what_closes_it() {
    let floor = Floor::new();
    floor.verb(0, "open BTC/USDT:USDT --side long --quantity 0.01 --stop 50000 --yes");
    for (code, line, said) in [
        (1, "oco {} --quantity 0.02 --stop 58000 --target 63000", "0.02 is more than the 0.01 held"),
        (2, "oco {} --stop 61000 --target 63000", "is not between the stop"),
        (1, "oco {} --side short --stop 61000 --target 59000", "has no short position"),
        (1, "twap {} --close --quantity 0.02 --slices 2 --every 1m", "0.02 is more than the 0.01 held"),
        (1, "bracket {} --side short --quantity 0.01 --limit 61000 --stop 62000", "long"),
    ] {
        let line = format!("order {} --yes", line.replace("{}", BTC));
        let message = floor.message(code, &line);
        assert!(message.contains(said), "{line}: {message}");
    }
    let name = floor.place(&format!("oco {BTC} --stop 58000 --target 63000"));
    let message = floor.message(1, &format!("order trail {BTC} --distance 1% --yes"));
    assert!(message.contains(&format!("the oco {name} sees to the stop")), "{message}");
    assert_eq!(floor.open().len(), 3);
}

#[test]
fn a_dry_run_shows_what_it_means_and_writes_nothing_down() {
    let floor = Floor::new();
    let line = format!("order bracket {BTC} --side long --quantity 0.01 --limit 59000 --stop 58000");
    let shown = floor.verb(0, &format!("{line} --dry-run"));
    assert_eq!((&shown["placed"], &shown["preview"]["opens"]["allowed"]), (&json!(null), &json!(true)), "{shown}");
    assert!(floor.message(2, &line).contains("nobody is here to confirm it"));
    let refused = floor.message(1, &format!("{} --dry-run", line.replace("0.01", "9")));
    assert!(refused.contains("it would be refused"), "{refused}");
    assert_eq!((floor.open(), floor.verb(0, "order list")), (vec![], json!([])));
}

#[test]
fn all_of_it_at_once_or_nothing() {
    let floor = Floor::new();
    let open = "open BTC/USDT:USDT --side long --quantity 0.01 --stop 50000 --yes";
    let nothing = floor.message(1, &format!("{open} --limit 59000 --tif fok"));
    assert!(floor.held().is_none() && floor.open().is_empty(), "{nothing}");
    assert!(floor.message(2, &format!("{open} --limit 59000 --tif gtc")).contains("plimsoll order bracket"));
    floor.verb(0, &format!("{open} --limit 60100 --tif fok"));
    assert_eq!(floor.size(), "0.01");
}

#[test]
fn the_kill_switch_ends_what_opens_and_leaves_what_protects() {
    let floor = Floor::new();
    floor.verb(0, "open BTC/USDT:USDT --side long --quantity 0.01 --stop 50000 --yes");
    let bracket = floor.place(&format!("bracket {BTC} --side long --quantity 0.01 --limit 59000 --keep-stop"));
    let pair = floor.place(&format!("oco {BTC} --stop 58000 --target 63000"));
    floor.verb(0, "kill --reason storm --yes");
    let run = floor.run();
    floor.until("without entries", |it| it.open().iter().all(|order| !order.adds_exposure()));
    run.stop();
    let shown = floor.shown(&bracket);
    assert_eq!(shown["state"], json!("canceled"), "{shown}");
    assert_eq!(floor.shown(&pair)["state"], json!("working"));
    assert_eq!(floor.triggers(), ["50000", "58000", "63000"].map(|it| it.parse().unwrap()));
    let refused =
        floor.message(1, &format!("order bracket {BTC} --side long --quantity 0.01 --limit 59000 --keep-stop --yes"));
    assert!(refused.contains("storm"), "{refused}");
}

#[test]
fn what_is_rounded_is_told_as_it_was_asked_for() {
    let floor = Floor::new();
    let asked = |preview: &Value| {
        ["quantity", "asked_quantity", "asked_notional", "asked_risk", "stop_loss", "asked_stop_loss"]
            .map(|it| preview[it].as_str().unwrap_or("null").to_owned())
    };
    let opens = |size: &str| {
        let shown = floor.verb(0, &format!("open {BTC} --side long {size} --dry-run"));
        asked(&shown["preview"])
    };
    let exact = opens("--quantity 0.002 --stop 55000.1");
    assert_eq!(exact, ["0.002", "null", "null", "null", "55000.1", "null"]);
    let sized = opens("--quantity 0.0025 --stop 55000.05");
    assert_eq!(sized, ["0.002", "0.0025", "null", "null", "55000.1", "55000.05"]);
    let worth = opens("--notional 310 --stop 55000");
    assert_eq!(worth, ["0.005", "null", "310", "null", "55000", "null"]);
    let bracket = format!("order bracket {BTC} --side long --risk 50 --limit 59000 --stop 55000.05 --dry-run");
    let bracket = asked(&floor.verb(0, &bracket)["preview"]["opens"]);
    assert_eq!(bracket[1..], ["null", "null", "50", "55000.1", "55000.05"]);
}
