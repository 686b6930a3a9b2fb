//! Moves of the whole market.

use crate::given::{LAST_DIGITS, any_position, any_tiers, btc, decimal, money, off, position, price, single, symbol};
use plimsoll_domain::{
    Collateral, CommonMove, Decimal, Direction, Holding, Leg, MarginTiers, Money, Portfolio, Position, Rate, Scenario,
    Symbol, liquidation::cross, stress::common_move,
};
use proptest::prelude::*;

fn holding<'a>(symbol: &'a Symbol, position: Position, mark: &str, tiers: &'a MarginTiers) -> Holding<'a> {
    let (mark, closing_fee) = (price(mark), Rate::ZERO);
    Holding { symbol, position, mark, collateral: Collateral::Cross, tiers, closing_fee }
}

#[test]
fn a_common_fall_liquidates_longs_and_a_common_rise_shorts() {
    let (one, tiers) = (symbol("A/USDT:USDT"), single("0.05", "0"));
    let check = |direction: &str, wallet: &str, down: Option<&str>, up: Option<&str>| {
        let holdings = vec![holding(&one, position(direction, "1", "100"), "100", &tiers)];
        let expected = CommonMove::Bounds { down: down.map(decimal), up: up.map(decimal) };
        assert_eq!(common_move(&Portfolio { wallet: money(wallet), holdings }), expected, "{direction} {wallet}");
    };
    check("long", "14.5", Some("0.9"), None);
    check("short", "15.5", None, Some("1.1"));
    check("long", "100", None, None);
}

#[test]
fn a_hedge_across_symbols_has_both() {
    // Long 1 A at 100 and short 1 B at 100, 5 % each: 0·λ + 20 = 10·λ above, nothing below.
    let (a, b, tiers) = (symbol("A/USDT:USDT"), symbol("B/USDT:USDT"), single("0.05", "0"));
    let pair = |wallet: &str, long: &str| Portfolio {
        wallet: money(wallet),
        holdings: vec![
            holding(&a, position("long", long, "100"), "100", &tiers),
            holding(&b, position("short", "1", "100"), "100", &tiers),
        ],
    };
    assert_eq!(common_move(&pair("20", "1")), CommonMove::Bounds { down: None, up: Some(decimal("2")) });
    // Long 2 and short 1: 20 + 100·(λ − 1) = 15·λ.
    let down = decimal("80") / decimal("85");
    assert_eq!(common_move(&pair("20", "2")), CommonMove::Bounds { down: Some(down), up: None });
    assert_eq!(common_move(&pair("9", "1")), CommonMove::AlreadyDue);
}

#[test]
fn a_common_move_needs_cross_positions() {
    let (one, tiers) = (symbol("A/USDT:USDT"), btc());
    let mut alone = holding(&one, position("long", "1", "100"), "100", &tiers);
    alone.collateral = Collateral::Isolated(money("20"));
    let nothing = CommonMove::Bounds { down: None, up: None };
    assert_eq!(common_move(&Portfolio { wallet: money("20"), holdings: vec![alone] }), nothing);
    assert_eq!(common_move(&Portfolio { wallet: money("0"), holdings: Vec::new() }), nothing);
}

#[test]
fn a_scenario_moves_each_symbol_by_its_own_factor() {
    let (a, b, tiers) = (symbol("A/USDT:USDT"), symbol("B/USDT:USDT"), single("0.05", "0"));
    let portfolio = Portfolio {
        wallet: money("50"),
        holdings: vec![
            holding(&a, position("long", "1", "100"), "100", &tiers),
            holding(&b, position("short", "1", "100"), "100", &tiers),
        ],
    };
    let crash = Scenario::new("crash of A", [(a.clone(), decimal("0.8"))]).unwrap();
    let after = crash.applied(&portfolio).assess();
    assert_eq!(after.account.equity, money("30"));
    assert_eq!(after.account.maintenance, money("9"));
    assert_eq!(after.account.ratio().unwrap().get(), decimal("0.3"));
    assert_eq!(after.positions[0].unrealized_pnl, money("-20"));
    assert_eq!(after.positions[1].unrealized_pnl, money("0"));
    assert_eq!(crash.name(), "crash of A");
}

