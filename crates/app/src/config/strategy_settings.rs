//! What is wrong with the settings of a strategy: all of it, each where it is written.

use super::account::Account;
use super::json::value;
use super::limits::refuse_above;
use super::problem::{Origin, Problem, nearest};
use super::reader::Reader;
use plimsoll_domain::{AccountId, Leverage, Symbol};
use plimsoll_strategies::{Kind, Place, StrategyError, build, kinds};
use serde_json::{Map, Value};
use toml::de::DeTable;

/// The settings of one strategy as they are written.
pub(super) struct Written<'t> {
    /// The strategy's name in full.
    pub(super) path: String,
    /// The table of its settings, if there is one.
    pub(super) table: Option<&'t DeTable<'t>>,
    /// The same, as the strategies read it.
    pub(super) settings: &'t Map<String, Value>,
    /// Where it is said where it trades, or else where it begins.
    pub(super) on: Origin,
}

impl Written<'_> {
    /// Tells every mistake; answers whether there is none. Without places its settings are checked all the same.
    pub(super) fn check(
        &self,
        name: &str,
        kind: &str,
        places: Option<&[Place]>,
        accounts: &[Account],
        reader: &mut Reader<'_>,
    ) -> bool {
        let before = reader.problems.len();
        let Some(kind) = kinds().into_iter().find(|known| known.name == kind) else { return false };
        let anywhere = anywhere(kind.places);
        let readable = self.readable(&kind, &anywhere, reader);
        let right_many = places.filter(|places| places.len() == kind.places);
        if let Err(error) = build(kind.name, name, right_many.unwrap_or(&anywhere), &Value::Object(readable)) {
            self.tell(error, reader);
        }
        if let Some(given) = places.filter(|places| places.len() != kind.places) {
            let what = StrategyError::Places { kind: kind.name, wanted: kind.places, given: given.len() };
            let remedy = format!("name {} in on, with commas between them, such as main BTC/USDT:USDT", kind.places);
            reader.wrong(Problem::new(self.on.clone(), &format!("{}.on", self.path), what.to_string(), remedy));
        }
        self.refuse_leverage(places.unwrap_or_default(), accounts, reader);
        reader.problems.len() == before
    }

    /// The settings that can be read, each by itself; of the others it is told why not.
    fn readable(&self, kind: &Kind, anywhere: &[Place], reader: &mut Reader<'_>) -> Map<String, Value> {
        let mut readable = Map::new();
        let Some(defaults) = kind.defaults.as_object() else { return readable };
        for (key, written) in self.table.into_iter().flatten() {
            let (setting, origin) = (key.get_ref().as_ref(), reader.at(key.span()));
            let path = format!("{}.settings.{setting}", self.path);
            let Some(default) = defaults.get(setting) else {
                let known = || defaults.keys().map(String::as_str);
                let remedy = match nearest(setting, known()) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => format!("known here are {}", known().collect::<Vec<_>>().join(", ")),
                };
                let mut problem = Problem::new(origin, &path, format!("{} has no such setting", kind.name), remedy);
                problem.is_unknown_key = true;
                reader.wrong(problem);
                continue;
            };
            let it = Map::from_iter([(setting.to_owned(), value(written.get_ref()))]);
            match build(kind.name, "", anywhere, &Value::Object(it.clone())) {
                Err(StrategyError::Unreadable { error, .. }) => {
                    let remedy = format!("by default it is {setting} = {}", as_written(default));
                    // Which one it is stands before it already.
                    let what = error.strip_prefix(&format!("{setting}: ")).unwrap_or(&error).to_owned();
                    reader.wrong(Problem::new(origin, &path, what, remedy));
                }
                _ => readable.extend(it),
            }
        }
        readable
    }

    /// What the settings say of themselves and of each other.
    fn tell(&self, error: StrategyError, reader: &mut Reader<'_>) {
        let StrategyError::Invalid { problems, .. } = error else {
            let remedy = "`plimsoll backtest --strategies` lists the kinds and their settings";
            reader.wrong(Problem::new(self.on.clone(), &self.path, error.to_string(), remedy));
            return;
        };
        for what in problems {
            let setting = self.meant(&what);
            let origin = setting.and_then(|setting| self.place_of(setting, reader)).unwrap_or_else(|| self.on.clone());
            let path = setting.map_or_else(|| self.path.clone(), |it| format!("{}.settings.{it}", self.path));
            let remedy = "change it; `plimsoll backtest --strategies` lists the settings with their defaults";
            reader.wrong(Problem::new(origin, &path, what, remedy));
        }
    }

    /// The first setting in a sentence that is written in the file.
    fn meant<'s>(&self, sentence: &'s str) -> Option<&'s str> {
        let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        sentence.split(|letter| !is_part(letter)).find(|word| self.settings.contains_key(*word))
    }

    fn place_of(&self, setting: &str, reader: &Reader<'_>) -> Option<Origin> {
        let (key, _) = self.table?.iter().find(|(key, _)| key.get_ref() == setting)?;
        Some(reader.at(key.span()))
    }

    /// A leverage that is written, and that an account of its does not allow. One that is not is lowered to what is allowed.
    fn refuse_leverage(&self, places: &[Place], accounts: &[Account], reader: &mut Reader<'_>) {
        let written = self.settings.get("leverage").and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
        let Some(leverage) = written.and_then(|it| Leverage::new(it).ok()) else { return };
        let its = |account: &&Account| places.iter().any(|place| place.account == account.name);
        if let Some(strictest) = accounts.iter().filter(its).min_by_key(|account| account.limits.max_leverage) {
            refuse_above(strictest, leverage, &format!("{}.settings.leverage", self.path), reader);
        }
    }
}

/// Places of no account, for settings that are read by themselves.
fn anywhere(count: usize) -> Vec<Place> {
    let place = |index| {
        let symbol = Symbol::new("BTC", "USDT", "USDT").ok()?;
        Some(Place { account: AccountId::new(format!("account-{index}")), symbol })
    };
    (0..count).filter_map(place).collect()
}

/// As it would stand in the file.
fn as_written(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let each: Vec<String> = table.iter().map(|(name, it)| format!("{name} = {}", as_written(it))).collect();
            format!("{{ {} }}", each.join(", "))
        }
        other => other.to_string(),
    }
}
