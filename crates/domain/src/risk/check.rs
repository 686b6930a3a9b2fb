//! The check before an order.

use super::kill_switch::KillSwitch;
use super::limits::{OverLimit, RiskLimits};
use crate::leverage::Leverage;
use crate::money::Money;
use crate::order::{NewOrder, OrderSize};
use crate::position::Position;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::{UnknownWord, words};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// What an order would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFacts {
    /// It may add exposure: every limit applies.
    Adds(ExposureFacts),
    /// It may only shrink a position: it is refused only where there is nothing for it to shrink.
    Reduces {
        /// Its size; `None` closes whatever is held.
        quantity: Option<Quantity>,
        /// What is held on the side that it shrinks; `None` if nothing is.
        held: Option<Quantity>,
    },
}

impl OrderFacts {
    /// The facts of an order that may only shrink `position`, the one it is for; `None` if it may add exposure.
    #[must_use]
    pub fn reducing(order: &NewOrder, position: Option<Position>) -> Option<Self> {
        if order.adds_exposure() {
            return None;
        }
        let held = position.filter(|held| held.direction.closing_side() == order.side).map(|held| held.quantity);
        let quantity = match order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        };
        Some(Self::Reduces { quantity, held })
    }
}

/// What the account would hold after an order that adds exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureFacts {
    /// The leverage as asked for, whole or not.
    pub leverage: Decimal,
    /// The most leverage that the contract's margin tiers allow for the resulting notional.
    pub tier_max_leverage: Leverage,
    /// Notional of the position after the order.
    pub resulting_notional: Money,
    /// Initial margin that the order needs.
    pub required_margin: Money,
    /// The fees of the order.
    pub fees: Money,
    /// How many positions would be open after it.
    pub open_positions: u32,
    /// The exact distance from the mark to liquidation after the order, as a share of the mark: zero or less if it would
    /// be due at once, `None` if no price liquidates.
    pub liquidation_distance: Option<Rate>,
    /// What the resulting position is expected to pay in funding a day (negative: receives); `None` if no rate is known.
    pub funding_per_day: Option<Money>,
}

/// What the account is before the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts<'a> {
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
    /// The equity that the day (UTC) opened with, moved by deposits and withdrawals since.
    pub day_start_equity: Money,
    /// The largest equity recorded, moved by deposits and withdrawals since.
    pub peak_equity: Money,
    /// How old the state is that these facts were taken from; `None` if it was never complete, or is in doubt.
    pub state_age: Option<Duration>,
    /// Whether trading is stopped.
    pub kill_switch: &'a KillSwitch,
}

/// The order may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What the operator should know all the same.
    pub warnings: Vec<Warning>,
}

/// The order may not be sent: every reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Every reason that applies; never empty.
    pub reasons: Vec<Reason>,
}

impl Refused {
    /// The reasons that stop all trading, not only this order.
    pub fn trips(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.trips_kill_switch())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.reasons.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// The names of the checks, as records keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskCheck {
    /// Leverage.
    Leverage,
    /// Notional of one position.
    PositionSize,
    /// Initial margin and fees against what is available.
    Margin,
    /// The loss of the day.
    DailyLoss,
    /// The fall from the peak.
    Drawdown,
    /// The number of open positions.
    Positions,
    /// The distance to liquidation.
    LiquidationDistance,
    /// The cost of funding.
    Funding,
    /// A reduce-only order against what is held.
    ReduceOnly,
    /// The age of the state.
    Freshness,
    /// The kill switch.
    KillSwitch,
}
words!(
    RiskCheck,
    "risk check",
    Leverage = "leverage",
    PositionSize = "position_size",
    Margin = "margin",
    DailyLoss = "daily_loss",
    Drawdown = "drawdown",
    Positions = "positions",
    LiquidationDistance = "liquidation_distance",
    Funding = "funding",
    ReduceOnly = "reduce_only",
    Freshness = "freshness",
    KillSwitch = "kill_switch"
);

