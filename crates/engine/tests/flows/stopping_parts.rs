//! What is done in parts, once trading is stopped.

use crate::desk::{Desk, desk, desk_with, long, manager};
use crate::venue::{Fault, btc, eth, money, price, size};
use plimsoll_engine::{Action, FlattenReason, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{AccountId, ClientOrderId, Direction, MarginMode, OrderType, Symbol, TimeInForce};
use plimsoll_ports::{
    Clock, ComposedEnd, ComposedKind, ComposedOrder, ComposedState, OpenIntent, Opening, OrderJournal, RefusalReason,
    SlicedTrade, StopLoss,
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn opening(quantity: &str, stop_loss: StopLoss) -> Opening {
    Opening { quantity: size(quantity), leverage: long().leverage, stop_loss, take_profit: None }
}

/// Half an ETH at 1,990 or better; the mark is 2,000.
fn bracket() -> (Symbol, ComposedKind) {
    let opening = opening("0.5", StopLoss::At(price("1800")));
    (eth(), ComposedKind::Bracket { opening, price: price("1990"), time_in_force: TimeInForce::Gtc })
}

/// 0.008 BTC more in four steps, under the stop that rests.
fn twap() -> (Symbol, ComposedKind) {
    let trade = SlicedTrade::Open(opening("0.008", StopLoss::Resting));
    (btc(), ComposedKind::Twap { trade, slices: 4, every: MINUTE })
}

fn closing_twap() -> (Symbol, ComposedKind) {
    let trade = SlicedTrade::Close(size("0.02"));
    (btc(), ComposedKind::Twap { trade, slices: 2, every: MINUTE })
}

fn oco() -> (Symbol, ComposedKind) {
    (btc(), ComposedKind::Oco { quantity: size("0.01"), stop: price("46000"), target: price("55000") })
}

fn trailing() -> (Symbol, ComposedKind) {
    (btc(), ComposedKind::TrailingStop { distance: "0.05".parse().unwrap(), activation: None })
}

/// Long, each of them, by its name.
async fn compose<const N: usize>(desk: &Desk, orders: [(Symbol, ComposedKind); N]) -> Vec<ClientOrderId> {
    let mut names = Vec::new();
    for (symbol, kind) in orders {
        let progress = desk.manager.compose(&ComposedOrder { symbol, direction: Direction::Long, kind }).await.unwrap();
        assert_eq!((progress.ended.as_ref(), progress.troubles.len()), (None, 0), "{progress:?}");
        names.push(progress.id);
    }
    names
}

/// 0.04 BTC, under a stop.
fn held_first() -> OpenIntent {
    OpenIntent { quantity: size("0.04"), ..long() }
}

async fn working(desk: &Desk) -> Vec<ClientOrderId> {
    desk.store.working(&AccountId::new("main")).await.unwrap().into_iter().map(|entry| entry.id).collect()
}

fn end_of(desk: &Desk, id: &ClientOrderId) -> (ComposedEnd, String) {
    let tables = desk.store.tables();
    let entry = tables.composed.iter().find(|entry| entry.id == *id).unwrap();
    let ComposedState::Ended { how, reason } = entry.state.clone() else { panic!("it goes on") };
    (how, reason)
}

fn rests(desk: &Desk, id: &ClientOrderId) -> bool {
    desk.venue.state().open.iter().any(|order| order.client_order_id.as_str().starts_with(id.as_str()))
}

fn held(desk: &Desk) -> Option<String> {
    desk.venue.position(&btc()).map(|held| held.quantity.to_string())
}

fn wanted() -> FlattenReason {
    FlattenReason::Wanted { by: "ana".to_owned(), reason: "holiday".to_owned() }
}

#[tokio::test]
async fn the_kill_switch_ends_what_opens_in_parts_and_nothing_that_closes_or_protects() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    let openings = compose(&desk, [bracket(), twap()]).await;
    let others = compose(&desk, [oco(), trailing(), closing_twap()]).await;
    desk.manager.engage_kill_switch("ana", "storm").await;
    let outcome = desk.manager.cancel_entries().await;
    assert_eq!((outcome.ended, outcome.remaining), (openings.clone(), Some(Vec::new())));
    assert_eq!(outcome.cancelled.len(), 1, "only the bracket's entry rested");
    assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
    assert_eq!(working(&desk).await, others);
    for id in &openings {
        assert_eq!(end_of(&desk, id), (ComposedEnd::Canceled, "the kill switch is engaged".to_owned()));
        assert!(!rests(&desk, id));
    }
    assert!(rests(&desk, &others[0]) && rests(&desk, &others[1]), "the stop, the target and the trailing stop");
    assert_eq!(desk.store.events("composed_ended").len(), 2);

    // What was opened is protected, and what closes it goes on.
    assert_eq!(held(&desk).as_deref(), Some("0.032"), "40, 2 opened, 10 closed");
    desk.venue.sleep(MINUTE).await;
    desk.manager.monitor().await.unwrap();
    assert_eq!(held(&desk).as_deref(), Some("0.022"));
    assert_eq!(working(&desk).await, others[..2]);
}

#[tokio::test]
async fn what_opened_in_parts_when_trading_was_stopped_does_not_begin_again_by_itself() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    let openings = compose(&desk, [bracket(), twap()]).await;
    let other = manager(&desk.venue, &desk.store, |it| it);
    other.engage_kill_switch("ana", "storm").await;
    desk.venue.sleep(MINUTE).await;
    other.release_kill_switch("ana", "it is over").await.unwrap();
    let before = held(&desk);
    // Nobody has looked meanwhile, and a slice is due.
    let report = desk.manager.monitor().await.unwrap();
    assert!(report.composed.iter().all(|it| it.sent.is_empty() && it.ended.is_some()), "{:?}", report.composed);
    for id in &openings {
        assert_eq!(end_of(&desk, id), (ComposedEnd::Canceled, "the kill switch was engaged".to_owned()));
        assert!(!rests(&desk, id));
    }
    assert_eq!(held(&desk), before);

    // What is placed after the release is carried on.
    let again = compose(&desk, [twap()]).await;
    desk.venue.sleep(MINUTE).await;
    desk.manager.monitor().await.unwrap();
    assert_eq!((working(&desk).await, held(&desk).as_deref()), (again, Some("0.046")), "two slices of 2 more");
}

