//! What an order would make of a position.

use super::check::ExposureFacts;
use crate::instrument::Instrument;
use crate::leverage::Leverage;
use crate::liquidation::Liquidation;
use crate::money::Money;
use crate::position::{Position, Transition};
use crate::price::Price;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::Direction;
use rust_decimal::Decimal;

/// What filling an order whole would make of a position, and what that needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Projection {
    /// What is held before; `None` if nothing is.
    pub before: Option<Position>,
    /// What would be held after; `None` if it only closes.
    pub after: Option<Position>,
    /// Notional after, at the order's price.
    pub notional: Money,
    /// Initial margin that the part which opens or adds needs.
    pub required_margin: Money,
    /// The taker fee of the whole order.
    pub fees: Money,
    /// The most leverage that the tiers allow for that notional.
    pub tier_max_leverage: Leverage,
}

impl Projection {
    /// Projects an order of this size, filled whole at `price` as taker, onto what is held on its side.
    #[must_use]
    pub fn of(
        instrument: &Instrument,
        before: Option<Position>,
        direction: Direction,
        quantity: Quantity,
        price: Price,
        leverage: Leverage,
    ) -> Self {
        let transition = Position::after(before, direction, quantity, price);
        let after = transition.position();
        let added = match transition {
            Transition::Opened(_) | Transition::Increased(_) => quantity * price,
            Transition::Flipped(position, _) => position.notional(price),
            Transition::Reduced(..) | Transition::Closed(_) => Money::ZERO,
        };
        let notional = after.map_or(Money::ZERO, |after| after.notional(price));
        Self {
            before,
            after,
            notional,
            required_margin: instrument.initial_margin(added, leverage),
            fees: quantity * price * instrument.fees.taker,
            tier_max_leverage: instrument.max_leverage(notional),
        }
    }

    /// How many positions would be open, of `open` before.
    #[must_use]
    pub fn open_positions(&self, open: u32) -> u32 {
        match (self.before, self.after) {
            (None, Some(_)) => open.saturating_add(1),
            (Some(_), None) => open.saturating_sub(1),
            _ => open,
        }
    }

    /// The facts for [`check`](super::check), with what depends on the rest of the account: how many positions are open
    /// before the order, what those of them are worth that it is not for, the exact distance to liquidation after it ([`distance_to`]) and the funding expected a day.
    #[must_use]
    pub fn facts(
        &self,
        leverage: Leverage,
        open: u32,
        other_notional: Money,
        liquidation_distance: Option<Rate>,
        funding_per_day: Option<Money>,
    ) -> ExposureFacts {
        ExposureFacts {
            leverage: leverage.as_decimal(),
            tier_max_leverage: self.tier_max_leverage,
            resulting_notional: self.notional,
            other_notional,
            required_margin: self.required_margin,
            fees: self.fees,
            open_positions: self.open_positions(open),
            liquidation_distance,
            funding_per_day,
        }
    }
}

/// The distance from the mark to the nearest liquidation price, as a share of the mark: zero if it is due already,
/// `None` if no price liquidates.
#[must_use]
pub fn distance_to(liquidation: Liquidation, mark: Price) -> Option<Rate> {
    let Some(bounds) = liquidation.bounds() else { return Some(Rate::ZERO) };
    let share = |apart: Decimal| Rate::new(apart.checked_div(mark.get()).unwrap_or(Decimal::MAX));
    let below = bounds.below.map(|below| share(mark.get() - below.get()));
    let above = bounds.above.map(|above| share(above.get() - mark.get()));
    below.into_iter().chain(above).min()
}
