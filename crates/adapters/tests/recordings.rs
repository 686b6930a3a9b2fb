//! What was recorded elsewhere, where it is at hand.

#![allow(dead_code, reason = "each venue reads of a row what it needs")]

use super::wire::{DecodeError, Event, SessionEvent};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// A row of a recording, its message as it was sent.
#[derive(Deserialize)]
pub(crate) struct Row<'a> {
    pub(crate) venue: &'a str,
    #[serde(alias = "event")]
    pub(crate) call: String,
    #[serde(borrow, alias = "http_response")]
    pub(crate) message: Option<&'a RawValue>,
    pub(crate) http_method: Option<&'a str>,
    pub(crate) url: Option<&'a str>,
    #[serde(default)]
    pub(crate) required: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) optional: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) auth_headers: Vec<String>,
}

/// The recordings of one kind; `None`, and a word about it, where there are none.
pub(crate) fn recorded(name: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("corpus").join(name)).ok();
    if text.is_none() {
        println!("{name} is not at hand: nothing is checked against it");
    }
    text
}

/// Those of the venue that the recordings call so.
pub(crate) fn of_venue<'a>(venue: &str, text: &'a str) -> Vec<Row<'a>> {
    let rows = text.lines().map(|line| serde_json::from_str::<Row<'a>>(line).unwrap());
    rows.filter(|row| row.venue == venue).collect()
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) events: usize,
    pub(crate) unknown: Vec<String>,
    errors: Vec<String>,
}

impl Tally {
    pub(crate) fn count(&mut self, name: &str, outcome: Result<Vec<Event>, DecodeError>) {
        match outcome {
            Ok(events) => match &events[..] {
                [Event::Session(SessionEvent::Unknown { what }), ..] => self.unknown.push(format!("{name}: {what}")),
                _ => self.events += 1,
            },
            Err(error) => self.errors.push(format!("{name}: {error}")),
        }
    }

    /// Prints what is not an event, and holds the errors to the rows that are known to deserve one.
    pub(crate) fn check(&self, deserved: &[&str]) {
        println!("{} give events, {} are unknown, {} errors", self.events, self.unknown.len(), self.errors.len());
        self.unknown.iter().for_each(|it| println!("  unknown  {it}"));
        self.errors.iter().for_each(|it| println!("  error    {it}"));
        assert!(self.events > 0, "nothing was read");
        for error in &self.errors {
            assert!(deserved.iter().any(|name| error.starts_with(name)), "not a row that deserves an error: {error}");
        }
    }
}
