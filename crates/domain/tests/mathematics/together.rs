use crate::given::{any_fee, any_position, btc, decimal, money, price, symbol};
use plimsoll_domain::{
    AccountId, Balance, Currency, Exposure, HeldPosition, Instrument, Leverage, MarginMode, Money, PortfolioView,
    Position, PositionSide, Price, Rate, Standing, Step, Symbol, VenueId,
};
use proptest::prelude::*;

fn instrument(symbol: &Symbol) -> Instrument {
    Instrument {
        venue: VenueId::new("test"),
        symbol: symbol.clone(),
        native: symbol.as_str().into(),
        settle: Currency::new("USDT"),
        multiplier: decimal("1"),
        tick: Step::new(decimal("0.1")).unwrap(),
        lot: Step::new(decimal("0.001")).unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "1000".parse().unwrap(),
        max_market_quantity: "100".parse().unwrap(),
        min_notional: money("5"),
        tiers: btc(),
        fees: plimsoll_domain::Fees { maker: Rate::ZERO, taker: Rate::ZERO },
        liquidation_fee: Rate::ZERO,
        funding_interval_hours: 8,
        status: plimsoll_domain::ContractStatus::Trading,
        ends: None,
        margin_fee: plimsoll_domain::Rate::ZERO,
    }
}

fn held(symbol: Symbol, position: Position, mark: Price, mode: MarginMode) -> HeldPosition {
    HeldPosition {
        symbol,
        position_side: PositionSide::Both,
        unrealized_pnl: Some(position.unrealized_pnl(mark)),
        position,
        mark_price: Some(mark),
        leverage: Some(Leverage::new(10).unwrap()),
        margin_mode: Some(mode),
        isolated_margin: (mode == MarginMode::Isolated).then(|| money("500")),
        liquidation_price: None,
        maintenance_margin: None,
        margin_ratio: None,
        as_of: None,
    }
}

fn standing<'a>(
    wallet: &str,
    positions: impl IntoIterator<Item = &'a HeldPosition>,
    instrument: Option<&'a Instrument>,
    fee: Rate,
) -> Standing<'a> {
    let balance = Balance { wallet: Some(money(wallet)), ..Balance::default() };
    Standing::new(&Currency::new("USDT"), balance, positions, move |_| instrument, fee)
}

proptest! {
    /// However the positions are dealt out to accounts and venues, the sums are the same.
    #[test]
    fn figures_add_up_over_any_split_of_accounts(
        positions in prop::collection::vec((any_position(), 0_usize..4, 0_usize..3), 0..12),
        fee in any_fee(),
    ) {
        let names = ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"].map(symbol);
        let contract = instrument(&names[0]);
        let all: Vec<HeldPosition> = positions
            .iter()
            .map(|(position, _, name)| held(names[*name].clone(), *position, position.entry, MarginMode::Isolated))
            .collect();
        let usdt = Currency::new("USDT");
        let mut one = PortfolioView::new();
        one.add(VenueId::new("v0"), AccountId::new("all"), usdt.clone(), standing("4000", &all, Some(&contract), fee));
        let mut many = PortfolioView::new();
        for member in 0..4 {
            let dealt = all.iter().zip(&positions).filter(|(_, (_, to, _))| *to == member).map(|(it, _)| it);
            let (venue, account) = (VenueId::new(format!("v{}", member % 2)), AccountId::new(format!("a{member}")));
            many.add(venue, account, usdt.clone(), standing("1000", dealt, Some(&contract), fee));
        }
        prop_assert_eq!(one.by_symbol(), many.by_symbol());
        prop_assert_eq!(&one.totals()[&usdt], &many.totals()[&usdt]);
        let nearest = |view: &PortfolioView<'_>| view.nearest_liquidation().map(|it| it.distance);
        prop_assert_eq!(nearest(&one), nearest(&many), "isolated positions do not care who their neighbours are");
        let sum = |exposures: Vec<Exposure>| exposures.into_iter().fold(Exposure::default(), |mut sum, it| { sum += it; sum });
        let total = many.totals()[&usdt].exposure;
        prop_assert_eq!(sum(many.by_venue().into_values().collect()), total);
        prop_assert_eq!(sum(many.by_account().into_values().collect()), total);
        prop_assert!(total.net().abs() <= total.gross());
    }
}

#[test]
fn what_cannot_be_judged_is_not_guessed() {
    let name = symbol("BTC/USDT:USDT");
    let contract = instrument(&name);
    let position = crate::given::position("long", "0.1", "50000");
    let whole = held(name.clone(), position, price("49000"), MarginMode::Cross);
    let figures = |it: &HeldPosition, known: bool| {
        let standing = standing("1000", [it], known.then_some(&contract), Rate::ZERO);
        (standing.positions().remove(0), standing.margin())
    };
    let (judged, margin) = figures(&whole, true);
    assert_eq!(judged.return_on_equity, Some(decimal("-20")));
    assert_eq!((margin.equity, margin.used), (Some(money("900")), Some(money("490"))));
    assert_eq!((margin.available, margin.maintenance), (Some(money("410")), judged.maintenance));
    assert!(judged.distance.is_some() && margin.pool.is_some());

    for (case, known) in [
        (HeldPosition { mark_price: None, ..whole.clone() }, true),
        (HeldPosition { margin_mode: None, ..whole.clone() }, true),
        (HeldPosition { margin_mode: Some(MarginMode::Isolated), ..whole.clone() }, true),
        (whole.clone(), false),
    ] {
        let (judged, margin) = figures(&case, known);
        assert_eq!((judged.liquidation, judged.margin_ratio, margin.pool), (None, None, None), "{case:?}");
    }
    let empty = standing("1000", [], None, Rate::ZERO).margin();
    assert_eq!((empty.used, empty.maintenance, empty.margin_ratio), (Some(Money::ZERO), Some(Money::ZERO), None));
}
