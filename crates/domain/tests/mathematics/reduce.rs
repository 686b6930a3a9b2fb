//! How much to close.

use crate::given::{
    any_fee, any_position, any_tiers, btc, decimal, money, position, price, quantity, rate, single, step, symbol,
};
use plimsoll_domain::{
    Adjustment, Currency, Decimal, Fees, Instrument, MarginRatio, MarginTiers, Money, Position, Price, Reducible,
    Reduction, Step, VenueId,
    reduce::{effective_leverage, half, largest, reduce_largest, reduce_to_distance, reduce_to_ratio, to_leverage},
};
use proptest::prelude::*;

#[test]
fn closes_the_smallest_lot_multiple_that_meets_the_target() {
    let tiers = single("0.05", "0");
    let check = |equity: &str, elsewhere: &str, lot: &str, fee: &str, target: &str, expected: Reduction| {
        let it = Reducible {
            position: position("long", "10", "100"),
            mark: price("100"),
            tiers: &tiers,
            lot: step(lot),
            fee: rate(fee),
            equity: money(equity),
            elsewhere: money(elsewhere),
        };
        let target = MarginRatio::reported(decimal(target));
        assert_eq!(reduce_to_ratio(it, target), expected, "{equity} {elsewhere} {lot} {fee} {target}");
    };
    let close = |size: &str| Reduction::Close(quantity(size));
    // Maintenance is 5 a unit. With 50 of equity a ratio of 0.5 allows 25: five units.
    check("50", "0", "1", "0", "0.5", close("5"));
    check("50", "0", "3", "0", "0.5", close("6"));
    check("50", "0", "0.001", "0", "0.5", close("5"));
    check("49", "0", "0.001", "0", "0.5", close("5.1"));
    // Five units cost 0.5 at 0.1 %: 25 > 0.5·49.5, so a little more goes.
    check("50", "0", "0.001", "0.001", "0.5", close("5.051"));
    check("50", "20", "1", "0", "0.5", close("9"));
    check("50", "25", "1", "0", "0.5", close("10"));
    check("50", "26", "1", "0", "0.5", Reduction::NotEnough);
    check("100", "0", "1", "0", "0.5", Reduction::NotNeeded);
    check("-1", "0", "1", "0", "0.5", Reduction::NotEnough);
    check("0", "0", "1", "0", "0.5", close("10"));
    // No multiple of 7 below 10 is enough, so all of it goes.
    check("50", "20", "7", "0", "0.5", close("10"));
}

#[test]
fn reducing_walks_the_tiers() {
    // 20 × 50,000 = 1,000,000 requires 5,550. For 1,000 the notional may be 210,000: 0.5 % less 50.
    let tiers = btc();
    let it = Reducible {
        position: position("short", "20", "50000"),
        mark: price("50000"),
        tiers: &tiers,
        lot: step("0.001"),
        fee: rate("0"),
        equity: money("2000"),
        elsewhere: money("0"),
    };
    assert_eq!(reduce_to_ratio(it, MarginRatio::reported(decimal("0.5"))), Reduction::Close(quantity("15.8")));
}

#[test]
fn closes_the_smallest_lot_multiple_that_keeps_the_distance() {
    let tiers = single("0.05", "0");
    let check = |direction: &str, equity: &str, fee: &str, counted: &str, distance: &str, expected: Reduction| {
        let it = Reducible {
            position: position(direction, "10", "100"),
            mark: price("100"),
            tiers: &tiers,
            lot: step("0.1"),
            fee: rate(fee),
            equity: money(equity),
            elsewhere: money("0"),
        };
        let found = reduce_to_distance(it, rate(distance), rate(counted));
        assert_eq!(found, expected, "{direction} {equity} {fee} {counted} {distance}");
    };
    let close = |size: &str| Reduction::Close(quantity(size));
    // At 80 a long has lost 20 a unit and needs 4: 240 back ten of them, 120 five. At 120 a short has lost 20 and needs 6.
    check("long", "240", "0", "0", "0.2", Reduction::NotNeeded);
    check("long", "239", "0", "0", "0.2", close("0.1"));
    check("long", "120", "0", "0", "0.2", close("5"));
    check("short", "260", "0", "0", "0.2", Reduction::NotNeeded);
    check("short", "130", "0", "0", "0.2", close("5"));
    // A fee of 1 each takes 5 of 125; a venue that counts 5 % of 80 asks for 28.
    check("long", "125", "0.01", "0", "0.2", close("5"));
    check("long", "140", "0", "0.05", "0.2", close("5"));
    check("long", "0", "0", "0", "0.2", close("10"));
    check("long", "-1", "0", "0", "0.2", Reduction::NotEnough);
}

