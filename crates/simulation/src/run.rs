//! A simulation from its first price to its last.

use crate::Strategies;
use crate::chart::Minutes;
use crate::life::{Life, RECONCILE};
use crate::settings::{SetUpRefused, Simulation};
use crate::weather::Fault;
use crate::world::{Agenda, World};
use plimsoll_backtest::{Incident, Moment, Outcome, TaggedFill};
use plimsoll_domain::Timestamp;
use plimsoll_engine::track::Track;
use plimsoll_exchange::TickRefused;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Streams that hear nothing for longer than this are not believed any more: they are told that they live.
const BEAT: Duration = Duration::from_secs(5);

/// Why a simulation ended before its prices did.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError<E> {
    /// It could not begin.
    #[error(transparent)]
    SetUp(#[from] SetUpRefused),
    /// Prices go back in time, or are of a contract that is not listed.
    #[error(transparent)]
    Price(#[from] TickRefused),
    /// What brings the prices failed.
    #[error("{0}")]
    Source(E),
}

/// What a simulation leaves behind.
#[derive(Debug)]
pub struct Simulated {
    /// The same as of a backtest.
    pub outcome: Outcome,
    /// What was decided, one line each.
    pub decisions: Vec<String>,
    /// How many lives the process had.
    pub lives: u64,
    /// How many calls were made to venues.
    pub calls: u64,
    /// What went wrong with them, and how often.
    pub faults: BTreeMap<Fault, u64>,
    /// Positions that have no stop at their venue at the end.
    pub unprotected: Vec<String>,
    /// Conditional orders at the end that no position needs.
    pub orphans: Vec<String>,
    /// What each strategy made of its round trips, as the desk has taken it down through every life.
    pub tracks: BTreeMap<String, Arc<Track>>,
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Its time.
    pub now: Timestamp,
    /// How many fills there were.
    pub fills: u64,
}

/// What a simulation tells while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// How far it has come, every ten minutes of its time.
    Progress(Progress),
    /// A decision, as [`Simulated::decisions`] has it.
    Decided(&'a str),
    /// A fill of a strategy's.
    Filled(&'a TaggedFill),
    /// Something that a person should know of.
    Incident(&'a Incident),
}

/// So much of the records has been told.
#[derive(Default)]
struct Heard {
    decisions: usize,
    fills: usize,
    incidents: usize,
}

impl Heard {
    fn tell(&mut self, world: &World, tell: &mut impl FnMut(Told<'_>)) {
        let recorder = world.recorder();
        let (decisions, fills, incidents) = (recorder.decisions(), recorder.fill_records(), recorder.incidents());
        decisions.iter().skip(self.decisions).for_each(|it| tell(Told::Decided(it)));
        fills.iter().skip(self.fills).for_each(|it| tell(Told::Filled(it)));
        incidents.iter().skip(self.incidents).for_each(|it| tell(Told::Incident(it)));
        *self = Self { decisions: decisions.len(), fills: fills.len(), incidents: incidents.len() };
    }
}

/// What happens besides prices.
enum Event {
    Crash,
    Restart,
}

/// Runs until the prices end. `strategies` makes them anew for every life of the process; `tell` is told
/// what happens.
///
/// # Errors
/// [`SimulationError`].
pub fn run<E>(
    simulation: Simulation,
    strategies: &Strategies<'_>,
    moments: impl Iterator<Item = Result<Moment, E>>,
    mut tell: impl FnMut(Told<'_>),
) -> Result<Simulated, SimulationError<E>> {
    let names = strategies().iter().map(|strategy| strategy.name()).collect();
    let world = World::new(simulation, names)?;
    let turning = world.time.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .on_thread_park(move || turning.turn())
        .build()
        .map_err(SetUpRefused::Runtime)?;
    let (lives, tracks) = runtime.block_on(drive(&world, strategies, moments, &mut tell))?;
    // Tasks that are under way hold the world.
    drop(runtime);
    let (unprotected, orphans, totals) = (world.unprotected(), world.orphans(), world.totals());
    let (calls, faults) = world.sky.met();
    let empty = plimsoll_backtest::Recorder::new(String::new(), Vec::new(), Vec::new(), &[]);
    let recorder = std::mem::replace(&mut *world.recorder(), empty);
    let decisions = recorder.decisions().to_vec();
    let outcome = recorder.finish(totals);
    Ok(Simulated { outcome, decisions, lives, calls, faults, unprotected, orphans, tracks })
}

async fn drive<E>(
    world: &Arc<World>,
    strategies: &Strategies<'_>,
    moments: impl Iterator<Item = Result<Moment, E>>,
    tell: &mut impl FnMut(Told<'_>),
) -> Result<(u64, BTreeMap<String, Arc<Track>>), SimulationError<E>> {
    let time = &world.time;
    let mut agenda: Agenda<Event> = Agenda::new();
    for crash in &world.simulation.crashes {
        agenda.entry(*crash).or_default().push(Event::Crash);
    }
    let (mut minutes, mut next_point) = (Minutes::new(world.simulation.markets.len()), world.simulation.start);
    let mut lives = 1;
    let mut life = Some(Life::begin(world, strategies, 0)?);
    time.settle().await;
    let (mut told, mut heard) = (world.simulation.start, Heard::default());
    for moment in moments {
        let moment = moment.map_err(SimulationError::Source)?;
        while let Some(due) = agenda.first_key_value().map(|(due, _)| *due).filter(|due| *due <= moment.time) {
            beat_until(world, due).await;
            for event in agenda.remove(&due).unwrap_or_default() {
                match event {
                    Event::Crash => {
                        if let Some(life) = life.take() {
                            world.incident("crash", "the process died".to_owned());
                            life.die().await;
                            agenda.entry(due.plus(world.simulation.down_for)).or_default().push(Event::Restart);
                        }
                    }
                    Event::Restart => {
                        world.incident("restart", "the process runs again".to_owned());
                        life = Some(Life::begin(world, strategies, lives)?);
                        lives += 1;
                    }
                }
            }
            time.settle().await;
        }
        let before = time.now();
        beat_until(world, moment.time).await;
        world.apply(&moment)?;
        minutes.hear(world, &moment);
        if world.sky.cuts_within(moment.time.since(before)) {
            cut(world, &moment);
        }
        time.settle().await;
        if time.now() >= next_point {
            world.point(time.now());
            while next_point <= time.now() {
                next_point = next_point.plus(world.simulation.curve_step);
            }
        }
        heard.tell(world, tell);
        if time.now().since(told) >= Duration::from_secs(600) {
            told = time.now();
            let progress = Progress { now: told, fills: world.recorder().fills() };
            tell(Told::Progress(progress));
        }
    }
    minutes.finish(world);
    let over = time.now();
    let mut tracks = BTreeMap::new();
    if let Some(life) = life {
        let seats = life.watch();
        end(world, life).await;
        tracks.extend(seats.borrow().iter().map(|seat| (seat.name.clone(), Arc::clone(&seat.track))));
    }
    heard.tell(world, tell);
    // What is left to be settled is of the end, whenever it is done.
    world.point(over);
    Ok((lives, tracks))
}

/// Ends in an orderly way: strategies stop, the weather clears, and guards compare once more what is left before they stop too.
async fn end(world: &World, life: Life) {
    life.stop_trading();
    world.sky.clear();
    beat_until(world, world.time.now().plus(RECONCILE * 2)).await;
    world.time.settle().await;
    world.time.release();
    life.stop().await;
}

/// Time passes, and streams are told that they live.
async fn beat_until(world: &World, until: Timestamp) {
    loop {
        let next = world.time.now().plus(BEAT);
        if next >= until {
            break;
        }
        world.time.come_to(next).await;
        world.places.iter().for_each(|place| place.venue.beat());
        world.time.settle().await;
    }
    world.time.come_to(until).await;
}

/// The streams of the venue whose price came first are cut.
fn cut(world: &World, moment: &Moment) {
    let place = moment.prices.first().and_then(|price| world.market(price.market)).map(|(place, _)| place);
    if let Some(place) = place {
        world.incident("stream_cut", format!("{}: the venue has cut the streams", place.account.id));
        place.venue.cut_streams();
    }
}
