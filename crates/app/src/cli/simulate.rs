//! `plimsoll simulate`: the whole system through a day on a simulated clock.

mod day;
pub(crate) mod show;

use super::backtest::plan::PlanArguments;
use crate::failure::Failure;
use clap::Args;
use plimsoll_backtest::{Moment, Moments};
use plimsoll_domain::Timestamp;
use plimsoll_ports::Strategy;
use plimsoll_simulation::{Generator, GeneratorSettings, Simulated, Simulation, SimulationError, Told, Weather};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

const SECOND: Duration = Duration::from_secs(1);

/// Live through a day in seconds: accounts on several venues, their guards and strategies, on a simulated clock.
///
/// Everything between the strategies and the exchanges is what trades live: risk checks, journals, orders, stops, reconciliation.
/// Only time, the venues and the network are simulated, by a seed: the same seed ends in the same hash. In the middle the
/// process dies, and is started again.
///
/// Without a plan, four strategies trade on made-up markets with jumps and funding. With one, as `plimsoll backtest` takes it,
/// strategies trade its recorded history; in `--weather still` they decide as in the backtest, line by line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll simulate --duration 24h --html day.html
  plimsoll simulate --candles btc-1m.csv --strategy ema_cross --weather still --decisions simulated.txt")]
pub(crate) struct Simulate {
    #[command(flatten)]
    plan: PlanArguments,
    /// For how long, of a made-up market: 24h, which is the default, 90m
    #[arg(long, value_parser = crate::config::duration)]
    duration: Option<Duration>,
    /// Decides everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time between the prices of a made-up market, 1s unless it is said
    #[arg(long, value_parser = crate::config::duration)]
    every: Option<Duration>,
    /// How the network and the venues behave
    #[arg(long, value_enum, default_value_t = WeatherWord::Usual)]
    weather: WeatherWord,
    /// Of a thousand calls to venues so many meet a fault, instead of the weather's
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=500))]
    faults: Option<u32>,
    /// When the process dies, after the beginning; may be given often. In the middle, unless it is said or the weather is still
    #[arg(long, value_name = "AFTER", value_parser = crate::config::duration)]
    crash: Vec<Duration>,
    /// Let the process live
    #[arg(long, conflicts_with = "crash")]
    no_crash: bool,
    /// Write the report as one page that opens without a network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write every decision, a line each
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum WeatherWord {
    /// Nothing takes any time, and nothing goes wrong
    Still,
    /// Delays, lost answers, throttling, streams that are cut
    Usual,
}

impl Simulate {
    /// Runs and reports.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let plan = self.plan.read()?;
        let done = if plan.is_empty() { self.made_up() } else { self.recorded(&plan) }?;
        super::backtest::show::written(self.decisions.as_deref(), || Ok(done.decisions.join("\n") + "\n"))?;
        show::outcome(&done, self.html.as_deref(), self.json)
    }

    fn made_up(&self) -> Result<Simulated, Failure> {
        if self.plan.is_of_a_history() {
            return Err(Failure::usage(
                "--from, --to, --slippage, --latency, --isolated and --no-limits are for recorded markets",
            )
            .help("Give --candles FILE and --strategy KIND, or a plan: `plimsoll backtest --example` prints one."));
        }
        if self.plan.capital().is_some_and(|capital| !capital.is_positive()) {
            return Err(Failure::usage("--capital is above 0: nobody trades with nothing"));
        }
        let (duration, every) = (self.duration.unwrap_or(DAY), self.every.unwrap_or(SECOND));
        if every > duration / 10 {
            return Err(Failure::usage(
                "--every is a tenth of --duration at most: a market has more than a few prices",
            ));
        }
        let day = day::Day::new(self.seed, self.plan.capital())?;
        let simulation = self.weathered(day.simulation(), duration)?;
        let settings = GeneratorSettings { every, ..GeneratorSettings::new(day::START, duration, self.seed) };
        let prices = Generator::new(settings, &simulation.markets).map(|moment| moment.map_err(|never| match never {}));
        self.through(simulation, &|| day.strategies(), prices, day::START.plus(duration))
    }

    fn recorded(&self, plan: &super::backtest::plan::Plan) -> Result<Simulated, Failure> {
        if self.duration.is_some() || self.every.is_some() {
            return Err(Failure::usage("--duration and --every are for a made-up market")
                .help("Of a recorded one, --from and --to say which part."));
        }
        let prepared = plan.prepare()?;
        let (simulation, from, to) = (prepared.simulation(self.seed), prepared.settings.start, prepared.end()?);
        let mut simulation = self.weathered(simulation, to.since(from))?;
        simulation.weather.latency = simulation.weather.latency.max(prepared.settings.latency);
        let notes = super::backtest::feed::Notes::default();
        let history = prepared.history(&notes)?;
        self.through(simulation, &|| prepared.strategies_anew(), Moments::of(history), to)
    }

    fn weathered(&self, simulation: Simulation, duration: Duration) -> Result<Simulation, Failure> {
        let mut weather = match self.weather {
            WeatherWord::Still => Weather::still(),
            WeatherWord::Usual => Weather::usual(),
        };
        weather.faults_per_mille = self.faults.unwrap_or(weather.faults_per_mille);
        let is_still = self.weather == WeatherWord::Still;
        let after = match self.crash.as_slice() {
            [] if self.no_crash || is_still => Vec::new(),
            [] => vec![duration / 2],
            said => said.to_vec(),
        };
        if let Some(late) = after.iter().find(|after| **after >= duration) {
            let (late, whole) = (crate::config::duration_text(*late), crate::config::duration_text(duration));
            return Err(Failure::usage(format!("--crash {late} is after the end: it is over after {whole}")));
        }
        let crashes = after.into_iter().map(|after| simulation.start.plus(after)).collect();
        Ok(Simulation { weather, crashes, ..simulation })
    }

    fn through(
        &self,
        simulation: Simulation,
        strategies: &dyn Fn() -> Vec<Box<dyn Strategy>>,
        prices: impl Iterator<Item = Result<Moment, Failure>>,
        to: Timestamp,
    ) -> Result<Simulated, Failure> {
        let bar = show::bar(!self.json, simulation.start, to);
        let from = simulation.start;
        let tell = |told: Told<'_>| {
            if let Told::Progress(progress) = told {
                bar.set_position(progress.now.since(from).as_secs());
                bar.set_message(format!("{} fills", progress.fills));
            }
        };
        let done = plimsoll_simulation::run(simulation, strategies, prices, tell);
        bar.finish_and_clear();
        done.map_err(|error| match error {
            SimulationError::Source(error) => error,
            SimulationError::SetUp(error) => Failure::usage(error),
            SimulationError::Price(error) => Failure::no(error),
        })
    }
}
