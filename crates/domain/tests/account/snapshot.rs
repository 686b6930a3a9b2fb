//! A snapshot is the truth of its time, and only of its time.

use crate::events::*;
use plimsoll_domain::OrderStatus::*;
use plimsoll_domain::*;

fn snapshot(millis: i64, held: Option<&str>, orders: Vec<Order>, wallet: &str) -> AccountEvent {
    AccountEvent::Snapshot(Box::new(AccountSnapshot {
        positions: held.map(|held| report(0, Some(held))).into_iter().collect(),
        orders,
        balances: vec![balance(0, wallet)],
        ..empty_snapshot(millis)
    }))
}

#[test]
fn what_a_snapshot_does_not_list_is_gone() {
    let mut state = AccountState::new();
    state.apply(&AccountEvent::Fill(fill(1, 10, "buy 2 @ 100")));
    state.apply(&AccountEvent::Order(order("1", 11, New, None)));
    state.apply(&AccountEvent::Balance(balance(12, "50")));
    let changes = state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(20))));
    assert_eq!(words(&changes), ["position_closed", "order_vanished", "balance_changed"]);
    assert_eq!(state.balance(&usdt()).wallet, Some(Money::ZERO));
    assert_eq!((state.positions().count(), state.open_orders().count()), (0, 0));
    assert_eq!(state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(20)))), []);
}

#[test]
fn what_came_before_a_snapshot_is_contained_in_it() {
    let mut state = AccountState::new();
    let listed = order("1", 11, PartiallyFilled, Some("1"));
    let changes = state.apply(&snapshot(20, Some("long 3 @ 100"), vec![listed.clone()], "990"));
    assert_eq!(words(&changes), ["position_opened", "order_changed", "balance_changed"]);
    assert_eq!(words(&state.apply(&AccountEvent::Fill(fill(1, 19, "buy 3 @ 100")))), ["filled"]);
    assert_eq!(words(&state.apply(&AccountEvent::Fill(fill(2, 20, "sell 9 @ 100")))), ["filled"]);
    assert_eq!(state.apply(&AccountEvent::Position(report(20, None))), []);
    assert_eq!(state.apply(&AccountEvent::Balance(balance(15, "1"))), []);
    assert_eq!(state.apply(&AccountEvent::Order(order("1", 10, New, None))), []);
    assert_eq!(state.apply(&AccountEvent::Order(order("2", 18, New, None))), [], "it ended before the snapshot");
    assert_eq!(state.open_orders().collect::<Vec<_>>(), [&listed]);
    assert_eq!(state.positions().next().unwrap().position, position("long 3 @ 100"));
}

#[test]
fn what_came_after_a_snapshot_is_kept() {
    let mut state = AccountState::new();
    state.apply(&AccountEvent::Fill(fill(2, 21, "sell 1 @ 110")));
    state.apply(&AccountEvent::Order(order("2", 22, New, None)));
    state.apply(&AccountEvent::Balance(balance(23, "1000")));
    state.apply(&snapshot(20, Some("long 3 @ 100"), vec![], "990"));
    assert_eq!(state.positions().next().unwrap().position, position("long 2 @ 100"));
    assert_eq!(state.open_orders().count(), 1);
    assert_eq!(state.balance(&usdt()).wallet, Some(money("1000")));
    assert!(!state.needs_resync());
}

#[test]
fn a_part_that_was_read_later_than_the_snapshot_began_holds_what_came_between() {
    let mut state = AccountState::new();
    let mut read_at_25 = empty_snapshot(20);
    read_at_25.positions.push(report(25, Some("long 3 @ 100")));
    state.apply(&AccountEvent::Snapshot(Box::new(read_at_25)));
    state.apply(&AccountEvent::Fill(fill(1, 24, "buy 3 @ 100")));
    assert_eq!(state.positions().next().unwrap().position, position("long 3 @ 100"));
}

#[test]
fn an_older_snapshot_changes_nothing() {
    let mut state = AccountState::new();
    state.apply(&snapshot(20, Some("long 3 @ 100"), vec![], "990"));
    let before = Seen::of(&state);
    let late = snapshot(10, Some("short 1 @ 90"), vec![order("1", 5, New, None)], "7");
    assert_eq!(state.apply(&late), []);
    assert_eq!(Seen::of(&state), before);
}

#[test]
fn only_a_snapshot_as_new_as_the_gap_ends_the_doubt() {
    let mut state = AccountState::new();
    assert_eq!(words(&state.lose_track(ms(20))), ["resync_needed"]);
    assert_eq!(state.lose_track(ms(20)), []);
    state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(19))));
    assert!(state.needs_resync());
    state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(20))));
    assert!(!state.needs_resync());
    assert_eq!(state.lose_track(ms(15)), [], "what was lost before the snapshot is in it");
}

#[test]
fn only_a_complete_state_has_an_age() {
    let mut state = AccountState::new();
    state.apply(&AccountEvent::Balance(balance(10, "5")));
    assert_eq!(state.age(ms(12)), None, "there was no snapshot");
    state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(20))));
    assert_eq!(state.age(ms(25)), Some(std::time::Duration::from_millis(5)));
    state.heard(ms(24));
    assert_eq!(state.age(ms(25)), Some(std::time::Duration::from_millis(1)));
    state.lose_track(ms(25));
    assert_eq!(state.age(ms(26)), None, "something was missed");
}

#[test]
fn what_a_snapshot_did_not_list_is_not_made_by_older_news() {
    let mut state = AccountState::new();
    state.apply(&AccountEvent::Snapshot(Box::new(empty_snapshot(20))));
    assert_eq!(state.apply(&AccountEvent::Position(report(19, Some("long 3 @ 100")))), []);
    assert_eq!(words(&state.apply(&AccountEvent::Fill(fill(1, 20, "buy 3 @ 100")))), ["filled"]);
    state.apply(&AccountEvent::Balance(balance(19, "50")));
    assert_eq!(state.positions().count(), 0);
    assert_eq!(state.balance(&usdt()).wallet, Some(Money::ZERO));
    assert_eq!(words(&state.apply(&AccountEvent::Position(report(21, Some("long 3 @ 100"))))), ["position_opened"]);
    state.apply(&AccountEvent::Balance(balance(21, "50")));
    assert_eq!(state.balance(&usdt()).wallet, Some(money("50")));
}
