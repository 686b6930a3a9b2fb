//! Every verb that trades, as a person runs it: one process after another against a venue that holds a key to its limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod stage;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use stage::{Venue, answer, configuration};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const KEYS: [(&str, &str); 2] = [("STAGE_KEY", "verb-key"), ("STAGE_SECRET", "verb-secret")];

/// A venue, an account there, and a folder for the records.
struct Desk {
    _venue: Venue,
    rest: String,
    folder: TempDir,
    config: PathBuf,
}

impl Desk {
    fn new() -> Self {
        Self::at(&[])
    }

    /// At a venue that is started with these arguments.
    fn at(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (venue, rest, socket) = Venue::start_with("binance", "verb-key", "verb-secret", arguments);
        let database = format!("sqlite:{}", folder.path().join("records.db").display());
        let config = configuration(folder.path(), &database, &[("main", "binance", &rest, &socket)]);
        Self { _venue: venue, rest, folder, config }
    }

    /// Waits until the venue has done this fault.
    fn until_done(&self, fault: &str) {
        let word = format!(r#""fault":"{fault}""#);
        let began = Instant::now();
        loop {
            let mut stream = TcpStream::connect(self.rest.strip_prefix("http://").unwrap()).unwrap();
            write!(stream, "GET /plimsoll/faults HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            if said.contains(&word) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "no {fault} in {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What a verb answers, split at spaces; it must exit with `code`.
    fn verb(&self, code: i32, line: &str) -> Value {
        let arguments: Vec<&str> = line.split(' ').collect();
        answer(code, &stage::verb(&self.config, &KEYS, &arguments))
    }

    fn message(&self, code: i32, line: &str) -> String {
        self.verb(code, line)["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Runs a verb as for a person, who reads it there; it must exit with `code`. What it says on stderr.
    fn told_to(&self, stdout: Stdio, code: i32, line: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(line.split(' ')).arg("--config").arg(&self.config).env_remove("DATABASE_URL").envs(KEYS);
        let output = command.stdout(stdout).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        said
    }
}

/// A pipe whose reader has gone away.
fn nobody() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A disk without room.
fn full_disk() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

const OPEN: &str = "open BTC/USDT:USDT --side long --quantity 0.002 --stop 50000 --yes";

#[test]
fn what_was_opened_is_shown_with_its_stop() {
    let desk = Desk::new();
    let opened = &desk.verb(0, OPEN)["opened"];
    assert_eq!((&opened["quantity"], &opened["stop_loss"]["trigger"]), (&json!("0.002"), &json!("50000")), "{opened}");
    let positions = desk.verb(0, "positions");
    assert_eq!((&positions[0]["side"], &positions[0]["quantity"]), (&json!("long"), &json!("0.002")), "{positions}");
    let orders = desk.verb(0, "orders");
    assert_eq!((&orders["open"][0]["ours"], &orders["unfinished"]), (&json!(true), &json!([])), "{orders}");
    let status = desk.verb(0, "status");
    let shown = [&status["unprotected"], &status["unfinished_orders"], &status["kill_switch"]["engaged"]];
    assert_eq!(shown, [&json!(0), &json!(0), &json!(false)], "{status}");
}

#[test]
fn an_entry_that_is_asked_to_stop_still_gets_its_stop() {
    for (signal, shell) in [("INT", "a person"), ("TERM", "a supervisor"), ("HUP", "a terminal that is closed")] {
        let desk = Desk::at(&["--faults", "slow=place:1:for=1s"]);
        let arguments: Vec<&str> = OPEN.split(' ').collect();
        let mut open = stage::command(&desk.config, &KEYS, &arguments);
        let mut open = open.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        desk.until_done("slow");
        let asked = Command::new("kill").arg(format!("-{signal}")).arg(open.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert_eq!(open.wait().unwrap().code(), Some(0), "asked by {shell}");
        let status = desk.verb(0, "status");
        assert_eq!((&status["unprotected"], &status["unfinished_orders"]), (&json!(0), &json!(0)), "{shell}: {status}");
        assert_eq!(desk.verb(0, "positions")[0]["quantity"], json!("0.002"), "{shell}");
    }
}

#[test]
fn a_dry_run_does_nothing_at_all() {
    let desk = Desk::at(&["--faults", "slow=place:x1:for=500ms"]);
    let arguments: Vec<&str> = OPEN.split(' ').collect();
    let mut open = stage::command(&desk.config, &KEYS, &arguments);
    let mut open = open.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    desk.until_done("slow");
    open.kill().unwrap();
    open.wait().unwrap();
    let unfinished = || desk.verb(0, "status")["unfinished_orders"].clone();
    let left = unfinished();
    assert!(left.as_u64() > Some(0), "{left}");
    let arguments: Vec<&str> = OPEN.split(' ').take_while(|word| *word != "--yes").chain(["--dry-run"]).collect();
    let dry = stage::verb(&desk.config, &KEYS, &arguments);
    assert_eq!(dry.status.code(), Some(4), "what may be live is said, and is not looked up: {dry:?}");
    assert_eq!(unfinished(), left, "what the dead process left is as it was");
    desk.verb(0, "flatten --yes");
    assert_eq!(unfinished(), json!(0));
}

#[test]
fn leverage_and_isolated_margin_are_changed_at_the_venue() {
    let desk = Desk::new();
    desk.verb(0, OPEN);
    let changed = desk.verb(0, "leverage BTC/USDT:USDT 4 --yes");
    let added = desk.verb(0, "margin BTC/USDT:USDT add 10 --yes");
    let positions = desk.verb(0, "positions");
    assert_eq!(positions[0]["leverage"], json!(4), "{changed}");
    let (entry, margin) = (decimal(&positions[0]["entry_price"]), decimal(&positions[0]["margin"]));
    let drift = margin - (entry * decimal(&json!("0.002")) / Decimal::from(3) + Decimal::TEN);
    assert!(drift.abs() < Decimal::ONE, "{added}: {positions}");
}

#[test]
fn what_is_added_goes_by_the_leverage_of_what_is_held() {
    let desk = Desk::new();
    let first = desk.verb(0, &format!("{OPEN} --leverage 2"));
    assert_eq!(first["preview"]["leverage"], json!(2), "{first}");
    let adding = "open BTC/USDT:USDT --side long --quantity 0.002 --keep-stop --dry-run";
    for (line, leverage) in [(adding.to_owned(), 2), (format!("{adding} --leverage 3"), 3)] {
        let shown = desk.verb(0, &line);
        assert_eq!(shown["preview"]["leverage"], json!(leverage), "{shown}");
    }
    desk.verb(0, "flatten --yes");
}

#[test]
fn a_position_is_closed_in_part_and_then_flattened_and_the_ledger_adds_up() {
    let desk = Desk::new();
    desk.verb(0, OPEN);
    let closed = desk.verb(0, "close BTC/USDT:USDT --quantity 0.0017 --yes");
    let quantities = [&closed["preview"][0]["quantity"], &closed["closed"][0]["quantity"]];
    assert_eq!(quantities, [&json!("0.001"), &json!("0.001")], "in lots, shown as sent: {closed}");
    desk.verb(0, "flatten --yes");
    let status = desk.verb(0, "status");
    assert_eq!((&status["positions"], &status["open_orders"]), (&json!([]), &json!(0)), "{status}");
    assert_eq!(decimal(&status["wallet"]) - decimal(&status["today_net"]), 10_000.into(), "{status}");
    let ledger = desk.verb(0, "ledger");
    assert_eq!(ledger["totals"][0]["net"], status["today_net"], "{ledger}");
}

fn decimal(amount: &Value) -> Decimal {
    amount.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_kill_switch_needs_no_key_and_outlives_its_process() {
    let desk = Desk::new();
    let keyless = |code, line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        answer(code, &stage::verb(&desk.config, &[], &arguments))
    };
    assert_eq!(keyless(0, "kill --reason storm --yes")["engaged"], json!(true));
    let refused = desk.message(1, OPEN);
    assert!(refused.contains("kill switch") && refused.contains("storm"), "{refused}");
    let released = keyless(0, "release --reason calm --yes");
    assert_eq!(
        (&released["engaged"], &released["was_engaged"], &released["broken"]),
        (&json!(false), &json!(true), &json!([]))
    );
    // Where nothing is engaged nothing is released, and nobody is told so.
    let again = keyless(0, "release --reason calm --yes");
    assert_eq!((&again["engaged"], &again["was_engaged"]), (&json!(false), &json!(false)));
    let mut for_people = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    for_people.args(["release", "--reason", "calm", "--yes", "--config"]).arg(&desk.config).env_remove("DATABASE_URL");
    let said = String::from_utf8(for_people.env("STAGE_PASSPHRASE", "phrase").output().unwrap().stdout).unwrap();
    assert!(said.ends_with("was not engaged: there is nothing to release\n"), "{said}");
    desk.verb(0, OPEN);
}

#[test]
fn trading_is_stopped_and_everything_closed_in_one_go() {
    let desk = Desk::new();
    desk.verb(0, OPEN);
    let stopped = desk.verb(0, "kill --reason storm --flatten --yes");
    assert_eq!([&stopped["engaged"], &stopped["flat"]], [&json!(true), &json!(true)], "{stopped}");
    assert_eq!(desk.verb(0, "positions"), json!([]));
    assert!(desk.message(1, OPEN).contains("storm"));
    let arguments = ["kill", "--reason", "storm", "--flatten", "--yes"];
    let keyless = answer(2, &stage::verb(&desk.config, &[], &arguments));
    assert!(keyless["error"]["message"].as_str().unwrap().contains("the kill switch is not engaged"), "{keyless}");
}

#[test]
fn trading_that_is_stopped_while_entries_rest_still_is_no_success() {
    let desk = Desk::at(&["--faults", "reject=cancel:1"]);
    desk.verb(0, "order bracket BTC/USDT:USDT --side long --quantity 0.002 --limit 55000 --stop 50000 --yes");
    let said = desk.message(1, "kill --reason storm --yes");
    assert!(said.contains("the kill switch is engaged, but 1 orders that add exposure rest still"), "{said}");
    assert_eq!(desk.verb(0, "status")["kill_switch"]["engaged"], json!(true));
}

#[test]
fn what_others_hold_is_left_alone_and_not_called_flat() {
    let mut desk = Desk::new();
    desk.verb(0, &format!("{OPEN} --account main"));
    // The same account at the venue by another name, in a configuration of its own: what it orders is nobody's here.
    let text = std::fs::read_to_string(&desk.config).unwrap().replace("[accounts.main]", "[accounts.somebody]");
    let somebody = desk.folder.path().join("somebody.toml");
    std::fs::write(&somebody, text + "foreign = \"watch\"\n").unwrap();
    let main = std::mem::replace(&mut desk.config, somebody);
    for line in ["flatten --yes", "kill --reason storm --flatten --yes"] {
        let said = desk.message(1, line);
        assert!(said.contains("1 position and 1 order are left; 2 of them of others, left alone"), "{said}");
    }
    desk.config = main;
    let held = desk.verb(0, "status --account main");
    assert_eq!((&held["unprotected"], &held["positions"][0]["quantity"]), (&json!(0), &json!("0.002")), "{held}");
    assert_eq!(desk.verb(0, "flatten --yes --account main")["flat"], json!(true));
}

#[test]
fn the_kill_switch_is_engaged_once_from_however_many_processes_at_once() {
    let desk = Desk::new();
    desk.verb(0, "db migrate");
    let engage = |number: u32| {
        let reason = format!("storm_{number}");
        let mut kill = stage::command(&desk.config, &[], &["kill", "--yes", "--reason", &reason]);
        kill.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let at_once: Vec<_> = (0..6).map(engage).collect();
    let answers: Vec<Value> = at_once.into_iter().map(|it| answer(0, &it.wait_with_output().unwrap())).collect();
    // Each is told of the one engagement, whoever made it.
    let first = [&answers[0]["reason"], &answers[0]["since"]];
    for told in &answers {
        assert_eq!((&told["engaged"], [&told["reason"], &told["since"]]), (&json!(true), first), "{answers:?}");
    }
    assert_eq!(events(&desk, "kill_switch"), [("engaged".to_owned(), first[0].as_str().unwrap().to_owned())]);

    desk.verb(0, "release --reason calm --yes");
    let actions: Vec<String> = events(&desk, "kill_switch").into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["engaged", "released"]);
    desk.verb(0, OPEN);
}

#[test]
fn records_that_are_not_there_are_not_made_by_naming_them() {
    let desk = Desk::new();
    desk.verb(0, "kill --reason night --yes");
    let typo = desk.folder.path().join("typo.db");
    for line in [OPEN, "status", "run --no-strategies", "kill --reason night --yes"] {
        let refused = desk.verb(2, &format!("{line} --database sqlite:{}", typo.display()));
        let (message, help) = (refused["error"]["message"].as_str(), refused["error"]["help"].as_str());
        assert_eq!(message, Some(format!("--database: there is no sqlite:{}", typo.display()).as_str()), "{line}");
        assert!(help.is_some_and(|it| it.contains("plimsoll db migrate --database")), "{refused}");
    }
    assert!(!typo.exists(), "it would know of no kill switch");
    desk.verb(1, OPEN);
}

/// What was done and why, of the risk events of one kind.
fn events(desk: &Desk, kind: &str) -> Vec<(String, String)> {
    let database = format!("sqlite:{}", desk.folder.path().join("records.db").display());
    let export = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(["db", "export", "--database", &database]).output();
    let said = String::from_utf8(export.unwrap().stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_kind = lines.filter(|it| it["record"] == "risk_event" && it["kind"] == kind);
    of_kind.map(|it| (text(&it["action"]), text(&it["detail"]))).collect()
}

#[test]
fn a_live_account_is_shown_its_step_and_put_on_another_by_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("records.db").display());
    let config =
        configuration(folder.path(), &database, &[("paper", "binance", "http://127.0.0.1:9", "ws://127.0.0.1:9")]);
    let live = "\n[accounts.main]\nenvironment = \"live\"\nkey_env = \"STAGE_KEY\"\nsecret_env = \"STAGE_SECRET\"\n\
                paper_account = \"paper\"\n";
    OpenOptions::new().append(true).open(&config).unwrap().write_all(live.as_bytes()).unwrap();
    let verb = |code, line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        answer(code, &stage::verb(&config, &[], &arguments))
    };
    assert_eq!(verb(0, "ladder --account paper")["live"], json!(false));
    verb(2, "ladder --account main");
    let shown = verb(0, "ladder --account main --live");
    let said = [&shown["step"], &shown["days_missing"], &shown["paper_account"], &shown["next_step"]];
    assert_eq!(said, [&json!("paper"), &json!(60), &json!("paper"), &json!("micro")], "{shown}");

    verb(2, "ladder --account main --live --override micro --yes");
    verb(2, "ladder --account main --live --override moon --by Ana --reason tested --yes");
    verb(2, "ladder --account main --live --override micro --by Ana --reason tested");
    assert_eq!(verb(0, "ladder --account main --live")["step"], json!("paper"), "nothing has changed");
    let stepped = verb(0, "ladder --account main --live --override micro --by Ana --reason tested --yes");
    let said = [&stepped["step"], &stepped["overridden_by"], &stepped["capital"], &stepped["days_missing"]];
    assert_eq!(said, [&json!("micro"), &json!("Ana"), &json!("500"), &json!(30)], "{stepped}");
    verb(1, "ladder --account main --live --override micro --by Ana --reason tested --yes");
    verb(1, "ladder --account paper --override full --by Ana --reason tested --yes");
}

#[test]
fn a_position_is_opened_and_closed_whatever_becomes_of_the_output() {
    for verb in ["close BTC/USDT:USDT --yes", "flatten --yes"] {
        let held = |desk: &Desk| desk.verb(0, "positions").as_array().unwrap().len();
        let desk = Desk::new();
        assert_eq!(desk.told_to(nobody(), 0, OPEN), "");
        assert_eq!(held(&desk), 1, "{OPEN}");
        assert_eq!(desk.told_to(nobody(), 0, verb), "");
        assert_eq!(held(&desk), 0, "{verb}");
        // A venue of its own: two entries take most of what one allows in a minute.
        let desk = Desk::new();
        desk.verb(0, OPEN);
        let said = desk.told_to(full_disk(), 3, verb);
        assert!(said.contains("cannot write to stdout") && said.contains("It was done all the same"), "{said}");
        assert_eq!(held(&desk), 0, "{verb}");
    }
}

#[test]
fn the_kill_switch_is_set_whatever_becomes_of_the_output() {
    let desk = Desk::new();
    let is_engaged = || desk.verb(0, "status")["kill_switch"]["engaged"].clone();
    for (stdout, code) in [(nobody as fn() -> Stdio, 0), (full_disk as fn() -> Stdio, 3)] {
        desk.told_to(stdout(), code, "kill --reason storm --yes");
        assert_eq!(is_engaged(), json!(true));
        desk.told_to(stdout(), code, "release --reason calm --yes");
        assert_eq!(is_engaged(), json!(false));
    }
}

#[test]
fn leverage_and_margin_are_changed_whether_or_not_anybody_reads_it() {
    let desk = Desk::new();
    desk.verb(0, OPEN);
    desk.told_to(nobody(), 0, "leverage BTC/USDT:USDT 4 --yes");
    let before = desk.verb(0, "positions");
    assert_eq!(before[0]["leverage"], json!(4), "{before}");
    desk.told_to(nobody(), 0, "margin BTC/USDT:USDT add 10 --yes");
    let after = desk.verb(0, "positions");
    let added = decimal(&after[0]["margin"]) - decimal(&before[0]["margin"]);
    assert!((added - Decimal::TEN).abs() < Decimal::ONE, "{before}, then {after}");
}

#[test]
fn exit_codes_tell_who_has_to_do_something() {
    let desk = Desk::new();
    for symbol in ["NO/USDT:USDT --quantity 1", "NO/USDT:USDT --notional 100"] {
        let message = desk.message(1, &format!("open {symbol} --side long --stop 50000 --yes"));
        assert!(message.contains("NO/USDT:USDT"), "{message}");
    }
    desk.message(1, "close BTC/USDT:USDT --yes");
    let strange = [("STAGE_KEY", "nobody"), ("STAGE_SECRET", "verb-secret")];
    for line in ["positions", "status", OPEN] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let refused = answer(2, &stage::verb(&desk.config, &strange, &arguments));
        let help = refused["error"]["help"].as_str().unwrap();
        assert!(help.contains("plimsoll doctor"), "{line}: {refused}");
        let missing = answer(2, &stage::verb(&desk.config, &[], &arguments));
        assert!(missing["error"]["message"].as_str().unwrap().contains("STAGE_KEY"), "{line}: {missing}");
    }
}

#[test]
fn once_the_request_budget_is_used_a_position_can_still_be_closed() {
    let desk = Desk::new();
    desk.verb(0, OPEN);
    // Each takes its part of the 2,400 of a minute, until the ordinary part of it is used up.
    let refused = (0..60).find_map(|_| {
        let arguments: Vec<&str> = OPEN.split(' ').collect();
        let output = stage::verb(&desk.config, &KEYS, &arguments);
        (output.status.code() == Some(3)).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
    });
    let refused = refused.expect("the budget is never used up");
    assert!(refused.contains("no such one may go out until"), "{refused}");
    desk.verb(0, "close BTC/USDT:USDT --yes");
}

#[test]
fn positions_at_three_venues_stand_in_one_table_and_one_that_is_away_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let start = |wire| Venue::start(wire, "verb-key", "verb-secret");
    let [binance, gateio, bitget] = ["binance", "gateio", "bitget"].map(start);
    let database = format!("sqlite:{}", folder.path().join("records.db").display());
    let account = |name: &'static str, at: &(Venue, String, String)| (name, at.1.clone(), at.2.clone());
    let accounts = [account("binance", &binance), account("gateio", &gateio), account("bitget", &bitget)];
    let accounts = accounts.each_ref().map(|(name, rest, socket)| (*name, *name, rest.as_str(), socket.as_str()));
    let config = configuration(folder.path(), &database, &accounts);
    let run = |code, line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = stage::verb(&config, &KEYS, &arguments);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()
    };
    for (account, ..) in accounts {
        let opened = run(0, &format!("{OPEN} --account {account}"));
        assert_eq!(opened["opened"]["stop_loss"]["trigger"], json!("50000"), "{account}: {opened}");
    }
    let of = |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["venue"].clone()).collect::<Vec<_>>();
    assert_eq!(of(&run(0, "positions")), [json!("binance"), json!("gateio"), json!("bitget")]);
    assert_eq!(of(&run(0, "positions --account gateio")), [json!("gateio")]);
    adds_up(&run(0, "portfolio --move=-60 --move=1"));
    drop(gateio);
    assert_eq!(of(&run(3, "positions")), [json!("binance"), json!("bitget")]);
    assert_eq!(of(&run(3, "portfolio")["by_venue"]), [json!("binance"), json!("bitget")]);
    for account in ["binance", "bitget"] {
        let closed = run(0, &format!("close BTC/USDT:USDT --yes --account {account}"));
        assert_eq!(closed["closed"][0]["quantity"], json!("0.002"), "{account}: {closed}");
    }
}

/// What is held at three venues, 0.002 each, as one; isolated, so that a fall by 60 % is the end of each.
fn adds_up(portfolio: &Value) {
    let rows = |name: &str| portfolio[name].as_array().unwrap().clone();
    let sum = |rows: &[Value], of: &str| rows.iter().map(|row| decimal(&row[of])).sum::<Decimal>();
    let (contracts, venues) = (rows("by_symbol"), rows("by_venue"));
    assert_eq!((contracts.len(), venues.len()), (1, 3), "{portfolio}");
    assert!(sum(&venues, "long") > Decimal::ZERO);
    for figure in ["long", "short", "net", "gross"] {
        assert_eq!(sum(&contracts, figure), sum(&venues, figure), "{figure}: {portfolio}");
    }
    assert_eq!(contracts[0]["net"], contracts[0]["gross"], "nothing is short");
    let stress = rows("stress");
    let due = |row: &Value| row["liquidated"].as_array().unwrap().len();
    assert_eq!(stress.iter().map(due).collect::<Vec<_>>(), [1, 1, 1, 0, 0, 0], "{portfolio}");
    let equity = |at: usize| decimal(&stress[at]["equity"]);
    let equities = sum(&rows("totals"), "equity");
    let risen = (3..6).map(equity).sum::<Decimal>();
    assert_eq!(risen - equities, sum(&contracts, "net") / Decimal::ONE_HUNDRED, "{portfolio}");
    let nearest = &portfolio["nearest_liquidation"];
    assert!(decimal(&nearest["distance"]) > Decimal::ZERO && !nearest["liquidation_below"].is_null(), "{nearest}");
}