#[test]
fn half_is_rounded_up_to_the_lot() {
    let check = |size: &str, lot: &str, min: &str, expected: &str| {
        assert_eq!(
            half(position("long", size, "1"), step(lot), quantity(min)),
            quantity(expected),
            "{size} {lot} {min}"
        );
    };
    check("1", "0.001", "0.001", "0.5");
    check("0.003", "0.001", "0.001", "0.002");
    check("0.001", "0.001", "0.001", "0.001");
    check("0.010", "0.001", "0.006", "0.010");
    check("0.010", "0.001", "0.005", "0.005");
    check("5", "10", "1", "5");
}

#[test]
fn the_largest_has_the_most_notional() {
    let held = [("long", "1", "90"), ("short", "2", "50"), ("long", "10", "10")];
    let held = held.map(|(direction, size, mark)| (position(direction, size, "1"), price(mark)));
    assert_eq!(largest(held), Some(1));
    assert_eq!(largest([]), None);
}

#[test]
fn the_largest_position_is_halved_in_its_own_lots() {
    let contract = |lot: &str, min: &str| Instrument {
        venue: VenueId::new("venue"),
        symbol: symbol("A/USDT:USDT"),
        native: "AUSDT".into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: step("0.1"),
        lot: step(lot),
        min_quantity: quantity(min),
        max_quantity: quantity("1000"),
        max_market_quantity: quantity("1000"),
        min_notional: money("5"),
        tiers: btc(),
        fees: Fees { maker: rate("0"), taker: rate("0") },
        liquidation_fee: rate("0"),
        funding_interval_hours: 8,
        status: plimsoll_domain::ContractStatus::Trading,
        ends: None,
        margin_fee: plimsoll_domain::Rate::ZERO,
    };
    let (fine, coarse) = (contract("0.001", "0.001"), contract("1", "2"));
    let small = (position("long", "0.5", "50"), price("50"), &fine);
    let large = (position("short", "5", "50"), price("60"), &coarse);
    assert_eq!(reduce_largest(&[small, large]), Some((1, quantity("3"))));
    assert_eq!(reduce_largest(&[small]), Some((0, quantity("0.25"))));
    assert_eq!(reduce_largest(&[(position("long", "3", "50"), price("60"), &coarse)]), Some((0, quantity("3"))));
    assert_eq!(reduce_largest(&[]), None);
}

#[test]
fn target_leverage_has_a_band_and_never_overshoots() {
    let check = |size: &str, equity: &str, target: &str, band: &str, expected: Adjustment| {
        let it = position("long", size, "100");
        let to = to_leverage(it, price("100"), money(equity), decimal(target), rate(band), step("0.1"));
        assert_eq!(to, expected, "{size} {equity} {target} {band}");
    };
    // 1,000 of equity at 3x is 30 units.
    check("30", "1000", "3", "0", Adjustment::Hold);
    check("28.55", "1000", "3", "0", Adjustment::Increase(quantity("1.4")));
    check("31.45", "1000", "3", "0", Adjustment::Reduce(quantity("1.5")));
    check("31.5", "1000", "3", "0.05", Adjustment::Hold);
    check("31.6", "1000", "3", "0.05", Adjustment::Reduce(quantity("1.6")));
    check("29.95", "1000", "3", "0", Adjustment::Hold);
    check("30", "0", "3", "0.05", Adjustment::Reduce(quantity("30")));
    check("30", "-1000", "3", "0.05", Adjustment::Reduce(quantity("30")));
    check("0.05", "0", "3", "0", Adjustment::Reduce(quantity("0.05")));
}

#[test]
fn effective_leverage_needs_equity() {
    assert_eq!(effective_leverage(money("3000"), money("1000")), Some(decimal("3")));
    assert_eq!(effective_leverage(money("3000"), money("0")), None);
}

fn meets(it: &Reducible<'_>, closed: Decimal, target: Decimal) -> bool {
    let left = (it.position.quantity.get() - closed) * it.mark.get();
    let equity = it.equity.get() - closed * it.mark.get() * it.fee.get();
    it.tiers.maintenance(Money::new(left)).get() + it.elsewhere.get() <= target * equity
}

