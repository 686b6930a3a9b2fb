//! `plimsoll kill` and `plimsoll release`: the kill switch.

use super::acting;
use super::close::{ClosedRow, print as tell_of_closed};
use super::flatten::confirmed;
use super::signals::to_its_end;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, counted};
use clap::Args;
use plimsoll_domain::ClientOrderId;
use plimsoll_engine::{Closed, FlattenReason, ForeignPolicy, ReleaseFailure};
use plimsoll_ports::KillSwitchRecord;
use serde::Serialize;
use std::process::ExitCode;

/// Engage the kill switch: from now on, and through restarts, nothing that adds exposure is sent.
///
/// Resting orders that add exposure are cancelled, if the venue can be reached: ours, and those of others where they are
/// adopted. Composed orders that open something end. Positions and what protects or closes them stay as they are, unless
/// --flatten closes everything as well: the venue is flat when no position is held and no order rests there, of whomever.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll kill --reason 'exchange maintenance' --yes
  plimsoll kill --reason 'something is wrong' --flatten --yes")]
pub(crate) struct Kill {
    /// Why, for the records
    #[arg(long)]
    reason: String,
    /// Close every position and cancel every order as well
    #[arg(long)]
    flatten: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

/// Release the kill switch: exposure may be added again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll release --reason 'maintenance is over'")]
pub(crate) struct Release {
    /// Why, for the records
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer {
    account: String,
    engaged: bool,
    by: String,
    reason: String,
    since: Option<String>,
    /// Orders that were cancelled; null where the venue was not asked.
    cancelled: Option<Vec<String>>,
    /// Composed orders that have ended; null where the venue was not asked.
    ended: Option<Vec<String>>,
    /// Entries that rest still; null where that is not known.
    resting_entries: Option<usize>,
    /// What was closed, where that was wanted.
    closed: Option<Vec<ClosedRow>>,
    /// Whether the venue is flat, where that was wanted; null where it is not known.
    flat: Option<bool>,
    troubles: Vec<String>,
    /// Of a release: whether it was engaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_engaged: Option<bool>,
    /// Of a release: limits that are broken still, by which it is engaged again, as far as the records tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Vec<String>>,
}

/// What a release finds.
struct Found {
    was_engaged: bool,
    /// Limits that are broken still, by the records; or why those do not tell.
    broken: Result<Vec<String>, String>,
}

/// What became of what rests and is held at the venue.
#[derive(Default)]
struct AtVenue {
    cancelled: Option<Vec<ClientOrderId>>,
    ended: Option<Vec<ClientOrderId>>,
    resting: Option<usize>,
    flat: Option<bool>,
    /// Why it is not what was wanted.
    failure: Option<Failure>,
    /// What was closed, where that was wanted.
    closed: Option<Vec<Closed>>,
    troubles: Vec<String>,
}

impl Kill {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.engage())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Stopping must work when the venue does not, and where its keys are not: it is asked only when that is done.
    async fn engage(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let (desk, is_keyless) = self.target.desk_with_or_without_keys().await?;
        if let Some(why) = is_keyless.as_ref().filter(|_| self.flatten) {
            desk.close().await;
            return Err(Failure::usage(format!("nothing can be closed, and the kill switch is not engaged: {why}"))
                .help("Mend the keys; or leave out --flatten, which needs them."));
        }
        let outcome = self.engage_at(&desk, is_keyless).await;
        desk.close().await;
        outcome
    }

    async fn engage_at(&self, desk: &Desk, is_keyless: Option<String>) -> Result<(), Failure> {
        let name = &desk.account.name;
        let shown = if self.target.json {
            Ok(())
        } else {
            let all = if self.flatten { "; every position is closed" } else { "" };
            screen::line(format!("kill switch of {name}: nothing more is opened until it is released{all}"))
        };
        if !self.consent.is_given(shown, &format!("Engage it on {name}{}?", acting::live(desk)))? {
            return Ok(());
        }
        let troubles = desk.manager.engage_kill_switch(&acting::operator(), &self.reason).await;
        // What can be done at the venue is done before anybody is told that the records are away.
        let at_venue = match is_keyless {
            Some(why) => {
                AtVenue { troubles: vec![format!("resting orders were not looked at: {why}")], ..AtVenue::default() }
            }
            None => self.clear(desk).await,
        };
        let said: Vec<String> = troubles.iter().map(ToString::to_string).collect();
        // What is left open is told even where the record is what failed.
        let recorded = recorded_everywhere(desk, &said).await.map_err(|failure| failure.beside(at_venue.said()))?;
        let AtVenue { failure, troubles: met, .. } = at_venue;
        let said: Vec<String> = said.into_iter().chain(met).collect();
        let told = told(desk, &recorded, AtVenue { failure: None, troubles: said, ..at_venue }, self.target.json);
        // What is left open is worse than what could not be printed.
        failure.map_or(Ok(()), Err)?;
        acting::done(told)
    }

