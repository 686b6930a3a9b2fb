//! The configuration is read again when it is asked for: all of it takes effect, or nothing, and guarding goes on.

use crate::stage::{Guard, Stage};
use plimsoll_domain::{Decimal, Side};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

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
        let (address, question) = (address.trim_start_matches("http://").to_owned(), question.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(&address).unwrap();
            write!(stream, "GET {question} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = answer.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    async fn serving(&mut self) -> String {
        self.until("serving", |_| true).await["address"].as_str().unwrap().to_owned()
    }

    async fn refused(&mut self) -> Vec<String> {
        let refused = self.until("configuration_refused", |_| true).await;
        refused["problems"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }
}

/// The limit of this name, of the one account.
fn limit(risk: &Value, name: &str) -> Value {
    let rows = risk["accounts"][0]["limits"].as_array().unwrap_or_else(|| panic!("{risk}"));
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{risk}"))["limit"].clone()
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

    stage.write("max_leverage = 10", "max_leverage = 20\nmax_positions = 7");
    stage.write("monitor = \"2h\"", "monitor = \"1h\"");
    guard.forget();
    guard.reread();
    let told = guard.until("configuration_reread", |_| true).await;
    let is_it = |it: &Value| it["setting"] == "limits.max_leverage" && it["before"] == "10x" && it["now"] == "20x";
    assert!(told["changed"].as_array().unwrap().iter().any(is_it), "{told}");
    assert_eq!(guard.serving().await, address, "it is where it was");
    guard.until("pass", |it| it["positions"] == 1 && it["unprotected"] == 0).await;
    let risk = guard.asked(&address, "/api/risk").await;
    assert_eq!((limit(&risk, "max_leverage"), limit(&risk, "max_positions")), ("20".into(), "7".into()));
    let events = guard.asked(&address, "/api/events").await.to_string();
    assert!(
        events.contains("configuration_reread") && events.contains("limits.max_leverage: 20x, before 10x"),
        "{events}"
    );

    // What happens from now on is noticed as before.
    guard.told("stream_connected").await;
    stage.by_hand("hand-1", Side::Buy);
    guard.woken(&["position_changed", "traded_elsewhere"]).await;

    // The same once more is nothing new: nothing begins anew.
    guard.reread();
    let again = guard.until("configuration_reread", |_| true).await;
    assert_eq!(again["changed"], Value::Array(Vec::new()), "{again}");
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
