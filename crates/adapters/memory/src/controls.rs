//! The kill switch and the ladder: every change in order, the last of each holds.

use crate::MemoryStore;
use crate::store::Books;
use async_trait::async_trait;
use plimsoll_domain::AccountId;
use plimsoll_ports::{ControlRepository, KillSwitchRecord, LadderStep, StoreError};

/// One change.
#[derive(Clone)]
pub(crate) enum Control {
    KillSwitch { account: AccountId, record: KillSwitchRecord },
    Ladder { account: AccountId, step: LadderStep },
}

#[async_trait]
impl ControlRepository for MemoryStore {
    async fn kill_switch(&self, account: &AccountId) -> Result<KillSwitchRecord, StoreError> {
        let untouched = || KillSwitchRecord { engaged: false, reason: String::new(), by: String::new(), since: None };
        Ok(switches(&self.books(), account).last().cloned().unwrap_or_else(untouched))
    }

    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let mut books = self.books();
        if switches(&books, account).last() != Some(record) {
            books.controls.push(Control::KillSwitch { account: account.clone(), record: record.clone() });
        }
        Ok(())
    }

    async fn kill_switch_history(&self, account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError> {
        Ok(switches(&self.books(), account).cloned().collect())
    }

    async fn ladder(&self, account: &AccountId) -> Result<Option<LadderStep>, StoreError> {
        Ok(steps(&self.books(), account).last().cloned())
    }

    async fn set_ladder(&self, account: &AccountId, step: &LadderStep) -> Result<(), StoreError> {
        let mut books = self.books();
        if steps(&books, account).last() != Some(step) {
            books.controls.push(Control::Ladder { account: account.clone(), step: step.clone() });
        }
        Ok(())
    }

    async fn step_ladder<'a>(
        &self,
        account: &AccountId,
        before: Option<&'a LadderStep>,
        step: &LadderStep,
    ) -> Result<bool, StoreError> {
        let mut books = self.books();
        let known = steps(&books, account).last();
        if known != before {
            return Ok(known == Some(step));
        }
        books.controls.push(Control::Ladder { account: account.clone(), step: step.clone() });
        Ok(true)
    }
}

fn switches<'a>(books: &'a Books, account: &AccountId) -> impl Iterator<Item = &'a KillSwitchRecord> {
    books.controls.iter().filter_map(move |control| match control {
        Control::KillSwitch { account: of, record } if of == account => Some(record),
        _ => None,
    })
}

fn steps<'a>(books: &'a Books, account: &AccountId) -> impl Iterator<Item = &'a LadderStep> {
    books.controls.iter().filter_map(move |control| match control {
        Control::Ladder { account: of, step } if of == account => Some(step),
        _ => None,
    })
}
