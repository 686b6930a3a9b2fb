//! `plimsoll run --paper`: the configured strategies on live prices, with a paper broker.

mod contract;
mod live;
mod recording;
mod show;

use super::target::Target;
use crate::config::{Account, Config, Environment, Origin, Places};
use crate::failure::Failure;
use crate::venue::{Keys, Way};
use clap::{ArgGroup, Args};
use contract::ContractRow;
use live::Source;
use plimsoll_backtest::{Moment, RunKind};
use plimsoll_domain::risk::RiskLimits;
use plimsoll_domain::{Money, Timestamp, VenueId};
use plimsoll_ports::{Clock, Strategy, SystemClock};
use plimsoll_simulation::{Market, Simulated, SimulatedAccount, Simulation, SimulationError};
use recording::{Header, Recording, Writer};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What a paper account begins with, unless it is said.
const CAPITAL: &str = "10000";

/// How to trade on paper.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("on_paper").args(["paper", "replay"])))]
pub(crate) struct PaperArguments {
    /// Trade on paper: the venues' live prices, a paper broker, the configured strategies. Nothing is sent to any account
    #[arg(long)]
    paper: bool,
    /// Write every price down; where the file is there already, go on where it broke off
    #[arg(long, value_name = "FILE", requires = "paper")]
    record: Option<PathBuf>,
    /// Trade the prices of such a file again: the same decisions, and the same hash
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paper", "record"])]
    replay: Option<PathBuf>,
    /// What each paper account begins with, 10000 unless it is said
    #[arg(long, value_name = "MONEY", requires = "paper")]
    capital: Option<Money>,
    /// For how long, such as 24h; without it until Ctrl-C
    #[arg(long, requires = "paper", value_parser = crate::config::duration)]
    duration: Option<Duration>,
    /// Write the report of a paper run as one page that opens without a network
    #[arg(long, value_name = "FILE", requires = "on_paper")]
    html: Option<PathBuf>,
    /// Write every decision of a paper run, a line each
    #[arg(long, value_name = "FILE", requires = "on_paper")]
    decisions: Option<PathBuf>,
}

impl PaperArguments {
    /// It is to be on paper.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.paper || self.replay.is_some()
    }

    /// Trades on paper, or again, and reports.
    pub(crate) fn run(&self, target: &Target) -> Result<ExitCode, Failure> {
        let done = match &self.replay {
            Some(path) => {
                let recording = Recording::open(path)?;
                let run = PaperRun::of(&recording.header)?;
                run.through(recording, target.json)?
            }
            None => self.live(target)?,
        };
        super::backtest::show::written(self.decisions.as_deref(), || Ok(done.decisions.join("\n") + "\n"))?;
        super::simulate::show::outcome(&done, self.html.as_deref(), target.json)
    }

    fn live(&self, target: &Target) -> Result<Simulated, Failure> {
        let before = self.record.as_deref().filter(|path| path.exists());
        let recording = before.map(Recording::open).transpose()?;
        let (header, sources) = match &recording {
            Some(recording) => {
                let header = recording.header.clone();
                let run = PaperRun::of(&header)?;
                let (_, _, environment) = target.text()?;
                let sources = sources(&run, &environment)?;
                (header, sources)
            }
            None => self.begin(target)?,
        };
        let run = PaperRun::of(&header)?;
        let writer = match (&recording, self.record.as_deref()) {
            (Some(_), Some(path)) => Some(Writer::go_on(path)?),
            (None, Some(path)) => Some(Writer::begin(path, &header)?),
            (_, None) => None,
        };
        let after = last_of(before)?.unwrap_or(run.simulation.start);
        show::begun(&run, before, target.json)?;
        let prices = live::listen(sources, writer, after, self.duration)?;
        // What was written until now is traded again first: the run is where it was.
        match recording {
            Some(recording) => {
                let until = recording.take_while(move |it| it.as_ref().map_or(true, |it| it.time <= after));
                run.through(until.chain(prices), target.json)
            }
            None => run.through(prices.into_iter(), target.json),
        }
    }

    /// Asks the venues for what there is to trade.
    fn begin(&self, target: &Target) -> Result<(Header, Vec<Source>), Failure> {
        let (config, text, environment) = target.text()?;
        if config.strategies.is_empty() {
            return Err(Failure::usage("no strategy is configured: on paper there is nothing to do without one")
                .help("Write [strategies.NAME] with kind and on: see `plimsoll config example`."));
        }
        let markets = super::runtime()?.block_on(markets(&config, &environment))?;
        let rows: Vec<ContractRow> = markets.iter().map(ContractRow::of).collect();
        // Where the records are is nobody's business here, and may hold a password.
        let given = config.shown.iter().filter(|it| it.setting != "database").filter_map(|it| match &it.origin {
            Origin::Environment(name) => Some((name.clone(), environment.get(name)?.clone())),
            _ => None,
        });
        let is_kept = |line: &&str| !line.trim_start().starts_with("database") && !line.trim_start().starts_with('#');
        let text = text.lines().filter(is_kept).collect::<Vec<_>>().join("\n");
        let capital = self.capital.map_or_else(|| CAPITAL.to_owned(), |capital| capital.to_string());
        let start = SystemClock.now();
        let header = Header::new(text, given.collect(), start, 1, capital, rows);
        let run = PaperRun::of(&header)?;
        let sources = sources(&run, &environment)?;
        Ok((header, sources))
    }
}

