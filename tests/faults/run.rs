//! One seed, from the first step to the last comparison.

use super::audit;
use super::schedule::Schedule;
use super::stage::Stage;
use super::step::Contract;
use super::trader::{Trader, said};
use super::wire::Wire;
use plimsoll_engine::Reconciliation;
use plimsoll_trial::difference::Difference;
use plimsoll_venue_server::Injected;
use std::fmt;
use std::time::{Duration, Instant};

/// How often books and venue are brought together at the end before what differs counts as different.
const ROUNDS: usize = 6;

/// Between two of them the market's time goes on, so that what is asked for now and then is asked for.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(65);

/// Funding that would be settled within this is settled before the last comparison.
const SETTLES_SOON: Duration = Duration::from_secs(30 * 60);

/// What became of a seed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The schedule.
    pub schedule: Schedule,
    /// What was wrong: nothing, if all is well.
    pub wrong: Vec<Difference>,
    /// What was done, with times of the wall and of the market.
    pub log: Vec<String>,
    /// What went wrong at the venue and on the way.
    pub injected: Vec<Injected>,
    /// How many processes it took.
    pub lives: u64,
    /// How many orders and fills there were at the exchange.
    pub orders: usize,
    /// The same of fills.
    pub fills: usize,
    /// How often books and venue had to be brought together at the end.
    pub rounds: usize,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The books are the exchange's.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.schedule)?;
        writeln!(f, "  what was done:")?;
        self.log.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        writeln!(f, "  what went wrong on the way:")?;
        self.injected.iter().try_for_each(|it| writeln!(f, "    {}: {it}", it.time))?;
        match self.wrong.as_slice() {
            [] => writeln!(f, "  the books are the exchange's, after {} rounds", self.rounds)?,
            wrong => {
                writeln!(f, "  what differs:")?;
                wrong.iter().try_for_each(|it| writeln!(f, "    {it}"))?;
            }
        }
        write!(f, "  {} ms, {} lives, {} orders, {} fills", self.took.as_millis(), self.lives, self.orders, self.fills)
    }
}

/// Runs what this seed says, and compares.
pub async fn run_seed(wire: Wire, seed: u64) -> Outcome {
    let started = Instant::now();
    let schedule = Schedule::of(wire, seed);
    let stage = Stage::set(&schedule).await;
    let mut trader = Trader::begin(&stage, &schedule).await;
    stage.venue.begin_faults(&schedule.faults);
    for (number, step) in schedule.steps.iter().enumerate() {
        trader.step(number + 1, step).await;
    }
    let (rounds, differences) = conclude(&mut trader).await;
    trader.end().await;
    let Trader { log, mut wrong, lives, .. } = trader;
    wrong.extend(differences);
    wrong.extend(stage.promises.broken());
    let truth = stage.truth();
    let (orders, fills) = (truth.orders().count(), truth.fills.len());
    let injected = stage.venue.injected();
    drop(stage);
    Outcome { schedule, wrong, log, injected, lives, orders, fills, rounds, took: started.elapsed() }
}

/// The faults cease and the market stands still; books and venue are brought together until nothing is open.
async fn conclude(trader: &mut Trader<'_>) -> (usize, Vec<Difference>) {
    trader.stage.venue.calm();
    trader.note("calm");
    if trader.schedule.ends_with_a_crash {
        trader.restart().await;
    }
    let symbol = Contract::Bitcoin.symbol();
    let soon = trader.stage.venue.exchange(|exchange| {
        exchange.market(&symbol).is_some_and(|market| market.next_funding.since(exchange.now()) < SETTLES_SOON)
    });
    if soon {
        trader.settles_funding();
    }
    let mut differences = Vec::new();
    for round in 1..=ROUNDS {
        match trader.process().manager.reconcile().await {
            Ok(told) => {
                trader.note(format!("round {round}: reconciled{}", said(&told)));
                differences = look(trader, &told).await;
            }
            Err(failure) => differences = vec![Difference::new("reconciling", failure.to_string(), "possible")],
        }
        if differences.is_empty() {
            return (round, differences);
        }
        trader.note(format!("round {round}: {} differences", differences.len()));
        trader.stage.market.skip(BETWEEN_ROUNDS);
    }
    for row in audit::books(trader.stage, trader.process()).await {
        trader.note(row);
    }
    (ROUNDS, differences)
}

async fn look(trader: &mut Trader<'_>, told: &Reconciliation) -> Vec<Difference> {
    if let Err(failure) = trader.process().manager.monitor().await {
        return vec![Difference::new("monitoring", failure.to_string(), "possible")];
    }
    audit::differences(trader.stage, trader.process(), told).await
}
