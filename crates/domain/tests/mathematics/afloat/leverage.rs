//! A position kept at a leverage.

use super::{contract, guarded};
use crate::given::{any_fee, any_position, decimal, money, position, price, rate, single};
use plimsoll_domain::afloat::{Adding, Releveraged, keep_leverage};
use plimsoll_domain::{Collateral, Decimal, Money, Rate, Step};
use proptest::prelude::*;

#[test]
fn only_reductions_unless_adding_is_allowed() {
    let check = |size: &str, equity: &str, band: &str, fee: &str, adding: Adding, expected: &str| {
        let contract = contract("A", single("0.05", "0"), "0.1", "0.5", "2", "5");
        let mut it = guarded(&contract, position("long", size, "100"), price("100"), Collateral::Cross);
        it.fee = rate(fee);
        let found = match keep_leverage(&it, money(equity), decimal("3"), rate(band), adding) {
            Releveraged::Hold => "hold".to_owned(),
            Releveraged::Reduce(cut) => format!("-{}", cut.quantity),
            Releveraged::Increase(quantity) => format!("+{quantity}"),
        };
        assert_eq!(found, expected, "{size} {equity} {band} {fee}");
    };
    use Adding::{Allowed, Never};
    // 1,000 of equity at 3x is 30 units.
    check("30", "1000", "0", "0", Allowed, "hold");
    check("31.45", "1000", "0", "0", Never, "-1.5");
    check("31.5", "1000", "0.05", "0", Never, "hold");
    check("28.55", "1000", "0", "0", Never, "hold");
    check("28.55", "1000", "0", "0", Allowed, "+1.4");
    // The smallest order is half a unit, the largest two.
    check("29.6", "1000", "0", "0", Allowed, "hold");
    check("20", "1000", "0", "0", Allowed, "+2");
    check("30.1", "1000", "0", "0", Never, "-0.5");
    // Closing costs 10 % of itself, and three times that has to go as well: 7 ÷ 0.7.
    check("37", "1000", "0", "0.1", Never, "-10");
    check("28.7", "1000", "0", "0.1", Allowed, "+1");
    // Closing costs more than it brings, or nothing backs it: all of it goes.
    check("31", "1000", "0", "0.4", Never, "-31");
    check("31", "0", "0", "0", Never, "-31");
    check("31", "-5", "0.5", "0", Allowed, "-31");
}

proptest! {
    #[test]
    fn a_kept_leverage_is_met_after_fees_with_the_smallest_lot(
        position in any_position(), fee in any_fee(), equity in -1000_i64..100_000_000, target in 1_i64..200, lot in 0_u32..5,
        allowed in any::<bool>(),
    ) {
        let mut contract = contract("A", single("0.05", "0"), "1", "0.00001", "100000000000", "0.0000000001");
        contract.lot = Step::new(Decimal::new(1, lot)).unwrap();
        let mut it = guarded(&contract, position, position.entry, Collateral::Cross);
        it.fee = fee;
        let (equity, target) = (Money::new(equity.into()), Decimal::new(target, 1));
        let adding = if allowed { Adding::Allowed } else { Adding::Never };
        let (held, mark) = (position.quantity.get(), position.entry.get());
        let meets = |change: Decimal| {
            let left = equity.get() - change.abs() * mark * fee.get();
            (held + change) * mark <= (target * left).max(Decimal::ZERO)
        };
        match keep_leverage(&it, equity, target, Rate::ZERO, adding) {
            Releveraged::Hold => prop_assert!(meets(Decimal::ZERO)),
            Releveraged::Increase(more) => {
                prop_assert!(allowed && more.fits(contract.lot));
                prop_assert!(meets(more.get()));
            }
            Releveraged::Reduce(cut) => {
                prop_assert!(!meets(Decimal::ZERO));
                prop_assert!(cut.is_whole || meets(-cut.quantity.get()));
                let less = cut.quantity.get() - contract.lot.get();
                prop_assert!(less <= contract.min_quantity.get() || cut.is_whole || !meets(-less), "a lot less would do");
            }
        }
    }
}
