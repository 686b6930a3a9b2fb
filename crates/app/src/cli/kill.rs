//! `plimsoll kill` and `plimsoll release`: the kill switch.

use super::acting;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_engine::ReleaseFailure;
use plimsoll_ports::KillSwitchRecord;
use serde::Serialize;
use std::process::ExitCode;

/// Engage the kill switch: from now on, and through restarts, nothing that adds exposure is sent.
///
/// Positions and their stops stay as they are; `plimsoll flatten` closes them.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll kill --reason 'exchange maintenance' --yes")]
pub(crate) struct Kill {
    /// Why, for the records
    #[arg(long)]
    reason: String,
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
    troubles: Vec<String>,
}

impl Kill {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.engage())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Asks the venue nothing: stopping must work when the venue does not, and where its keys are not.
    async fn engage(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk_without_keys().await?;
        let outcome = self.engage_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn engage_at(&self, desk: &Desk) -> Result<(), Failure> {
        let name = &desk.account.name;
        let shown = if self.target.json {
            Ok(())
        } else {
            screen::line(format!("kill switch of {name}: nothing more is opened until it is released"))
        };
        if !self.consent.is_given(shown, &format!("Engage it on {name}{}?", acting::live(desk)))? {
            return Ok(());
        }
        let troubles = desk.manager.engage_kill_switch(&acting::operator(), &self.reason).await;
        let recorded = desk.records.controls.kill_switch(name).await.map_err(Failure::unreachable)?;
        if !recorded.engaged {
            let said: Vec<String> = troubles.iter().map(ToString::to_string).collect();
            return Err(Failure::unreachable(format!("the kill switch is not recorded: {}", said.join("; ")))
                .help("Other processes go on: stop them, or mend the database and run it again."));
        }
        // The spool answers for itself: what waits in it, no other process sees.
        let waits = desk.records.spool.as_ref().filter(|spool| spool.status().pending > 0);
        if let Some(spool) = waits {
            let only_here =
                format!("the database is away: engaged for this machine only, in {}", spool.path().display());
            return Err(Failure::unreachable(only_here)
                .help("Other processes go on: stop them. The next verb that acts takes it into the database."));
        }
        acting::done(told(desk, &recorded, &troubles, self.target.json))
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
        if !before.engaged {
            return told(desk, &before, &[], self.target.json);
        }
        let shown = if self.target.json {
            Ok(())
        } else {
            let since = before.since.map(screen::minute).unwrap_or_default();
            screen::line(format!("kill switch of {name}: engaged by {} since {since}: {}", before.by, before.reason))
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
        acting::done(told(desk, &recorded, &[], self.target.json))
    }
}

fn told(desk: &Desk, it: &KillSwitchRecord, troubles: &[plimsoll_engine::Trouble], json: bool) -> Result<(), Failure> {
    if json {
        return screen::json(&Answer {
            account: desk.account.name.to_string(),
            engaged: it.engaged,
            by: it.by.clone(),
            reason: it.reason.clone(),
            since: it.since.map(screen::instant),
            troubles: troubles.iter().map(ToString::to_string).collect(),
        });
    }
    let word = if it.engaged { "engaged" } else { "released" };
    screen::line(format!("the kill switch of {} is {word}: {} ({})", desk.account.name, it.reason, it.by))?;
    troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))
}