/// One reason to refuse, with its figure and its limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Leverage below 1, or not whole.
    #[error("leverage {0} is not a whole number from 1")]
    NotALeverage(Decimal),
    /// Leverage above the configured maximum.
    #[error("leverage {leverage}x is above the limit of {limit}")]
    Leverage {
        /// As asked for.
        leverage: Decimal,
        /// The configured maximum.
        limit: Leverage,
    },
    /// Leverage above what the contract allows for the notional that results.
    #[error("leverage {leverage}x is above the {limit} that the contract allows at notional {notional}")]
    TierLeverage {
        /// As asked for.
        leverage: Decimal,
        /// The tier's maximum.
        limit: Leverage,
        /// The notional that results.
        notional: Money,
    },
    /// The position would be too large.
    #[error("position of {notional} would be above the limit of {limit}")]
    PositionSize {
        /// The notional that results.
        notional: Money,
        /// The stricter of the absolute limit and the share of equity.
        limit: Money,
    },
    /// Not enough margin.
    #[error("margin and fees of {required} are more than the {available} available")]
    Margin {
        /// Initial margin and fees.
        required: Money,
        /// What new positions may use.
        available: Money,
    },
    /// Too much was lost today.
    #[error("loss of {loss} since the day's start is above the limit of {limit}")]
    DailyLoss {
        /// Equity at the day's start less equity now.
        loss: Money,
        /// The stricter of the absolute limit and the share of the day's opening equity.
        limit: Money,
    },
    /// Too much was lost since the peak.
    #[error("drawdown of {drawdown} is above the limit of {limit}")]
    Drawdown {
        /// Peak equity less equity now.
        drawdown: Money,
        /// The limit.
        limit: Money,
    },
    /// Too many positions.
    #[error("{open} open positions would be above the limit of {limit}")]
    Positions {
        /// After the order.
        open: u32,
        /// The limit.
        limit: u32,
    },
    /// Too near to liquidation.
    #[error("liquidation would be {distance} of the mark away, less than the minimum of {minimum}")]
    LiquidationDistance {
        /// After the order, as a share of the mark.
        distance: Rate,
        /// The minimum.
        minimum: Rate,
    },
    /// Funding would cost too much.
    #[error("funding of {per_day} a day would be above the limit of {limit}")]
    Funding {
        /// Expected cost a day.
        per_day: Money,
        /// The limit.
        limit: Money,
    },
    /// Funding cannot be judged, and is configured to be refused.
    #[error("funding is unknown, and its limit of {limit} a day is to be kept")]
    FundingUnknown {
        /// The limit.
        limit: Money,
    },
    /// A reduce-only order without a position.
    #[error("there is no position on that side to reduce")]
    NothingToReduce,
    /// A reduce-only order larger than its position.
    #[error("reducing {quantity} is more than the {held} held")]
    ReducesTooMuch {
        /// The order's size.
        quantity: Quantity,
        /// What is held.
        held: Quantity,
    },
    /// The state is too old.
    #[error("the account's state is {} s old, the limit is {} s", age.as_secs_f64(), limit.as_secs_f64())]
    Stale {
        /// Its age.
        age: Duration,
        /// The limit.
        limit: Duration,
    },
    /// There is no state, or it is in doubt.
    #[error("the account's state is not known for certain: it must be read anew")]
    StateInDoubt,
    /// Trading is stopped.
    #[error("the kill switch is engaged: {reason}")]
    KillSwitch {
        /// Why it was engaged.
        reason: Arc<str>,
    },
}

impl Reason {
    /// Which check this is.
    #[must_use]
    pub const fn check(&self) -> RiskCheck {
        match self {
            Self::NotALeverage(_) | Self::Leverage { .. } | Self::TierLeverage { .. } => RiskCheck::Leverage,
            Self::PositionSize { .. } => RiskCheck::PositionSize,
            Self::Margin { .. } => RiskCheck::Margin,
            Self::DailyLoss { .. } => RiskCheck::DailyLoss,
            Self::Drawdown { .. } => RiskCheck::Drawdown,
            Self::Positions { .. } => RiskCheck::Positions,
            Self::LiquidationDistance { .. } => RiskCheck::LiquidationDistance,
            Self::Funding { .. } | Self::FundingUnknown { .. } => RiskCheck::Funding,
            Self::NothingToReduce | Self::ReducesTooMuch { .. } => RiskCheck::ReduceOnly,
            Self::Stale { .. } | Self::StateInDoubt => RiskCheck::Freshness,
            Self::KillSwitch { .. } => RiskCheck::KillSwitch,
        }
    }

