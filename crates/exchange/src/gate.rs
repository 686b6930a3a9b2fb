//! The cheap question asked at every price: can anything happen at all?
//!
//! Prices that matter (liquidation bounds, triggers, resting orders) are kept as whole numbers of 1e-8. Rounding down
//! keeps their order, so a price that has not reached a bound by its number has not reached it: the exact decimals are
//! compared only once the numbers meet.

use plimsoll_domain::Price;

/// A price in units of 1e-8, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PriceKey(i64);

const PLACES: u32 = 8;
const POWERS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

impl PriceKey {
    pub(crate) const LOWEST: PriceKey = PriceKey(i64::MIN);
    pub(crate) const HIGHEST: PriceKey = PriceKey(i64::MAX);

    /// A price is at most 1e10, so its number is at most 1e18 and fits.
    #[inline]
    pub(crate) fn of(price: Price) -> Self {
        let value = price.get();
        let (mantissa, scale) = (value.mantissa(), value.scale());
        if scale <= PLACES {
            return Self(mantissa as i64 * POWERS[(PLACES - scale) as usize]);
        }
        Self((mantissa / 10_i128.pow(scale - PLACES)) as i64)
    }
}

/// Nothing happens while a price is strictly between these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) below: PriceKey,
    pub(crate) above: PriceKey,
}

impl Band {
    pub(crate) const EVERYTHING: Band = Band { below: PriceKey::LOWEST, above: PriceKey::HIGHEST };

    #[inline]
    pub(crate) fn holds(self, key: PriceKey) -> bool {
        self.below < key && key < self.above
    }

    pub(crate) fn narrow_below(&mut self, bound: Option<PriceKey>) {
        self.below = bound.map_or(self.below, |bound| bound.max(self.below));
    }

    pub(crate) fn narrow_above(&mut self, bound: Option<PriceKey>) {
        self.above = bound.map_or(self.above, |bound| bound.min(self.above));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn price() -> impl Strategy<Value = Price> {
        (1_i64..=1_000_000_000_000_000_000, 0_u32..=28)
            .prop_filter_map("above the largest price", |(mantissa, scale)| {
                Price::new(Decimal::new(mantissa, scale)).ok()
            })
    }

    proptest! {
        #[test]
        fn numbers_keep_the_order_of_prices(one in price(), other in price()) {
            if one <= other {
                prop_assert!(PriceKey::of(one) <= PriceKey::of(other));
            }
        }
    }

    #[test]
    fn the_largest_price_has_a_number() {
        assert_eq!(PriceKey::of(Price::MAX), PriceKey(1_000_000_000_000_000_000));
    }
}
