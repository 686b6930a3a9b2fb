//! How closely a guard watches, changed while it does.

use super::GuardSettings;
use crate::venue_account::Vigilance;
use tokio::sync::watch;

/// Changes how a [`Guard`](super::Guard) watches, and how closely its [`Lookout`](super::Lookout) follows the account. Nothing is
/// begun anew for it, and the venue is asked nothing.
#[derive(Debug, Clone)]
pub struct Attention {
    pub(super) guard: watch::Sender<GuardSettings>,
    pub(super) lookout: Option<watch::Sender<Vigilance>>,
}

impl Attention {
    /// From now on. How long after the last look the next one begins counts from that look still; what the account shows is
    /// judged at once, also by [other rules](crate::PositionManager::judge_by).
    pub fn pay(&self, settings: GuardSettings, vigilance: Vigilance) {
        if let Some(lookout) = &self.lookout {
            lookout.send_replace(vigilance);
        }
        self.guard.send_replace(settings);
    }
}
