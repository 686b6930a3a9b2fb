//! The description of the API: schemas from the types that are answered, paths from the table below.

use crate::actions::Confirmation;
use crate::problem::ProblemBody;
use crate::routes::Session;
use plimsoll_service::CandleInterval;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// A question: its path, what it answers in a sentence, and the parameters that it takes.
type Question = (&'static str, &'static str, &'static [Parameter], fn(&mut Schemas) -> String);

/// What a question may be asked with.
struct Parameter {
    name: &'static str,
    what: &'static str,
    /// Nothing is answered without it.
    is_needed: bool,
    form: Form,
}

/// What a parameter may be, as it is judged.
enum Form {
    /// Something.
    Text,
    /// Something of this form.
    Like(&'static str),
    /// One of these, and which it is where it is not said.
    OneOf(fn() -> Vec<&'static str>, Option<&'static str>),
    /// A whole number between these, and which it is where it is not said.
    Whole { least: u64, most: u64, usual: Option<u64> },
    /// A number of per cent that prices may move by.
    Percent,
}

const fn may(name: &'static str, what: &'static str) -> Parameter {
    Parameter { name, what, is_needed: false, form: Form::Text }
}

const fn days(usual: u64) -> Parameter {
    may("days", "Of so many times 24 hours.").whole(1, 366, Some(usual))
}

const fn limit(usual: u64, most: u64) -> Parameter {
    may("limit", "At most so many, the newest.").whole(1, most, Some(usual))
}

impl Parameter {
    const fn needed(self) -> Self {
        Self { is_needed: true, ..self }
    }

    const fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    const fn whole(self, least: u64, most: u64, usual: Option<u64>) -> Self {
        self.form(Form::Whole { least, most, usual })
    }

    fn described(&self) -> Value {
        let mut schema = match self.form {
            Form::Text => json!({ "type": "string", "minLength": 1 }),
            Form::Like(pattern) => json!({ "type": "string", "pattern": pattern }),
            Form::OneOf(words, usual) => json!({ "type": "string", "enum": words(), "default": usual }),
            Form::Whole { least, most, usual } => {
                json!({ "type": "integer", "minimum": least, "maximum": most, "default": usual })
            }
            Form::Percent => json!({ "type": "number", "exclusiveMinimum": -100, "maximum": 1000 }),
        };
        if let Some(usual) = schema.as_object_mut().filter(|it| it.get("default").is_some_and(Value::is_null)) {
            usual.remove("default");
        }
        let Self { name, what, is_needed, .. } = self;
        json!({ "name": name, "in": "query", "required": is_needed, "description": what, "schema": schema })
    }
}

/// The schemas that are named, by their names.
#[derive(Default)]
struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds a type with all that it is made of, and answers its name.
    fn name<T: ToSchema>(&mut self) -> String {
        let mut parts = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut parts);
        for (name, schema) in parts {
            self.0.insert(name, serde_json::to_value(schema).unwrap_or_default());
        }
        T::name().into_owned()
    }
}

const ACCOUNT: Parameter = may("account", "Of this account alone.");
const SYMBOL: Parameter = may("symbol", "Of this contract alone, such as BTC/USDT:USDT.").form(A_SYMBOL);
const A_SYMBOL: Form = Form::Like(r"^[^/:\s]+/[^/:\s]+:[^/:\s]+$");

macro_rules! answers {
    ($name:ident) => {
        |schemas: &mut Schemas| schemas.name::<plimsoll_service::$name>()
    };
}

const QUESTIONS: &[Question] = &[
    ("/api/session", "Who asks, and what it may.", &[], |schemas| schemas.name::<Session>()),
    ("/api/overview", "Everything on one line of a screen.", &[], answers!(Overview)),
    ("/api/accounts", "Every account with all its figures.", &[ACCOUNT], answers!(Accounts)),
    (
        "/api/positions",
        "Every position, the nearest to its liquidation first.",
        &[ACCOUNT, SYMBOL],
        answers!(Positions),
    ),
    ("/api/orders", "Every order that is not at its end.", &[ACCOUNT, SYMBOL], answers!(Orders)),
    ("/api/fills", "What was traded, newest first.", &[ACCOUNT, SYMBOL, days(7), limit(200, 1000)], answers!(Fills)),
    (
        "/api/closed",
        "The positions that have ended.",
        &[ACCOUNT, SYMBOL, days(30), limit(200, 1000)],
        answers!(ClosedPositions),
    ),
    ("/api/risk", "Every limit with its use, and margin against its thresholds.", &[ACCOUNT], answers!(Risk)),
    (
        "/api/funding",
        "Funding: rates, costs and bookings.",
        &[ACCOUNT, SYMBOL, days(30), limit(500, 2000)],
        answers!(Funding),
    ),
    (
        "/api/pnl",
        "The equity curve, and where it comes from.",
        &[ACCOUNT, days(7), may("points", "At most so many points of the curve.").whole(4, 2000, Some(500))],
        answers!(Pnl),
    ),
    (
        "/api/events",
        "What has happened, oldest first.",
        &[
            may("after", "After the event of this number.").whole(0, u64::MAX, None),
            limit(200, 1000),
            may("severity", "This and worse.").form(Form::OneOf(severities, None)),
            ACCOUNT,
        ],
        answers!(Events),
    ),
    ("/api/strategies", "Every strategy, and what it does.", &[], answers!(Strategies)),
    ("/api/exposure", "How much is held, by contract, asset, venue and account.", &[], answers!(Exposures)),
    (
        "/api/what-if",
        "What a move of prices would do.",
        &[
            may("percent", "The move in per cent; needed.").needed().form(Form::Percent),
            may("asset", "Of the prices of this asset alone."),
        ],
        answers!(WhatIf),
    ),
    ("/api/stress", "Usual moves of every price, and of each asset.", &[], answers!(Stress)),
    (
        "/api/candles",
        "Closed candles of a contract, as the venue of the account has them, oldest first.",
        &[
            may("account", "By this account's venue; needed.").needed(),
            may("symbol", "Of this contract, such as BTC/USDT:USDT; needed.").needed().form(A_SYMBOL),
            may("interval", "How long each lasts.").form(Form::OneOf(intervals, Some("15m"))),
            limit(300, 1000),
        ],
        answers!(Candles),
    ),
    ("/api/kill", "The kill switches, and what they were.", &[], answers!(KillSwitches)),
];

