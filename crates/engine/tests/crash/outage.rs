//! The database goes away and comes back while positions are opened, reduced, stopped out and closed.

use crate::books;
use crate::flaky::Flaky;
use crate::world::{World, account, btc, settings};
use plimsoll_engine::{ClientOrderIds, OpenFailure, Ports, PositionManager};
use plimsoll_ports::domain::{Direction, Leverage};
use plimsoll_ports::*;
use plimsoll_spool::{Spool, SpoolSettings};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Numbers that a seed gives, always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn process(world: &World, store: &Flaky, path: &Path, number: u64) -> (PositionManager, Spool) {
    let patience = SpoolSettings { retry_after: Duration::ZERO, ..SpoolSettings::default() };
    let spool = Spool::open(path, Arc::new(store.clone()), patience).unwrap();
    let (venue, store) = (Arc::new(world.venue.clone()), Arc::new(spool.clone()));
    let ports = Ports {
        broker: Arc::new(world.broker.clone()),
        feed: venue.clone(),
        funding_rates: venue,
        journal: store.clone(),
        positions: store.clone(),
        trades: store.clone(),
        funding: store.clone(),
        bookings: store.clone(),
        equity: store.clone(),
        risk_events: store.clone(),
        controls: store,
        notifier: Arc::new(world.clone()),
        clock: Arc::new(world.clone()),
    };
    let ids = ClientOrderIds::of_process(&account(), number);
    (PositionManager::new(ports, settings()).with_ids(ids), spool)
}

/// Lives through a seed, and answers what is wrong at its end.
async fn live(seed: u64) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let world = World::new().await;
    let store = Flaky::new(&world.store);
    let (mut manager, mut spool) = process(&world, &store, &path, 0);
    manager.reconcile().await.unwrap();
    let mut dice = Dice(seed);
    let close = |quantity: Option<&str>| CloseIntent {
        symbol: btc(),
        direction: Direction::Long,
        quantity: quantity.map(|size| size.parse().unwrap()),
    };
    for step in 1..25_u64 {
        world.pass(Duration::from_millis(10));
        store.answer(match dice.roll(3) {
            0 => None,
            1 => Some(0),
            // It goes away in the middle of what comes next.
            _ => Some(u32::try_from(dice.roll(30)).unwrap()),
        });
        match dice.roll(8) {
            0..=2 => {
                let intent = OpenIntent {
                    symbol: btc(),
                    direction: Direction::Long,
                    quantity: "0.01".parse().unwrap(),
                    leverage: Leverage::new(5).unwrap(),
                    stop_loss: StopLoss::At("45000".parse().unwrap()),
                    take_profit: None,
                };
                let is_away = store.is_away();
                let outcome = manager.open(&intent).await;
                if is_away && !matches!(outcome, Err(OpenFailure::Records(StoreError::Unreachable(_)))) {
                    return vec![format!("step {step}: opened while the records were away: {outcome:?}")];
                }
            }
            3 => drop(manager.close(&close(Some("0.005"))).await),
            4 => drop(manager.close(&close(None)).await),
            5 => {
                world.price(&btc(), "44900");
                world.price(&btc(), "50000");
            }
            6 => {
                drop((manager, spool));
                (manager, spool) = process(&world, &store, &path, step);
                // Without records it cannot start; what rests, rests.
                let _ = manager.reconcile().await;
            }
            _ => drop(manager.monitor().await.unwrap()),
        }
    }
    store.answer(None);
    let drained = spool.drain().await;
    manager.reconcile().await.unwrap();
    let mut broken = books::broken_records(&world).await;
    broken.extend(drained.err().map(|error| error.to_string()));
    let status = spool.status();
    if status.pending > 0 {
        broken.push(format!("{status:?}"));
    }
    broken.extend(books::is_settled(&world, &settings()).await);
    broken
}

#[tokio::test]
async fn the_books_end_up_as_the_venues_wherever_the_database_goes_away() {
    let mut failures = Vec::new();
    for seed in 0..40 {
        let broken = live(seed).await;
        if !broken.is_empty() {
            failures.push(format!("seed {seed}:\n  {}", broken.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} of 40 seeds:\n{}", failures.len(), failures.join("\n"));
}
