//! The limits of an account.

use crate::leverage::Leverage;
use crate::margin::MarginHealth;
use crate::money::Money;
use crate::rate::Rate;
use rust_decimal::Decimal;
use std::fmt;
use std::time::Duration;

/// Limits as somebody wrote them down; [`RiskLimits::new`] checks them. The default is what Plimsoll ships with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// The largest notional of a position.
    pub max_position: Money,
    /// The largest notional of a position as a share of equity.
    pub max_position_share: Rate,
    /// The largest loss of a day (UTC).
    pub max_daily_loss: Money,
    /// The largest loss of a day as a share of the equity that it opened with.
    pub max_daily_loss_share: Rate,
    /// How far equity may fall below its peak.
    pub max_drawdown: Money,
    /// The most leverage an order may use.
    pub max_leverage: Leverage,
    /// What `max_leverage` may not exceed, whatever it says. To trade above the default of 20 this has to be raised too.
    pub leverage_cap: Leverage,
    /// How many positions may be open.
    pub max_positions: u32,
    /// How far the mark must be from liquidation after an order, as a share of the mark.
    pub min_liquidation_distance: Rate,
    /// The most funding that a position may be expected to cost a day.
    pub max_funding_per_day: Money,
    /// What to do about an order above that.
    pub funding_over_limit: OverLimit,
    /// Margin cover (equity ÷ maintenance) below which everything is closed; at least 1.
    pub min_cover: Decimal,
    /// How much cover above that is too little to do nothing.
    pub cover_buffer: Rate,
    /// How old a state may be for an order that adds exposure to be judged on it.
    pub max_state_age: Duration,
}

/// What to do about an order over a soft limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverLimit {
    /// Let it through and say so.
    Warn,
    /// Refuse it.
    Refuse,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            max_position: Money::new(Decimal::from(10_000)),
            max_position_share: Rate::new(Decimal::new(30, 2)),
            max_daily_loss: Money::new(Decimal::from(500)),
            max_daily_loss_share: Rate::new(Decimal::new(5, 2)),
            max_drawdown: Money::new(Decimal::from(1_000)),
            max_leverage: times(5),
            leverage_cap: times(20),
            max_positions: 3,
            min_liquidation_distance: Rate::new(Decimal::new(3, 2)),
            max_funding_per_day: Money::new(Decimal::new(10_00, 2)),
            funding_over_limit: OverLimit::Warn,
            min_cover: Decimal::ONE,
            cover_buffer: MarginHealth::DEFAULT_BUFFER,
            max_state_age: Duration::from_secs(10),
        }
    }
}

fn times(times: u32) -> Leverage {
    Leverage::new(times).unwrap_or(Leverage::ONE)
}

/// Limits that make sense. Nonsense cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RiskLimits(LimitSettings);

impl RiskLimits {
    /// # Errors
    /// [`BrokenLimits`] lists every setting that makes no sense.
    pub fn new(settings: LimitSettings) -> Result<Self, BrokenLimits> {
        let broken = problems(&settings);
        if broken.is_empty() { Ok(Self(settings)) } else { Err(BrokenLimits(broken)) }
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &LimitSettings {
        &self.0
    }

    /// The largest notional of a position at this equity: the stricter of the absolute limit and the share.
    #[must_use]
    pub fn position_limit(&self, equity: Money) -> Money {
        self.0.max_position.min(share(equity, self.0.max_position_share))
    }

    /// The largest loss of a day that opened with this equity: the stricter of the absolute limit and the share.
    #[must_use]
    pub fn daily_loss_limit(&self, day_start_equity: Money) -> Money {
        self.0.max_daily_loss.min(share(day_start_equity, self.0.max_daily_loss_share))
    }
}

/// A share of what there is; nothing of nothing, and nothing of debts.
fn share(of: Money, share: Rate) -> Money {
    Money::new(of.get().max(Decimal::ZERO).saturating_mul(share.get()))
}

fn problems(it: &LimitSettings) -> Vec<BrokenLimit> {
    let mut broken = Vec::new();
    let mut must = |holds: bool, setting: &'static str, rule: &'static str, found: &dyn fmt::Display| {
        if !holds {
            broken.push(BrokenLimit { setting, rule, found: found.to_string() });
        }
    };
    let is_share = |rate: Rate| rate > Rate::ZERO && rate.get() <= Decimal::ONE;
    must(it.max_position.is_positive(), "max_position", "must be above 0", &it.max_position);
    must(
        it.max_position_share > Rate::ZERO && it.max_position_share.get() <= Decimal::from(1000),
        "max_position_share",
        "must be above 0 and at most 1000",
        &it.max_position_share,
    );
    must(it.max_daily_loss.is_positive(), "max_daily_loss", "must be above 0", &it.max_daily_loss);
    must(
        is_share(it.max_daily_loss_share),
        "max_daily_loss_share",
        "must be above 0 and at most 1",
        &it.max_daily_loss_share,
    );
    must(it.max_drawdown.is_positive(), "max_drawdown", "must be above 0", &it.max_drawdown);
    must(
        it.max_leverage <= it.leverage_cap,
        "max_leverage",
        "must not be above leverage_cap: raise that too if it is meant",
        &it.max_leverage,
    );
    must(it.max_positions > 0, "max_positions", "must be at least 1", &it.max_positions);
    must(
        it.min_liquidation_distance >= Rate::ZERO && it.min_liquidation_distance.get() < Decimal::ONE,
        "min_liquidation_distance",
        "must be at least 0 and below 1",
        &it.min_liquidation_distance,
    );
    must(!it.max_funding_per_day.is_negative(), "max_funding_per_day", "must not be negative", &it.max_funding_per_day);
    must(
        it.min_cover >= Decimal::ONE && it.min_cover <= Decimal::ONE_HUNDRED,
        "min_cover",
        "must be at least 1, where the venue liquidates, and at most 100",
        &it.min_cover,
    );
    must(
        it.cover_buffer >= Rate::ZERO && it.cover_buffer.get() <= Decimal::ONE_HUNDRED,
        "cover_buffer",
        "must be at least 0 and at most 100",
        &it.cover_buffer,
    );
    let seconds = it.max_state_age.as_secs_f64();
    must(!it.max_state_age.is_zero(), "max_state_age", "must be above 0 seconds", &seconds);
    broken
}

/// Every setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLimits(Vec<BrokenLimit>);

impl BrokenLimits {
    /// The settings, one by one; never empty.
    #[must_use]
    pub fn all(&self) -> &[BrokenLimit] {
        &self.0
    }
}

impl fmt::Display for BrokenLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, broken) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{broken}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BrokenLimits {}

/// One setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {rule}, got {found}")]
pub struct BrokenLimit {
    /// Its name.
    pub setting: &'static str,
    /// What it must be.
    pub rule: &'static str,
    /// What it is.
    pub found: String,
}
