//! The store suites drive a store that knows nothing of them, and name the promise that it breaks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use async_trait::async_trait;
use plimsoll_domain::AccountId;
use plimsoll_ports::{ControlRepository, KillSwitchRecord, LadderStep, StoreError};
use plimsoll_testkit::contract;
use std::collections::HashMap;
use std::sync::Mutex;

/// Controls on a slip of paper. A forgetful one keeps only the last kill switch.
#[derive(Default)]
struct Paper {
    switches: Mutex<HashMap<AccountId, Vec<KillSwitchRecord>>>,
    steps: Mutex<HashMap<AccountId, LadderStep>>,
    is_forgetful: bool,
}

#[async_trait]
impl ControlRepository for Paper {
    async fn kill_switch(&self, account: &AccountId) -> Result<KillSwitchRecord, StoreError> {
        let untouched = KillSwitchRecord { engaged: false, reason: String::new(), by: String::new(), since: None };
        Ok(self.kill_switch_history(account).await?.pop().unwrap_or(untouched))
    }

    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let mut switches = self.switches.lock().unwrap();
        let history = switches.entry(account.clone()).or_default();
        if history.last() != Some(record) {
            if self.is_forgetful {
                history.clear();
            }
            history.push(record.clone());
        }
        Ok(())
    }

    async fn kill_switch_history(&self, account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError> {
        Ok(self.switches.lock().unwrap().get(account).cloned().unwrap_or_default())
    }

    async fn ladder(&self, account: &AccountId) -> Result<Option<LadderStep>, StoreError> {
        Ok(self.steps.lock().unwrap().get(account).cloned())
    }

    async fn set_ladder(&self, account: &AccountId, step: &LadderStep) -> Result<(), StoreError> {
        self.steps.lock().unwrap().insert(account.clone(), step.clone());
        Ok(())
    }
}

#[tokio::test]
async fn a_store_that_keeps_its_promises_passes() {
    contract::controls::run(async || Paper::default()).await;
}

#[tokio::test]
#[should_panic(expected = "the_kill_switch_keeps_its_history: the history: found [KillSwitchRecord")]
async fn a_store_that_forgets_is_told_what() {
    contract::controls::run(async || Paper { is_forgetful: true, ..Paper::default() }).await;
}
