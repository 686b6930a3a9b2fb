//! Positions, and what fills make of them.

use crate::money::Money;
use crate::price::Price;
use crate::quantity::{Quantity, Remainder};
use crate::side::Direction;

/// A position: there is no zero-sized one. A flat account has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Long or short.
    pub direction: Direction,
    /// Its size in base units.
    pub quantity: Quantity,
    /// The size-weighted mean price of the fills that built it; reducing does not move it.
    pub entry: Price,
}

impl Position {
    /// Size × `price`.
    #[must_use]
    pub fn notional(&self, price: Price) -> Money {
        self.quantity * price
    }

    /// Profit that closing everything at `price` would bring, before fees.
    #[must_use]
    pub fn unrealized_pnl(&self, price: Price) -> Money {
        self.profit(self.quantity, price)
    }

    /// What this position becomes when `quantity` is traded in `direction` at `price`.
    #[must_use]
    pub fn apply(self, direction: Direction, quantity: Quantity, price: Price) -> Transition {
        if direction == self.direction {
            return Transition::Increased(self.blend(quantity, price));
        }
        match self.quantity.minus(quantity) {
            Remainder::Left(left) => {
                let profit = self.profit(quantity, price);
                Transition::Reduced(Self { quantity: left, ..self }, profit)
            }
            Remainder::Nothing => Transition::Closed(self.profit(self.quantity, price)),
            Remainder::Excess(excess) => {
                let profit = self.profit(self.quantity, price);
                Transition::Flipped(Self { direction, quantity: excess, entry: price }, profit)
            }
        }
    }

    /// What a fill makes of a position or of none.
    #[must_use]
    pub fn after(before: Option<Self>, direction: Direction, quantity: Quantity, price: Price) -> Transition {
        match before {
            Some(position) => position.apply(direction, quantity, price),
            None => Transition::Opened(Self { direction, quantity, entry: price }),
        }
    }

    fn profit(&self, quantity: Quantity, price: Price) -> Money {
        Money::new(self.direction.sign() * quantity.get() * (price.get() - self.entry.get()))
    }

    fn blend(self, quantity: Quantity, price: Price) -> Self {
        let total = self.quantity + quantity;
        let cost = self.quantity * self.entry + quantity * price;
        // Only products too small for a decimal can miss the interval of the two prices.
        let (low, high) = (self.entry.min(price), self.entry.max(price));
        let entry = Price::new(cost.get() / total.get()).unwrap_or(low).clamp(low, high);
        Self { quantity: total, entry, ..self }
    }
}

/// What a fill made of a position. Profit is gross: fees are beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// There was none.
    Opened(Position),
    /// It grew; the entry price is blended.
    Increased(Position),
    /// It shrank; the entry price stays.
    Reduced(Position, Money),
    /// It is gone.
    Closed(Money),
    /// More was traded than it held: it closed, and the rest opened the other way.
    Flipped(Position, Money),
}

impl Transition {
    /// The position that is left.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match *self {
            Self::Opened(position) | Self::Increased(position) => Some(position),
            Self::Reduced(position, _) | Self::Flipped(position, _) => Some(position),
            Self::Closed(_) => None,
        }
    }

    /// Profit that it realised, before fees.
    #[must_use]
    pub const fn realized(&self) -> Money {
        match *self {
            Self::Opened(_) | Self::Increased(_) => Money::ZERO,
            Self::Reduced(_, profit) | Self::Flipped(_, profit) | Self::Closed(profit) => profit,
        }
    }
}