#[test]
fn a_factor_is_above_zero() {
    let refused = Scenario::new("zero", [(symbol("A/USDT:USDT"), Decimal::ZERO)]).unwrap_err();
    assert_eq!(refused.to_string(), "a scenario moves A/USDT:USDT by a factor above 0, got 0");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn of_a_single_position_it_is_the_liquidation_price_over_the_mark(
        position in any_position(), tiers in any_tiers(), fee in crate::given::any_fee(),
        thousandths in 1_i64..2000, mark in 700_i64..1300,
    ) {
        let wallet = position.notional(position.entry) * Decimal::new(thousandths, 3);
        let mark = plimsoll_domain::Price::new(position.entry.get() * Decimal::new(mark, 3)).unwrap();
        let leg = Leg { position, tiers: &tiers };
        let name = symbol("A/USDT:USDT");
        let it = Holding { symbol: &name, position, mark, collateral: Collateral::Cross, tiers: &tiers, closing_fee: fee };
        let moved = common_move(&Portfolio { wallet, holdings: vec![it] });
        let Some(bounds) = cross(&[leg], wallet, Money::ZERO, fee, Some(mark)).bounds() else {
            prop_assert_eq!(moved, CommonMove::AlreadyDue);
            return Ok(());
        };
        let CommonMove::Bounds { down, up } = moved else { return Err(TestCaseError::fail("due")) };
        for (price, factor) in [(bounds.below, down), (bounds.above, up)] {
            let Some(price) = price else { continue };
            let scale = (position.entry.get() + wallet.get() / position.quantity.get()) * Decimal::TEN;
            prop_assert!(off(price.get(), factor.unwrap() * mark.get(), scale) <= LAST_DIGITS);
        }
    }

    #[test]
    fn at_the_common_move_equity_equals_requirement(
        held in prop::collection::vec((any_position(), any_tiers(), 700_i64..1300), 1..12), thousandths in 0_i64..1500,
    ) {
        let names: Vec<Symbol> = (0..held.len()).map(|n| symbol(&format!("A{n}/USDT:USDT"))).collect();
        let holdings: Vec<Holding<'_>> = held.iter().zip(&names).map(|((position, tiers, mark), symbol)| Holding {
            symbol,
            position: *position,
            mark: plimsoll_domain::Price::new(position.entry.get() * Decimal::new(*mark, 3)).unwrap(),
            collateral: Collateral::Cross,
            tiers,
            closing_fee: Rate::ZERO,
        }).collect();
        let net: Money = holdings.iter().map(|it| it.notional()).sum();
        let wallet = net * Decimal::new(thousandths, 3);
        let portfolio = Portfolio { wallet, holdings };
        let (equity, maintenance) = (portfolio.margin().equity, portfolio.margin().maintenance);
        let CommonMove::Bounds { down, up } = common_move(&portfolio) else {
            prop_assert!(equity <= maintenance);
            return Ok(());
        };
        prop_assert!(equity > maintenance);
        for factor in down.into_iter().chain(up) {
            let (mut left, mut scale) = (wallet.get(), wallet.get().abs());
            for it in &portfolio.holdings {
                let moved = it.notional().get() * factor;
                let cost = it.position.notional(it.position.entry).get();
                let sign = if it.position.direction == Direction::Long { Decimal::ONE } else { -Decimal::ONE };
                left += sign * (moved - cost) - it.tiers.maintenance(Money::new(moved)).get();
                scale += moved + cost;
            }
            prop_assert!(off(left, Decimal::ZERO, scale) <= LAST_DIGITS, "{left} of {scale} left at {factor}");
        }
    }
}
