//! Liquidation prices by the venue's own rule, against every worked example there is of it: the taker fee of the contract
//! counts beside the maintenance rate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::liquidation::{Leg, Liquidation, isolated};
use plimsoll_domain::{
    Decimal, Direction, Leverage, MarginTiers, Money, Position, Price, Quantity, Rounding, Step, decimal,
};
use plimsoll_gateio::wire::body;

fn number(text: &str) -> Decimal {
    decimal::exact(text).unwrap()
}

fn liquidation(
    direction: Direction,
    (quantity, entry, margin): (Decimal, &str, Decimal),
    tiers: &MarginTiers,
    fee: &str,
) -> Decimal {
    let (quantity, entry) = (Quantity::new(quantity).unwrap(), entry.parse().unwrap());
    let leg = Leg { position: Position { direction, quantity, entry }, tiers };
    let Liquidation::Bounds(bounds) = isolated(leg, Money::new(margin), fee.parse().unwrap(), None) else {
        panic!("a solvent position")
    };
    match direction {
        Direction::Long => bounds.below,
        Direction::Short => bounds.above,
    }
    .map(Price::get)
    .unwrap()
}

fn single(rate: &str) -> MarginTiers {
    MarginTiers::single(rate.parse().unwrap(), Money::ZERO, Leverage::MAX).unwrap()
}

/// What real accounts were shown, to the tick in which it was shown.
#[test]
fn what_the_venue_showed_is_what_we_reckon() {
    for (multiplier, size, entry, margin, rate, shown, reckoned) in [
        ("0.01", "1", "1203.45", "5.415925875", "0.005", "665.69", "665.68510"),
        ("10", "2", "0.79271", "0.80460065", "0.025", "0.77237", "0.772368"),
        ("0.0001", "6", "22322", "4.053794242903", "0.005", "15655.7", "15655.6965"),
    ] {
        let quantity = number(multiplier) * number(size);
        let found = liquidation(Direction::Long, (quantity, entry, number(margin)), &single(rate), "0.00075");
        let digits = number(reckoned).scale();
        assert_eq!(found.round_dp(digits).normalize(), number(reckoned).normalize(), "{entry}");
        let tick = Step::new(Decimal::new(1, number(shown).scale())).unwrap();
        assert_eq!(Price::new(found).unwrap().round(tick, Rounding::Up), Some(shown.parse().unwrap()), "{entry}");
    }
}

/// The margins of those accounts: value over leverage, and the fee for closing, and what was added.
#[test]
fn the_margin_of_a_position_holds_its_closing_fee() {
    for (value, leverage, added, margin) in [("12.0345", 5, "3", "5.415925875"), ("15.8542", 20, "0", "0.80460065")] {
        let value = number(value);
        let reckoned = value / Decimal::from(leverage) + value * number("0.00075") + number(added);
        assert_eq!(reckoned, number(margin));
    }
}

/// Vectors of another implementation, for one unit and its margin of entry over leverage.
#[test]
fn others_reckon_the_same() {
    for (direction, entry, leverage, expected) in [
        (Direction::Long, "10", 5, "8.085708510208207"),
        (Direction::Short, "10", 5, "11.87413417771621"),
        (Direction::Long, "10", 3, "6.738090425173506"),
        (Direction::Short, "10", 3, "13.193482419684678"),
        (Direction::Short, "8", 5, "9.499307342172967"),
    ] {
        let margin = number(entry) / Decimal::from(leverage);
        let found = liquidation(direction, (Decimal::ONE, entry, margin), &single("0.01"), "0.0006");
        assert!((found - number(expected)).abs() < number("0.0000000000001"), "{direction} {entry}: {found}");
    }
}

/// A whole table with gradual rates: the tier is that of the liquidation, with what it deducts.
#[test]
fn the_tier_that_holds_at_the_liquidation_counts() {
    let table = [
        ("20000", "0.004", "125", "0"),
        ("50000", "0.0045", "111", "10"),
        ("100000", "0.005", "100", "35"),
        ("200000", "0.007", "75", "235"),
        ("1000000", "0.01", "50", "835"),
        ("2000000", "0.02", "25", "10835"),
        ("3000000", "0.05", "10", "70835"),
        ("5000000", "0.5", "1.05", "1420835"),
    ];
    let rows: Vec<String> = (1..)
        .zip(table)
        .map(|(tier, (limit, rate, leverage, deduction))| {
            format!(
                r#"{{"tier":{tier},"risk_limit":"{limit}","initial_rate":"0.01","maintenance_rate":"{rate}","leverage_max":"{leverage}","deduction":"{deduction}"}}"#
            )
        })
        .collect();
    let tiers = body::margin_tiers(format!("[{}]", rows.join(",")).as_bytes()).unwrap();
    assert_eq!(tiers.maintenance(Money::new(number("120000"))), Money::new(number("605")));
    for (direction, quantity, margin, expected) in [
        (Direction::Long, "2", "6090", "57281.4310909549"),
        (Direction::Short, "2", "6090", "62676.7551476063"),
        (Direction::Long, "0.2", "1209", "54212.5094197437"),
        (Direction::Short, "0.2", "1209", "65732.7693456084"),
    ] {
        let found = liquidation(direction, (number(quantity), "60000", number(margin)), &tiers, "0.00075");
        assert!((found - number(expected)).abs() < number("0.000000001"), "{direction} {quantity}: {found}");
    }
}

/// The venue's own examples of deductions, and one announcement's figure.
#[test]
fn deductions_are_those_of_the_venues_examples() {
    let limits = ["10000", "30000", "50000", "70000", "100000", "150000", "200000", "300000"];
    let rates = ["0.015", "0.02", "0.03", "0.04", "0.085", "0.3", "0.45", "0.95"];
    let rows: Vec<String> = limits
        .iter()
        .zip(rates)
        .map(|(limit, rate)| format!(r#"{{"risk_limit":"{limit}","maintenance_rate":"{rate}","leverage_max":"1"}}"#))
        .collect();
    let tiers = body::margin_tiers(format!("[{}]", rows.join(",")).as_bytes()).unwrap();
    let deductions: Vec<String> = tiers.lines().iter().map(|line| line.deduction.to_string()).collect();
    assert_eq!(deductions, ["0", "50", "350", "850", "4000", "25500", "48000", "148000"]);

    let announced = r#"[{"risk_limit":"1000000","maintenance_rate":"0.004","leverage_max":"125"},
        {"risk_limit":"5000000","maintenance_rate":"0.0045","leverage_max":"100"}]"#;
    let tiers = body::margin_tiers(announced.as_bytes()).unwrap();
    assert_eq!(tiers.maintenance(Money::new(number("1200000"))), Money::new(number("4900")));
}
