//! Whole accounts.

use crate::given::{
    any_fee, any_margin, any_position, any_tiers, btc, decimal, money, position, price, rate, single, symbol,
};
use plimsoll_domain::{
    Collateral, Decimal, Direction, HedgeMargin, Holding, Leg, Leverage, Liquidation, MarginHealth, MarginRatio,
    MarginTiers, Money, Portfolio, Position, Rate, Symbol,
    liquidation::{cross, isolated},
    margin, margin_cover,
    stress::{CommonMove, common_move},
};
use proptest::prelude::*;

fn holding<'a>(symbol: &'a Symbol, position: Position, mark: &str, tiers: &'a MarginTiers) -> Holding<'a> {
    let (mark, closing_fee) = (price(mark), Rate::ZERO);
    Holding { symbol, position, mark, collateral: Collateral::Cross, tiers, closing_fee }
}

#[test]
fn two_cross_longs_share_the_wallet() {
    let (eth, btc) = (symbol("ETH/USDT:USDT"), symbol("BTC/USDT:USDT"));
    let (eth_tiers, btc_tiers) = (single("0.10", "135365"), single("0.025", "16300"));
    let portfolio = Portfolio {
        wallet: money("1535443.01"),
        holdings: vec![
            holding(&eth, position("long", "3683.979", "1456.84"), "1335.18", &eth_tiers),
            holding(&btc, position("long", "109.488", "32481.98"), "31967.27", &btc_tiers),
        ],
    };
    let assessment = portfolio.assess();
    let below = |number: usize| assessment.positions[number].liquidation.bounds().unwrap().below.unwrap().get();
    assert_eq!(below(0), decimal("1153.2564642391042704399539496"));
    assert_eq!(below(1), decimal("26316.893264518860748584553933"));
    let [eth, btc] = assessment.positions[..] else { panic!("two positions") };
    assert_eq!(eth.unrealized_pnl, money("-448192.88514"));
    assert_eq!(eth.maintenance, money("356512.508122"));
    assert_eq!(btc.unrealized_pnl, money("-56354.56848"));
    assert_eq!(btc.maintenance, money("71200.811444"));
    assert_eq!(btc.notional, money("3500032.45776"));
    assert_eq!(assessment.account.equity, money("1030895.55638"));
    assert_eq!(assessment.account.maintenance, money("427713.319566"));
    assert_eq!(btc.margin_ratio, assessment.account.ratio());
}

#[test]
fn isolated_margin_backs_its_own_position_only() {
    let (btc_symbol, eth_symbol, tiers) = (symbol("BTC/USDT:USDT"), symbol("ETH/USDT:USDT"), btc());
    let isolated_btc = Holding {
        collateral: Collateral::Isolated(money("5000")),
        ..holding(&btc_symbol, position("long", "0.5", "50000"), "48000", &tiers)
    };
    let cross_eth = holding(&eth_symbol, position("short", "1", "2000"), "2100", &tiers);
    let portfolio = Portfolio { wallet: money("6000"), holdings: vec![isolated_btc, cross_eth] };
    assert_eq!(portfolio.cross_wallet(), money("1000"));
    assert_eq!(portfolio.equity(), money("4900"));
    assert_eq!(portfolio.margin().equity, money("900"));
    assert_eq!(portfolio.margin().maintenance, money("8.4"));
    let assessment = portfolio.assess();
    assert_eq!(assessment.positions[0].margin_ratio, MarginRatio::of(money("96"), money("4000")));
    let Liquidation::Bounds(bounds) = assessment.positions[0].liquidation else { panic!("solvent") };
    assert_eq!(bounds.below.unwrap().get(), decimal("40160.642570281124497991967871"));
    // (1000 + 2000) / 1.004
    let Liquidation::Bounds(bounds) = assessment.positions[1].liquidation else { panic!("solvent") };
    assert_eq!(bounds.above.unwrap().get(), decimal("2988.0478087649402390438247012"));
}

#[test]
fn an_empty_account_requires_nothing() {
    let portfolio = Portfolio { wallet: money("10"), holdings: Vec::new() };
    assert_eq!(portfolio.margin().ratio(), None);
    assert_eq!(MarginHealth::of(portfolio.margin().cover(), MarginHealth::DEFAULT_BUFFER), MarginHealth::NoPositions);
    assert!(portfolio.assess().positions.is_empty());
}

#[test]
fn health_follows_the_cover() {
    let check = |maintenance: &str, equity: &str, expected| {
        let cover = margin_cover(money(maintenance), money(equity));
        assert_eq!(MarginHealth::of(cover, rate("0.15")), expected, "{maintenance} {equity}");
    };
    check("100", "99.99", MarginHealth::Flatten);
    check("100", "-5", MarginHealth::Flatten);
    check("100", "100", MarginHealth::Reduce);
    check("100", "114.99", MarginHealth::Reduce);
    check("100", "115", MarginHealth::Healthy);
    check("0", "-5", MarginHealth::NoPositions);
}

