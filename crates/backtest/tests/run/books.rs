//! The books add up, and a run is the same twice.

use crate::stage::{Scripted, btc, close, money, open, run, settings};
use plimsoll_backtest::{Outcome, Settings};
use plimsoll_domain::{Direction, Money};
use plimsoll_ports::{Decision, StrategyView};

/// What fills and round trips say is what the exchange has booked, and the wallet is the sum of it.
fn adds_up(outcome: &Outcome) {
    let sum = |of: &dyn Fn(&plimsoll_backtest::RoundTrip) -> Money| -> Money { outcome.trades.iter().map(of).sum() };
    let fees: Money = outcome.fills.iter().map(|it| it.fill.fee).sum();
    let profit: Money = outcome.fills.iter().filter_map(|it| it.fill.realized_pnl).sum();
    let ledger = outcome.ledger;
    assert_eq!((fees, sum(&|it| it.fees)), (ledger.fees, ledger.fees));
    assert_eq!((profit, sum(&|it| it.profit)), (ledger.profit, ledger.profit));
    assert_eq!(sum(&|it| it.funding), ledger.funding);
    let booked = ledger.profit - ledger.fees - ledger.funding - ledger.liquidation_fees + ledger.covered;
    assert_eq!(outcome.wallet, outcome.opening + booked);
}

fn in_and_out(number: usize, _: &StrategyView<'_>) -> Vec<Decision> {
    match number % 4 {
        0 => vec![open(Direction::Long, "0.1", "40000")],
        1 => vec![open(Direction::Long, "0.033", "41000")],
        2 => vec![close(Direction::Long, Some("0.077"))],
        _ => vec![close(Direction::Long, None)],
    }
}

const PRICES: [&str; 12] = [
    "50000", "50010", "50333.3", "49999.9", "50123.4", "50200", "50100", "50050.5", "50500", "50400", "50444.4",
    "50300",
];

#[test]
fn a_wallet_is_the_sum_of_its_fills() {
    let (outcome, decisions) = run(settings(), vec![Scripted::new("in-and-out", in_and_out)], &PRICES);
    adds_up(&outcome);
    assert_eq!((outcome.fills.len(), outcome.trades.len(), decisions.len()), (11, 3, 11));
    let first = &outcome.trades[0];
    // In at the asks 50010.1 and 50333.4 for 5001.01 + 1661.0022; out at the bids 49999.9 and 50123.4 for 3849.9923 + 2806.9104.
    assert_eq!(first.entry.get().round_dp(4).to_string(), "50090.3173");
    assert_eq!(first.profit.get().round_dp(6).normalize().to_string(), "-5.1095");
    assert_eq!(first.ended_by.as_deref(), Some("exit"));
}

#[test]
fn funding_is_paid_by_who_holds_and_adds_up() {
    use plimsoll_backtest::{Candles, Item, Listing, Run};
    let hold = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "40000")],
        _ => Vec::new(),
    };
    let listing = Listing {
        account: crate::stage::account("main"),
        instrument: plimsoll_exchange::listings::btc_usdt(),
        opening: crate::stage::price("50000"),
    };
    let mut it = Run::new(settings(), vec![listing], vec![Box::new(Scripted::new("hold", hold))]).unwrap();
    let eight_hours = crate::stage::START.plus(crate::stage::MINUTE * 480);
    it.step(&Item::Funding(0, eight_hours, "0.0001".parse().unwrap())).unwrap();
    for number in 0..500 {
        it.step(&Item::Candle(0, Candles::of(&crate::stage::candle(number, "50000", "50000")))).unwrap();
    }
    let outcome = it.finish().unwrap();
    adds_up(&outcome);
    assert_eq!(outcome.ledger.funding, money("0.5"));
    assert_eq!((outcome.trades[0].funding, outcome.trades[0].closed), (money("0.5"), None));
    assert_eq!(outcome.trades[0].symbol, btc());
}

#[test]
fn a_run_is_the_same_twice_and_another_one_is_not() {
    let once = |settings: Settings| run(settings, vec![Scripted::new("in-and-out", in_and_out)], &PRICES);
    let (first, decisions) = once(settings());
    assert_eq!(once(settings()), (first.clone(), decisions));
    let labelled = once(Settings { label: "another".into(), ..settings() }).0;
    assert_ne!(labelled.hash, first.hash);
    let quieter = once(Settings { keeps_records: false, ..settings() }).0;
    assert_eq!((quieter.hash, quieter.wallet, quieter.fills.len()), (first.hash, first.wallet, 0));
}

#[test]
fn what_comes_later_changes_nothing_that_was_decided() {
    let (_, whole) = run(settings(), vec![Scripted::new("in-and-out", in_and_out)], &PRICES);
    for cut in 2..PRICES.len() {
        let (_, decisions) = run(settings(), vec![Scripted::new("in-and-out", in_and_out)], &PRICES[..cut]);
        assert_eq!(decisions, whole[..decisions.len()]);
        assert_eq!(decisions.len(), cut - 1);
    }
}

#[test]
fn a_liquidation_is_booked_and_told() {
    let reckless = |number: usize, _: &StrategyView<'_>| {
        use plimsoll_ports::{Intent, OpenIntent, StopLoss, Waiver};
        let waived = StopLoss::Waived(Waiver::new("a test", "to be liquidated").unwrap());
        let open = OpenIntent { stop_loss: waived, ..crate::stage::intent(Direction::Long, "0.9", "40000") };
        match number {
            0 => vec![Decision::one(crate::stage::account("main"), Intent::Open(open), "by script")],
            _ => Vec::new(),
        }
    };
    let (outcome, _) =
        run(settings(), vec![Scripted::new("reckless", reckless)], &["50000", "50000", "39000", "38000"]);
    adds_up(&outcome);
    let kinds: Vec<&str> = outcome.incidents.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["liquidation", "liquidated"]);
    assert_eq!(outcome.trades[0].ended_by.as_deref(), Some("forced"));
    assert!(outcome.ledger.liquidation_fees.is_positive());
}
