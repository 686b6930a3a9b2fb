//! The check that never stops.

use super::EquityWatch;
use super::check::losses;
use super::limits::RiskLimits;
use super::reason::Reason;
use crate::margin::{MarginHealth, MarginRatio};
use crate::side::{UnknownWord, words};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// What an account needs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What its margin asks for: nothing, to reduce, or to flatten.
    pub health: MarginHealth,
    /// Losses that stop all trading.
    pub trips: Vec<Reason>,
}

impl Verdict {
    /// Whether the kill switch is to be engaged: a loss limit is broken, or the margin is gone.
    #[must_use]
    pub fn trips_kill_switch(&self) -> bool {
        self.health == MarginHealth::Flatten || !self.trips.is_empty()
    }
}

/// Judges an account by its margin cover (`None` without positions), its day and its peak.
///
/// With cover `C`, minimum `m` (1 unless raised) and buffer `b`: `C < m` flattens, `C < m + b` reduces.
#[must_use]
pub fn verdict(cover: Option<Decimal>, equity: &EquityWatch, limits: &RiskLimits) -> Verdict {
    let raised = limits.settings().min_cover - Decimal::ONE;
    let health = MarginHealth::of(cover.map(|cover| cover.saturating_sub(raised)), limits.settings().cover_buffer);
    let trips = losses(equity.equity(), equity.day_start_equity(), equity.peak_equity(), limits).collect();
    Verdict { health, trips }
}

/// How loud to be about a margin ratio. Each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarginAlert {
    /// Nothing to say.
    Calm,
    /// Above 0.7: a high-risk position.
    HighRisk,
    /// Above 0.8: high margin usage.
    HighUsage,
    /// Above 0.9: the account is warned.
    Warning,
}
words!(
    MarginAlert,
    "margin alert",
    Calm = "calm",
    HighRisk = "high_risk",
    HighUsage = "high_usage",
    Warning = "warning"
);

impl MarginAlert {
    /// The level of a ratio; without one nothing is required, and it is calm.
    #[must_use]
    pub fn of(ratio: Option<MarginRatio>) -> Self {
        let above = |tenths| ratio.is_some_and(|ratio| ratio.get() > Decimal::new(tenths, 1));
        match () {
            () if above(9) => Self::Warning,
            () if above(8) => Self::HighUsage,
            () if above(7) => Self::HighRisk,
            () => Self::Calm,
        }
    }
}
