//! What a seed says: the account, the steps and the faults.

use super::step::{Contract, Deed, Event, Step};
use super::weather;
use super::wire::Wire;
use plimsoll_domain::{Decimal, Direction, MarginMode, PositionMode};
use plimsoll_trial::random::Random;
use plimsoll_venue_server::FaultPlan;
use std::fmt;
use std::time::Duration;

/// Everything that a seed decides beforehand.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The seed.
    pub seed: u64,
    /// Whose wire it goes over.
    pub wire: Wire,
    pub(crate) position_mode: PositionMode,
    pub(crate) margin_mode: MarginMode,
    /// Answers to orders show their fills, as they once did.
    pub(crate) answers_show_fills: bool,
    pub(crate) steps: Vec<Step>,
    /// The process dies once more when everything is done.
    pub(crate) ends_with_a_crash: bool,
    /// What goes wrong at the venue and on the way.
    pub faults: FaultPlan,
}

impl Schedule {
    /// What this seed says.
    #[must_use]
    pub fn of(wire: Wire, seed: u64) -> Self {
        let mut random = Random::of(seed, "schedule");
        let mut steps = Random::of(seed, "steps");
        let count = steps.between(6, 18);
        Self {
            seed,
            wire,
            position_mode: random.pick(&[PositionMode::OneWay, PositionMode::Hedge]),
            margin_mode: random.pick(&[MarginMode::Isolated, MarginMode::Cross]),
            answers_show_fills: random.percent(30),
            steps: (0..count).map(|number| step(&mut steps, number)).collect(),
            ends_with_a_crash: random.percent(50),
            faults: weather::plan(wire, seed),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modes = (self.position_mode, self.margin_mode);
        writeln!(f, "seed {} over {}: {:?}, faults {}", self.seed, self.wire, modes, self.faults)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2} {step}", number + 1)?;
        }
        write!(f, "     {}", if self.ends_with_a_crash { "dies, and starts again" } else { "lives on" })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Open,
    ClosePart,
    CloseWhole,
    Flatten,
    Monitor,
    Reconcile,
    MonitorBesideOpen,
    Cancel,
    Leverage,
    Margin,
    Restart,
    Watch,
}

fn step(random: &mut Random, number: u64) -> Step {
    let kinds = [
        (30, Kind::Open),
        (8, Kind::ClosePart),
        (8, Kind::CloseWhole),
        (3, Kind::Flatten),
        (10, Kind::Monitor),
        (6, Kind::Reconcile),
        (4, Kind::MonitorBesideOpen),
        (4, Kind::Cancel),
        (3, Kind::Leverage),
        (3, Kind::Margin),
        (4, Kind::Restart),
        (22, Kind::Watch),
    ];
    let kind = if number == 0 { Kind::Open } else { random.weighed(&kinds) };
    let deed = deed(random, kind);
    let crash = random.percent(18).then(|| random.scale(8));
    let meanwhile = random.percent(15).then(|| {
        let after = Duration::from_millis(random.between(0, 40));
        (after, sudden(random))
    });
    match deed {
        Deed::Watch(_) | Deed::Restart => Step { deed, crash: None, meanwhile: None },
        _ => Step { deed, crash, meanwhile },
    }
}

fn contract(random: &mut Random) -> Contract {
    random.pick(&[Contract::Bitcoin, Contract::Bitcoin, Contract::Ether])
}

fn direction(random: &mut Random) -> Direction {
    random.pick(&[Direction::Long, Direction::Short])
}

fn deed(random: &mut Random, kind: Kind) -> Deed {
    match kind {
        Kind::Open => Deed::Open {
            contract: contract(random),
            direction: direction(random),
            notional: random.between(100, 3000),
            leverage: u32::try_from(random.pick(&[1, 2, 3, 5, 10, 20])).unwrap_or(1),
            stop: random.percent(85).then(|| random.share(80, 300)),
            target: random.percent(50).then(|| random.share(80, 500)),
            limit: random.percent(10).then(|| random.share(0, 50)),
        },
        Kind::ClosePart => Deed::Close { which: random.next(), share: Some(random.share(500, 9500)) },
        Kind::CloseWhole => Deed::Close { which: random.next(), share: None },
        Kind::Flatten => Deed::Flatten,
        Kind::Monitor => Deed::Monitor,
        Kind::Reconcile => Deed::Reconcile,
        Kind::MonitorBesideOpen => Deed::MonitorBesideOpen {
            contract: contract(random),
            direction: direction(random),
            notional: random.between(100, 2000),
            stop: random.share(80, 300),
        },
        Kind::Cancel => Deed::Cancel { which: random.next() },
        Kind::Leverage => Deed::Leverage {
            contract: contract(random),
            leverage: u32::try_from(random.pick(&[1, 3, 5, 10, 20])).unwrap_or(1),
        },
        Kind::Margin => {
            Deed::Margin { which: random.next(), amount: i64::try_from(random.between(0, 60)).unwrap_or(0) - 20 }
        }
        Kind::Restart => Deed::Restart,
        Kind::Watch => Deed::Watch(event(random)),
    }
}

fn event(random: &mut Random) -> Event {
    match random.weighed(&[(6, 0_u8), (4, 1), (3, 2), (3, 3), (2, 4), (2, 5), (2, 6)]) {
        0 => sudden(random),
        1 => Event::Triggers { which: random.next(), beyond: random.share(0, 30) },
        2 => Event::Liquidates { which: random.next() },
        3 => Event::SettlesFunding,
        4 => Event::Waits(Duration::from_secs(random.scale(12))),
        5 => Event::RestsByHand { contract: contract(random), direction: direction(random) },
        _ => Event::Transfers(i64::try_from(random.between(0, 400)).unwrap_or(0) - 100),
    }
}

/// What may happen in the midst of something.
fn sudden(random: &mut Random) -> Event {
    match random.weighed(&[(5, 0_u8), (3, 1), (2, 2)]) {
        0 => {
            let by = random.share(0, 200);
            Event::Moves { contract: contract(random), by: if random.percent(50) { by } else { -by } }
        }
        1 => Event::Triggers { which: random.next(), beyond: random.share(0, 30) },
        _ => {
            let share = random.share(1000, 10_000).min(Decimal::ONE);
            Event::TradesByHand { which: random.next(), share, adds: random.percent(30) }
        }
    }
}
