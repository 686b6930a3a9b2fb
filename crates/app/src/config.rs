//! The configuration: a TOML file, the environment over it, and defaults below both.
//!
//! [`Config::read`] is pure: text and variables in, a configuration or every problem out. Where the file is, and what the
//! secrets are, is found out by [`find`] and [`secret`].

mod account;
mod address;
mod api;
mod candles;
mod database;
mod described;
pub(crate) mod example;
mod expected;
pub(crate) mod find;
mod heartbeat;
mod intervals;
pub(crate) mod json;
mod ladder;
mod limits;
mod noted;
mod problem;
mod protection;
mod reader;
pub(crate) mod reference;
mod rows;
pub(crate) mod schema;
pub(crate) mod secret;
mod strategies;
mod strategy_settings;
mod syntax;
mod telegram;
mod venue_address;
mod watch;
mod webhook;
mod word;

pub(crate) use account::{Account, VenueEnvironment};
pub(crate) use address::Address;
pub(crate) use api::ApiConfig;
pub(crate) use database::Database;
pub(crate) use heartbeat::HeartbeatConfig;
pub(crate) use intervals::Intervals;
pub(crate) use problem::{Origin, Problem, nearest};
pub(crate) use reader::{Environment, Shown};
pub(crate) use secret::SecretPlace;
pub(crate) use strategies::StrategyConfig;
pub(crate) use telegram::TelegramConfig;
pub(crate) use webhook::WebhookConfig;
pub(crate) use word::{duration, duration_text};

use plimsoll_domain::Leverage;
use plimsoll_domain::risk::LadderRules;
use plimsoll_engine::{AfloatSettings, WatchSettings};
use reader::{Reader, Section};
use std::path::PathBuf;
use std::time::Duration;
use toml::de::DeTable;

/// What strategies hear of the past where nothing else is said.
const WARM_UP: Duration = Duration::from_secs(86_400);

/// Everything that is configured, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The accounts, in the order of the file.
    pub(crate) accounts: Vec<Account>,
    /// The strategies that trade on them.
    pub(crate) strategies: Vec<StrategyConfig>,
    /// Where the records are.
    pub(crate) database: Database,
    /// Where the write-ahead spool and other state of this machine are.
    pub(crate) state: PathBuf,
    /// Trading as a whole.
    pub(crate) trading: Trading,
    /// How often, and how long.
    pub(crate) intervals: Intervals,
    /// How live accounts climb to live trading.
    pub(crate) ladder: LadderRules,
    /// How accounts are kept afloat.
    pub(crate) protection: AfloatSettings,
    /// Which figures of an account are told when they cross a line.
    pub(crate) watch: WatchSettings,
    /// The dashboard and the API.
    pub(crate) api: ApiConfig,
    /// The Telegram bot.
    pub(crate) telegram: Option<TelegramConfig>,
    /// Where alerts are posted.
    pub(crate) webhook: Option<WebhookConfig>,
    /// What is called while all is well.
    pub(crate) heartbeat: Option<HeartbeatConfig>,
    /// Every setting in force, and where it comes from.
    pub(crate) shown: Vec<Shown>,
}

/// Trading as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trading {
    /// Whether anything may be opened at all.
    pub(crate) enabled: bool,
    /// Whether a position needs a stop-loss.
    pub(crate) require_stop: bool,
    /// The leverage of an order that names none.
    pub(crate) default_leverage: Leverage,
    /// The kind of strategy that trades where none is configured.
    pub(crate) default_strategy: Option<&'static str>,
    /// How much of the past strategies hear that are new here.
    pub(crate) warm_up: Duration,
}

/// The places that defaults are made of.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// What the file is called in messages.
    pub(crate) file: String,
    /// The directory of state where none is configured.
    pub(crate) state: PathBuf,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Every problem of it, in the order of the file.
    pub(crate) fn read(text: &str, environment: &Environment, places: &Places) -> Result<Self, Vec<Problem>> {
        let (table, broken) = DeTable::parse_recoverable(text);
        if !broken.is_empty() {
            return Err(syntax::problems(&broken, text, &places.file));
        }
        let mut reader = Reader::new(&places.file, text, environment);
        let config = read_root(Section::root(table.get_ref()), &mut reader, places);
        let Reader { mut problems, mut shown, .. } = reader;
        limits::show_where_from(&mut shown);
        match config {
            Some(config) if problems.is_empty() => Ok(Self { shown, ..config }),
            _ => {
                without_echoes(&mut problems);
                problems.sort_by_key(|problem| place(&problem.origin));
                Err(problems)
            }
        }
    }

    /// What has to be kept secret beside the accounts' keys, each by its name in full, and where that is.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&'static str, &SecretPlace)> {
        let read = self.api.read_token.as_ref().map(|place| ("api.read_token", place));
        let act = self.api.act_token.as_ref().map(|place| ("api.act_token", place));
        let bot = self.telegram.as_ref().map(|it| ("telegram.token", &it.token));
        read.into_iter().chain(act).chain(bot)
    }

    /// The account of this name; without a name, the only one.
    pub(crate) fn account(&self, name: Option<&str>) -> Result<&Account, String> {
        let names = || self.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
        match (name, self.accounts.as_slice()) {
            (Some(name), accounts) => accounts
                .iter()
                .find(|account| account.name.as_str() == name)
                .ok_or_else(|| format!("no account is called '{name}': configured are {}", names())),
            (None, [only]) => Ok(only),
            (None, _) => Err(format!("which account? --account is one of {}", names())),
        }
    }
}

