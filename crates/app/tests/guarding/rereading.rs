//! The configuration is read again when it is asked for: all of it takes effect, or nothing, and guarding goes on.

use crate::stage::{Guard, Stage};
use plimsoll_domain::{Decimal, Side};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{Fault, Target};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// So long whoever tells waits for an answer.
const WAITED_FOR_A_WEBHOOK: Duration = Duration::from_secs(2);

impl Stage {
    fn text(&self) -> String {
        std::fs::read_to_string(self.config()).unwrap()
    }

    /// The configuration, with this in place of that.
    fn write(&self, that: &str, this: &str) {
        let text = self.text();
        assert!(text.contains(that), "{text}");
        std::fs::write(self.config(), text.replace(that, this)).unwrap();
    }

    /// The dashboard of this one, at any port that is free.
    async fn served() -> Self {
        let stage = Self::set("binance").await;
        std::fs::write(stage.config(), stage.text() + "\n[api]\nlisten = \"127.0.0.1:0\"\n").unwrap();
        stage
    }
}

impl Guard {
    /// Asks it to read its configuration again.
    fn reread(&self) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// What it says to a question, where it serves.
    async fn asked(&self, address: &str, question: &str) -> Value {
        let (head, body) = said(address, &format!("GET {question} HTTP/1.1"), "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Why it would not open this, if it would not.
    async fn refusals(&self, address: &str, leverage: u32) -> Vec<String> {
        let open = format!(
            r#"{{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":"0.01","leverage":{leverage},"stop_loss":"58500"}}"#
        );
        let (head, body) = said(address, "POST /api/actions/prepare HTTP/1.1", &open).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        let prepared: Value = serde_json::from_str(&body).unwrap();
        prepared["refusals"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    async fn serving(&mut self) -> String {
        self.until("serving", |_| true).await["address"].as_str().unwrap().to_owned()
    }

    async fn refused(&mut self) -> Vec<String> {
        let refused = self.until("configuration_refused", |_| true).await;
        refused["problems"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }
}

/// Head and body of what is answered there.
async fn said(address: &str, request: &str, body: &str) -> (String, String) {
    let address = address.trim_start_matches("http://").to_owned();
    let length = body.len();
    let text = format!(
        "{request}\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

impl Stage {
    /// What the venue has counted of its budget in this minute, this question among it, and which minute that is.
    async fn spent(&self) -> (u64, i64) {
        let (head, _) = said(&self.venue.rest_url(), "GET /fapi/v1/time HTTP/1.1", "").await;
        let head = head.to_ascii_lowercase();
        let weight = head.lines().find_map(|line| line.strip_prefix("x-mbx-used-weight-1m:")).unwrap();
        (weight.trim().parse().unwrap(), SystemClock.now().as_millis() / 60_000)
    }
}

/// The limit of this name, of the one account.
fn limit(risk: &Value, name: &str) -> Value {
    limit_row(risk, name)["limit"].clone()
}

fn limit_row(risk: &Value, name: &str) -> Value {
    let rows = risk["accounts"][0]["limits"].as_array().unwrap_or_else(|| panic!("{risk}"));
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{risk}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_takes_effect_whole_and_guarding_goes_on() {
    let stage = Stage::served().await;
    let mut guard = Guard::start(&stage);
    let address = guard.serving().await;
    guard.until("stream_connected", |_| true).await;
    assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), "10");
    stage.verb("open BTC/USDT:USDT --side long --quantity 0.02 --leverage 10 --stop 58000 --yes").await;
    guard.until("position_opened", |_| true).await;

    guard.woken(&["position_opened", "connected", "position_changed"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    assert!(guard.refusals(&address, 15).await.iter().any(|why| why.contains("leverage")), "10 is the limit still");

    stage.write("max_leverage = 10", "max_leverage = 20\nmax_positions = 7");
    stage.write("monitor = \"2h\"", "monitor = \"1h\"");
    guard.forget();
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    let is_it = |it: &Value| it["setting"] == "limits.max_leverage" && it["before"] == "10x" && it["now"] == "20x";
    assert!(told["changed"].as_array().unwrap().iter().any(is_it), "{told}");
    let risk = guard.asked(&address, "/api/risk").await;
    assert_eq!((limit(&risk, "max_leverage"), limit(&risk, "max_positions")), ("20".into(), "7".into()));
    let events = guard.asked(&address, "/api/events").await.to_string();
    assert!(
        events.contains("configuration_reread") && events.contains("limits.max_leverage: 20x, before 10x"),
        "{events}"
    );
    assert_eq!(guard.refusals(&address, 15).await, Vec::<String>::new(), "the next order is judged by the new limit");

    // What happens from now on is noticed as before, by the same connection.
    stage.by_hand("hand-1", Side::Buy);
    guard.woken(&["position_changed", "traded_elsewhere"]).await;
    guard.until("pass", |_| true).await;
    let anew = ["serving", "stream_connected", "stream_disconnected", "stopped"];
    assert!(!guard.heard.iter().any(|it| anew.iter().any(|event| it["event"] == *event)), "{:?}", guard.heard);

    // The same once more is nothing new: nothing begins anew.
    guard.reread();
    let again = guard.until("configuration_reread", |_| true).await;
    assert_eq!(again["changed"], Value::Array(Vec::new()), "{again}");
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_lowered_below_what_is_held_is_told_with_the_answer_and_once() {
    let stage = Stage::served().await;
    let mut guard = Guard::start(&stage);
    let address = guard.serving().await;
    guard.until("stream_connected", |_| true).await;
    stage.verb("open BTC/USDT:USDT --side long --quantity 0.02 --leverage 10 --stop 58000 --yes").await;
    guard.until("marks_flow", |_| true).await;
    // What is held has a price once a mark has come.
    let is_known =
        async { while limit_row(&guard.asked(&address, "/api/risk").await, "max_position")["used"] == Value::Null {} };
    tokio::time::timeout(Duration::from_secs(60), is_known).await.expect("it has a price");
    stage.write("max_position = 1000000", "max_position = 100");
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    let beyond: Vec<&str> = told["beyond"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(matches!(beyond[..], [one] if one.starts_with("main is beyond max_position: 1200")), "{told}");
    assert!(beyond[0].ends_with("of 100 USDT in one position (BTC/USDT:USDT); nothing more is opened"), "{told}");
    let events = guard.asked(&address, "/api/events").await.to_string();
    assert!(events.contains("main is beyond max_position"), "{events}");

    // It is known by now.
    stage.write("max_position = 100\n", "max_position = 99\n");
    guard.reread();
    let again = guard.until("configuration_reread", |_| true).await;
    assert_eq!(again["beyond"], Value::Null, "{again}");
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mark_has_come_it_is_said_that_a_lowered_limit_cannot_be_judged() {
    let stage = Stage::served().await;
    stage.venue.inject(Fault::Drop.always().on(Target::Market));
    let mut guard = Guard::start(&stage);
    guard.until("stream_connected", |_| true).await;
    stage.verb("open BTC/USDT:USDT --side long --quantity 0.02 --leverage 10 --stop 58000 --yes").await;
    guard.until("position_opened", |_| true).await;
    stage.write("max_position = 1000000", "max_position = 100");
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    let unjudged: Vec<&str> = told["unjudged"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let beginning = "main: whether it is beyond max_position cannot be said yet";
    assert!(matches!(unjudged[..], [one] if one.starts_with(beginning)), "{told}");
    assert_eq!(told["beyond"], Value::Null, "{told}");

    // Only what was changed is told of.
    stage.write("max_leverage = 10", "max_leverage = 11");
    guard.reread();
    let again = guard.until("configuration_reread", |_| true).await;
    assert_eq!(again["unjudged"], Value::Null, "{again}");
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_it_again_asks_the_venue_nothing() {
    let stage = Stage::served().await;
    let mut guard = Guard::start(&stage);
    let address = guard.serving().await;
    guard.until("contract_set", |_| true).await;
    guard.told("woken").await;
    guard.until("pass", |_| true).await;
    let mut was = 10;
    // What was begun at the start may be counted in the first of these minutes.
    for leverage in 11..16 {
        let (before, began) = stage.spent().await;
        stage.write(&format!("max_leverage = {was}"), &format!("max_leverage = {leverage}"));
        was = leverage;
        guard.reread();
        guard.until("configuration_reread", |_| true).await;
        assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), leverage.to_string());
        let (after, ended) = stage.spent().await;
        if began == ended && after == before + 1 {
            return guard.stop().await;
        }
    }
    panic!("the venue was asked whenever the configuration was read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_to_the_kill_switch_is_told() {
    let stage = Stage::served().await;
    stage.write("audit = \"2h\"", "audit = \"1s\"");
    let mut guard = Guard::start(&stage);
    let address = guard.serving().await;
    guard.until("pass", |_| true).await;
    stage.verb("kill --reason lunch --yes").await;
    let killed = guard.until("kill_switch", |it| it["engaged"] == true).await;
    assert_eq!(killed["reason"], "lunch", "{killed}");
    stage.verb("release --reason back --yes").await;
    guard.until("kill_switch", |it| it["engaged"] == false && it["reason"] == "back").await;
    let events = guard.asked(&address, "/api/events").await.to_string();
    assert!(
        events.contains("kill switch engaged on main") && events.contains("kill switch released on main"),
        "{events}"
    );
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_to_guard_again_reads_the_configuration_when_it_is_asked_to() {
    let stage = Stage::set("binance").await;
    stage.write("reconcile = \"2h\"", "reconcile = \"1s\"");
    // No file can be opened where a directory is: it looks for the database again and again.
    std::fs::create_dir(stage.folder.path().join("records.db")).unwrap();
    let mut guard = Guard::start(&stage);
    guard.until("stream_connected", |_| true).await;
    let (state, aside) = (stage.folder.path().join("state"), stage.folder.path().join("aside"));
    std::fs::rename(&state, &aside).unwrap();
    std::fs::write(&state, "no directory").unwrap();
    guard.complains("nobody guards").await;

    // It would wait for two hours.
    std::fs::remove_file(&state).unwrap();
    std::fs::rename(&aside, &state).unwrap();
    stage.write("max_leverage = 10", "max_leverage = 11");
    guard.forget();
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    assert_eq!(told["changed"][1]["setting"], "limits.max_leverage", "{told}");
    guard.until("stream_connected", |_| true).await;
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_changes_nothing_and_every_problem_is_told() {
    let stage = Stage::served().await;
    let mut guard = Guard::start(&stage);
    let address = guard.serving().await;
    guard.until("stream_connected", |_| true).await;
    let whole = stage.text();

    // A good line beside two bad ones is not taken either.
    stage.write("max_leverage = 10", "max_leverage = 15\nmax_positons = 7\nmax_drawdwn = 5");
    guard.reread();
    let problems = guard.refused().await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("limits.max_positons: no such setting")
            && problems[0].contains("did you mean max_positions?")
    );
    assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), "10");
    let events = guard.asked(&address, "/api/events").await.to_string();
    assert!(events.contains("configuration_refused") && events.contains("max_drawdwn"), "{events}");

    // Another account is another process.
    std::fs::write(stage.config(), whole.replace("leverage = 10\nrest_url", "leverage = 9\nrest_url")).unwrap();
    guard.reread();
    assert_eq!(guard.refused().await, ["accounts.main.leverage: 9x, before 10x: that needs a restart"]);

    // Nor does it need the file to go on.
    std::fs::remove_file(stage.config()).unwrap();
    guard.reread();
    assert!(guard.refused().await[0].starts_with("cannot read "));
    stage.by_hand("hand-1", Side::Buy);
    guard.woken(&["position_opened", "traded_elsewhere"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    assert_eq!(stage.held(), Some(Decimal::new(2, 2)));
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_that_was_found_at_the_start_is_read_again_and_no_other_that_would_be_found_now() {
    let stage = Stage::served().await;
    let home = stage.folder.path().join("home");
    let usual = home.join(".config/plimsoll");
    std::fs::create_dir_all(&usual).unwrap();
    std::fs::write(usual.join("plimsoll.toml"), stage.text().replace("max_leverage = 10", "max_leverage = 3")).unwrap();
    let mut guard = Guard::begun(stage.command_at(&home, &["run"]));
    let address = guard.serving().await;
    guard.until("stream_connected", |_| true).await;
    assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), "10", "the one that is here");
    stage.write("max_leverage = 10", "max_leverage = 12");
    guard.reread();
    guard.until("configuration_reread", |_| true).await;
    assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), "12");

    std::fs::remove_file(stage.config()).unwrap();
    guard.reread();
    let problems = guard.refused().await;
    assert!(problems[0].starts_with("cannot read plimsoll.toml"), "{problems:?}");
    assert_eq!(limit(&guard.asked(&address, "/api/risk").await, "max_leverage"), "12");
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_taken_while_whoever_is_to_be_told_does_not_answer() {
    // It takes what is posted, and never says so.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let stage = Stage::set("binance").await;
    let more = format!(
        "\n[webhook]\nurl = \"http://{}/alerts\"\n\n[strategies.cross]\nkind = \"ema_cross\"\n\
         on = \"main BTC/USDT:USDT\"\nsettings = {{ slow = 30 }}\n",
        deaf.local_addr().unwrap()
    );
    std::fs::write(stage.config(), stage.text() + &more).unwrap();
    let mut run = stage.command(&["run"]);
    run.env("PLIMSOLL_LOG", "warn");
    let mut guard = Guard::begun(run);
    guard.until("strategy_began", |_| true).await;
    stage.write("slow = 30", "slow = 31");
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    let seated = guard.until("strategy_reseated", |_| true).await;
    let [told, seated] =
        [told, seated].map(|it| OffsetDateTime::parse(it["time"].as_str().unwrap(), &Rfc3339).unwrap());
    let waited = seated - told;
    assert!(waited < WAITED_FOR_A_WEBHOOK, "{waited:?}");
    guard.complains("not within").await;
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_while_the_database_is_away_ends_nothing() {
    let stage = Stage::set("binance").await;
    stage.write("reconcile = \"2h\"", "reconcile = \"1s\"");
    // No file can be opened where a directory is.
    let database = stage.folder.path().join("records.db");
    std::fs::create_dir(&database).unwrap();
    let mut guard = Guard::start(&stage);
    guard.until("stream_connected", |_| true).await;
    let whole = stage.text();
    std::fs::write(stage.config(), "this is [no configuration").unwrap();
    // It looks for the database again and again, and guards in between.
    for _ in 0..2 {
        guard.forget();
        guard.until("stream_connected", |_| true).await;
    }
    std::fs::remove_dir(&database).unwrap();
    std::fs::write(stage.config(), whole).unwrap();
    stage.by_hand("hand-1", Side::Buy);
    let is_adopted = |it: &Value| it["findings"].as_array().unwrap().iter().any(|it| it["kind"] == "adopted");
    guard.until("reconciled", is_adopted).await;
    guard.stop().await;
}
