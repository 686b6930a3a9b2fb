//! `plimsoll calc` as a script sees it: worked figures to the last digit, and nonsense refused with a sentence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::process::{Command, Output};

fn plimsoll(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments.split_whitespace()).output().unwrap()
}

fn answer(arguments: &str) -> Value {
    let output = plimsoll(&format!("{arguments} --json"));
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Lines of `direction size entry margin table | below above tier`, `-` for none.
fn check_liquidation(rows: &str) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (given, expected) = row.split_once('|').unwrap();
        let [side, size, entry, margin, table] = given.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{row}: five columns before the bar")
        };
        let table = match table.split_once('/') {
            Some((rate, deduction)) => format!("--rate {rate} --deduction {deduction}"),
            None => format!("--tiers {}", tiers(table)),
        };
        let found =
            answer(&format!("calc liquidation --side {side} --size {size} --entry {entry} --margin {margin} {table}"));
        let shown = ["below", "above", "tier"].map(|field| match &found[field] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        assert_eq!(shown.join(" "), expected.split_whitespace().collect::<Vec<_>>().join(" "), "{given}");
    }
}

fn tiers(name: &str) -> &'static str {
    match name {
        "four" => "0:0.004:0:125,50000:0.005:50:100,600000:0.0065:950:75,3000000:0.01:11450:50",
        other => panic!("no margin table {other}"),
    }
}

#[test]
fn liquidation_walks_the_tiers() {
    check_liquidation(
        "
        long    0.5  50000   5000 four | 40160.642570281124497991967871 - 0
        short   0.5  50000   5000 four | - 59760.956175298804780876494024 0
        long      2  50000  10000 four | 45201.005025125628140703517588 - 1
        short  11.5  50000  57500 four | - 54726.883949977321324434653016 2
        short   9.8  60000  29400 four | - 62689.457303040441213743321472 2
        long      2  60000  12000 four | 54246.231155778894472361809045 - 1
        long      1  50000  50000 four | - - -
        ",
    );
}

#[test]
fn liquidation_takes_the_one_line_in_force_as_given() {
    check_liquidation(
        "
        long  3683.979  1456.84 1535443.01 0.10/135365  | 1114.7849637458724806942589943 - 0
        long   109.488 32481.98 1535443.01 0.025/16300  | 18778.725932171000123652469115 - 0
        short        1       10          2 0.01/0.01    | - 11.891089108910891089108910891 0
        short        1        8        1.6 0.01/0.01    | - 9.514851485148514851485148515 0
        short      0.6       10        1.2 0.01/0.01    | - 11.897689768976897689768976898 0
        long         1       10          2 0.01/0.01    | 8.070707070707070707070707071 - 0
        long         1        8        1.6 0.01/0.01    | 6.4545454545454545454545454545 - 0
        long       0.6       10        1.2 0.01/0.01    | 8.063973063973063973063973064 - 0
        ",
    );
}

