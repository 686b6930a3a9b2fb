//! The ladder to live trading: where a live account stands, and what it may do there.

use super::PositionManager;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::risk::{Allowance, Climb, DayOnRecord, Foothold, LadderRules, RiskLimits, Rung};
use plimsoll_domain::{AccountId, Decimal, Timestamp};
use plimsoll_ports::{Alert, LadderStep, PnlSnapshot, Severity, StoreError};
use std::sync::PoisonError;
use std::time::Duration;

/// How a live account climbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// How long each step takes, and what micro capital is.
    pub rules: LadderRules,
    /// The account, on the same records, whose days are those of paper trading; without one there are none.
    pub paper: Option<AccountId>,
}

/// Why a step was not taken out of turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LadderFailure {
    /// It is not real money.
    #[error("the account is not live: it has no ladder to climb")]
    NotLive,
    /// Nobody is named.
    #[error("a step out of turn needs the name of whoever takes it")]
    Nobody,
    /// No reason is given.
    #[error("a step out of turn needs a reason")]
    NoReason,
    /// It stands there already.
    #[error("the account is on the {0} step already")]
    AlreadyThere(Rung),
    /// The records cannot be read or written.
    #[error(transparent)]
    Records(#[from] StoreError),
}

const PROMOTED: &str = "ladder_promoted";
const OVERRIDDEN: &str = "ladder_overridden";

impl PositionManager {
    /// Where the account stands and what is missing for the next step; `None` where it is not live.
    ///
    /// # Errors
    /// [`StoreError`] if the records cannot be read.
    pub async fn ladder(&self) -> Result<Option<Climb>, StoreError> {
        match &self.settings.ladder {
            Some(ladder) => self.climb_of(ladder).await.map(Some),
            None => Ok(None),
        }
    }

    /// Puts the account on this step, higher or lower than the one that is due: from now on its days are counted anew. It
    /// is recorded by name.
    ///
    /// # Errors
    /// [`LadderFailure`]; nothing has changed then.
    pub async fn override_ladder(&self, rung: Rung, by: &str, reason: &str) -> Result<Foothold, LadderFailure> {
        if self.settings.ladder.is_none() {
            return Err(LadderFailure::NotLive);
        }
        if by.trim().is_empty() {
            return Err(LadderFailure::Nobody);
        }
        if reason.trim().is_empty() {
            return Err(LadderFailure::NoReason);
        }
        let before = self.foothold().await?;
        if before.rung == rung {
            return Err(LadderFailure::AlreadyThere(rung));
        }
        let detail = format!("from {} to {rung} by {by}: {reason}", before.rung);
        let mut troubles = Troubles::default();
        let foothold = self.step_onto(rung, by).await?;
        self.tell_of_step(OVERRIDDEN, &detail, None, &mut troubles).await;
        for trouble in troubles.into_vec() {
            tracing::error!(%trouble, "a step out of turn is not told everywhere");
        }
        Ok(foothold)
    }

    /// Takes the step that is due, if one is. The records are looked through once a day, and at every start.
    pub(crate) async fn climb(&self, troubles: &mut Troubles) -> Option<Climb> {
        let ladder = self.settings.ladder.as_ref()?;
        let today = self.ports.clock.now().start_of_day();
        if *self.climbed.lock().unwrap_or_else(PoisonError::into_inner) == Some(today) {
            return None;
        }
        let climb = troubles.read(Record::Ladder, self.climb_of(ladder).await)?;
        if let Some(due) = climb.due {
            let stepped = self.step_from(&climb.foothold, due).await;
            // Somebody has taken another step meanwhile: that is the one that holds, and is looked at with the next look.
            troubles.written(Record::Ladder, stepped).filter(|is_taken| *is_taken)?;
            let (days, from) = (climb.served.days, climb.foothold.rung);
            let detail = format!("from {from} to {due}, after {days} days");
            self.tell_of_step(PROMOTED, &detail, climb.needed.map(|needed| (days, needed)), troubles).await;
        }
        *self.climbed.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        climb.due.is_some().then_some(climb)
    }

