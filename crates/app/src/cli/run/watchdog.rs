//! Beside everything else: tells when nobody looks at an account any more or a desk answers nobody, and calls an address outside
//! while all is well. What stops the whole process, or its runtime, only the address outside can tell.

use crate::metrics::names::HEARTBEATS;
use crate::pulse::{DeskBeat, Pulse, Quiet};
use plimsoll_alerts::Heartbeat;
use plimsoll_domain::AccountId;
use plimsoll_engine::trading::TradingHandle;
use plimsoll_ports::{Alert, Notifier, Severity};
use plimsoll_service::Service;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{AbortHandle, JoinSet};

/// How often it is thought of.
const EVERY: Duration = Duration::from_secs(1);
/// What lasts is told again after so long; how often a person hears of it is decided further on.
const AGAIN: Duration = Duration::from_secs(60);
/// A desk is asked again so long after it has answered.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// Watches over those who watch, for as long as the program runs: whoever guards may change.
pub(super) struct Watchdog {
    pub(super) pulse: Arc<Pulse>,
    /// Who is told of each account.
    pub(super) notifiers: BTreeMap<AccountId, Arc<dyn Notifier>>,
    pub(super) heartbeat: Option<(Heartbeat, Duration)>,
}

impl Watchdog {
    /// Watches in tasks of its own, until what it answers is dropped.
    pub(super) fn begin(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        if let Some((heartbeat, every)) = self.heartbeat {
            tasks.spawn(call(heartbeat, every, Arc::clone(&self.pulse)));
        }
        tasks.spawn(watch(self.pulse, self.notifiers));
        tasks
    }
}

/// Feels the pulse of those who work now, until it is dropped.
pub(super) struct Feeling {
    pulse: Arc<Pulse>,
    tasks: JoinSet<()>,
    desks: BTreeMap<String, AbortHandle>,
}

impl Feeling {
    /// Begins with the accounts of this service.
    pub(super) fn begin(pulse: &Arc<Pulse>, service: Service) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(note(Arc::clone(pulse), service));
        Self { pulse: Arc::clone(pulse), tasks, desks: BTreeMap::new() }
    }

    /// Asks this desk as well, from now on. Its name is that of the accounts that it trades, with `+` between them.
    pub(super) fn ask(&mut self, name: String, handle: TradingHandle) {
        let asking = self.tasks.spawn(ask(name.clone(), handle, Arc::clone(&self.pulse)));
        self.desks.insert(name, asking);
    }

    /// A desk that is to end.
    pub(super) fn leave(&mut self, name: &str) {
        if let Some(asking) = self.desks.remove(name) {
            asking.abort();
        }
        self.pulse.forget_desk(name);
    }
}

async fn note(pulse: Arc<Pulse>, service: Service) {
    let mut beat = tokio::time::interval(EVERY);
    loop {
        beat.tick().await;
        for account in service.accounts() {
            pulse.note(account.name(), &account.view.borrow(), Instant::now());
        }
    }
}