    /// The figure that was judged, where there is one; seconds for ages.
    #[must_use]
    pub fn figure(&self) -> Option<Decimal> {
        match self {
            Self::NotALeverage(leverage) | Self::Leverage { leverage, .. } | Self::TierLeverage { leverage, .. } => {
                Some(*leverage)
            }
            Self::PositionSize { notional: money, .. }
            | Self::Margin { required: money, .. }
            | Self::DailyLoss { loss: money, .. }
            | Self::Drawdown { drawdown: money, .. }
            | Self::Funding { per_day: money, .. } => Some(money.get()),
            Self::Positions { open, .. } => Some(Decimal::from(*open)),
            Self::LiquidationDistance { distance, .. } => Some(distance.get()),
            Self::ReducesTooMuch { quantity, .. } => Some(quantity.get()),
            Self::NothingToReduce => Some(Decimal::ZERO),
            Self::Stale { age, .. } => Some(seconds(*age)),
            Self::FundingUnknown { .. } | Self::StateInDoubt | Self::KillSwitch { .. } => None,
        }
    }

    /// The limit that it was judged by, where there is one; seconds for ages.
    #[must_use]
    pub fn limit(&self) -> Option<Decimal> {
        match self {
            Self::NotALeverage(_) => Some(Decimal::ONE),
            Self::Leverage { limit, .. } | Self::TierLeverage { limit, .. } => Some(limit.as_decimal()),
            Self::PositionSize { limit, .. }
            | Self::Margin { available: limit, .. }
            | Self::DailyLoss { limit, .. }
            | Self::Drawdown { limit, .. }
            | Self::Funding { limit, .. }
            | Self::FundingUnknown { limit } => Some(limit.get()),
            Self::Positions { limit, .. } => Some(Decimal::from(*limit)),
            Self::LiquidationDistance { minimum, .. } => Some(minimum.get()),
            Self::ReducesTooMuch { held, .. } => Some(held.get()),
            Self::Stale { limit, .. } => Some(seconds(*limit)),
            Self::NothingToReduce | Self::StateInDoubt | Self::KillSwitch { .. } => None,
        }
    }

    /// Stops all trading, not only the order that met it.
    #[must_use]
    pub const fn trips_kill_switch(&self) -> bool {
        matches!(self, Self::DailyLoss { .. } | Self::Drawdown { .. })
    }
}

/// Something that is let through, and said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Funding would cost much.
    #[error("funding of {per_day} a day is above {limit}")]
    Funding {
        /// Expected cost a day.
        per_day: Money,
        /// The limit.
        limit: Money,
    },
    /// Funding cannot be judged.
    #[error("funding is unknown")]
    FundingUnknown,
}

/// Whether an order may be sent.
///
/// # Errors
/// [`Refused`] with every reason that applies, not only the first.
pub fn check(order: &OrderFacts, account: &AccountFacts<'_>, limits: &RiskLimits) -> Result<Approval, Refused> {
    let mut findings = Findings { limits, reasons: Vec::new(), warnings: Vec::new() };
    match order {
        OrderFacts::Reduces { quantity, held } => findings.reduce_only(*quantity, *held),
        OrderFacts::Adds(order) => {
            findings.leverage(order);
            findings.position_size(order, account);
            findings.margin(order, account);
            findings.reasons.extend(losses(account.equity, account.day_start_equity, account.peak_equity, limits));
            findings.positions(order);
            findings.liquidation_distance(order);
            findings.funding(order);
            findings.freshness(account);
            findings.kill_switch(account);
        }
    }
    let Findings { reasons, warnings, .. } = findings;
    if reasons.is_empty() { Ok(Approval { warnings }) } else { Err(Refused { reasons }) }
}

