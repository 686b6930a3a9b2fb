//! What a seed decides beforehand.

use crate::fault::{self, Rule};
use crate::fuse::Death;
use crate::market::Contract;
use crate::random::Random;
use crate::step::{Composes, Composition, Deed, Entry, Event, Hand, Step};
use plimsoll_domain::{Decimal, Direction, MarginMode, PositionMode};
use plimsoll_exchange::ClosingOrders;
use std::fmt;
use std::time::Duration;

/// The account, the steps and what goes wrong.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    pub(crate) position_mode: PositionMode,
    pub(crate) margin_mode: MarginMode,
    /// How long after one look the next one begins.
    pub(crate) interval: Duration,
    pub(crate) steps: Vec<Step>,
    /// Which orders that close a whole position the venue takes.
    pub(crate) closing_orders: ClosingOrders,
    /// The venue attaches a stop to an entry.
    pub(crate) attaches_stops: bool,
    /// Its guard has a lookout, and hears of what happens; else it looks by the clock alone.
    pub(crate) has_lookout: bool,
    /// Nothing goes wrong with any call, and all of them take the same time.
    pub(crate) is_fair: bool,
    /// The process dies once more when everything is done.
    pub(crate) ends_with_a_death: bool,
}

impl Plan {
    /// What this seed says.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::of(seed, "trial");
        let mut steps = Random::of(seed, "trial steps");
        let mut storms = Random::of(seed, "trial storms");
        let mut dialect = Random::of(seed, "trial dialect");
        // Whatever is not known of a venue is met both ways.
        let closing_orders = match dialect.between(0, 9) {
            0 | 1 => ClosingOrders::OfPositions,
            2 | 3 => ClosingOrders::OneOfAKind,
            _ => ClosingOrders::Any,
        };
        // Of those that take none before there is a position, every second one attaches one instead.
        let attaches_stops = closing_orders == ClosingOrders::OfPositions && dialect.percent(50);
        let count = steps.between(6, 16);
        // One seed in twenty has fair weather.
        let is_fair = storms.percent(5);
        let mut storm = Vec::new();
        let step = |number| {
            if !is_fair && storms.percent(45) {
                storm = if storms.percent(60) { fault::storm(&mut storms) } else { Vec::new() };
            }
            step(&mut steps, number, storm.clone())
        };
        Self {
            seed,
            position_mode: random.pick(&[PositionMode::OneWay, PositionMode::Hedge]),
            margin_mode: random.pick(&[MarginMode::Isolated, MarginMode::Cross]),
            interval: Duration::from_secs(random.pick(&[5, 10, 20, 30])),
            steps: (0..count).map(step).collect(),
            closing_orders,
            attaches_stops,
            ends_with_a_death: random.percent(50),
            has_lookout: random.percent(60),
            is_fair,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modes = (self.position_mode, self.margin_mode);
        let eyes = if self.has_lookout { ", and is woken" } else { "" };
        let fair = if self.is_fair { ", in fair weather" } else { "" };
        writeln!(f, "seed {}: {modes:?}, looks every {:?}{eyes}{fair}", self.seed, self.interval)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2} {step}", number + 1)?;
        }
        write!(f, "     {}", if self.ends_with_a_death { "dies, and starts again" } else { "lives on" })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Open,
    Compose,
    CancelComposed,
    ClosePart,
    CloseWhole,
    Flatten,
    Reconcile,
    Cancel,
    Leverage,
    Margin,
    Kill,
    Restart,
    Watch,
}

fn step(random: &mut Random, number: u64, storm: Vec<Rule>) -> Step {
    let kinds = [
        (26, Kind::Open),
        (22, Kind::Compose),
        (4, Kind::CancelComposed),
        (8, Kind::ClosePart),
        (8, Kind::CloseWhole),
        (3, Kind::Flatten),
        (4, Kind::Reconcile),
        (4, Kind::Cancel),
        (3, Kind::Leverage),
        (3, Kind::Margin),
        (4, Kind::Kill),
        (4, Kind::Restart),
        (22, Kind::Watch),
    ];
    let kind = if number == 0 { random.pick(&[Kind::Open, Kind::Compose]) } else { random.weighed(&kinds) };
    let deed = deed(random, kind);
    let death = random.percent(18).then(|| match random.between(0, 3) {
        0 => Death::Before(random.scale(6)),
        1 | 2 => Death::After(random.scale(6)),
        _ => Death::Later(Duration::from_millis(random.scale(14))),
    });
    let meanwhile = random.percent(15).then(|| (Duration::from_millis(random.scale(11)), sudden(random)));
    let beside = random.percent(12).then(|| {
        let kind = random.pick(&[
            Kind::Open,
            Kind::Compose,
            Kind::CancelComposed,
            Kind::CloseWhole,
            Kind::Flatten,
            Kind::Kill,
            Kind::Reconcile,
        ]);
        self::deed(random, kind)
    });
    let clock = random.percent(12).then(|| match random.between(0, 4) {
        0 | 1 => 0,
        2 => -7000,
        3 => 7000,
        _ => random.pick(&[-600_000, -60_000, 30_000]),
    });
    // As many short ones as long ones, from a second to an hour or two.
    let watch = Duration::from_secs(random.scale(12));
    match deed {
        Deed::Watch(_) | Deed::Restart => {
            Step { deed, beside: None, meanwhile: None, death: None, storm, clock, watch }
        }
        _ => Step { deed, beside, meanwhile, death, storm, clock, watch },
    }
}

