//! What asking the venue brings to light.

use plimsoll_domain::{Difference, Timestamp};
use std::collections::VecDeque;

/// So many differences are kept; the older ones are counted only.
const KEPT: usize = 256;

/// The audits of an account: how often its venue was asked, and what it said otherwise than we believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditLog {
    /// Audits that came to an end.
    pub audits: u64,
    /// Audits that did not, since the venue could not be asked or the account was in doubt.
    pub unfinished: u64,
    /// When the last one ended, on our clock.
    pub last_at: Option<Timestamp>,
    /// Differences in all.
    pub differences: u64,
    /// The last 256 of them, oldest first.
    pub recent: VecDeque<AuditedDifference>,
}

/// A difference that was still there at a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedDifference {
    /// When it was recorded, on our clock.
    pub at: Timestamp,
    /// What it is.
    pub difference: Difference,
}

impl AuditLog {
    pub(super) fn record(&mut self, at: Timestamp, differences: &[Difference]) {
        self.audits = self.audits.saturating_add(1);
        self.last_at = Some(at);
        for difference in differences {
            self.differences = self.differences.saturating_add(1);
            self.recent.push_back(AuditedDifference { at, difference: difference.clone() });
        }
        while self.recent.len() > KEPT {
            self.recent.pop_front();
        }
    }
}

/// What both looks have found: the rest was on its way.
pub(super) fn confirmed(first: &[Difference], second: Vec<Difference>) -> Vec<Difference> {
    second.into_iter().filter(|it| first.contains(it)).collect()
}
