//! Orders that go on, from the command to their ends, and through processes that are killed in the midst of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod floor;
#[allow(dead_code, reason = "the venue is in this process here")]
#[path = "../stage/mod.rs"]
mod stage;
mod words;

use floor::{BTC, Floor};
use serde_json::{Value, json};

fn ended(floor: &Floor, name: &str, how: &str) -> Value {
    let shown = floor.shown(name);
    assert_eq!(shown["state"], json!(how), "{shown}");
    assert_eq!(floor.verb(0, "order list"), json!([]));
    shown
}

/// Runs `plimsoll run` until it is so, and asks it to stop.
fn run_until(floor: &Floor, what: &str, is_so: impl Fn(&Floor) -> bool) {
    let run = floor.run();
    floor.until(what, is_so);
    run.stop();
}

/// Runs `plimsoll run` until this order has ended.
fn run_to_the_end(floor: &Floor, name: &str) {
    run_until(floor, "ended", |it| it.shown(name)["state"] != json!("working"));
}

const OPEN: &str = "open BTC/USDT:USDT --side long --quantity 0.01 --stop 50000 --yes";

#[test]
fn a_bracket_that_rests_is_protected_by_whoever_runs_when_it_fills() {
    let floor = Floor::new();
    let bracket = format!("bracket {BTC} --side long --quantity 0.01 --limit 59000 --stop 58000 --take-profit 63000");
    let name = floor.place(&bracket);
    assert_eq!((floor.size().as_str(), floor.open().len()), ("0", 2), "its stop rests beside it");
    let listed = floor.verb(0, "order list");
    assert_eq!([&listed[0]["state"], &listed[0]["filled"]], [&json!("working"), &json!("0")], "{listed}");
    let status = floor.verb(0, "status");
    let known = [&status["unfinished_orders"], &status["composed"][0]["name"]];
    assert_eq!(known, [&json!(0), &json!(name)], "{status}");

    let run = floor.run();
    floor.price("59000");
    floor.until("protected", |it| it.triggers().len() == 2);
    run.stop();
    assert_eq!(floor.triggers(), ["58000", "63000"].map(|it| it.parse().unwrap()));
    let shown = ended(&floor, &name, "done");
    assert_eq!((shown["filled"].as_str(), floor.size().as_str()), (Some("0.01"), "0.01"), "{shown}");
    run_until(&floor, "closed", |it| {
        it.price("63000");
        it.held().is_none() && it.open().is_empty()
    });
}

#[test]
fn a_bracket_that_fills_while_nobody_is_there_has_its_stop_and_the_next_run_does_the_rest() {
    let floor = Floor::new();
    let bracket = "--side long --quantity 0.01 --limit 59000 --stop 58000 --take-profit 63000 --tif post-only";
    let mut waits = floor.start(&format!("order bracket {BTC} {bracket} --wait --yes"));
    let placed = waits.tells("its name", |told| !told["placed"].is_null());
    let name = placed["placed"]["name"].as_str().unwrap().to_owned();
    waits.kill();
    floor.price("59000");
    let stop: Vec<_> = ["58000"].map(|it| it.parse().unwrap()).into();
    assert_eq!((floor.size().as_str(), floor.triggers()), ("0.01", stop), "nobody is there");
    run_until(&floor, "protected", |it| it.triggers().len() == 2);
    ended(&floor, &name, "done");
    // Anybody who acts finds it protected already: nothing is placed twice.
    floor.verb(0, &format!("leverage {BTC} 4 --yes"));
    assert_eq!(floor.open().len(), 2);
}

#[test]
fn an_iceberg_goes_on_after_a_kill_where_it_was() {
    let floor = Floor::new();
    let iceberg = "--side long --quantity 0.01 --visible 0.003 --limit 59000 --stop 55000";
    let mut waits = floor.start(&format!("order iceberg {BTC} {iceberg} --wait --yes"));
    let placed = waits.tells("its name", |told| !told["placed"].is_null());
    let name = placed["placed"]["name"].as_str().unwrap().to_owned();
    let seen = |floor: &Floor| floor.open().iter().find_map(|it| it.trigger.is_none().then_some(it.quantity).flatten());
    assert_eq!(seen(&floor).map(|it| it.to_string()).as_deref(), Some("0.003"));
    floor.price("59000");
    floor.until("shown the next part", |it| it.size() == "0.003" && seen(it).is_some() && it.triggers().len() == 1);
    waits.kill();
    // While nobody is there the next part fills, and no other follows.
    floor.price("60000");
    floor.price("59000");
    assert_eq!((floor.size().as_str(), seen(&floor)), ("0.006", None));
    run_until(&floor, "full", |it| {
        it.price("60000");
        it.price("59000");
        it.size() == "0.01"
    });
    run_to_the_end(&floor, &name);
    let shown = ended(&floor, &name, "done");
    assert_eq!((shown["filled"].as_str(), floor.trades()), (Some("0.01"), 4), "{shown}");
    assert_eq!(floor.triggers().len(), 1, "one stop for all of it");
}

#[test]
fn a_twap_is_waited_for_to_its_end() {
    let floor = Floor::new();
    let twap = "--side short --quantity 0.01 --slices 4 --every 300ms --stop 66000";
    let waits = floor.start(&format!("order twap {BTC} {twap} --wait --yes"));
    assert_eq!(waits.ends(), Some(0));
    assert_eq!((floor.size().as_str(), floor.trades(), floor.triggers().len()), ("0.01", 4, 1));
    let waits = floor.start(&format!("order twap {BTC} --close --slices 2 --every 300ms --wait --yes"));
    assert_eq!(waits.ends(), Some(0));
    assert_eq!((floor.held(), floor.trades(), floor.open().len()), (None, 6, 0));
}

