//! What other processes have done to an account between two looks, as they have recorded it: trading stopped and let go again, and
//! flattenings. Whoever runs hears of it, though nothing of it may be left to see.

use super::PositionManager;
use super::flatten::{is_beginning, is_end};
use super::kill_switch::{is_engagement, is_release};
use crate::trouble::{Record, Troubles};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Alert, RiskEventRecord, Severity};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is recorded may be read so much later.
const OVERLAP: Duration = Duration::from_secs(60);

/// A record by which it is known again.
type Key = (Timestamp, String, String);

/// Records that were made here, or were told already.
#[derive(Debug, Default)]
pub(super) struct Noted(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    keys: BTreeSet<Key>,
    /// Until when they were read; `None` before the first look.
    until: Option<Timestamp>,
    /// They could not be read the last time: others may write down only now what they did meanwhile.
    is_behind: bool,
}

impl Noted {
    /// It is made here: whoever makes it tells of it.
    pub(super) fn own(&self, event: &RiskEventRecord) {
        if is_told(event) {
            self.known().keys.insert(key(event));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PositionManager {
    /// Tells what other processes have recorded since the last look, oldest first. Of the kill switch only what came before it was
    /// put as it stands, at `since_switched`: that is told by itself.
    pub(super) async fn tell_of_others(
        &self,
        since_switched: Option<Timestamp>,
        troubles: &mut Troubles,
    ) -> Vec<RiskEventRecord> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let until = self.noted.known().until;
        let since = until.unwrap_or(now).minus(OVERLAP);
        let events = self.ports.risk_events.since(account, since).await;
        let Some(events) = troubles.read(Record::RiskEvent, events) else {
            self.noted.known().is_behind = true;
            return Vec::new();
        };
        let mut events: Vec<RiskEventRecord> = events.into_iter().filter(is_told).collect();
        {
            let mut known = self.noted.known();
            known.keys.retain(|(time, ..)| *time >= since);
            events.retain(|event| known.keys.insert(key(event)));
            let is_behind = std::mem::take(&mut known.is_behind);
            known.until = if is_behind && until.is_some() { until } else { until.max(Some(now)) };
        }
        // What was done before this process has looked at all is not between two looks.
        if until.is_none() {
            return Vec::new();
        }
        let is_switch = |event: &RiskEventRecord| is_engagement(event) || is_release(event);
        events.retain(|event| !is_switch(event) || since_switched.is_none_or(|since| event.time < since));
        for event in &events {
            self.alert(&alert(event), troubles).await;
        }
        events
    }
}

fn is_told(event: &RiskEventRecord) -> bool {
    is_engagement(event) || is_release(event) || is_beginning(event) || is_end(event)
}

fn key(event: &RiskEventRecord) -> Key {
    (event.time, event.kind.clone(), event.detail.clone())
}

/// What a person is told.
fn alert(event: &RiskEventRecord) -> Alert {
    let account = &event.account;
    let (severity, key, title) = if is_engagement(event) {
        (Severity::Critical, "kill_switch", format!("kill switch was engaged on {account}"))
    } else if is_release(event) {
        (Severity::Info, "kill_switch", format!("kill switch was released on {account}"))
    } else if is_beginning(event) {
        (Severity::Critical, "flatten", format!("another process flattens {account}"))
    } else {
        (Severity::Critical, "flatten", format!("another process has flattened {account}"))
    };
    Alert { severity, key: format!("{key}/{account}"), title, body: event.detail.clone() }
}
