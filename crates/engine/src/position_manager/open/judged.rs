//! What a composed order was judged by as a whole, for its first part.

use super::Plan;
use crate::position_manager::PositionManager;
use crate::position_manager::just_read::JustRead;
use plimsoll_domain::ClientOrderId;
use std::sync::PoisonError;

/// What the whole of a composed order was judged by. Its first part is judged right behind it: where nobody has opened anything
/// since, and this is young, the same would be read again.
pub(in crate::position_manager) struct Judged {
    of: ClientOrderId,
    by: JustRead,
}

/// Each only by whoever holds the turn: nobody else opens anything meanwhile.
impl PositionManager {
    /// Keeps what `plan` was judged by for the first part.
    pub(in crate::position_manager) fn keep_judged(&self, of: ClientOrderId, plan: Plan<'_>) {
        let by = self.just_read(plan.reading, plan.begun);
        *self.judged.lock().unwrap_or_else(PoisonError::into_inner) = Some(Judged { of, by });
    }

    /// Something is to be opened that it has not seen.
    pub(super) fn forget_judged(&self) {
        drop(self.judged.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What this composed order was judged by, if nobody has opened anything since.
    pub(in crate::position_manager) fn take_judged(&self, of: &ClientOrderId) -> Option<JustRead> {
        let judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner).take();
        judged.filter(|judged| judged.of == *of).map(|judged| judged.by)
    }
}