/// A limit that an account takes over from `[limits]` is wrong there once, not once more for each account.
fn without_echoes(problems: &mut Vec<Problem>) {
    let said: Vec<(String, String)> = problems
        .iter()
        .filter(|problem| problem.origin != Origin::Default)
        .map(|problem| (problem.setting.clone(), problem.what.clone()))
        .collect();
    let is_echo = |problem: &Problem| {
        problem.origin == Origin::Default
            && said.iter().any(|(setting, what)| problem.setting.ends_with(setting.as_str()) && problem.what == *what)
    };
    problems.retain(|problem| !is_echo(problem));
}

fn read_root(mut root: Section<'_>, reader: &mut Reader<'_>, places: &Places) -> Option<Config> {
    let state = root.read(
        reader,
        "state",
        &[],
        places.state.clone(),
        |text| Ok(PathBuf::from(text)),
        |path| path.display().to_string(),
    );
    let database = database::read(&mut root, reader, &state);
    let mut section = root.section(reader, "trading");
    let trading = read_trading(&mut section, reader);
    section.refuse_unknown(reader);
    let intervals = intervals::read(root.section(reader, "intervals"), reader);
    let watch = watch::read(root.section(reader, "watch"), reader);
    let ladder = ladder::read(root.section(reader, "ladder"), reader);
    let protection = protection::read(root.section(reader, "protection"), reader);
    let limits = limits::read(root.section(reader, "limits"), reader, None);
    let accounts = account::read_all(&mut root, reader, &limits);
    let strategies = strategies::read_all(&mut root, reader, &accounts, trading.default_strategy);
    candles::check(&strategies, &accounts, reader);
    let api = api::read(root.section(reader, "api"), reader);
    let telegram = telegram::read(&mut root, reader, &accounts);
    let webhook = webhook::read(&mut root, reader);
    let heartbeat = heartbeat::read(&mut root, reader);
    limits::fit(&accounts, trading.default_leverage, reader);
    ladder::fit(&accounts, reader);
    root.refuse_unknown(reader);
    reader.refuse_unknown_variables(&[
        "limits",
        "ladder",
        "trading",
        "intervals",
        "watch",
        "protection",
        "accounts",
        "strategies",
        "api",
        "telegram",
        "webhook",
        "heartbeat",
    ]);
    let shown = Vec::new();
    Some(Config {
        accounts,
        strategies,
        database,
        state,
        trading,
        intervals,
        ladder,
        protection,
        watch,
        api,
        telegram,
        webhook,
        heartbeat,
        shown,
    })
}

fn read_trading(section: &mut Section<'_>, reader: &mut Reader<'_>) -> Trading {
    let show = |truth: &bool| truth.to_string();
    Trading {
        enabled: section.read(reader, "enabled", &["ENABLE_FUTURES"], true, word::truth, show),
        require_stop: section.read(reader, "require_stop", &[], true, word::truth, show),
        default_leverage: section.value(reader, "default_leverage", &["DEFAULT_LEVERAGE"], limits::default_leverage()),
        default_strategy: section.wanted(
            reader,
            "default_strategy",
            &["DEFAULT_FUTURES_STRATEGY"],
            strategies::known_kind,
            |kind| (*kind).to_owned(),
        ),
        warm_up: section.read(reader, "warm_up", &[], WARM_UP, duration, |time| duration_text(*time)),
    }
}

/// Problems of the file by line; those of the environment after them.
pub(crate) fn place(origin: &Origin) -> (u8, usize, usize) {
    match origin {
        Origin::File { line, column, .. } => (0, *line, *column),
        Origin::Default => (1, 0, 0),
        Origin::Environment(_) => (2, 0, 0),
        Origin::Argument(_) => (3, 0, 0),
    }
}

#[cfg(test)]
mod tests;
