//! What was read a moment ago: what a composed order was judged by as a whole, for its first part; what a reconciliation has
//! read, for the preview behind it.

use super::Plan;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::{JustRead, Reading};
use crate::steady::Steady;
use plimsoll_domain::{ClientOrderId, Timestamp};
use std::sync::PoisonError;

/// What the whole of a composed order was judged by. Its first part is judged right behind it: where nobody has opened anything
/// since, and this is young, the same would be read again.
pub(in crate::position_manager) struct Judged {
    /// The composed order; `None` where it was read by a reconciliation, and shows only what something would mean.
    of: Option<ClientOrderId>,
    read: JustRead,
    flattenings: u32,
    began: Timestamp,
}

impl Judged {
    /// The reading, how many flattenings had begun before it, and when it began; `None` once it is old.
    pub(super) fn young(self) -> Option<(Reading, u32, Timestamp)> {
        let Self { read, flattenings, began, .. } = self;
        Some((read.young()?, flattenings, began))
    }
}

impl Plan<'_> {
    /// What this was judged by; `age` is since before it was made.
    pub(in crate::position_manager) fn into_judged(self, of: ClientOrderId, age: Steady) -> Judged {
        let Self { reading, flattenings, began, .. } = self;
        Judged { of: Some(of), read: JustRead { reading, age }, flattenings, began }
    }
}

/// Each but the last only by whoever holds the turn: nobody else opens anything meanwhile.
impl PositionManager {
    /// Keeps what a reconciliation has read, for a preview.
    pub(in crate::position_manager) fn keep_reconciled(&self, read: JustRead, began: Timestamp) {
        self.keep_judged(Judged { of: None, read, flattenings: self.flattenings_begun(), began });
    }

    /// Keeps it for the first part.
    pub(in crate::position_manager) fn keep_judged(&self, judged: Judged) {
        *self.judged.lock().unwrap_or_else(PoisonError::into_inner) = Some(judged);
    }

    /// Something is to be opened that it has not seen.
    pub(super) fn forget_judged(&self) {
        drop(self.judged.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What this composed order was judged by, if nobody has opened anything since.
    pub(in crate::position_manager) fn take_judged(&self, of: &ClientOrderId) -> Option<Judged> {
        let judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner).take();
        judged.filter(|judged| judged.of.as_ref() == Some(of))
    }

    /// What a reconciliation has read, if nobody has opened anything since. It is for showing: whoever opens reads anew.
    pub(super) fn take_reconciled(&self) -> Option<Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).take_if(|judged| judged.of.is_none())
    }
}