#[test]
fn initial_margin_is_notional_over_leverage() {
    let leverage = |times| Leverage::new(times).unwrap();
    assert_eq!(margin::initial(money("25000"), leverage(5)), money("5000"));
    assert_eq!(margin::initial(money("12.314277"), leverage(20)), money("0.61571385"));
    assert_eq!(margin::maintenance(position("long", "2", "50000"), price("50000"), &btc()), money("450"));
}

/// Every position's bounds by the definition: the others are summed anew for each.
fn by_definition(portfolio: &Portfolio<'_>, number: usize) -> Liquidation {
    let it = portfolio.holdings[number];
    if let Collateral::Isolated(margin) = it.collateral {
        return isolated(Leg { position: it.position, tiers: it.tiers }, margin, it.closing_fee, Some(it.mark));
    }
    let cross_ones = || portfolio.holdings.iter().filter(|other| other.collateral == Collateral::Cross);
    let others = cross_ones().filter(|other| other.symbol != it.symbol);
    let rest = others.map(|other| other.unrealized_pnl() - other.maintenance()).sum();
    let same = cross_ones().filter(|other| other.symbol == it.symbol);
    let legs: Vec<Leg<'_>> = same.map(|leg| Leg { position: leg.position, tiers: leg.tiers }).collect();
    cross(&legs, portfolio.cross_wallet(), rest, it.closing_fee, Some(it.mark))
}

proptest! {
    #[test]
    fn an_assessment_says_of_each_position_what_the_definition_says(
        held in prop::collection::vec((any_position(), any_tiers(), 0_usize..6, prop::option::of(0_i64..500)), 1..9),
        margin in any_margin(&[]),
        marks in prop::collection::vec(-300_i64..300, 6),
    ) {
        let symbols: Vec<Symbol> = (0..6).map(|n| symbol(&format!("A{n}/USDT:USDT"))).collect();
        let marks: Vec<_> = (0..6)
            .map(|n| {
                let entry = held.iter().find(|it| it.2 == n).map_or(Decimal::ONE, |it| it.0.entry.get());
                plimsoll_domain::Price::new(entry * (Decimal::ONE + Decimal::new(marks[n], 3))).unwrap()
            })
            .collect();
        let holdings: Vec<Holding<'_>> = held
            .iter()
            .map(|(position, tiers, n, own)| Holding {
                symbol: &symbols[*n],
                position: *position,
                mark: marks[*n],
                collateral: own.map_or(Collateral::Cross, |own| {
                    Collateral::Isolated(position.notional(position.entry) * Decimal::new(own, 3))
                }),
                tiers,
                closing_fee: Rate::ZERO,
            })
            .collect();
        let backing: Money = holdings.iter().map(|it| it.position.notional(it.position.entry)).sum();
        let portfolio = Portfolio { wallet: backing + margin, holdings };
        let assessment = portfolio.assess();
        for (number, it) in assessment.positions.iter().enumerate() {
            let (ours, defined) = (it.liquidation, by_definition(&portfolio, number));
            let digits = |bound: Option<plimsoll_domain::Price>| bound.map(|at| at.get().round_sf(20).unwrap().normalize());
            let rounded = |it: Liquidation| it.bounds().map(|it| (digits(it.below), digits(it.above)));
            prop_assert_eq!(rounded(ours), rounded(defined));
        }
    }
}

/// A venue may ask maintenance of the larger of two cross legs only.
#[test]
fn of_two_legs_the_larger_alone_may_be_asked_for() {
    let (symbol, each) = (symbol("BTC/USDT:USDT"), single("0.0046", "0"));
    let larger = each.clone().hedged(HedgeMargin::LargerLeg);
    let (long, short) = (position("long", "2", "60000"), position("short", "1", "61000"));
    let assessed = |tiers: &MarginTiers, held: [Position; 2]| {
        let holdings = held.map(|it| holding(&symbol, it, "60000", tiers)).to_vec();
        let portfolio = Portfolio { wallet: money("5000"), holdings };
        assert_eq!(portfolio.margin(), portfolio.assess().account);
        (portfolio.assess(), common_move(&portfolio))
    };
    for held in [[long, short], [short, long]] {
        assert_eq!(assessed(&each, held).0.account.maintenance, money("828"));
        let (assessment, moved) = assessed(&larger, held);
        assert_eq!(assessment.account.maintenance, money("552"));
        for it in &assessment.positions {
            let below = it.liquidation.bounds().unwrap().below.unwrap().get();
            assert_eq!(below.round_dp(8), decimal("54501.41299960"));
        }
        let CommonMove::Bounds { down: Some(down), up: None } = moved else { panic!("{moved:?}") };
        assert_eq!((down * decimal("60000")).round_dp(8), decimal("54501.41299960"));
    }
    // Isolated legs are asked each for its own, and so are legs as large as each other, for one of them.
    let own =
        |it| Holding { collateral: Collateral::Isolated(money("9000")), ..holding(&symbol, it, "60000", &larger) };
    let portfolio = Portfolio { wallet: money("20000"), holdings: vec![own(long), own(short)] };
    assert_eq!(portfolio.assess().account.maintenance, Money::ZERO);
    assert_eq!(portfolio.assess().positions[1].maintenance, money("276"));
    let (even, _) = assessed(&larger, [position("long", "1", "60000"), short]);
    assert_eq!(even.account.maintenance, money("276"));
}

