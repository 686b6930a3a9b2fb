//! A JSON schema of the configuration, for editors.
//!
//! It sees what a line says by itself: names, forms, words. What lines say of each other, and whether a secret is there, is
//! what `config check` looks at.

use super::described::{self, Described};
use super::noted::Form;
use serde_json::{Map, Value, json};

/// Names of accounts and strategies.
const NAME: &str = "^[a-z0-9_-]{1,32}$";

/// The schema, of draft 2020-12.
pub(crate) fn schema() -> Value {
    let all = described::all();
    let mut properties = of_table(&all, "");
    for table in tables(&all) {
        properties.insert(table.clone(), closed(of_table(&all, &table)));
    }
    let mut account = of_table(&all, "accounts.main");
    account.insert("limits".to_owned(), closed(of_table(&all, "limits")));
    let mut account = closed(account);
    account["required"] = json!(["environment"]);
    account["allOf"] = json!([either("key"), either("secret")]);
    properties.insert("accounts".to_owned(), named(account));
    let mut strategy = of_table(&all, "strategies.trend");
    strategy.insert("settings".to_owned(), json!({"type": "object"}));
    let mut strategy = closed(strategy);
    strategy["required"] = json!(["kind", "on"]);
    strategy["allOf"] = plimsoll_strategies::kinds().iter().map(of_kind).collect();
    properties.insert("strategies".to_owned(), named(strategy));
    let mut whole = closed(properties);
    whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    whole["title"] = json!("The configuration of Plimsoll");
    whole["required"] = json!(["accounts"]);
    whole
}

/// The tables of one name each, in the order of the example.
fn tables(all: &[Described]) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for it in all {
        let table = &it.row.table;
        if !table.is_empty() && !table.contains('.') && !tables.contains(table) {
            tables.push(table.clone());
        }
    }
    tables
}

fn of_table(all: &[Described], table: &str) -> Map<String, Value> {
    all.iter().filter(|it| it.row.table == table).map(|it| (it.row.name.clone(), of_setting(it))).collect()
}

fn of_setting(it: &Described) -> Value {
    let mut schema = it.form.schema();
    schema["description"] = json!(it.row.about);
    if let Some(default) = it.default.as_ref().filter(|_| !it.row.table.is_empty()) {
        schema["default"] = json!(default);
    }
    schema
}

fn closed(properties: Map<String, Value>) -> Value {
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// Tables of this shape, each under a name of its own.
fn named(each: Value) -> Value {
    json!({"type": "object", "patternProperties": {NAME: each}, "additionalProperties": false})
}

/// A secret is in a variable or in a file, and not in both.
fn either(secret: &str) -> Value {
    json!({"oneOf": [{"required": [format!("{secret}_env")]}, {"required": [format!("{secret}_file")]}]})
}

/// The settings of a kind of strategy hold where it is that kind.
fn of_kind(kind: &plimsoll_strategies::Kind) -> Value {
    let settings = kind.defaults.as_object().into_iter().flatten();
    let settings = settings.map(|(name, default)| (name.clone(), like(default))).collect();
    json!({
        "if": {"properties": {"kind": {"const": kind.name}}},
        "then": {"properties": {"settings": closed(settings)}},
    })
}

/// What a setting may be whose default is this.
fn like(default: &Value) -> Value {
    let mut schema = match default {
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "integer", "minimum": 0}),
        Value::String(text) if text.parse::<plimsoll_domain::Decimal>().is_ok() => Form::Number.schema(),
        Value::String(_) => json!({"type": "string"}),
        Value::Array(_) => json!({"type": "array"}),
        Value::Object(_) => json!({"type": "object", "minProperties": 1, "maxProperties": 1}),
        Value::Null => json!({}),
    };
    schema["default"] = default.clone();
    schema
}

impl Form {
    fn schema(&self) -> Value {
        let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
        let or_list = |each: Value| json!({"anyOf": [each, {"type": "array", "items": each}]});
        match self {
            Self::Truth => json!({"enum": [true, false, "true", "false", "yes", "no", "on", "off", 0, 1]}),
            Self::Words(words) => json!({"enum": words}),
            Self::Whole => json!({"anyOf": [{"type": "integer", "minimum": 0}, text("^[0-9]+$")]}),
            Self::Wholes => or_list(json!({"anyOf": [{"type": "integer"}, text("^ *-?[0-9]+ *(, *-?[0-9]+ *)*$")]})),
            Self::Number => json!({"anyOf": [{"type": "number"}, text("^-?[0-9]+([.][0-9]+)?$")]}),
            Self::Share => json!({"anyOf": [{"type": "number"}, text("^-?[0-9]+([.][0-9]+)? *%?$")]}),
            Self::Time => text("^[0-9]+ *(ms|s|m|h|d)$"),
            Self::Symbol => text("^[^/: ,]+/[^/: ,]+:[^/: ,]+$"),
            Self::Symbols => or_list(text("^ *[^/: ,]+/[^/: ,]+:[^/: ,]+ *(, *[^/: ,]+/[^/: ,]+:[^/: ,]+ *)*$")),
            Self::Address([safe, plain]) => text(&format!("^({safe}|{plain})://.+")),
            Self::Socket => text("^[0-9a-fA-F.:\\[\\]]+:[0-9]+$"),
            Self::Variable => text("^[A-Z_][A-Z0-9_]*$"),
            Self::Name => text(NAME),
            Self::Texts => or_list(json!({"type": "string"})),
            Self::Text => json!({"type": "string"}),
        }
    }
}