#[test]
fn an_account_is_judged_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    let leg = |symbol: &str, side: &str, size: &str, entry: &str, mark: &str, rate: &str, deduction: &str| {
        format!(
            r#"{{"symbol":"{symbol}","side":"{side}","size":"{size}","entry":"{entry}","mark":{mark},"margin_mode":"cross",
                "tiers":[{{"floor":0,"rate":{rate},"deduction":"{deduction}"}}]}}"#
        )
    };
    let check = |wallet: &str, legs: &[String], bounds: &[(Option<&str>, Option<&str>)]| {
        std::fs::write(&file, format!(r#"{{"wallet":"{wallet}","positions":[{}]}}"#, legs.join(","))).unwrap();
        let found = answer(&format!("calc liquidation --account {}", file.display()));
        let positions = found["positions"].as_array().unwrap();
        assert_eq!(positions.len(), bounds.len());
        for (position, (below, above)) in positions.iter().zip(bounds) {
            assert_eq!(position["below"].as_str(), *below, "{position}");
            assert_eq!(position["above"].as_str(), *above, "{position}");
        }
    };
    let btc = "BTC/USDT:USDT";
    check(
        "1535443.01",
        &[
            leg("ETH/USDT:USDT", "long", "3683.979", "1456.84", "1335.18", "0.10", "135365"),
            leg(btc, "long", "109.488", "32481.98", "31967.27", "0.025", "16300"),
        ],
        &[(Some("1153.2564642391042704399539496"), None), (Some("26316.893264518860748584553933"), None)],
    );
    let hedge = |long: &str, short: &str| {
        [
            leg(btc, "long", long, "30000", "30500", "0.004", "0"),
            leg(btc, "short", short, "31000", "30500", "0.004", "0"),
        ]
    };
    let net_long = Some("19230.769230769230769230769231");
    check("5000", &hedge("1", "0.5"), &[(net_long, None), (net_long, None)]);
    let net_short = Some("41501.976284584980237154150198");
    check("5000", &hedge("0.5", "1"), &[(None, net_short), (None, net_short)]);
    check("5000", &hedge("1", "1"), &[(None, Some("750000")), (None, Some("750000"))]);
    check("50000", &hedge("1", "0.5"), &[(None, None), (None, None)]);
}

#[test]
fn nonsense_is_refused_with_a_sentence_that_says_what_is_wrong() {
    for (arguments, sentence) in [
        ("--side up --size 1 --entry 50000 --margin 1 --rate 0.01", "unknown direction 'up': known are long, short"),
        ("--side long --size 1 --entry -5 --margin 1 --rate 0.01", "a price is above 0"),
        ("--side long --size 0 --entry 5 --margin 1 --rate 0.01", "a size is above 0"),
        ("--side long --size 1 --entry 5 --leverage 0 --rate 0.01", "leverage is a whole number from 1 to 1000, got 0"),
        (
            "--side long --size 1 --entry 5 --leverage 2.5 --rate 0.01",
            "leverage is a whole number from 1 to 1000, got 2.5",
        ),
        ("--side long --size 1 --entry 5 --margin -1 --rate 0.01", "margin is 0 or more, got -1"),
        ("--side long --size 1 --entry 5 --margin 1 --rate 1.5", "must be above 0 and below 1"),
        ("--side long --size 1 --entry 5 --margin 1", "no margin table was given"),
        ("--side long --size 1 --entry 5 --margin 1 --tiers 50000:0.005:50,0:0.004:0", "sort the lines"),
        ("--side long --size 1 --entry 5 --margin 1 --tiers 0:0.004:0,50000:0.005:60", "continuous only with 50"),
        ("--side long --size 1 --entry 5 --margin 1 --tiers 0:0.004", "line 1 of the margin table, '0:0.004'"),
        ("--side long --size 1 --entry 5 --margin 1 --tiers no-such-file", "'no-such-file'"),
        ("--side long --size 1 --entry 5 --margin 1 --rate -0.01", "must be above 0 and below 1"),
        (
            "--side long --size 1 --entry 5 --margin 1 --rate 0.01 --fee 2",
            "a fee is a fraction from 0 to below 1, got 2",
        ),
        ("--side long --size 1 --entry 5 --margin 1 --rate 0.01 --fee -1", "a fee is a fraction from 0 to below 1"),
    ] {
        let output = plimsoll(&format!("calc liquidation {arguments}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.contains(sentence), "{arguments}: {said}");
        let output = plimsoll(&format!("calc liquidation {arguments} --json"));
        let said: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(said["error"]["message"].as_str().unwrap().contains(sentence), "{arguments}: {said}");
    }
}

#[test]
fn a_position_that_is_due_at_its_entry_price_is_said_to_be() {
    let said = |arguments: &str| {
        let output = plimsoll(&format!("calc liquidation --size 1 --entry 100 --rate 0.05 {arguments}"));
        String::from_utf8(output.stdout).unwrap()
    };
    for (arguments, is_due) in [
        ("--side long --margin 2", true),
        ("--side short --margin 2", true),
        ("--side long --margin 20", false),
        ("--side long --margin 2 --mark 120", false),
    ] {
        let said = said(arguments);
        assert_eq!(said.contains("at its entry price it is in liquidation already"), is_due, "{arguments}: {said}");
    }
}

#[test]
fn leverage_above_what_the_tier_allows_is_answered_with_no() {
    let output = plimsoll("calc liquidation --side long --size 1 --entry 5 --leverage 60 --tiers 0:0.004:0:50");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.contains("allows 50x at most")), (Some(1), true), "{said}");
}

#[test]
fn a_target_that_is_no_margin_ratio_is_refused() {
    let given = "calc reduce --side long --size 2 --entry 50000 --mark 46000 --rate 0.004";
    for (target, sentence) in [
        ("--margin 8500 --target 0", "above 0 and below 1, got 0"),
        ("--margin 8500 --target 1", "above 0 and below 1, got 1"),
        ("--margin 8500 --target -1", "above 0 and below 1, got -1"),
        ("--margin -1 --target 0.5", "margin is 0 or more, got -1"),
    ] {
        let output = plimsoll(&format!("{given} {target}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{target}: {said}");
        assert!(said.contains(sentence), "{target}: {said}");
    }
}

#[test]
fn funding_margin_size_and_reduction() {
    let funding = |arguments: &str| answer(&format!("calc funding {arguments}"));
    assert_eq!(funding("--side long --size 0.5 --price 50000 --rate 0.0001")["payment"], "2.5");
    assert_eq!(funding("--side long --size 1 --price 30000 --rate -0.0001")["payment"], "-3");
    assert_eq!(funding("--side long --size 0.1 --price 60000 --rate 0.0001")["per_day"], "1.8");
    assert_eq!(funding("--side long --size 1 --price 50000 --rate 0.0001")["per_day"], "15");
    assert_eq!(funding("--side short --size 1 --price 50000 --rate 0.0001 --interval-hours 4")["per_day"], "-30");

    let margin = answer(&format!("calc margin --size 2 --price 50000 --leverage 10 --tiers {}", tiers("four")));
    assert_eq!((&margin["initial"], &margin["maintenance"]), (&"10000".into(), &"450".into()));
    let refused = plimsoll(&format!("calc margin --size 2 --price 50000 --leverage 110 --tiers {}", tiers("four")));
    assert_eq!(refused.status.code(), Some(1));

    let size = answer("calc size --risk 100 --entry 50000 --stop 49000 --fee 0.0004 --leverage 5");
    assert_eq!((&size["size"], &size["loss_at_stop"]), (&"0.096".into(), &"99.8016".into()));

    let reduce = answer(
        "calc reduce --side long --size 2 --entry 50000 --mark 46000 --margin 8500 --target 0.5 --fee 0.0004 \
         --tiers 0:0.004:0,50000:0.005:50",
    );
    assert_eq!((&reduce["close"], &reduce["left"]), (&"0.725".into(), &"1.275".into()));
}
