//! A guard that is woken by what its account tells.

mod attention;
mod connections;
mod scene;

use crate::venue::{btc, price, size};
use plimsoll_engine::{Alone, ClientOrderIds, ForeignPolicy, GuardSettings, Settings};
use plimsoll_exchange::ClosingOrders;
use plimsoll_ports::domain::{AccountId, Direction, Leverage, MarginMode, OrderType, Side, TimeInForce};
use plimsoll_ports::{Broker, Clock, ComposedKind, ComposedOrder, Opening, Purpose, StopLoss};
use scene::{HOURS, at_ease, at_ease_where, begin_with, hand, paper, seldom, with_a_position};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
async fn a_start_reads_the_account_once_until_it_is_connected() {
    let mut scene = begin_with(|it| it, Arc::new(Alone), BTreeMap::new(), seldom(), paper);
    scene.until("watched").await;
    scene.until("connected").await;
    let asked = scene.asked();
    // What the stream reads itself is not asked of the broker.
    assert_eq!(asked.get("account"), Some(&1), "to compare the books, and to look by: {asked:?}");
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
    // The ratio crosses 0.7, where it is told; and then goes on to where a part of it is closed.
    scene.pass(2, "45250").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("thin_margin")), "{told:?}");
    assert_eq!(scene.broker.positions().await.unwrap()[0].position.unwrap().quantity, size("0.1"), "{told:?}");
    scene.pass(20, "45217").await;
    let told = scene.until("watched").await;
    assert!(told.iter().any(|it| it.contains("thin_margin")), "{told:?}");
    let held = scene.broker.positions().await.unwrap()[0].position.unwrap();
    assert_eq!((held.direction, held.quantity), (Direction::Long, size("0.07")), "{told:?}");
}

#[tokio::test]
async fn isolated_margin_of_others_that_stays_thin_hurries_nobody() {
    let watches = |trading| Settings { foreign: ForeignPolicy::Watch, ..trading };
    let mut scene = begin_with(watches, Arc::new(Alone), BTreeMap::new(), GuardSettings::default(), paper);
    scene.broker.set_leverage(&btc(), Leverage::new(10).unwrap()).await.unwrap();
    scene.broker.set_margin_mode(&btc(), MarginMode::Isolated).await.unwrap();
    scene.trade(&hand("hand-1"), Side::Buy, "0.1").await;
    scene.rest_a_stop("40000").await;
    scene.until("marks flow").await;
    scene.pass(61, "50000").await;
    // The ratio is 0.81 from now on, and theirs to mend.
    scene.pass(61, "45217").await;
    scene.heard();
    scene.pass(240, "45217").await;
    let told = scene.heard();
    assert_eq!(told.iter().filter(|it| it.starts_with("watched")).count(), 4, "one a minute: {told:?}");
    assert!(!told.iter().any(|it| it.starts_with("woken")), "{told:?}");
    assert_eq!(scene.broker.positions().await.unwrap()[0].position.unwrap().quantity, size("0.1"));
    scene.stop.stop();
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

/// 0.02 long at 49,000 or better, with stop and target.
fn bracket() -> ComposedOrder {
    let opening = Opening {
        quantity: size("0.02"),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price("45000")),
        take_profit: Some(price("60000")),
    };
    let kind = ComposedKind::Bracket { opening, price: price("49000"), time_in_force: TimeInForce::Gtc };
    ComposedOrder { symbol: btc(), direction: Direction::Long, kind }
}

#[tokio::test]
async fn a_bracket_that_fills_while_the_records_are_away_is_protected_all_the_same() {
    let mut scene = at_ease().await;
    scene.pass(5, "49000").await;
    scene.manager.compose(&bracket()).await.unwrap();
    scene.settled().await;
    scene.store.tables().down = true;
    scene.sell_into("49000", "0.01").await;
    scene.until("filled").await;
    scene.settled().await;
    let resting = scene.broker.open_orders(None).await.unwrap();
    assert!(resting.iter().any(|it| it.order_type == OrderType::StopMarket), "{resting:?}");
    scene.stop.stop();
}

