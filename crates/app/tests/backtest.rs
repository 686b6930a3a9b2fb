//! `plimsoll backtest`, as a script sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// 2024-01-01, in minutes since 1970.
const FIRST: i64 = 28_401_120;

fn backtest(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).arg("backtest").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// Two days of minutes that swing, in cents above 40000: a price that averages cross on again and again.
fn swings(minutes: i64) -> String {
    let mut text = String::from("time,open,high,low,close,volume\n");
    let at = |minute: i64| 4_000_000 + (minute % 180 - 90).abs() * 900 + (minute * 37 % 101) * 40;
    for minute in 0..minutes {
        let (open, close) = (at(minute), at(minute + 1));
        let (high, low) = (open.max(close) + 100, open.min(close) - 100);
        let cents = |it: i64| format!("{}.{:02}", it / 100, it % 100 / 10 * 10);
        let (o, h, l, c) = (cents(open), cents(high), cents(low), cents(close));
        writeln!(text, "{},{o},{h},{l},{c},12", (FIRST + minute) * 60).unwrap();
    }
    text
}

fn market() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "candles.csv", &swings(2880));
    (folder, file)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_report_adds_up_to_the_last_digit_and_is_the_same_twice() {
    let (folder, candles) = market();
    let page = folder.path().join("report.html");
    let arguments = ["--candles", &candles, "--strategy", "ema_cross", "--json", "--html", page.to_str().unwrap()];
    let first = backtest(&arguments);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let report = json(&first);
    assert_eq!(report["reconciliation"]["adds_up"], true);
    assert!(report["statistics"]["trades"]["closed"].as_u64().unwrap() > 20, "{}", report["statistics"]);
    assert_eq!(backtest(&arguments).stdout, first.stdout);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(report["run"]["hash"].as_str().unwrap()) && !page.contains("src=\"http"));
}

#[test]
fn what_comes_later_changes_no_earlier_decision() {
    let (folder, candles) = market();
    let short = write(folder.path(), "short.csv", &swings(1500));
    let decided = |candles: &str, to: &str| {
        let to = folder.path().join(to);
        let output =
            backtest(&["--candles", candles, "--strategy", "ema_cross", "--decisions", to.to_str().unwrap(), "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        std::fs::read_to_string(to).unwrap()
    };
    let (whole, part) = (decided(&candles, "whole.txt"), decided(&short, "part.txt"));
    assert!(part.lines().count() > 10 && whole.starts_with(&part), "{part}");
}

#[test]
fn settings_that_cannot_be_read_are_answered_in_words_with_what_was_meant() {
    let (folder, candles) = market();
    for (set, said, help) in [
        ("fsat=5", "there is no fsat: there are ", "Did you mean fast?"),
        ("long_only=perhaps", "long_only is true or false, got \"perhaps\"", "lists the kinds"),
        ("fast=1.5", "fast is a whole number from 0 on, such as 10, got \"1.5\"", "lists the kinds"),
        ("fast=-1", "fast is a whole number from 0 on", "lists the kinds"),
        ("size.quantty=1", "size has no 'quantty': it takes quantity or equity_fraction", "lists the kinds"),
        ("stop=5", "stop is written like {\"fraction\":", "lists the kinds"),
        ("interval=1minute", "interval: '1minute' is no length of a candle", "lists the kinds"),
    ] {
        let output = backtest(&["--candles", &candles, "--strategy", "ema_cross", "--set", set]);
        let text = self::said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said) && text.contains(help), "{set}: {text}");
        assert!(!text.contains("invalid type") && !text.contains("expected"), "{set}: {text}");
    }
    let both = ["--set", "long_only=perhaps", "--set", "fast=x"];
    let text = said(&backtest(&[&["--candles", &candles, "--strategy", "ema_cross"][..], &both].concat()));
    assert!(text.contains("long_only is") && text.contains("fast is"), "{text}");
    let text = said(&backtest(&["--candles", &candles, "--strategy", "ema_crss"]));
    assert!(text.contains("Did you mean ema_cross?"), "{text}");
    let plan =
        write(folder.path(), "plan.toml", "[[markets]]\nsymbol = \"BTC/USDT:USDT\"\ncandels = \"candles.csv\"\n");
    let text = said(&backtest(&[&plan]));
    assert!(text.contains("there is no 'candels' here") && text.contains("Did you mean candles?"), "{text}");
}

