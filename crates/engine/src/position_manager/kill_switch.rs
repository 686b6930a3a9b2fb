//! The kill switch: durable, and latched in this process as well.

use super::PositionManager;
use super::failure::ReleaseFailure;
use crate::trouble::{Record, Trouble, Troubles};
use plimsoll_domain::risk::{Engagement, KillSwitch};
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{Alert, KillSwitchRecord, RiskEventRecord, Severity, StoreError};
use std::sync::PoisonError;

/// The risk events of the kill switch: what they are called, and what was done.
const KIND: &str = "kill_switch";
const ENGAGED: &str = "engaged";
const RELEASED: &str = "released";

impl PositionManager {
    /// The kill switch: engaged if the records or this process say so. A release by another process counts if it is newer
    /// than what this process knows.
    ///
    /// # Errors
    /// [`StoreError`] if the records cannot be read, and this process knows of no engagement: nothing that adds exposure
    /// may be sent then.
    pub async fn kill_switch(&self) -> Result<KillSwitchRecord, StoreError> {
        let recorded = self.ports.controls.kill_switch(&self.settings.account).await;
        match (self.latched(), recorded) {
            (None, recorded) => recorded,
            (Some(_), Ok(recorded)) if recorded.engaged => Ok(recorded),
            (Some(latched), Ok(released)) if released.since > latched.since => {
                self.unlatch();
                Ok(released)
            }
            (Some(latched), _) => Ok(latched),
        }
    }

    /// Engages the kill switch: from now on, and through restarts, everything that adds exposure is refused. It holds in
    /// this process even if it cannot be recorded, which is among the troubles answered. The venue is asked nothing:
    /// [`cancel_entries`](Self::cancel_entries) takes back what rests there.
    pub async fn engage_kill_switch(&self, by: &str, reason: &str) -> Vec<Trouble> {
        let mut troubles = Troubles::default();
        self.engage(by, reason, &mut troubles).await;
        troubles.into_vec()
    }

    /// Engages it: latched before anything is waited for, so that whoever closes may have it recorded and told beside the
    /// closing. Answers whether it was not engaged before, as far as anybody can tell.
    pub(crate) async fn engage(&self, by: &str, reason: &str, troubles: &mut Troubles) -> bool {
        let now = self.ports.clock.now();
        let record = KillSwitchRecord { engaged: true, reason: reason.to_owned(), by: by.to_owned(), since: Some(now) };
        let account = &self.settings.account;
        if let Some(earlier) = self.latch(&record) {
            let recorded = self.ports.controls.kill_switch(account).await;
            let is_released = recorded.as_ref().is_ok_and(|it| !it.engaged && it.since > earlier.since);
            if !is_released {
                self.persist(&earlier, recorded, troubles).await;
                return false;
            }
            // By another process, since: this is an engagement of its own.
            self.latch_instead(&record);
        }
        let tripped = self.ports.controls.trip_kill_switch(account, &record).await;
        // Whoever was first has told it: wherever it is engaged from at once, it is one trip.
        if troubles.written(Record::KillSwitch, tripped) == Some(false) {
            return false;
        }
        self.log_risk(KIND, None, reason, None, None, ENGAGED, troubles).await;
        self.said_last.alerted(&record);
        self.alert(&engagement(account, &record), troubles).await;
        true
    }

    /// An engagement that could not be recorded is recorded as soon as it can be.
    async fn persist(
        &self,
        latched: &KillSwitchRecord,
        recorded: Result<KillSwitchRecord, StoreError>,
        troubles: &mut Troubles,
    ) {
        let account = &self.settings.account;
        if let Some(recorded) = troubles.read(Record::KillSwitch, recorded)
            && !recorded.engaged
        {
            troubles.written(Record::KillSwitch, self.ports.controls.trip_kill_switch(account, latched).await);
        }
    }

    /// Releases the kill switch.
    ///
    /// # Errors
    /// [`ReleaseFailure`]; it stays engaged then.
    pub async fn release_kill_switch(&self, by: &str, reason: &str) -> Result<(), ReleaseFailure> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let mut switch = as_switch(&self.kill_switch().await?, now);
        switch.release(by, reason, now)?;
        let record =
            KillSwitchRecord { engaged: false, reason: reason.to_owned(), by: by.to_owned(), since: Some(now) };
        self.ports.controls.set_kill_switch(account, &record).await?;
        self.unlatch();
        let mut troubles = Troubles::default();
        self.log_risk(KIND, None, &format!("{by}: {reason}"), None, None, RELEASED, &mut troubles).await;
        self.said_last.alerted(&record);
        self.alert(&release(account, &record), &mut troubles).await;
        Ok(())
    }

    /// What this process knows of an engagement.
    pub(crate) fn latched(&self) -> Option<KillSwitchRecord> {
        self.latch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn unlatch(&self) {
        *self.latch.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Latches an engagement; one that is latched already stands, and is the answer.
    fn latch(&self, record: &KillSwitchRecord) -> Option<KillSwitchRecord> {
        let mut latch = self.latch.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = latch.clone();
        latch.get_or_insert_with(|| record.clone());
        earlier
    }

    fn latch_instead(&self, record: &KillSwitchRecord) {
        *self.latch.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
    }
}

/// What a person is told of an engagement.
pub(super) fn engagement(account: &AccountId, it: &KillSwitchRecord) -> Alert {
    Alert {
        severity: Severity::Critical,
        key: format!("kill_switch/{account}"),
        title: format!("kill switch engaged on {account}"),
        body: format!("by {}: {}. Nothing that adds exposure is sent until an operator releases it.", it.by, it.reason),
    }
}

/// Of one that was there before anybody of this process looked.
pub(super) fn standing(account: &AccountId, it: &KillSwitchRecord) -> Alert {
    let said = engagement(account, it);
    Alert { severity: Severity::Warning, title: format!("kill switch is engaged on {account}"), ..said }
}

/// And of a release.
pub(super) fn release(account: &AccountId, it: &KillSwitchRecord) -> Alert {
    Alert {
        severity: Severity::Info,
        key: format!("kill_switch/{account}"),
        title: format!("kill switch released on {account}"),
        body: format!("by {}: {}. Exposure may be added again.", it.by, it.reason),
    }
}

/// Whether it tells of an engagement.
pub(super) fn is_engagement(event: &RiskEventRecord) -> bool {
    event.kind == KIND && event.action == ENGAGED
}

/// Whether it tells of a release.
pub(super) fn is_release(event: &RiskEventRecord) -> bool {
    event.kind == KIND && event.action == RELEASED
}

/// The record as the value that the checks judge by.
pub(crate) fn as_switch(record: &KillSwitchRecord, now: Timestamp) -> KillSwitch {
    if !record.engaged {
        return KillSwitch::Released;
    }
    KillSwitch::Engaged(Engagement {
        reason: record.reason.as_str().into(),
        by: record.by.as_str().into(),
        since: record.since.unwrap_or(now),
    })
}
