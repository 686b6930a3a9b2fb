//! The switch that stops trading.

use crate::time::Timestamp;
use std::sync::Arc;

/// Whether trading is stopped. Engaged, it refuses everything that adds exposure and lets through what reduces it; only
/// an operator releases it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KillSwitch {
    /// Trading goes on.
    #[default]
    Released,
    /// Trading is stopped.
    Engaged(Engagement),
}

/// Why, by whom and since when trading is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// Why.
    pub reason: Arc<str>,
    /// Who engaged it: an operator, or the check that tripped it.
    pub by: Arc<str>,
    /// Since when.
    pub since: Timestamp,
}

/// A release, as it is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What it was engaged for.
    pub engagement: Engagement,
    /// Why it was released.
    pub reason: Arc<str>,
    /// The operator who released it.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}

impl KillSwitch {
    /// Engages the switch. The first engagement stands: `false` if it was engaged already.
    pub fn engage(&mut self, engagement: Engagement) -> bool {
        let released = !self.is_engaged();
        if released {
            *self = Self::Engaged(engagement);
        }
        released
    }

    /// Releases the switch.
    ///
    /// # Errors
    /// [`NotReleased`] if it is not engaged, or nobody, or no reason, is named.
    pub fn release(&mut self, by: &str, reason: &str, at: Timestamp) -> Result<Release, NotReleased> {
        if by.trim().is_empty() {
            return Err(NotReleased::NoOperator);
        }
        if reason.trim().is_empty() {
            return Err(NotReleased::NoReason);
        }
        match std::mem::take(self) {
            Self::Engaged(engagement) => Ok(Release { engagement, reason: reason.into(), by: by.into(), at }),
            Self::Released => Err(NotReleased::NotEngaged),
        }
    }

    /// Whether trading is stopped.
    #[must_use]
    pub const fn is_engaged(&self) -> bool {
        matches!(self, Self::Engaged(_))
    }
}

/// Why the switch was not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It is not engaged.
    #[error("the kill switch is not engaged")]
    NotEngaged,
    /// Nobody is named.
    #[error("a release needs the name of the operator")]
    NoOperator,
    /// No reason is given.
    #[error("a release needs a reason")]
    NoReason,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engagement(reason: &str) -> Engagement {
        Engagement { reason: reason.into(), by: "drawdown".into(), since: Timestamp::from_millis(5) }
    }

    #[test]
    fn the_first_engagement_stands() {
        let mut switch = KillSwitch::default();
        assert!(switch.engage(engagement("first")));
        assert!(!switch.engage(engagement("second")));
        assert_eq!(switch, KillSwitch::Engaged(engagement("first")));
    }

    #[test]
    fn only_an_operator_with_a_reason_releases() {
        let at = Timestamp::from_millis(9);
        let mut switch = KillSwitch::Engaged(engagement("drawdown"));
        assert_eq!(switch.release(" ", "checked", at), Err(NotReleased::NoOperator));
        assert_eq!(switch.release("ana", "", at), Err(NotReleased::NoReason));
        assert!(switch.is_engaged());
        let release = switch.release("ana", "checked", at).unwrap();
        assert_eq!(release.engagement, engagement("drawdown"));
        assert_eq!(switch.release("ana", "checked", at), Err(NotReleased::NotEngaged));
    }
}