/// The same, at half the price from that minute on: whoever is long has lost more than any limit allows.
fn crash(minutes: i64, at: i64) -> String {
    let halved = |line: &str| {
        let mut fields = line.split(',').map(str::to_owned).collect::<Vec<_>>();
        for price in &mut fields[1..5] {
            let cents: i64 = price.replace('.', "").parse().unwrap();
            *price = format!("{}.{:02}", cents / 200, cents / 2 % 100);
        }
        fields.join(",") + "\n"
    };
    let at = usize::try_from(at).unwrap();
    swings(minutes)
        .lines()
        .enumerate()
        .map(|(row, line)| if row > at { halved(line) } else { line.to_owned() + "\n" })
        .collect()
}

#[test]
fn a_run_that_a_limit_cuts_short_says_so_with_every_file_that_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let candles = write(folder.path(), "candles.csv", &crash(2880, 1600));
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (expected, decided, page) = (file("expected.json"), file("decisions.txt"), file("report.html"));
    let always = ["--candles", &candles, "--strategy", "ema_cross", "--set", "long_only=true"];
    let files = ["--expectation", &expected, "--decisions", &decided, "--html", &page];
    let output = backtest(&[&always[..], &files].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8(it.clone()).unwrap());
    assert!(out.contains("STOPPED BY A LIMIT at 2024-01-02 02:4"), "{out}");
    for file in [&expected, &decided, &page] {
        assert!(out.lines().any(|line| line.ends_with(file.as_str())), "{file} is not named: {out}");
    }
    assert!(err.contains("warning: a limit cut this run short at 2024-01-02 02:4"), "{err}");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("STOPPED BY A LIMIT"), "the page hides it");

    // Beside JSON it is said where nothing reads it as the answer.
    let output = backtest(&[&always[..], &files, &["--json"]].concat());
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    // What was decided and came to nothing is decided as in a simulation, and told with its reason.
    let decisions = std::fs::read_to_string(&decided).unwrap();
    assert!(decisions.lines().last().is_some_and(|line| line.contains(" open long ")), "{decisions}");
    let report = json(&output);
    let incidents = report["incidents"].as_array().unwrap();
    let refused = incidents.iter().filter(|it| it["kind"] == "refused").count();
    assert!((1..decisions.lines().count()).contains(&refused), "{incidents:?}");
    assert!(report["run"].is_object() && err.contains(&expected) && err.contains("warning: "), "{err}");
}

#[test]
fn a_plan_names_several_strategies_and_files_from_where_it_is() {
    let (folder, _) = market();
    let plan = "capital = 20000\n[[markets]]\nsymbol = \"BTC/USDT:USDT\"\ncandles = \"candles.csv\"\n\
        [[strategies]]\nkind = \"ema_cross\"\nname = \"fast\"\nsettings = { fast = 5, slow = 20, size = { quantity = 0.01 } }\n\
        [[strategies]]\nkind = \"ema_cross\"\nname = \"slow\"\nsettings = { fast = 20, slow = 60, size = { quantity = 0.02 } }\n";
    let plan = write(folder.path(), "plan.toml", plan);
    let report = json(&backtest(&[&plan, "--json"]));
    assert_eq!(report["run"]["strategies"], serde_json::json!(["fast", "slow"]));
    assert_eq!(report["run"]["opening"], "20000");
    assert_eq!(report["reconciliation"]["adds_up"], true);
}