/// The losses that stop all trading.
pub(super) fn losses(
    equity: Money,
    day_start: Money,
    peak: Money,
    limits: &RiskLimits,
) -> impl Iterator<Item = Reason> + use<> {
    let loss = less(day_start, equity);
    let limit = limits.daily_loss_limit(day_start);
    let daily = (loss > limit).then_some(Reason::DailyLoss { loss, limit });
    let drawdown = less(peak, equity);
    let limit = limits.settings().max_drawdown;
    let fallen = (drawdown > limit).then_some(Reason::Drawdown { drawdown, limit });
    daily.into_iter().chain(fallen)
}

struct Findings<'a> {
    limits: &'a RiskLimits,
    reasons: Vec<Reason>,
    warnings: Vec<Warning>,
}

impl Findings<'_> {
    fn refuse_if(&mut self, refused: bool, reason: Reason) {
        if refused {
            self.reasons.push(reason);
        }
    }

    fn reduce_only(&mut self, quantity: Option<Quantity>, held: Option<Quantity>) {
        match (quantity, held) {
            (_, None) => self.reasons.push(Reason::NothingToReduce),
            (Some(quantity), Some(held)) => {
                self.refuse_if(quantity > held, Reason::ReducesTooMuch { quantity, held });
            }
            (None, Some(_)) => {}
        }
    }

    fn leverage(&mut self, order: &ExposureFacts) {
        let leverage = order.leverage;
        let whole = leverage >= Decimal::ONE && leverage.fract().is_zero();
        self.refuse_if(!whole, Reason::NotALeverage(leverage));
        let limit = self.limits.settings().max_leverage;
        self.refuse_if(leverage > limit.as_decimal(), Reason::Leverage { leverage, limit });
        let (limit, notional) = (order.tier_max_leverage, order.resulting_notional);
        self.refuse_if(leverage > limit.as_decimal(), Reason::TierLeverage { leverage, limit, notional });
    }

    fn position_size(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        let (notional, limit) = (order.resulting_notional, self.limits.position_limit(account.equity));
        self.refuse_if(notional > limit, Reason::PositionSize { notional, limit });
    }

    fn margin(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        let required = Money::new(order.required_margin.get().saturating_add(order.fees.get()));
        let available = account.available;
        self.refuse_if(required > available, Reason::Margin { required, available });
    }

    fn positions(&mut self, order: &ExposureFacts) {
        let (open, limit) = (order.open_positions, self.limits.settings().max_positions);
        self.refuse_if(open > limit, Reason::Positions { open, limit });
    }

    fn liquidation_distance(&mut self, order: &ExposureFacts) {
        let Some(distance) = order.liquidation_distance else { return };
        let minimum = self.limits.settings().min_liquidation_distance;
        let due = distance <= Rate::ZERO;
        self.refuse_if(due || distance < minimum, Reason::LiquidationDistance { distance, minimum });
    }

    fn funding(&mut self, order: &ExposureFacts) {
        let limit = self.limits.settings().max_funding_per_day;
        match (order.funding_per_day, self.limits.settings().funding_over_limit) {
            (Some(per_day), _) if per_day <= limit => {}
            (Some(per_day), OverLimit::Warn) => self.warnings.push(Warning::Funding { per_day, limit }),
            (Some(per_day), OverLimit::Refuse) => self.reasons.push(Reason::Funding { per_day, limit }),
            (None, OverLimit::Warn) => self.warnings.push(Warning::FundingUnknown),
            (None, OverLimit::Refuse) => self.reasons.push(Reason::FundingUnknown { limit }),
        }
    }

    fn freshness(&mut self, account: &AccountFacts<'_>) {
        let limit = self.limits.settings().max_state_age;
        match account.state_age {
            Some(age) => self.refuse_if(age > limit, Reason::Stale { age, limit }),
            None => self.reasons.push(Reason::StateInDoubt),
        }
    }

    fn kill_switch(&mut self, account: &AccountFacts<'_>) {
        if let KillSwitch::Engaged(engagement) = account.kill_switch {
            self.reasons.push(Reason::KillSwitch { reason: Arc::clone(&engagement.reason) });
        }
    }
}

pub(super) fn less(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_sub(b.get()))
}

fn seconds(duration: Duration) -> Decimal {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Decimal::new(micros, 6).normalize()
}
