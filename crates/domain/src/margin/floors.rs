//! The floors of a margin table, side by side, so that a line is found without a walk through the whole table.

use super::Tier;
use crate::decimal::ten_to;
use rust_decimal::Decimal;

/// The floors in one unit, which makes whole numbers of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Floors {
    /// How many decimals the unit has.
    scale: u32,
    /// By rising floor; empty where one is too long for that.
    units: Vec<i64>,
}

impl Floors {
    pub(super) fn of(lines: &[Tier]) -> Self {
        let floors = || lines.iter().map(|line| line.floor.get().normalize());
        let scale = floors().map(|floor| floor.scale()).max().unwrap_or_default();
        let whole = |floor: Decimal| {
            let digits = floor.mantissa().checked_mul(ten_to(scale.checked_sub(floor.scale())?)?)?;
            i64::try_from(digits).ok()
        };
        let units = floors().map(whole).collect::<Option<Vec<i64>>>();
        Self { scale, units: units.unwrap_or_default() }
    }

    /// How many floors are at or below a notional; `None` where whole numbers of 64 bits do not tell.
    #[inline]
    pub(super) fn reached(&self, notional: Decimal) -> Option<usize> {
        let digits = i64::try_from(notional.mantissa()).ok()?;
        let units = match notional.scale().checked_sub(self.scale) {
            // A floor is whole: it is at or below the notional where it is at or below what is whole of that.
            Some(finer) => digits.checked_div_euclid(i64::try_from(ten_to(finer)?).ok()?)?,
            None => digits.checked_mul(i64::try_from(ten_to(self.scale - notional.scale())?).ok()?)?,
        };
        (!self.units.is_empty()).then(|| self.units.partition_point(|floor| *floor <= units))
    }
}

#[cfg(test)]
mod tests {
    use super::Floors;
    use crate::leverage::Leverage;
    use crate::margin::Tier;
    use crate::money::Money;
    use crate::rate::Rate;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    proptest! {
        #[test]
        fn the_floors_that_are_reached_are_those_at_or_below(
            floors in prop::collection::btree_set(0_i64..1_000_000_000, 1..20), scale in 0u32..=6,
            notional in any::<i64>(), notional_scale in 0u32..=28, floor in any::<prop::sample::Index>(), exactly in any::<bool>(),
        ) {
            let tier = |floor: i64| Tier {
                floor: Money::new(Decimal::new(floor, scale)),
                rate: Rate::ZERO,
                deduction: Money::ZERO,
                max_leverage: Leverage::ONE,
            };
            let tiers: Vec<Tier> = floors.into_iter().map(tier).collect();
            let notional = match exactly {
                true => floor.get(&tiers).floor.get(),
                false => Decimal::new(notional, notional_scale),
            };
            let expected = tiers.iter().filter(|tier| tier.floor.get() <= notional).count();
            let found = Floors::of(&tiers).reached(notional);
            prop_assert!(found.is_none_or(|found| found == expected), "{found:?} of {expected}");
            prop_assert!(found.is_some() || notional_scale > 18 || notional.mantissa().unsigned_abs() > 9_000_000_000_000);
        }
    }
}
