//! Where the loss of a position ends.

use super::{Number, Problems};
use crate::float;
use plimsoll_domain::{Decimal, Direction, Instrument, Price, Rounding};
use serde::{Deserialize, Serialize};

/// How far from the price of entry the stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stop {
    /// This fraction of the price: 0.02 is 2 % of the price, whatever the leverage.
    Fraction(Number),
    /// This many average true ranges.
    Atr(Number),
}

impl Stop {
    pub(crate) fn validate(self, problems: &mut Problems) {
        match self {
            Self::Fraction(Number(fraction)) => problems.part("stop.fraction", fraction),
            Self::Atr(Number(times)) => problems.above("stop.atr", times, Decimal::ZERO),
        }
    }

    /// The trigger for a position opened at `price`, rounded so that it fires earlier; `None` where no price is left, or
    /// there is no range yet.
    pub(crate) fn trigger(
        self,
        instrument: &Instrument,
        direction: Direction,
        price: Price,
        atr: Option<f64>,
    ) -> Option<Price> {
        let away = match self {
            Self::Fraction(Number(fraction)) => price.get().checked_mul(fraction)?,
            Self::Atr(Number(times)) => float::distance(atr? * float::of(times), instrument.tick, Rounding::Down)?,
        };
        beyond(instrument, direction, price, away)
    }
}

/// The trigger of a stop this far behind `price`.
pub(crate) fn beyond(instrument: &Instrument, direction: Direction, price: Price, away: Decimal) -> Option<Price> {
    let wanted = price.get().checked_sub(direction.sign().checked_mul(away)?)?;
    let stop = instrument.stop_price(direction, Price::new(wanted).ok()?)?;
    // Rounded to the tick it may have met the price that it is to be behind.
    let behind = match direction {
        Direction::Long => stop < price,
        Direction::Short => stop > price,
    };
    behind.then_some(stop)
}
