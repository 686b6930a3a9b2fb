//! `plimsoll run`: guards an account until it is stopped.

mod measures;
mod told;

use super::acting;
use super::composed::{self, ProgressRow};
use super::target::Target;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_domain::risk::Climb;
use plimsoll_engine::{
    Action, Guard, GuardNews, Lookout, LookoutNews, MonitorReport, Progress, Reconciliation, Summary, Wake,
};
use plimsoll_ports::{Clock, Severity, SystemClock};
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;

/// Guard an account: reconcile, report, then watch margin and losses until SIGINT or SIGTERM.
///
/// The account's private stream is followed: what it tells is passed on and looked at at once. While it is down, the account
/// is looked at by the clock.
///
/// Thin margin is answered by the least that restores it, as `protection` in the configuration says: entries are cancelled,
/// margin is added, positions are made smaller. Margin that is gone and broken loss limits close everything and engage the kill switch. When it
/// is stopped, stops and targets stay resting at the venue.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll run --account main --json")]
pub(crate) struct Run {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    paper: super::paper::PaperArguments,
}

/// Why guarding has ended.
enum Ended {
    Asked,
    DatabaseMayBeBack,
}

#[derive(Serialize)]
struct Started {
    event: &'static str,
    account: String,
    time: String,
    took_ms: u64,
    clean: bool,
    findings: Vec<Found>,
    /// The orders that go on.
    composed: Vec<ProgressRow>,
}

#[derive(Serialize)]
struct Found {
    severity: &'static str,
    kind: &'static str,
    symbol: Option<String>,
    id: Option<String>,
    found: String,
    done: String,
}

#[derive(Serialize)]
struct Stands {
    event: &'static str,
    account: String,
    step: Option<String>,
    days_missing: Option<u32>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Pass {
    event: &'static str,
    time: String,
    equity: String,
    margin_ratio: Option<String>,
    health: String,
    positions: usize,
    unprotected: usize,
    unpriced: usize,
    ended: usize,
    action: &'static str,
    stage: Option<String>,
    measures: Vec<measures::Told>,
    overexposed: Vec<String>,
    entries_cancelled: Vec<String>,
    composed: Vec<ProgressRow>,
    climbed_to: Option<String>,
    troubles: Vec<String>,
}

#[derive(Serialize)]
struct Blind {
    event: &'static str,
    time: String,
    error: String,
}

#[derive(Serialize)]
struct Stopped {
    event: &'static str,
    positions: usize,
    resting: usize,
    unprotected: usize,
}

impl Run {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.paper.is_wanted() {
            return self.paper.run(&self.target);
        }
        super::runtime()?.block_on(self.guard())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn guard(self) -> Result<(), Failure> {
        loop {
            let (desk, lookout) = self.target.desk_with_lookout().await?;
            self.tell_of_ladder(&desk).await?;
            let ended = self.watch(&desk, lookout).await;
            let left = match ended {
                Ok(Ended::Asked) => Some(self.leave(&desk).await),
                Ok(Ended::DatabaseMayBeBack) => None,
                Err(failure) => Some(Err(failure)),
            };
            desk.close().await;
            // The next one opens the spool of this process again: it is this one's until here.
            drop(desk);
            if let Some(left) = left {
                return left;
            }
        }
    }

    /// Guards until it is asked to stop: a step that is under way is finished first, an order that was sent is followed to
    /// its end. Where the database was away from the start, it ends now and then, so that it may be looked for anew.
    async fn watch(&self, desk: &Desk, lookout: Lookout) -> Result<Ended, Failure> {
        let intervals = &desk.config.intervals;
        let guard = Guard::new(Arc::clone(&desk.manager), desk.guard_settings()).with_lookout(lookout);
        let stop = guard.stopper();
        let (mut before, mut is_heard) = (String::new(), true);
        let mut watching = std::pin::pin!(guard.run(|news| {
            // Whoever read along may go: guarding goes on without being heard.
            if is_heard && self.tell_news(desk, news, &mut before).is_err() {
                is_heard = false;
                tracing::warn!("nobody reads what is told any more; guarding goes on");
            }
        }));
        let look_again = async {
            match &desk.records.away {
                Some(_) => tokio::time::sleep(intervals.reconcile).await,
                None => std::future::pending().await,
            }
        };
        let asked = tokio::select! {
            _ = &mut watching => return Ok(Ended::Asked),
            asked = super::signals::stopped() => asked.map(|()| Ended::Asked),
            () = look_again => Ok(Ended::DatabaseMayBeBack),
        };
        stop.stop();
        watching.await;
        asked
    }

