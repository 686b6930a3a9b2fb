//! The other leg of a hedge.

use super::{contract, guarded};
use crate::given::{any_position, decimal, position, price, quantity, single};
use plimsoll_domain::afloat::{HedgeRatio, match_lost};
use plimsoll_domain::{Collateral, Decimal, Quantity};
use proptest::prelude::*;

#[test]
fn what_one_leg_lost_the_other_leg_gives_up() {
    let check = |held: &str, lost: &str, ratio: &str, expected: &str, whole: bool| {
        let contract = contract("A", single("0.05", "0"), "0.5", "1", "4", "5");
        let other = guarded(&contract, position("short", held, "1"), price("100"), Collateral::Cross);
        let cut = match_lost(quantity(lost), HedgeRatio::new(decimal(ratio)).unwrap(), &other);
        assert_eq!((cut.quantity, cut.is_whole), (quantity(expected), whole), "{held} {lost} {ratio}");
    };
    check("10", "4", "1", "4", false);
    check("10", "10", "1", "10", true);
    // More was lost than stands against it: it is closed, and not turned around.
    check("10", "12", "1", "10", true);
    // Two to one, and in lots of a half, up.
    check("10", "2.1", "2", "4.5", false);
    check("10", "2.1", "0.5", "1.5", false);
    // Half a unit would be left, less than the smallest order.
    check("10", "9.5", "1", "10", true);
    check("10", "0.0000001", "0.0000001", "1", false);
}

#[test]
fn a_hedge_ratio_is_above_nothing() {
    assert_eq!(HedgeRatio::new(decimal("-1")).unwrap_err().to_string(), "a hedge ratio is above 0, got -1");
    assert!(HedgeRatio::new(Decimal::ZERO).is_err());
}

proptest! {
    #[test]
    fn a_matched_leg_is_hedged_again_to_within_a_lot_and_never_turned(
        other in any_position(), lost in 1_i64..1_000_000, ratio in 1_i64..500,
    ) {
        let contract = contract("A", single("0.05", "0"), "0.01", "0.02", "100000000", "0.0001");
        let it = guarded(&contract, other, other.entry, Collateral::Cross);
        let (lost, ratio) = (Quantity::new(Decimal::new(lost, 3)).unwrap(), Decimal::new(ratio, 2));
        let cut = match_lost(lost, HedgeRatio::new(ratio).unwrap(), &it);
        let matching = (lost.get() * ratio).max(contract.min_quantity.get());
        prop_assert!(cut.quantity <= other.quantity);
        prop_assert!(cut.is_whole || cut.quantity.get() >= matching);
        prop_assert!(cut.is_whole || cut.quantity.get() - matching < contract.lot.get());
    }
}
