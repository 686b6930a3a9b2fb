//! Doing things in two steps: what it would mean, and then, by whoever asked for exactly that, once.

mod audit;
mod carrying_out;
mod desk;
mod opening;
mod preview;

pub(crate) use desk::Desk;
pub(crate) use preview::venue;

use crate::account::ServedAccount;
use crate::action::{Action, Whose};
use crate::failure::ActFailure;
use crate::figure::{Figure, Moment, answers};
use crate::service::Service;
use audit::Step;
use carrying_out::Report;
use desk::{NotTaken, Taken};
use plimsoll_domain::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Who asks: the name that is written beside what is done. What is prepared by one is confirmed by nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller(Arc<str>);

impl Caller {
    /// Somebody whom a surface has made sure of, by a name that is unique among its surfaces: `ops`, `telegram/12345`.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

answers! {
    /// What an action would mean, and what confirms it.
    pub struct Prepared {
        /// When it was put together.
        pub time: Moment,
        /// Confirms it, once; null where there is nothing to confirm.
        pub nonce: Option<String>,
        /// Until when.
        pub expires_at: Option<Moment>,
        /// For how long.
        pub expires_in_ms: Option<u64>,
        /// What would be done, with what was left open settled: sizes in base units, directions.
        #[cfg_attr(feature = "schemas", schema(value_type = Object))]
        pub action: Action,
        /// Real money is meant.
        pub is_live: bool,
        /// The same in one line.
        pub summary: String,
        /// What it means, in the order in which it is to be shown.
        pub facts: Vec<Fact>,
        /// The orders that it would send.
        pub orders: Vec<String>,
        /// What is let through, and to be known.
        pub warnings: Vec<String>,
        /// Why it would be refused.
        pub refusals: Vec<String>,
    }

    /// One thing that an action would mean.
    pub struct Fact {
        /// What.
        pub name: &'static str,
        /// Its figure, or its words.
        pub value: String,
        /// A currency, `fraction`, `times`, `orders`, `positions`, or nothing.
        pub unit: Option<String>,
    }

    /// What became of an action.
    pub struct Outcome {
        /// When this was answered.
        pub time: Moment,
        /// `done`, `refused`, `failed` or `unknown`.
        pub outcome: Came,
        /// What happened, in one line.
        pub text: String,
        /// What belongs to it.
        pub lines: Vec<String>,
        /// What went wrong beside it.
        pub troubles: Vec<String>,
        /// What was done.
        #[cfg_attr(feature = "schemas", schema(value_type = Object))]
        pub action: Action,
        /// When it was confirmed.
        pub confirmed_at: Moment,
        /// When it was at its end.
        pub completed_at: Moment,
        /// It was confirmed before, and was not done again.
        pub repeated: bool,
    }
}

/// What an action came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// All of it was done.
    Done,
    /// A limit or the venue said no.
    Refused,
    /// It was not done, or only in part.
    Failed,
    /// It may have been done.
    Unknown,
}

impl Fact {
    pub(crate) fn figure(name: &'static str, figure: impl Into<Figure>, unit: &str) -> Self {
        Self { name, value: figure.into().to_string(), unit: Some(unit.to_owned()) }
    }

    pub(crate) fn price(name: &'static str, figure: impl Into<Figure>) -> Self {
        Self { name, value: figure.into().to_string(), unit: None }
    }

    pub(crate) fn words(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), unit: None }
    }

    pub(crate) fn count(name: &'static str, count: usize, unit: &str) -> Self {
        Self { name, value: count.to_string(), unit: Some(unit.to_owned()) }
    }
}

/// What an action would mean.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    pub(crate) facts: Vec<Fact>,
    pub(crate) orders: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) refusals: Vec<String>,
}

impl Service {
    /// What an action would mean, and a nonce that confirms exactly that: once, by whoever asked, and not for long. Nothing is
    /// done. `word` is what a person typed, for actions that take a [word](Action::word).
    ///
    /// # Errors
    /// [`ActFailure`] where not even that can be said.
    pub async fn prepare(&self, who: &Caller, action: Action, word: Option<&str>) -> Result<Prepared, ActFailure> {
        let asked = action.clone();
        let prepared = self.prepare_unrecorded(who, action, word).await;
        match &prepared {
            Ok(it) if it.refusals.is_empty() => {
                self.audit(who, &it.action, Step::Prepared, &it.summary).await;
            }
            Ok(it) => {
                let why = format!("{}: {}", it.summary, it.refusals.join("; "));
                self.audit(who, &it.action, Step::Refused, &why).await;
            }
            Err(failure) => {
                self.audit(who, &asked, Step::Refused, &format!("{asked}: {failure}")).await;
            }
        }
        prepared
    }

