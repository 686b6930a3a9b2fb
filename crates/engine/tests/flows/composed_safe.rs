//! What keeps orders that go on from doing harm: their limits, their ends, and whoever else is at them.

use crate::desk::{Desk, desk, long, manager};
use crate::venue::{btc, price, size};
use plimsoll_engine::ComposeFailure;
use plimsoll_ports::domain::{Direction, OrderType, TimeInForce};
use plimsoll_ports::{ComposedKind, ComposedOrder, ComposedState, Opening, SlicedTrade, StopLoss};
use std::time::Duration;

fn opening(quantity: &str, stop: &str) -> Opening {
    Opening {
        quantity: size(quantity),
        leverage: long().leverage,
        stop_loss: StopLoss::At(price(stop)),
        take_profit: None,
    }
}

fn of_btc(kind: ComposedKind) -> ComposedOrder {
    ComposedOrder { symbol: btc(), direction: Direction::Long, kind }
}

fn bracket(quantity: &str, limit: &str, stop: &str) -> ComposedOrder {
    let opening = opening(quantity, stop);
    of_btc(ComposedKind::Bracket { opening, price: price(limit), time_in_force: TimeInForce::Gtc })
}

fn twap() -> ComposedOrder {
    let (trade, every) = (SlicedTrade::Open(opening("0.03", "45000")), Duration::from_secs(60));
    of_btc(ComposedKind::Twap { trade, slices: 3, every })
}

fn entries(desk: &Desk) -> usize {
    desk.venue.state().calls.iter().filter(|call| *call == "place market buy").count()
}

#[tokio::test]
async fn a_stop_that_would_fire_at_the_limit_is_refused() {
    let desk = desk();
    // Below the mark of 50,000, but not below the limit.
    let refused = desk.manager.compose(&bracket("0.02", "49000", "49500")).await;
    let Err(ComposeFailure::Nonsense(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("49500") && why.contains("49000"), "{why}");
    let refused = desk.manager.compose(&bracket("0.0205", "49000", "45000")).await;
    assert!(matches!(refused, Err(ComposeFailure::Nonsense(_))), "half a lot: {refused:?}");
    assert!(desk.store.tables().composed.is_empty());
}

#[tokio::test]
async fn a_part_that_was_long_in_setting_up_is_judged_anew_before_it_is_sent() {
    let desk = desk();
    desk.venue.state().leverage_takes = Duration::from_secs(11);
    desk.manager.compose(&twap()).await.unwrap();
    assert_eq!(entries(&desk), 0, "what it was judged by is of eleven seconds ago");
    desk.manager.monitor().await.unwrap();
    assert_eq!(entries(&desk), 1);
}

#[tokio::test]
async fn whoever_waits_for_one_order_carries_on_no_other() {
    let desk = desk();
    desk.manager.compose(&twap()).await.unwrap();
    let waiting = manager(&desk.venue, &desk.store, |it| it);
    let own = waiting.compose(&bracket("0.005", "48000", "45000")).await.unwrap();
    waiting.carry_only(&own.id);
    let later = desk.venue.state().now.plus(Duration::from_secs(61));
    desk.venue.state().now = later;
    waiting.monitor().await.unwrap();
    assert_eq!(entries(&desk), 1, "the slice that is due is somebody else's");
    desk.manager.monitor().await.unwrap();
    assert_eq!(entries(&desk), 2);
}

#[tokio::test]
async fn what_has_filled_of_an_order_that_is_ended_has_its_stop_when_that_is_said() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket("0.02", "49000", "45000")).await.unwrap();
    {
        let mut state = desk.venue.state();
        let entry = state.open[0].client_order_id.clone();
        state.open[0].filled = Some(size("0.008"));
        drop(state);
        desk.venue.open_as(&entry, &btc(), Direction::Long, "0.008");
    }
    desk.manager.cancel_composed(&placed.id, "ana").await.unwrap();
    let resting: Vec<_> = desk.venue.state().open.iter().map(|it| (it.order_type, it.trigger)).collect();
    assert_eq!(resting, [(OrderType::StopMarket, Some(price("45000")))]);
}

#[tokio::test]
async fn no_part_is_sent_before_what_protects_it_is_written_down() {
    let desk = desk();
    // It is written down itself, and its protection is not: whoever took it has died before it could take it back.
    desk.store.tables().takes_no_orders = true;
    desk.manager.compose(&bracket("0.02", "49000", "45000")).await.unwrap_err();
    {
        let mut tables = desk.store.tables();
        tables.takes_no_orders = false;
        tables.composed[0].state = ComposedState::Working;
    }
    let written = |desk: &Desk| {
        let tables = desk.store.tables();
        (tables.composed.len(), tables.journal.len())
    };
    assert_eq!(written(&desk), (1, 0));
    desk.manager.monitor().await.unwrap();
    let purposes: Vec<_> = desk.store.tables().journal.iter().map(|it| it.purpose.as_str()).collect();
    assert_eq!(purposes, ["stop_loss", "entry"]);
}

#[tokio::test]
async fn an_order_whose_protection_cannot_be_written_down_is_not_taken_and_nobody_carries_it_on() {
    let desk = desk();
    desk.store.tables().takes_no_orders = true;
    let refused = desk.manager.compose(&bracket("0.02", "49000", "45000")).await;
    assert!(matches!(refused, Err(ComposeFailure::Records(_))), "{refused:?}");
    desk.store.tables().takes_no_orders = false;
    desk.manager.monitor().await.unwrap();
    let sent: Vec<_> = desk.venue.state().calls.iter().filter(|call| call.starts_with("place")).cloned().collect();
    assert!(sent.is_empty(), "{sent:?}");
}

#[tokio::test]
async fn an_order_that_was_written_down_goes_on_though_the_answer_was_lost() {
    let desk = desk();
    desk.store.tables().loses_composed = true;
    let placed = desk.manager.compose(&bracket("0.02", "49000", "45000")).await.unwrap();
    assert_eq!(placed.ended, None);
    assert_eq!(desk.venue.state().open.iter().filter(|order| order.order_type == OrderType::Limit).count(), 1);
}

#[tokio::test]
async fn where_nobody_can_tell_whether_an_order_was_written_down_that_is_what_is_said() {
    let desk = desk();
    {
        let mut tables = desk.store.tables();
        (tables.loses_composed, tables.falls_with_composed) = (true, true);
    }
    let failed = desk.manager.compose(&bracket("0.02", "49000", "45000")).await;
    let Err(ComposeFailure::NotKnownWritten { id, .. }) = failed else { panic!("{failed:?}") };
    desk.store.tables().down = false;
    assert!(desk.manager.composed(&id).await.unwrap().is_some(), "it was, and goes on");
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.venue.state().open.iter().filter(|order| order.order_type == OrderType::Limit).count(), 1);
}