#[tokio::test]
async fn a_flattening_ends_everything_that_is_done_in_parts() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    let all = compose(&desk, [bracket(), twap(), oco(), trailing(), closing_twap()]).await;
    let flattened = desk.manager.flatten_all(wanted()).await;
    assert!(flattened.is_confirmed() && flattened.troubles.is_empty(), "{flattened:?}");
    assert_eq!(flattened.ended, all);
    assert!(working(&desk).await.is_empty());
    desk.venue.sleep(MINUTE * 5).await;
    desk.manager.monitor().await.unwrap();
    assert!(desk.venue.state().held.is_empty() && desk.venue.state().open.is_empty());
}

#[tokio::test]
async fn what_protects_a_position_that_could_not_be_closed_goes_on() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    let openings = compose(&desk, [bracket(), twap()]).await;
    let others = compose(&desk, [oco(), trailing()]).await;
    for _ in 0..6 {
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    }
    let flattened = desk.manager.flatten_all(wanted()).await;
    assert!(!flattened.is_confirmed());
    assert_eq!((flattened.ended, working(&desk).await), (openings, others.clone()));
    assert!(others.iter().all(|id| rests(&desk, id)));
    let (positions, orders) = flattened.remaining.unwrap();
    assert_eq!(
        (positions.len(), orders.len()),
        (1, 3),
        "the pair and the trailing stop, which is instead of the first"
    );
}

/// The answer to the next market order is lost, and the order looked up for a while.
fn hold_the_next_answer(desk: &Desk) {
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    desk.venue.state().unknown = 3;
    desk.venue.state().hide_fills = true;
}

#[tokio::test]
async fn a_part_that_was_under_way_while_trading_was_stopped_adds_nothing() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    hold_the_next_answer(&desk);
    let other = manager(&desk.venue, &desk.store, |it| it);
    let (symbol, kind) = twap();
    let order = ComposedOrder { symbol, direction: Direction::Long, kind };
    let engage = async {
        let troubles = other.engage_kill_switch("ana", "storm").await;
        desk.venue.state().hide_fills = false;
        troubles
    };
    let (progress, troubles) = tokio::join!(desk.manager.compose(&order), engage);
    let progress = progress.unwrap();
    assert!(troubles.is_empty() && progress.troubles.is_empty(), "{troubles:?} {:?}", progress.troubles);
    assert_eq!(progress.sent.len(), 1, "it was on its way");
    assert_eq!(held(&desk).as_deref(), Some("0.04"), "as before");
    let event = &desk.store.events("taken_back")[0];
    assert_eq!((event.figure, event.action.as_str()), (Some("0.002".parse().unwrap()), "closed"));
    assert_eq!(end_of(&desk, &progress.id).0, ComposedEnd::Canceled);
    assert_eq!(desk.venue.state().open.len(), 1, "the stop of what was held before rests on");
    let report = desk.manager.monitor().await.unwrap();
    assert!(report.unexplained.is_empty() && report.composed.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_part_that_was_under_way_while_everything_was_closed_is_closed_as_well() {
    let desk = desk();
    desk.open(&held_first()).await.unwrap();
    hold_the_next_answer(&desk);
    let (symbol, kind) = twap();
    let order = ComposedOrder { symbol, direction: Direction::Long, kind };
    let flatten = async {
        let flattened = desk.manager.flatten_all(wanted()).await;
        desk.venue.state().hide_fills = false;
        flattened
    };
    let (progress, flattened) = tokio::join!(desk.manager.compose(&order), flatten);
    assert_eq!(progress.unwrap().sent.len(), 1);
    assert!(flattened.is_confirmed(), "{flattened:?}");
    assert!(desk.venue.state().held.is_empty() && desk.venue.state().open.is_empty());
    assert!(working(&desk).await.is_empty());
}

/// In cross margin, with only the loss of the day to speak: 500 of 10,000.
fn cross(settings: Settings) -> Settings {
    let limits = LimitSettings { max_drawdown: money("100000"), ..LimitSettings::default() };
    Settings { margin_mode: MarginMode::Cross, limits: RiskLimits::new(limits).unwrap(), ..settings }
}

#[tokio::test]
async fn a_loss_that_a_look_finds_ends_what_opens_in_parts_at_once() {
    let desk = desk_with(cross);
    desk.manager.monitor().await.unwrap();
    let bracket = compose(&desk, [bracket()]).await;
    desk.open(&OpenIntent { stop_loss: StopLoss::At(price("30000")), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "39000");
    desk.close().await.unwrap();
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Stopped { .. }), "{:?}", report.action);
    assert!(working(&desk).await.is_empty() && !rests(&desk, &bracket[0]));
    assert_eq!(end_of(&desk, &bracket[0]).0, ComposedEnd::Canceled);
}
