//! Settings of the breakout.

use crate::settings::{Interval, Number, Problems};
use plimsoll_domain::Decimal;
use serde::{Deserialize, Serialize};

/// Settings of [`VolatilityBreakout`](super::VolatilityBreakout).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityBreakoutSettings {
    /// How long a candle lasts.
    pub interval: Interval,
    /// The period of the bands, in candles.
    pub period: u32,
    /// How many standard deviations away they are.
    pub deviations: Number,
    /// There is a squeeze while the width of the bands is the lowest of this many candles.
    pub squeeze_lookback: u32,
    /// How many candles after a squeeze a breakout counts.
    pub squeeze_memory: u32,
    /// How many candles' volume a candle is compared with.
    pub volume_period: u32,
    /// A breakout has at least this many times their average; 0 asks for nothing.
    pub volume_factor: Number,
    /// The period of the average true range, in candles.
    pub atr_period: u32,
    /// How many average true ranges away the stop is: 1 R.
    pub stop_atr: Number,
    /// How many average true ranges away profit is taken.
    pub target_atr: Number,
    /// From this many R of profit on, the stop follows.
    pub trail_from: Number,
    /// How many average true ranges behind the best close it follows.
    pub trail_atr: Number,
    /// The stop is moved only by this fraction of the price or more.
    pub trail_step: Number,
    /// After this many candles a position is closed that has not come far enough.
    pub time_exit: u32,
    /// How many R are far enough.
    pub time_exit_below: Number,
    /// The share of equity that a stopped trade loses, fees among it.
    pub risk: Number,
    /// The leverage to set. It is lowered as the margin table asks, and until liquidation is beyond the stop.
    pub leverage: u32,
    /// The most that may be written for it.
    pub max_leverage: u32,
}

impl Default for VolatilityBreakoutSettings {
    fn default() -> Self {
        Self {
            interval: Interval::minutes(15),
            period: 20,
            deviations: Number::new(2, 0),
            squeeze_lookback: 120,
            squeeze_memory: 8,
            volume_period: 20,
            volume_factor: Number::new(15, 1),
            atr_period: 14,
            stop_atr: Number::new(15, 1),
            target_atr: Number::new(45, 1),
            trail_from: Number::new(1, 0),
            trail_atr: Number::new(2, 0),
            trail_step: Number::new(1, 3),
            time_exit: 24,
            time_exit_below: Number::new(5, 1),
            risk: Number::new(1, 2),
            leverage: 10,
            max_leverage: 20,
        }
    }
}

impl VolatilityBreakoutSettings {
    /// # Errors
    /// Everything that is wrong, in words.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut problems = Problems::default();
        problems.period("period", self.period, 2);
        problems.period("squeeze_lookback", self.squeeze_lookback, 2);
        problems.period("squeeze_memory", self.squeeze_memory, 1);
        problems.period("volume_period", self.volume_period, 1);
        problems.period("atr_period", self.atr_period, 1);
        problems.period("time_exit", self.time_exit, 1);
        for (name, Number(value)) in [
            ("deviations", self.deviations),
            ("stop_atr", self.stop_atr),
            ("target_atr", self.target_atr),
            ("trail_atr", self.trail_atr),
        ] {
            problems.above(name, value, Decimal::ZERO);
        }
        let (period, deviations) =
            (Decimal::from(self.period.clamp(1, 10_000)), self.deviations.0.min(Decimal::ONE_HUNDRED));
        let reach = (period - Decimal::ONE) * (period - Decimal::ONE);
        problems.unless(deviations * deviations * period < reach, || {
            format!("no close is ever {deviations} deviations from the mean of {period} that it is one of: take fewer, or a longer period")
        });
        problems.at_least("volume_factor", self.volume_factor.0, Decimal::ZERO);
        problems.at_least("trail_from", self.trail_from.0, Decimal::ZERO);
        problems.at_least("trail_step", self.trail_step.0, Decimal::ZERO);
        problems.part("risk", self.risk.0);
        problems.leverage("leverage", self.leverage);
        problems.leverage("max_leverage", self.max_leverage);
        let (leverage, max) = (self.leverage, self.max_leverage);
        problems.unless(leverage <= max, || format!("leverage is at most max_leverage of {max}, got {leverage}"));
        problems.end()
    }
}
