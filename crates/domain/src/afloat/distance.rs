//! How far the cross positions are from liquidation, and what takes them further.

use super::account::GuardedAccount;
use super::relief::{CrossPool, Legs, required};
use super::thresholds::Level;
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
        near.retain(|(spare, _)| spare.is_sign_negative() && !spare.is_zero());
        if near.is_empty() {
            return true;
        }
        near.sort_unstable();
        for (_, legs) in near {
            if spare(pool, legs, distance) < Decimal::ZERO {
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
    let down = spare_at(pool, legs, -distance.get());
    let up = spare_at(pool, legs, distance.get());
    down.min(up)
}

fn spare_at(pool: &CrossPool<'_>, legs: Legs, share: Decimal) -> Decimal {
    let Some(it) = pool.it(legs.one) else { return Decimal::ZERO };
    let stretch = Decimal::ONE.saturating_add(share).max(Decimal::ZERO);
    let (one, other) = (pool.left(legs.one), legs.other.map_or(Decimal::ZERO, |place| pool.left(place)));
    if one.is_zero() && other.is_zero() {
        return Decimal::ZERO;
    }
    let moved = required(it, one.saturating_mul(stretch), other.saturating_mul(stretch));
    // The venue that asks for the larger leg alone counts its fee alone.
    let closed = match it.instrument.tiers.hedge() {
        HedgeMargin::EachLeg => one.saturating_add(other),
        HedgeMargin::LargerLeg => one.max(other),
    };
    let fee = closed.saturating_mul(it.mark.get()).saturating_mul(stretch).saturating_mul(it.closing_fee.get());
    let gain = |place: usize| {
        let way = pool.it(place).map_or(Decimal::ZERO, |it| it.position.direction.sign());
        way.saturating_mul(pool.left(place)).saturating_mul(it.mark.get()).saturating_mul(share)
    };
    let gained = gain(legs.one).saturating_add(legs.other.map_or(Decimal::ZERO, gain));
    let elsewhere = pool.required.saturating_sub(pool.required_of(legs));
    pool.equity.saturating_add(gained).saturating_sub(elsewhere).saturating_sub(moved).saturating_sub(fee)
}

/// Makes the leg that is threatened smaller by as little as it takes, or closes what is left of the contract.
fn reduce(pool: &mut CrossPool<'_>, legs: Legs, distance: Rate) {
    let threatened = match spare_at(pool, legs, -distance.get()) < Decimal::ZERO {
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
    if spare(pool, legs, distance) < Decimal::ZERO {
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