    /// A live account is guarded on every step; what may be opened there is said before anything else.
    async fn tell_of_ladder(&self, desk: &Desk) -> Result<(), Failure> {
        if !desk.is_live() {
            return Ok(());
        }
        let climb = desk.manager.ladder().await;
        if self.target.json {
            let known = climb.as_ref().ok().and_then(Option::as_ref);
            return screen::json(&Stands {
                event: "ladder",
                account: desk.account.name.to_string(),
                step: known.map(|it| it.foothold.rung.to_string()),
                days_missing: known.and_then(Climb::missing),
                error: climb.as_ref().err().map(ToString::to_string),
            });
        }
        match climb {
            Ok(Some(climb)) => screen::line(super::ladder::sentence(desk, &climb)),
            Ok(None) => Ok(()),
            Err(error) => screen::line(format!("the step of the ladder cannot be read, so nothing is opened: {error}")),
        }
    }

    fn tell_news(&self, desk: &Desk, news: &GuardNews, before: &mut String) -> Result<(), Failure> {
        match news {
            GuardNews::Reconciled(it) => self.report(desk, it),
            GuardNews::NotReconciled(failure) => self.tell_of_failure("not_reconciled", &failure.to_string()),
            GuardNews::Watched(report) => self.tell(report, before),
            GuardNews::Blind(failure) => self.tell_of_failure("blind", &failure.to_string()),
            GuardNews::Woken(wakes) => self.tell_of_wakes(wakes),
            GuardNews::Lookout(news) => self.tell_of_account(news),
            GuardNews::Stopped(_) => Ok(()),
        }
    }

    fn report(&self, desk: &Desk, found: &Reconciliation) -> Result<(), Failure> {
        let summary = &found.summary();
        if self.target.json {
            return screen::json(&Started::of(desk, summary, &found.composed));
        }
        let took = summary.took.as_millis();
        let verdict = match summary.is_clean {
            true => "records and venue agree",
            false if summary.findings.iter().all(|it| it.kind == "trouble") => "not everything could be compared:",
            false => "records and venue differed:",
        };
        screen::line(format!("{} {}: {verdict} ({took} ms)", screen::minute(summary.started), desk.account.name))?;
        summary
            .findings
            .iter()
            .try_for_each(|it| screen::line(format!("  {}: {}", severity(it.severity), acting::sentence(it))))?;
        tell_of_composed(&found.composed)
    }

