//! `plimsoll doctor`: what is wrong, before the first order.

use super::target::{Chosen, Target};
use crate::checkup::{Checkup, Finding, Weight};
use crate::desk::{broker, engine_settings, ports, venue_settings};
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_binance::{BinanceAccountAudit, Credentials, Endpoints};
use plimsoll_engine::PositionManager;
use plimsoll_ports::SystemClock;
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;

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
        let secrets = (account.key.read(&environment), account.secret.read(&environment));
        if let (Ok(key), Ok(secret)) = secrets {
            let endpoints = Endpoints::custom(account.rest_url.clone(), account.socket_url.clone());
            let clock = Arc::new(SystemClock);
            let settings = venue_settings(&config, &account);
            let keys = Credentials::new(key, secret);
            let audit = BinanceAccountAudit::new(endpoints, account.wallet_url.clone(), keys, clock, settings);
            let audit = audit.map_err(Failure::unreachable)?;
            let reached = checkup.of_venue(&config, &account, &audit).await && checkup.of_key(&account, &audit).await;
            if reached {
                let broker = Arc::new(broker(&config, &account, &environment)?);
                checkup.of_contracts(&account, &audit, broker.as_ref()).await;
                if let Some(records) = &records {
                    let manager = PositionManager::new(ports(&broker, records), engine_settings(&config, &account)?);
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
