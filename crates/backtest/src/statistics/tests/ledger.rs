//! The report against the ledger.

use crate::Outcome;
use crate::statistics::fixture::{money, quiet, trade, two_trades};
use crate::statistics::{Claim, Mismatch, Reconciliation};
use plimsoll_domain::Currency;

fn claims(outcome: &Outcome) -> Vec<Claim> {
    let only_sums = |it: Mismatch| match it {
        Mismatch::Sum { claim, .. } => claim,
        Mismatch::ForeignFee { .. } => panic!("{it}"),
    };
    Reconciliation::of(outcome).mismatches.into_iter().map(only_sums).collect()
}

#[test]
fn a_run_adds_up() {
    assert_eq!(Reconciliation::of(&two_trades()), Reconciliation::default());
    assert!(Reconciliation::of(&quiet()).adds_up());
}

#[test]
fn the_last_digit_counts() {
    type Change = fn(&mut Outcome);
    let cases: [(Change, &[Claim]); 9] = [
        (|it| it.fills[1].fill.realized_pnl = Some(money("10.00000001")), &[Claim::FillsProfit]),
        (|it| it.fills[0].fill.fee = money("0.10000001"), &[Claim::FillsFees]),
        (|it| it.trades[0].profit = money("9.99999999"), &[Claim::TradesProfit]),
        (|it| it.trades[0].fees = money("0.20000001"), &[Claim::TradesFees]),
        (|it| it.trades[0].funding = money("0.50000001"), &[Claim::TradesFunding]),
        (|it| it.opening = money("1000.00000001"), &[Claim::Wallet]),
        (|it| it.curve[4].equity = money("1003.90000001"), &[Claim::CurveEquity]),
        (|it| it.curve[4].funding = money("0.4"), &[Claim::CurveFunding]),
        (|it| it.wallet = money("1003.90000001"), &[Claim::Wallet, Claim::FlatEquity]),
    ];
    for (change, expected) in cases {
        let mut outcome = two_trades();
        change(&mut outcome);
        assert_eq!(claims(&outcome), expected);
    }
}

#[test]
fn liquidation_fees_and_what_was_covered_are_part_of_the_wallet() {
    let mut outcome = two_trades();
    outcome.ledger.liquidation_fees = money("3");
    outcome.ledger.covered = money("1");
    assert_eq!(claims(&outcome), [Claim::Wallet]);
    (outcome.wallet, outcome.equity) = (money("1001.9"), money("1001.9"));
    outcome.curve[4].equity = money("1001.9");
    assert_eq!(claims(&outcome), []);
}

#[test]
fn unrealised_profit_is_no_mismatch_while_something_is_held() {
    let mut outcome = Outcome { equity: money("1010"), ..quiet() };
    assert_eq!(claims(&outcome), [Claim::FlatEquity]);
    outcome.trades = vec![trade(0, None, "0", "0", "0")];
    assert_eq!(claims(&outcome), []);
}

#[test]
fn a_fee_in_another_currency_is_said() {
    let mut outcome = two_trades();
    outcome.fills[0].fill.fee_currency = Some(Currency::new("BNB"));
    let found = Reconciliation::of(&outcome);
    assert_eq!(found.mismatches.len(), 1);
    assert_eq!(
        found.mismatches[0].to_string(),
        "the fee of trade 1 of BTC/USDT:USDT was paid in BNB, and is in no sum"
    );
}

#[test]
fn a_mismatch_says_both_figures_and_how_far_they_are_apart() {
    let it = Mismatch::Sum { claim: Claim::FillsFees, found: money("10.5"), expected: money("10.6") };
    assert_eq!(it.to_string(), "fees of the fills: 10.5, but must be 10.6: off by -0.1");
}
