//! What an order would make of a position, and how far liquidation would be.

use crate::{money, times};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;

fn instrument() -> Instrument {
    let tier = |floor, rate, deduction, most| Tier {
        floor: money(floor),
        rate: Rate::new(rate),
        deduction: money(deduction),
        max_leverage: times(most),
    };
    let tiers = vec![tier(dec!(0), dec!(0.004), dec!(0), 125), tier(dec!(50000), dec!(0.005), dec!(50), 100)];
    Instrument {
        venue: VenueId::new("simulated"),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        native: "BTCUSDT".into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new(dec!(0.1)).unwrap(),
        lot: Step::new(dec!(0.001)).unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "1000".parse().unwrap(),
        max_market_quantity: "100".parse().unwrap(),
        min_notional: money(dec!(100)),
        tiers: MarginTiers::new(tiers).unwrap(),
        fees: Fees { maker: Rate::new(dec!(0.0002)), taker: Rate::new(dec!(0.0005)) },
        liquidation_fee: Rate::new(dec!(0.0125)),
        funding_interval_hours: 8,
        status: plimsoll_domain::ContractStatus::Trading,
        ends: None,
        margin_fee: plimsoll_domain::Rate::ZERO,
    }
}

#[test]
fn a_projection_says_what_an_order_would_make_of_a_position() {
    let check = |before: Option<(Direction, &str)>, direction, size: &str, expected: (Decimal, Decimal, u32, u32)| {
        let before = before.map(|(direction, quantity)| Position {
            direction,
            quantity: quantity.parse().unwrap(),
            entry: "40000".parse().unwrap(),
        });
        let (size, price) = (size.parse().unwrap(), "50000".parse().unwrap());
        let it = Projection::of(&instrument(), before, direction, size, price, times(5));
        let open = it.open_positions(2);
        assert_eq!((it.notional.get(), it.required_margin.get(), it.tier_max_leverage.get(), open), expected);
        assert_eq!(it.fees, size * price * Rate::new(dec!(0.0005)));
        let facts = it.facts(times(5), 2, money(dec!(7)), None, None);
        let notionals = (facts.resulting_notional, facts.other_notional);
        assert_eq!((notionals, facts.open_positions), ((it.notional, money(dec!(7))), open));
    };
    use Direction::*;
    check(None, Long, "0.5", (dec!(25000), dec!(5000), 125, 3));
    check(Some((Long, "0.5")), Long, "0.5", (dec!(50000), dec!(5000), 100, 2));
    check(Some((Long, "0.5")), Short, "0.2", (dec!(15000), dec!(0), 125, 2));
    check(Some((Long, "0.5")), Short, "0.5", (dec!(0), dec!(0), 125, 1));
    check(Some((Long, "0.5")), Short, "0.7", (dec!(10000), dec!(2000), 125, 2));
}

#[test]
fn the_nearest_liquidation_price_counts() {
    let check = |below: Option<&str>, above: Option<&str>, expected: Option<Decimal>| {
        let price = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let bounds = LiquidationBounds { below: price(below), above: price(above) };
        let distance = distance_to(Liquidation::Bounds(bounds), "100".parse().unwrap());
        assert_eq!(distance, expected.map(Rate::new), "{below:?} {above:?}");
    };
    check(Some("80"), None, Some(dec!(0.2)));
    check(None, Some("130"), Some(dec!(0.3)));
    check(Some("80"), Some("105"), Some(dec!(0.05)));
    check(None, None, None);
    check(Some("101"), None, Some(dec!(-0.01)));
    assert_eq!(distance_to(Liquidation::AlreadyDue, Price::MAX), Some(Rate::ZERO));
}
