//! What is to be run: by arguments, or by a plan in TOML.

use super::contract::{self, ContractPlan};
use super::feed::{self, MarketFeed};
use crate::config::json::object;
use crate::config::nearest;
use crate::failure::Failure;
use clap::Args;
use plimsoll_backtest::{Listing, Run, Settings};
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{AccountId, Decimal, MarginMode, Money, Rate, Symbol, Timestamp, VenueId};
use plimsoll_ports::{Feed, FeedKind, Strategy};
use plimsoll_simulation::{Market, SimulatedAccount, Simulation};
use plimsoll_strategies::settings::Number;
use plimsoll_strategies::{Place, StrategyError};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// A plan to begin with.
pub(super) const EXAMPLE: &str = include_str!("example.toml");

/// What to run on what.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// A plan in TOML; arguments add to it
    plan: Option<PathBuf>,
    /// Candles of last prices, CSV or Parquet
    #[arg(long, value_name = "FILE")]
    candles: Option<PathBuf>,
    /// Candles of the mark price, of the same interval; without them the mark is the last price
    #[arg(long, value_name = "FILE", requires = "candles")]
    marks: Option<PathBuf>,
    /// Funding rates as they were settled; without them no funding is paid
    #[arg(long, value_name = "FILE", requires = "candles")]
    funding: Option<PathBuf>,
    /// The contract of the candles
    #[arg(long, default_value = "BTC/USDT:USDT")]
    symbol: Symbol,
    /// The kind of strategy
    #[arg(long, value_name = "KIND")]
    strategy: Option<String>,
    /// A setting of the strategy, as name=value; may be given often
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, Value)>,
    /// What each account begins with
    #[arg(long)]
    capital: Option<Money>,
    /// Leave out what is earlier, such as 2022-01-05 or 2022-01-05T12:00:00Z
    #[arg(long, value_parser = time)]
    from: Option<Timestamp>,
    /// Leave out what is at this time or later
    #[arg(long, value_parser = time)]
    to: Option<Timestamp>,
    /// How much worse than the best price a market order fills, such as 0.0002
    #[arg(long)]
    slippage: Option<Rate>,
    /// Milliseconds from a decision to the exchange
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// Isolated margin instead of cross
    #[arg(long)]
    isolated: bool,
    /// Let the exchange's margin alone decide, without the risk limits that a live account has
    #[arg(long)]
    no_limits: bool,
}

/// What is to be run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    #[serde(default = "capital")]
    pub(crate) capital: Number,
    #[serde(default)]
    pub(crate) from: Option<String>,
    #[serde(default)]
    pub(crate) to: Option<String>,
    #[serde(default)]
    pub(crate) slippage: Option<Number>,
    #[serde(default)]
    pub(crate) latency_ms: Option<u64>,
    #[serde(default)]
    pub(crate) isolated: bool,
    #[serde(default = "yes")]
    pub(crate) limits: bool,
    #[serde(default)]
    pub(crate) markets: Vec<MarketPlan>,
    #[serde(default)]
    pub(crate) strategies: Vec<StrategyPlan>,
}

/// A contract on an account, and where its history is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarketPlan {
    #[serde(default = "main_account")]
    pub(crate) account: String,
    pub(crate) symbol: String,
    pub(crate) candles: PathBuf,
    #[serde(default)]
    pub(crate) marks: Option<PathBuf>,
    #[serde(default)]
    pub(crate) funding: Option<PathBuf>,
    #[serde(default)]
    pub(crate) contract: ContractPlan,
}

/// A strategy, and where it trades.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrategyPlan {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Its markets, by their number from 0; all of them where none is named.
    #[serde(default)]
    pub(crate) on: Vec<usize>,
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
}

fn capital() -> Number {
    Number::new(10_000, 0)
}

fn main_account() -> String {
    "main".to_owned()
}

const fn yes() -> bool {
    true
}

impl PlanArguments {
    /// What each account begins with, if it is said.
    pub(crate) const fn capital(&self) -> Option<Money> {
        self.capital
    }

    /// Something is said of a recorded market or its strategy besides the capital.
    pub(crate) fn is_of_a_history(&self) -> bool {
        self.from.is_some()
            || self.to.is_some()
            || self.slippage.is_some()
            || self.latency.is_some()
            || self.isolated
            || self.no_limits
    }

