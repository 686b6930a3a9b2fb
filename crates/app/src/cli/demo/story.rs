//! How the demo tells what happens: to a person in sections, to a program as one JSON object a step.

use crate::failure::Failure;
use crate::screen::{self, Facts};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Tells steps.
pub(super) struct Story {
    json: bool,
}

/// One step, as a person and as a program reads it.
pub(super) struct Step {
    name: &'static str,
    title: String,
    facts: Vec<Fact>,
    remarks: Vec<String>,
}

struct Fact {
    field: &'static str,
    what: &'static str,
    shown: String,
    value: Value,
}

impl Step {
    /// A step with a word for programs and a title for people.
    pub(super) fn new(name: &'static str, title: impl Into<String>) -> Self {
        Self { name, title: title.into(), facts: Vec::new(), remarks: Vec::new() }
    }

    /// Adds a figure: its field and full value for programs, what it is and how it is shown for people.
    pub(super) fn fact(
        mut self,
        field: &'static str,
        value: impl Into<Value>,
        what: &'static str,
        shown: impl ToString,
    ) -> Self {
        self.facts.push(Fact { field, what, shown: shown.to_string(), value: value.into() });
        self
    }

    /// Adds a figure that is shown as it is.
    pub(super) fn plain(self, field: &'static str, what: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        self.fact(field, value.clone(), what, value)
    }

    /// Adds a sentence.
    pub(super) fn remark(mut self, sentence: impl ToString) -> Self {
        self.remarks.push(sentence.to_string());
        self
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("step", self.name)?;
        for fact in &self.facts {
            map.serialize_entry(fact.field, &fact.value)?;
        }
        if !self.remarks.is_empty() {
            map.serialize_entry("remarks", &self.remarks)?;
        }
        map.end()
    }
}

impl Story {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads along.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Tells a step whole.
    pub(super) fn tell(&self, step: &Step) -> Result<(), Failure> {
        if self.json {
            return screen::json(step);
        }
        screen::line(format!("\n{}", step.title))?;
        let facts = step.facts.iter().fold(Facts::default(), |facts, fact| facts.line(fact.what, &fact.shown));
        facts.print()?;
        for remark in &step.remarks {
            screen::line(format!("  {remark}"))?;
        }
        Ok(())
    }

    /// Tells what only a person wants to see.
    pub(super) fn show(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let text = text.to_string();
        screen::line(text.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n"))
    }
}
