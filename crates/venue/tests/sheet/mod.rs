//! The examples of a venue's documents, where they are at hand.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// Every JSON object, and every list of some, that stands in this document, in order, each with the last endpoint that was
/// named before it. `None`, and a word about it, where there is no such document.
pub(crate) fn examples(document: &str) -> Option<Vec<Example>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join(document)) else {
        println!("{document} is not at hand: nothing is checked against it");
        return None;
    };
    Some(read(&text))
}

#[derive(Debug, Clone)]
#[allow(dead_code, reason = "not every venue's answers are read by their endpoint")]
pub(crate) struct Example {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) value: Value,
    /// `GET /api/v2/mix/market/contracts`.
    pub(crate) endpoint: Option<String>,
}

impl Example {
    /// It has this member at its top.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.value.get(member).is_some()
    }
}

fn read(text: &str) -> Vec<Example> {
    let (mut examples, mut at) = (Vec::new(), 0);
    while let Some(found) = text[at..].find(['{', '[']) {
        let start = at + found;
        let mut values = serde_json::Deserializer::from_str(&text[start..]);
        let raw = Box::<RawValue>::deserialize(&mut values);
        match raw {
            Ok(raw) if is_example(raw.get()) => {
                let line = text[..start].matches('\n').count() + 1;
                let value = serde_json::from_str(raw.get()).unwrap();
                let endpoint = last_endpoint(&text[..start]);
                examples.push(Example { line, text: raw.get().to_owned(), value, endpoint });
                at = start + raw.get().len();
            }
            _ => at = start + 1,
        }
    }
    examples
}

fn is_example(text: &str) -> bool {
    let says = |value: &Value| value.as_object().is_some_and(|members| !members.is_empty());
    match serde_json::from_str(text) {
        Ok(Value::Array(rows)) => rows.first().is_some_and(says),
        Ok(value) => says(&value),
        Err(_) => false,
    }
}

fn last_endpoint(before: &str) -> Option<String> {
    let at = ["GET /", "POST /", "PUT /", "DELETE /"].iter().filter_map(|it| before.rfind(it)).max()?;
    let words: Vec<&str> = before[at..].split([' ', '`', '\n', '|', ',', '(', '?']).take(2).collect();
    Some(words.join(" "))
}