    /// The plan that is meant.
    pub(crate) fn read(&self) -> Result<Plan, Failure> {
        let mut plan = match &self.plan {
            Some(path) => from_file(path)?,
            None => empty(),
        };
        if let Some(candles) = &self.candles {
            plan.markets.push(MarketPlan {
                account: main_account(),
                symbol: self.symbol.to_string(),
                candles: candles.clone(),
                marks: self.marks.clone(),
                funding: self.funding.clone(),
                contract: ContractPlan::default(),
            });
        }
        if let Some(kind) = &self.strategy {
            let settings = self.set.iter().cloned().collect();
            plan.strategies.push(StrategyPlan { kind: kind.clone(), name: None, on: Vec::new(), settings });
        } else if !self.set.is_empty() {
            match plan.strategies.as_mut_slice() {
                [only] => only.settings.extend(self.set.iter().cloned()),
                _ => return Err(Failure::usage("--set is for one strategy: name it with --strategy")),
            }
        }
        plan.capital = self.capital.map_or(plan.capital, |capital| Number(capital.get()));
        plan.from = self.from.map(crate::screen::instant).or(plan.from);
        plan.to = self.to.map(crate::screen::instant).or(plan.to);
        plan.slippage = self.slippage.map(|rate| Number(rate.get())).or(plan.slippage);
        plan.latency_ms = self.latency.or(plan.latency_ms);
        plan.isolated |= self.isolated;
        plan.limits &= !self.no_limits;
        Ok(plan)
    }
}

fn empty() -> Plan {
    Plan {
        capital: capital(),
        from: None,
        to: None,
        slippage: None,
        latency_ms: None,
        isolated: false,
        limits: true,
        markets: Vec::new(),
        strategies: Vec::new(),
    }
}

fn from_file(path: &Path) -> Result<Plan, Failure> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let table = DeTable::parse(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {}", error.message())).help("`plimsoll backtest --example` prints a plan.")
    })?;
    let plan: Plan =
        serde_json::from_value(Value::Object(object(table.get_ref()))).map_err(|error| no_plan(&shown, &error))?;
    // Files are named from where the plan is.
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let from_here = |file: PathBuf| folder.join(file);
    let markets = plan.markets.into_iter().map(|market| MarketPlan {
        candles: from_here(market.candles),
        marks: market.marks.map(from_here),
        funding: market.funding.map(from_here),
        ..market
    });
    Ok(Plan { markets: markets.collect(), ..plan })
}

/// A plan that cannot be read; of a word that is not known, what was meant.
fn no_plan(shown: &impl Display, error: &serde_json::Error) -> Failure {
    let (said, example) = (error.to_string(), "`plimsoll backtest --example` prints a plan.");
    let words: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    match words.as_slice() {
        [wrong, known @ ..] if said.starts_with("unknown field") => {
            let meant = nearest(wrong, known.iter().copied()).map(|meant| format!("Did you mean {meant}? "));
            Failure::usage(format!("{shown}: there is no '{wrong}' here: there are {}", known.join(", ")))
                .help(format!("{}{example}", meant.unwrap_or_default()))
        }
        _ => Failure::usage(format!("{shown}: {error}")).help(example),
    }
}

/// Reads `name=value`; a dotted name is a setting within a setting.
pub(crate) fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' is not name=value, such as fast=12"))?;
    let read = match serde_json::from_str::<Value>(value) {
        // A fraction stays as it is written.
        Ok(Value::Number(number)) if number.as_i64().is_none() => Value::String(value.to_owned()),
        Ok(read) => read,
        Err(_) => Value::String(value.to_owned()),
    };
    match name.split_once('.') {
        Some((outer, inner)) => Ok((outer.to_owned(), Value::Object([(inner.to_owned(), read)].into_iter().collect()))),
        None => Ok((name.to_owned(), read)),
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let day = text.len() == 10 && !text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = if day { format!("{text} 00:00:00") } else { text.to_owned() };
    plimsoll_history::read_time(&whole)
        .ok_or_else(|| format!("'{text}' is no time such as 2022-01-05 or 2022-01-05T12:00:00Z"))
}

