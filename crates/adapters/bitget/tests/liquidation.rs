//! Liquidation prices by the venue's rules, against every worked example: the tables that are read from its answers hold
//! the rate of the tier with the fee of closing, and the deduction that makes the tiers slices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::body::margin_tiers;
use plimsoll_domain::liquidation::{Leg, cross, isolated};
use plimsoll_domain::{Decimal, Direction, Leverage, MarginTiers, Money, Position, Price, Rate, margin};

const FLAT: &str = "0:0.004";
const SLICED: &str = "0:0.004,200000:0.005";

/// The table of these tiers, `from:rate,…`, as the venue answers with it.
fn table(tiers: &str) -> MarginTiers {
    let row = |tier: &str| {
        let (start, rate) = tier.split_once(':').unwrap();
        format!(r#"{{"symbol":"BTCUSDT","startUnit":"{start}","leverage":"100","keepMarginRate":"{rate}"}}"#)
    };
    let rows: Vec<String> = tiers.split(',').map(row).collect();
    margin_tiers(format!(r#"{{"code":"00000","data":[{}]}}"#, rows.join(",")).as_bytes()).unwrap()
}

fn position(direction: Direction, quantity: &str, entry: &str) -> Position {
    Position { direction, quantity: quantity.parse().unwrap(), entry: entry.parse().unwrap() }
}

fn price(liquidation: plimsoll_domain::liquidation::Liquidation) -> Price {
    let bounds = liquidation.bounds().unwrap();
    bounds.below.or(bounds.above).unwrap()
}

/// The same to the last digit that the example shows, cut or rounded.
fn near(price: Price, expected: &str, what: &str) {
    let shown: Decimal = expected.parse().unwrap();
    let apart = (price.get() - shown).abs();
    assert!(apart < Decimal::new(1, shown.scale()), "{what}: {price}, not {expected}");
}

#[test]
fn an_isolated_position_is_liquidated_where_its_equity_meets_its_maintenance() {
    let check = |tiers: &str, direction, quantity: &str, entry: &str, margin: &str, expected: &str| {
        let tiers = table(tiers);
        let position = position(direction, quantity, entry);
        let margin: Money = margin.parse().unwrap();
        let price = price(isolated(Leg { position, tiers: &tiers }, margin, Rate::ZERO, None));
        near(price, expected, &format!("{direction} {quantity} from {entry}"));
        let equity = margin::isolated_equity(position, margin, price);
        let apart = (equity - margin::maintenance(position, price, &tiers)).get().abs();
        assert!(apart < "0.000000001".parse().unwrap(), "equity and maintenance are {apart} apart");
    };
    // The venue's own answer for its sample position.
    check(FLAT, Direction::Long, "0.01", "25000", "9.6695050093373343", "24144.1124161806977798");
    check(FLAT, Direction::Long, "1", "60000", "6000", "54249.54792043");
    check(FLAT, Direction::Short, "1", "60000", "6000", "65697.79016524");
    // A position from before the tiers were slices: one rate for all of it.
    check("0:0.005", Direction::Long, "5", "60000", "30000", "54304.10297667");
    check(SLICED, Direction::Long, "5", "60000", "30000", "54263.87771520");
    check(SLICED, Direction::Short, "5", "60000", "30000", "65672.23548130");
}

#[test]
fn a_cross_position_is_backed_by_the_account() {
    let tiers = table(FLAT);
    let check = |direction, expected: &str| {
        let position = position(direction, "1", "60000");
        let backing = "5000".parse().unwrap();
        let price = price(cross(&[Leg { position, tiers: &tiers }], backing, Money::ZERO, Rate::ZERO, None));
        near(price, expected, direction.as_str());
    };
    check(Direction::Long, "55254.16917822");
    check(Direction::Short, "64702.36910213");
}

/// The venue asks maintenance for the larger leg of a hedge only. That is its net position, with the maintenance of the
/// larger leg on the net size: `(2 × 0.0046) ÷ 1`.
#[test]
fn of_two_legs_the_larger_one_is_maintained() {
    let of_the_larger = MarginTiers::single("0.0092".parse().unwrap(), Money::ZERO, Leverage::ONE).unwrap();
    // 2 from 60000 less 1 from 61000.
    let net = Leg { position: position(Direction::Long, "1", "59000"), tiers: &of_the_larger };
    let price = price(cross(&[net], "5000".parse().unwrap(), Money::ZERO, Rate::ZERO, None));
    near(price, "54501.41299960", "the hedge");
}

#[test]
fn the_margin_ratio_is_maintenance_by_equity() {
    let tiers = table(FLAT);
    let position = position(Direction::Long, "0.01", "25000");
    let (margin, mark): (Money, Price) = ("9.6695050093373343".parse().unwrap(), "25100".parse().unwrap());
    let maintenance = margin::maintenance(position, mark, &tiers);
    let ratio = plimsoll_domain::MarginRatio::of(maintenance, margin::isolated_equity(position, margin, mark)).unwrap();
    assert!(ratio.to_string().starts_with("0.1082149545822"), "{ratio}");
}
