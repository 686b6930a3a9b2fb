//! Every path, dying at every call of it.

use crate::books::{self, Expected};
use crate::dying::{Death, Fuse};
use crate::world::{World, account, btc, eth, settings};
use plimsoll_engine::{FlattenReason, OpenFailure, PositionManager, Settings, UnfinishedFlatten};
use plimsoll_exchange::ClosingOrders;
use plimsoll_ports::domain::{Direction, Leverage, MarginMode, PositionMode, Side, Symbol};
use plimsoll_ports::*;

/// What a process was about when it died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// Opens with stop-loss and take-profit.
    Open,
    /// The same at a venue that takes no stop before there is a position.
    OpenBehind,
    /// The same where the venue attaches one to the entry instead.
    OpenAttached,
    /// Adds to what is open, with a nearer stop.
    Add,
    /// The same at a venue that takes one stop for a position.
    AddInPlace,
    ClosePart,
    CloseWhole,
    /// Flattens two positions.
    Flatten,
    /// Margin is thin: monitoring closes half.
    Reduce,
    /// A stop was hit: monitoring records the end.
    StoppedOut,
    /// The price falls through the stop while the entry is answered, at a venue that takes no stop before there is a
    /// position: the stop is refused, and the position closed again.
    OpenInAFall,
    /// Opens and closes legs in hedge mode.
    OpenLeg,
    CloseLeg,
    /// An earlier process died right after this place of opening.
    Reconcile(&'static str),
    /// The same of closing whole.
    ReconcileClose(&'static str),
}

fn open_intent(symbol: Symbol, direction: Direction, size: &str, stop: &str, profit: Option<&str>) -> OpenIntent {
    OpenIntent {
        symbol,
        direction,
        quantity: size.parse().unwrap(),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(stop.parse().unwrap()),
        take_profit: profit.map(|profit| profit.parse().unwrap()),
    }
}

fn long() -> OpenIntent {
    open_intent(btc(), Direction::Long, "0.05", "45000", Some("60000"))
}

fn short() -> OpenIntent {
    open_intent(eth(), Direction::Short, "0.8", "2900", None)
}

fn close(size: Option<&str>) -> CloseIntent {
    CloseIntent { symbol: btc(), direction: Direction::Long, quantity: size.map(|size| size.parse().unwrap()) }
}

impl Path {
    fn settings(self) -> Settings {
        match self {
            Self::Reduce => Settings { margin_mode: MarginMode::Cross, ..settings() },
            Self::OpenLeg | Self::CloseLeg => Settings { position_mode: PositionMode::Hedge, ..settings() },
            _ => settings(),
        }
    }

    const fn closing_orders(self) -> ClosingOrders {
        match self {
            Self::OpenBehind | Self::OpenAttached | Self::OpenInAFall => ClosingOrders::OfPositions,
            Self::AddInPlace => ClosingOrders::OneOfAKind,
            _ => ClosingOrders::Any,
        }
    }

    fn attaches_stops(self) -> bool {
        self == Self::OpenAttached
    }

    async fn prepare(self, world: &World) {
        if self == Self::OpenInAFall {
            world.fall_after_entry();
        }
        let settings = self.settings();
        let manager = world.healthy(&settings);
        match self {
            Self::Open | Self::OpenBehind | Self::OpenAttached | Self::OpenInAFall | Self::Reconcile(_) => {}
            Self::OpenLeg | Self::CloseLeg => {
                let hedge = open_intent(btc(), Direction::Short, "0.03", "55000", None);
                manager.open(&hedge).await.unwrap();
                if self == Self::CloseLeg {
                    manager.open(&long()).await.unwrap();
                }
            }
            Self::Add | Self::AddInPlace | Self::ClosePart | Self::CloseWhole | Self::ReconcileClose(_) => {
                manager.open(&long()).await.unwrap();
            }
            Self::Flatten => {
                manager.open(&long()).await.unwrap();
                manager.open(&short()).await.unwrap();
            }
            Self::Reduce => {
                let mut intent = open_intent(btc(), Direction::Long, "0.9", "40300", None);
                intent.leverage = Leverage::new(5).unwrap();
                manager.open(&intent).await.unwrap();
                // Equity is little more than what must be kept.
                world.price(&btc(), "40400");
            }
            Self::StoppedOut => {
                manager.open(&long()).await.unwrap();
                world.price(&btc(), "44000");
            }
        }
        match self {
            Self::Reconcile(place) => die_after(world, &settings, Self::Open, place).await,
            Self::ReconcileClose(place) => die_after(world, &settings, Self::CloseWhole, place).await,
            _ => {}
        }
    }

    async fn walk(self, manager: &PositionManager) {
        match self {
            Self::Open | Self::OpenBehind | Self::OpenAttached | Self::OpenLeg => {
                drop(manager.open(&long()).await.unwrap());
            }
            Self::OpenInAFall => {
                let outcome = manager.open(&long()).await;
                assert!(matches!(outcome, Err(OpenFailure::Unprotected { .. })), "{outcome:?}");
            }
            Self::Add | Self::AddInPlace => {
                let more = open_intent(btc(), Direction::Long, "0.03", "47000", Some("60000"));
                drop(manager.open(&more).await.unwrap());
            }
            Self::ClosePart => drop(manager.close(&close(Some("0.02"))).await.unwrap()),
            Self::CloseWhole | Self::CloseLeg => drop(manager.close(&close(None)).await.unwrap()),
            Self::Flatten => {
                let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "holiday".to_owned() };
                assert!(manager.flatten_all(reason).await.is_confirmed());
            }
            Self::Reduce | Self::StoppedOut => drop(manager.monitor().await.unwrap()),
            Self::Reconcile(_) | Self::ReconcileClose(_) => drop(manager.reconcile().await.unwrap()),
        }
    }

    /// What may be held of BTC and ETH afterwards, wherever it died.
    const fn outcomes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Open | Self::OpenBehind | Self::OpenAttached | Self::Reconcile(_) => {
                &[("flat", "flat"), ("long 0.05", "flat")]
            }
            Self::Add | Self::AddInPlace => &[("long 0.05", "flat"), ("long 0.08", "flat")],
            Self::ClosePart => &[("long 0.05", "flat"), ("long 0.03", "flat")],
            Self::CloseWhole | Self::ReconcileClose(_) => &[("long 0.05", "flat"), ("flat", "flat")],
            // Nothing had been sent, or it is finished.
            Self::Flatten => &[("long 0.05", "short 0.8"), ("flat", "flat")],
            Self::Reduce => &[("long 0.9", "flat"), ("long 0.45", "flat")],
            Self::StoppedOut | Self::OpenInAFall => &[("flat", "flat")],
            Self::OpenLeg | Self::CloseLeg => &[("short 0.03", "flat"), ("long 0.05 short 0.03", "flat")],
        }
    }

    const fn expected(self) -> Expected {
        match self {
            Self::Reduce => Expected { profits: Some((0, 0)) },
            // A leg has one, the other none: counted by hand where it matters.
            Self::OpenLeg | Self::CloseLeg => Expected { profits: None },
            _ => Expected { profits: Some((1, 0)) },
        }
    }
}

