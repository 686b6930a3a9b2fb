//! A position's life, told with figures and told once.

use crate::events::*;
use plimsoll_domain::*;

/// Applies an event, checks what it changed, and that a repetition changes nothing.
fn check(state: &mut AccountState, event: AccountEvent, expected: &[&str]) -> Vec<Change> {
    let changes = state.apply(&event);
    assert_eq!(words(&changes), expected, "{event:?}");
    assert_eq!(state.apply(&event), [], "a repeated event changed something: {event:?}");
    changes
}

fn fill_of(state: &mut AccountState, fill: Fill, expected: &[&str]) -> Vec<Change> {
    check(state, AccountEvent::Fill(fill), expected)
}

#[test]
fn fills_open_update_reduce_and_close_a_position() {
    let mut state = AccountState::new();
    let btc = symbol("BTC");
    let held = |state: &AccountState| state.position(&btc, PositionSide::Both).map(|it| it.position);

    let changes = fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    assert_eq!(
        changes[1],
        Change::PositionOpened {
            symbol: btc.clone(),
            position_side: PositionSide::Both,
            position: position("long 2 @ 100")
        }
    );
    fill_of(&mut state, fill(2, 11, "buy 2 @ 110"), &["filled", "position_updated"]);
    assert_eq!(held(&state), Some(position("long 4 @ 105")));

    let changes = fill_of(&mut state, fill(3, 12, "sell 1 @ 125"), &["filled", "position_updated"]);
    let Change::PositionUpdated { before, position: now, realized, .. } = changes[1] else { panic!("{changes:?}") };
    assert_eq!((before, now), (position("long 4 @ 105"), position("long 3 @ 105")));
    assert_eq!(realized, Some(money("20")));

    let changes = fill_of(&mut state, fill(4, 13, "sell 3 @ 95"), &["filled", "position_closed"]);
    let Change::PositionClosed(closed) = &changes[1] else { panic!("{changes:?}") };
    assert_eq!(closed.realized, Some(money("-10")), "20 realised on the way, 30 lost at the end");
    assert_eq!((closed.position, closed.cause), (position("long 3 @ 105"), Some(FillCause::Order)));
    assert_eq!(held(&state), None);
}

#[test]
fn a_flip_closes_one_position_and_opens_another() {
    let mut state = AccountState::new();
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    let changes = fill_of(&mut state, fill(2, 11, "sell 5 @ 110"), &["filled", "position_closed", "position_opened"]);
    let Change::PositionClosed(closed) = &changes[1] else { panic!("{changes:?}") };
    assert_eq!(closed.realized, Some(money("20")));
    let Change::PositionOpened { position: opened, .. } = changes[2] else { panic!("{changes:?}") };
    assert_eq!(opened, position("short 3 @ 110"));
}

#[test]
fn a_report_that_confirms_the_fills_changes_nothing() {
    let mut state = AccountState::new();
    fill_of(&mut state, fill(1, 10, "buy 3 @ 100"), &["filled", "position_opened"]);
    fill_of(&mut state, fill(2, 10, "buy 4 @ 101"), &["filled", "position_updated"]);
    // Ours is 100.571428…; the venue rounds.
    let confirmed = report(10, Some("long 7 @ 100.57143"));
    check(&mut state, AccountEvent::Position(confirmed), &[]);
    let held = state.position(&symbol("BTC"), PositionSide::Both).unwrap();
    assert_eq!(held.position, position("long 7 @ 100.57143"), "the venue's figure stands");
}

#[test]
fn the_report_may_come_before_its_fill() {
    let mut state = AccountState::new();
    let at = |millis, held, realized: &str| {
        let report = PositionReport { realized_pnl: Some(money(realized)), ..report(millis, held) };
        AccountEvent::Position(report)
    };
    check(&mut state, at(10, Some("long 2 @ 100"), "-5"), &["position_opened"]);
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled"]);
    let changes = check(&mut state, at(11, Some("long 1 @ 100"), "3"), &["position_updated"]);
    let Change::PositionUpdated { realized, .. } = changes[0] else { panic!("{changes:?}") };
    assert_eq!(realized, Some(money("8")), "by the venue's running figure");
    let changes = check(&mut state, at(12, None, "0.5"), &["position_closed"]);
    let Change::PositionClosed(closed) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!(closed.realized, Some(money("5.5")), "its own part of the venue's running figure");
    fill_of(&mut state, fill(2, 11, "sell 1 @ 108"), &["filled"]);
    fill_of(&mut state, fill(3, 12, "sell 1 @ 97.5"), &["filled"]);
    assert!(state.positions().next().is_none());
    assert!(!state.needs_resync());
}

#[test]
fn a_close_without_figures_claims_no_profit() {
    let mut state = AccountState::new();
    check(&mut state, AccountEvent::Position(report(10, Some("long 2 @ 100"))), &["position_opened"]);
    let changes = check(&mut state, AccountEvent::Position(report(11, None)), &["position_closed"]);
    let Change::PositionClosed(closed) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!((closed.realized, closed.cause), (None, None));
}