fn severities() -> Vec<&'static str> {
    vec!["info", "warning", "critical"]
}

fn intervals() -> Vec<&'static str> {
    CandleInterval::ALL.map(CandleInterval::as_str).to_vec()
}

/// OpenAPI 3.1, put together once.
pub(crate) fn openapi() -> Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
    DOCUMENT.clone()
}

fn document() -> Value {
    let mut schemas = Schemas::default();
    let problem = schemas.name::<ProblemBody>();
    let mut paths = Map::new();
    for (path, summary, parameters, answer) in QUESTIONS {
        let parameters: Vec<Value> = parameters.iter().map(Parameter::described).collect();
        let responses = responses(&content("application/json", &answer(&mut schemas)), &problem);
        paths.insert(
            (*path).to_owned(),
            json!({ "get": { "summary": summary, "parameters": parameters, "responses": responses } }),
        );
    }
    let prepared = schemas.name::<plimsoll_service::Prepared>();
    let outcome = schemas.name::<plimsoll_service::Outcome>();
    let confirmation = schemas.name::<Confirmation>();
    let action = json!({ "application/json": { "schema": action() } });
    for (path, summary, body, answer) in [
        ("/api/actions/prepare", "What an action would mean. Nothing is done.", action, prepared),
        ("/api/actions/confirm", "Does what was prepared, once.", content("application/json", &confirmation), outcome),
    ] {
        let responses = responses(&content("application/json", &answer), &problem);
        let body = json!({ "required": true, "content": body });
        paths.insert(
            path.to_owned(),
            json!({ "post": { "summary": summary, "requestBody": body, "responses": responses } }),
        );
    }
    let event = json!({
        "type": "object",
        "description": "Each event; data is JSON.",
        "required": ["event", "data"],
        "properties": {
            "event": { "type": "string", "enum": ["hello", "overview", "positions", "event", "gap"] },
            "id": { "type": "string", "description": "For Last-Event-ID." },
            "data": { "type": "string" },
        },
    });
    let text = json!({ "text/event-stream": { "schema": event } });
    paths.insert(
        "/api/stream".to_owned(),
        json!({ "get": { "summary": "What happens, as it happens: hello, overview, positions, event, gap.",
                         "responses": responses(&text, &problem) } }),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Plimsoll",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Running accounts, over HTTP. Decimals are strings, times RFC 3339 in UTC, unknown is null.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.0,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{ "bearer": [] }, {}],
    })
}

fn content(kind: &str, name: &str) -> Value {
    json!({ kind: { "schema": { "$ref": format!("#/components/schemas/{name}") } } })
}

fn responses(content_of_answer: &Value, problem: &str) -> Value {
    json!({
        "200": { "description": "The answer.", "content": content_of_answer },
        "default": { "description": "What went wrong.", "content": content("application/problem+json", problem) },
    })
}

/// Every action with its fields: they are read one by one, so that each mistake has a sentence of its own.
fn action() -> Value {
    let text = |what: &str| json!({ "type": "string", "description": what });
    let figure = |what: &str| json!({ "type": ["string", "number"], "description": what });
    json!({
        "type": "object",
        "required": ["action"],
        "additionalProperties": false,
        "properties": {
            "action": { "type": "string", "enum": [
                "open", "close", "reduce", "flatten", "leverage", "margin", "cancel_order", "pause_strategy",
                "resume_strategy", "kill", "release",
            ] },
            "account": text("On this account; of flatten, kill and release null is all."),
            "symbol": text("The contract."),
            "direction": { "type": "string", "enum": ["long", "short"] },
            "quantity": figure("In base units."),
            "notional": figure("open: by what it is worth."),
            "share": figure("reduce: of what is held, above 0 and below 1."),
            "leverage": { "type": ["string", "integer"] },
            "stop_loss": figure("open: where the stop triggers."),
            "stop_distance": figure("open: how far from the mark the stop triggers, as a share of it, above 0 and below 1."),
            "keep_stop": { "type": "boolean", "description": "open: by the stop that rests." },
            "no_stop": text("open: without a stop, for this reason."),
            "take_profit": figure("open: where the target triggers."),
            "limit": figure("open: the worst price."),
            "amount": figure("margin: into the position, or out of it if negative."),
            "client_order_id": text("cancel_order: which."),
            "strategy": text("pause_strategy, resume_strategy: which."),
            "reason": text("flatten, kill, release, pause_strategy, resume_strategy: why."),
            "flatten": { "type": "boolean", "description": "kill: close everything as well." },
            "word": text("FLATTEN for flatten, KILL for kill: typed by a person."),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|it| references(it, found));
            }
            Value::Array(them) => them.iter().for_each(|it| references(it, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document = openapi();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 60, "{}", found.len());
        for reference in found {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn a_figure_is_described_as_the_string_that_it_is() {
        let document = openapi();
        assert_eq!(document["components"]["schemas"]["Figure"]["type"], "string");
        let row = &document["components"]["schemas"]["PositionRow"]["properties"];
        assert!(row["liquidation_price"].to_string().contains("Figure"), "{row}");
    }
}
