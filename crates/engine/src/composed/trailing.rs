//! A stop that follows the best mark at a distance. Where it rests is all that is remembered of the best mark.

use super::part::{Fate, Part, Parts};
use super::{Facts, NewPart, Next};
use plimsoll_domain::{Decimal, Direction, OrderKind, OrderSize, OrderStatus, Price, Rate, TriggerBy};
use plimsoll_ports::{ComposedEnd, Purpose};
use std::time::Duration;

/// It is moved once it could rest nearer by this share of its distance: each move costs requests and, at a venue that takes
/// one stop for a position, a moment without any.
const WORTH_MOVING: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

/// Marks wake nobody for it: so often it is looked whether it is to be moved.
const EVERY: Duration = Duration::from_secs(5);

/// Names have two digits of 36 for the number of a part.
const MOST_MOVES: u16 = 1295;

pub(super) fn next(
    direction: Direction,
    distance: Rate,
    activation: Option<Price>,
    parts: &Parts,
    facts: &Facts<'_>,
) -> Next {
    let last = parts.last(Purpose::StopLoss);
    if last.is_some_and(Part::is_done) {
        return Next::End(ComposedEnd::Done, "the stop has filled".to_owned());
    }
    if facts.held.is_none_or(|held| held.direction != direction) {
        let gone = || Next::End(ComposedEnd::Canceled, "the position is gone".to_owned());
        return parts.resting(Purpose::StopLoss).map_or_else(gone, |part| Next::Cancel(part.id().clone()));
    }
    // The one before could not be cancelled when this one took its place.
    let is_stale = |part: &&Part| part.rests() && last.is_some_and(|last| last.rests() && last.number != part.number);
    if let Some(stale) = parts.of(Purpose::StopLoss).find(is_stale) {
        return Next::Cancel(stale.id().clone());
    }
    let is_active = match (last, activation) {
        (Some(_), _) | (None, None) => true,
        (None, Some(price)) => is_as_good(direction, facts.mark, price),
    };
    let behind = behind(direction, distance, facts);
    let look_again = Next::Wait(Some(facts.now.plus(EVERY)));
    let (true, Some(behind)) = (is_active, behind) else { return look_again };
    if parts.next_number(Purpose::StopLoss) > MOST_MOVES {
        let why = format!("it was moved {MOST_MOVES} times; the stop rests where it is");
        return Next::End(ComposedEnd::Failed, why);
    }
    // It never goes back, whatever became of the one before.
    let best = last.and_then(Part::trigger).filter(|before| is_as_good(direction, *before, behind));
    let place = |trigger| {
        Next::Place(NewPart {
            purpose: Purpose::StopLoss,
            number: parts.next_number(Purpose::StopLoss),
            kind: OrderKind::StopMarket { trigger, trigger_by: TriggerBy::Mark },
            size: OrderSize::WholePosition,
        })
    };
    match last.map(|part| (&part.fate, part.trigger())) {
        Some((Fate::Rests { .. }, Some(at))) if !is_worth_moving(direction, at, behind, distance, facts.mark) => {
            look_again
        }
        Some((Fate::Refused(reason), _)) => Next::End(ComposedEnd::Failed, reason.clone()),
        Some((Fate::Unknown, _)) => look_again,
        Some((Fate::Ended { status: OrderStatus::Canceled | OrderStatus::Expired, .. }, Some(at))) => {
            place(best.unwrap_or_else(|| nearer(direction, at, behind)))
        }
        _ => place(best.unwrap_or(behind)),
    }
}

/// So far behind the mark, on the contract's tick, rounded so that it fires earlier.
fn behind(direction: Direction, distance: Rate, facts: &Facts<'_>) -> Option<Price> {
    let factor = Decimal::ONE - direction.sign() * distance.get();
    let price = Price::new(facts.mark.get().checked_mul(factor)?).ok()?;
    facts.instrument.stop_price(direction, price)
}

/// `price` is no worse for whoever holds this direction than `other`.
fn is_as_good(direction: Direction, price: Price, other: Price) -> bool {
    match direction {
        Direction::Long => price >= other,
        Direction::Short => price <= other,
    }
}

fn is_worth_moving(direction: Direction, at: Price, behind: Price, distance: Rate, mark: Price) -> bool {
    let nearer = direction.sign() * (behind.get() - at.get());
    let step = mark.get().saturating_mul(distance.get()).saturating_mul(WORTH_MOVING);
    nearer.is_sign_positive() && !nearer.is_zero() && nearer >= step
}

fn nearer(direction: Direction, one: Price, other: Price) -> Price {
    if is_as_good(direction, one, other) { one } else { other }
}
