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

#[test]
fn a_fill_that_closes_all_gives_each_exactly_what_it_holds() {
    let hold = |quantity: &'static str| {
        move |number: usize, _: &StrategyView<'_>| match number {
            0 => vec![open(Direction::Long, quantity, "49000")],
            _ => Vec::new(),
        }
    };
    for sizes in [["0.001", "0.002", "0.004"], ["0.001", "0.001", "0.001"], ["0.007", "0.003", "0.001"]] {
        let names = ["first", "second", "third"];
        let strategies = names.into_iter().zip(sizes).map(|(name, size)| Scripted::new(name, hold(size))).collect();
        let (outcome, _) = run(settings(), strategies, &["50000", "50000", "50000", "48900"]);
        let closed: Vec<String> =
            outcome.fills.iter().filter(|it| it.role == "stop_loss").map(|it| it.fill.quantity.to_string()).collect();
        assert_eq!(closed, sizes);
        assert!(outcome.trades.iter().all(|it| it.closed.is_some()), "{:?}", outcome.trades);
        let fees: plimsoll_domain::Money = outcome.fills.iter().map(|it| it.fill.fee).sum();
        assert_eq!(fees, outcome.ledger.fees);
    }
}

#[test]
fn nobody_sees_or_trades_a_market_before_it_has_a_price() {
    use plimsoll_backtest::{Candles, Item, Listing, Run};
    let early = |number: usize, view: &StrategyView<'_>| {
        assert_eq!(view.accounts[1].markets[0].mark.is_some(), number > 1);
        match number {
            0 | 2 => vec![crate::stage::open_on("other", Direction::Long, "0.001", "45000")],
            _ => Vec::new(),
        }
    };
    let strategy = Scripted::new("early", early).on(&["main", "other"]);
    let told = strategy.heard.clone();
    let listing = |on: &str| Listing {
        account: account(on),
        instrument: plimsoll_exchange::listings::btc_usdt(),
        opening: crate::stage::price("50000"),
    };
    let mut it = Run::new(two_accounts(), vec![listing("main"), listing("other")], vec![Box::new(strategy)]).unwrap();
    for number in 0..4 {
        it.step(&Item::Candle(0, Candles::of(&crate::stage::candle(number, "50000", "50000")))).unwrap();
        // The other market begins two minutes later.
        if number >= 2 {
            it.step(&Item::Candle(1, Candles::of(&crate::stage::candle(number, "51000", "51000")))).unwrap();
        }
    }
    it.finish().unwrap();
    assert_eq!(heard(&told), ["BTC/USDT:USDT has no price yet", "entry buy 0.001 at 51000.1"]);
}
