//! What an account near its liquidation is to do.

mod deleveraged;
mod leverage;
mod plans;
mod properties;
mod simulated;
mod slices;
mod thresholds;

use crate::given::{decimal, money, quantity, rate, step, symbol};
use plimsoll_domain::afloat::{Guarded, Level, MarginTopUp, ThresholdSettings, Thresholds};
use plimsoll_domain::{
    Collateral, ContractStatus, Currency, Decimal, Fees, Instrument, MarginRatio, MarginTiers, Money, Position, Price,
    Rate, VenueId,
};

/// A contract of this name, in lots of `lot`, of which `min` are the smallest order and `max` the largest market order.
fn contract(name: &str, tiers: MarginTiers, lot: &str, min: &str, max: &str, min_notional: &str) -> Instrument {
    Instrument {
        venue: VenueId::new("venue"),
        symbol: symbol(&format!("{name}/USDT:USDT")),
        native: name.into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: step("0.1"),
        lot: step(lot),
        min_quantity: quantity(min),
        max_quantity: quantity("100000000"),
        max_market_quantity: quantity(max),
        min_notional: money(min_notional),
        tiers,
        fees: Fees { maker: Rate::ZERO, taker: Rate::ZERO },
        liquidation_fee: Rate::ZERO,
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    }
}

fn guarded(instrument: &Instrument, position: Position, mark: Price, collateral: Collateral) -> Guarded<'_> {
    Guarded {
        instrument,
        position,
        mark,
        collateral,
        closing_fee: Rate::ZERO,
        fee: Rate::ZERO,
        depth: None,
        left_alone: false,
    }
}

/// `0.7` or `0.7@0.1`: a ratio, and a distance.
fn level(text: &str) -> Level {
    let (ratio, distance) = text.split_once('@').map_or((text, None), |(ratio, distance)| (ratio, Some(distance)));
    Level { ratio: MarginRatio::reported(decimal(ratio)), distance: distance.map(rate) }
}

/// `target warn cancel reduce flatten`, and what may be topped up: `0.75 100` is up to 100 from 0.75 on.
fn settings(text: &str, top_up: Option<&str>) -> ThresholdSettings {
    let levels: Vec<Level> = text.split_whitespace().map(level).collect();
    let [target, warn, cancel, reduce, flatten] = levels[..] else { panic!("{text}") };
    let top_up = top_up.map(|text| {
        let (at, most) = text.split_once(' ').unwrap();
        MarginTopUp { at: level(at), most: money(most) }
    });
    ThresholdSettings { warn, cancel, top_up, reduce, flatten, target }
}

fn thresholds(levels: &str, top_up: Option<&str>) -> Thresholds {
    Thresholds::new(settings(levels, top_up)).unwrap()
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get() + b.get())
}
