//! What `run` tells of one account, for programs and for people.

use super::elsewhere::{self, Elsewhere};
use super::left::Left;
use super::{measures, told};
use crate::cli::composed::{self, ProgressRow};
use crate::cli::{acting, ladder};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, counted};
use plimsoll_domain::risk::Climb;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_engine::{Action, GuardNews, LookoutNews, MonitorReport, Progress, Reconciliation, Summary, Wake};
use plimsoll_ports::{Clock, Severity, SystemClock};
use serde::Serialize;

/// Tells of one account.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    json: bool,
    account: AccountId,
    /// What lines begin with, where they would not say which account they are of.
    named: String,
    /// What a person was told last.
    before: String,
}

/// An event, and whose it is.
#[derive(Serialize)]
struct OfAccount<'a, T> {
    #[serde(flatten)]
    told: &'a T,
    account: &'a str,
}

#[derive(Serialize)]
struct Started {
    event: &'static str,
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
struct SeenAgain {
    event: &'static str,
    time: String,
    blind_ms: u64,
}

#[derive(Serialize)]
struct Switched<'a> {
    event: &'static str,
    time: String,
    engaged: bool,
    by: &'a str,
    reason: &'a str,
    since: Option<String>,
}

impl Teller {
    /// One for this account; where there are `several`, every line names it.
    pub(super) fn new(json: bool, account: AccountId, several: bool) -> Self {
        let named = if several { format!("{account}: ") } else { String::new() };
        Self { json, account, named, before: String::new() }
    }

    /// A live account is guarded on every step; what may be opened there is said before anything else.
    pub(super) async fn ladder(&self, desk: &Desk) -> Result<(), Failure> {
        if !desk.is_live() {
            return Ok(());
        }
        let climb = desk.manager.ladder().await;
        if self.json {
            let known = climb.as_ref().ok().and_then(Option::as_ref);
            return self.event(&Stands {
                event: "ladder",
                step: known.map(|it| it.foothold.rung.to_string()),
                days_missing: known.and_then(Climb::missing),
                error: climb.as_ref().err().map(ToString::to_string),
            });
        }
        match climb {
            Ok(Some(climb)) => screen::line(ladder::sentence(desk, &climb)),
            Ok(None) => Ok(()),
            Err(error) => {
                let said = format!("the step of the ladder cannot be read, so nothing is opened: {error}");
                screen::line(format!("{}{said}", self.named))
            }
        }
    }

    /// Whatever a guard tells.
    pub(super) fn news(&mut self, news: &GuardNews) -> Result<(), Failure> {
        match news {
            GuardNews::Reconciled(it) => self.report(it),
            GuardNews::NotReconciled(failure) => self.failure("not_reconciled", &failure.to_string()),
            GuardNews::Watched(report) => self.look(report),
            GuardNews::Blind(failure) => self.failure("blind", &failure.to_string()),
            GuardNews::Woken(wakes) => self.wakes(wakes),
            GuardNews::Lookout(news) => self.lookout(news),
            GuardNews::Stopped(_) => Ok(()),
        }
    }

    fn report(&self, found: &Reconciliation) -> Result<(), Failure> {
        let summary = &found.summary();
        if self.json {
            return self.event(&Started::of(summary, &found.composed));
        }
        let took = summary.took.as_millis();
        let verdict = match summary.is_clean {
            true => "records and venue agree",
            false if summary.findings.iter().all(|it| it.kind == "trouble") => "not everything could be compared:",
            false => "records and venue differed:",
        };
        screen::line(format!("{} {}: {verdict} ({took} ms)", screen::second(summary.started), self.account))?;
        summary
            .findings
            .iter()
            .try_for_each(|it| self.below(format!("{}: {}", severity(it.severity), acting::sentence(it))))?;
        self.composed(&found.composed)
    }

