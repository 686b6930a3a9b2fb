//! Settings of the grid.

use crate::settings::{Interval, Number, Problems};
use plimsoll_domain::Decimal;
use serde::{Deserialize, Serialize};

/// Settings of [`Grid`](super::Grid).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GridSettings {
    /// The candles that it hears.
    pub interval: Interval,
    /// The candles whose average true range makes the grid, a multiple of those that it hears.
    pub range_interval: Interval,
    /// The period of that range.
    pub atr_period: u32,
    /// How many ranges the grid reaches to either side of its centre.
    pub range_atr: Number,
    /// How many prices it has.
    pub levels: u32,
    /// How they are apart.
    pub spacing: Spacing,
    /// Which way it may hold.
    pub side: GridSide,
    /// What a cell earns at least, beyond fees and a tick, as a fraction of its price.
    pub min_profit: Number,
    /// The notional of all cells of one side together, as a share of equity; above 1 takes leverage. It is what may be held.
    pub exposure: Number,
    /// The leverage to set.
    pub leverage: u32,
    /// How many ranges outside the grid the stop is.
    pub stop_atr: Number,
    /// How many closes in a row outside the grid end it, and begin another around the price.
    pub recenter_after: u32,
    /// Nothing is opened while the range is more than this fraction of the price.
    pub max_volatility: Number,
    /// How many candles' volume a candle is compared with.
    pub volume_period: u32,
    /// Nothing is opened after a candle with more than this many times their average; 0 asks for nothing.
    pub max_volume_factor: Number,
    /// For how many candles.
    pub pause: u32,
    /// How many candles after its stop there is no grid.
    pub cooldown: u32,
}

/// How the prices of a grid are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// All by the same amount.
    Arithmetic,
    /// All by the same factor.
    Geometric,
}

/// Which way a grid may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridSide {
    /// It buys below and sells what it bought.
    Long,
    /// It sells above and buys back what it sold.
    Short,
    /// The first below its centre, the second above it; a cell around the centre itself is not used.
    Neutral,
}

impl Default for GridSettings {
    fn default() -> Self {
        Self {
            interval: Interval::minutes(5),
            range_interval: Interval::minutes(60),
            atr_period: 14,
            range_atr: Number::new(3, 0),
            levels: 10,
            spacing: Spacing::Arithmetic,
            side: GridSide::Neutral,
            min_profit: Number::new(5, 4),
            exposure: Number::new(1, 0),
            leverage: 2,
            stop_atr: Number::new(1, 0),
            recenter_after: 6,
            max_volatility: Number::new(3, 2),
            volume_period: 20,
            max_volume_factor: Number::new(5, 0),
            pause: 3,
            cooldown: 12,
        }
    }
}

impl GridSettings {
    /// # Errors
    /// Everything that is wrong, in words.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut problems = Problems::default();
        let (base, range) = (self.interval, self.range_interval);
        problems
            .unless(range.is_made_of(base), || format!("range_interval: {range} cannot be made of candles of {base}"));
        problems.period("atr_period", self.atr_period, 1);
        let levels = self.levels;
        problems.unless((3..=200).contains(&levels), || format!("levels is from 3 to 200, got {levels}"));
        for (name, Number(value)) in [("range_atr", self.range_atr), ("stop_atr", self.stop_atr)] {
            problems.above(name, value, Decimal::ZERO);
        }
        problems.at_least("min_profit", self.min_profit.0, Decimal::ZERO);
        problems.leverage("leverage", self.leverage);
        let (exposure, leverage) = (self.exposure.0, self.leverage);
        problems.above("exposure", exposure, Decimal::ZERO);
        problems.unless(exposure < Decimal::from(leverage), || {
            format!(
                "exposure is below the leverage of {leverage}, or nothing is left for fees and losses, got {exposure}"
            )
        });
        problems.period("recenter_after", self.recenter_after, 1);
        problems.part("max_volatility", self.max_volatility.0);
        problems.period("volume_period", self.volume_period, 1);
        problems.at_least("max_volume_factor", self.max_volume_factor.0, Decimal::ZERO);
        problems.end()
    }
}
