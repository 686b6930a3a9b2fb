//! A position with margin of its own: give it more, or make it smaller.

use super::account::{Guarded, GuardedAccount};
use super::figures::Figures;
use super::plan::{Action, Backing, Block, FlattenCause, Purse, flatten};
use super::thresholds::{Level, Stage, Thresholds};
use crate::decimal::is_positive;
use crate::money::Money;
use crate::price::{Rounding, Step};
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::reduce::{Reducible, Reduction, reduce_to_distance, reduce_to_ratio};
use rust_decimal::Decimal;

/// What to do about the position at this place.
pub(super) fn block(
    place: usize,
    it: &Guarded<'_>,
    own: Figures,
    account: &GuardedAccount<'_>,
    thresholds: &Thresholds,
    purse: &mut Purse,
) -> Block {
    let (backing, ratio, distance, is_due) = (Backing::Isolated(place), own.ratio(), own.distance, own.is_due);
    let stage = thresholds.isolated_stage(ratio, distance).unwrap_or(Stage::Warn);
    // Most have one thing to be told, and one to be done.
    let mut actions = Vec::with_capacity(2);
    actions.push(match is_due {
        true => Action::AlreadyDue { backing, margin: own.margin },
        false => Action::Warn { backing, ratio, distance, stage },
    });
    if it.left_alone {
        return Block { urgency: (is_due, stage, ratio), actions };
    }
    let symbol = &it.instrument.symbol;
    if (is_due || stage >= Stage::Cancel) && account.entries.iter().any(|entries| entries.symbol == symbol) {
        actions.push(Action::CancelEntries { symbols: vec![symbol.clone()] });
    }
    match (is_due, stage) {
        (true, _) => actions.extend(flatten(account, backing, FlattenCause::AlreadyDue)),
        (_, Stage::Flatten) => actions.extend(flatten(account, backing, FlattenCause::Level)),
        (_, Stage::TopUp | Stage::Reduce) => {
            let reducible = it.reducible(it.position.quantity, own.margin.equity, Money::ZERO);
            let target = thresholds.settings().target;
            let added = top_up(&reducible, target, it.closing_fee, account.money_step, purse);
            actions.extend(added.map(|(amount, restores)| Action::AddMargin { place, amount, restores }));
            if stage == Stage::Reduce {
                let equity = plus(own.margin.equity, added.map_or(Money::ZERO, |(amount, _)| amount));
                actions.extend(reduce(place, it, &Reducible { equity, ..reducible }, account, target));
            }
        }
        (_, Stage::Warn | Stage::Cancel) => {}
    }
    Block { urgency: (is_due, stage, ratio), actions }
}

/// What is taken out of the purse, and whether it is enough; `None` if nothing is needed or there.
fn top_up(
    it: &Reducible<'_>,
    target: Level,
    closing_fee: Rate,
    step: Step,
    purse: &mut Purse,
) -> Option<(Money, bool)> {
    if !is_positive(purse.left.get()) {
        return None;
    }
    let there = step.round(purse.left.get(), Rounding::Down);
    if !is_positive(there) {
        return None;
    }
    let with = |amount: Decimal| Reducible { equity: plus(it.equity, Money::new(amount)), ..*it };
    let meets = |amount: &Decimal| meets(&with(*amount), target, closing_fee, Decimal::ZERO);
    let required = it.required(it.position.notional(it.mark).get());
    let for_ratio = required.checked_div(target.ratio.get()).unwrap_or(Decimal::MAX);
    let for_distance = target.distance.map(|distance| it.needed_for(distance, closing_fee, Decimal::ZERO));
    let equity = for_distance.map_or(for_ratio, |equity| equity.max(for_ratio));
    let amount = step.round(equity.saturating_sub(it.equity.get()), Rounding::Up);
    let nearby = [amount.saturating_sub(step.get()), amount, amount.saturating_add(step.get())];
    let needed = nearby.into_iter().filter(|amount| *amount > Decimal::ZERO).find(meets);
    let amount = needed.map_or(there, |needed| needed.min(there));
    if amount <= Decimal::ZERO {
        return None;
    }
    purse.left = plus(purse.left, Money::new(-amount));
    Some((Money::new(amount), needed == Some(amount)))
}

/// The smallest reduction that the venue takes and that restores the target; to flatten it if none does.
fn reduce(
    place: usize,
    it: &Guarded<'_>,
    reducible: &Reducible<'_>,
    account: &GuardedAccount<'_>,
    target: Level,
) -> Option<Action> {
    match smallest(reducible, target, it.closing_fee) {
        Reduction::NotNeeded => None,
        Reduction::Close(quantity) => {
            let cut = it.cut(quantity);
            // Fees can make more than the smallest too much; closing all of it asks for nothing any more.
            let is_smallest = cut.quantity == quantity;
            let holds = is_smallest || cut.is_whole || meets(reducible, target, it.closing_fee, cut.quantity.get());
            Some(Action::Reduce { place, cut: if holds { cut } else { it.cut_whole() } })
        }
        Reduction::NotEnough => flatten(account, Backing::Isolated(place), FlattenCause::OutOfReach),
    }
}

fn meets(it: &Reducible<'_>, target: Level, closing_fee: Rate, closed: Decimal) -> bool {
    let keeps = |distance| it.meets_distance(distance, closing_fee, closed);
    it.meets_ratio(target.ratio, closed) && target.distance.is_none_or(keeps)
}

/// The sizes that meet one target are an interval, so the smallest that meets both is the larger of the smallest.
fn smallest(it: &Reducible<'_>, target: Level, closing_fee: Rate) -> Reduction {
    let by_ratio = reduce_to_ratio(*it, target.ratio);
    let by_distance =
        target.distance.map_or(Reduction::NotNeeded, |distance| reduce_to_distance(*it, distance, closing_fee));
    let larger = |one: Quantity, other: Quantity| {
        let sizes = [one.max(other), it.position.quantity];
        let found = sizes.into_iter().find(|size| meets(it, target, closing_fee, size.get()));
        found.map_or(Reduction::NotEnough, Reduction::Close)
    };
    match (by_ratio, by_distance) {
        (Reduction::NotEnough, _) | (_, Reduction::NotEnough) => Reduction::NotEnough,
        (Reduction::NotNeeded, Reduction::NotNeeded) => Reduction::NotNeeded,
        // By the distance alone it is not known that the ratio is met still.
        (Reduction::Close(size), Reduction::NotNeeded) if target.distance.is_none() => Reduction::Close(size),
        (Reduction::Close(size), Reduction::NotNeeded) | (Reduction::NotNeeded, Reduction::Close(size)) => {
            larger(size, size)
        }
        (Reduction::Close(one), Reduction::Close(other)) => larger(one, other),
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
