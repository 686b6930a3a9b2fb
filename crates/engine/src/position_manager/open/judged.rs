//! What a composed order was judged by as a whole, for its first part.

use super::Plan;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::{JustRead, Reading};
use crate::steady::Steady;
use plimsoll_domain::{ClientOrderId, Timestamp};
use std::sync::PoisonError;

/// What the whole of a composed order was judged by. Its first part is judged right behind it: where nobody has opened anything
/// since, and this is young, the same would be read again.
pub(in crate::position_manager) struct Judged {
    of: ClientOrderId,
    read: JustRead,
    flattenings: u32,
    began: Timestamp,
}

impl Judged {
    /// The reading, how many flattenings had begun before it, and when it began; `None` once it is old.
    pub(in crate::position_manager) fn young(self) -> Option<(Reading, u32, Timestamp)> {
        let Self { read, flattenings, began, .. } = self;
        Some((read.young()?, flattenings, began))
    }
}

impl Plan<'_> {
    /// What this was judged by; `age` is since before it was made.
    pub(in crate::position_manager) fn into_judged(self, of: ClientOrderId, age: Steady) -> Judged {
        let Self { reading, flattenings, began, .. } = self;
        Judged { of, read: JustRead { reading, age }, flattenings, began }
    }
}

/// Each only by whoever holds the turn: nobody else opens anything meanwhile.
impl PositionManager {
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
        judged.filter(|judged| judged.of == *of)
    }
}