/// A plan that can be run: its files are there, its strategies fit.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) settings: Settings,
    pub(crate) listings: Vec<Listing>,
    pub(crate) strategies: Vec<(StrategyPlan, String, Vec<Place>)>,
    pub(super) markets: Vec<MarketFeed>,
}

impl Plan {
    /// Neither a market nor a strategy is named.
    pub(crate) const fn is_empty(&self) -> bool {
        self.markets.is_empty() && self.strategies.is_empty()
    }

    /// Looks at everything that can be looked at before the first event.
    pub(crate) fn prepare(&self) -> Result<Prepared, Failure> {
        let prepared = self.opened()?;
        // Whether settings are right is said before anything runs.
        prepared.build()?;
        Ok(prepared)
    }

    /// The same but for the strategies' settings, which may still be changed.
    pub(crate) fn opened(&self) -> Result<Prepared, Failure> {
        if self.markets.is_empty() {
            return Err(Failure::usage("no market is given")
                .help("Give --candles FILE, or a plan: `plimsoll backtest --example` prints one."));
        }
        if self.strategies.is_empty() {
            return Err(Failure::usage("no strategy is given")
                .help("Give --strategy KIND: `plimsoll backtest --strategies` lists them."));
        }
        let read = |what: &str, text: &str| -> Result<Timestamp, Failure> {
            time(text).map_err(|error| Failure::usage(format!("{what}: {error}")))
        };
        let from = self.from.as_deref().map(|text| read("from", text)).transpose()?;
        let to = self.to.as_deref().map(|text| read("to", text)).transpose()?;
        let wallet = Money::new(self.capital.0);
        let mut markets = Vec::new();
        for market in &self.markets {
            markets.push(feed::open(market, (from, to))?);
        }
        let mut listings = Vec::new();
        let mut accounts: Vec<(AccountId, Money)> = Vec::new();
        for (plan, feed) in self.markets.iter().zip(&markets) {
            let account = AccountId::new(plan.account.as_str());
            if !accounts.iter().any(|(known, _)| *known == account) {
                accounts.push((account.clone(), wallet));
            }
            let mut instrument = contract::instrument(feed.symbol(), &plan.contract, feed.first())?;
            if plan.contract.has_no_funding_interval() {
                instrument.funding_interval_hours = feed.funding_hours().unwrap_or(instrument.funding_interval_hours);
            }
            listings.push(Listing { account, instrument, opening: feed.first().open });
        }
        let start = markets.iter().map(|feed| feed.first().time).min().unwrap_or_default();
        let mut settings = Settings::new(start, accounts);
        settings.margin_mode = if self.isolated { MarginMode::Isolated } else { MarginMode::Cross };
        settings.latency = Duration::from_millis(self.latency_ms.unwrap_or(0));
        if let Some(Number(slippage)) = self.slippage {
            if slippage < Decimal::ZERO || slippage >= Decimal::ONE {
                return Err(Failure::usage(format!("slippage is a share from 0 to below 1, got {slippage}")));
            }
            settings.slippage = Rate::new(slippage);
        }
        if self.limits {
            settings.limits = Some(RiskLimits::new(LimitSettings::default()).map_err(Failure::usage)?);
        }
        let strategies = self.places(&markets)?;
        settings.label = label(&strategies);
        Ok(Prepared { settings, listings, strategies, markets })
    }

    fn places(&self, markets: &[MarketFeed]) -> Result<Vec<(StrategyPlan, String, Vec<Place>)>, Failure> {
        let mut strategies: Vec<(StrategyPlan, String, Vec<Place>)> = Vec::new();
        for plan in &self.strategies {
            let all: Vec<usize> = (0..markets.len()).collect();
            let on = if plan.on.is_empty() { &all } else { &plan.on };
            let mut places = Vec::new();
            for number in on {
                let Some((market, feed)) = self.markets.get(*number).zip(markets.get(*number)) else {
                    return Err(Failure::usage(format!(
                        "strategy '{}' is on market {number}, and there are {} (the first is 0)",
                        plan.kind,
                        markets.len()
                    )));
                };
                let account = AccountId::new(market.account.as_str());
                places.push(Place { account, symbol: feed.symbol().clone() });
            }
            let name = plan.name.clone().unwrap_or_else(|| plan.kind.clone());
            strategies.push((plan.clone(), name, places));
        }
        Ok(strategies)
    }
}