/// A paper run, made ready from its header alone: live and again it is the same.
pub(super) struct PaperRun {
    config: Config,
    simulation: Simulation,
}

impl PaperRun {
    fn of(header: &Header) -> Result<Self, Failure> {
        let environment: Environment = header.environment.clone();
        let places = Places { file: "the recorded configuration".to_owned(), state: PathBuf::new() };
        let config = Config::read(&header.config, &environment, &places).map_err(|all| super::config::refused(&all))?;
        let mut markets = Vec::new();
        for row in &header.markets {
            markets.push(row.market().map_err(|why| Failure::no(format!("a contract of the recording: {why}")))?);
        }
        let wallet: Money =
            header.capital.parse().map_err(|_| Failure::no("the capital of the recording makes no sense"))?;
        let mut accounts = Vec::new();
        for account in traded(&config) {
            let limits = RiskLimits::new(account.limits.clone()).map_err(Failure::usage)?;
            let new = SimulatedAccount::new(account.name.clone(), VenueId::new(account.venue.as_str()), wallet);
            let margin_mode = Some(account.margin_mode);
            accounts.push(SimulatedAccount { limits: Some(limits), margin_mode, ..new });
        }
        let start = Timestamp::from_micros(header.start);
        let mut simulation = Simulation::new(start, header.seed, accounts, markets);
        simulation.protection = config.protection.clone();
        simulation.kind = RunKind::Paper;
        simulation.label = format!("{:?}", config.strategies);
        Ok(Self { config, simulation })
    }

    fn strategies(&self) -> Vec<Box<dyn Strategy>> {
        // They were built when the configuration was read.
        self.config.strategies.iter().filter_map(|it| it.build().ok()).collect()
    }

    fn through(&self, prices: impl Iterator<Item = Result<Moment, Failure>>, json: bool) -> Result<Simulated, Failure> {
        let tell = |told: plimsoll_simulation::Told<'_>| show::told(&told, json);
        let done = plimsoll_simulation::run(self.simulation.clone(), &|| self.strategies(), prices, tell);
        done.map_err(|error| match error {
            SimulationError::Source(error) => error,
            SimulationError::SetUp(error) => Failure::usage(error),
            SimulationError::Price(error) => Failure::no(error),
        })
    }
}

/// The accounts that some strategy trades.
fn traded(config: &Config) -> impl Iterator<Item = &Account> {
    let is_traded = |account: &&Account| {
        config.strategies.iter().any(|strategy| strategy.places.iter().any(|place| place.account == account.name))
    };
    config.accounts.iter().filter(is_traded)
}

/// The contracts that strategies trade, as their venues list them, and their prices now.
async fn markets(config: &Config, environment: &Environment) -> Result<Vec<Market>, Failure> {
    let mut markets = Vec::new();
    for account in traded(config) {
        let venue = venue_of(config, account, environment)?;
        let mut symbols: Vec<_> = config.strategies.iter().flat_map(|strategy| &strategy.places).collect();
        symbols.retain(|place| place.account == account.name);
        symbols.sort_by(|one, other| one.symbol.cmp(&other.symbol));
        symbols.dedup_by(|one, other| one.symbol == other.symbol);
        for place in symbols {
            let failed = |error: &plimsoll_ports::QueryError| {
                Failure::query(error, format!("{}: {} cannot be read: {error}", account.name, place.symbol))
                    .help("Margin tables of some venues need a key: one that may only read is enough.")
            };
            let instrument = venue.broker.instrument(&place.symbol).await.map_err(|error| failed(&error))?;
            let opening = venue.feed.mark_price(&place.symbol).await.map_err(|error| failed(&error))?.price;
            markets.push(Market { account: account.name.clone(), instrument, opening });
        }
    }
    Ok(markets)
}

/// The keys are used where they are there: some venues tell margin tables to their clients only. No order is sent.
fn venue_of(config: &Config, account: &Account, environment: &Environment) -> Result<crate::venue::Venue, Failure> {
    let keys = Keys::read(account, environment).unwrap_or_else(|_| Keys::none());
    Way::of(config, account, keys).connect()
}

fn sources(run: &PaperRun, environment: &Environment) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for account in traded(&run.config) {
        let venue = venue_of(&run.config, account, environment)?;
        let numbered = run.simulation.markets.iter().enumerate();
        let markets = numbered
            .filter(|(_, market)| market.account == account.name)
            .map(|(number, market)| (number, market.instrument.symbol.clone()))
            .collect();
        sources.push(Source { venue, markets });
    }
    Ok(sources)
}

/// When the last moment of a recording was.
fn last_of(path: Option<&Path>) -> Result<Option<Timestamp>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let mut last = None;
    for moment in Recording::open(path)? {
        last = Some(moment?.time);
    }
    Ok(last)
}
