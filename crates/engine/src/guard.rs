//! Watching an account for as long as it is wanted: reconcile, then look at it on an interval and whenever it tells
//! something, then stop cleanly.

mod alarm;
mod attention;
mod feared;
mod hearing;
mod lookout;
mod marks;
mod wanted;

pub use alarm::{Wake, Why};
pub use attention::Attention;
pub use lookout::{Lookout, LookoutNews, Streams};

use crate::position_manager::{
    Action, Glance, JustRead, MonitorFailure, MonitorReport, PositionManager, ReconcileFailure, Reconciliation,
};
use crate::steady::Steady;
use crate::trouble::Trouble;
use alarm::{Pace, are_of_connecting, concern_the_books};
use feared::Feared;
use plimsoll_domain::{ClientOrderId, Timestamp};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// A comparison of the books that something has made necessary is had so long after the last one, whatever is looked at
/// meanwhile: looks that are due all the time would leave no credit for it.
const OWED: Duration = Duration::from_secs(20);

/// How a [`Guard`] watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardSettings {
    /// How long after one look the next one begins.
    pub interval: Duration,
    /// The same while a [`Lookout`] sees the account, nothing of it is in doubt, and nothing is to be feared.
    pub audit: Duration,
    /// How long after a failed start it is tried again.
    pub retry: Duration,
    /// How much time of looking lies between two comparisons of records and venue.
    pub reconcile: Duration,
    /// What happens to entries of ours that rest when it stops.
    pub resting_entries: RestingEntries,
}

impl Default for GuardSettings {
    /// A look every five seconds, every minute with a lookout; a comparison every minute; what rests, rests on.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            audit: Duration::from_secs(60),
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
    /// It looks at once, for these reasons.
    Woken(Vec<Wake>),
    /// What its lookout tells, as it comes: also while a look is under way.
    Lookout(LookoutNews),
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
/// With a [`Lookout`] it looks at once when the account tells something that nobody here has done, and seldom while all is
/// quiet. What is judged and done is the same: a look reads the account itself.
///
/// A step that is under way when it is told to stop is finished first: an order that was sent is followed to its end, and
/// what was filled is protected and recorded.
pub struct Guard {
    manager: Arc<PositionManager>,
    settings: watch::Sender<GuardSettings>,
    lookout: Option<Lookout>,
    steady: Steady,
    /// Records and venue were brought together, or could not be: its lookout begins.
    begun: Notify,
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

/// What a look has brought.
#[derive(Default)]
struct Look {
    /// What was seen; `None` if nothing could be.
    glance: Option<Glance>,
    /// Something is held that is not recorded, which is adopted, if that is the policy.
    is_strange: bool,
    /// When it is a composed order's turn.
    due: Option<Timestamp>,
}

impl Guard {
    /// A guard of the account that `manager` trades.
    #[must_use]
    pub fn new(manager: Arc<PositionManager>, settings: GuardSettings) -> Self {
        let steady = Steady::new(manager.clock());
        let settings = watch::Sender::new(settings);
        Self { manager, settings, lookout: None, steady, begun: Notify::new(), stop: watch::Sender::new(false) }
    }

