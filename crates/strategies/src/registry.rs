//! Strategies by name.

use crate::ema_cross::{EmaCross, EmaCrossSettings};
use crate::error::StrategyError;
use crate::funding_arbitrage::{FundingArbitrage, FundingArbitrageSettings};
use crate::grid::{Grid, GridSettings};
use crate::place::Place;
use crate::trend_switch::{TrendSwitch, TrendSwitchSettings};
use crate::volatility_breakout::{VolatilityBreakout, VolatilityBreakoutSettings};
use plimsoll_ports::Strategy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind of strategy, for help texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// Its name, as [`build`] takes it.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// How many contracts it trades, each on its account.
    pub places: usize,
    /// Every setting, as it is unless said otherwise.
    pub defaults: Value,
}

/// Every kind of strategy there is.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    vec![
        kind::<EmaCrossSettings>(EmaCross::KIND, "long above and short below the cross of two exponential averages", 1),
        kind::<FundingArbitrageSettings>(
            FundingArbitrage::KIND,
            "long and short the same, for the difference of funding",
            2,
        ),
        kind::<GridSettings>(Grid::KIND, "resting orders on a ladder of prices, in a range", 1),
        kind::<TrendSwitchSettings>(TrendSwitch::KIND, "with the trend of several lengths of candles, either way", 1),
        kind::<VolatilityBreakoutSettings>(VolatilityBreakout::KIND, "a breakout from a squeeze, sized by its risk", 1),
    ]
}

fn kind<S: Default + Serialize>(name: &'static str, about: &'static str, places: usize) -> Kind {
    // Settings are numbers and words: what cannot be written does not occur.
    let defaults = serde_json::to_value(S::default()).unwrap_or(Value::Null);
    Kind { name, about, places, defaults }
}

/// Makes a strategy of this kind.
///
/// `name` is the tag of its orders and trades. `places` are the contracts it trades, each on its account. `settings` is an
/// object of what is to be otherwise than by default; `null` is the same as none.
///
/// # Errors
/// [`StrategyError`] with everything that is wrong.
pub fn build(kind: &str, name: &str, places: &[Place], settings: &Value) -> Result<Box<dyn Strategy>, StrategyError> {
    match kind {
        EmaCross::KIND => {
            let [place] = exactly(EmaCross::KIND, places)?;
            Ok(Box::new(EmaCross::new(name, place, read(EmaCross::KIND, settings)?)?))
        }
        FundingArbitrage::KIND => {
            let places = exactly(FundingArbitrage::KIND, places)?;
            Ok(Box::new(FundingArbitrage::new(name, places, read(FundingArbitrage::KIND, settings)?)?))
        }
        Grid::KIND => {
            let [place] = exactly(Grid::KIND, places)?;
            Ok(Box::new(Grid::new(name, place, read(Grid::KIND, settings)?)?))
        }
        TrendSwitch::KIND => {
            let [place] = exactly(TrendSwitch::KIND, places)?;
            Ok(Box::new(TrendSwitch::new(name, place, read(TrendSwitch::KIND, settings)?)?))
        }
        VolatilityBreakout::KIND => {
            let [place] = exactly(VolatilityBreakout::KIND, places)?;
            Ok(Box::new(VolatilityBreakout::new(name, place, read(VolatilityBreakout::KIND, settings)?)?))
        }
        _ => {
            let known = kinds().iter().map(|kind| kind.name).collect();
            Err(StrategyError::UnknownKind { kind: kind.chars().take(64).collect(), known })
        }
    }
}

fn exactly<const N: usize>(kind: &'static str, places: &[Place]) -> Result<[Place; N], StrategyError> {
    let wrong = |given: Vec<Place>| StrategyError::Places { kind, wanted: N, given: given.len() };
    places.to_vec().try_into().map_err(wrong)
}

fn read<S: Default + Serialize + DeserializeOwned>(kind: &'static str, settings: &Value) -> Result<S, StrategyError> {
    if settings.is_null() {
        return Ok(S::default());
    }
    let error = match S::deserialize(settings) {
        Ok(read) => return Ok(read),
        Err(error) => error.to_string(),
    };
    let Some(written) = settings.as_object() else { return Err(StrategyError::Unreadable { kind, error }) };
    let defaults = serde_json::to_value(S::default()).unwrap_or_default();
    let unknown: Vec<String> = written.keys().filter(|name| defaults.get(name.as_str()).is_none()).cloned().collect();
    if !unknown.is_empty() {
        let known = defaults.as_object().into_iter().flat_map(|known| known.keys().cloned()).collect();
        return Err(StrategyError::UnknownSettings { kind, unknown, known });
    }
    // Each by itself: whoever mends them mends all of them at once.
    let wrong = written.iter().filter_map(|(name, value)| {
        let alone = Value::Object([(name.clone(), value.clone())].into_iter().collect());
        let error = S::deserialize(alone).err()?.to_string();
        Some(in_words(name, value, &defaults[name], &error))
    });
    let wrong: Vec<String> = wrong.collect();
    Err(StrategyError::Unreadable { kind, error: if wrong.is_empty() { error } else { wrong.join("; ") } })
}

/// Why a setting cannot be read, for people: what it is like, by its default.
fn in_words(name: &str, value: &Value, default: &Value, error: &str) -> String {
    // What settings say of themselves is in words already.
    let is_of_the_parser = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"]
        .into_iter()
        .any(|begins| error.starts_with(begins));
    if !is_of_the_parser {
        return format!("{name}: {error}");
    }
    match default {
        Value::Bool(_) => format!("{name} is true or false, got {value}"),
        Value::Number(_) => format!("{name} is a whole number from 0 on, such as {default}, got {value}"),
        Value::Object(_) => match error.split('`').skip(1).step_by(2).collect::<Vec<_>>().as_slice() {
            [wrong, known @ ..] if !known.is_empty() => {
                format!("{name} has no '{wrong}': it takes {}, as in {default}", known.join(" or "))
            }
            _ => format!("{name} is written like {default}, got {value}"),
        },
        _ => format!("{name} is written like {default}, got {value}"),
    }
}