/// A process dies right after the last call of this name.
async fn die_after(world: &World, settings: &Settings, path: Path, place: &str) {
    let trial = World::new().await;
    if path == Path::CloseWhole {
        trial.healthy(settings).open(&long()).await.unwrap();
    }
    let names = calls_of(&trial, settings, path).await;
    let at = names.iter().position(|name| *name == place).unwrap();
    let fuse = Fuse::new(world, Some((at, Death::After)));
    let manager = world.process(&fuse, settings);
    assert!(fuse.run(path.walk(&manager)).await.is_none());
}

/// The calls of a path that nobody interrupts.
async fn calls_of(world: &World, settings: &Settings, path: Path) -> Vec<&'static str> {
    let fuse = Fuse::new(world, None);
    path.walk(&world.process(&fuse, settings)).await;
    fuse.names()
}

/// Every call of the path, with each way to die at it.
async fn every_death(path: Path) -> Vec<(usize, Death)> {
    let world = World::of(path.closing_orders(), path.attaches_stops()).await;
    path.prepare(&world).await;
    let names = calls_of(&world, &path.settings(), path).await;
    assert!(!names.is_empty(), "{path:?} calls nothing");
    let deaths = names.iter().enumerate().flat_map(|(number, name)| {
        let late = (*name == "place").then_some((number, Death::Late));
        [(number, Death::Before), (number, Death::After)].into_iter().chain(late)
    });
    deaths.collect()
}