proptest! {
    #[test]
    fn where_a_hedge_is_liquidated_equity_meets_what_the_larger_leg_requires(
        tiers in any_tiers(), long in any_position(), short in any_position(), margin in 0_u32..1_000_000,
    ) {
        let margin = Money::new(margin.into());
        let tiers = tiers.hedged(HedgeMargin::LargerLeg);
        let (long, short) = (
            Position { direction: Direction::Long, ..long },
            Position { direction: Direction::Short, ..short },
        );
        let legs = [Leg { position: long, tiers: &tiers }, Leg { position: short, tiers: &tiers }];
        let Liquidation::Bounds(bounds) = cross(&legs, margin, Money::ZERO, Rate::ZERO, None) else { return Ok(()) };
        let larger = if short.quantity > long.quantity { short } else { long };
        for at in bounds.below.into_iter().chain(bounds.above) {
            let equity = margin.get() + long.unrealized_pnl(at).get() + short.unrealized_pnl(at).get();
            let required = tiers.maintenance(larger.notional(at)).get();
            let scale = larger.notional(at).get().max(Decimal::ONE);
            prop_assert!((equity - required).abs() <= scale * decimal("0.000000000001"), "{equity} {required} at {at}");
        }
    }
}

proptest! {
    #[test]
    fn sums_at_hand_say_of_an_order_what_the_whole_account_would(
        held in prop::collection::vec((any_position(), any_tiers(), 0_usize..4, prop::option::of(0_i64..500)), 0..9),
        made in (any_position(), any_tiers(), 0_usize..4, prop::option::of(1_i64..500)),
        replaced in prop::option::of(0_usize..9),
        margin in -300_i64..3000, larger in any::<bool>(), fee in any_fee(),
    ) {
        let symbols: Vec<Symbol> = (0..4).map(|n| symbol(&format!("A{n}/USDT:USDT"))).collect();
        let drawn: Vec<_> = held.iter().chain([&made]).cloned().collect();
        // Of one contract there is one table and one mark, and one leg of each direction.
        let of = |n: usize| drawn.iter().find(|it| it.2 == n).unwrap();
        let hedge = if larger { HedgeMargin::LargerLeg } else { HedgeMargin::EachLeg };
        let tables: Vec<MarginTiers> = drawn.iter().map(|it| of(it.2).1.clone().hedged(hedge)).collect();
        let mut holdings: Vec<Holding<'_>> = drawn
            .iter()
            .zip(&tables)
            .map(|((position, _, n, own), tiers)| Holding {
                symbol: &symbols[*n],
                position: *position,
                mark: of(*n).0.entry,
                collateral: own.map_or(Collateral::Cross, |own| {
                    Collateral::Isolated(position.notional(position.entry) * Decimal::new(own, 3))
                }),
                tiers,
                closing_fee: fee,
            })
            .collect();
        let made = holdings.pop().unwrap();
        let mut legs = std::collections::HashSet::new();
        holdings.retain(|it| legs.insert((it.symbol, it.position.direction)));
        let is_same = |it: &Holding<'_>| (it.symbol, it.position.direction) == (made.symbol, made.position.direction);
        // An order makes a leg larger, or is one more; and now and then it turns the position of its contract around.
        let is_its_contract = |at: &usize| holdings.get(*at).is_some_and(|it| it.symbol == made.symbol);
        let instead_of = holdings.iter().position(is_same).or(replaced.filter(is_its_contract));
        let size: Money = holdings.iter().chain([&made]).map(Holding::notional).sum();
        let portfolio = Portfolio { wallet: size * Decimal::new(margin, 3), holdings };
        let found = portfolio.clone().summed().liquidation_with(&made, instead_of);
        let mut whole = portfolio;
        match instead_of {
            Some(at) => whole.holdings[at] = made,
            None => whole.holdings.push(made),
        }
        let at = instead_of.unwrap_or(whole.holdings.len() - 1);
        let expected = whole.assess().positions[at].liquidation;
        let digits = |bound: Option<plimsoll_domain::Price>| bound.map(|at| at.get().round_sf(18).unwrap().normalize());
        let rounded = |it: Liquidation| it.bounds().map(|it| (digits(it.below), digits(it.above)));
        prop_assert_eq!(rounded(found), rounded(expected));
    }
}