    /// A person is told what has changed; a program, every pass.
    fn look(&mut self, report: &MonitorReport) -> Result<(), Failure> {
        self.over(report)?;
        if self.json {
            return self.event(&Pass::of(report));
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
        let (health, positions) = (report.health(), counted(report.positions.len(), "position"));
        let said = format!("{health}: {positions}{stage}{stops}{dark}{over}{action}");
        let measures: Vec<String> = measures::for_people(report).collect();
        let is_quiet = measures.is_empty()
            && report.ended.is_empty()
            && report.troubles.is_empty()
            && report.entries_cancelled.is_empty();
        if said == self.before && is_quiet && report.climbed.is_none() {
            return self.composed(&report.composed);
        }
        self.line(report.time, format!("{said}, equity {}", screen::cents(report.equity)))?;
        self.before = said;
        measures.into_iter().try_for_each(|said| self.below(said))?;
        for it in &report.ended {
            let net = screen::money(it.net());
            self.below(format!("{} {} ended: {}, net {net}", it.symbol, it.direction, it.why()))?;
        }
        let over = report.overexposed.iter().map(ToString::to_string);
        let cancelled = report.entries_cancelled.iter().map(|id| format!("trading is stopped: {id} was cancelled"));
        let climbed = report.climbed.as_ref().and_then(|it| it.due).map(|due| format!("now on the {due} step"));
        over.chain(cancelled).chain(climbed).try_for_each(|said| self.below(said))?;
        report.troubles.iter().try_for_each(|trouble| self.below(format!("trouble: {trouble}")))?;
        self.composed(&report.composed)
    }

    /// What was told of, and is over or otherwise now.
    fn over(&self, report: &MonitorReport) -> Result<(), Failure> {
        let now = SystemClock.now();
        if let Some(blind_for) = report.blind_for {
            let blind_ms = u64::try_from(blind_for.as_millis()).unwrap_or(u64::MAX);
            match self.json {
                true => self.event(&SeenAgain { event: "seen_again", time: screen::instant(now), blind_ms })?,
                false => self.line(now, format!("the account can be read again, after {} s", blind_for.as_secs()))?,
            }
        }
        for it in &report.elsewhere {
            match self.json {
                true => self.event(&Elsewhere::of(it))?,
                false => self.line(now, elsewhere::line(it))?,
            }
        }
        let Some(switch) = &report.switched else { return Ok(()) };
        if self.json {
            return self.event(&Switched {
                event: "kill_switch",
                time: screen::instant(now),
                engaged: switch.engaged,
                by: &switch.by,
                reason: &switch.reason,
                since: switch.since.map(screen::instant),
            });
        }
        let (done, then) = match switch.engaged {
            true => ("KILL SWITCH ENGAGED", "nothing is opened until it is released"),
            false => ("kill switch released", "exposure may be added again"),
        };
        let since = switch.since.map(|since| format!(" at {}", screen::second(since))).unwrap_or_default();
        self.line(now, format!("{done}{since} by {}: {}; {then}", switch.by, switch.reason))
    }

    fn failure(&self, event: &'static str, error: &str) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.json {
            return self.event(&Blind { event, time: screen::instant(now), error: error.to_owned() });
        }
        self.line(now, format!("{error}; what rests at the venue protects on"))
    }

    /// What the account's stream tells, as it comes.
    fn lookout(&self, news: &LookoutNews) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.json {
            return told::for_programs(news, now).map_or(Ok(()), |it| self.event(&it));
        }
        told::for_people(news).map_or(Ok(()), |said| self.line(now, said))
    }

    fn wakes(&self, wakes: &[Wake]) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.json {
            return self.event(&told::woken(wakes, now));
        }
        self.line(now, told::woken_for_people(wakes))
    }

    /// Nothing is cancelled: what protects stays, and is told, and so is what nobody goes on with.
    pub(super) async fn leave(&self, desk: &Desk) -> Result<(), Failure> {
        let Ok(survey) = desk.manager.survey().await else {
            return self.failure("stopped", "stopped without a last look at the venue");
        };
        let left = Left::of(&survey, desk.manager.working().await.ok());
        if self.json {
            return self.event(&left);
        }
        screen::line(format!("{}{}", self.named, left.sentence()))
    }

    /// What was done for the orders that go on.
    fn composed(&self, them: &[Progress]) -> Result<(), Failure> {
        them.iter().filter_map(composed::news).try_for_each(|said| self.below(said))
    }

    /// A line below another.
    fn below(&self, said: String) -> Result<(), Failure> {
        screen::line(format!("  {}{said}", self.named))
    }

    fn line(&self, time: Timestamp, said: String) -> Result<(), Failure> {
        screen::line(format!("{} {}{said}", screen::second(time), self.named))
    }

    fn event(&self, told: &impl Serialize) -> Result<(), Failure> {
        screen::json(&OfAccount { told, account: self.account.as_str() })
    }
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
    fn of(summary: &Summary, composed: &[Progress]) -> Self {
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
