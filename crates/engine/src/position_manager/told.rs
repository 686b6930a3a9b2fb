//! What a manager goes by, for whoever shows it: nothing here asks a venue or a record.

use super::PositionManager;
use plimsoll_domain::afloat::Thresholds;
use plimsoll_domain::risk::{EquityWatch, RiskLimits};
use plimsoll_domain::{ClientOrderId, Money};

impl PositionManager {
    /// The loss of the day and the fall from the peak at an equity of now, counted from what the records last told a look
    /// ([`monitor`](Self::monitor)); `None` until one of this day has been told.
    #[must_use]
    pub fn losses(&self, equity: Money) -> Option<EquityWatch> {
        self.earnings().watch_on(equity, self.ports.clock.now())
    }

    /// The limits in force: those of the settings, as the ladder lets them stand by what it was last known to allow.
    #[must_use]
    pub fn limits(&self) -> RiskLimits {
        self.limits_in_force()
    }

    /// From which figures on what is done to keep the account afloat: those of the settings, or earlier where a limit on the
    /// cover asks for it.
    #[must_use]
    pub fn stages(&self) -> Thresholds {
        self.thresholds()
    }

    /// Whether an order of this name is one of ours, whichever process of the account sent it.
    #[must_use]
    pub fn is_ours(&self, id: &ClientOrderId) -> bool {
        self.ids.is_ours(id)
    }
}
