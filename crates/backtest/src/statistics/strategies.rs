//! Who earned what.

use crate::{Outcome, RoundTrip};
use plimsoll_domain::Money;

/// A strategy's part in a run. What is held still counts with what was realised of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyFigures {
    /// Its name.
    pub name: String,
    /// How many positions it opened.
    pub trades: usize,
    /// Profit from prices, before fees and funding.
    pub profit: Money,
    /// Fees paid.
    pub fees: Money,
    /// Funding paid.
    pub funding: Money,
    /// Profit after fees and funding. What liquidations cost beyond them is the account's, and not in here.
    pub net: Money,
}

/// One for each strategy that ran, in their order, and for any other that a trade names.
#[must_use]
pub fn strategies(outcome: &Outcome) -> Vec<StrategyFigures> {
    let mut names: Vec<&String> = outcome.strategies.iter().collect();
    for trade in &outcome.trades {
        if !names.contains(&&trade.strategy) {
            names.push(&trade.strategy);
        }
    }
    names.into_iter().map(|name| figures(name, &outcome.trades)).collect()
}

fn figures(name: &str, trades: &[RoundTrip]) -> StrategyFigures {
    let mut it = StrategyFigures {
        name: name.to_owned(),
        trades: 0,
        profit: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        net: Money::ZERO,
    };
    for trade in trades.iter().filter(|trade| trade.strategy == name) {
        it.trades += 1;
        it.profit += trade.profit;
        it.fees += trade.fees;
        it.funding += trade.funding;
        it.net += trade.net();
    }
    it
}