#[test]
fn a_twap_that_is_killed_goes_on_and_trades_no_step_twice() {
    let floor = Floor::new();
    let twap = "--side long --quantity 0.02 --slices 8 --every 400ms --stop 55000";
    let mut waits = floor.start(&format!("order twap {BTC} {twap} --wait --yes"));
    let placed = waits.tells("its name", |told| !told["placed"].is_null());
    let name = placed["placed"]["name"].as_str().unwrap().to_owned();
    floor.until("begun", |it| it.trades() >= 3 && it.triggers().len() == 1);
    waits.kill();
    let before = floor.trades();
    run_to_the_end(&floor, &name);
    let shown = ended(&floor, &name, "done");
    assert_eq!((shown["filled"].as_str(), floor.size().as_str()), (Some("0.02"), "0.02"), "{shown}");
    assert!(before < 8 && floor.trades() == 8, "{before}, then {}", floor.trades());
    assert_eq!(floor.triggers().len(), 1);
}

#[test]
fn one_of_a_pair_cancels_the_other_whoever_is_there_when_it_fills() {
    for (kills, price, left) in [(false, "63000", "0"), (true, "58000", "0")] {
        let floor = Floor::new();
        floor.verb(0, OPEN);
        let oco = format!("order oco {BTC} --stop 58000 --target 63000 --yes");
        let name = if kills {
            let mut waits = floor.start(&format!("{oco} --wait"));
            let placed = waits.tells("its name", |told| !told["placed"].is_null());
            waits.kill();
            placed["placed"]["name"].as_str().unwrap().to_owned()
        } else {
            floor.place(&format!("oco {BTC} --stop 58000 --target 63000"))
        };
        assert_eq!(floor.triggers(), ["50000", "58000", "63000"].map(|it| it.parse().unwrap()));
        floor.price(price);
        assert_eq!(floor.size(), left, "{price}");
        run_until(&floor, "cleared away", |it| it.open().is_empty());
        ended(&floor, &name, "done");
    }
}

#[test]
fn a_trailing_stop_follows_the_price_through_a_kill_and_never_goes_back() {
    let floor = Floor::new();
    floor.verb(0, OPEN);
    let mut waits = floor.start(&format!("order trail {BTC} --distance 1% --wait --yes"));
    let placed = waits.tells("its name", |told| !told["placed"].is_null());
    let name = placed["placed"]["name"].as_str().unwrap().to_owned();
    assert_eq!(floor.triggers(), ["59400".parse().unwrap()], "it has replaced the stop that rested");
    floor.price("62000");
    floor.until("moved", |it| it.triggers() == ["61380".parse().unwrap()]);
    waits.kill();
    floor.price("64000");
    assert_eq!(floor.triggers(), ["61380".parse().unwrap()], "nobody moves it");
    run_until(&floor, "moved on", |it| it.triggers() == ["63360".parse().unwrap()]);
    floor.price("63900");
    run_until(&floor, "where it was", |it| it.triggers() == ["63360".parse().unwrap()]);
    floor.price("63300");
    assert_eq!(floor.held(), None, "it has triggered");
    run_to_the_end(&floor, &name);
    ended(&floor, &name, "done");
    assert_eq!(floor.open(), []);
}

#[test]
fn what_is_cancelled_leaves_nothing_behind_but_what_protects() {
    let floor = Floor::new();
    let bracket = format!("bracket {BTC} --side long --quantity 0.01 --limit 59000 --stop 58000");
    let name = floor.place(&bracket);
    let cancelled = floor.verb(0, &format!("order cancel {name} --yes"));
    assert_eq!((cancelled["cancelled"].as_array().map(Vec::len), floor.open().len()), (Some(1), 0), "{cancelled}");
    ended(&floor, &name, "canceled");
    assert!(floor.message(1, &format!("order cancel {name} --yes")).contains("has ended already, canceled: by "));
    // Nothing of it is of unknown fate: what acts next has nothing to find out.
    let found = floor.verb(0, &format!("leverage {BTC} 4 --yes"));
    assert_eq!(found["reconciled"], json!([]), "{found}");

    floor.verb(0, OPEN);
    let pair = floor.place(&format!("oco {BTC} --stop 58000 --target 63000"));
    let stop = floor.open().into_iter().find(|it| it.trigger == "50000".parse().ok()).unwrap().client_order_id;
    floor.verb(0, &format!("order cancel {stop} --yes"));
    assert_eq!(floor.triggers(), ["58000", "63000"].map(|it| it.parse().unwrap()), "another one covers all of it");
    let cancelled = floor.verb(0, &format!("order cancel {pair} --yes"));
    assert_eq!(floor.triggers(), ["58000".parse().unwrap()], "the last stop rests on: {cancelled}");
    let last = floor.open().into_iter().next().unwrap().client_order_id;
    assert!(floor.message(1, &format!("order cancel {last} --yes")).contains("the last stop of the long position"));
}

#[test]
fn a_bracket_cancelled_in_part_keeps_what_it_has_opened_and_its_stop() {
    let floor = Floor::new();
    let iceberg = format!("iceberg {BTC} --side long --quantity 0.01 --visible 0.003 --limit 59000 --stop 55000");
    let name = floor.place(&iceberg);
    let run = floor.run();
    floor.price("59000");
    floor.until("protected in part", |it| it.size() == "0.003" && it.open().len() == 2);
    floor.verb(0, &format!("order cancel {name} --yes"));
    run.stop();
    ended(&floor, &name, "canceled");
    assert_eq!((floor.size().as_str(), floor.triggers()), ("0.003", vec!["55000".parse().unwrap()]));
    assert_eq!(floor.open().len(), 1);
}