#[test]
fn funding_is_paid_as_its_file_says() {
    let (folder, candles) = market();
    let rates: String = (1..6).map(|number| format!("{},0.0001\n", (FIRST + 480 * number) * 60)).collect();
    let funding = write(folder.path(), "funding.csv", &format!("time,rate\n{rates}"));
    let hourly: String = (1..40).map(|number| format!("{},0.0001\n", (FIRST + 60 * number) * 60)).collect();
    let hourly = write(folder.path(), "hourly.csv", &format!("time,rate\n{hourly}"));
    let run = |funding: &[&str]| {
        let always = [
            "--candles",
            &candles,
            "--strategy",
            "ema_cross",
            "--set",
            "long_only=true",
            "--set",
            "fast=2",
            "--set",
            "slow=3",
            "--json",
        ];
        json(&backtest(&[&always[..], funding].concat()))
    };
    assert_eq!(run(&[])["reconciliation"]["ledger"]["funding"], "0");
    let paid = run(&["--funding", &funding]);
    let amount =
        |report: &Value| -> f64 { report["reconciliation"]["ledger"]["funding"].as_str().unwrap().parse().unwrap() };
    assert_eq!(paid["reconciliation"]["adds_up"], true);
    // Longs pay a positive rate, and more often where it comes more often.
    let often = run(&["--funding", &hourly]);
    assert!(amount(&paid) > 0.0 && amount(&often) > 2.0 * amount(&paid), "{} {}", amount(&paid), amount(&often));
}