/// What happens between the death and the next process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// The price falls through the stop.
    Fall,
    /// A person closes what is held.
    ClosedByHand,
    /// A person sells twice what is held.
    ReversedByHand,
}

impl Meanwhile {
    async fn happen(self, world: &World) {
        let held = world.broker.positions().await.unwrap().into_iter().find(|it| it.symbol == btc());
        let held = held.and_then(|report| report.position);
        match (self, held) {
            (Self::Fall, _) => world.price(&btc(), "44000"),
            (Self::ClosedByHand, Some(held)) => world.by_hand(&btc(), Side::Sell, held.quantity),
            (Self::ReversedByHand, Some(held)) => world.by_hand(&btc(), Side::Sell, held.quantity + held.quantity),
            (Self::Nothing | Self::ClosedByHand | Self::ReversedByHand, _) => {}
        }
    }
}

/// Dies there, recovers, and answers every broken promise.
async fn survive(path: Path, at: (usize, Death), meanwhile: Meanwhile) -> Vec<String> {
    let world = World::of(path.closing_orders(), path.attaches_stops()).await;
    path.prepare(&world).await;
    let settings = path.settings();
    let fuse = Fuse::new(&world, Some(at));
    let manager = world.process(&fuse, &settings);
    let ended = fuse.run(path.walk(&manager)).await;
    drop(manager);
    // What an entry carried is asked for as long as the entry takes: of a quicker one the last questions are not asked, and
    // what outlived them keeps the same promises.
    assert!(ended.is_none() || path == Path::OpenAttached, "{path:?} ended before call {}", at.0);
    meanwhile.happen(&world).await;
    let process = world.healthy(&settings);
    process.reconcile().await.unwrap();
    if path == Path::OpenInAFall {
        // The price may have fallen through the stop that was just placed.
        process.monitor().await.unwrap();
    }
    if meanwhile == Meanwhile::ReversedByHand {
        // What a person holds has no stop of ours; a late order of ours may have met it.
        return books::broken_records(&world).await;
    }
    let mut broken = books::broken(&world, path.expected()).await;
    broken.extend(books::is_settled(&world, &settings).await);
    if matches!(path, Path::Add | Path::AddInPlace) && books::held(&world, &btc()).await == "long 0.08" {
        broken.extend(books::other_stop(&world, &btc(), "47000").await);
    }
    if path == Path::OpenAttached && meanwhile == Meanwhile::Fall {
        let ended = world.store.by_status(&account(), PositionStatus::Closed).await.unwrap();
        let reasons = ended.iter().filter_map(|it| it.closed.as_ref()).map(|it| it.reason.as_str());
        broken.extend(reasons.filter(|it| *it != "stop_loss").map(|it| format!("it was stopped out, not closed {it}")));
    }
    if meanwhile != Meanwhile::Nothing {
        return broken;
    }
    let held = (books::held(&world, &btc()).await, books::held(&world, &eth()).await);
    if !path.outcomes().iter().any(|(bitcoin, ether)| (held.0.as_str(), held.1.as_str()) == (*bitcoin, *ether)) {
        broken.push(format!("{held:?} is held"));
    }
    broken
}

/// Dies at every call of the path, in every way.
async fn survives_everywhere(path: Path) {
    survives(path, Meanwhile::Nothing).await;
}

/// The same, while something else happens before the next process is there.
async fn survives(path: Path, meanwhile: Meanwhile) {
    let deaths = every_death(path).await;
    let world = World::of(path.closing_orders(), path.attaches_stops()).await;
    path.prepare(&world).await;
    let names = calls_of(&world, &path.settings(), path).await;
    let mut failures = Vec::new();
    for (number, death) in &deaths {
        let broken = survive(path, (*number, *death), meanwhile).await;
        if !broken.is_empty() {
            failures.push(format!(
                "{path:?}, call {number} ({}), {death:?}:\n  {}",
                names.get(*number).copied().unwrap_or("a later one"),
                broken.join("\n  ")
            ));
        }
    }
    println!("{path:?}, {meanwhile:?}: {} calls, {} deaths", names.len(), deaths.len());
    assert!(failures.is_empty(), "{} of {} deaths:\n{}", failures.len(), deaths.len(), failures.join("\n"));
}

#[tokio::test]
async fn opening_survives_every_death() {
    survives_everywhere(Path::Open).await;
}

#[tokio::test]
async fn opening_with_the_stop_behind_the_entry_survives_every_death() {
    survives_everywhere(Path::OpenBehind).await;
}

