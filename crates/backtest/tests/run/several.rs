//! Several strategies on one account, several accounts under one strategy.

use crate::stage::{START, Scripted, account, close, heard, intent, money, open, run, settings};
use plimsoll_backtest::Settings;
use plimsoll_domain::Direction;
use plimsoll_ports::{Decision, Intent, Leg, StrategyView};

#[test]
fn each_strategy_holds_its_own_and_a_stop_closes_both() {
    let first = |number: usize, view: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "48000")],
        1 => {
            assert_eq!(view.accounts[0].holdings[0].position.quantity, crate::stage::size("0.1"));
            Vec::new()
        }
        _ => Vec::new(),
    };
    let second = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.3", "49000")],
        1 => vec![close(Direction::Long, Some("0.1"))],
        _ => Vec::new(),
    };
    let strategies = vec![Scripted::new("first", first), Scripted::new("second", second)];
    let (outcome, _) = run(settings(), strategies, &["50000", "50000", "50000", "48900"]);
    let fills: Vec<(&str, &str, String)> =
        outcome.fills.iter().map(|it| (it.strategy.as_str(), it.role.as_str(), it.fill.quantity.to_string())).collect();
    let expected = [
        ("first", "entry", "0.1"),
        ("second", "entry", "0.3"),
        ("second", "exit", "0.1"),
        ("first", "stop_loss", "0.1"),
        ("second", "stop_loss", "0.2"),
    ];
    assert_eq!(fills, expected.map(|(strategy, role, quantity)| (strategy, role, quantity.to_owned())));
    let booked: plimsoll_domain::Money = outcome.trades.iter().map(plimsoll_backtest::RoundTrip::net).sum();
    assert_eq!(outcome.wallet, money("10000") + booked);
}

#[test]
fn opposite_wishes_of_one_moment_meet_before_the_exchange() {
    let long = Scripted::new("long", |number, _| match number {
        0 => vec![open(Direction::Long, "0.3", "48000")],
        _ => Vec::new(),
    });
    let short = Scripted::new("short", |number, _| match number {
        0 => vec![open(Direction::Short, "0.1", "52000")],
        1 => vec![open(Direction::Short, "0.1", "52000")],
        _ => Vec::new(),
    });
    let told = [long.heard.clone(), short.heard.clone()];
    run(settings(), vec![long, short], &["50000", "50000", "50000", "50000"]);
    assert_eq!(heard(&told[0]), ["entry buy 0.2 at 50000.1"]);
    let expected = [
        "another strategy wants the opposite at this moment",
        "strategy 'long' holds a long of BTC/USDT:USDT on this account",
    ];
    assert_eq!(heard(&told[1]), expected);
}

fn two_accounts() -> Settings {
    Settings::new(START, vec![(account("main"), money("10000")), (account("other"), money("100"))])
}

fn legs(quantity: &str) -> Decision {
    let leg = |on: &str, direction, stop| Leg {
        account: account(on),
        intent: Intent::Open(intent(direction, quantity, stop)),
    };
    let legs = vec![leg("main", Direction::Long, "45000"), leg("other", Direction::Short, "51000")];
    Decision { legs, reason: "both or none".into() }
}

#[test]
fn legs_are_opened_together() {
    let both = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![legs("0.005")],
        _ => Vec::new(),
    };
    let strategy = Scripted::new("both", both).on(&["main", "other"]);
    let told = strategy.heard.clone();
    run(two_accounts(), vec![strategy], &["50000", "50000", "50000"]);
    assert_eq!(heard(&told), ["entry buy 0.005 at 50000.1", "entry sell 0.005 at 50000"]);
}

#[test]
fn where_a_leg_fails_the_other_is_taken_back() {
    let both = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![legs("0.05")],
        _ => Vec::new(),
    };
    let strategy = Scripted::new("both", both).on(&["main", "other"]);
    let told = strategy.heard.clone();
    let (outcome, _) = run(two_accounts(), vec![strategy], &["50000", "50000", "50000"]);
    let told = heard(&told);
    assert_eq!(told[..2], ["entry buy 0.05 at 50000.1", "exit sell 0.05 at 50000"]);
    assert!(told[2].contains("margin"), "{told:?}");
    assert_eq!(outcome.trades.iter().filter(|it| it.closed.is_none()).count(), 0);
}
