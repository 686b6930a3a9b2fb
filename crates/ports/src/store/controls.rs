//! Controls that survive restarts: the kill switch, and the ladder to live trading.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Timestamp};

/// The kill switch and the live-trading ladder.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ControlRepository: Send + Sync {
    /// The kill switch as last recorded; released if never.
    async fn kill_switch(&self, account: &AccountId) -> Result<KillSwitchRecord, StoreError>;

    /// Records the kill switch, and keeps what it was in its history. Repeating the last record changes nothing.
    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError>;

    /// Engages the kill switch, unless it is engaged: of several who do so at once, one does. Answers whether this record is
    /// the engagement that holds, and answers the same when it is repeated. A store that several write to looks and writes in
    /// one step; what this does without being overridden is two.
    async fn trip_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<bool, StoreError> {
        let known = self.kill_switch(account).await?;
        if known.engaged {
            return Ok(known == *record);
        }
        self.set_kill_switch(account, record).await?;
        Ok(true)
    }

    /// Every change of the kill switch, oldest first.
    async fn kill_switch_history(&self, account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError>;

    /// The account's step on the ladder, and since when; `None` before the first.
    async fn ladder(&self, account: &AccountId) -> Result<Option<LadderStep>, StoreError>;

    /// Records a step on the ladder; it replaces the one before.
    async fn set_ladder(&self, account: &AccountId, step: &LadderStep) -> Result<(), StoreError>;

    /// Records a step on the ladder in place of `before`, `None` being none at all, unless another has been taken since: of
    /// several who do so at once, one does. Answers whether this step is the one that holds, and answers the same when it is
    /// repeated. A store that several write to looks and writes in one step; what this does without being overridden is two.
    async fn step_ladder<'a>(
        &self,
        account: &AccountId,
        before: Option<&'a LadderStep>,
        step: &LadderStep,
    ) -> Result<bool, StoreError> {
        let known = self.ladder(account).await?;
        if known.as_ref() != before {
            return Ok(known.as_ref() == Some(step));
        }
        self.set_ladder(account, step).await?;
        Ok(true)
    }
}

/// The kill switch as recorded: engaged, it refuses everything that adds exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillSwitchRecord {
    /// Refuses everything that adds exposure.
    pub engaged: bool,
    /// Why it was engaged or released.
    pub reason: String,
    /// Who did it: a rule's name, or `operator`.
    pub by: String,
    /// When; `None` if it was never touched.
    pub since: Option<Timestamp>,
}

/// A step on the ladder from paper to live trading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderStep {
    /// `paper`, `micro` or `full`.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Who took the step out of turn, by name; `None` if it was due.
    pub overridden_by: Option<String>,
}