#[test]
fn a_liquidation_by_fills_is_told_as_one() {
    let mut state = AccountState::new();
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    check(&mut state, AccountEvent::MarginCall(warning(18)), &["margin_call"]);
    check(&mut state, AccountEvent::LiquidationWarning(warning(19)), &["liquidation_warning"]);
    let by_force = Fill { cause: FillCause::Liquidation, ..fill(2, 20, "sell 2 @ 80") };
    let changes = fill_of(&mut state, by_force, &["filled", "position_liquidated", "liquidation_executed"]);
    let Change::PositionLiquidated(closed) = &changes[1] else { panic!("{changes:?}") };
    assert_eq!((closed.realized, closed.cause), (Some(money("-40")), Some(FillCause::Liquidation)));
    // The venue's own message about the same close is no second one.
    check(&mut state, AccountEvent::Liquidation(forced(20, Some("2"))), &[]);
}

#[test]
fn a_liquidation_is_told_whichever_message_comes_first() {
    let open = AccountEvent::Position(report(10, Some("long 2 @ 100")));
    let closed = AccountEvent::Position(report(20, None));
    let executed = AccountEvent::Liquidation(forced(20, Some("2")));

    let mut state = AccountState::new();
    check(&mut state, open.clone(), &["position_opened"]);
    check(&mut state, executed.clone(), &["liquidation_executed"]);
    check(&mut state, closed.clone(), &["position_liquidated"]);

    let mut state = AccountState::new();
    check(&mut state, open, &["position_opened"]);
    check(&mut state, closed, &["position_closed"]);
    check(&mut state, executed, &["liquidation_executed", "position_liquidated"]);
}

#[test]
fn a_liquidation_order_explains_the_close_that_follows() {
    let mut state = AccountState::new();
    check(&mut state, AccountEvent::Position(report(10, Some("long 2 @ 100"))), &["position_opened"]);
    let takeover = Order { order_type: OrderType::Liquidation, ..order("x", 19, OrderStatus::New, None) };
    check(&mut state, AccountEvent::Order(takeover), &["order_changed"]);
    check(&mut state, AccountEvent::Position(report(20, None)), &["position_liquidated"]);
}

#[test]
fn deleveraging_warns_and_then_closes() {
    let mut state = AccountState::new();
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    let queue = ForcedClose { level: Some(4), ..forced(15, None) };
    check(&mut state, AccountEvent::Adl(queue), &["adl_warning"]);
    check(&mut state, AccountEvent::Adl(forced(20, Some("1"))), &["adl_executed"]);
    let by_force = Fill { cause: FillCause::Adl, ..fill(2, 20, "sell 1 @ 80") };
    fill_of(&mut state, by_force, &["filled", "position_updated"]);
    let by_force = Fill { cause: FillCause::Adl, ..fill(3, 21, "sell 1 @ 79") };
    let changes = fill_of(&mut state, by_force, &["filled", "position_closed", "adl_executed"]);
    let Change::PositionClosed(closed) = &changes[1] else { panic!("{changes:?}") };
    assert_eq!((closed.cause, closed.realized), (Some(FillCause::Adl), Some(money("-41"))));
}

#[test]
fn funding_is_paid_once_and_a_notice_is_not_a_booking() {
    let mut state = AccountState::new();
    check(&mut state, AccountEvent::Funding(funding(None, 10, "2.5")), &["funding_noticed"]);
    check(&mut state, AccountEvent::Funding(funding(Some("77"), 10, "2.5")), &["funding_paid"]);
    check(&mut state, AccountEvent::Funding(funding(Some("78"), 10, "-1")), &["funding_paid"]);
}

#[test]
fn margin_and_settings_changes_are_told() {
    let mut state = AccountState::new();
    let btc = symbol("BTC");
    let isolated = |millis, margin: &str, leverage| PositionReport {
        isolated_margin: Some(money(margin)),
        leverage: Some(Leverage::new(leverage).unwrap()),
        margin_mode: Some(MarginMode::Isolated),
        ..report(millis, Some("long 2 @ 100"))
    };
    check(&mut state, AccountEvent::Position(isolated(10, "20", 10)), &["position_opened"]);
    check(&mut state, AccountEvent::Position(isolated(11, "25", 10)), &["margin_updated"]);
    check(&mut state, AccountEvent::Position(isolated(12, "25", 8)), &["leverage_changed"]);
    let leverage = Leverage::new(5).unwrap();
    let to_five = AccountEvent::Leverage { symbol: btc.clone(), leverage, stamp: stamp(13) };
    check(&mut state, to_five, &["leverage_changed"]);
    let late = Leverage::new(50).unwrap();
    let to_fifty = AccountEvent::Leverage { symbol: btc.clone(), leverage: late, stamp: stamp(9) };
    check(&mut state, to_fifty, &[]);
    assert_eq!(state.leverage(&btc), Some(leverage));
    let cross = AccountEvent::MarginMode { symbol: btc.clone(), mode: MarginMode::Cross, stamp: stamp(14) };
    check(&mut state, cross, &["margin_mode_changed"]);
    let hedge = AccountEvent::PositionMode { mode: PositionMode::Hedge, stamp: stamp(15) };
    check(&mut state, hedge, &["position_mode_changed"]);
    let top_up = |on, millis| AccountEvent::AutoMargin {
        symbol: btc.clone(),
        position_side: PositionSide::Both,
        on,
        stamp: stamp(millis),
    };
    check(&mut state, top_up(true, 16), &["auto_margin"]);
    check(&mut state, top_up(false, 12), &[]);
    assert!(state.auto_margin(&btc, PositionSide::Both));
}

