//! Settings of the switch with the trend.

use crate::settings::{Interval, Number, Problems, Size, Stop};
use plimsoll_domain::Decimal;
use serde::{Deserialize, Serialize};

/// Settings of [`TrendSwitch`](super::TrendSwitch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrendSwitchSettings {
    /// The lengths of candles whose trends have to agree, from the shortest on, each a multiple of the shortest. It hears
    /// the shortest, and makes the others of them.
    pub timeframes: Vec<Interval>,
    /// The period of the fast average, in candles of each length.
    pub fast: u32,
    /// The period of the slow average, in candles of each length.
    pub slow: u32,
    /// The period of the strength index, in the shortest candles.
    pub rsi_period: u32,
    /// It opens long only at this strength or above.
    pub rsi_long: Number,
    /// It opens short only at this strength or below.
    pub rsi_short: Number,
    /// How many candles' volume a candle is compared with.
    pub volume_period: u32,
    /// It opens only with at least this many times their average; 0 asks for nothing.
    pub volume_factor: Number,
    /// How much to open.
    pub size: Size,
    /// The leverage to set.
    pub leverage: u32,
    /// Where the stop is when a position is opened.
    pub stop: Stop,
    /// The period of the average true range, in the shortest candles.
    pub atr_period: u32,
    /// How many average true ranges behind the best close the stop follows.
    pub trail_atr: Number,
    /// The stop is moved only by this fraction of the price or more.
    pub trail_step: Number,
    /// How many of the shortest candles it stays flat after its stop.
    pub cooldown: u32,
}

impl Default for TrendSwitchSettings {
    fn default() -> Self {
        Self {
            timeframes: vec![Interval::minutes(15), Interval::minutes(60), Interval::minutes(240)],
            fast: 20,
            slow: 50,
            rsi_period: 14,
            rsi_long: Number::new(50, 0),
            rsi_short: Number::new(50, 0),
            volume_period: 20,
            volume_factor: Number::new(1, 0),
            size: Size::EquityFraction(Number::new(25, 2)),
            leverage: 2,
            stop: Stop::Atr(Number::new(25, 1)),
            atr_period: 14,
            trail_atr: Number::new(3, 0),
            trail_step: Number::new(1, 3),
            cooldown: 4,
        }
    }
}

impl TrendSwitchSettings {
    /// The candles that it hears.
    #[must_use]
    pub fn base(&self) -> Interval {
        self.timeframes.first().copied().unwrap_or(Interval::minutes(15))
    }

    /// # Errors
    /// Everything that is wrong, in words.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut problems = Problems::default();
        problems.unless(!self.timeframes.is_empty(), || "timeframes names none".to_owned());
        let base = self.base();
        for pair in self.timeframes.windows(2) {
            let &[shorter, longer] = pair else { continue };
            problems.unless(longer > shorter, || {
                format!("timeframes go from the shortest on, got {longer} after {shorter}")
            });
            problems.unless(longer.is_made_of(base), || {
                format!("timeframes: {longer} cannot be made of candles of {base}")
            });
        }
        problems.period("fast", self.fast, 1);
        problems.period("slow", self.slow, 2);
        let (fast, slow) = (self.fast, self.slow);
        problems.unless(fast < slow, || format!("fast is below slow, got {fast} and {slow}"));
        problems.period("rsi_period", self.rsi_period, 2);
        problems.period("volume_period", self.volume_period, 1);
        problems.period("atr_period", self.atr_period, 1);
        for (name, Number(value)) in [("rsi_long", self.rsi_long), ("rsi_short", self.rsi_short)] {
            let right = value >= Decimal::ZERO && value <= Decimal::ONE_HUNDRED;
            problems.unless(right, || format!("{name} is from 0 to 100, got {value}"));
        }
        problems.at_least("volume_factor", self.volume_factor.0, Decimal::ZERO);
        problems.leverage("leverage", self.leverage);
        self.size.validate(self.leverage, &mut problems);
        self.stop.validate(&mut problems);
        problems.above("trail_atr", self.trail_atr.0, Decimal::ZERO);
        problems.at_least("trail_step", self.trail_step.0, Decimal::ZERO);
        problems.end()
    }
}
