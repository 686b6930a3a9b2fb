//! What the settings of a strategy come to, as one word: a backtest is of the strategy that runs if both have the same.

use plimsoll_domain::{Decimal, decimal};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How much is traded, which changes nothing of what comes of it as a share: whoever trades less needs no other backtest. Leverage
/// is not of it: where stops and exits go by the distance to liquidation, it decides what comes of a trade.
const HOW_MUCH: [&str; 1] = ["size"];

/// Of a kind with these settings; what they leave out is as by default, and how much is traded does not matter. However a number
/// is written, it is the same.
pub(crate) fn of(kind: &str, settings: &Map<String, Value>) -> String {
    let defaults = plimsoll_strategies::kinds().into_iter().find(|known| known.name == kind).map(|it| it.defaults);
    let mut whole = over(defaults.unwrap_or_default(), &Value::Object(settings.clone()));
    if let Value::Object(fields) = &mut whole {
        fields.retain(|name, _| !HOW_MUCH.contains(&name.as_str()));
    }
    let digest = Sha256::digest(format!("{kind} {}", plain(whole)));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// `settings`, and beside them whatever they leave out.
fn over(defaults: Value, settings: &Value) -> Value {
    match (defaults, settings) {
        (Value::Object(mut whole), Value::Object(settings)) => {
            for (name, value) in settings {
                let default = whole.remove(name).unwrap_or_default();
                whole.insert(name.clone(), over(default, value));
            }
            Value::Object(whole)
        }
        (_, settings) => settings.clone(),
    }
}

/// Numbers as texts without needless zeros, tables in the order of their names.
fn plain(value: Value) -> Value {
    let number = |text: &str| decimal::exact(text).ok().map(|it: Decimal| Value::String(it.normalize().to_string()));
    match value {
        Value::Number(it) => number(&it.to_string()).unwrap_or(Value::Number(it)),
        Value::String(text) => number(&text).unwrap_or(Value::String(text)),
        Value::Array(all) => Value::Array(all.into_iter().map(plain).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().map(|(name, it)| (name, plain(it))).collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(settings: &str) -> String {
        of("ema_cross", serde_json::from_str::<Value>(settings).unwrap().as_object().unwrap())
    }

    #[test]
    fn settings_that_mean_the_same_come_to_the_same() {
        let defaults = plimsoll_strategies::kinds().into_iter().find(|kind| kind.name == "ema_cross").unwrap().defaults;
        let is_number = |(name, value): &(&String, &Value)| value.is_number() && !HOW_MUCH.contains(&name.as_str());
        let (name, value) = defaults.as_object().unwrap().iter().find(is_number).unwrap();
        let as_text = Value::Object(Map::from_iter([(name.clone(), Value::String(format!("{value}.0")))]));
        assert_eq!(word(&as_text.to_string()), word("{}"), "{name}");
        assert_eq!(word(&defaults.to_string()), word("{}"));
        assert_ne!(word(r#"{"fast": 13}"#), word("{}"));
        assert_eq!(word(r#"{"size": {"quantity": "0.01"}}"#), word("{}"));
        assert_ne!(word(r#"{"leverage": 2}"#), word("{}"));
        assert_ne!(of("ema_cross", &Map::new()), of("trend_switch", &Map::new()));
        assert_eq!(word("{}").len(), 16);
    }
}
