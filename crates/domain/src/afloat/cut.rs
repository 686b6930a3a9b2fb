//! A reduction as orders that the venue takes and the book bears.

use super::account::Guarded;
use crate::decimal::whole_quotient;
use crate::price::{Rounding, Step};
use crate::quantity::{Quantity, Remainder};
use rust_decimal::Decimal;

/// What to close of a position, reduce-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// How much, of all slices together: a multiple of the lot, or all that is held.
    pub quantity: Quantity,
    /// Whether that is all that is held.
    pub is_whole: bool,
    /// The orders, one after the other.
    pub slices: Slices,
}

/// A quantity in parts of about one size: each fits the lot but the last of a position that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slices {
    total: Quantity,
    large: Decimal,
    small: Decimal,
    /// What the small ones, which come last, are together.
    small_total: Decimal,
}

impl Guarded<'_> {
    /// At least `wanted`, as the venue takes it: no less than its smallest order, and all if less than that, or less than
    /// its smallest notional, would be left.
    #[must_use]
    pub fn cut(&self, wanted: Quantity) -> Cut {
        self.cut_exactly(self.size(wanted))
    }

    /// The size of a [`cut`](Self::cut).
    pub(super) fn size(&self, wanted: Quantity) -> Quantity {
        let (whole, lot, least) = (self.position.quantity, self.instrument.lot, self.instrument.min_quantity);
        let size = lot.round(wanted.max(least).get(), Rounding::Up);
        let stays = |left: Quantity| left >= least && left * self.mark >= self.instrument.min_notional;
        match Quantity::new(size).map(|size| (size, whole.minus(size))) {
            Ok((size, Remainder::Left(left))) if stays(left) => size,
            _ => whole,
        }
    }

    /// A cut of this size, which a venue takes: a [`size`](Self::size).
    pub(super) fn cut_exactly(&self, quantity: Quantity) -> Cut {
        Cut { quantity, is_whole: quantity == self.position.quantity, slices: self.slices(quantity) }
    }

    /// All of it.
    pub(super) fn cut_whole(&self) -> Cut {
        let quantity = self.position.quantity;
        Cut { quantity, is_whole: true, slices: self.slices(quantity) }
    }

    /// As few slices as the book bears. A book that bears less than the smallest order gets the smallest order: what
    /// reduces must get through.
    fn slices(&self, total: Quantity) -> Slices {
        let (lot, most, least) =
            (self.instrument.lot, self.instrument.max_market_quantity, self.instrument.min_quantity);
        let bound = self.depth.map_or(most, |depth| depth.min(most));
        if total <= bound {
            return Slices::one(total);
        }
        let lots = |size: Quantity, way| whole_quotient(size.get(), lot.get(), way).unwrap_or(Decimal::MAX);
        let units = lots(total, Rounding::Up);
        let parts = |size: Decimal, way| whole_quotient(units, size.max(Decimal::ONE), way).unwrap_or(units);
        let of = |size: Quantity| parts(lots(size, Rounding::Down), Rounding::Up);
        let mut slices = of(bound);
        // Only a narrow book can ask for slices below the smallest order.
        if bound.get() < least.get().saturating_add(lot.get()).saturating_mul(Decimal::TWO) {
            let taken = parts(lots(least, Rounding::Up), Rounding::Down);
            slices = slices.min(taken.max(Decimal::ONE)).max(of(most));
        }
        Slices::even(total, units, slices, lot)
    }
}

impl Slices {
    fn one(total: Quantity) -> Self {
        Self { total, large: total.get(), small: total.get(), small_total: total.get() }
    }

    /// So many lots in so many slices: their sizes differ by one lot at most.
    fn even(total: Quantity, lots: Decimal, slices: Decimal, lot: Step) -> Self {
        let each = whole_quotient(lots, slices, Rounding::Down).unwrap_or(lots).max(Decimal::ONE);
        let longer = lots.saturating_sub(each.saturating_mul(slices)).max(Decimal::ZERO);
        let small = each.saturating_mul(lot.get());
        let large = small.saturating_add(lot.get());
        let small_total = total.get().saturating_sub(longer.saturating_mul(large));
        Self { total, large, small, small_total }
    }

    /// The first.
    #[must_use]
    pub fn first(&self) -> Quantity {
        self.iter().next().unwrap_or(self.total)
    }

    /// All of them, in order; together they are the whole.
    pub fn iter(&self) -> impl Iterator<Item = Quantity> + use<> {
        let it = *self;
        let mut left = it.total.get();
        std::iter::from_fn(move || {
            let size = if left > it.small_total { it.large } else { it.small };
            let slice = Quantity::new(size.min(left)).ok()?;
            left -= slice.get();
            Some(slice)
        })
    }
}
