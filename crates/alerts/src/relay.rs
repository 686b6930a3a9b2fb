//! From whoever says something to whoever is to hear it, in a task of its own: nobody who guards a position waits for a chat.

use crate::outbox::{Letter, Outbox};
use crate::policy::{Policy, PolicySettings};
use async_trait::async_trait;
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError, Severity};
use plimsoll_transport::{Backoff, BackoffSettings};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

/// Takes a letter to one place.
#[async_trait]
pub trait Courier: Send + Sync + 'static {
    /// Where it goes, for logs: no secret.
    fn place(&self) -> String;

    /// Delivers a letter, once.
    async fn deliver(&self, letter: &Letter) -> Result<(), Undelivered>;
}

/// Why a letter was not delivered. The words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The other side is away, or wants us to wait.
    #[error("{reason}")]
    Later {
        /// What went wrong.
        reason: String,
        /// Not before this has passed, if it said so.
        after: Option<Duration>,
    },
    /// The other side will not take it as things are.
    #[error("{0}")]
    Refused(String),
}

/// How a [`Relay`] is to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelaySettings {
    /// Only these and worse.
    pub from: Severity,
    /// What of them is told.
    pub policy: PolicySettings,
    /// So many may wait.
    pub most_waiting: usize,
    /// Whoever tells waits this long for it to arrive.
    pub patience: Duration,
    /// How long to wait after a failure.
    pub backoff: BackoffSettings,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            from: Severity::Info,
            policy: PolicySettings::default(),
            most_waiting: 200,
            patience: Duration::from_secs(2),
            backoff: BackoffSettings { first: Duration::from_secs(1), longest: Duration::from_secs(60), seed: None },
        }
    }
}

/// What has become of alerts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RelayTally {
    /// They have arrived.
    pub delivered: u64,
    /// Attempts that came to nothing; of one alert there may be many.
    pub failed: u64,
    /// They were given up: too much waited that was more urgent, or the other side would not take them.
    pub dropped: u64,
}

/// Carries alerts to one place for as long as it lives.
pub struct Relay {
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    settings: RelaySettings,
    clock: Arc<dyn Clock>,
    place: String,
    state: Mutex<State>,
    /// How many wait.
    waiting: watch::Sender<usize>,
    wake: Notify,
}

struct State {
    policy: Policy,
    outbox: Outbox,
    /// Those who wait for the first attempt.
    patient: HashMap<u64, oneshot::Sender<Result<(), String>>>,
    /// Why nothing arrives at present.
    trouble: Option<String>,
    tally: RelayTally,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("place", &self.inner.place).finish_non_exhaustive()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Starts carrying, in a task of the runtime that this is called in.
    #[must_use]
    pub fn start(courier: impl Courier, settings: RelaySettings, clock: Arc<dyn Clock>) -> Self {
        let inner = Arc::new(Inner {
            settings,
            clock,
            place: courier.place(),
            state: Mutex::new(State {
                policy: Policy::new(settings.policy),
                outbox: Outbox::new(settings.most_waiting),
                patient: HashMap::new(),
                trouble: None,
                tally: RelayTally::default(),
            }),
            waiting: watch::Sender::new(0),
            wake: Notify::new(),
        });
        let task = tokio::spawn(carry(Arc::clone(&inner), courier));
        Self { inner, task }
    }

    /// How many alerts wait to be delivered.
    #[must_use]
    pub fn waiting(&self) -> usize {
        *self.inner.waiting.borrow()
    }

    /// What has become of alerts so far.
    #[must_use]
    pub fn tally(&self) -> RelayTally {
        self.inner.state().tally
    }

    /// Returns once everything is delivered or given up: whoever stops the program gives it a moment for that.
    pub async fn drained(&self) {
        // The sender lives as long as `self`, so the wait only ends by the count.
        let _ = self.inner.waiting.subscribe().wait_for(|count| *count == 0).await;
    }
}

#[async_trait]
impl Notifier for Relay {
    /// An error says that the alert has not arrived yet. Unless something more urgent takes its place, it is kept, and sent
    /// when that works again.
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        let inner = &self.inner;
        let Some(arrival) = inner.accept(alert).map_err(NotifyError)? else { return Ok(()) };
        tokio::select! {
            biased;
            arrived = arrival => match arrived {
                Ok(arrived) => arrived.map_err(NotifyError),
                Err(_) => Err(NotifyError("something more urgent took its place".to_owned())),
            },
            () = inner.clock.sleep(inner.settings.patience) => {
                let patience = inner.settings.patience.as_millis();
                Err(NotifyError(format!("not within {patience} ms; it is kept, and tried on")))
            }
        }
    }
}

