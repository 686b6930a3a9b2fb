//! How far the cross positions are from liquidation, and what takes them further.

use super::account::{Guarded, GuardedAccount};
use super::relief::{CrossPool, Legs, required};
use super::thresholds::Level;
use crate::decimal::{is_at_most, is_negative, or_zero};
use crate::margin::HedgeMargin;
use crate::money::Money;
use crate::price::Rounding;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::reduce::{Reducible, Reduction, reduce_to_distance};
use crate::side::Direction;
use rust_decimal::Decimal;

/// Makes the positions of each contract that is nearer than `distance` smaller until it is not, first what lacks the most;
/// false if that is out of reach. A contract whose own reduction does not take it there is closed.
pub(super) fn restore(pool: &mut CrossPool<'_>, distance: Rate) -> bool {
    // Fees of one can bring another nearer, so it is looked again; each look closes more, or is the last.
    for _ in 0..=pool.contracts.len() {
        let mut near: Vec<(Decimal, Legs)> =
            pool.contracts.iter().map(|legs| (spare(pool, *legs, distance), *legs)).collect();
        near.retain(|(spare, _)| is_negative(*spare));
        if near.is_empty() {
            return true;
        }
        near.sort_unstable();
        for (_, legs) in near {
            if is_negative(spare(pool, legs, distance)) {
                reduce(pool, legs, distance);
            }
        }
    }
    false
}

/// What the cross pool can give away and still be within the target, rounded down to what can be moved; `None` if it
/// backs nothing.
pub(super) fn room(account: &GuardedAccount<'_>, target: Level) -> Option<Money> {
    let pool = CrossPool::of(account, account.portfolio().margin());
    if pool.contracts.is_empty() && pool.required.is_zero() {
        return None;
    }
    let needed = pool.required.checked_div(target.ratio.get()).unwrap_or(Decimal::MAX);
    let by_ratio = pool.equity.saturating_sub(needed);
    let by_distance =
        target.distance.and_then(|distance| pool.contracts.iter().map(|legs| spare(&pool, *legs, distance)).min());
    let step = account.money_step;
    let room = step.round(by_distance.map_or(by_ratio, |spare| spare.min(by_ratio)).max(Decimal::ZERO), Rounding::Down);
    // A quotient is rounded in its last digit.
    let holds = pool.required <= target.ratio.get().saturating_mul(pool.equity.saturating_sub(room));
    Some(Money::new(if holds { room } else { room.saturating_sub(step.get()) }))
}

/// What equity has beyond what is required once the mark of this contract, alone, has moved by `distance`: the way that
/// leaves less. Negative is nearer than that to liquidation.
fn spare(pool: &CrossPool<'_>, legs: Legs, distance: Rate) -> Decimal {
    let Some(contract) = Contract::of(pool, legs) else { return Decimal::ZERO };
    if let Some(against) = contract.against() {
        return contract.spare_at(pool, against.saturating_mul(distance.get()));
    }
    let down = contract.spare_at(pool, -distance.get());
    let up = contract.spare_at(pool, distance.get());
    if is_at_most(down, up) { down } else { up }
}

/// What is left of the legs of a contract, whichever way its mark is moved.
struct Contract<'a> {
    it: &'a Guarded<'a>,
    one: Decimal,
    other: Decimal,
    /// What each is worth at the mark: a short, less than nothing.
    worth: (Decimal, Decimal),
    /// What is required of other contracts.
    elsewhere: Decimal,
}

impl<'a> Contract<'a> {
    /// `None` if nothing is left of it.
    fn of(pool: &CrossPool<'a>, legs: Legs) -> Option<Self> {
        let it = pool.it(legs.one)?;
        let (one, other) = (pool.left(legs.one), legs.other.map_or(Decimal::ZERO, |place| pool.left(place)));
        if one.is_zero() && other.is_zero() {
            return None;
        }
        let worth = |place: usize| {
            let it = pool.it(place)?;
            Some(it.position.direction.sign().saturating_mul(pool.left(place)).saturating_mul(it.mark.get()))
        };
        let worth = (worth(legs.one)?, legs.other.and_then(worth).unwrap_or_default());
        let elsewhere = pool.required.saturating_sub(pool.required_of(legs));
        Some(Self { it, one, other, worth, elsewhere })
    }

