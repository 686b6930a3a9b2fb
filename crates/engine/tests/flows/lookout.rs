//! A guard that is woken by what its account tells.

mod connections;
mod scene;

use crate::venue::{btc, size};
use plimsoll_engine::ClientOrderIds;
use plimsoll_ports::domain::{AccountId, Direction, Leverage, MarginMode, Side};
use plimsoll_ports::{Broker, Clock, Purpose};
use scene::{HOURS, at_ease, hand, with_a_position};

#[tokio::test]
async fn a_quiet_account_is_asked_for_nothing_but_audits() {
    let mut scene = with_a_position().await;
    scene.asked();
    scene.pass(240, "50000").await;
    let told = scene.heard();
    let looks = told.iter().filter(|it| it.starts_with("watched")).count();
    assert!(!told.iter().any(|it| it.starts_with("woken")), "{told:?}");
    assert_eq!(looks, 4, "one a minute: {told:?}");
    // A look and a comparison a minute; once in five minutes the view is held against the venue and the list is read.
    let looks = [("account", 9), ("bookings", 4), ("fills", 4), ("funding_payments", 8), ("instrument", 8)];
    let expected = looks.into_iter().chain([("instruments", 1)]);
    assert_eq!(scene.asked(), expected.collect());
    scene.stop.stop();
}

#[tokio::test]
async fn what_others_do_is_looked_at_at_once() {
    let mut scene = at_ease().await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.until("position_opened").await;
    scene.pass(1, "50000").await;
    let told = scene.until("reconciled").await;
    assert!(told.iter().any(|it| it.starts_with("woken") && it.contains("traded_elsewhere")), "{told:?}");
    assert!(told.iter().any(|it| it == "watched 1"), "{told:?}");
    assert_eq!(scene.store.tables().positions.len(), 1, "it is adopted");
    scene.stop.stop();
    scene.until("stopped").await;
}

#[tokio::test]
async fn what_another_process_of_ours_does_wakes_nobody() {
    let mut scene = at_ease().await;
    let ids = ClientOrderIds::of_process(&AccountId::new("main"), 7);
    let id = ids.intent(scene.venue.clock().now()).order(Purpose::Entry, 0);
    scene.trade(&id, Side::Buy, "0.01").await;
    scene.until("position_opened").await;
    scene.pass(10, "50000").await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.02").await;
    scene.pass(1, "50000").await;
    let told = scene.until("woken").await;
    assert!(!told.iter().any(|it| it.starts_with("watched")), "the first look is for what was done by hand: {told:?}");
}

#[tokio::test]
async fn margin_that_becomes_thin_between_two_looks_is_looked_at_at_once_and_by_the_step() {
    let mut scene = at_ease().await;
    scene.broker.set_leverage(&btc(), Leverage::new(10).unwrap()).await.unwrap();
    scene.broker.set_margin_mode(&btc(), MarginMode::Isolated).await.unwrap();
    scene.trade(&hand("hand-1"), Side::Buy, "0.1").await;
    scene.until("marks flow").await;
    scene.pass(5, "50000").await;
    scene.until("reconciled").await;
    // The ratio crosses 0.8, where it is told; and then goes on to where half of it is closed.
    scene.pass(2, "45217").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("position_margin_ratio")), "{told:?}");
    scene.pass(20, "45205").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("thin_margin")), "{told:?}");
    let held = scene.broker.positions().await.unwrap()[0].position.unwrap();
    assert_eq!((held.direction, held.quantity), (Direction::Long, size("0.05")), "{told:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nobody_from_looking() {
    let mut scene = with_a_position().await;
    *scene.clock.back.lock().unwrap() = HOURS;
    scene.pass(120, "50000").await;
    let told = scene.heard();
    assert_eq!(told.iter().filter(|it| it.starts_with("watched")).count(), 2, "one a minute: {told:?}");
    assert_eq!(told.iter().filter(|it| *it == "reconciled").count(), 2, "one a minute: {told:?}");
    scene.stop.stop();
}
