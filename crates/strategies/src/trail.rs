//! Stops that follow the price.

use crate::settings::beyond;
use plimsoll_domain::{Decimal, Direction, Instrument, Price};
use plimsoll_ports::Holding;

/// Where a stop that follows is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trail {
    /// It stays.
    Stays,
    /// It goes here, which is in favour of what is held.
    To(Price),
    /// The price is through where it is to be already.
    Through(Price),
}

/// Where the stop of what is held is to go: `away` behind the best close since it was opened, never against it, and only if
/// that is better than now by a fraction `step` of the price.
pub(crate) fn trail(
    instrument: &Instrument,
    held: &Holding,
    best: Price,
    close: Price,
    away: Decimal,
    step: Decimal,
) -> Trail {
    let direction = held.position.direction;
    let Some(wanted) = beyond(instrument, direction, best, away) else { return Trail::Stays };
    if !is_behind(direction, wanted, close) {
        return Trail::Through(wanted);
    }
    let Some(now) = held.stop else { return Trail::To(wanted) };
    let gained = direction.sign().saturating_mul(wanted.get() - now.get());
    if gained > Decimal::ZERO && gained >= close.get().saturating_mul(step) { Trail::To(wanted) } else { Trail::Stays }
}

/// The better of two closes for what is held.
pub(crate) fn better(direction: Direction, one: Option<Price>, other: Price) -> Price {
    match (one, direction) {
        (None, _) => other,
        (Some(one), Direction::Long) => one.max(other),
        (Some(one), Direction::Short) => one.min(other),
    }
}

fn is_behind(direction: Direction, stop: Price, close: Price) -> bool {
    match direction {
        Direction::Long => stop < close,
        Direction::Short => stop > close,
    }
}
