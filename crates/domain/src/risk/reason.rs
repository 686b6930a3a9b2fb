//! Why an order is refused, and what is said about one that is not.

use super::exposure::Scope;
use crate::leverage::Leverage;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::{UnknownWord, words};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The names of the checks, as records keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskCheck {
    /// Leverage.
    Leverage,
    /// Notional of one position.
    PositionSize,
    /// Notional of all positions together.
    Exposure,
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
    /// The ladder to live trading.
    Ladder,
}
words!(
    RiskCheck,
    "risk check",
    Leverage = "leverage",
    PositionSize = "position_size",
    Exposure = "exposure",
    Margin = "margin",
    DailyLoss = "daily_loss",
    Drawdown = "drawdown",
    Positions = "positions",
    LiquidationDistance = "liquidation_distance",
    Funding = "funding",
    ReduceOnly = "reduce_only",
    Freshness = "freshness",
    KillSwitch = "kill_switch",
    Ladder = "ladder"
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
    /// All positions together would be, or are, too large.
    #[error("positions of {notional} together are above the limit of {limit} of the {scope}")]
    Exposure {
        /// Whose.
        scope: Scope,
        /// Their notional.
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
    /// The account is on the paper step of the ladder.
    #[error("the account is on the paper step of the ladder: {days} days of paper trading come before a live order")]
    PaperOnly {
        /// How many days the step takes.
        days: u32,
    },
    /// More than micro capital.
    #[error("margin and fees of {required} in all would be above the {limit} that the micro step of the ladder allows")]
    MicroCapital {
        /// Initial margin of what is held, and margin and fees of the order.
        required: Money,
        /// The micro capital, or the equity if that is less.
        limit: Money,
    },
}

impl Reason {
    /// Which check this is.
    #[must_use]
    pub const fn check(&self) -> RiskCheck {
        match self {
            Self::NotALeverage(_) | Self::Leverage { .. } | Self::TierLeverage { .. } => RiskCheck::Leverage,
            Self::PositionSize { .. } => RiskCheck::PositionSize,
            Self::Exposure { .. } => RiskCheck::Exposure,
            Self::Margin { .. } => RiskCheck::Margin,
            Self::DailyLoss { .. } => RiskCheck::DailyLoss,
            Self::Drawdown { .. } => RiskCheck::Drawdown,
            Self::Positions { .. } => RiskCheck::Positions,
            Self::LiquidationDistance { .. } => RiskCheck::LiquidationDistance,
            Self::Funding { .. } | Self::FundingUnknown { .. } => RiskCheck::Funding,
            Self::NothingToReduce | Self::ReducesTooMuch { .. } => RiskCheck::ReduceOnly,
            Self::Stale { .. } | Self::StateInDoubt => RiskCheck::Freshness,
            Self::KillSwitch { .. } => RiskCheck::KillSwitch,
            Self::PaperOnly { .. } | Self::MicroCapital { .. } => RiskCheck::Ladder,
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
            | Self::Exposure { notional: money, .. }
            | Self::MicroCapital { required: money, .. }
            | Self::Margin { required: money, .. }
            | Self::DailyLoss { loss: money, .. }
            | Self::Drawdown { drawdown: money, .. }
            | Self::Funding { per_day: money, .. } => Some(money.get()),
            Self::Positions { open, .. } => Some(Decimal::from(*open)),
            Self::LiquidationDistance { distance, .. } => Some(distance.get()),
            Self::ReducesTooMuch { quantity, .. } => Some(quantity.get()),
            Self::NothingToReduce => Some(Decimal::ZERO),
            Self::Stale { age, .. } => Some(seconds(*age)),
            Self::FundingUnknown { .. } | Self::StateInDoubt | Self::KillSwitch { .. } | Self::PaperOnly { .. } => None,
        }
    }

    /// The limit that it was judged by, where there is one; seconds for ages.
    #[must_use]
    pub fn limit(&self) -> Option<Decimal> {
        match self {
            Self::NotALeverage(_) => Some(Decimal::ONE),
            Self::Leverage { limit, .. } | Self::TierLeverage { limit, .. } => Some(limit.as_decimal()),
            Self::PositionSize { limit, .. }
            | Self::Exposure { limit, .. }
            | Self::MicroCapital { limit, .. }
            | Self::Margin { available: limit, .. }
            | Self::DailyLoss { limit, .. }
            | Self::Drawdown { limit, .. }
            | Self::Funding { limit, .. }
            | Self::FundingUnknown { limit } => Some(limit.get()),
            Self::Positions { limit: count, .. } | Self::PaperOnly { days: count } => Some(Decimal::from(*count)),
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

fn seconds(duration: Duration) -> Decimal {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Decimal::new(micros, 6).normalize()
}
