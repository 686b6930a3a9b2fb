//! Where equity meets maintenance margin: solved exactly, through the tiers.
//!
//! Equity is linear in the price and maintenance margin convex, so equity less what is required is concave: the prices
//! at which a position is solvent form one interval, and its ends are the liquidation prices. There is no iteration and
//! no tolerance: the tiers are walked until the one that holds at the answer is found, and the answer is one division.

mod estimate;
mod solve;

pub use estimate::{at_maintenance_of, bankruptcy, distance, estimate};
use solve::merged;
pub(crate) use solve::{Crossing, Line, Solvent, is_one, solve, upper_end};

use crate::margin::{HedgeMargin, MarginTiers, Tier};
use crate::money::Money;
use crate::position::Position;
use crate::price::{Price, Rounding, Step};
use crate::rate::Rate;
use rust_decimal::Decimal;

/// The mark prices that liquidate, one on each side of solvency. A lone position has at most one of them (below a long,
/// above a short); the two legs of a hedge can have both, since maintenance grows while their equity stands still.
/// `None` is a side from which no price liquidates: never 0 and never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LiquidationBounds {
    /// A mark at or below this liquidates.
    pub below: Option<Price>,
    /// A mark at or above this liquidates.
    pub above: Option<Price>,
}

impl LiquidationBounds {
    /// For a screen: to the tick, and away from safety (the bound below up, the bound above down), so that the printed
    /// price is never further off than the true one. A bound that has no tick on that side stays as it is.
    #[must_use]
    pub fn for_display(self, tick: Step) -> Self {
        let rounded = |price: Price, rounding| price.round(tick, rounding).unwrap_or(price);
        Self {
            below: self.below.map(|price| rounded(price, Rounding::Up)),
            above: self.above.map(|price| rounded(price, Rounding::Down)),
        }
    }

    /// Whether a position with these bounds stands at this mark.
    #[must_use]
    pub fn holds(self, mark: Price) -> bool {
        self.below.is_none_or(|below| below < mark) && self.above.is_none_or(|above| mark < above)
    }
}

/// What there is to say about a liquidation price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Liquidation {
    /// Solvent between these prices.
    Bounds(LiquidationBounds),
    /// Insolvent at the mark that was given or, where none was given, at every price: it *is* in liquidation.
    AlreadyDue,
}

impl Liquidation {
    /// The bounds of a solvent position.
    #[must_use]
    pub const fn bounds(self) -> Option<LiquidationBounds> {
        match self {
            Self::Bounds(bounds) => Some(bounds),
            Self::AlreadyDue => None,
        }
    }
}

/// A position and the margin table of its contract.
#[derive(Debug, Clone, Copy)]
pub struct Leg<'a> {
    /// What is held.
    pub position: Position,
    /// What its venue requires of it.
    pub tiers: &'a MarginTiers,
}

impl Leg<'_> {
    /// The number, from 0, of the tier that holds at this price. At a liquidation price it is the tier that answered.
    #[must_use]
    pub fn tier(&self, price: Price) -> usize {
        self.tiers.index(self.position.notional(price))
    }

    /// `−s·q·E`: what equity would be at a price of zero, beside the margin.
    fn at_zero(&self) -> Decimal {
        let it = self.position;
        -(it.direction.sign() * it.quantity.get()).saturating_mul(it.entry.get())
    }

    /// How fast equity less requirement rises with the notional in this tier: `s − rate_k − f`.
    fn slope(&self, tier: &Tier, closing_fee: Rate) -> Decimal {
        let required = tier.rate.get().saturating_add(closing_fee.get());
        self.position.direction.sign().saturating_sub(required)
    }

    /// Equity less requirement in the lowest tier, as a line over the price, and its slope in the highest.
    fn line(&self, closing_fee: Rate) -> (Line, Decimal) {
        let (quantity, lowest) = (self.position.quantity.get(), self.tiers.lowest());
        let constant = self.at_zero().saturating_add(lowest.deduction.get());
        let slope = |tier| self.slope(tier, closing_fee).saturating_mul(quantity);
        (Line { constant, slope: slope(lowest) }, slope(self.tiers.highest()))
    }

    /// Equity alone, of a leg that nothing is asked of.
    fn equity_line(&self) -> Line {
        let slope = self.position.direction.sign().saturating_mul(self.position.quantity.get());
        Line { constant: self.at_zero(), slope }
    }

    fn crossings(&self) -> impl Iterator<Item = Crossing> {
        self.tiers.crossings().map(|crossing| crossing.per(self.position.quantity.get()))
    }

    /// Whether its venue asks nothing of it beside `other`, the opposite leg: that is at least as large, and the larger
    /// counts alone.
    fn is_covered_by(&self, other: &Self) -> bool {
        other.tiers.hedge() == HedgeMargin::LargerLeg
            && self.position.direction != other.position.direction
            && self.position.quantity <= other.position.quantity
    }
}