fn reducible<'a>(position: Position, tiers: &'a MarginTiers, thousandths: i64) -> Reducible<'a> {
    let lot = Step::new(Decimal::new(1, position.quantity.get().scale())).unwrap();
    let maintenance = tiers.maintenance(position.notional(position.entry));
    Reducible {
        position,
        mark: Price::new(position.entry.get()).unwrap(),
        tiers,
        lot,
        fee: plimsoll_domain::Rate::ZERO,
        equity: maintenance * Decimal::new(thousandths, 3),
        elsewhere: Money::ZERO,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_reduction_meets_its_target_with_the_smallest_lot_and_never_flips(
        position in any_position(), tiers in any_tiers(), fee in any_fee(),
        equity in -100_i64..3000, elsewhere in 0_i64..500, lots in 1_i64..50, target in 1_i64..=1000,
    ) {
        let mut it = reducible(position, &tiers, equity);
        it.fee = fee;
        it.elsewhere = it.equity * Decimal::new(elsewhere, 3);
        it.lot = Step::new(it.lot.get() * Decimal::from(lots)).unwrap();
        let target = Decimal::new(target, 3);
        let whole = position.quantity.get();
        match reduce_to_ratio(it, MarginRatio::reported(target)) {
            Reduction::NotNeeded => prop_assert!(meets(&it, Decimal::ZERO, target)),
            Reduction::NotEnough => {
                prop_assert!(!meets(&it, whole, target));
                for part in 0..=20 {
                    let size = whole * Decimal::new(part * 5, 2);
                    let fits = plimsoll_domain::Quantity::new(size).is_ok_and(|size| size.fits(it.lot));
                    prop_assert!(!fits || !meets(&it, size, target), "{size} would do");
                }
            }
            Reduction::Close(size) => {
                prop_assert!(size <= position.quantity);
                prop_assert!(size.fits(it.lot) || size == position.quantity);
                prop_assert!(meets(&it, size.get(), target));
                prop_assert!(!meets(&it, Decimal::ZERO, target));
                let lots = (size.get() / it.lot.get()).ceil() - Decimal::ONE;
                prop_assert!(!meets(&it, lots * it.lot.get(), target), "one lot less would do");
            }
        }
    }

    #[test]
    fn a_reduction_keeps_its_distance_with_the_smallest_lot(
        position in any_position(), tiers in any_tiers(), fee in any_fee(), counted in any_fee(),
        equity in -100_i64..5000, lots in 1_i64..50, distance in 0_i64..900,
    ) {
        let mut it = reducible(position, &tiers, equity);
        it.fee = fee;
        it.equity = position.notional(position.entry) * Decimal::new(equity, 4);
        it.lot = Step::new(it.lot.get() * Decimal::from(lots)).unwrap();
        let distance = plimsoll_domain::Rate::new(Decimal::new(distance, 3));
        // Solvent once the mark has moved against it, by the definition.
        let keeps = |closed: Decimal| {
            let left = position.quantity.get() - closed;
            let way = position.direction.sign() * distance.get() * position.entry.get();
            let moved = left * (position.entry.get() - way);
            let equity = it.equity.get() - closed * position.entry.get() * fee.get() - left * way.abs();
            let own = if left.is_zero() { Decimal::ZERO } else { tiers.maintenance(Money::new(moved)).get() };
            own + moved * counted.get() <= equity
        };
        let whole = position.quantity.get();
        match reduce_to_distance(it, distance, counted) {
            Reduction::NotNeeded => prop_assert!(keeps(Decimal::ZERO)),
            Reduction::NotEnough => prop_assert!(!keeps(Decimal::ZERO) && !keeps(whole)),
            Reduction::Close(size) => {
                prop_assert!(size <= position.quantity && (size.fits(it.lot) || size == position.quantity));
                prop_assert!(keeps(size.get()) && !keeps(Decimal::ZERO));
                let lots = (size.get() / it.lot.get()).ceil() - Decimal::ONE;
                prop_assert!(!keeps(lots * it.lot.get()), "one lot less would do");
            }
        }
    }

    #[test]
    fn half_is_at_least_half_and_at_most_all(position in any_position(), lot in 1_i64..100_000, scale in 0_u32..6, min in 1_i64..1000) {
        let (lot, min) = (Step::new(Decimal::new(lot, scale)).unwrap(), plimsoll_domain::Quantity::new(Decimal::new(min, 3)).unwrap());
        let closed = half(position, lot, min);
        let left = position.quantity.get() - closed.get();
        prop_assert!(closed.get() * Decimal::TWO >= position.quantity.get());
        prop_assert!(left.is_zero() || left >= min.get());
    }

    #[test]
    fn to_leverage_ends_at_most_at_the_target(position in any_position(), equity in -1000_i64..100_000_000, target in 0_i64..200, lot in 0_u32..5) {
        let (equity, target) = (Money::new(equity.into()), Decimal::new(target, 1));
        let to = to_leverage(position, position.entry, equity, target, plimsoll_domain::Rate::ZERO, Step::new(Decimal::new(1, lot)).unwrap());
        let held = position.quantity.get();
        let after = match to {
            Adjustment::Hold => return Ok(()),
            Adjustment::Increase(more) => held + more.get(),
            Adjustment::Reduce(less) => held - less.get(),
        };
        prop_assert!(after >= Decimal::ZERO);
        prop_assert!(after * position.entry.get() <= (target * equity.get()).max(Decimal::ZERO));
    }
}
