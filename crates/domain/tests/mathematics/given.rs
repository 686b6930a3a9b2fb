//! Short ways to say a position, a table, a number; and arbitrary ones.

use plimsoll_domain::{
    Decimal, Direction, Leverage, MarginTiers, Money, Position, Price, Quantity, Rate, Step, Symbol, Tier,
    decimal::exact,
};
use proptest::prelude::*;

pub(crate) fn decimal(text: &str) -> Decimal {
    exact(text).unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

pub(crate) fn step(text: &str) -> Step {
    Step::new(decimal(text)).unwrap()
}

pub(crate) fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

pub(crate) fn position(direction: &str, size: &str, entry: &str) -> Position {
    Position { direction: direction.parse().unwrap(), quantity: quantity(size), entry: price(entry) }
}

/// `floor:rate:deduction`, as the `--tiers` of `plimsoll calc` takes them.
pub(crate) fn tiers(text: &str) -> MarginTiers {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        Tier {
            floor: money(fields[0]),
            rate: rate(fields[1]),
            deduction: money(fields[2]),
            max_leverage: Leverage::ONE,
        }
    };
    MarginTiers::new(text.split(',').map(line).collect()).unwrap()
}

/// Four lines of a BTC table.
pub(crate) const BTC: &str = "0:0.004:0,50000:0.005:50,600000:0.0065:950,3000000:0.01:11450";

pub(crate) fn btc() -> MarginTiers {
    tiers(BTC)
}

pub(crate) fn single(rate_text: &str, deduction: &str) -> MarginTiers {
    MarginTiers::single(rate(rate_text), money(deduction), Leverage::ONE).unwrap()
}

/// Mantissas of up to 13 digits at up to 8 decimals, as venues print sizes and prices.
pub(crate) fn any_price() -> impl Strategy<Value = Price> {
    (1_i64..10_000_000_000_000, 0_u32..=8).prop_filter_map("a price", |(m, s)| Price::new(Decimal::new(m, s)).ok())
}

pub(crate) fn any_direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Long), Just(Direction::Short)]
}

pub(crate) fn any_position() -> impl Strategy<Value = Position> {
    (any_direction(), 1_i64..100_000_000, 0_u32..=6, 1_i64..10_000_000, 0_u32..=4).prop_map(
        |(direction, size, scale, entry, places)| Position {
            direction,
            quantity: Quantity::new(Decimal::new(size, scale)).unwrap(),
            entry: Price::new(Decimal::new(entry, places)).unwrap(),
        },
    )
}

/// Fees that a venue may count: none, or up to 0.1 %.
pub(crate) fn any_fee() -> impl Strategy<Value = Rate> {
    (0_i64..=100).prop_map(|fee| Rate::new(Decimal::new(fee, 5)))
}

/// Whole tables of 1 to 12 lines, continuous by construction.
pub(crate) fn any_tiers() -> impl Strategy<Value = MarginTiers> {
    let lines = prop::collection::vec((1_i64..5_000_000, 1_i64..800), 1..12);
    (lines, 0_i64..400).prop_map(|(lines, first)| {
        let mut tier = Tier {
            floor: Money::ZERO,
            rate: Rate::new(Decimal::new(first + 1, 4)),
            deduction: Money::ZERO,
            max_leverage: Leverage::ONE,
        };
        let mut whole = vec![tier];
        for (width, rise) in lines {
            let (floor, rise) = (tier.floor + Money::new(width.into()), Decimal::new(rise, 4));
            let deduction = tier.deduction + floor * rise;
            tier = Tier { floor, rate: Rate::new(tier.rate.get() + rise), deduction, ..tier };
            whole.push(tier);
        }
        MarginTiers::new(whole).unwrap()
    })
}

/// Wallets from deep debt to far more than any notional, mostly near it.
pub(crate) fn any_margin(positions: &[Position]) -> impl Strategy<Value = Money> + use<> {
    let size: Money = positions.iter().map(|it| it.notional(it.entry)).sum();
    (-300_i64..3000).prop_map(move |thousandths| size * Decimal::new(thousandths, 3))
}

/// `|left − right|` as a fraction of `scale`, or zero.
pub(crate) fn off(left: Decimal, right: Decimal, scale: Decimal) -> Decimal {
    if left == right { Decimal::ZERO } else { (left - right).abs() / scale.abs().max(Decimal::new(1, 20)) }
}

/// One part in 10²⁴: what a chain of 28-digit operations may lose.
pub(crate) const LAST_DIGITS: Decimal = Decimal::from_parts(1, 0, 0, false, 24);
