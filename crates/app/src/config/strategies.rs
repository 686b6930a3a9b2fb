//! The strategies that `run` lets trade.

use super::account::Account;
use super::expected;
use super::json::object;
use super::problem::{Origin, Problem, nearest};
use super::reader::{Reader, Section};
use super::strategy_settings::Written;
use super::telegram::unknown_account;
use plimsoll_backtest::expectation::Expectation;
use plimsoll_domain::{AccountId, NotASymbol, Symbol};
use plimsoll_ports::Strategy;
use plimsoll_strategies::{Place, StrategyError};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What the strategy is called that nobody has named.
const DEFAULT: &str = "default";

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
    /// What its backtest predicts.
    pub(crate) expectation: Option<Expectation>,
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

/// Every table below `[strategies]`; where there is none, the one of `default`, if that is a kind.
pub(super) fn read_all(
    root: &mut Section<'_>,
    reader: &mut Reader<'_>,
    accounts: &[Account],
    default: Option<&str>,
) -> Vec<StrategyConfig> {
    let section = root.section(reader, "strategies");
    let mut strategies = Vec::new();
    let tables = section.sections(reader);
    if tables.is_empty() {
        strategies.extend(default.and_then(|kind| of_kind(kind, accounts, reader)));
    }
    for (name, span, table) in tables {
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
    let kind = section.wanted(reader, "kind", &[], known_kind, |kind| (*kind).to_owned());
    if kind.is_none() && section.place_of(reader, "kind").is_none() {
        let known: Vec<&str> = plimsoll_strategies::kinds().iter().map(|kind| kind.name).collect();
        let remedy = format!("write kind = \"ema_cross\", or another of {}", known.join(", "));
        reader.wrong(Problem::new(origin.clone(), &path, "which kind of strategy is it?", remedy));
    }
    let places = section.wanted(reader, "on", &[], |text| read_places(text, accounts), |places| shown(places));
    if places.is_none() && section.place_of(reader, "on").is_none() {
        let remedy =
            "write on = \"main BTC/USDT:USDT\": the account, and the contract; several with commas between them";
        reader.wrong(Problem::new(origin.clone(), &path, "where does it trade?", remedy));
    }
    let file = section.wanted(reader, "expectation", &[], expected::path, ToString::to_string);
    let table = section.table(reader, "settings");
    let settings = table.map(object).unwrap_or_default();
    for key in table.into_iter().flat_map(|table| table.keys()) {
        let setting = key.get_ref();
        let value = settings.get(setting.as_ref()).map(in_short).unwrap_or_default();
        let at = reader.at(key.span());
        reader.show(format!("{path}.settings.{setting}"), value, at);
    }
    let on = section.place_of(reader, "on").unwrap_or_else(|| origin.clone());
    section.refuse_unknown(reader);
    let expectation = format!("{path}.expectation");
    let written = Written { path, table, settings: &settings, on };
    let is_right = written.check(&name, kind?, places.as_deref(), accounts, reader);
    let mut it = StrategyConfig { name, kind: kind?.to_owned(), places: places?, settings, expectation: None };
    if !is_right {
        return None;
    }
    if let Some(file) = file {
        it.expectation = Some(expected::read(&file, &it, &expectation, reader)?);
    }
    Some(it)
}

/// The strategy of a kind that was named and of which nothing else is said: with its defaults, on the first symbol of the first
/// account, and where it trades two contracts on the next account's symbol of that base.
fn of_kind(kind: &str, accounts: &[Account], reader: &mut Reader<'_>) -> Option<StrategyConfig> {
    let wanted = plimsoll_strategies::kinds().into_iter().find(|known| known.name == kind)?.places;
    let base = accounts.first()?.symbols.first()?.base();
    let place = |account: &Account| {
        let symbol = account.symbols.iter().find(|symbol| symbol.base() == base)?;
        Some(Place { account: account.name.clone(), symbol: symbol.clone() })
    };
    let places: Vec<Place> = accounts.iter().filter_map(place).take(wanted).collect();
    let origin = reader.origin_of("trading.default_strategy");
    if places.len() < wanted {
        let what =
            format!("{kind} trades {wanted} contracts of {base}, each on its account: {} is configured", places.len());
        let remedy = format!(
            "configure another account with a symbol of {base}, or write [strategies.NAME], or name another kind"
        );
        reader.wrong(Problem::new(origin, "trading.default_strategy", what, remedy));
        return None;
    }
    let it = StrategyConfig {
        name: DEFAULT.to_owned(),
        kind: kind.to_owned(),
        places,
        settings: Map::new(),
        expectation: None,
    };
    reader.show(format!("strategies.{DEFAULT}.kind"), kind, origin.clone());
    reader.show(format!("strategies.{DEFAULT}.on"), shown(&it.places), origin.clone());
    if let Err(error) = it.build() {
        let remedy = "write [strategies.NAME] with its own settings, or name another kind";
        reader.wrong(Problem::new(origin, "trading.default_strategy", error.to_string(), remedy));
        return None;
    }
    Some(it)
}

pub(super) fn known_kind(text: &str) -> Result<&'static str, String> {
    let kinds = plimsoll_strategies::kinds();
    let known = kinds.iter().map(|kind| kind.name);
    if let Some(kind) = known.clone().find(|kind| *kind == text) {
        return Ok(kind);
    }
    let meant = nearest(text, known.clone()).map(|meant| format!(", did you mean {meant}?")).unwrap_or_default();
    Err(format!("'{text}' is no kind of strategy{meant} (known are {})", known.collect::<Vec<_>>().join(", ")))
}

/// `main BTC/USDT:USDT, second BTC/USDT:USDT`; what is wrong with each of them.
fn read_places(text: &str, accounts: &[Account]) -> Result<Vec<Place>, String> {
    let read: Vec<Result<Place, String>> = text.split(',').map(|it| read_place(it, accounts)).collect();
    if read.iter().all(Result::is_ok) {
        return Ok(read.into_iter().flatten().collect());
    }
    Err(read.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; "))
}

fn read_place(text: &str, accounts: &[Account]) -> Result<Place, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [account, symbol] = parts.as_slice() else {
        return Err(format!("'{}' is not an account and a contract, such as main BTC/USDT:USDT", text.trim()));
    };
    let Some(account) = accounts.iter().find(|it| it.name.as_str() == *account) else {
        return Err(unknown_account(account, accounts));
    };
    let symbol: Symbol = symbol.parse().map_err(|error: NotASymbol| error.to_string())?;
    if symbol.settle() != account.settle.as_str() {
        let (name, settle) = (&account.name, &account.settle);
        return Err(format!("{symbol} settles in {}, and account '{name}' is kept in {settle}", symbol.settle()));
    }
    Ok(Place { account: account.name.clone(), symbol })
}

/// A text without its quotes, everything else as JSON.
fn in_short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(places: &[Place]) -> String {
    places.iter().map(|place| format!("{} {}", place.account, place.symbol)).collect::<Vec<_>>().join(", ")
}