#[test]
fn a_mark_moves_profit_and_equity() {
    let mut state = AccountState::new();
    check(&mut state, AccountEvent::Balance(balance(10, "1000")), &["balance_changed"]);
    check(&mut state, AccountEvent::Balance(balance(9, "5")), &[]);
    fill_of(&mut state, fill(1, 10, "sell 2 @ 100"), &["filled", "position_opened"]);
    assert_eq!(state.equity(&usdt()), None, "a position without a mark has no known profit");
    let mark = |price: &str, millis| MarkPrice {
        symbol: symbol("BTC"),
        price: price.parse().unwrap(),
        index: None,
        time: ms(millis),
    };
    state.mark(&mark("90", 12));
    assert_eq!(state.equity(&usdt()), Some(money("1020")));
    state.mark(&mark("500", 11));
    assert_eq!(state.equity(&usdt()), Some(money("1020")), "an older mark changes nothing");
    assert_eq!(state.positions().next().unwrap().notional(), Some(money("180")));
}

#[test]
fn a_reduce_only_fill_never_flips_but_asks_for_a_resync() {
    let mut state = AccountState::new();
    let close = Order { reduce_only: true, side: Side::Sell, ..order("o2", 11, OrderStatus::New, None) };
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    check(&mut state, AccountEvent::Order(close), &["order_changed"]);
    fill_of(&mut state, fill(2, 12, "sell 3 @ 110"), &["filled", "position_closed", "resync_needed"]);
    assert!(state.needs_resync());
    check(&mut state, AccountEvent::Snapshot(Box::new(empty_snapshot(13))), &["order_vanished"]);
    assert!(!state.needs_resync());
}

#[test]
fn a_flip_is_taken_back_when_its_order_turns_out_to_be_reduce_only() {
    let mut state = AccountState::new();
    fill_of(&mut state, fill(1, 10, "buy 2 @ 100"), &["filled", "position_opened"]);
    fill_of(&mut state, fill(2, 12, "sell 3 @ 110"), &["filled", "position_closed", "position_opened"]);
    let close = Order { reduce_only: true, side: Side::Sell, ..order("o2", 11, OrderStatus::New, None) };
    check(&mut state, AccountEvent::Order(close), &["order_changed", "position_closed", "resync_needed"]);
    assert!(state.positions().next().is_none());
}

#[test]
fn hedge_legs_are_positions_of_their_own_and_never_flip() {
    let mut state = AccountState::new();
    let leg = |position_side, fill| Fill { position_side, ..fill };
    let long = leg(PositionSide::Long, fill(1, 10, "buy 2 @ 100"));
    let short = leg(PositionSide::Short, fill(2, 11, "sell 3 @ 100"));
    fill_of(&mut state, long, &["filled", "position_opened"]);
    fill_of(&mut state, short, &["filled", "position_opened"]);
    assert_eq!(state.positions().count(), 2);
    let too_much = leg(PositionSide::Long, fill(3, 12, "sell 5 @ 100"));
    fill_of(&mut state, too_much, &["filled", "position_closed", "resync_needed"]);
    let left = state.positions().next().unwrap();
    assert_eq!((left.position_side, left.position), (PositionSide::Short, position("short 3 @ 100")));
}

#[test]
fn absurd_figures_ask_for_a_resync_instead_of_overflowing() {
    let mut state = AccountState::new();
    for id in 0..5 {
        let huge = fill(id, 10 + i64::try_from(id).unwrap(), "buy 100000000000000 @ 10000000000");
        state.apply(&AccountEvent::Fill(Fill { realized_pnl: Some(Money::new(Decimal::MAX)), ..huge }));
    }
    assert!(state.needs_resync());
    let figures = |millis, realized| {
        let report = PositionReport { realized_pnl: Some(Money::new(realized)), ..report(millis, Some("long 1 @ 1")) };
        AccountEvent::Position(report)
    };
    state.apply(&figures(20, Decimal::MIN));
    state.apply(&figures(21, Decimal::MAX));
    state.apply(&AccountEvent::Balance(BalanceReport { wallet: Some(Money::new(Decimal::MAX)), ..balance(22, "1") }));
    state.mark(&MarkPrice { symbol: symbol("BTC"), price: Price::MAX, index: None, time: ms(i64::MAX) });
    assert_eq!(state.equity(&usdt()), Some(Money::new(Decimal::MAX)));
}