    async fn prepare_unrecorded(
        &self,
        who: &Caller,
        action: Action,
        word: Option<&str>,
    ) -> Result<Prepared, ActFailure> {
        if let Some(wanted) = action.word()
            && word.map(str::trim) != Some(wanted)
        {
            return Err(ActFailure::WrongWord { word: wanted });
        }
        let accounts = self.accounts_of(&action).await?;
        let is_live = accounts.iter().any(|account| account.is_live());
        let (action, preview) = self.preview(who, action, &accounts).await?;
        let now = self.now();
        let mut prepared = Prepared {
            time: now.into(),
            nonce: None,
            expires_at: None,
            expires_in_ms: None,
            summary: if is_live { format!("{action}, with real money") } else { action.to_string() },
            is_live,
            facts: preview.facts,
            orders: preview.orders,
            warnings: preview.warnings,
            refusals: preview.refusals,
            action,
        };
        if prepared.refusals.is_empty() {
            let holds = self.0.settings.confirm_within;
            prepared.nonce = Some(self.0.desk.put(who, prepared.action.clone(), now, holds)?);
            prepared.expires_at = Some(now.plus(holds).into());
            prepared.expires_in_ms = Some(crate::account::millis(holds));
        }
        Ok(prepared)
    }

    /// Carries out what was prepared, once. The same nonce and key again answer the same outcome, also while it is under
    /// way. What has begun goes on to its end, whether or not anybody waits for it.
    ///
    /// # Errors
    /// [`ActFailure`]: nothing was done by this call.
    pub async fn confirm(&self, who: &Caller, nonce: &str, key: &str) -> Result<Outcome, ActFailure> {
        let now = self.now();
        let taken = self.0.desk.take(who, nonce, key, now, self.0.settings.confirm_within);
        let (mut outcome, repeated) = match taken {
            Ok(Taken::First(begun)) => {
                let (service, who, receiver) = (self.clone(), who.clone(), begun.receiver.clone());
                // From here on whoever stops the program waits for it.
                let busy = self.0.desk.busy();
                tokio::spawn(async move {
                    let (doer, action) = (service.clone(), begun.action.clone());
                    let doing = tokio::spawn(async move { doer.carry_out(&who, &action, now).await });
                    let outcome = doing.await.unwrap_or_else(|_| service.lost(begun.action, now));
                    begun.sender.send_replace(Some(Arc::new(outcome)));
                    drop(busy);
                });
                (receiver, false)
            }
            Ok(Taken::Again(receiver)) => (receiver, true),
            Err(NotTaken { failure, action }) => {
                match action {
                    Some(action) => {
                        self.audit(who, &action, Step::Refused, &format!("{action}: {failure}")).await;
                    }
                    None => self.tell_of_refusal(who, &failure),
                }
                return Err(failure);
            }
        };
        let came = outcome.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
        let time = self.now().into();
        match came {
            Some(it) => Ok(Outcome { time, repeated, ..Outcome::clone(&it) }),
            None => Err(ActFailure::Interrupted),
        }
    }

    /// Whoever carried it out broke off in the middle.
    fn lost(&self, action: Action, confirmed_at: Timestamp) -> Outcome {
        let now = self.now().into();
        Outcome {
            time: now,
            outcome: Came::Unknown,
            text: format!("{action}: it is not known what became of it"),
            lines: Vec::new(),
            troubles: Vec::new(),
            action,
            confirmed_at: confirmed_at.into(),
            completed_at: now,
            repeated: false,
        }
    }

    /// Returns once nothing is under way: whoever stops the program lets what has begun come to its end.
    pub async fn idle(&self) {
        self.0.desk.idle().await;
    }

    async fn carry_out(&self, who: &Caller, action: &Action, confirmed_at: Timestamp) -> Outcome {
        let said = action.to_string();
        let doing = self.do_it(who, action);
        // What removes risk waits for no record; what adds some is not done without one.
        let (came, unwritten) = match action.only_removes_risk() {
            true => {
                let (unwritten, came) = tokio::join!(self.audit(who, action, Step::Confirmed, &said), doing);
                (came, unwritten)
            }
            false => match self.audit(who, action, Step::Confirmed, &said).await {
                written if written.is_empty() => (doing.await, Vec::new()),
                unwritten => (Report::failed(format!("{said}: not done, since it cannot be written down")), unwritten),
            },
        };
        let step = if came.came == Came::Done { Step::Done } else { Step::NotDone };
        let text = came.text.clone();
        let after = self.audit(who, action, step, &text).await;
        self.forget_facts().await;
        let mut troubles = came.troubles;
        troubles.extend(unwritten.into_iter().chain(after).map(|error| format!("the audit is not written: {error}")));
        let completed_at = self.now();
        Outcome {
            time: completed_at.into(),
            outcome: came.came,
            text,
            lines: came.lines,
            troubles,
            action: action.clone(),
            confirmed_at: confirmed_at.into(),
            completed_at: completed_at.into(),
            repeated: false,
        }
    }

    /// The accounts that an action is about.
    pub(crate) async fn accounts_of(&self, action: &Action) -> Result<Vec<&ServedAccount>, ActFailure> {
        match action.whose() {
            Whose::One(name) => {
                let account = self.find(name).ok_or_else(|| ActFailure::UnknownAccount(name.clone()))?;
                Ok(vec![account])
            }
            Whose::All => Ok(self.accounts().collect()),
            Whose::Strategys(name) => {
                let strategies = self.control().list().await;
                let it = strategies.iter().find(|it| it.name == name);
                let it = it.ok_or_else(|| ActFailure::UnknownStrategy(name.to_owned()))?;
                Ok(self.accounts().filter(|account| it.accounts.contains(account.name())).collect())
            }
        }
    }
}

/// What was prepared is forgotten so long after it has lapsed: until then it is told to have lapsed.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
/// An outcome is remembered for so long.
const REPEATED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
