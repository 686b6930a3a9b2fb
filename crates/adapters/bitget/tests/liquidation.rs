//! Liquidation prices by the venue's rules, against every worked example: the tables that are read from its answers hold
//! the rate of the tier with the fee of closing, and the deduction that makes the tiers slices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::body::{self, margin_tiers};
use plimsoll_domain::liquidation::{Leg, at_maintenance_of, cross, isolated};
use plimsoll_domain::{Decimal, Direction, HedgeMargin, MarginTiers, Money, Position, Price, Rate, margin};

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

/// What real accounts were shown of cross positions: the venue's estimate keeps the maintenance of the mark.
#[test]
fn what_the_venue_showed_of_cross_positions_is_its_estimate() {
    let tiers = table(FLAT);
    for (quantity, entry, mark, ratio, shown) in [
        ("0.002", "37355.5", "37359", "0.029599540355", "31724.970702417"),
        ("0.002", "37355.5", "37370.5", "0.029550120396", "31725.023602417"),
        ("0.001", "43849", "43845.8", "0.007634649185", "17629.684814834"),
    ] {
        let (position, mark) = (position(Direction::Long, quantity, entry), mark.parse::<Price>().unwrap());
        let maintenance = margin::maintenance(position, mark, &tiers);
        let ratio: Decimal = ratio.parse().unwrap();
        let equity = Money::new(maintenance.get() / ratio);
        let found = at_maintenance_of(position, mark, equity, maintenance).unwrap();
        // To the tick of 0.1, and as far as twelve digits of the ratio carry.
        near(found, &shown[..8], "the venue's estimate");
    }
}

/// The venue asks maintenance for the larger leg of a hedge only.
#[test]
fn of_two_legs_the_larger_one_is_maintained() {
    let tiers = table(FLAT).hedged(HedgeMargin::LargerLeg);
    let legs = [
        Leg { position: position(Direction::Long, "2", "60000"), tiers: &tiers },
        Leg { position: position(Direction::Short, "1", "61000"), tiers: &tiers },
    ];
    for legs in [legs, [legs[1], legs[0]]] {
        let price = price(cross(&legs, "5000".parse().unwrap(), Money::ZERO, Rate::ZERO, None));
        near(price, "54501.41299960", "the hedge");
    }
    let contract = br#"{"code":"00000","data":[{"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","makerFeeRate":"0","takerFeeRate":"0","minTradeNum":"1","priceEndStep":"1","pricePlace":"1","sizeMultiplier":"1","symbolType":"perpetual","symbolStatus":"normal"}]}"#;
    let listed = body::contracts(contract).unwrap().contracts.remove(0);
    let fees = listed.standard_fees;
    assert_eq!(listed.instrument(table(FLAT), fees).tiers.hedge(), HedgeMargin::LargerLeg);
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
