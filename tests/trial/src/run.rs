//! One seed, from the first step to the last comparison.

use crate::clock::Time;
use crate::difference::Difference;
use crate::naked::Spell;
use crate::plan::Plan;
use crate::random::Random;
use crate::trader::Trader;
use crate::world::{START, World};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What became of a seed. Everything but what it took of this machine's time is the same in every run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it was to do.
    pub plan: Plan,
    /// What was wrong: nothing, if all is well.
    pub wrong: Vec<Difference>,
    /// What was done, if it was to be told.
    pub log: Vec<String>,
    /// How often each fault struck.
    pub struck: BTreeMap<String, u64>,
    /// How many processes it took.
    pub lives: u64,
    /// How many orders there were at the exchange.
    pub orders: usize,
    /// How many fills.
    pub fills: usize,
    /// How often a process called one of its ports.
    pub calls: u64,
    /// How often a guard looked.
    pub looks: u64,
    /// How often our books and the exchange's were compared, and agreed.
    pub agreed: u64,
    /// How long it was in simulated time.
    pub simulated: Duration,
    /// Times without protection.
    pub spells: Vec<Spell>,
    /// From sending a stop to the venue's answer, of each that was answered.
    pub round_trips: Vec<Duration>,
    /// How composed orders stand in the end, by what they are and how they ended.
    pub composed: BTreeMap<String, u64>,
    /// How long it took here.
    pub took: Duration,
}

impl Outcome {
    /// Nothing was wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.plan)?;
        if !self.log.is_empty() {
            writeln!(f, "  what was done:")?;
            self.log.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        match self.wrong.as_slice() {
            [] => writeln!(f, "  nothing is wrong")?,
            wrong => {
                writeln!(f, "  what is wrong:")?;
                wrong.iter().try_for_each(|it| writeln!(f, "    {it}"))?;
            }
        }
        write!(
            f,
            "  {} simulated minutes, {} lives, {} calls, {} looks, {} orders, {} fills, {} comparisons agreed",
            self.simulated.as_secs() / 60,
            self.lives,
            self.calls,
            self.looks,
            self.orders,
            self.fills,
            self.agreed
        )
    }
}

/// Runs what this seed says. With `is_told` everything that was done is in the log.
#[must_use]
pub fn run_seed(seed: u64, is_told: bool) -> Outcome {
    let started = Instant::now();
    let plan = Plan::of(seed);
    let time = Time::new(START, seed);
    let turning = time.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().on_thread_park(move || turning.turn()).build();
    let runtime = runtime.expect("a runtime");
    let world = World::new(&plan, time, is_told);
    let (lives, looks, agreed) = runtime.block_on(live(&world, &plan));
    let composed =
        runtime.block_on(crate::books::composed::ends(&world.store, &world.account, &world.truth(), &world.ids));
    drop(runtime);
    let truth = world.truth();
    let log = world.take_log();
    let simulated = world.time.now().since(START);
    let mut state = world.state();
    let naked = std::mem::take(&mut state.naked);
    let too_long = naked.spells.iter().filter(|it| it.is_too_long());
    let too_long: Vec<Difference> = too_long.map(|it| it.to_difference()).collect();
    state.wrong.extend(too_long);
    Outcome {
        wrong: std::mem::take(&mut state.wrong),
        log,
        struck: state.struck.iter().map(|(fault, times)| (format!("{fault:?}"), *times)).collect(),
        lives,
        orders: truth.orders().count(),
        fills: truth.fills.len(),
        calls: state.calls,
        looks,
        agreed,
        simulated,
        spells: naked.spells,
        round_trips: std::mem::take(&mut state.round_trips),
        composed,
        took: started.elapsed(),
        plan,
    }
}

async fn live(world: &Arc<World>, plan: &Plan) -> (u64, u64, u64) {
    let beating = {
        let (world, mut random) = (Arc::clone(world), Random::of(plan.seed, "beats"));
        tokio::spawn(async move {
            loop {
                world.time.sleep(Duration::from_millis(random.between(2000, 8000))).await;
                world.beat();
            }
        })
    };
    let mut trader = Trader::begin(Arc::clone(world), plan).await;
    for (number, step) in plan.steps.iter().enumerate() {
        trader.step(number.saturating_add(1), step).await;
    }
    world.storm(Vec::new());
    world.note(|| "calm".to_owned());
    if plan.ends_with_a_death {
        trader.restart().await;
    }
    trader.compare(plan.steps.len().saturating_add(1)).await;
    trader.end().await;
    beating.abort();
    (trader.lives, trader.looks, trader.agreed)
}
