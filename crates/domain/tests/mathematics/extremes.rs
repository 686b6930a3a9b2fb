//! Numbers at the edges of their ranges: answers may be odd there, but nothing panics.

use crate::given::{any_tiers, decimal, symbol};
use plimsoll_domain::{
    Collateral, Decimal, Direction, Holding, Leg, Leverage, LiquidationBounds, MarginHealth, MarginRatio, MarginTiers,
    Money, Portfolio, Position, Price, Quantity, Rate, Reducible, Scenario, Step, Tier, Transition, funding,
    liquidation::{bankruptcy, cross, distance, estimate, isolated},
    margin, pnl, reduce,
    stress::common_move,
};
use proptest::prelude::*;

fn edge_price() -> impl Strategy<Value = Price> {
    let ordinary =
        (1_i64..1_000_000_000_000, 0_u32..=12).prop_map(|(m, s)| Price::new(Decimal::new(m, s)).unwrap_or(Price::MAX));
    prop_oneof![
        Just(Price::MAX),
        Just(Price::new(Decimal::new(1, 28)).unwrap()),
        Just(Price::new(decimal("0.3333333333333333333333333333")).unwrap()),
        ordinary
    ]
}

fn edge_quantity() -> impl Strategy<Value = Quantity> {
    let ordinary = (1_i64..1_000_000_000_000, 0_u32..=12).prop_map(|(m, s)| Quantity::new(Decimal::new(m, s)).unwrap());
    prop_oneof![
        Just(Quantity::MAX),
        Just(Quantity::new(Decimal::new(1, 28)).unwrap()),
        Just(Quantity::new(decimal("99999999999999.99999999999999")).unwrap()),
        ordinary
    ]
}

fn edge_money() -> impl Strategy<Value = Money> {
    let ordinary = (any::<i64>(), 0_u32..=18).prop_map(|(m, s)| Money::new(Decimal::new(m, s)));
    prop_oneof![
        Just(Money::new(Decimal::MAX)),
        Just(Money::new(Decimal::MIN)),
        Just(Money::MAX_READ),
        Just(-Money::MAX_READ),
        Just(Money::ZERO),
        Just(Money::new(Decimal::new(1, 28))),
        ordinary
    ]
}

/// What a rate can be read as, and what a calculation could make of one.
fn edge_rate() -> impl Strategy<Value = Rate> {
    let read = (-100_i64..=100, 0_u32..=28).prop_map(|(m, s)| Rate::new(Decimal::new(m, s)));
    prop_oneof![Just(Rate::new(Decimal::MAX)), Just(Rate::new(Decimal::MIN)), Just(Rate::ZERO), read]
}

fn edge_step() -> impl Strategy<Value = Step> {
    prop_oneof![Just(decimal("1e-28")), Just(Decimal::MAX), Just(decimal("0.001")), Just(decimal("0.07"))]
        .prop_map(|step| Step::new(step).unwrap())
}

fn edge_position() -> impl Strategy<Value = Position> {
    (prop_oneof![Just(Direction::Long), Just(Direction::Short)], edge_quantity(), edge_price())
        .prop_map(|(direction, quantity, entry)| Position { direction, quantity, entry })
}

