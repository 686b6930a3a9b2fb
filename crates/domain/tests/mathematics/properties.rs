//! What holds of every liquidation price.

use crate::given::{LAST_DIGITS, any_fee, any_margin, any_position, any_price, any_tiers, off};
use plimsoll_domain::{
    Decimal, Direction, Leg, Liquidation, MarginTiers, Money, Position, Price, Rate,
    liquidation::{cross, isolated},
};
use proptest::prelude::*;

type Case = (Vec<Position>, MarginTiers, MarginTiers, Money, Rate);

/// One leg, or a long and a short, each with a table of its own.
fn any_case() -> impl Strategy<Value = Case> {
    let legs = prop_oneof![
        any_position().prop_map(|it| vec![it]),
        (any_position(), any_position(), -50_i64..50).prop_map(|(long, short, thousandths)| {
            // Mostly nearly hedged, where both bounds exist.
            let nearly = long.quantity.get() * (Decimal::ONE + Decimal::new(thousandths, 3));
            let quantity = plimsoll_domain::Quantity::new(nearly).unwrap();
            let long = Position { direction: Direction::Long, ..long };
            vec![long, Position { direction: Direction::Short, quantity, entry: short.entry.min(long.entry) }]
        }),
    ];
    (legs, any_tiers(), any_tiers(), any_fee())
        .prop_flat_map(|(legs, a, b, fee)| (any_margin(&legs), Just((legs, a, b, fee))))
        .prop_map(|(margin, (legs, a, b, fee))| (legs, a, b, margin, fee))
}

fn legs<'a>((positions, a, b, ..): &'a Case) -> Vec<Leg<'a>> {
    positions.iter().zip([a, b]).map(|(position, tiers)| Leg { position: *position, tiers }).collect()
}

/// Equity, and what is required of it, at a price.
fn equity_and_requirement(legs: &[Leg<'_>], margin: Money, fee: Rate, at: Price) -> (Money, Money) {
    let mut sums = (margin, Money::ZERO);
    for leg in legs {
        let notional = leg.position.notional(at);
        sums.0 += leg.position.unrealized_pnl(at);
        sums.1 += leg.tiers.maintenance(notional) + notional * fee;
    }
    sums
}

/// The size of the numbers whose last digits count.
fn scale(legs: &[Leg<'_>], margin: Money, at: Price) -> Decimal {
    let sum: Money = legs.iter().map(|it| it.position.notional(at) + it.position.notional(it.position.entry)).sum();
    (sum + margin.abs()).get()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn at_a_liquidation_price_equity_equals_requirement(case in any_case()) {
        let (legs, margin, fee) = (legs(&case), case.3, case.4);
        let bounds = cross(&legs, margin, Money::ZERO, fee, None).bounds().unwrap_or_default();
        for at in bounds.below.into_iter().chain(bounds.above) {
            let (equity, required) = equity_and_requirement(&legs, margin, fee, at);
            let off = off(equity.get(), required.get(), scale(&legs, margin, at));
            prop_assert!(off <= LAST_DIGITS, "{equity} against {required} at {at}: {off}");
        }
    }

    #[test]
    fn between_its_bounds_and_nowhere_else_it_is_solvent(case in any_case(), prices in prop::collection::vec(any_price(), 20)) {
        let (legs, margin, fee) = (legs(&case), case.3, case.4);
        let answer = cross(&legs, margin, Money::ZERO, fee, None);
        let near = legs.iter().map(|leg| leg.position.entry);
        for at in prices.into_iter().chain(near) {
            let (equity, required) = equity_and_requirement(&legs, margin, fee, at);
            if off(equity.get(), required.get(), scale(&legs, margin, at)) <= LAST_DIGITS {
                continue;
            }
            let stands = answer.bounds().is_some_and(|bounds| bounds.holds(at));
            prop_assert_eq!(stands, equity > required, "{:?} at {}: {} against {}", answer, at, equity, required);
            let judged = cross(&legs, margin, Money::ZERO, fee, Some(at));
            prop_assert_eq!(judged, if stands { answer } else { Liquidation::AlreadyDue });
        }
    }

    #[test]
    fn the_tier_found_is_the_tier_assumed(position in any_position(), tiers in any_tiers(), fee in any_fee(), thousandths in 1_i64..2000) {
        let margin = position.notional(position.entry) * Decimal::new(thousandths, 3);
        let leg = Leg { position, tiers: &tiers };
        let bounds = isolated(leg, margin, fee, None).bounds().unwrap_or_default();
        let Some(at) = bounds.below.or(bounds.above) else { return Ok(()) };
        let tier = tiers.lines()[leg.tier(at)];
        let (s, q, e) = (position.direction.sign(), position.quantity.get(), position.entry.get());
        let closed_form = (margin.get() + tier.deduction.get() - s * q * e) / (q * (tier.rate.get() + fee.get() - s));
        let off = off(at.get(), closed_form, scale(&[leg], margin, at) / q);
        prop_assert!(off <= LAST_DIGITS, "{at} but {closed_form} by tier {}", leg.tier(at));
    }

    #[test]
    fn more_margin_never_brings_liquidation_nearer(case in any_case(), more in 0_i64..1_000_000) {
        let (legs, margin, fee) = (legs(&case), case.3, case.4);
        let poorer = cross(&legs, margin, Money::ZERO, fee, None);
        let richer = cross(&legs, margin + Money::new(more.into()), Money::ZERO, fee, None);
        let (Some(poorer), richer) = (poorer.bounds(), richer.bounds()) else { return Ok(()) };
        let richer = richer.unwrap();
        prop_assert!(richer.below.is_none_or(|below| poorer.below.is_some_and(|it| below <= it)));
        prop_assert!(richer.above.is_none_or(|above| poorer.above.is_some_and(|it| above >= it)));
    }

    #[test]
    fn one_way_positions_have_at_most_one_bound_on_their_losing_side(position in any_position(), tiers in any_tiers(), fee in any_fee(), thousandths in -300_i64..2000) {
        prop_assume!(tiers.lines().last().unwrap().rate.get() + fee.get() < Decimal::ONE);
        let margin = position.notional(position.entry) * Decimal::new(thousandths, 3);
        let Liquidation::Bounds(bounds) = isolated(Leg { position, tiers: &tiers }, margin, fee, None) else { return Ok(()) };
        match position.direction {
            Direction::Long => prop_assert_eq!(bounds.above, None),
            Direction::Short => prop_assert_eq!(bounds.below, None),
        }
    }

    #[test]
    fn an_isolated_position_and_a_lone_cross_one_with_the_same_backing_agree(position in any_position(), tiers in any_tiers(), fee in any_fee(), thousandths in -300_i64..2000, rest in -1000_i64..1000) {
        let margin = position.notional(position.entry) * Decimal::new(thousandths, 3);
        let (leg, rest) = (Leg { position, tiers: &tiers }, Money::new(rest.into()));
        prop_assert_eq!(isolated(leg, margin + rest, fee, None), cross(&[leg], margin, rest, fee, None));
    }
}