/// The liquidation price of an isolated position that `margin`, the wallet margin assigned to it, backs.
///
/// Solves `margin + s·q·(P − E) = q·P·(rate_k + closing_fee) − deduction_k`, with `k` the tier of `q·P`. The closing fee
/// is zero on venues that do not count it. Without a mark the answer holds wherever the mark is, and
/// [`Liquidation::AlreadyDue`] is left for a position that is solvent at no price.
#[must_use]
pub fn isolated(leg: Leg<'_>, margin: Money, closing_fee: Rate, mark: Option<Price>) -> Liquidation {
    cross(&[leg], margin, Money::ZERO, closing_fee, mark)
}

/// The liquidation prices of one symbol of a cross account: its one position, or both its hedge legs, which move together
/// and share one answer.
///
/// `wallet` is what backs the cross positions, without unrealised profit. `rest` is `Σ (U_j − M_j)` over the account's
/// other cross positions, whose marks are held still. Without a mark the answer holds wherever the mark is. No leg has no
/// liquidation price. Of two opposite legs whose table says [`HedgeMargin::LargerLeg`], the smaller is asked for nothing.
#[must_use]
pub fn cross(legs: &[Leg<'_>], wallet: Money, rest: Money, closing_fee: Rate, mark: Option<Price>) -> Liquidation {
    let backing = wallet.get().saturating_add(rest.get());
    let solvent = match legs {
        [] => return Liquidation::Bounds(LiquidationBounds::default()),
        [leg] => solve_by_notional(leg, backing, closing_fee),
        [one, other] if other.is_covered_by(one) => solve_larger(one, other, backing, closing_fee),
        [one, other] if one.is_covered_by(other) => solve_larger(other, one, backing, closing_fee),
        [one, other] => solve_by_price(legs, backing, closing_fee, merged(one.crossings(), other.crossings())),
        legs => {
            let mut crossings: Vec<Crossing> = legs.iter().flat_map(Leg::crossings).map(Crossing::divided).collect();
            crossings.sort_unstable_by_key(|crossing| crossing.notional);
            solve_by_price(legs, backing, closing_fee, crossings)
        }
    };
    judge(solvent, mark)
}

/// One leg: in its notional, where the crossings are the floors of the table as they stand.
fn solve_by_notional(leg: &Leg<'_>, backing: Decimal, closing_fee: Rate) -> Solvent {
    let (lowest, highest) = (leg.tiers.lowest(), leg.tiers.highest());
    let line = Line {
        constant: backing.saturating_add(leg.at_zero()).saturating_add(lowest.deduction.get()),
        slope: leg.slope(lowest, closing_fee),
    };
    solve(line, leg.slope(highest, closing_fee), leg.position.quantity.get(), leg.tiers.crossings())
}

/// Two legs of which only the larger is asked for maintenance: `P = (W + D − qL·EL + qS·ES) ÷ (max(qL, qS)·r − qL + qS)`.
fn solve_larger(larger: &Leg<'_>, smaller: &Leg<'_>, backing: Decimal, closing_fee: Rate) -> Solvent {
    let (line, last) = larger.line(closing_fee);
    let alone = smaller.equity_line();
    let sum = Line { constant: backing, slope: Decimal::ZERO }.plus(line).plus(alone);
    solve(sum, last.saturating_add(alone.slope), Decimal::ONE, larger.crossings())
}

/// Several legs: in the price that they share, through the crossings of all.
fn solve_by_price(
    legs: &[Leg<'_>],
    backing: Decimal,
    closing_fee: Rate,
    crossings: impl IntoIterator<Item = Crossing>,
) -> Solvent {
    let mut sum = Line { constant: backing, slope: Decimal::ZERO };
    let mut last_slope = Decimal::ZERO;
    for (line, last) in legs.iter().map(|leg| leg.line(closing_fee)) {
        sum = sum.plus(line);
        last_slope = last_slope.saturating_add(last);
    }
    solve(sum, last_slope, Decimal::ONE, crossings)
}

/// Bounds that are prices, or the news that the mark is outside them.
fn judge(solvent: Solvent, mark: Option<Price>) -> Liquidation {
    let Solvent::Between { below, above } = solvent else { return Liquidation::AlreadyDue };
    let highest = Price::MAX.get();
    if below.is_some_and(|below| below >= highest) || above.is_some_and(|above| above <= Decimal::ZERO) {
        return Liquidation::AlreadyDue;
    }
    let price = |root: Decimal| Price::new(root).ok();
    let bounds = LiquidationBounds { below: below.and_then(price), above: above.and_then(price) };
    match mark {
        Some(mark) if !bounds.holds(mark) => Liquidation::AlreadyDue,
        _ => Liquidation::Bounds(bounds),
    }
}