#[tokio::test]
async fn a_bracket_that_fills_had_its_stop_before() {
    let mut scene = at_ease().await;
    scene.pass(5, "49000").await;
    let progress = scene.manager.compose(&bracket()).await.unwrap();
    assert_eq!((progress.sent.len(), progress.protected.len(), progress.ended), (2, 1, None));
    scene.settled().await;
    let stops = |scene: &scene::Scene| {
        scene.view.borrow().orders.iter().filter(|it| it.order_type == OrderType::StopMarket).count()
    };
    assert_eq!(stops(&scene), 1, "before anything has filled");
    scene.asked();
    scene.heard();
    scene.sell_into("49000", "0.01").await;
    scene.until("filled").await;
    scene.settled().await;
    assert_eq!((scene.asked_in_order().contains(&"cancel"), stops(&scene)), (false, 1), "the same one rests on");
    scene.stop.stop();
}

#[tokio::test]
async fn a_bracket_that_fills_is_protected_before_anything_is_asked() {
    let mut scene = at_ease_where(ClosingOrders::OfPositions).await;
    scene.pass(5, "49000").await;
    let progress = scene.manager.compose(&bracket()).await.unwrap();
    assert_eq!((progress.sent.len(), progress.protected.len(), progress.ended), (2, 0, None), "its stop was refused");
    scene.settled().await;
    scene.asked();
    scene.heard();

    // Half of it fills, against somebody who sells at this price.
    scene.sell_into("49000", "0.01").await;
    scene.until("filled").await;
    scene.settled().await;
    assert_eq!(scene.asked_in_order().first_chunk(), Some(&["place", "order"]), "the stop, and how it reads back");
    let stops = |scene: &scene::Scene| {
        scene.view.borrow().orders.iter().filter(|it| it.order_type == OrderType::StopMarket).count()
    };
    assert_eq!(stops(&scene), 1);

    scene.pass(5, "48900").await;
    scene.until("watched 1").await;
    scene.pass(5, "48900").await;
    let resting = scene.broker.open_orders(None).await.unwrap();
    let kinds: Vec<OrderType> = resting.iter().map(|it| it.order_type).collect();
    assert_eq!(kinds, [OrderType::StopMarket, OrderType::TakeProfitMarket], "one of each, for all of it");
    assert_eq!(scene.manager.working().await.unwrap(), []);
    let told = scene.heard();
    assert!(!told.iter().any(|it| it.contains("stop_not_placed")), "{told:?}");
    let open = scene.store.tables().positions.clone();
    assert_eq!((open.len(), open[0].opened.quantity, open[0].opened.strategy.as_str()), (1, size("0.02"), "bracket"));
    scene.stop.stop();
}

#[tokio::test]
async fn a_stop_that_was_sent_at_once_and_never_arrived_is_sent_again_as_soon_as_that_is_certain() {
    let mut scene = at_ease_where(ClosingOrders::OfPositions).await;
    scene.pass(5, "49000").await;
    scene.manager.compose(&bracket()).await.unwrap();
    scene.settled().await;
    scene.stops_to_lose.store(1, Ordering::SeqCst);
    scene.sell_into("49000", "0.01").await;
    scene.until("filled").await;
    scene.settled().await;
    assert_eq!(scene.stops_to_lose.load(Ordering::SeqCst), 0, "it was sent, and is lost");
    scene.heard();

    // The guard has looked while it was on its way, and would look in two hours.
    let window = scene.manager.settings().patience.window.as_secs();
    scene.pass(window + 5, "48900").await;
    let told = scene.heard();
    assert!(told.contains(&"woken stop_not_placed".to_owned()), "{told:?}");
    let stops = scene.broker.open_orders(None).await.unwrap();
    assert_eq!(stops.iter().filter(|it| it.order_type == OrderType::StopMarket).count(), 1, "{stops:?}");
    scene.stop.stop();
}
