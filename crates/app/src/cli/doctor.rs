//! `plimsoll doctor`: what is wrong, before the first order.

use super::target::{Chosen, Target};
use crate::checkup::{Checkup, Finding, Weight};
use crate::desk::{engine_settings, ports};
use crate::failure::Failure;
use crate::screen;
use crate::venue::{Keys, Way};
use clap::Args;
use plimsoll_engine::PositionManager;
use serde::Serialize;
use std::process::ExitCode;

/// Look for what is wrong before the first order: configuration, database, clock, key, account, contracts, positions.
///
/// Changes nothing, neither here nor at the venue. Each finding comes with its remedy; the exit code is 1 if anything has
/// to be mended.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll doctor --account main")]
pub(crate) struct Doctor {
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    checks: &'a [&'static str],
    findings: &'a [Finding],
}

impl Doctor {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let checkup = super::runtime()?.block_on(self.look())?;
        self.tell(&checkup)?;
        Ok(if checkup.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn look(&self) -> Result<Checkup, Failure> {
        let Chosen { config, account, environment } = self.target.choose()?;
        let mut checkup = Checkup::default();
        checkup.of_setup(&config, &account, &environment);
        let records = checkup.of_database(&config.database, &config.state).await;
        if let Ok(keys) = Keys::read(&account, &environment) {
            let audit = Way::of(&config, &account, keys).audit(account.wallet_url.clone())?;
            let audit = audit.as_ref();
            let reached = checkup.of_venue(&config, &account, audit).await && checkup.of_key(&account, audit).await;
            if reached {
                let venue = Way::of(&config, &account, Keys::read(&account, &environment)?).connect()?;
                checkup.of_contracts(&account, audit, venue.broker.as_ref()).await;
                if let Some(records) = &records {
                    let manager = PositionManager::new(ports(&venue, records), engine_settings(&config, &account)?);
                    checkup.of_books(&account, &manager, records).await;
                }
            }
        }
        if let Some(records) = records {
            records.close().await;
        }
        Ok(checkup)
    }

    fn tell(&self, checkup: &Checkup) -> Result<(), Failure> {
        let Checkup { made, findings } = checkup;
        if self.target.json {
            return screen::json(&Answer { ok: checkup.is_well(), checks: made, findings });
        }
        for it in findings {
            let mark = if it.weight == Weight::Wrong { "WRONG" } else { "note " };
            let subject = it.subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
            screen::line(format!("{mark}  {}: {subject}{}", it.check, it.found))?;
            screen::line(format!("       {}", it.remedy))?;
        }
        let wrong = findings.iter().filter(|it| it.weight == Weight::Wrong).count();
        let (checks, notes) = (made.len(), findings.len() - wrong);
        screen::line(format!("{checks} checks: {wrong} to mend, {notes} to know"))
    }
}
