//! May this order be sent, and may this account go on? Pure functions over explicit facts.
//!
//! Limits exist in absolute form and as a share of equity, and the stricter wins. A live account is held to its step of
//! the [ladder](LadderRules) beside them. What reduces risk always gets through:
//! an order that may only shrink a position is refused only where there is nothing for it to shrink.
//!
//! ```
//! use plimsoll_domain::risk::{
//!     AccountFacts, Allowance, Elsewhere, ExposureFacts, KillSwitch, OrderFacts, RiskLimits, check,
//! };
//! use plimsoll_domain::{Decimal, Leverage, Money};
//! use std::time::Duration;
//!
//! let money = |amount: i64| Money::new(Decimal::from(amount));
//! let order = OrderFacts::Adds(ExposureFacts {
//!     leverage: Decimal::from(8),
//!     tier_max_leverage: Leverage::new(125)?,
//!     resulting_notional: money(4_000),
//!     other_notional: money(0),
//!     required_margin: money(500),
//!     fees: money(2),
//!     open_positions: 1,
//!     liquidation_distance: None,
//!     funding_per_day: Some(money(1)),
//! });
//! let account = AccountFacts {
//!     equity: money(10_000),
//!     available: money(9_000),
//!     day_start_equity: money(10_100),
//!     peak_equity: money(10_200),
//!     state_age: Some(Duration::from_millis(300)),
//!     kill_switch: &KillSwitch::Released,
//!     margin_in_use: money(0),
//!     elsewhere: Elsewhere::default(),
//!     allowance: Allowance::Whole,
//! };
//! let refused = check(&order, &account, &RiskLimits::default()).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "leverage 8x is above the limit of 5x; position of 4000 would be above the limit of 3000"
//! );
//! # Ok::<(), plimsoll_domain::NotALeverage>(())
//! ```

mod check;
mod equity;
mod exposure;
mod kill_switch;
mod ladder;
mod limits;
mod projection;
mod reason;
mod verdict;

pub use check::{AccountFacts, Approval, ExposureFacts, OrderFacts, Refused, check};
pub use equity::EquityWatch;
pub use exposure::{Elsewhere, Exposed, Scope, overexposed};
pub use kill_switch::{Engagement, KillSwitch, NotReleased, Release};
pub use ladder::{Allowance, Climb, DayOnRecord, Foothold, LadderRules, Rung, Served};
pub use limits::{BrokenLimit, BrokenLimits, LimitSettings, OverExposure, OverLimit, RiskLimits};
pub use projection::{Projection, distance_to};
pub use reason::{Reason, RiskCheck, Warning};
pub use verdict::{MarginAlert, Verdict, verdict};
