//! What is held, and how it is protected.

use plimsoll_domain::afloat::{Level, MarginTopUp, ThresholdSettings, Thresholds};
use plimsoll_domain::{Decimal, Leverage, MarginMode, MarginRatio, Money, Rate};
use plimsoll_engine::AfloatSettings;

/// What every wallet begins with, in USDT.
pub(super) const WALLET: u32 = 10_000;

/// What of it a position takes as its initial margin: its notional is this times its leverage.
pub(super) const TAKEN: u32 = 9_000;

/// One way through the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The leverage of the long.
    pub leverage: Leverage,
    /// What backs it.
    pub margin_mode: MarginMode,
    /// Whether the position manager looks after it.
    pub is_protected: bool,
}

/// Every one: 5x, 10x and 20x, isolated and cross, without protection and with it.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for leverage in [5, 10, 20].map(|leverage| Leverage::new(leverage).expect("a leverage")) {
        for margin_mode in [MarginMode::Isolated, MarginMode::Cross] {
            cases.extend([false, true].map(|is_protected| Case { leverage, margin_mode, is_protected }));
        }
    }
    cases
}

/// By the distance, since a minute of a wild market is worth more than the way from a ratio of 0.8 to 1 at any leverage:
/// from 3 % on, back to 5 %. Isolated positions are given what is free, in slices that a book bears.
pub(super) fn protection() -> AfloatSettings {
    let level = |ratio: i64, distance: i64| Level {
        ratio: MarginRatio::reported(Decimal::new(ratio, 2)),
        distance: Some(Rate::new(Decimal::new(distance, 3))),
    };
    let settings = ThresholdSettings {
        warn: level(70, 40),
        cancel: level(75, 35),
        top_up: Some(MarginTopUp { at: level(77, 32), most: Money::new(200.into()) }),
        reduce: level(80, 30),
        flatten: level(95, 5),
        target: level(60, 50),
    };
    AfloatSettings {
        thresholds: Thresholds::new(settings).expect("thresholds that make sense"),
        most_at_once: Some(Money::new(20_000.into())),
        ..AfloatSettings::default()
    }
}