/// What a run is known by besides its history: its strategies, where they trade, and how they are set.
pub(crate) fn label(strategies: &[(StrategyPlan, String, Vec<Place>)]) -> String {
    let told: Vec<_> = strategies.iter().map(|(plan, name, on)| (&plan.kind, name, on, &plan.settings)).collect();
    format!("{told:?}")
}

/// The strategies themselves.
///
/// # Errors
/// What is wrong with their settings.
pub(crate) fn built(
    strategies: &[(StrategyPlan, String, Vec<Place>)],
) -> Result<Vec<Box<dyn Strategy>>, plimsoll_strategies::StrategyError> {
    let one = |(plan, name, places): &(StrategyPlan, String, Vec<Place>)| {
        plimsoll_strategies::build(&plan.kind, name, places, &Value::Object(plan.settings.clone()))
    };
    strategies.iter().map(one).collect()
}

/// What was meant where there is nothing of the name that was written.
fn meant(error: &StrategyError) -> Option<&str> {
    match error {
        StrategyError::UnknownKind { kind, known } => nearest(kind, known.iter().copied()),
        StrategyError::UnknownSettings { unknown, known, .. } => {
            unknown.iter().find_map(|wrong| nearest(wrong, known.iter().map(String::as_str)))
        }
        _ => None,
    }
}

impl Prepared {
    fn build(&self) -> Result<Vec<Box<dyn Strategy>>, Failure> {
        let strategies = built(&self.strategies).map_err(|error| {
            let lists = "`plimsoll backtest --strategies` lists the kinds and their settings.";
            let meant = meant(&error).map(|meant| format!("Did you mean {meant}? "));
            Failure::usage(&error).help(format!("{}{lists}", meant.unwrap_or_default()))
        })?;
        for strategy in &strategies {
            for feed in strategy.feeds() {
                self.has_candles_for(&strategy.name(), &feed)?;
            }
        }
        Ok(strategies)
    }

    /// Candles are built of shorter ones, never of longer ones.
    fn has_candles_for(&self, strategy: &str, feed: &Feed) -> Result<(), Failure> {
        let FeedKind::Candles(wanted) = feed.kind else { return Ok(()) };
        for (listing, market) in self.listings.iter().zip(&self.markets) {
            let has = market.interval();
            let is_it = listing.account == feed.account && listing.instrument.symbol == feed.symbol;
            if is_it && (wanted < has || !wanted.as_secs().is_multiple_of(has.as_secs().max(1))) {
                let word = plimsoll_history::interval_word;
                return Err(Failure::usage(format!(
                    "strategy '{strategy}' hears candles of {}, which cannot be made of the file's of {}",
                    word(wanted),
                    word(has)
                ))
                .help("Set its interval to a multiple of the file's, or give a file with shorter candles."));
            }
        }
        Ok(())
    }

    /// The strategies, as new.
    pub(crate) fn strategies_anew(&self) -> Vec<Box<dyn Strategy>> {
        // They were built when the plan was prepared.
        built(&self.strategies).unwrap_or_default()
    }

    /// The same for a simulation, in still weather.
    pub(crate) fn simulation(&self, seed: u64) -> Simulation {
        let accounts = self.settings.accounts.iter();
        let accounts =
            accounts.map(|(id, wallet)| SimulatedAccount::new(id.clone(), VenueId::new(id.as_str()), *wallet));
        let markets = self.listings.iter().map(|Listing { account, instrument, opening }| Market {
            account: account.clone(),
            instrument: instrument.clone(),
            opening: *opening,
        });
        let new = Simulation::new(self.settings.start, seed, accounts.collect(), markets.collect());
        Simulation {
            limits: self.settings.limits.clone(),
            margin_mode: self.settings.margin_mode,
            slippage: self.settings.slippage,
            label: self.settings.label.clone(),
            ..new
        }
    }

    /// A run at its beginning.
    pub(super) fn begin(&self) -> Result<Run, Failure> {
        Run::new(self.settings.clone(), self.listings.clone(), self.build()?).map_err(Failure::usage)
    }
}
