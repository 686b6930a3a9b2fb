//! Messages recorded elsewhere, where they are at hand: every one gives events or a definite error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::{self, Event, Protocol, SessionEvent, Symbols, body::decode_endpoint};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// A row of a recording, its message as it was sent.
#[derive(Deserialize)]
struct Row<'a> {
    venue: &'a str,
    #[serde(alias = "event")]
    call: String,
    #[serde(borrow, alias = "http_response")]
    message: Option<&'a RawValue>,
    http_method: Option<&'a str>,
    url: Option<&'a str>,
}

/// The recordings of one kind; `None`, and a word about it, where there are none.
fn recorded(name: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("corpus").join(name)).ok();
    if text.is_none() {
        println!("{name} is not at hand: nothing is checked against it");
    }
    text
}

/// Those of this venue.
fn ours(text: &str) -> Vec<Row<'_>> {
    let rows = text.lines().map(|line| serde_json::from_str::<Row<'_>>(line).unwrap());
    rows.filter(|row| row.venue == "bitget").collect()
}

#[derive(Debug, Default)]
struct Tally {
    events: usize,
    unknown: Vec<String>,
    errors: Vec<String>,
}

impl Tally {
    fn count(&mut self, name: &str, outcome: Result<Vec<Event>, wire::DecodeError>) {
        match outcome {
            Ok(events) => match &events[..] {
                [Event::Session(SessionEvent::Unknown { what }), ..] => self.unknown.push(format!("{name}: {what}")),
                _ => self.events += 1,
            },
            Err(error) => self.errors.push(format!("{name}: {error}")),
        }
    }

    /// Prints what is not an event, and holds the errors to the rows that are known to deserve one.
    fn check(&self, deserved: &[&str]) {
        println!("{} give events, {} are unknown, {} errors", self.events, self.unknown.len(), self.errors.len());
        self.unknown.iter().for_each(|it| println!("  unknown  {it}"));
        self.errors.iter().for_each(|it| println!("  error    {it}"));
        for error in &self.errors {
            assert!(deserved.iter().any(|name| error.starts_with(name)), "not a row that deserves an error: {error}");
        }
    }
}

#[test]
fn every_recorded_message_gives_events_or_a_definite_error() {
    let Some(text) = recorded("ws.jsonl") else { return };
    let mut tally = Tally::default();
    for row in ours(&text) {
        let frame = row.message.unwrap().get();
        tally.count(&row.call, wire::decode(frame.as_bytes(), &Symbols::by_suffix(), Protocol::V2, 1));
    }
    // Candles with nothing but their opening time.
    tally.check(&["Concurrent:push"]);
}

#[test]
fn every_recorded_answer_gives_events_or_a_definite_error() {
    let (Some(answers), Some(requests)) = (recorded("responses.jsonl"), recorded("requests.jsonl")) else { return };
    let requests = ours(&requests);
    let mut tally = Tally::default();
    for row in ours(&answers) {
        let endpoint = endpoint(&row.call, &requests);
        let body = row.message.map_or("", RawValue::get);
        let outcome = decode_endpoint(&endpoint, body.as_bytes(), &Symbols::by_suffix());
        tally.count(&format!("{} [{endpoint}]", row.call), outcome);
    }
    // A dated contract that settles in coin.
    tally.check(&["GetTicker "]);
}

/// Which endpoint a recorded answer is from: that of the request of the same name.
fn endpoint(call: &str, requests: &[Row<'_>]) -> String {
    let request = requests.iter().find(|it| it.call == call).unwrap();
    let url = request.url.unwrap();
    let path = url.find("/api/").map_or(url, |at| &url[at..]);
    let path = path.split('?').next().unwrap_or_default();
    format!("{} {path}?symbol=BTCUSDT&granularity=5m", request.http_method.unwrap())
}