    /// A person is told what has changed; a program, every pass.
    fn tell(&self, report: &MonitorReport, before: &mut String) -> Result<(), Failure> {
        if self.target.json {
            return screen::json(&Pass::of(report));
        }
        let unprotected = report.positions.iter().filter(|it| it.is_unprotected()).count();
        let stops = if unprotected > 0 { format!(", {unprotected} WITHOUT A STOP") } else { String::new() };
        let dark = match report.unpriced.len() {
            0 => String::new(),
            count => format!(", {count} more WITHOUT A PRICE, which nobody can judge"),
        };
        let action = match action(&report.action) {
            "none" => String::new(),
            done => format!(", {done}"),
        };
        let over = if report.overexposed.is_empty() { "" } else { ", MORE THAN MAY BE HELD" };
        let stage = measures::stage(report);
        let (health, positions) = (report.health(), report.positions.len());
        let said = format!("{health}: {positions} positions{stage}{stops}{dark}{over}{action}");
        let measures: Vec<String> = measures::for_people(report).collect();
        let is_quiet = measures.is_empty()
            && report.ended.is_empty()
            && report.troubles.is_empty()
            && report.entries_cancelled.is_empty();
        if said == *before && is_quiet && report.climbed.is_none() {
            return tell_of_composed(&report.composed);
        }
        before.clone_from(&said);
        screen::line(format!("{} {said}, equity {}", screen::minute(report.time), screen::cents(report.equity)))?;
        measures.into_iter().try_for_each(|said| screen::line(format!("  {said}")))?;
        for it in &report.ended {
            screen::line(format!(
                "  {} {} ended: {}, net {}",
                it.symbol,
                it.direction,
                it.reason,
                screen::money(it.net())
            ))?;
        }
        let over = report.overexposed.iter().map(ToString::to_string);
        let cancelled = report.entries_cancelled.iter().map(|id| format!("trading is stopped: {id} was cancelled"));
        let climbed = report.climbed.as_ref().and_then(|it| it.due).map(|due| format!("now on the {due} step"));
        over.chain(cancelled).chain(climbed).try_for_each(|said| screen::line(format!("  {said}")))?;
        report.troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))?;
        tell_of_composed(&report.composed)
    }

    fn tell_of_failure(&self, event: &'static str, error: &str) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.target.json {
            return screen::json(&Blind { event, time: screen::instant(now), error: error.to_owned() });
        }
        screen::line(format!("{} {error}; what rests at the venue protects on", screen::minute(now)))
    }

    /// What the account's stream tells, as it comes.
    fn tell_of_account(&self, news: &LookoutNews) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.target.json {
            return told::for_programs(news, now).map_or(Ok(()), |it| screen::json(&it));
        }
        told::for_people(news).map_or(Ok(()), |said| screen::line(format!("{} {said}", screen::minute(now))))
    }

    fn tell_of_wakes(&self, wakes: &[Wake]) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.target.json {
            return screen::json(&told::woken(wakes, now));
        }
        screen::line(format!("{} {}", screen::minute(now), told::woken_for_people(wakes)))
    }

    /// Nothing is cancelled: what protects stays, and is told.
    async fn leave(&self, desk: &Desk) -> Result<(), Failure> {
        let Ok(survey) = desk.manager.survey().await else {
            return self.tell_of_failure("stopped", "stopped without a last look at the venue");
        };
        let unprotected = survey.positions.iter().filter(|it| !it.health.has_stop).count();
        let (positions, resting) = (survey.positions.len() + survey.unpriced.len(), survey.orders.len());
        if self.target.json {
            return screen::json(&Stopped { event: "stopped", positions, resting, unprotected });
        }
        let stops = if unprotected > 0 { format!(", {unprotected} WITHOUT A STOP") } else { String::new() };
        screen::line(format!("stopped: {positions} positions stay open{stops}, {resting} orders stay resting"))
    }
}

/// What was done for the orders that go on.
fn tell_of_composed(them: &[Progress]) -> Result<(), Failure> {
    them.iter().filter_map(composed::news).try_for_each(|said| screen::line(format!("  {said}")))
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

const fn action(action: &Action) -> &'static str {
    match action {
        Action::None => "none",
        Action::Defended => "defended",
        Action::Reduced(_) => "reduced",
        Action::NotReduced(_) => "not_reduced",
        Action::Flattened(_) => "flattened",
        Action::Stopped { .. } => "stopped",
    }
}

impl Started {
    fn of(desk: &Desk, summary: &Summary, composed: &[Progress]) -> Self {
        let found = |it: &plimsoll_engine::Finding| Found {
            severity: severity(it.severity),
            kind: it.kind,
            symbol: it.symbol.as_ref().map(ToString::to_string),
            id: it.id.clone(),
            found: it.found.clone(),
            done: it.done.clone(),
        };
        Self {
            event: "reconciled",
            account: desk.account.name.to_string(),
            time: screen::instant(summary.started),
            took_ms: u64::try_from(summary.took.as_millis()).unwrap_or(u64::MAX),
            clean: summary.is_clean,
            findings: summary.findings.iter().map(found).collect(),
            composed: composed.iter().map(ProgressRow::of).collect(),
        }
    }
}

impl Pass {
    fn of(report: &MonitorReport) -> Self {
        Self {
            event: "pass",
            time: screen::instant(report.time),
            equity: screen::full(report.equity.get()),
            margin_ratio: report.margin_ratio.map(|ratio| screen::full(ratio.get())),
            health: report.health().to_string(),
            positions: report.positions.len(),
            unprotected: report.positions.iter().filter(|it| it.is_unprotected()).count(),
            unpriced: report.unpriced.len(),
            ended: report.ended.len(),
            action: action(&report.action),
            stage: report.stage().map(|stage| stage.to_string()),
            measures: measures::for_programs(report),
            overexposed: report.overexposed.iter().map(ToString::to_string).collect(),
            entries_cancelled: report.entries_cancelled.iter().map(ToString::to_string).collect(),
            composed: report.composed.iter().map(ProgressRow::of).collect(),
            climbed_to: report.climbed.as_ref().and_then(|it| it.due).map(|due| due.to_string()),
            troubles: report.troubles.iter().map(ToString::to_string).collect(),
        }
    }
}