fn contract(random: &mut Random) -> Contract {
    random.pick(&Contract::ALL)
}

fn direction(random: &mut Random) -> Direction {
    random.pick(&[Direction::Long, Direction::Short])
}

fn deed(random: &mut Random, kind: Kind) -> Deed {
    match kind {
        Kind::Open => Deed::Open(entry(random, 100)),
        Kind::Compose => Deed::Compose(composition(random)),
        Kind::CancelComposed => Deed::CancelComposed { which: random.next() },
        Kind::ClosePart => Deed::Close { which: random.next(), share: Some(random.share(500, 9500)) },
        Kind::CloseWhole => Deed::Close { which: random.next(), share: None },
        Kind::Flatten => Deed::Flatten,
        Kind::Reconcile => Deed::Reconcile,
        Kind::Cancel => Deed::Cancel { which: random.next() },
        Kind::Leverage => Deed::Leverage {
            contract: contract(random),
            leverage: u32::try_from(random.pick(&[1, 3, 5, 10, 20])).unwrap_or(1),
        },
        Kind::Margin => {
            Deed::Margin { which: random.next(), amount: i64::try_from(random.between(0, 60)).unwrap_or(0) - 20 }
        }
        Kind::Kill => Deed::Kill(random.pick(&[Hand::Here, Hand::Elsewhere, Hand::Both])),
        Kind::Restart => Deed::Restart,
        Kind::Watch => Deed::Watch(event(random)),
    }
}

fn entry(random: &mut Random, least: u64) -> Entry {
    Entry {
        contract: contract(random),
        direction: direction(random),
        notional: random.between(least, 4000),
        leverage: u32::try_from(random.pick(&[1, 2, 3, 5, 10, 20])).unwrap_or(1),
        stop: random.percent(85).then(|| random.share(80, 300)),
        target: random.percent(50).then(|| random.share(80, 500)),
        limit: random.percent(15).then(|| random.share(0, 50)),
        releases: random.percent(80),
    }
}

fn composition(random: &mut Random) -> Composition {
    let kinds = [Composes::Bracket, Composes::Iceberg, Composes::Twap, Composes::Oco, Composes::TrailingStop];
    let kind = random.pick(&kinds);
    let away = match kind {
        Composes::TrailingStop | Composes::Oco => random.share(30, 300),
        // One in five takes at once.
        _ if random.percent(20) => -random.share(0, 20),
        _ => random.share(1, 60),
    };
    Composition {
        kind,
        entry: entry(random, 600),
        closes: random.percent(25).then(|| random.next()),
        share: random.share(2000, 10_000),
        parts: u16::try_from(random.between(2, 6)).unwrap_or(2),
        every: Duration::from_secs(random.scale(8)),
        away,
        relies_on_a_stop: random.percent(10),
    }
}

fn event(random: &mut Random) -> Event {
    match random.weighed(&[(6, 0_u8), (4, 1), (3, 2), (3, 3), (2, 5), (3, 6)]) {
        0 => sudden(random),
        1 => Event::Triggers { which: random.next(), beyond: random.share(0, 400) },
        2 => Event::Liquidates { which: random.next() },
        3 => Event::SettlesFunding,
        5 => Event::RestsByHand { contract: contract(random), direction: direction(random) },
        _ => Event::Transfers(i64::try_from(random.between(0, 400)).unwrap_or(0) - 100),
    }
}

/// What may happen in the midst of something.
fn sudden(random: &mut Random) -> Event {
    match random.weighed(&[(5, 0_u8), (3, 1), (2, 2)]) {
        0 => {
            let by = random.share(0, 400);
            Event::Jumps { contract: contract(random), by: if random.percent(50) { by } else { -by } }
        }
        1 => Event::Triggers { which: random.next(), beyond: random.share(0, 400) },
        _ => {
            let share = random.share(1000, 10_000).min(Decimal::ONE);
            Event::TradesByHand { which: random.next(), share, adds: random.percent(30) }
        }
    }
}
