//! How much to close, and no more.

use crate::instrument::Instrument;
use crate::liquidation::{Line, Solvent, solve};
use crate::margin::{MarginRatio, MarginTiers, Tier};
use crate::money::Money;
use crate::position::Position;
use crate::price::{Price, Rounding, Step};
use crate::quantity::{Quantity, Remainder};
use crate::rate::Rate;
use rust_decimal::Decimal;

/// A position that may be reduced, and the margin that it shares.
#[derive(Debug, Clone, Copy)]
pub struct Reducible<'a> {
    /// What is held.
    pub position: Position,
    /// Its mark, at which it would be closed.
    pub mark: Price,
    /// The margin table of its contract.
    pub tiers: &'a MarginTiers,
    /// The distance between sizes.
    pub lot: Step,
    /// What closing costs, as a fraction of the notional closed.
    pub fee: Rate,
    /// Margin equity of what backs it, at the mark.
    pub equity: Money,
    /// Maintenance margin of the other positions that share that equity; zero if it is isolated.
    pub elsewhere: Money,
}

/// How much of a position to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Nothing: the target is met.
    NotNeeded,
    /// This much, the smallest multiple of the lot that meets the target. It may be all, never more.
    Close(Quantity),
    /// Even closing all of it would not meet the target.
    NotEnough,
}

/// The smallest multiple of the lot whose closing at the mark brings maintenance ÷ equity down to `target`:
/// `M((q − x)·P) + elsewhere ≤ target·(equity − x·P·fee)`, through the tiers. A position that is no multiple of its lot
/// can also be closed whole.
#[must_use]
pub fn reduce_to_ratio(it: Reducible<'_>, target: MarginRatio) -> Reduction {
    let whole = it.position.quantity;
    if it.meets(target, Decimal::ZERO) {
        return Reduction::NotNeeded;
    }
    let lot = it.lot.get();
    let least = it.least(target);
    let nearby = [least.saturating_sub(lot), least, least.saturating_add(lot)];
    nearby
        .into_iter()
        .filter_map(|size| Quantity::new(size).ok())
        .filter(|size| *size < whole)
        .chain([whole])
        .find(|size| it.meets(target, size.get()))
        .map_or(Reduction::NotEnough, Reduction::Close)
}

impl Reducible<'_> {
    /// Whether the target is met once `closed` is closed.
    fn meets(&self, target: MarginRatio, closed: Decimal) -> bool {
        let price = self.mark.get();
        let left = Money::new((self.position.quantity.get() - closed).saturating_mul(price));
        let required = match left.is_positive() {
            true => self.tiers.maintenance(left).get().saturating_add(self.elsewhere.get()),
            false => self.elsewhere.get(),
        };
        let cost = (closed * price).saturating_mul(self.fee.get());
        required <= target.get().saturating_mul(self.equity.get().saturating_sub(cost))
    }

    /// The smallest multiple of the lot that could meet the target, give or take the last digit of a division. What is
    /// left of the notional, `N`, must satisfy `target·(equity − fee·(N₀ − N)) − elsewhere − M(N) ≥ 0`: a concave line
    /// again, and its upper end is the most that may stay.
    fn least(&self, target: MarginRatio) -> Decimal {
        let (all, price, tier) = (self.position.quantity.get(), self.mark.get(), self.tiers.lowest());
        let cost_of_all = (all * price).saturating_mul(self.fee.get());
        let allowed = target.get().saturating_mul(self.equity.get().saturating_sub(cost_of_all));
        let per_notional = target.get().saturating_mul(self.fee.get());
        let slope = |tier: &Tier| per_notional.saturating_sub(tier.rate.get());
        let line = Line {
            constant: allowed.saturating_sub(self.elsewhere.get()).saturating_add(tier.deduction.get()),
            slope: slope(tier),
        };
        match solve(line, slope(self.tiers.highest()), price, self.tiers.crossings()) {
            Solvent::Between { above: Some(stays), .. } => {
                self.lot.round((all.saturating_sub(stays)).max(Decimal::ZERO), Rounding::Up)
            }
            Solvent::Between { above: None, .. } => Decimal::ZERO,
            Solvent::Never => all,
        }
    }
}

/// The position to reduce first and by how much: the one with the largest notional, by [`half`]. Answers its number among
/// those given; `None` without positions.
#[must_use]
pub fn reduce_largest(held: &[(Position, Price, &Instrument)]) -> Option<(usize, Quantity)> {
    let number = largest(held.iter().map(|(position, mark, _)| (*position, *mark)))?;
    let (position, _, instrument) = held.get(number)?;
    Some((number, half(*position, instrument.lot, instrument.min_quantity)))
}

/// The number of the position with the largest notional, the first of equals; `None` without positions.
#[must_use]
pub fn largest(positions: impl IntoIterator<Item = (Position, Price)>) -> Option<usize> {
    let mut found: Option<(usize, Money)> = None;
    for (number, (position, mark)) in positions.into_iter().enumerate() {
        let notional = position.notional(mark);
        if found.is_none_or(|(_, largest)| notional > largest) {
            found = Some((number, notional));
        }
    }
    found.map(|(number, _)| number)
}

/// Half of a position, rounded *up* to the lot; all of it if what would stay is below the venue's smallest size.
#[must_use]
pub fn half(position: Position, lot: Step, min_quantity: Quantity) -> Quantity {
    let whole = position.quantity;
    let half = lot.round(whole.get() / Decimal::TWO, Rounding::Up);
    let Ok(half) = Quantity::new(half) else { return whole };
    match whole.minus(half) {
        Remainder::Left(left) if left >= min_quantity => half,
        _ => whole,
    }
}

/// How a size has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Not at all: it is inside the no-trade band, or less than a lot away.
    Hold,
    /// Add this much.
    Increase(Quantity),
    /// Close this much; it may be all, never more.
    Reduce(Quantity),
}

/// `ΣN ÷ equity`; `None` without equity.
#[must_use]
pub fn effective_leverage(total_notional: Money, equity: Money) -> Option<Decimal> {
    if !equity.is_positive() {
        return None;
    }
    Some(total_notional.get().checked_div(equity.get()).unwrap_or(Decimal::MAX))
}

/// What brings a position back to an effective leverage of `target`: a change by `target·equity/P − q`, in lots. Adding
/// rounds down and closing up, so that the leverage never ends above the target. `band` is the no-trade band, as a
/// fraction of the size that would be right. Without equity nothing may stay.
#[must_use]
pub fn to_leverage(
    position: Position,
    mark: Price,
    equity: Money,
    target: Decimal,
    band: Rate,
    lot: Step,
) -> Adjustment {
    let held = position.quantity.get();
    let notional = target.saturating_mul(equity.get()).max(Decimal::ZERO);
    let right = notional.checked_div(mark.get()).unwrap_or(Decimal::MAX);
    let change = right.saturating_sub(held);
    if change.abs() <= band.get().saturating_mul(right) {
        return Adjustment::Hold;
    }
    if change.is_sign_positive() {
        let room = Quantity::MAX.get().saturating_sub(held).max(Decimal::ZERO);
        return Quantity::new(lot.round(change.min(room), Rounding::Down))
            .map_or(Adjustment::Hold, Adjustment::Increase);
    }
    let closed = Quantity::new(lot.round(-change, Rounding::Up)).unwrap_or(position.quantity);
    Adjustment::Reduce(closed.min(position.quantity))
}
