//! Composed orders, from their first part to their last, dying at every call on the way: the next process goes on.

use crate::books::{self, Expected};
use crate::dying::{Death, Fuse};
use crate::world::{World, account, btc, settings};
use plimsoll_engine::PositionManager;
use plimsoll_exchange::ClosingOrders;
use plimsoll_ports::domain::{ClientOrderId, Direction, Leverage, OrderType, Quantity, TimeInForce};
use plimsoll_ports::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What is composed, and how it is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Bracket,
    IcebergOpens,
    IcebergCloses,
    TwapOpens,
    TwapCloses,
    OcoTakesProfit,
    OcoStops,
    Trails,
}

/// What happens from one look to the next.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Price(&'static str),
    Pass(u64),
}

use Happening::{Pass, Price};

fn opening(size: &str) -> Opening {
    Opening {
        quantity: size.parse().unwrap(),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At("45000".parse().unwrap()),
        take_profit: Some("60000".parse().unwrap()),
    }
}

fn held_before() -> OpenIntent {
    let Opening { quantity, leverage, stop_loss, take_profit } = opening("0.05");
    OpenIntent { symbol: btc(), direction: Direction::Long, quantity, leverage, stop_loss, take_profit }
}

impl Order {
    const ALL: [Self; 8] = [
        Self::Bracket,
        Self::IcebergOpens,
        Self::IcebergCloses,
        Self::TwapOpens,
        Self::TwapCloses,
        Self::OcoTakesProfit,
        Self::OcoStops,
        Self::Trails,
    ];

    const fn opens(self) -> bool {
        matches!(self, Self::Bracket | Self::IcebergOpens | Self::TwapOpens)
    }

    fn composed(self) -> ComposedOrder {
        let price = |text: &str| text.parse().unwrap();
        let size = |text: &str| -> Quantity { text.parse().unwrap() };
        let minute = Duration::from_secs(60);
        let kind = match self {
            Self::Bracket => ComposedKind::Bracket {
                opening: opening("0.05"),
                price: price("49000"),
                time_in_force: TimeInForce::Gtc,
            },
            Self::IcebergOpens => ComposedKind::Iceberg {
                trade: SlicedTrade::Open(opening("0.06")),
                price: price("49000"),
                visible: size("0.02"),
            },
            Self::IcebergCloses => ComposedKind::Iceberg {
                trade: SlicedTrade::Close(size("0.03")),
                price: price("51000"),
                visible: size("0.01"),
            },
            Self::TwapOpens => {
                ComposedKind::Twap { trade: SlicedTrade::Open(opening("0.05")), slices: 3, every: minute }
            }
            Self::TwapCloses => {
                ComposedKind::Twap { trade: SlicedTrade::Close(size("0.05")), slices: 2, every: minute }
            }
            Self::OcoTakesProfit | Self::OcoStops => {
                ComposedKind::Oco { quantity: size("0.03"), stop: price("47000"), target: price("55000") }
            }
            Self::Trails => ComposedKind::TrailingStop { distance: "0.02".parse().unwrap(), activation: None },
        };
        ComposedOrder { symbol: btc(), direction: Direction::Long, kind }
    }

    const fn happenings(self) -> &'static [Happening] {
        match self {
            Self::Bracket => &[Price("49500"), Price("48900")],
            Self::IcebergOpens => &[Price("49500"), Price("48900")],
            Self::IcebergCloses => &[Price("50900"), Price("51100")],
            Self::TwapOpens | Self::TwapCloses => &[Pass(20), Pass(41), Price("50100"), Pass(61)],
            Self::OcoTakesProfit => &[Price("54000"), Price("55100")],
            Self::OcoStops => &[Price("48000"), Price("46900")],
            Self::Trails => &[Price("51000"), Price("52000"), Price("51500")],
        }
    }

    /// What is held once it has ended.
    const fn outcome(self) -> &'static str {
        match self {
            Self::Bracket | Self::TwapOpens | Self::Trails => "long 0.05",
            Self::IcebergOpens => "long 0.06",
            Self::IcebergCloses | Self::OcoTakesProfit | Self::OcoStops => "long 0.02",
            Self::TwapCloses => "flat",
        }
    }

    /// Where the stop rests then.
    const fn stop(self) -> &'static str {
        match self {
            Self::Trails => "50960",
            _ => "45000",
        }
    }

    async fn prepare(self, world: &World) {
        if !self.opens() {
            world.healthy(&settings()).open(&held_before()).await.unwrap();
        }
    }

    /// Composes it, and looks after each happening; `at` is how many have happened.
    async fn walk(self, world: &World, manager: &PositionManager, at: &AtomicUsize) {
        manager.compose(&self.composed()).await.unwrap();
        while let Some(happening) = self.happenings().get(at.load(Ordering::SeqCst)) {
            at.fetch_add(1, Ordering::SeqCst);
            happening.happens(world);
            manager.monitor().await.unwrap();
        }
    }
}

impl Happening {
    fn happens(self, world: &World) {
        match self {
            Price(price) => world.price(&btc(), price),
            Pass(seconds) => world.pass(Duration::from_secs(seconds)),
        }
    }
}

/// What is left of its happenings, and time for what is due after them.
async fn go_on(order: Order, world: &World, manager: &PositionManager, at: usize) {
    for happening in &order.happenings()[at.min(order.happenings().len())..] {
        happening.happens(world);
        manager.monitor().await.unwrap();
    }
    for _ in 0..3 {
        world.pass(Duration::from_secs(61));
        manager.monitor().await.unwrap();
    }
}