#[tokio::test]
async fn opening_with_the_stop_attached_to_the_entry_survives_every_death() {
    survives_everywhere(Path::OpenAttached).await;
}

#[tokio::test]
async fn opening_with_the_stop_attached_survives_deaths_and_what_happens_before_the_next_process() {
    survives(Path::OpenAttached, Meanwhile::Fall).await;
    survives(Path::OpenAttached, Meanwhile::ClosedByHand).await;
}

#[tokio::test]
async fn adding_survives_every_death() {
    survives_everywhere(Path::Add).await;
}

#[tokio::test]
async fn adding_where_one_stop_is_taken_survives_every_death() {
    survives_everywhere(Path::AddInPlace).await;
}

#[tokio::test]
async fn closing_a_part_survives_every_death() {
    survives_everywhere(Path::ClosePart).await;
}

#[tokio::test]
async fn closing_whole_survives_every_death() {
    survives_everywhere(Path::CloseWhole).await;
}

#[tokio::test]
async fn flattening_survives_every_death() {
    survives_everywhere(Path::Flatten).await;
}

#[tokio::test]
async fn reducing_survives_every_death() {
    survives_everywhere(Path::Reduce).await;
}

#[tokio::test]
async fn recording_a_stop_that_was_hit_survives_every_death() {
    survives_everywhere(Path::StoppedOut).await;
}

#[tokio::test]
async fn reconciling_an_opening_survives_every_death() {
    for place in ["intend", "place", "update", "record", "open"] {
        let names = names_of_opening().await;
        if names.contains(&place) {
            survives_everywhere(Path::Reconcile(place)).await;
        }
    }
}

#[tokio::test]
async fn a_stop_that_is_refused_survives_every_death() {
    survives_everywhere(Path::OpenInAFall).await;
}

#[tokio::test]
async fn hedge_legs_survive_every_death() {
    survives_everywhere(Path::OpenLeg).await;
    survives_everywhere(Path::CloseLeg).await;
}

#[tokio::test]
async fn a_fall_after_the_death_finds_nothing_open_and_everything_recorded() {
    for path in [Path::Open, Path::Add, Path::ClosePart, Path::CloseWhole] {
        survives(path, Meanwhile::Fall).await;
    }
}

#[tokio::test]
async fn a_close_by_hand_after_the_death_is_recorded() {
    for path in [Path::Open, Path::Add, Path::ClosePart, Path::CloseWhole] {
        survives(path, Meanwhile::ClosedByHand).await;
    }
}

#[tokio::test]
async fn a_reversal_by_hand_after_the_death_is_recorded_as_two_positions() {
    for path in [Path::Open, Path::Add, Path::ClosePart, Path::CloseWhole] {
        survives(path, Meanwhile::ReversedByHand).await;
    }
}

async fn names_of_opening() -> Vec<&'static str> {
    let world = World::new().await;
    calls_of(&world, &settings(), Path::Open).await
}

#[tokio::test]
async fn reconciling_a_close_survives_every_death() {
    for place in ["intend", "place", "close"] {
        survives_everywhere(Path::ReconcileClose(place)).await;
    }
}

#[tokio::test]
async fn a_flattening_that_was_cut_short_is_finished_or_told() {
    let names = {
        let world = World::new().await;
        Path::Flatten.prepare(&world).await;
        calls_of(&world, &settings(), Path::Flatten).await
    };
    let first_close = names.iter().position(|name| *name == "place").unwrap();
    for (policy, is_flat) in [(UnfinishedFlatten::Finish, true), (UnfinishedFlatten::Tell, false)] {
        let world = World::new().await;
        Path::Flatten.prepare(&world).await;
        let settings = Settings { unfinished_flatten: policy, ..settings() };
        let fuse = Fuse::new(&world, Some((first_close, Death::After)));
        let manager = world.process(&fuse, &settings);
        assert!(fuse.run(Path::Flatten.walk(&manager)).await.is_none());
        let reconciliation = world.healthy(&settings).reconcile().await.unwrap();
        let half = reconciliation.flattening.expect("it is found");
        assert_eq!(half.outcome.is_some(), is_flat);
        let open = world.store.by_status(&account(), PositionStatus::Open).await.unwrap();
        assert_eq!(open.is_empty(), is_flat, "{policy:?}");
    }
}