fn edge_tiers() -> impl Strategy<Value = MarginTiers> {
    let line = |floor: Money, rate: &str, deduction: Money| Tier {
        floor,
        rate: Rate::new(decimal(rate)),
        deduction,
        max_leverage: Leverage::MAX,
    };
    let far = MarginTiers::new(vec![
        line(Money::ZERO, "0.0000000000000000000000000001", Money::ZERO),
        line(Money::MAX_READ, "0.5000000000000000000000000001", Money::MAX_READ * decimal("0.5")),
    ]);
    let given =
        MarginTiers::single(Rate::new(decimal("0.9999999999999999999999999999")), Money::MAX_READ, Leverage::ONE);
    prop_oneof![any_tiers(), Just(far.unwrap()), Just(given.unwrap())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn liquidation(a in edge_position(), b in edge_position(), t in edge_tiers(), u in edge_tiers(), w in edge_money(), r in edge_money(), f in edge_rate(), mark in edge_price(), tick in edge_step()) {
        let legs = [Leg { position: a, tiers: &t }, Leg { position: b, tiers: &u }];
        for mark in [None, Some(mark)] {
            for answer in [isolated(legs[0], w, f, mark), cross(&legs, w, r, f, mark), cross(&[legs[0], legs[1], legs[0]], w, r, f, mark)] {
                let Some(LiquidationBounds { below, above }) = answer.bounds() else { continue };
                prop_assert!(below.is_none_or(|below| below.get() > Decimal::ZERO));
                prop_assert!(below.zip(above).is_none_or(|(below, above)| below <= above));
                let _ = LiquidationBounds { below, above }.for_display(tick);
            }
        }
        let _ = (bankruptcy(a, w), distance(a.direction, mark, b.entry), legs[0].tier(mark));
        let _ = (estimate(a.direction, a.entry, Leverage::MAX, f), estimate(a.direction, a.entry, Leverage::ONE, f));
    }

    #[test]
    fn accounts(a in edge_position(), b in edge_position(), t in edge_tiers(), w in edge_money(), own in edge_money(), f in edge_rate(), mark in edge_price(), factor in edge_price()) {
        let names = [symbol("A/USDT:USDT"), symbol("B/USDT:USDT")];
        let one = Holding { symbol: &names[0], position: a, mark, collateral: Collateral::Cross, tiers: &t, closing_fee: f };
        let two = Holding { symbol: &names[1], position: b, ..one };
        let three = Holding { collateral: Collateral::Isolated(own), ..two };
        let portfolio = Portfolio { wallet: w, holdings: vec![one, two, three, two] };
        let crash = Scenario::new("", [(names[0].clone(), factor.get()), (names[1].clone(), Decimal::MAX)]).unwrap();
        for portfolio in [crash.applied(&portfolio), portfolio] {
            let _ = (portfolio.assess(), portfolio.equity(), common_move(&portfolio));
            let _ = MarginHealth::of(portfolio.margin().cover(), f);
        }
    }

    #[test]
    fn reductions(a in edge_position(), t in edge_tiers(), w in edge_money(), elsewhere in edge_money(), fee in edge_rate(), mark in edge_price(), lot in edge_step(), target in edge_rate(), min in edge_quantity()) {
        let it = Reducible { position: a, mark, tiers: &t, lot, fee, equity: w, elsewhere };
        if let reduce::Reduction::Close(size) = reduce::reduce_to_ratio(it, MarginRatio::reported(target.get())) {
            prop_assert!(size <= a.quantity);
        }
        prop_assert!(reduce::half(a, lot, min) <= a.quantity);
        if let reduce::Adjustment::Reduce(size) = reduce::to_leverage(a, mark, w, target.get(), fee, lot) {
            prop_assert!(size <= a.quantity);
        }
        let _ = reduce::effective_leverage(w, elsewhere);
    }

    #[test]
    fn funding_and_profit(a in edge_position(), mark in edge_price(), rate in edge_rate(), periods in edge_rate(), hours in prop_oneof![Just(0), Just(8), Just(u32::MAX)], w in edge_money(), v in edge_money()) {
        let _ = (funding::payment(a, mark, rate), funding::estimate(a, mark, rate, periods.get()));
        let _ = (funding::per_day(hours), funding::daily_estimate(a, mark, rate, hours), funding::annualised(rate, hours));
        let _ = (funding::break_even_intervals(w, v), pnl::net(w, v, w));
        let _ = (pnl::return_on_equity(a, Leverage::MAX, mark), margin::isolated_equity(a, w, mark), margin::initial(w, Leverage::MAX));
    }

    #[test]
    fn positions(a in edge_position(), fills in prop::collection::vec((edge_position(), 0..1), 1..20)) {
        let mut held = Some(a);
        for (fill, _) in fills {
            let (before, after) = (held, Position::after(held, fill.direction, fill.quantity, fill.entry));
            if let (Some(before), Transition::Increased(after)) = (before, after) {
                let (low, high) = (before.entry.min(fill.entry), before.entry.max(fill.entry));
                prop_assert!(low <= after.entry && after.entry <= high);
            }
            held = after.position();
        }
    }

    #[test]
    fn tables(rows in prop::collection::vec((edge_money(), edge_rate(), edge_money()), 0..4)) {
        let line = |(floor, rate, deduction)| Tier { floor, rate, deduction, max_leverage: Leverage::ONE };
        let _ = MarginTiers::new(rows.into_iter().map(line).collect());
    }
}