/// Every promise that is broken once everything has happened.
async fn broken(order: Order, world: &World) -> Vec<String> {
    let expected = Expected { profits: Some((1, 0)) };
    let mut broken = books::broken(world, expected).await;
    broken.extend(books::is_settled(world, &settings()).await);
    let (held, written) = (books::held(world, &btc()).await, written(world).await);
    match &written {
        None => {
            let before = if order.opens() { "flat" } else { "long 0.05" };
            if held != before {
                broken.push(format!("{held} is held, and nothing was composed"));
            }
        }
        Some(entry) => {
            if held != order.outcome() {
                broken.push(format!("{held} is held, not {}", order.outcome()));
            }
            let (is_trailing, is_done) = (order == Order::Trails, entry.state != ComposedState::Working);
            if is_trailing == is_done {
                broken.push(format!("it is {:?}", entry.state));
            }
            broken.extend(books::other_stop(world, &btc(), order.stop()).await);
        }
    }
    broken
}

/// The one that was written down, whatever became of it.
async fn written(world: &World) -> Option<ComposedEntry> {
    let recent = world.store.recent(&account(), 100).await.unwrap();
    let working = world.store.working(&account()).await.unwrap();
    let mut names: Vec<ClientOrderId> = working.into_iter().map(|entry| entry.id).collect();
    let name = |it: &JournalEntry| ClientOrderId::reported(&it.order.client_order_id.as_str()[..25]);
    names.extend(recent.iter().map(name));
    for name in names {
        if let Some(entry) = world.store.composed(&account(), &name).await.unwrap() {
            return Some(entry);
        }
    }
    None
}

async fn every_death(order: Order) -> Vec<(usize, &'static str, Death)> {
    let world = World::new().await;
    order.prepare(&world).await;
    let fuse = Fuse::new(&world, None);
    order.walk(&world, &world.process(&fuse, &settings()), &AtomicUsize::new(0)).await;
    let names = fuse.names();
    let deaths = names.into_iter().enumerate().flat_map(|(number, name)| {
        let late = (name == "place").then_some((number, name, Death::Late));
        [(number, name, Death::Before), (number, name, Death::After)].into_iter().chain(late)
    });
    deaths.collect()
}

async fn survive(order: Order, at: (usize, Death)) -> Vec<String> {
    let world = World::new().await;
    order.prepare(&world).await;
    let (fuse, happened) = (Fuse::new(&world, Some(at)), AtomicUsize::new(0));
    let manager = world.process(&fuse, &settings());
    let ended = fuse.run(order.walk(&world, &manager, &happened)).await;
    drop(manager);
    assert!(ended.is_none(), "{order:?} ended before call {}", at.0);
    let process = world.healthy(&settings());
    process.reconcile().await.unwrap();
    go_on(order, &world, &process, happened.load(Ordering::SeqCst)).await;
    broken(order, &world).await
}

#[tokio::test]
async fn each_comes_to_its_end() {
    for order in Order::ALL {
        let world = World::new().await;
        order.prepare(&world).await;
        let manager = world.healthy(&settings());
        order.walk(&world, &manager, &AtomicUsize::new(0)).await;
        assert_eq!(broken(order, &world).await, Vec::<String>::new(), "{order:?}");
        go_on(order, &world, &manager, usize::MAX).await;
        assert_eq!(broken(order, &world).await, Vec::<String>::new(), "{order:?}, a while later");
    }
}

#[tokio::test]
async fn what_fills_while_nobody_is_there_has_the_stop_that_it_carried() {
    let world = World::of(ClosingOrders::OfPositions, true).await;
    world.healthy(&settings()).compose(&Order::Bracket.composed()).await.unwrap();
    // Nobody of ours is alive.
    world.price(&btc(), "48900");
    let resting = world.broker.open_orders(None).await.unwrap();
    let stops: Vec<_> = resting.iter().map(|it| (it.order_type, it.trigger, it.quantity, it.reduce_only)).collect();
    let (trigger, quantity) = (Some("45000".parse().unwrap()), Some("0.05".parse().unwrap()));
    assert_eq!(stops, [(OrderType::StopMarket, trigger, quantity, true)]);
    let process = world.healthy(&settings());
    process.reconcile().await.unwrap();
    process.monitor().await.unwrap();
    assert_eq!(broken(Order::Bracket, &world).await, Vec::<String>::new());
}

async fn survives_everywhere(order: Order) {
    let deaths = every_death(order).await;
    let mut failures = Vec::new();
    for (number, name, death) in &deaths {
        let broken = survive(order, (*number, *death)).await;
        if !broken.is_empty() {
            failures.push(format!("{order:?}, call {number} ({name}), {death:?}:\n  {}", broken.join("\n  ")));
        }
    }
    println!("{order:?}: {} deaths", deaths.len());
    assert!(failures.is_empty(), "{} of {} deaths:\n{}", failures.len(), deaths.len(), failures.join("\n"));
}

#[tokio::test]
async fn a_bracket_survives_every_death() {
    survives_everywhere(Order::Bracket).await;
}

#[tokio::test]
async fn icebergs_survive_every_death() {
    survives_everywhere(Order::IcebergOpens).await;
    survives_everywhere(Order::IcebergCloses).await;
}

#[tokio::test]
async fn twaps_survive_every_death() {
    survives_everywhere(Order::TwapOpens).await;
    survives_everywhere(Order::TwapCloses).await;
}

#[tokio::test]
async fn a_pair_of_stop_and_target_survives_every_death() {
    survives_everywhere(Order::OcoTakesProfit).await;
    survives_everywhere(Order::OcoStops).await;
}

#[tokio::test]
async fn a_trailing_stop_survives_every_death() {
    survives_everywhere(Order::Trails).await;
}