#[test]
fn holes_in_the_files_are_told() {
    let (folder, candles) = market();
    let without = |name: &str, hour: i64| {
        let is_kept = |line: &&str| !line.starts_with(&format!("{}", (FIRST + hour * 60) * 60));
        let kept: Vec<String> = swings(2880).lines().filter(is_kept).map(str::to_owned).collect();
        write(folder.path(), name, &(kept.join("\n") + "\n"))
    };
    let (gap, marks) = (without("gap.csv", 3), without("marks.csv", 5));
    let told = |files: &[&str]| {
        let report = json(&backtest(&[files, &["--strategy", "ema_cross", "--json"]].concat()));
        let all = report["incidents"].as_array().unwrap().clone();
        let data = all.into_iter().filter(|it| it["kind"] == "data");
        data.map(|it| it["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&["--candles", &candles]), Vec::<String>::new());
    assert_eq!(told(&["--candles", &gap]), [format!("{gap}: gaps: 1")]);
    let unmarked = "BTC/USDT:USDT: 1 candles have no mark, and took their last price for it";
    assert_eq!(told(&["--candles", &candles, "--marks", &marks]), [unmarked]);
}

#[test]
fn every_mistake_is_named_and_exits_as_wrong_use_or_no() {
    let (folder, candles) = market();
    let rows = |text: &str| write(folder.path(), "bad.csv", &format!("time,open,high,low,close,volume\n{text}"));
    let check = |arguments: &[&str], code: i32, says: &str| {
        let output = backtest(arguments);
        assert!(said(&output).contains(says), "{arguments:?}: {}", said(&output));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    };
    check(&["--strategy", "ema_cross"], 2, "no market is given");
    check(&["--candles", &candles], 2, "no strategy is given");
    check(&["--candles", &candles, "--strategy", "hope"], 2, "hope");
    check(&["--candles", &candles, "--strategy", "ema_cross", "--set", "fast=60"], 2, "fast is below slow");
    check(&["--candles", &candles, "--strategy", "ema_cross", "--set", "quick=1"], 2, "quick");
    check(&["--candles", "none.csv", "--strategy", "ema_cross"], 2, "none.csv");
    check(&["--candles", &candles, "--strategy", "ema_cross", "--from", "someday"], 2, "'someday' is no time");
    check(&["--candles", &candles, "--strategy", "ema_cross", "--from", "2030-01-01"], 1, "no candle between");
    check(&["--candles", &candles, "--strategy", "ema_cross", "--to", "2000-01-01"], 1, "no candle between");
    let shorter = ["--candles", &candles, "--strategy", "ema_cross", "--set", "interval=30s"];
    check(&shorter, 2, "hears candles of 30s, which cannot be made of the file's of 1m");
    check(
        &[
            "--candles",
            &candles,
            "--marks",
            &rows("0,1,1,1,1,1\n3600,1,1,1,1,1\n7200,1,1,1,1,1\n"),
            "--strategy",
            "ema_cross",
        ],
        2,
        "one interval",
    );
    for (text, says) in [
        ("0,1,1,1,1,1\n60,NaN,1,1,1,1\n120,1,1,1,1,1\n180,1,1,1,1,1\n240,1,1,1,1,1\n", "line 3: open is 'NaN'"),
        ("0,1,1,1,1,1\n60,0,1,1,1,1\n120,1,1,1,1,1\n180,1,1,1,1,1\n240,1,1,1,1,1\n", "line 3"),
        ("0,1,1,1,1,1\n60,1,1,1,1,1\n120,1,1,1,1,1\n30,1,1,1,1,1\n", "line 5"),
        ("0,1,1,1,1,1\n60,1,1,1,1,1\n60,2,2,2,2,1\n", "line 4"),
        ("", "bad.csv"),
    ] {
        check(&["--candles", &rows(text), "--strategy", "ema_cross"], 1, says);
    }
}

#[test]
fn the_example_is_a_plan_and_the_kinds_are_listed_with_their_settings() {
    let example = backtest(&["--example"]);
    let (folder, _) = market();
    let text = String::from_utf8(example.stdout).unwrap().replace("btc-1m.csv", "candles.csv");
    let plan = write(folder.path(), "plan.toml", &text);
    let report = backtest(&[&plan, "--json"]);
    assert_eq!(report.status.code(), Some(0), "{}", said(&report));
    let kinds = json(&backtest(&["--strategies", "--json"]));
    let names: Vec<&str> = kinds.as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(names, ["ema_cross", "funding_arbitrage", "grid", "trend_switch", "volatility_breakout"]);
}

#[test]
fn what_it_predicts_is_a_file_that_the_configuration_takes_of_the_same_strategy_only() {
    let (folder, candles) = market();
    let file = folder.path().join("cross.json");
    let of = |settings: &[&str]| {
        let mut arguments = vec!["--candles", &candles, "--strategy", "ema_cross", "--slippage", "0.0002", "--json"];
        arguments.extend(["--expectation", file.to_str().unwrap()]);
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let output = backtest(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        json(&output)
    };
    let report = of(&["fast=8", "size.quantity=0.02"]);
    let predicted: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let closed = report["statistics"]["trades"]["closed"].as_u64().unwrap();
    assert_eq!((predicted["round_trips"].as_u64(), &predicted["hash"]), (Some(closed), &report["run"]["hash"]));
    assert_eq!(predicted["returns"].as_array().unwrap().len() as u64, closed);
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    // A market order pays the half of a spread of one tick besides, and what a candle's price is rounded to.
    let cost = number(&predicted["costs"]["mean"]);
    assert!((0.000_19..0.000_22).contains(&cost), "{predicted}");

    let configuration = |fast: &str| {
        let text = format!(
            "[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n[strategies.cross]\n\
             kind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\nexpectation = \"{}\"\n[strategies.cross.settings]\n\
             fast = {fast}\nleverage = 1\n",
            file.display()
        );
        let config = write(folder.path(), "plimsoll.toml", &text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(["config", "check", "--config", &config]).env("K", "key").env("S", "secret").output().unwrap()
    };
    let taken = configuration("8");
    assert_eq!(taken.status.code(), Some(0), "{}", said(&taken));
    let refused = configuration("9");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("strategies.cross.expectation") && said(&refused).contains("of other settings"));

    let plan = "[[markets]]\nsymbol = \"BTC/USDT:USDT\"\ncandles = \"candles.csv\"\n[[strategies]]\nkind = \"ema_cross\"\n\
                [[strategies]]\nkind = \"ema_cross\"\nname = \"other\"\n";
    let plan = write(folder.path(), "two.toml", plan);
    let several = backtest(&[&plan, "--expectation", file.to_str().unwrap()]);
    assert_eq!(several.status.code(), Some(2), "{}", said(&several));
    assert!(said(&several).contains("--expectation is of one strategy, and the plan has 2"), "{}", said(&several));
}
