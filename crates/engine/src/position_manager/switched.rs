//! What was told of the kill switch, and of an account that could not be read: whoever was told of one hears of its end too,
//! whichever process has brought it about.

use super::PositionManager;
use super::kill_switch::{engagement, release, standing};
use crate::trouble::Troubles;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Alert, KillSwitchRecord, QueryError, Severity};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Of the kill switch, to a person.
    alerted: Mutex<Option<KillSwitchRecord>>,
    /// Of the kill switch, with a look.
    reported: Mutex<Option<KillSwitchRecord>>,
    /// Since when the account cannot be read.
    blind_since: Mutex<Option<Timestamp>>,
}

fn replaced<T>(place: &Mutex<Option<T>>, by: Option<T>) -> Option<T> {
    std::mem::replace(&mut *place.lock().unwrap_or_else(PoisonError::into_inner), by)
}

impl Said {
    /// Since when the kill switch stands as was told last with a look.
    pub(super) fn switched_at(&self) -> Option<Timestamp> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.since
    }

    /// A person is told of this one now.
    pub(super) fn alerted(&self, record: &KillSwitchRecord) {
        replaced(&self.alerted, Some(record.clone()));
    }
}

impl PositionManager {
    /// Tells that the kill switch was engaged or released by another process, or was engaged already when this one began; answers
    /// how it stands, where that is otherwise than with the last look, whoever did it.
    pub(super) async fn tell_of_switch(&self, troubles: &mut Troubles) -> Option<Box<KillSwitchRecord>> {
        let record = self.kill_switch().await.ok()?;
        let (reported, alerted) = (
            replaced(&self.said_last.reported, Some(record.clone())),
            replaced(&self.said_last.alerted, Some(record.clone())),
        );
        let (is_first, is_alerted) = (reported.is_none(), alerted.as_ref() == Some(&record));
        if reported.as_ref() == Some(&record) || (is_first && !is_alerted && !record.engaged) {
            return None;
        }
        if !is_alerted {
            let account = &self.settings.account;
            let alert = match record.engaged {
                true if is_first => standing(account, &record),
                true => engagement(account, &record),
                false => release(account, &record),
            };
            self.alert(&alert, troubles).await;
        }
        Some(Box::new(record))
    }

    pub(super) async fn tell_of_blindness(&self, error: &QueryError, troubles: &mut Troubles) {
        let now = self.ports.clock.now();
        self.said_last.blind_since.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        let account = &self.settings.account;
        let body = format!("{error}. What is held keeps the protection that rests at the venue.");
        let (key, title) = (format!("blind/{account}"), format!("{account} cannot be read"));
        self.alert(&Alert { severity: Severity::Critical, key, title, body }, troubles).await;
    }

    /// It can be read: answers for how long it could not be, where that was told.
    pub(super) async fn tell_of_sight(&self, troubles: &mut Troubles) -> Option<Duration> {
        let since = replaced(&self.said_last.blind_since, None)?;
        let (account, blind_for) = (&self.settings.account, self.ports.clock.now().since(since));
        let body = format!("it could not be for {} s; it is looked at as before", blind_for.as_secs());
        let (key, title) = (format!("blind/{account}"), format!("{account} can be read again"));
        self.alert(&Alert { severity: Severity::Info, key, title, body }, troubles).await;
        Some(blind_for)
    }
}