    /// Looks at once when this has seen something; it must be of the same account.
    #[must_use]
    pub fn with_lookout(mut self, lookout: Lookout) -> Self {
        self.lookout = Some(lookout);
        self
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// What changes how it watches while it runs.
    #[must_use]
    pub fn attention(&self) -> Attention {
        Attention { guard: self.settings.clone(), lookout: self.lookout.as_ref().map(|it| it.vigilance.clone()) }
    }

    fn settings(&self) -> GuardSettings {
        *self.settings.borrow()
    }

    /// Runs until it is stopped, and tells everything that it finds and does.
    pub async fn run(&self, tell: impl FnMut(&GuardNews)) -> Stopped {
        let tell = Mutex::new(tell);
        let tell = |news: GuardNews| (tell.lock().unwrap_or_else(PoisonError::into_inner))(&news);
        let Some(lookout) = &self.lookout else { return self.guard(&tell).await };
        let looking_out = async {
            self.begun.notified().await;
            lookout.attend(&self.manager, |news| tell(GuardNews::Lookout(news))).await
        };
        tokio::select! {
            biased;
            stopped = self.guard(&tell) => stopped,
            never = looking_out => match never {},
        }
    }

    async fn guard(&self, tell: &impl Fn(GuardNews)) -> Stopped {
        // A lookout wakes it again once it is connected, for what happened since.
        let mut read = self.begin(tell).await.filter(|_| self.lookout.is_some());
        let mut compared = self.steady.passed();
        let (mut pace, mut wakes, mut owes_books) = (Pace::new(compared), Vec::new(), false);
        let (mut has_judged, mut was_connected) = (false, false);
        while !self.is_stopped() {
            pace.spend(self.steady.passed());
            owes_books |= concern_the_books(&wakes);
            let with_books = owes_books && pace.pays_for_books();
            if wakes.iter().any(|wake| wake.why.bares()) {
                self.manager.shelter().await;
            }
            // Connected for the first time, it knows of no danger that the look a moment ago did not judge: the next goes by what the
            // books were compared with. After an outage margin comes first.
            let is_connected = has_judged && !was_connected && with_books && are_of_connecting(&wakes);
            was_connected |= wakes.iter().any(|wake| wake.why == Why::Connected);
            if !wakes.is_empty() {
                tell(GuardNews::Woken(std::mem::take(&mut wakes)));
            }
            if is_connected {
                read = self.compare(tell).await;
                (compared, owes_books) = (self.steady.passed(), false);
            }
            let Look { glance, is_strange, due } = self.look(read.take(), tell).await;
            has_judged = glance.as_ref().is_some_and(|glance| glance.health.is_some());
            let GuardSettings { reconcile, .. } = self.settings();
            let patience = if owes_books { reconcile.min(OWED) } else { reconcile };
            let is_due = self.steady.passed().saturating_sub(compared) >= patience;
            if (is_strange || (with_books && !is_connected) || is_due) && !self.is_stopped() {
                self.compare(tell).await;
                (compared, owes_books) = (self.steady.passed(), false);
            }
            wakes = self.wait(glance, owes_books, due, &mut pace).await;
        }
        // What was heard last is not left bare.
        self.manager.shelter().await;
        let stopped = self.manager.shutdown(self.settings().resting_entries).await;
        self.manager.shelter().await;
        tell(GuardNews::Stopped(stopped.clone()));
        stopped
    }

    /// Answers what was read for it, if the first look may judge by that.
    async fn begin(&self, tell: &impl Fn(GuardNews)) -> Option<JustRead> {
        while !self.is_stopped() {
            match self.manager.reconcile_and_read().await {
                Ok((it, read)) => {
                    tell(GuardNews::Reconciled(it));
                    self.begun.notify_one();
                    return read;
                }
                Err(failure) => {
                    tell(GuardNews::NotReconciled(failure));
                    self.begun.notify_one();
                    // What is held is guarded all the same: margin does not wait for a database.
                    self.look(None, tell).await;
                    self.pause(self.settings().retry).await;
                }
            }
        }
        None
    }

    /// One look, and what it makes necessary.
    async fn look(&self, read: Option<JustRead>, tell: &impl Fn(GuardNews)) -> Look {
        match self.manager.monitor_by(read).await {
            Ok(report) => {
                let is_strange = !report.unrecorded.is_empty() && !matches!(report.action, Action::Flattened(_));
                let (glance, due) = (self.manager.seen(&report), report.due());
                tell(GuardNews::Watched(report));
                Look { glance: Some(glance), is_strange, due }
            }
            Err(failure) => {
                tell(GuardNews::Blind(failure));
                Look::default()
            }
        }
    }

    /// Brings records and venue together, in passing: whoever watches margin does not wait for an order of unknown fate.
    /// Answers what was read for it, if a look right behind it may judge by that.
    async fn compare(&self, tell: &impl Fn(GuardNews)) -> Option<JustRead> {
        match self.manager.compare().await {
            Ok((it, read)) => {
                tell(GuardNews::Reconciled(it));
                read
            }
            Err(failure) => {
                tell(GuardNews::NotReconciled(failure));
                None
            }
        }
    }

    /// Waits until it is time for the next look, until it is stopped, or until it is woken: then it answers why.
    async fn wait(&self, seen: Option<Glance>, owes_books: bool, due: Option<Timestamp>, pace: &mut Pace) -> Vec<Wake> {
        let (begun, mut settings) = (self.steady.passed(), self.settings.subscribe());
        loop {
            tokio::select! {
                biased;
                () = self.wait_by(begun, seen.clone(), owes_books, due, pace) => break,
                // How long to wait is judged anew, and counts from the end of the last look all the same; so is what the view shows.
                _ = settings.changed() => {}
            }
        }
        self.lookout.as_ref().map(|lookout| lookout.alarm.answer()).unwrap_or_default()
    }

    async fn wait_by(
        &self,
        begun: Duration,
        seen: Option<Glance>,
        owes_books: bool,
        due: Option<Timestamp>,
        pace: &mut Pace,
    ) {
        let until_due = due.map_or(Duration::MAX, |due| due.since(self.manager.clock().now()));
        let Some(lookout) = &self.lookout else {
            let waited = self.steady.passed().saturating_sub(begun);
            return self.pause(self.settings().interval.saturating_sub(waited).min(until_due)).await;
        };
        let until_books = pace.until_books(self.steady.passed());
        // A look that could not judge answers no danger: the next is had when the credit pays for it.
        let has_judged = seen.as_ref().is_some_and(|seen| seen.health.is_some());
        tokio::select! {
            biased;
            () = self.stopped() => {}
            () = self.by_the_clock(lookout, begun, seen) => {}
            () = self.steady.sleep(until_books), if owes_books => {}
            () = self.steady.sleep(until_due), if due.is_some() => {}
            () = self.woken(lookout, has_judged, pace) => {}
        }
    }

    /// Waits until it is time for the next look, and rings for danger that the view shows meanwhile.
    ///
    /// Each time is slept as a whole, from the end of the last look on: neither marks nor a clock that is set renew it.
    async fn by_the_clock(&self, lookout: &Lookout, begun: Duration, seen: Option<Glance>) {
        let GuardSettings { interval, audit, .. } = self.settings();
        let (usually, waited) = (interval.min(audit), self.steady.passed().saturating_sub(begun));
        let left = |whole: Duration| self.steady.sleep(whole.saturating_sub(waited));
        let (mut usual, mut last) = (pin!(left(usually)), pin!(left(audit)));
        let (mut view, mut feared, mut is_usual_over) = (lookout.watch(), Feared::since(seen.clone()), false);
        loop {
            let known = Arc::clone(&view.borrow_and_update());
            let glance = self.manager.glance(&known);
            for why in feared.hear(&glance, known.is_trusted()) {
                lookout.alarm.ring(Wake::of_account(why));
            }
            let is_calm = seen.as_ref().is_some_and(|seen| glance.is_calm_after(seen)) && lookout.alarm.is_silent();
            if is_usual_over && !(is_calm && lookout.sees(&known, interval)) {
                return;
            }
            tokio::select! {
                biased;
                () = &mut last => return,
                // Marks that stop tell nobody: whether they flow is asked again.
                () = &mut usual => {
                    usual.set(self.steady.sleep(usually));
                    is_usual_over = true;
                }
                // Its sender is the lookout's own.
                _ = view.changed() => {}
            }
        }
    }

    /// Waits until the alarm rings, and then for as long as the pace demands.
    async fn woken(&self, lookout: &Lookout, has_judged: bool, pace: &mut Pace) {
        lookout.alarm.rung().await;
        loop {
            let is_danger = has_judged && lookout.alarm.rings_for_danger();
            let left = pace.left(is_danger, self.steady.passed());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                () = lookout.alarm.rung_again() => {}
                () = self.steady.sleep(left) => {}
            }
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    async fn stopped(&self) {
        // Its sender is our own.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Waits so long, or until it is stopped.
    async fn pause(&self, duration: Duration) {
        tokio::select! {
            biased;
            () = self.stopped() => {}
            () = self.steady.sleep(duration) => {}
        }
    }
}
