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

fn read<S: Default + DeserializeOwned>(kind: &'static str, settings: &Value) -> Result<S, StrategyError> {
    if settings.is_null() {
        return Ok(S::default());
    }
    S::deserialize(settings).map_err(|error| StrategyError::Unreadable { kind, error: error.to_string() })
}
