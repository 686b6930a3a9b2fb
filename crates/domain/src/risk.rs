//! May this order be sent, and may this account go on? Pure functions over explicit facts.
//!
//! Limits exist in absolute form and as a share of equity, and the stricter wins. What reduces risk always gets through:
//! an order that may only shrink a position is refused only where there is nothing for it to shrink.

mod check;
mod equity;
mod kill_switch;
mod limits;
mod projection;
mod verdict;

pub use check::{AccountFacts, Approval, ExposureFacts, OrderFacts, Reason, Refused, RiskCheck, Warning, check};
pub use equity::EquityWatch;
pub use kill_switch::{Engagement, KillSwitch, NotReleased, Release};
pub use limits::{BrokenLimit, BrokenLimits, LimitSettings, OverLimit, RiskLimits};
pub use projection::{Projection, distance_to};
pub use verdict::{MarginAlert, Verdict, verdict};
