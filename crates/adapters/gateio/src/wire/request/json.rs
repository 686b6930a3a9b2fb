//! JSON text, member by member, in the order in which it is signed and sent.

use plimsoll_domain::Decimal;

/// An object that is being written.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a member that is JSON already.
    pub(super) fn raw(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&text(name));
        self.0.push(':');
        self.0.push_str(value);
        self
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, &text(value))
    }

    /// Adds a number in quotes, as the venue wants decimals.
    pub(super) fn number(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.raw(name, &format!("\"{value}\""))
    }

    pub(super) fn yes(self, name: &str) -> Self {
        self.raw(name, "true")
    }

    /// Adds what `add` adds, if `so`.
    pub(super) fn when(self, so: bool, add: impl FnOnce(Self) -> Self) -> Self {
        if so { add(self) } else { self }
    }

    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(super) fn end(self) -> String {
        format!("{{{}}}", self.0)
    }
}

/// A text in quotes, with what JSON wants escaped.
pub(super) fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// A list of texts.
pub(super) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.into_iter().map(text).collect();
    format!("[{}]", values.join(","))
}

/// A decimal without an exponent and without zeros at its end.
pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}
