//! Who asked for what, and what became of it: in the records of the account, and told to everybody who listens.

use super::Caller;
use crate::action::Action;
use crate::events::NewEvent;
use crate::failure::ActFailure;
use crate::service::Service;
use plimsoll_domain::AccountId;
use plimsoll_ports::{RiskEventRecord, Severity, StoreError};

/// A step of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Prepared,
    Refused,
    Confirmed,
    Done,
    NotDone,
}

impl Step {
    const fn kind(self) -> &'static str {
        match self {
            Self::Prepared => "action_prepared",
            Self::Refused => "action_refused",
            Self::Confirmed => "action_confirmed",
            Self::Done => "action_done",
            Self::NotDone => "action_not_done",
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Refused => "refused",
            Self::Confirmed => "confirmed",
            Self::Done => "done",
            Self::NotDone => "failed",
        }
    }

    const fn severity(self) -> Severity {
        match self {
            Self::Prepared | Self::Done => Severity::Info,
            Self::Refused | Self::Confirmed | Self::NotDone => Severity::Warning,
        }
    }
}

impl Service {
    /// Writes a step into the records of every account that the action is about, and tells everybody of it. Answers what
    /// could not be written.
    pub(super) async fn audit(&self, who: &Caller, action: &Action, step: Step, said: &str) -> Vec<StoreError> {
        let now = self.now();
        let text = format!("{who}: {said}");
        let event = |account: Option<AccountId>| NewEvent {
            time: now,
            severity: step.severity(),
            kind: step.kind().to_owned(),
            account,
            symbol: action.symbol().cloned(),
            text: text.clone(),
        };
        let Ok(accounts) = self.accounts_of(action).await else {
            // Nobody's: whom it was for does not exist.
            self.hub().publish(event(None));
            return Vec::new();
        };
        if accounts.is_empty() {
            self.hub().publish(event(None));
        }
        let mut unwritten = Vec::new();
        for account in accounts {
            self.hub().publish(event(Some(account.name().clone())));
            let record = RiskEventRecord {
                account: account.name().clone(),
                time: now,
                kind: step.kind().to_owned(),
                symbol: action.symbol().cloned(),
                detail: text.clone(),
                figure: None,
                limit: None,
                action: step.action().to_owned(),
            };
            if let Err(error) = account.ports.risk_events.log(&record).await {
                tracing::error!(%error, step = step.kind(), "a step of an action is not recorded");
                unwritten.push(error);
            }
        }
        unwritten
    }

    /// A confirmation of nothing that is known: no account has a record of it.
    pub(super) fn tell_of_refusal(&self, who: &Caller, failure: &ActFailure) {
        self.hub().publish(NewEvent {
            time: self.now(),
            severity: Step::Refused.severity(),
            kind: Step::Refused.kind().to_owned(),
            account: None,
            symbol: None,
            text: format!("{who}: a confirmation was refused: {failure}"),
        });
    }
}
