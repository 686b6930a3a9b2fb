//! Binance's own bracket tables, where a copy of them is at hand.

use crate::given::{LAST_DIGITS, decimal, money, off, rate};
use plimsoll_domain::{
    BrokenTiers, Decimal, Direction, Leg, Leverage, MarginTiers, Money, Position, Price, Quantity, Rate, Tier,
    liquidation::{cross, isolated},
};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The file's tables, or `None` and a note where there is no file.
fn tables() -> Option<BTreeMap<String, Vec<Tier>>> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let path = shared.join("data/binance-leverage-brackets.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    let tables: BTreeMap<String, Vec<BTreeMap<String, Box<RawValue>>>> = serde_json::from_str(&text).unwrap();
    Some(tables.into_iter().map(|(symbol, lines)| (symbol, lines.iter().map(tier).collect())).collect())
}

/// Numbers come as strings or bare, and are read as they are printed.
fn tier(line: &BTreeMap<String, Box<RawValue>>) -> Tier {
    let number = |name: &str| line[name].get().trim_matches('"');
    Tier {
        floor: money(number("notionalFloor")),
        rate: rate(number("maintMarginRatio")),
        deduction: money(number("cum")),
        max_leverage: Leverage::new(number("initialLeverage").parse().unwrap()).unwrap(),
    }
}

fn sound() -> Vec<(String, MarginTiers)> {
    let tables = tables().unwrap_or_default();
    tables.into_iter().filter_map(|(symbol, lines)| Some((symbol, MarginTiers::new(lines).ok()?))).collect()
}

#[test]
fn all_tables_are_continuous_to_the_last_printed_digit() {
    let Some(tables) = tables() else { return };
    let broken: Vec<(String, BrokenTiers)> = tables
        .iter()
        .filter_map(|(symbol, lines)| Some((symbol.clone(), MarginTiers::new(lines.clone()).err()?)))
        .collect();
    println!("{} of {} tables load", tables.len() - broken.len(), tables.len());
    assert_eq!(broken, []);
    assert!(tables.len() >= 318);
}

#[test]
fn a_table_with_one_line_less_or_one_digit_off_is_refused() {
    for (symbol, tiers) in sound() {
        for line in 1..tiers.lines().len() {
            let mut lines = tiers.lines().to_vec();
            lines[line].deduction += Money::new(decimal("0.00000001"));
            assert!(matches!(MarginTiers::new(lines), Err(BrokenTiers::Deduction { .. })), "{symbol} line {line}");
        }
        for line in 1..tiers.lines().len().saturating_sub(1) {
            let mut lines = tiers.lines().to_vec();
            lines.remove(line);
            assert!(MarginTiers::new(lines).is_err(), "{symbol} without line {line}");
        }
    }
}

#[test]
fn maintenance_has_no_steps_and_rises() {
    for (symbol, tiers) in sound() {
        for pair in tiers.lines().windows(2) {
            let [below, tier] = pair else { continue };
            assert_eq!(below.maintenance(tier.floor), tier.maintenance(tier.floor), "{symbol} at {}", tier.floor);
            assert!(tiers.maintenance(tier.floor) > tiers.maintenance(below.floor), "{symbol} at {}", tier.floor);
        }
    }
}

/// Positions of every size that each table speaks of, long and short, at three prices and five margins.
fn each_position(mut check: impl FnMut(&str, Leg<'_>, Money)) {
    for (symbol, tiers) in sound() {
        for (line, entry) in tiers.lines().iter().zip(["0.0123", "1.7", "64321.1"].into_iter().cycle()) {
            let entry: Price = entry.parse().unwrap();
            for factor in ["1.0000001", "1.3"] {
                let notional = (line.floor.get() + Decimal::ONE_HUNDRED) * decimal(factor);
                let quantity = Quantity::new((notional / entry.get()).round_dp(3).max(decimal("0.001"))).unwrap();
                for direction in [Direction::Long, Direction::Short] {
                    let position = Position { direction, quantity, entry };
                    for share in ["0.009", "0.05", "0.2", "0.6", "1.4"] {
                        let margin = position.notional(entry) * decimal(share);
                        check(&symbol, Leg { position, tiers: &tiers }, margin);
                    }
                }
            }
        }
    }
}

#[test]
fn at_the_liquidation_price_equity_equals_maintenance_by_the_tier_of_that_price() {
    let (mut answered, mut moved) = (0, 0);
    each_position(|symbol, leg, margin| {
        let it = leg.position;
        let bounds = isolated(leg, margin, Rate::ZERO, None).bounds().unwrap();
        let Some(at) = bounds.below.or(bounds.above) else {
            assert!(margin >= it.notional(it.entry), "{symbol} {it:?} {margin}");
            return;
        };
        let equity = margin + it.unrealized_pnl(at);
        let maintenance = leg.tiers.lines()[leg.tier(at)].maintenance(it.notional(at));
        let scale = it.notional(at) + it.notional(it.entry) + margin;
        assert!(off(equity.get(), maintenance.get(), scale.get()) <= LAST_DIGITS, "{symbol} {it:?} {margin} {at}");
        answered += 1;
        moved += usize::from(leg.tier(at) != leg.tier(it.entry));
    });
    println!("{answered} liquidation prices, {moved} of them in another tier than the entry");
    assert!(answered == 0 || moved > 0);
}

#[test]
fn hedged_pairs_stand_between_their_bounds() {
    let (mut pairs, mut both) = (0, 0);
    each_position(|symbol, leg, margin| {
        let long = Leg { position: Position { direction: Direction::Long, ..leg.position }, ..leg };
        let size = Quantity::new(leg.position.quantity.get() * decimal("0.98")).unwrap();
        let short = Leg { position: Position { direction: Direction::Short, quantity: size, ..leg.position }, ..leg };
        let surplus = |at: Price| {
            let of = |leg: Leg<'_>| leg.position.unrealized_pnl(at) - leg.tiers.maintenance(leg.position.notional(at));
            margin + of(long) + of(short)
        };
        let scale = |at: Price| (long.position.notional(at) + short.position.notional(at) + margin).get();
        let Some(bounds) = cross(&[long, short], margin, Money::ZERO, Rate::ZERO, None).bounds() else {
            assert!(!surplus(leg.position.entry).is_positive(), "{symbol} {leg:?} {margin}");
            return;
        };
        for at in bounds.below.into_iter().chain(bounds.above) {
            assert!(off(surplus(at).get(), Decimal::ZERO, scale(at)) <= LAST_DIGITS, "{symbol} {margin} {at}");
        }
        if bounds.holds(leg.position.entry) {
            assert!(surplus(leg.position.entry).is_positive());
        }
        pairs += 1;
        both += usize::from(bounds.below.is_some() && bounds.above.is_some());
    });
    println!("{pairs} hedged pairs, {both} of them liquidated by a fall as well as by a rise");
    assert!(pairs == 0 || both > 0);
}
