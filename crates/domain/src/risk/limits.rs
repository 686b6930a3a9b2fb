//! The limits of an account.

use super::exposure::Scope;
use super::ladder::Allowance;
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
    /// The largest notional of all positions of the account together; `None` leaves it to the limits of each.
    pub max_exposure: Option<Money>,
    /// The same as a share of the account's equity, which is its effective leverage.
    pub max_exposure_share: Option<Rate>,
    /// The largest notional of all positions at the account's venue, in whichever of the accounts there.
    pub max_venue_exposure: Option<Money>,
    /// The same as a share of the equity of the accounts there.
    pub max_venue_exposure_share: Option<Rate>,
    /// The largest notional of all positions in all accounts.
    pub max_portfolio_exposure: Option<Money>,
    /// The same as a share of the equity of all accounts.
    pub max_portfolio_exposure_share: Option<Rate>,
    /// What to do where prices have brought positions over these limits.
    pub over_exposure: OverExposure,
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

/// What to do where all positions together have come to be worth more than they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverExposure {
    /// Say so; nothing more is opened.
    Tell,
    /// Halve the account's largest position, with each look, until they fit.
    Reduce,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            max_position: Money::new(Decimal::from(10_000)),
            max_position_share: Rate::new(Decimal::new(30, 2)),
            max_exposure: None,
            max_exposure_share: None,
            max_venue_exposure: None,
            max_venue_exposure_share: None,
            max_portfolio_exposure: None,
            max_portfolio_exposure_share: None,
            over_exposure: OverExposure::Tell,
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
pub struct RiskLimits {
    settings: LimitSettings,
    /// The most of the account's equity that counts; `None` is all of it.
    capital: Option<Money>,
}

impl RiskLimits {
    /// # Errors
    /// [`BrokenLimits`] lists every setting that makes no sense.
    pub fn new(settings: LimitSettings) -> Result<Self, BrokenLimits> {
        let broken = problems(&settings);
        if broken.is_empty() { Ok(Self { settings, capital: None }) } else { Err(BrokenLimits(broken)) }
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &LimitSettings {
        &self.settings
    }

    /// The largest notional of a position at this equity: the stricter of the absolute limit and the share.
    #[must_use]
    pub fn position_limit(&self, equity: Money) -> Money {
        self.settings.max_position.min(share(equity, self.settings.max_position_share))
    }

    /// The largest notional of all positions of an account, a venue or the portfolio at this equity: the stricter of the
    /// absolute limit and the share; `None` where neither is set.
    #[must_use]
    pub fn exposure_limit(&self, scope: Scope, equity: Money) -> Option<Money> {
        let (most, of_equity) = match scope {
            Scope::Account => (self.settings.max_exposure, self.settings.max_exposure_share),
            Scope::Venue => (self.settings.max_venue_exposure, self.settings.max_venue_exposure_share),
            Scope::Portfolio => (self.settings.max_portfolio_exposure, self.settings.max_portfolio_exposure_share),
        };
        most.into_iter().chain(of_equity.map(|rate| share(equity, rate))).min()
    }

    /// These limits on an account that the ladder allows so much.
    #[must_use]
    pub fn allowed(&self, allowance: Allowance) -> Self {
        match allowance {
            Allowance::Capital(capital) => self.within(capital),
            Allowance::Whole | Allowance::PaperOnly { .. } => self.clone(),
        }
    }

    /// The same limits of an account that counts as one of this equity at the most: no share of equity is more than that
    /// share of it.
    #[must_use]
    pub fn within(&self, capital: Money) -> Self {
        let it = &self.settings;
        let exposure = it.max_exposure_share.map(|rate| share(capital, rate));
        let settings = LimitSettings {
            max_position: self.position_limit(capital),
            max_daily_loss: self.daily_loss_limit(capital),
            max_exposure: it.max_exposure.into_iter().chain(exposure).min(),
            ..it.clone()
        };
        Self { settings, capital: self.capital.into_iter().chain([capital]).min() }
    }

    /// What of this equity of the account counts beside that of others.
    pub(super) fn counted(&self, equity: Money) -> Money {
        self.capital.map_or(equity, |capital| capital.min(equity))
    }

    /// The largest loss of a day that opened with this equity: the stricter of the absolute limit and the share.
    #[must_use]
    pub fn daily_loss_limit(&self, day_start_equity: Money) -> Money {
        self.settings.max_daily_loss.min(share(day_start_equity, self.settings.max_daily_loss_share))
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
    for (setting, most) in [
        ("max_exposure", it.max_exposure),
        ("max_venue_exposure", it.max_venue_exposure),
        ("max_portfolio_exposure", it.max_portfolio_exposure),
    ] {
        if let Some(most) = most {
            must(most.is_positive(), setting, "must be above 0", &most);
        }
    }
    for (setting, share) in [
        ("max_exposure_share", it.max_exposure_share),
        ("max_venue_exposure_share", it.max_venue_exposure_share),
        ("max_portfolio_exposure_share", it.max_portfolio_exposure_share),
    ] {
        if let Some(share) = share {
            let is_sensible = share > Rate::ZERO && share.get() <= Decimal::from(1000);
            must(is_sensible, setting, "must be above 0 and at most 1000", &share);
        }
    }
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
