//! Settings of the cross of two averages.

use crate::settings::{Interval, Number, Problems, Size, Stop};
use serde::{Deserialize, Serialize};

/// Settings of [`EmaCross`](super::EmaCross).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmaCrossSettings {
    /// How long a candle lasts.
    pub interval: Interval,
    /// The period of the fast average, in candles.
    pub fast: u32,
    /// The period of the slow average, in candles.
    pub slow: u32,
    /// Whether it is flat, not short, while the fast average is below.
    pub long_only: bool,
    /// How much to open.
    pub size: Size,
    /// The leverage to set.
    pub leverage: u32,
    /// Where the loss of a position ends.
    pub stop: Stop,
    /// The period of the average true range, for a stop in such.
    pub atr_period: u32,
}

impl Default for EmaCrossSettings {
    fn default() -> Self {
        Self {
            interval: Interval::minutes(1),
            fast: 10,
            slow: 50,
            long_only: false,
            size: Size::EquityFraction(Number::new(25, 2)),
            leverage: 1,
            stop: Stop::Fraction(Number::new(5, 2)),
            atr_period: 14,
        }
    }
}

impl EmaCrossSettings {
    /// # Errors
    /// Everything that is wrong, in words.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut problems = Problems::default();
        problems.period("fast", self.fast, 1);
        problems.period("slow", self.slow, 2);
        problems.period("atr_period", self.atr_period, 1);
        let (fast, slow) = (self.fast, self.slow);
        problems.unless(fast < slow, || format!("fast is below slow, got {fast} and {slow}"));
        problems.leverage("leverage", self.leverage);
        self.size.validate(self.leverage, &mut problems);
        self.stop.validate(&mut problems);
        problems.end()
    }
}
