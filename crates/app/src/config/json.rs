//! TOML as JSON, for settings whose shape others know.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// A table as an object. A fraction is kept as it is written, as a text: nothing exact goes through a float.
pub(crate) fn object(table: &DeTable<'_>) -> Map<String, Value> {
    table.iter().map(|(name, it)| (name.get_ref().to_string(), value(it.get_ref()))).collect()
}

pub(crate) fn value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(digits) => {
            let text = digits.to_string();
            text.parse::<i64>().map_or_else(|_| Value::String(text.clone()), Value::from)
        }
        DeValue::Float(digits) => Value::String(digits.to_string()),
        DeValue::Boolean(it) => Value::Bool(*it),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(all) => Value::Array(all.iter().map(|it| self::value(it.get_ref())).collect()),
        DeValue::Table(table) => Value::Object(object(table)),
    }
}
