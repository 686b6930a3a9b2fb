//! Contracts, which the venue counts in, and base units, which we count in.

use plimsoll_domain::{Decimal, Quantity};
use plimsoll_venue::DecodeError;

/// A size that is no whole number of contracts, or that cannot be told exactly in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{quantity} is no number of contracts of {multiplier}")]
pub struct UnevenSize {
    /// The size in base units.
    pub quantity: Quantity,
    /// Base units in a contract.
    pub multiplier: Decimal,
}

/// So many contracts, of either sign, in base units, to the last digit. Beyond what a [`Quantity`] may be, there is none:
/// so sums of a few of them are safe.
pub(crate) fn base(contracts: Decimal, multiplier: Decimal, place: &str) -> Result<Decimal, DecodeError> {
    product(contracts, multiplier).filter(|base| base.abs() <= Quantity::MAX.get()).ok_or_else(|| {
        DecodeError::new(format!("{contracts} contracts of {multiplier} are no number that can be kept exactly"), place)
    })
}

/// `quantity` in contracts of which so many digits behind the point may be ordered.
pub(crate) fn contracts(quantity: Quantity, multiplier: Decimal, digits: u32) -> Result<Decimal, UnevenSize> {
    let uneven = || UnevenSize { quantity, multiplier };
    let contracts = quantity.get().checked_div(multiplier).ok_or_else(uneven)?.normalize();
    if contracts.scale() > digits || product(contracts, multiplier) != Some(quantity.get()) {
        return Err(uneven());
    }
    Ok(contracts)
}

/// The exact product, where there is one: `Decimal`'s own rounds.
fn product(one: Decimal, other: Decimal) -> Option<Decimal> {
    if other == Decimal::ONE {
        return Some(one);
    }
    let mantissa = one.mantissa().checked_mul(other.mantissa())?;
    Decimal::try_from_i128_with_scale(mantissa, one.scale().checked_add(other.scale())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contracts_are_base_units_and_back() {
        let check = |quantity: &str, multiplier: &str, expected: Option<&str>| {
            let (quantity, multiplier): (Quantity, Decimal) = (quantity.parse().unwrap(), multiplier.parse().unwrap());
            let found = contracts(quantity, multiplier, 1).ok();
            assert_eq!(found.map(|it| it.to_string()).as_deref(), expected, "{quantity} of {multiplier}");
            if let Some(found) = found {
                assert_eq!(base(found, multiplier, "size").unwrap(), quantity.get());
            }
        };
        check("0.5", "0.0001", Some("5000"));
        check("0.00014", "0.0001", Some("1.4"));
        check("0.000135", "0.0001", None);
        check("20", "10", Some("2"));
        check("25", "10", Some("2.5"));
        check("7", "1", Some("7"));
        check("1", "3", None);
        assert_eq!(contracts("1".parse().unwrap(), Decimal::ZERO, 1).ok(), None);
        assert!(contracts("0.00014".parse().unwrap(), "0.0001".parse().unwrap(), 0).is_err(), "not divided");
    }

    proptest! {
        #[test]
        fn no_product_is_rounded(size in any::<i64>(), scale in 0u32..=20, multiplier in 1_i64..1_000_000, by in 0u32..=12) {
            let (size, multiplier) = (Decimal::new(size, scale), Decimal::new(multiplier, by));
            if let Some(product) = product(size, multiplier) {
                prop_assert_eq!(product.checked_div(multiplier).map(|it| it.normalize()), Some(size.normalize()));
            } else {
                prop_assert!(scale + by > 28 || size.mantissa().checked_mul(multiplier.mantissa()).is_none_or(|it| it.unsigned_abs() >= 1 << 96));
            }
        }
    }
}