    /// What the ladder allows an order that adds exposure.
    pub(crate) async fn allowance(&self) -> Result<Allowance, StoreError> {
        let Some(ladder) = &self.settings.ladder else { return Ok(Allowance::Whole) };
        let allowance = ladder.rules.allowance(self.foothold().await?.rung);
        *self.allowed.lock().unwrap_or_else(PoisonError::into_inner) = Some(allowance);
        Ok(allowance)
    }

    /// The limits as the ladder, by what it was known to allow last, lets them stand.
    pub(crate) fn limits_in_force(&self) -> RiskLimits {
        let allowed = *self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        self.rules().limits.allowed(allowed.unwrap_or_default())
    }

    async fn climb_of(&self, ladder: &Ladder) -> Result<Climb, StoreError> {
        let (foothold, now) = (self.foothold().await?, self.ports.clock.now());
        let whose = match foothold.rung {
            Rung::Paper => ladder.paper.as_ref(),
            Rung::Micro | Rung::Full => Some(&self.settings.account),
        };
        let days = match whose {
            Some(account) => self.days_of(account, foothold.since, now).await?,
            None => Vec::new(),
        };
        Ok(ladder.rules.climb(&foothold, &days, now))
    }

    /// What is recorded of the step; an account without a record stands on the first.
    async fn foothold(&self) -> Result<Foothold, StoreError> {
        let Some(step) = self.ports.controls.ladder(&self.settings.account).await? else {
            return Ok(Foothold::first());
        };
        let rung = step.name.parse().map_err(|_| StoreError::Corrupt(format!("no step is called '{}'", step.name)))?;
        Ok(Foothold { rung, since: step.since, overridden_by: step.overridden_by.map(Into::into) })
    }

    /// The first point of each day of an account's equity curve since then, oldest first.
    async fn days_of(
        &self,
        account: &AccountId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<DayOnRecord>, StoreError> {
        let (mut days, mut from) = (Vec::new(), since);
        while let Some(point) = self.ports.equity.first_since(account, from).await?.filter(|point| point.time <= now) {
            from = point.time.start_of_day().plus(DAY);
            days.push(day_of(&point));
        }
        Ok(days)
    }

    /// A person's word stands over whatever step holds.
    async fn step_onto(&self, rung: Rung, by: &str) -> Result<Foothold, StoreError> {
        let foothold = Foothold { rung, since: self.ports.clock.now(), overridden_by: Some(by.into()) };
        self.ports.controls.set_ladder(&self.settings.account, &as_step(&foothold)).await?;
        self.forget_allowance();
        Ok(foothold)
    }

    /// A step that is due is taken from the one that it is due after. Answers whether it was.
    async fn step_from(&self, before: &Foothold, rung: Rung) -> Result<bool, StoreError> {
        let recorded = (*before != Foothold::first()).then(|| as_step(before));
        let step = LadderStep { name: rung.to_string(), since: self.ports.clock.now(), overridden_by: None };
        let is_taken = self.ports.controls.step_ladder(&self.settings.account, recorded.as_ref(), &step).await?;
        self.forget_allowance();
        Ok(is_taken)
    }

    fn forget_allowance(&self) {
        *self.allowed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn tell_of_step(&self, kind: &str, detail: &str, days: Option<(u32, u32)>, troubles: &mut Troubles) {
        let (served, needed) = (days.map(|days| Decimal::from(days.0)), days.map(|days| Decimal::from(days.1)));
        self.log_risk(kind, None, detail, served, needed, "recorded", troubles).await;
        let account = &self.settings.account;
        let (key, title) = (format!("ladder/{account}"), format!("{account} has taken a step of the ladder"));
        self.alert(&Alert { severity: Severity::Warning, key, title, body: detail.to_owned() }, troubles).await;
    }
}

fn as_step(it: &Foothold) -> LadderStep {
    let by = it.overridden_by.as_ref().map(ToString::to_string);
    LadderStep { name: it.rung.to_string(), since: it.since, overridden_by: by }
}

fn day_of(point: &PnlSnapshot) -> DayOnRecord {
    let (equity, fees) = (point.equity(), point.fees);
    DayOnRecord { first: point.time, equity, open_positions: point.open_positions, fees }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
