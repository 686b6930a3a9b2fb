//! How much to close, and no more.

use crate::decimal::{is_at_most, is_positive, or_zero};
use crate::instrument::Instrument;
use crate::liquidation::{Line, Solvent, is_one, solve, upper_end};
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
    it.smallest(&it.within_ratio(target), |closed| it.meets_ratio(target, closed))
}

/// The smallest multiple of the lot whose closing at the mark takes liquidation at least `distance` away from it, as a
/// share of the mark, while all other marks stand still. `closing_fee` is what the venue counts into liquidation.
///
/// With `P'` the mark moved against the position by `distance`: `M((q − x)·P') + (q − x)·P'·closing_fee + elsewhere ≤
/// equity − x·P·fee − (q − x)·P·distance`, through the tiers.
#[must_use]
pub fn reduce_to_distance(it: Reducible<'_>, distance: Rate, closing_fee: Rate) -> Reduction {
    it.smallest(&it.at_distance(distance, closing_fee), |closed| it.meets_distance(distance, closing_fee, closed))
}

/// What may be required of what is left of a notional `N`: `constant + slope·N − M(stretch·N) ≥ 0`.
struct Allowance {
    constant: Decimal,
    slope: Decimal,
    /// How much the mark is moved; above zero.
    stretch: Decimal,
}

impl Reducible<'_> {
    /// The smallest size that meets a target, near the one by which `allowance` is met.
    fn smallest(&self, allowance: &Allowance, meets: impl Fn(Decimal) -> bool) -> Reduction {
        let whole = self.position.quantity;
        if meets(Decimal::ZERO) {
            return Reduction::NotNeeded;
        }
        let lot = self.lot.get();
        let least = self.least(allowance);
        let nearby = [least.saturating_sub(lot), least, least.saturating_add(lot)];
        nearby
            .into_iter()
            .filter_map(|size| Quantity::new(size).ok())
            .filter(|size| *size < whole)
            .chain([whole])
            .find(|size| meets(size.get()))
            .map_or(Reduction::NotEnough, Reduction::Close)
    }

    /// What is left of the notional once `closed` is closed, and what that costs.
    fn after(&self, closed: Decimal) -> (Decimal, Decimal) {
        let price = self.mark.get();
        let left = (self.position.quantity.get() - closed).saturating_mul(price);
        (left, (closed * price).saturating_mul(self.fee.get()))
    }

    /// What is required of a notional and of the other positions.
    pub(crate) fn required(&self, notional: Decimal) -> Decimal {
        let own = if is_positive(notional) { self.tiers.maintenance(Money::new(notional)) } else { Money::ZERO };
        own.get().saturating_add(self.elsewhere.get())
    }

    /// Whether the ratio is met once `closed` is closed.
    pub(crate) fn meets_ratio(&self, target: MarginRatio, closed: Decimal) -> bool {
        let (left, cost) = self.after(closed);
        is_at_most(self.required(left), target.get().saturating_mul(self.equity.get().saturating_sub(cost)))
    }

    /// Whether the distance is kept once `closed` is closed.
    pub(crate) fn meets_distance(&self, distance: Rate, closing_fee: Rate, closed: Decimal) -> bool {
        let (_, cost) = self.after(closed);
        is_at_most(self.needed_for(distance, closing_fee, closed), self.equity.get().saturating_sub(cost))
    }

    /// The equity that keeps the distance once `closed` is closed.
    pub(crate) fn needed_for(&self, distance: Rate, closing_fee: Rate, closed: Decimal) -> Decimal {
        let (left, _) = self.after(closed);
        let moved = left.saturating_mul(self.moved_by(distance));
        let required = self.required(moved).saturating_add(moved.saturating_mul(closing_fee.get()));
        required.saturating_add(left.saturating_mul(distance.get()))
    }

    /// The factor on the mark that takes it `distance` against the position.
    fn moved_by(&self, distance: Rate) -> Decimal {
        Decimal::ONE.saturating_sub(self.position.direction.sign().saturating_mul(distance.get())).max(Decimal::ZERO)
    }

    /// What is left of the notional, `N`, must satisfy `target·(equity − fee·(N₀ − N)) − elsewhere − M(N) ≥ 0`.
    fn within_ratio(&self, target: MarginRatio) -> Allowance {
        let (_, cost_of_all) = self.after(self.position.quantity.get());
        let allowed = target.get().saturating_mul(self.equity.get().saturating_sub(cost_of_all));
        Allowance {
            constant: allowed.saturating_sub(self.elsewhere.get()),
            slope: target.get().saturating_mul(self.fee.get()),
            stretch: Decimal::ONE,
        }
    }

    /// The same at the moved mark: `equity − fee·(N₀ − N) − distance·N − closing_fee·N' − elsewhere − M(N') ≥ 0`.
    fn at_distance(&self, distance: Rate, closing_fee: Rate) -> Allowance {
        let (_, cost_of_all) = self.after(self.position.quantity.get());
        let stretch = self.moved_by(distance);
        let constant = self.equity.get().saturating_sub(cost_of_all).saturating_sub(self.elsewhere.get());
        let counted = stretch.saturating_mul(closing_fee.get());
        let slope = self.fee.get().saturating_sub(distance.get()).saturating_sub(counted);
        Allowance { constant, slope, stretch }
    }

    /// The smallest multiple of the lot that could meet the target, give or take the last digit of a division. What the
    /// notional that is left allows is a concave line again, and its upper end is the most that may stay.
    fn least(&self, allowance: &Allowance) -> Decimal {
        let (all, price, stretch) = (self.position.quantity.get(), self.mark.get(), allowance.stretch);
        let is_moved = !is_one(stretch);
        let slope = |tier: &Tier| {
            let rate = tier.rate.get();
            allowance.slope.saturating_sub(if is_moved { rate.saturating_mul(stretch) } else { rate })
        };
        let line_of = |tier: &Tier| {
            let constant = allowance.constant.saturating_add(tier.deduction.get());
            Line { constant, slope: slope(tier) }
        };
        let line = line_of(self.tiers.lowest());
        let stays = if line.starts_solvent() {
            upper_end(self.tiers.lines(), stretch, price, line_of)
        } else {
            let crossings = self.tiers.crossings().map(|crossing| crossing.per(stretch));
            match solve(line, slope(self.tiers.highest()), price, crossings) {
                Solvent::Between { above, .. } => above,
                Solvent::Never => return all,
            }
        };
        stays.map_or(Decimal::ZERO, |stays| self.lot.round(or_zero(all.saturating_sub(stays)), Rounding::Up))
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
