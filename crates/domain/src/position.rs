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
        let gain = match self.direction {
            Direction::Long => price.get() - self.entry.get(),
            Direction::Short => self.entry.get() - price.get(),
        };
        Money::new(quantity.get() * gain)
    }

    fn blend(self, quantity: Quantity, price: Price) -> Self {
        let total = self.quantity + quantity;
        // The fills of one limit order mostly have one price: nothing to divide, and nothing to round.
        if price == self.entry {
            return Self { quantity: total, ..self };
        }
        let cost = self.quantity * self.entry + quantity * price;
        // Only products too small for a decimal can miss the interval of the two prices.
        let (low, high) = if self.entry < price { (self.entry, price) } else { (price, self.entry) };
        let entry = match Price::new(cost.get() / total.get()) {
            Ok(mean) if mean > high => high,
            Ok(mean) if mean >= low => mean,
            _ => low,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use rust_decimal_macros::dec;

    fn position(direction: Direction, quantity: Decimal, entry: Decimal) -> Position {
        Position { direction, quantity: Quantity::new(quantity).unwrap(), entry: Price::new(entry).unwrap() }
    }

    /// `opened 2@100, bought or sold 1@110: what it is then, and what it earned`.
    fn check(held: Direction, traded: Direction, quantity: Decimal, price: Decimal, expected: Transition) {
        let before = position(held, dec!(2), dec!(100));
        let after = before.apply(traded, Quantity::new(quantity).unwrap(), Price::new(price).unwrap());
        assert_eq!(after, expected);
    }

    #[test]
    fn adding_blends_the_entry_by_size() {
        use Direction::{Long, Short};
        check(Long, Long, dec!(2), dec!(110), Transition::Increased(position(Long, dec!(4), dec!(105))));
        check(Short, Short, dec!(6), dec!(60), Transition::Increased(position(Short, dec!(8), dec!(70))));
        check(Long, Long, dec!(1), dec!(100), Transition::Increased(position(Long, dec!(3), dec!(100))));
    }

    #[test]
    fn reducing_leaves_the_entry_and_realises_gross_profit() {
        use Direction::{Long, Short};
        let profit = |amount| Money::new(amount);
        check(
            Long,
            Short,
            dec!(1),
            dec!(110),
            Transition::Reduced(position(Long, dec!(1), dec!(100)), profit(dec!(10))),
        );
        check(
            Short,
            Long,
            dec!(0.5),
            dec!(90),
            Transition::Reduced(position(Short, dec!(1.5), dec!(100)), profit(dec!(5))),
        );
        check(Long, Short, dec!(2), dec!(95), Transition::Closed(profit(dec!(-10))));
    }

    #[test]
    fn reducing_by_more_than_it_holds_closes_it_and_opens_the_rest() {
        use Direction::{Long, Short};
        check(
            Long,
            Short,
            dec!(5),
            dec!(110),
            Transition::Flipped(position(Short, dec!(3), dec!(110)), Money::new(dec!(20))),
        );
        check(
            Short,
            Long,
            dec!(3),
            dec!(90),
            Transition::Flipped(position(Long, dec!(1), dec!(90)), Money::new(dec!(20))),
        );
    }

    #[test]
    fn a_fill_opens_what_was_flat() {
        let opened = Position::after(None, Direction::Short, Quantity::MAX, Price::MAX);
        assert_eq!(opened.realized(), Money::ZERO);
        assert_eq!(opened.position().map(|it| it.direction), Some(Direction::Short));
    }

    #[test]
    fn prices_too_small_to_multiply_still_blend() {
        let tiny = position(Direction::Long, dec!(0.0000000000000001), dec!(0.0000000000000001));
        let Transition::Increased(blended) = tiny.apply(tiny.direction, tiny.quantity, tiny.entry) else {
            panic!("same direction")
        };
        assert_eq!(blended.entry, tiny.entry);
    }

    fn any_fill() -> impl Strategy<Value = (Direction, Quantity, Price)> {
        (any::<bool>(), 1_i64..10_000, 0_u32..3, 1_i64..1_000_000, 0_u32..3).prop_map(|(long, size, a, price, b)| {
            let direction = if long { Direction::Long } else { Direction::Short };
            (direction, Quantity::new(Decimal::new(size, a)).unwrap(), Price::new(Decimal::new(price, b)).unwrap())
        })
    }

    proptest! {
        /// What was paid and received, and what is held at the last price, is what was realised and what is not yet.
        #[test]
        fn no_sequence_of_fills_makes_or_loses_money(fills in prop::collection::vec(any_fill(), 1..30), last in 1_i64..100_000) {
            let last = Price::new(Decimal::from(last)).unwrap();
            let (mut held, mut realized) = (None, Money::ZERO);
            let (mut cash, mut size, mut turnover) = (Decimal::ZERO, Decimal::ZERO, Decimal::ONE);
            for (direction, quantity, price) in fills {
                let transition = Position::after(held, direction, quantity, price);
                held = transition.position();
                realized += transition.realized();
                size += direction.sign() * quantity.get();
                cash -= direction.sign() * (quantity * price).get();
                turnover += (quantity * price).get() + quantity.get() * last.get();
            }
            let ours = realized + held.map_or(Money::ZERO, |it| it.unrealized_pnl(last));
            let off = (ours.get() - (cash + size * last.get())).abs();
            prop_assert!(off <= turnover * dec!(0.00000000000000000000001), "{off}");
            prop_assert_eq!(held.map_or(Decimal::ZERO, |it| it.direction.sign() * it.quantity.get()), size);
        }
    }
}
