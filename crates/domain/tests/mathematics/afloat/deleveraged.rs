//! The other leg of a hedge.

use super::{contract, guarded};
use crate::given::{any_position, decimal, position, price, quantity, single};
use plimsoll_domain::afloat::{Hedge, HedgeRatio};
use plimsoll_domain::{Collateral, Decimal, Quantity};
use proptest::prelude::*;

#[test]
fn what_one_leg_lost_the_other_leg_gives_up() {
    let check = |held: &str, left: &str, lost: &str, ratio: &str, expected: &str| {
        let contract = contract("A", single("0.05", "0"), "0.5", "1", "4", "5");
        let other = guarded(&contract, position("short", held, "1"), price("100"), Collateral::Cross);
        let (left, ratio) = (Quantity::new(decimal(left)).ok(), HedgeRatio::new(decimal(ratio)).unwrap());
        let cut = Hedge { left, ratio, other: &other }.match_lost(quantity(lost));
        let said = cut
            .map_or("none".to_owned(), |cut| format!("{}{}", cut.quantity, if cut.is_whole { " whole" } else { "" }));
        assert_eq!(said, expected, "{held} {left:?} {lost} {ratio:?}");
    };
    check("10", "6", "4", "1", "4");
    check("10", "0", "10", "1", "10 whole");
    // More was lost than stands against it: it is closed, and not turned around.
    check("10", "0", "12", "1", "10 whole");
    // Two to one, and in lots of a half, up.
    check("10", "2.9", "2.1", "2", "4.5");
    check("10", "17.9", "2.1", "0.5", "1.5");
    // Half a unit would be left, less than the smallest order.
    check("10", "0.5", "9.5", "1", "10 whole");
    check("10", "0", "0.0000001", "0.0000001", "1");
    // It was the longer leg that lost: what is left balances, or nearly.
    check("1", "1", "2", "1", "none");
    check("1", "0.8", "2", "1", "none");
    check("1", "5", "2", "1", "none");
    check("3", "2", "2", "1", "1");
    // Somebody has matched it meanwhile.
    check("6", "6", "4", "1", "none");
    check("8", "6", "4", "1", "2");
}

#[test]
fn a_hedge_ratio_is_above_nothing() {
    assert_eq!(HedgeRatio::new(decimal("-1")).unwrap_err().to_string(), "a hedge ratio is above 0, got -1");
    assert!(HedgeRatio::new(Decimal::ZERO).is_err());
}

proptest! {
    #[test]
    fn a_matched_leg_is_hedged_again_to_within_a_lot_and_never_turned(
        other in any_position(), left in 0_i64..1_000_000, lost in 1_i64..1_000_000, ratio in 1_i64..500,
    ) {
        let contract = contract("A", single("0.05", "0"), "0.01", "0.02", "100000000", "0.0001");
        let it = guarded(&contract, other, other.entry, Collateral::Cross);
        let of = |thousandths| Decimal::new(thousandths, 3);
        let (lost, ratio) = (Quantity::new(of(lost)).unwrap(), Decimal::new(ratio, 2));
        let hedge = Hedge { left: Quantity::new(of(left)).ok(), ratio: HedgeRatio::new(ratio).unwrap(), other: &it };
        let (naked, lot) = (other.quantity.get() - of(left) * ratio, contract.lot.get());
        let Some(cut) = hedge.match_lost(lost) else {
            prop_assert!(naked < lot);
            return Ok(());
        };
        let matching = (lost.get() * ratio).min(naked).max(contract.min_quantity.get());
        prop_assert!(naked > Decimal::ZERO);
        prop_assert!(cut.quantity <= other.quantity);
        prop_assert!(cut.is_whole || cut.quantity.get() >= matching);
        prop_assert!(cut.is_whole || cut.quantity.get() - matching < lot);
    }
}