impl Inner {
    /// Queues an alert: nothing where it is not to be told, else what tells whether it has arrived.
    fn accept(&self, alert: &Alert) -> Result<Option<oneshot::Receiver<Result<(), String>>>, String> {
        if alert.severity < self.settings.from {
            return Ok(None);
        }
        let now = self.clock.now();
        let mut state = self.state();
        let Some(told) = state.policy.judge(alert, now) else { return Ok(None) };
        let (number, dropped) = state.outbox.put(told, now);
        if let Some(dropped) = dropped {
            state.tally.dropped += 1;
            state.patient.remove(&dropped.number());
            tracing::warn!(place = %self.place, key = %dropped.alert.key, "too much waits: an alert is dropped");
            if dropped.number() == number {
                return Err("too much waits that is more urgent".to_owned());
            }
        }
        self.waiting.send_replace(state.outbox.len());
        self.wake.notify_one();
        if let Some(trouble) = &state.trouble {
            return Err(format!("{trouble}; it is kept, and tried on"));
        }
        let (sender, receiver) = oneshot::channel();
        state.patient.insert(number, sender);
        Ok(Some(receiver))
    }

    fn next(&self) -> Option<Letter> {
        self.state().outbox.next().cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self, letter: &Letter) {
        let mut state = self.state();
        if state.trouble.take().is_some() {
            tracing::info!(place = %self.place, "alerts arrive again");
        }
        state.tally.delivered += 1;
        state.finish(letter, Ok(()));
        self.waiting.send_replace(state.outbox.len());
    }

    /// What was said of one holds for all who wait.
    fn is_away(&self, reason: &str) {
        let mut state = self.state();
        state.tally.failed += 1;
        if state.trouble.is_none() {
            tracing::warn!(place = %self.place, %reason, "alerts do not arrive; they are kept");
        }
        state.trouble = Some(reason.to_owned());
        for (_, sender) in state.patient.drain() {
            let _ = sender.send(Err(format!("{reason}; it is kept, and tried on")));
        }
    }

    /// What is critical is tried on all the same: whoever looks into it may put it right.
    fn is_refused(&self, letter: &Letter, reason: &str) {
        let mut state = self.state();
        state.tally.failed += 1;
        tracing::error!(place = %self.place, key = %letter.alert.key, %reason, "an alert is refused");
        if letter.alert.severity == Severity::Critical {
            state.outbox.refused(letter.number());
            if let Some(sender) = state.patient.remove(&letter.number()) {
                let _ = sender.send(Err(format!("{reason}; it is kept, and tried on")));
            }
        } else {
            state.tally.dropped += 1;
            state.finish(letter, Err(reason.to_owned()));
        }
        self.waiting.send_replace(state.outbox.len());
    }
}

impl State {
    fn finish(&mut self, letter: &Letter, result: Result<(), String>) {
        self.outbox.remove(letter.number());
        if let Some(sender) = self.patient.remove(&letter.number()) {
            let _ = sender.send(result);
        }
    }
}

async fn carry(inner: Arc<Inner>, courier: impl Courier) {
    let mut backoff = Backoff::new(inner.settings.backoff);
    loop {
        let Some(letter) = inner.next() else {
            inner.wake.notified().await;
            continue;
        };
        // All that waits was refused before: that takes patience, unless something new comes.
        if letter.refusals() > 0 {
            tokio::select! {
                biased;
                () = inner.wake.notified() => continue,
                () = inner.clock.sleep(backoff.next_wait()) => {}
            }
        }
        match courier.deliver(&letter).await {
            Ok(()) => {
                backoff.reset();
                inner.arrived(&letter);
            }
            Err(Undelivered::Later { reason, after }) => {
                inner.is_away(&reason);
                inner.clock.sleep(backoff.next_wait().max(after.unwrap_or_default())).await;
            }
            Err(Undelivered::Refused(reason)) => inner.is_refused(&letter, &reason),
        }
    }
}
