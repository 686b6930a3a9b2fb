//! What an account is judged by. It may be otherwise from one moment to the next, while everything else goes on.

use super::{AfloatSettings, PositionManager};
use plimsoll_domain::risk::RiskLimits;
use std::sync::{Arc, PoisonError};

/// What a [`PositionManager`] judges by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What is allowed.
    pub limits: RiskLimits,
    /// How the account is kept afloat.
    pub afloat: AfloatSettings,
}

impl PositionManager {
    /// What it judges by now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Judges by these from now on, beginning with the next order and the next look. What is under way is finished by what it
    /// was judged by.
    pub fn judge_by(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}
