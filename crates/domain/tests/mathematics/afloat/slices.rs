//! Reductions as orders.

use super::{contract, guarded};
use crate::given::{position, price, quantity, single};
use plimsoll_domain::afloat::Cut;
use plimsoll_domain::{Collateral, Decimal, Position, Price, Quantity, Step};
use proptest::prelude::*;

fn said(cut: &Cut) -> String {
    let slices: Vec<String> = cut.slices.iter().map(|slice| slice.to_string()).collect();
    let whole = if cut.is_whole { " whole" } else { "" };
    format!("{}{whole}: {}", cut.quantity, slices.join(" "))
}

#[test]
fn a_cut_is_what_the_venue_takes_in_slices_that_the_book_bears() {
    let check = |held: &str, lot: &str, min: &str, max: &str, depth: &str, wanted: &str, expected: &str| {
        let contract = contract("A", single("0.05", "0"), lot, min, max, "50");
        let mut it = guarded(&contract, position("long", held, "1"), price("100"), Collateral::Cross);
        it.depth = (depth != "-").then(|| quantity(depth));
        assert_eq!(said(&it.cut(quantity(wanted))), expected, "{held} {lot} {min} {max} {depth} {wanted}");
    };
    check("10", "1", "1", "100", "-", "4", "4: 4");
    // In whole lots, up.
    check("10", "1", "1", "100", "-", "3.2", "4: 4");
    // Never less than the smallest order, never more than is held.
    check("10", "1", "3", "100", "-", "1", "3: 3");
    check("10", "1", "1", "100", "-", "10", "10 whole: 10");
    check("10", "1", "1", "100", "-", "50", "10 whole: 10");
    // What would be left is too small to sell, or worth less than 50.
    check("10", "1", "3", "100", "-", "8", "10 whole: 10");
    check("10", "0.1", "0.1", "100", "-", "9.6", "10 whole: 10");
    check("10", "0.1", "0.1", "100", "-", "9.5", "9.5: 9.5");
    // In parts of about one size, by the book and by the venue's largest market order.
    check("10", "1", "1", "100", "4", "9", "9: 3 3 3");
    check("10", "1", "1", "3", "-", "8", "8: 3 3 2");
    check("10", "1", "1", "3", "4", "8", "8: 3 3 2");
    check("10.5", "1", "1", "100", "4", "10.2", "10.5 whole: 4 4 2.5");
    // A book that bears less than the smallest order gets the smallest order.
    check("10", "1", "3", "100", "2", "7", "7: 4 3");
    check("10", "1", "1", "100", "0.5", "2", "2: 1 1");
}

proptest! {
    #[test]
    fn slices_are_the_whole_and_none_is_more_than_the_book_bears(
        held in 1_i64..1_000_000, lot in 1_i64..50, min in 1_i64..20, depth in 1_i64..5000, max in 1_i64..5000,
        wanted in 1_i64..1_000_000,
    ) {
        let hundredths = |number: i64| Quantity::new(Decimal::new(number, 2)).unwrap();
        let mut contract = contract("A", single("0.05", "0"), "1", "1", "1", "5");
        contract.lot = Step::new(Decimal::new(lot, 2)).unwrap();
        contract.min_quantity = hundredths(min * lot);
        contract.max_market_quantity = hundredths(max.max(2 * min) * lot);
        let mark = Price::new(Decimal::ONE).unwrap();
        let whole = Position { quantity: hundredths(held), ..position("short", "1", "1") };
        let mut it = guarded(&contract, whole, mark, Collateral::Cross);
        it.depth = Some(hundredths(depth));
        let wanted = hundredths(wanted.min(held));
        let cut = it.cut(wanted);
        prop_assert!(cut.quantity >= wanted && cut.quantity <= whole.quantity);
        prop_assert_eq!(cut.is_whole, cut.quantity == whole.quantity);
        prop_assert!(cut.is_whole || cut.quantity.fits(contract.lot) && cut.quantity >= contract.min_quantity);
        let left = whole.quantity.get() - cut.quantity.get();
        prop_assert!(cut.is_whole || left >= contract.min_quantity.get() && left * mark.get() >= contract.min_notional.get());
        let slices: Vec<Quantity> = cut.slices.iter().collect();
        prop_assert_eq!(slices.iter().map(|it| it.get()).sum::<Decimal>(), cut.quantity.get());
        prop_assert_eq!(Some(&cut.slices.first()), slices.first());
        let bears = hundredths(depth) >= hundredths(2 * min * lot);
        for (number, slice) in slices.iter().enumerate() {
            let is_last = number + 1 == slices.len();
            prop_assert!(*slice <= contract.max_market_quantity);
            prop_assert!(!bears || *slice <= hundredths(depth), "{slice} of {depth}");
            prop_assert!(slice.fits(contract.lot) || is_last && cut.is_whole);
            prop_assert!(*slice >= contract.min_quantity || is_last && cut.is_whole);
        }
    }
}
