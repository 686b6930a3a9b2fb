//! Orders: the report that is furthest on stands.

use crate::events::*;
use plimsoll_domain::OrderStatus::*;
use plimsoll_domain::*;

fn apply(state: &mut AccountState, order: Order) -> Vec<Change> {
    state.apply(&AccountEvent::Order(order))
}

fn open_filled(state: &AccountState) -> Vec<Option<Quantity>> {
    state.open_orders().map(|order| order.filled).collect()
}

#[test]
fn a_cumulative_update_replaces_and_is_not_added() {
    let mut state = AccountState::new();
    apply(&mut state, order("1", 10, New, None));
    let part = Fill { order_id: OrderId::new("1"), ..fill(1, 11, "buy 2 @ 100") };
    state.apply(&AccountEvent::Fill(part));
    apply(&mut state, order("1", 11, PartiallyFilled, Some("2")));
    assert_eq!(open_filled(&state), [Some("2".parse().unwrap())]);
    apply(&mut state, order("1", 12, PartiallyFilled, Some("3")));
    assert_eq!(open_filled(&state), [Some("3".parse().unwrap())]);
}

#[test]
fn a_late_new_never_brings_back_a_finished_order() {
    for end in [Filled, Canceled, Expired, Rejected] {
        let mut state = AccountState::new();
        let changes = apply(&mut state, order("1", 12, end, Some("5")));
        assert_eq!(words(&changes), ["order_changed"]);
        assert_eq!(apply(&mut state, order("1", 10, New, None)), []);
        assert_eq!(apply(&mut state, order("1", 99, PartiallyFilled, Some("4"))), [], "not even with a later stamp");
        assert_eq!(state.open_orders().count(), 0);
    }
}

#[test]
fn orders_change_status_once_each() {
    let mut state = AccountState::new();
    let steps =
        [(New, None, None), (PartiallyFilled, Some("2"), Some(New)), (Filled, Some("5"), Some(PartiallyFilled))];
    for (at, (status, filled, expected)) in (10..).zip(steps) {
        let update = order("1", at, status, filled);
        let changes = apply(&mut state, update.clone());
        assert_eq!(changes, [Change::OrderChanged { order: update.clone(), before: expected }]);
        assert_eq!(apply(&mut state, update), []);
    }
}

#[test]
fn an_amended_price_is_a_change_and_an_older_one_is_not() {
    let mut state = AccountState::new();
    let amended = Order { price: Some("101".parse().unwrap()), ..order("1", 12, New, None) };
    assert_eq!(words(&apply(&mut state, order("1", 10, New, None))), ["order_changed"]);
    assert_eq!(words(&apply(&mut state, amended.clone())), ["order_changed"]);
    assert_eq!(apply(&mut state, order("1", 11, New, None)), []);
    assert_eq!(state.open_orders().next(), Some(&amended));
}

#[test]
fn conditional_orders_have_ids_of_their_own() {
    let mut state = AccountState::new();
    let stop = Order { order_type: OrderType::StopMarket, ..order("1", 10, New, None) };
    apply(&mut state, stop.clone());
    apply(&mut state, order("1", 11, Filled, Some("5")));
    assert_eq!(state.open_orders().collect::<Vec<_>>(), [&stop]);
    let id = OrderId::new("1");
    assert_eq!(state.order_by_id(&symbol("BTC"), true, &id), Some(&stop));
    assert_eq!(state.order_by_id(&symbol("BTC"), false, &id).map(|order| order.status), Some(Filled));
}

#[test]
fn a_triggered_order_is_its_child_whatever_comes_first() {
    let conditional = |at, status| Order { order_type: OrderType::StopMarket, ..order("9", at, status, None) };
    let triggered = Order { child: Some(OrderId::new("1")), ..conditional(11, New) };
    let finished = Order { child: triggered.child.clone(), ..conditional(13, Filled) };
    let (child, child_filled) = (order("1", 11, New, None), order("1", 12, Filled, Some("5")));
    let waiting = conditional(10, New);
    for reports in [[&waiting, &triggered, &child], [&child, &waiting, &triggered], [&triggered, &child, &waiting]] {
        let mut state = AccountState::new();
        for report in reports {
            apply(&mut state, report.clone());
        }
        assert_eq!(state.open_orders().collect::<Vec<_>>(), [&child]);
        assert_eq!(state.order_by_id(&symbol("BTC"), true, &OrderId::new("9")), Some(&triggered));
        // The child ends before its conditional order is said to have: nothing rests.
        apply(&mut state, child_filled.clone());
        assert_eq!(state.open_orders().count(), 0);
        assert_eq!(words(&apply(&mut state, finished.clone())), ["order_changed"]);
        assert_eq!(state.open_orders().count(), 0);
    }
}

#[test]
fn thousands_of_finished_orders_are_forgotten_without_rising_again() {
    let mut state = AccountState::new();
    for id in 0..5000 {
        let changes = apply(&mut state, order(&id.to_string(), id, Filled, Some("5")));
        assert_eq!(words(&changes), ["order_changed"], "order {id}");
    }
    for id in 0..5000 {
        assert_eq!(apply(&mut state, order(&id.to_string(), id, New, None)), [], "order {id} rose again");
        assert_eq!(apply(&mut state, order(&id.to_string(), id, Filled, Some("5"))), [], "order {id} was told twice");
    }
    assert_eq!(words(&apply(&mut state, order("new", 5000, New, None))), ["order_changed"]);
}

#[test]
fn thousands_of_fills_add_up_without_any_report() {
    let mut state = AccountState::new();
    let fills = |id: u64| {
        fill(id, i64::try_from(id).unwrap(), if id.is_multiple_of(3) { "sell 1 @ 90" } else { "buy 1 @ 100" })
    };
    for id in 1..=20_000 {
        assert_eq!(state.apply(&AccountEvent::Fill(fills(id))).len(), 2, "fill {id}");
    }
    for id in (1..=20_000).step_by(7) {
        assert_eq!(state.apply(&AccountEvent::Fill(fills(id))), [], "fill {id} was counted twice");
    }
    let held = state.position(&symbol("BTC"), PositionSide::Both).unwrap().position;
    assert_eq!(held.quantity, (13_334 - 6_666).to_string().parse().unwrap());
    assert!(!state.needs_resync());
}