/// Asks a desk whether it answers. Before its first answer it has not begun, which is told elsewhere.
async fn ask(name: String, handle: TradingHandle, pulse: Arc<Pulse>) {
    let mut has_begun = false;
    loop {
        if has_begun {
            pulse.desk(&name, DeskBeat::Asked(Instant::now()));
        }
        if !handle.answers().await {
            return pulse.desk(&name, DeskBeat::Ended);
        }
        has_begun = true;
        pulse.desk(&name, DeskBeat::Answered);
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn watch(pulse: Arc<Pulse>, notifiers: BTreeMap<AccountId, Arc<dyn Notifier>>) {
    let mut telling = Telling::default();
    let mut beat = tokio::time::interval(EVERY);
    loop {
        beat.tick().await;
        let now = Instant::now();
        for (account, alert) in telling.due(&pulse.quiet(now), now) {
            if let Some(notifier) = notifiers.get(&account)
                && let Err(error) = notifier.notify(&alert).await
            {
                tracing::warn!(key = %alert.key, %error, "an alert has not arrived yet");
            }
        }
    }
}

/// What was told, and when, by its key.
#[derive(Default)]
struct Telling(BTreeMap<String, (Instant, AccountId, Alert)>);

impl Telling {
    /// What is to be told now: what is new, what has lasted, and what is over.
    fn due(&mut self, quiet: &[Quiet], now: Instant) -> Vec<(AccountId, Alert)> {
        let quiet: Vec<(AccountId, Alert)> = quiet.iter().map(alert).collect();
        let is_over = |key: &String| !quiet.iter().any(|(_, alert)| alert.key == *key);
        let over = self.0.extract_if(.., |key, _| is_over(key)).map(|(_, (_, account, was))| {
            (account, Alert { severity: Severity::Info, body: "it is over".to_owned(), ..was })
        });
        let mut due: Vec<(AccountId, Alert)> = over.collect();
        for (account, alert) in quiet {
            let was_told = |(at, ..): &(Instant, AccountId, Alert)| now.duration_since(*at) < AGAIN;
            if !self.0.get(&alert.key).is_some_and(was_told) {
                self.0.insert(alert.key.clone(), (now, account.clone(), alert.clone()));
                due.push((account, alert));
            }
        }
        due
    }
}

/// What a person hears, of the first account that it concerns.
fn alert(quiet: &Quiet) -> (AccountId, Alert) {
    let (kind, of, title) = match quiet {
        Quiet::Guard(account, _) => ("guard_quiet", account.as_str(), "is not looked at"),
        Quiet::Desk(name, _) | Quiet::DeskEnded(name) => ("desk_quiet", name.as_str(), "strategies do not answer"),
    };
    let account = AccountId::new(of.split('+').next().unwrap_or_default());
    let key = format!("{kind}/{account}");
    let title = format!("{of}: {title}");
    (account, Alert { severity: Severity::Critical, key, title, body: quiet.to_string() })
}

/// Calls while all is well. That it is not heard is no alert of ours: whoever misses the calls raises one.
async fn call(heartbeat: Heartbeat, every: Duration, pulse: Arc<Pulse>) {
    for outcome in ["heard", "unheard", "withheld"] {
        metrics::counter!(HEARTBEATS.name, "outcome" => outcome).increment(0);
    }
    while !pulse.is_well(Instant::now()) {
        tokio::time::sleep(EVERY).await;
    }
    let mut was = "heard";
    loop {
        let outcome = match pulse.is_well(Instant::now()) {
            false => "withheld",
            true => match heartbeat.beat().await {
                Ok(()) => "heard",
                Err(why) => {
                    if was != "unheard" {
                        tracing::warn!(%why, "the heartbeat is not heard");
                    }
                    "unheard"
                }
            },
        };
        if outcome != was && outcome != "unheard" {
            tracing::warn!("the heartbeat is {outcome}");
        }
        was = outcome;
        metrics::counter!(HEARTBEATS.name, "outcome" => outcome).increment(1);
        tokio::time::sleep(every).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_hears_at_once_that_nobody_looks_then_once_a_minute_and_that_it_is_over() {
        let (begun, main) = (Instant::now(), AccountId::new("main"));
        let mut telling = Telling::default();
        let mut due = |second: u64, quiet: &[Quiet]| {
            let told = telling.due(quiet, begun + Duration::from_secs(second));
            told.into_iter().map(|(of, it)| (of.to_string(), it.severity, it.key, it.body)).collect::<Vec<_>>()
        };
        let guard = |since| Quiet::Guard(main.clone(), Duration::from_secs(since));
        let desk = Quiet::DeskEnded("main+second".to_owned());
        let told =
            |severity, kind: &str, body: &str| ("main".to_owned(), severity, format!("{kind}/main"), body.to_owned());
        let nobody =
            |since| format!("nobody has looked at the account for {since} s; what rests at the venue rests on");
        assert_eq!(due(0, &[]), []);
        assert_eq!(due(1, &[guard(181)]), [told(Severity::Critical, "guard_quiet", &nobody(181))]);
        let ended = "its strategies have ended by a fault, until the next start";
        assert_eq!(due(2, &[guard(182), desk.clone()]), [told(Severity::Critical, "desk_quiet", ended)]);
        assert_eq!(due(60, &[guard(240), desk.clone()]), []);
        assert_eq!(due(61, &[guard(241), desk.clone()]), [told(Severity::Critical, "guard_quiet", &nobody(241))]);
        let desk = [desk];
        assert_eq!(due(61, &desk), [told(Severity::Info, "guard_quiet", "it is over")]);
        assert_eq!(due(61, &desk), []);
    }
}
