//! Watching an account for as long as it is wanted: reconcile, then look at it on an interval, then stop cleanly.

use crate::position_manager::{
    Action, MonitorFailure, MonitorReport, PositionManager, ReconcileFailure, Reconciliation,
};
use crate::trouble::Trouble;
use plimsoll_domain::ClientOrderId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a [`Guard`] watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardSettings {
    /// How long after one look the next one begins.
    pub interval: Duration,
    /// How long after a failed start it is tried again.
    pub retry: Duration,
    /// How much time of looking lies between two comparisons of records and venue.
    pub reconcile: Duration,
    /// What happens to entries of ours that rest when it stops.
    pub resting_entries: RestingEntries,
}

impl Default for GuardSettings {
    /// A look every five seconds, a comparison every minute; what rests, rests on.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            retry: Duration::from_secs(5),
            reconcile: Duration::from_secs(60),
            resting_entries: RestingEntries::Keep,
        }
    }
}

/// What happens at a clean stop to resting orders of ours that would add exposure. Protection always stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum RestingEntries {
    /// They rest on.
    #[default]
    Keep,
    /// They are cancelled.
    Cancel,
}

/// What a [`Guard`] tells while it runs.
#[derive(Debug)]
pub enum GuardNews {
    /// It has started: records and venue were brought together.
    Reconciled(Reconciliation),
    /// It cannot start: venue or records cannot be read. It tries again.
    NotReconciled(ReconcileFailure),
    /// One look.
    Watched(MonitorReport),
    /// The account could not be looked at. What rests at the venue rests on.
    Blind(MonitorFailure),
    /// It has stopped.
    Stopped(Stopped),
}

/// What a clean stop came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Entries of ours that were cancelled.
    pub cancelled: Vec<ClientOrderId>,
    /// Protective orders of ours that rest on; `None` if the venue does not tell.
    pub protection: Option<Vec<ClientOrderId>>,
    /// The last point of the equity curve was recorded.
    pub has_snapshot: bool,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// Reconciles an account, then looks at it on an interval until it is told to stop.
///
/// ```no_run
/// use plimsoll_engine::{Guard, GuardNews, GuardSettings, PositionManager};
/// use std::sync::Arc;
///
/// # async fn example(manager: Arc<PositionManager>, interrupted: impl Future<Output = ()> + Send + 'static) {
/// let guard = Guard::new(manager, GuardSettings::default());
/// let stop = guard.stopper();
/// tokio::spawn(async move {
///     interrupted.await;
///     stop.stop();
/// });
/// guard.run(|news| if let GuardNews::Reconciled(it) = news { println!("{:?}", it.summary()) }).await;
/// # }
/// ```
///
/// A step that is under way when it is told to stop is finished first: an order that was sent is followed to its end, and
/// what was filled is protected and recorded.
pub struct Guard {
    manager: Arc<PositionManager>,
    settings: GuardSettings,
    stop: watch::Sender<bool>,
}

/// Stops a [`Guard`], from wherever a signal is heard.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Asks for a clean stop. Asking twice is asking once.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Guard {
    /// A guard of the account that `manager` trades.
    #[must_use]
    pub fn new(manager: Arc<PositionManager>, settings: GuardSettings) -> Self {
        Self { manager, settings, stop: watch::Sender::new(false) }
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Runs until it is stopped, and tells everything that it finds and does.
    pub async fn run(&self, mut tell: impl FnMut(&GuardNews)) -> Stopped {
        while !self.is_stopped() {
            match self.manager.reconcile().await {
                Ok(it) => {
                    tell(&GuardNews::Reconciled(it));
                    break;
                }
                Err(failure) => {
                    tell(&GuardNews::NotReconciled(failure));
                    // What is held is guarded all the same: margin does not wait for a database.
                    self.look(&mut tell).await;
                    self.pause(self.settings.retry).await;
                }
            }
        }
        let mut looked = Duration::ZERO;
        while !self.is_stopped() {
            self.look(&mut tell).await;
            self.pause(self.settings.interval).await;
            looked = looked.saturating_add(self.settings.interval);
            if looked >= self.settings.reconcile && !self.is_stopped() {
                looked = Duration::ZERO;
                self.compare(&mut tell).await;
            }
        }
        let stopped = self.manager.shutdown(self.settings.resting_entries).await;
        tell(&GuardNews::Stopped(stopped.clone()));
        stopped
    }

    /// One look, and what it makes necessary. A position that nobody has recorded is adopted, if that is the policy.
    async fn look(&self, tell: &mut impl FnMut(&GuardNews)) {
        match self.manager.monitor().await {
            Ok(report) => {
                let is_strange = !report.unrecorded.is_empty() && !matches!(report.action, Action::Flattened(_));
                tell(&GuardNews::Watched(report));
                if is_strange {
                    self.compare(tell).await;
                }
            }
            Err(failure) => tell(&GuardNews::Blind(failure)),
        }
    }

    /// Brings records and venue together, in passing: whoever watches margin does not wait for an order of unknown fate.
    async fn compare(&self, tell: &mut impl FnMut(&GuardNews)) {
        let reconciled = self.manager.compare().await;
        tell(&reconciled.map_or_else(GuardNews::NotReconciled, GuardNews::Reconciled));
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits so long, or until it is stopped.
    async fn pause(&self, duration: Duration) {
        let mut stop = self.stop.subscribe();
        let stopped = std::pin::pin!(stop.wait_for(|stop| *stop));
        let slept = std::pin::pin!(self.manager.sleep(duration));
        futures_util::future::select(stopped, slept).await;
    }
}
