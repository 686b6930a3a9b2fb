use crate::events::{balance, fill, ms, order, position, report};
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, AccountState, DifferenceField, OrderStatus, PositionMode, PositionReport,
};

/// At 1,000: long one, an order that rests, and a wallet.
fn snapshot() -> AccountSnapshot {
    AccountSnapshot {
        position_mode: PositionMode::OneWay,
        positions: vec![report(1_000, Some("long 1 @ 100"))],
        orders: vec![order("1", 1_000, OrderStatus::New, None)],
        balances: vec![balance(1_000, "500")],
        time: ms(1_000),
    }
}

fn state() -> AccountState {
    let mut state = AccountState::new();
    state.apply(&AccountEvent::Snapshot(Box::new(snapshot())));
    state
}

/// What the state and a reading of a second later say differently.
fn check(heard: &[AccountEvent], change: impl FnOnce(&mut AccountSnapshot), expected: &[(&str, DifferenceField)]) {
    let mut state = state();
    for event in heard {
        state.apply(event);
    }
    let mut reading = AccountSnapshot { time: ms(2_000), ..snapshot() };
    change(&mut reading);
    let found = state.differences(&reading);
    let found: Vec<_> = found.iter().map(|it| (it.subject.to_string(), it.field)).collect();
    let expected: Vec<_> = expected.iter().map(|(subject, field)| ((*subject).to_owned(), *field)).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_figure_that_differs_is_named() {
    use DifferenceField::{CrossWallet, Existence, Filled, PositionMode as Mode, Size, Status, Wallet};
    let order_1 = format!("order {} 1", order("1", 1_000, OrderStatus::New, None).symbol);
    let position_of = format!("position {} both", report(0, None).symbol);
    check(&[], |_| {}, &[]);
    check(&[], |it| it.position_mode = PositionMode::Hedge, &[("account", Mode)]);
    check(&[], |it| it.positions[0].position = Some(position("long 2 @ 100")), &[(&position_of, Size)]);
    check(&[], |it| it.positions.clear(), &[(&position_of, Existence)]);
    check(&[], |it| it.orders.clear(), &[(&order_1, Existence)]);
    let partly = order("1", 1_500, OrderStatus::PartiallyFilled, Some("0.5"));
    check(&[], |it| it.orders = vec![partly], &[(&order_1, Status), (&order_1, Filled)]);
    check(
        &[],
        |it| it.balances = vec![balance(1_000, "499")],
        &[("balance USDT", Wallet), ("balance USDT", CrossWallet)],
    );
    check(&[], |it| it.balances.clear(), &[("balance USDT", Wallet)]);
}

#[test]
fn what_was_heard_after_the_reading_was_begun_is_no_difference() {
    check(&[AccountEvent::Fill(fill(7, 2_500, "buy 1 @ 100"))], |_| {}, &[]);
    check(&[AccountEvent::Balance(balance(2_500, "400"))], |_| {}, &[]);
    check(&[AccountEvent::Order(order("1", 2_500, OrderStatus::Canceled, None))], |_| {}, &[]);
    let before = [AccountEvent::Order(order("1", 1_500, OrderStatus::Canceled, None))];
    let open = format!("order {} 1", order("1", 1_000, OrderStatus::New, None).symbol);
    check(&before, |_| {}, &[(&open, DifferenceField::Existence)]);
}

#[test]
fn what_a_reading_does_not_carry_is_not_compared() {
    let bare = |report: &PositionReport| PositionReport {
        leverage: None,
        margin_mode: None,
        isolated_margin: None,
        mark_price: None,
        ..report.clone()
    };
    check(&[], |it| it.positions = it.positions.iter().map(bare).collect(), &[]);
}