    /// Which way a lone leg loses, as a sign. The other way it gains the whole of what its notional grows by, of which a rate
    /// below one is asked for: that leaves more, where no fee is counted.
    fn against(&self) -> Option<Decimal> {
        let is_alone = self.other.is_zero() && self.it.closing_fee == Rate::ZERO;
        is_alone.then(|| -self.it.position.direction.sign())
    }

    fn spare_at(&self, pool: &CrossPool<'_>, share: Decimal) -> Decimal {
        let Self { it, one, other, .. } = *self;
        let stretch = or_zero(Decimal::ONE.saturating_add(share));
        let moved = required(it, one.saturating_mul(stretch), other.saturating_mul(stretch));
        let gained = self.worth.0.saturating_mul(share).saturating_add(self.worth.1.saturating_mul(share));
        let spare = pool.equity.saturating_add(gained).saturating_sub(self.elsewhere).saturating_sub(moved);
        if it.closing_fee == Rate::ZERO {
            return spare;
        }
        // The venue that asks for the larger leg alone counts its fee alone.
        let closed = match it.instrument.tiers.hedge() {
            HedgeMargin::EachLeg => one.saturating_add(other),
            HedgeMargin::LargerLeg => one.max(other),
        };
        let fee = closed.saturating_mul(it.mark.get()).saturating_mul(stretch).saturating_mul(it.closing_fee.get());
        spare.saturating_sub(fee)
    }
}

/// Makes the leg that is threatened smaller by as little as it takes, or closes what is left of the contract.
fn reduce(pool: &mut CrossPool<'_>, legs: Legs, distance: Rate) {
    let falls = Contract::of(pool, legs).map(|contract| contract.spare_at(pool, -distance.get()));
    let threatened = match falls.is_some_and(is_negative) {
        true => Direction::Long,
        false => Direction::Short,
    };
    let places = || std::iter::once(legs.one).chain(legs.other);
    let goes = |place: &usize| pool.it(*place).is_some_and(|it| it.position.direction == threatened);
    if let Some(place) = places().find(goes) {
        let beside = places().find(|other| *other != place);
        if let Some(Reduction::Close(size)) = alone(pool, legs, place, beside, distance) {
            pool.close_of(legs, place, size);
        }
    }
    if is_negative(spare(pool, legs, distance)) {
        for place in places() {
            let Ok(rest) = Quantity::new(pool.left(place)) else { continue };
            pool.close_of(legs, place, rest);
        }
    }
}

/// How much of one leg to close while the other stays as it is, at the moved mark. Where the larger leg alone counts, both
/// are counted here: that closes no less than it takes.
fn alone(pool: &CrossPool<'_>, legs: Legs, place: usize, beside: Option<usize>, distance: Rate) -> Option<Reduction> {
    let it = pool.it(place)?;
    let left = Quantity::new(pool.left(place)).ok()?;
    let share = -it.position.direction.sign().saturating_mul(distance.get());
    let stretch = Decimal::ONE.saturating_add(share);
    let mut equity = pool.equity;
    let mut elsewhere = pool.required.saturating_sub(pool.required_of(legs));
    if let Some((place, other)) = beside.and_then(|place| Some((place, pool.it(place)?))) {
        let size = pool.left(place);
        let notional = size.saturating_mul(other.mark.get());
        let moved = notional.saturating_mul(stretch);
        equity = equity
            .saturating_add(other.position.direction.sign().saturating_mul(notional).saturating_mul(share))
            .saturating_sub(moved.saturating_mul(other.closing_fee.get()));
        elsewhere = elsewhere.saturating_add(required(other, size.saturating_mul(stretch), Decimal::ZERO));
    }
    let reducible: Reducible<'_> = it.reducible(left, Money::new(equity), Money::new(elsewhere));
    Some(reduce_to_distance(reducible, distance, it.closing_fee))
}
