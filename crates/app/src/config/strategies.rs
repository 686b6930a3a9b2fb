//! The strategies that `run` lets trade.

use super::account::Account;
use super::json::object;
use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use plimsoll_domain::{AccountId, Symbol};
use plimsoll_ports::Strategy;
use plimsoll_strategies::{Place, StrategyError};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One strategy, and where it trades.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StrategyConfig {
    /// Its name, also in the records.
    pub(crate) name: String,
    /// What kind it is.
    pub(crate) kind: String,
    /// The contracts that it trades, each on its account.
    pub(crate) places: Vec<Place>,
    /// What is otherwise than by default.
    pub(crate) settings: Map<String, Value>,
}

impl StrategyConfig {
    /// The accounts that it trades on, each once, in the order of their names.
    pub(crate) fn accounts(&self) -> BTreeSet<AccountId> {
        self.places.iter().map(|place| place.account.clone()).collect()
    }

    /// Makes it, as new.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn build(&self) -> Result<Box<dyn Strategy>, StrategyError> {
        plimsoll_strategies::build(&self.kind, &self.name, &self.places, &Value::Object(self.settings.clone()))
    }
}

/// Every table below `[strategies]`.
pub(super) fn read_all(root: &mut Section<'_>, reader: &mut Reader<'_>, accounts: &[Account]) -> Vec<StrategyConfig> {
    let section = root.section(reader, "strategies");
    let mut strategies = Vec::new();
    for (name, span, table) in section.sections(reader) {
        let origin = reader.at(span);
        if !super::account::is_name(&name) {
            let remedy = "use small letters, digits, - and _, at most 32 of them";
            reader.wrong(Problem::new(origin.clone(), &table.path, format!("'{name}' is no name"), remedy));
        }
        strategies.extend(read(name, &origin, table, reader, accounts));
    }
    strategies
}

fn read(
    name: String,
    origin: &Origin,
    mut section: Section<'_>,
    reader: &mut Reader<'_>,
    accounts: &[Account],
) -> Option<StrategyConfig> {
    let path = section.path.clone();
    let known: Vec<&str> = plimsoll_strategies::kinds().iter().map(|kind| kind.name).collect();
    let kind = section.wanted(
        reader,
        "kind",
        &[],
        |text| {
            let is_known = known.contains(&text);
            is_known.then(|| text.to_owned()).ok_or_else(|| format!("'{text}' is not one of {}", known.join(", ")))
        },
        Clone::clone,
    );
    if kind.is_none() && section.place_of(reader, "kind").is_none() {
        let remedy = format!("write kind = \"{}\", or another of {}", known[0], known.join(", "));
        reader.wrong(Problem::new(origin.clone(), &path, "which kind of strategy is it?", remedy));
    }
    let places = section.wanted(reader, "on", &[], |text| read_places(text, accounts), |places| shown(places));
    if places.is_none() && section.place_of(reader, "on").is_none() {
        let remedy =
            "write on = \"main BTC/USDT:USDT\": the account, and the contract; several with commas between them";
        reader.wrong(Problem::new(origin.clone(), &path, "where does it trade?", remedy));
    }
    let table = section.table(reader, "settings");
    let settings = table.map(object).unwrap_or_default();
    for key in table.into_iter().flat_map(|table| table.keys()) {
        let setting = key.get_ref();
        let value = settings.get(setting.as_ref()).map(in_short).unwrap_or_default();
        let at = reader.at(key.span());
        reader.show(format!("{path}.settings.{setting}"), value, at);
    }
    let at = section.place_of(reader, "settings").unwrap_or_else(|| origin.clone());
    section.refuse_unknown(reader);
    let it = StrategyConfig { name, kind: kind?, places: places?, settings };
    if let Err(error) = it.build() {
        let remedy = "`plimsoll backtest --strategies` lists the kinds and their settings";
        reader.wrong(Problem::new(at, &path, error.to_string(), remedy));
        return None;
    }
    Some(it)
}

/// `main BTC/USDT:USDT, second BTC/USDT:USDT`.
fn read_places(text: &str, accounts: &[Account]) -> Result<Vec<Place>, String> {
    let one = |text: &str| {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [account, symbol] = parts.as_slice() else {
            return Err(format!("'{}' is not an account and a contract, such as main BTC/USDT:USDT", text.trim()));
        };
        let Some(account) = accounts.iter().find(|it| it.name.as_str() == *account) else {
            let names: Vec<&str> = accounts.iter().map(|it| it.name.as_str()).collect();
            return Err(format!("no account is called '{account}': configured are {}", names.join(", ")));
        };
        let symbol: Symbol = symbol.parse().map_err(|error| format!("'{symbol}': {error}"))?;
        if symbol.settle() != account.settle.as_str() {
            let (name, settle) = (&account.name, &account.settle);
            return Err(format!("{symbol} settles in {}, and account '{name}' is kept in {settle}", symbol.settle()));
        }
        Ok(Place { account: account.name.clone(), symbol })
    };
    text.split(',').map(one).collect()
}

/// A text without its quotes, everything else as JSON.
fn in_short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(places: &[Place]) -> String {
    places.iter().map(|place| format!("{} {}", place.account, place.symbol)).collect::<Vec<_>>().join(", ")
}