    /// What adds exposure is taken back, or all of it closed.
    async fn clear(&self, desk: &Desk) -> AtVenue {
        if self.flatten {
            // Whoever leaves alone what is of others finds out first what that is; if that fails, everything is closed.
            if desk.account.foreign != ForeignPolicy::Adopt
                && let Err(failure) = to_its_end(desk.compare()).await
            {
                tracing::warn!(failure = failure.message(), "what is of others is not known");
            }
            let reason = FlattenReason::Wanted { by: acting::operator(), reason: self.reason.clone() };
            let it = to_its_end(desk.manager.flatten_all(reason)).await;
            return AtVenue {
                failure: confirmed(&it).err(),
                flat: it.remaining.as_ref().map(|_| it.is_confirmed()),
                resting: it.remaining.as_ref().map(|(_, orders)| orders.iter().filter(|it| it.adds_exposure()).count()),
                troubles: it.troubles.iter().map(ToString::to_string).collect(),
                cancelled: Some(it.cancelled),
                ended: Some(it.ended),
                closed: Some(it.closed),
            };
        }
        let it = to_its_end(desk.manager.cancel_entries()).await;
        let resting = it.remaining.as_ref().map(Vec::len);
        AtVenue {
            failure: none_rest(resting).err(),
            cancelled: Some(it.cancelled),
            ended: Some(it.ended),
            resting,
            flat: None,
            closed: None,
            troubles: it.troubles.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Trading is stopped when nothing rests that opens something, as the venue says.
fn none_rest(resting: Option<usize>) -> Result<(), Failure> {
    let failure = match resting {
        Some(0) => return Ok(()),
        Some(resting) => {
            Failure::no(format!("the kill switch is engaged, but {resting} orders that add exposure rest still"))
        }
        None => Failure::outcome_unknown("the kill switch is engaged, but the venue does not tell what rests still"),
    };
    Err(failure.help("`plimsoll orders` shows what rests. Run it again; `plimsoll run` cancels it too."))
}

impl AtVenue {
    /// How it is at the venue, in a sentence.
    fn said(&self) -> String {
        if let Some(failure) = &self.failure {
            return failure.message().to_owned();
        }
        match (self.flat, self.resting) {
            (Some(true), _) => "the venue is flat".to_owned(),
            (_, Some(resting)) => format!("{resting} orders that add exposure rest at the venue"),
            (_, None) => "what rests at the venue is not known".to_owned(),
        }
    }
}

/// The engagement as it is recorded where every process sees it.
async fn recorded_everywhere(desk: &Desk, troubles: &[String]) -> Result<KillSwitchRecord, Failure> {
    let recorded = desk.records.controls.kill_switch(&desk.account.name).await.map_err(Failure::unreachable)?;
    if !recorded.engaged {
        return Err(Failure::unreachable(format!("the kill switch is not recorded: {}", troubles.join("; ")))
            .help("Other processes go on: stop them, or mend the database and run it again."));
    }
    // The spool answers for itself: what waits in it, no other process sees.
    let waits = desk.records.spool.as_ref().filter(|spool| spool.status().pending > 0);
    match waits {
        Some(spool) => Err(Failure::unreachable(format!(
            "the database is away: engaged for this machine only, in {}",
            spool.path().display()
        ))
        .help("Other processes go on: stop them. The next verb that acts takes it into the database.")),
        None => Ok(recorded),
    }
}

impl Release {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.release())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn release(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk_without_keys().await?;
        let outcome = self.release_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn release_at(&self, desk: &Desk) -> Result<(), Failure> {
        let name = &desk.account.name;
        let before = desk.manager.kill_switch().await.map_err(Failure::unreachable)?;
        let broken = desk.manager.losses_on_record().await;
        let broken = broken.map(|broken| broken.iter().map(ToString::to_string).collect());
        let found = Found { was_engaged: before.engaged, broken: broken.map_err(|error| error.to_string()) };
        if !before.engaged {
            return tell_of_release(desk, &before, &found, self.target.json);
        }
        let shown = if self.target.json {
            Ok(())
        } else {
            let since = before.since.map(screen::minute).unwrap_or_default();
            let engaged = screen::line(format!(
                "kill switch of {name}: engaged by {} since {since}: {}",
                before.by, before.reason
            ));
            engaged.and_then(|()| found.tell())
        };
        if !self.consent.is_given(shown, &format!("Release it on {name}{}?", acting::live(desk)))? {
            return Ok(());
        }
        let released = desk.manager.release_kill_switch(&acting::operator(), &self.reason).await;
        released.map_err(|failure| match failure {
            ReleaseFailure::NotReleased(_) => Failure::no(failure),
            ReleaseFailure::Records(_) => Failure::unreachable(failure),
        })?;
        let recorded = desk.records.controls.kill_switch(name).await.map_err(Failure::unreachable)?;
        acting::done(tell_of_release(desk, &recorded, &found, self.target.json))
    }
}

impl Found {
    /// What a release comes to while a limit is broken.
    fn tell(&self) -> Result<(), Failure> {
        match &self.broken {
            Ok(broken) => broken.iter().try_for_each(|broken| {
                screen::line(format!(
                    "STILL BROKEN by the last point on record: {broken}. A look that finds the same closes what is held, and engages it again."
                ))
            }),
            Err(error) => screen::line(format!("whether a limit is broken still is not known: {error}")),
        }
    }
}

fn tell_of_release(desk: &Desk, it: &KillSwitchRecord, found: &Found, json: bool) -> Result<(), Failure> {
    let account = &desk.account.name;
    if json {
        return screen::json(&Answer {
            was_engaged: Some(found.was_engaged),
            broken: found.broken.clone().ok(),
            troubles: found.broken.clone().err().into_iter().collect(),
            ..Answer::of(desk, it, AtVenue::default())
        });
    }
    match found.was_engaged {
        true => screen::line(format!("the kill switch of {account} is released: {} ({})", it.reason, it.by))?,
        false => screen::line(format!("the kill switch of {account} was not engaged: there is nothing to release"))?,
    }
    found.tell()
}

impl Answer {
    fn of(desk: &Desk, it: &KillSwitchRecord, at_venue: AtVenue) -> Self {
        let AtVenue { cancelled, ended, resting, flat, closed, troubles, .. } = at_venue;
        let names = |ids: Vec<ClientOrderId>| ids.iter().map(ToString::to_string).collect();
        Self {
            account: desk.account.name.to_string(),
            engaged: it.engaged,
            by: it.by.clone(),
            reason: it.reason.clone(),
            since: it.since.map(screen::instant),
            cancelled: cancelled.map(names),
            ended: ended.map(names),
            resting_entries: resting,
            flat,
            closed: closed.map(|it| it.iter().map(ClosedRow::of).collect()),
            troubles,
            was_engaged: None,
            broken: None,
        }
    }
}

fn told(desk: &Desk, it: &KillSwitchRecord, at_venue: AtVenue, json: bool) -> Result<(), Failure> {
    if json {
        return screen::json(&Answer::of(desk, it, at_venue));
    }
    let AtVenue { cancelled, ended, resting, flat, closed, troubles, .. } = at_venue;
    screen::line(format!("the kill switch of {} is engaged: {} ({})", desk.account.name, it.reason, it.by))?;
    closed.iter().flatten().try_for_each(tell_of_closed)?;
    if let Some(ids) = cancelled.filter(|ids| !ids.is_empty()) {
        screen::line(format!("cancelled: {}", counted(ids.len(), "order")))?;
    }
    if let Some(ids) = ended.filter(|ids| !ids.is_empty()) {
        screen::line(format!("ended: {}", counted(ids.len(), "composed order")))?;
    }
    if let Some(count) = resting.filter(|count| *count > 0) {
        screen::line(format!("{count} ORDERS THAT ADD EXPOSURE REST STILL: `plimsoll orders` shows them"))?;
    }
    if flat == Some(true) {
        screen::line("the venue is flat")?;
    }
    troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trading_is_stopped_when_no_entry_rests_as_the_venue_says() {
        assert_eq!(none_rest(Some(0)), Ok(()));
        assert!(none_rest(Some(2)).is_err_and(|failure| failure.message().contains("2 orders that add exposure")));
        assert!(none_rest(None).is_err_and(|failure| failure.message().contains("does not tell")));
    }

    #[test]
    fn what_is_left_at_the_venue_is_said_beside_records_that_are_away() {
        let open = AtVenue {
            failure: Some(Failure::no("2 positions and 1 order are left")),
            flat: Some(false),
            ..AtVenue::default()
        };
        let flat = AtVenue { flat: Some(true), resting: Some(0), ..AtVenue::default() };
        let resting = AtVenue { resting: Some(3), ..AtVenue::default() };
        for (at_venue, expected) in [
            (open, "no database; 2 positions and 1 order are left"),
            (flat, "no database; the venue is flat"),
            (resting, "no database; 3 orders that add exposure rest at the venue"),
            (AtVenue::default(), "no database; what rests at the venue is not known"),
        ] {
            let failure = Failure::unreachable("no database").beside(at_venue.said());
            assert_eq!((failure.message(), failure.is_unreachable()), (expected, true));
        }
    }
}
