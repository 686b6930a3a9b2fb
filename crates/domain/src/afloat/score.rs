//! What is worth making smaller first, as one whole number.

use crate::decimal::{in_finer_units, is_positive, product, ten_to};
use rust_decimal::Decimal;

/// How many decimals a score has. Whole numbers are quick to divide and to compare.
const DECIMALS: u32 = 18;

/// By how much a unit of a run lowers the pool's ratio `M/A`, per notional that it closes, times `A`, which is the same for
/// all: `(A·relief/N − M·fee) ÷ (A − N·fee)`, which is `p + (p·N·fee − M·fee) ÷ (A − N·fee)` with `p = relief/N`.
///
/// `per_notional` is `p`, a number as [`units_of`] and [`units`] make it, `cost` is `N·fee`, and `due` is `M·fee`.
pub(super) fn score(per_notional: i128, cost: Decimal, due: Decimal, equity: Decimal) -> i128 {
    if cost.is_zero() && due.is_zero() {
        return per_notional;
    }
    let left = equity.saturating_sub(cost);
    if !is_positive(left) {
        return i128::MIN;
    }
    let whole = || {
        let scale = cost.scale().max(due.scale()).max(left.scale());
        let digits = |it: Decimal| in_finer_units(it.mantissa(), scale - it.scale());
        let taken = product(per_notional, digits(cost)?)?.checked_sub(product(digits(due)?, ten_to(DECIMALS)?)?)?;
        per_notional.checked_add(taken.checked_div(digits(left)?)?)
    };
    whole().unwrap_or_else(|| {
        let per_notional = Decimal::try_from_i128_with_scale(per_notional, DECIMALS).unwrap_or(Decimal::MAX);
        units_of(equity.saturating_mul(per_notional).saturating_sub(due), left)
    })
}

/// `of ÷ by` as a score: by whole numbers where the digits suffice, which is many times as fast as by decimals.
pub(super) fn units_of(of: Decimal, by: Decimal) -> i128 {
    let whole = || {
        let places = DECIMALS.saturating_add(by.scale()).checked_sub(of.scale())?;
        product(of.mantissa(), ten_to(places)?)?.checked_div(by.mantissa())
    };
    whole().unwrap_or_else(|| of.checked_div(by).map_or(i128::MIN, units))
}

/// A number as a score; what does not fit is beyond all others.
pub(super) fn units(score: Decimal) -> i128 {
    let units = match score.scale() {
        scale @ ..=DECIMALS => ten_to(DECIMALS - scale).and_then(|unit| product(score.mantissa(), unit)),
        scale => ten_to(scale - DECIMALS).and_then(|unit| score.mantissa().checked_div(unit)),
    };
    units.unwrap_or(if score.is_sign_negative() { i128::MIN } else { i128::MAX })
}

#[cfg(test)]
mod tests {
    use super::{score, units, units_of};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    /// The definition, by decimals.
    fn defined(relief: Decimal, notional: Decimal, fee: Decimal, equity: Decimal, required: Decimal) -> i128 {
        let fall = equity * (relief / notional) - required * fee;
        units(fall / (equity - notional * fee))
    }

    proptest! {
        #[test]
        fn a_score_is_what_its_definition_says_but_for_the_last_digit(
            notional in 1_i64..100_000_000, share in 1_i64..10_000, fee in 0_i64..20,
            equity in 1_000_000_000_000_i64..1_000_000_000_000_000, required in 0_i64..1_000_000_000_000_000,
        ) {
            let (notional, fee) = (Decimal::new(notional, 4), Decimal::new(fee, 4));
            let relief = notional * Decimal::new(share, 4);
            let (equity, required) = (Decimal::new(equity, 8), Decimal::new(required, 8));
            let found = score(units_of(relief, notional), notional * fee, required * fee, equity);
            let difference = found - defined(relief, notional, fee, equity, required);
            prop_assert!(difference.abs() <= 2, "{difference}");
        }
    }
}
