//! What moves of the market do to an account.

use crate::liquidation::{Line, Solvent, solve};
use crate::margin::Tier;
use crate::name::Symbol;
use crate::portfolio::{Holding, Portfolio};
use crate::price::Price;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The factors on *all* prices at once that liquidate the cross pool: `down: 0.9` is a fall of all prices by 10 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum CommonMove {
    /// Solvent between these.
    Bounds {
        /// Between 0 and 1; `None` if no common fall liquidates.
        down: Option<Decimal>,
        /// Above 1; `None` if no common rise liquidates.
        up: Option<Decimal>,
    },
    /// Insolvent as it stands.
    AlreadyDue,
}

/// The common move that liquidates the cross positions, exact through every tier of every position.
///
/// Equity is linear in the factor and the requirement piecewise linear, so the crossings are sorted and walked. The
/// closing fees of the positions count into what is required. Without cross positions there is no such move.
#[must_use]
pub fn common_move(portfolio: &Portfolio<'_>) -> CommonMove {
    if portfolio.cross().next().is_none() {
        return CommonMove::Bounds { down: None, up: None };
    }
    let mut line = Line { constant: portfolio.cross_wallet().get(), slope: Decimal::ZERO };
    let mut last_slope = Decimal::ZERO;
    let mut crossings = Vec::new();
    let covered = portfolio.covered();
    for (place, it) in portfolio.holdings.iter().enumerate().filter(|(_, it)| it.is_cross()) {
        if covered.contains(&place) {
            let alone = equity(it);
            line = line.plus(alone);
            last_slope = last_slope.saturating_add(alone.slope);
            continue;
        }
        let notional = it.notional().get();
        line = line.plus(share(it));
        last_slope = last_slope.saturating_add(slope(it, it.tiers.highest()));
        crossings.extend(it.tiers.crossings().map(|crossing| crossing.per(notional).divided()));
    }
    crossings.sort_unstable_by_key(|crossing| crossing.notional);
    match solve(line, last_slope, Decimal::ONE, crossings) {
        Solvent::Between { below: down, above: up }
            if down.is_none_or(|down| down < Decimal::ONE) && up.is_none_or(|up| up > Decimal::ONE) =>
        {
            CommonMove::Bounds { down, up }
        }
        _ => CommonMove::AlreadyDue,
    }
}

/// What a position adds to the pool beyond its requirement, as a line over the factor.
fn share(it: &Holding<'_>) -> Line {
    let lowest = it.tiers.lowest();
    let cost = it.position.direction.sign() * it.position.notional(it.position.entry).get();
    Line { constant: lowest.deduction.get().saturating_sub(cost), slope: slope(it, lowest) }
}

/// What a position adds that nothing is asked of.
fn equity(it: &Holding<'_>) -> Line {
    let sign = it.position.direction.sign();
    let cost = sign * it.position.notional(it.position.entry).get();
    Line { constant: -cost, slope: sign.saturating_mul(it.notional().get()) }
}

/// How fast that rises with the factor, in this tier.
fn slope(it: &Holding<'_>, tier: &Tier) -> Decimal {
    let required = tier.rate.get().saturating_add(it.closing_fee.get());
    it.position.direction.sign().saturating_sub(required).saturating_mul(it.notional().get())
}

/// A named move of the market, each symbol by its own factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    name: Arc<str>,
    factors: BTreeMap<Symbol, Decimal>,
}

impl Scenario {
    /// A scenario from `(symbol, factor)`: 0.8 is a fall by 20 %. A symbol that it does not name stands still.
    ///
    /// # Errors
    /// [`NotAFactor`] for a factor of zero or less.
    pub fn new(
        name: impl Into<Arc<str>>,
        factors: impl IntoIterator<Item = (Symbol, Decimal)>,
    ) -> Result<Self, NotAFactor> {
        let factors: BTreeMap<_, _> = factors.into_iter().collect();
        if let Some((symbol, &factor)) = factors.iter().find(|(_, factor)| **factor <= Decimal::ZERO) {
            return Err(NotAFactor { symbol: symbol.clone(), factor });
        }
        Ok(Self { name: name.into(), factors })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it takes this price, at most to [`Price::MAX`]; a price too small to hold stays what it was.
    #[must_use]
    pub fn price(&self, symbol: &Symbol, mark: Price) -> Price {
        let Some(factor) = self.factors.get(symbol) else { return mark };
        match mark.get().checked_mul(*factor) {
            Some(moved) if moved.is_zero() => mark,
            Some(moved) => Price::new(moved).unwrap_or(Price::MAX),
            None => Price::MAX,
        }
    }

    /// The account after it. [`Portfolio::assess`] then gives every position's and the pool's ratio.
    #[must_use]
    pub fn applied<'a>(&self, portfolio: &Portfolio<'a>) -> Portfolio<'a> {
        let moved = |it: &Holding<'a>| Holding { mark: self.price(it.symbol, it.mark), ..*it };
        Portfolio { wallet: portfolio.wallet, holdings: portfolio.holdings.iter().map(moved).collect() }
    }
}

/// A factor that no price can be moved by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scenario moves {symbol} by a factor above 0, got {factor}")]
pub struct NotAFactor {
    /// The symbol.
    pub symbol: Symbol,
    /// Its factor.
    pub factor: Decimal,
}
