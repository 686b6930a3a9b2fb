//! A JSON object whose fields stay in the order in which they were added.

use plimsoll_domain::{Decimal, MarginRatio, Money, Price, Quantity, Rate, Timestamp};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One event, as a program reads it: numbers as decimal strings, times in RFC 3339, what is absent `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object(Vec<(&'static str, Value)>);

impl Object {
    pub(super) fn new(kind: &str) -> Self {
        Self(vec![("type", kind.into())])
    }

    /// Adds a field.
    pub(super) fn with(mut self, name: &'static str, value: impl Field) -> Self {
        self.0.push((name, value.value()));
        self
    }

    /// Says that its sizes are numbers of contracts, if it has any.
    pub(super) fn in_contracts(self) -> Self {
        let is_size = |name: &str| name.ends_with("quantity") || matches!(name, "filled" | "bids" | "volume");
        if self.0.iter().any(|(name, _)| is_size(name)) { self.with("contracts", true) } else { self }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What a field can hold.
pub(super) trait Field {
    /// As JSON.
    fn value(self) -> Value;
}

impl<F: Field> Field for Option<F> {
    fn value(self) -> Value {
        self.map_or(Value::Null, Field::value)
    }
}

impl Field for bool {
    fn value(self) -> Value {
        self.into()
    }
}

impl Field for u64 {
    fn value(self) -> Value {
        self.into()
    }
}

impl Field for Value {
    fn value(self) -> Value {
        self
    }
}

impl Field for &str {
    fn value(self) -> Value {
        self.into()
    }
}

impl Field for String {
    fn value(self) -> Value {
        self.into()
    }
}

impl Field for Decimal {
    fn value(self) -> Value {
        self.normalize().to_string().into()
    }
}

impl Field for Timestamp {
    fn value(self) -> Value {
        let nanos = i128::from(self.as_micros()) * 1000;
        let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
        time.and_then(|time| time.format(&Rfc3339).ok()).value()
    }
}

macro_rules! decimal_field {
    ($($name:ty),+) => {
        $(impl Field for $name {
            fn value(self) -> Value {
                self.get().value()
            }
        })+
    };
}
decimal_field!(Price, Quantity, Money, Rate, MarginRatio);
