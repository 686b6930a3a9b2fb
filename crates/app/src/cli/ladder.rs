//! `plimsoll ladder`: where a live account stands on the way from paper to all of its capital.

use super::acting;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full};
use clap::Args;
use plimsoll_domain::Timestamp;
use plimsoll_domain::risk::{Climb, LadderRules, Rung};
use plimsoll_engine::LadderFailure;
use serde::Serialize;
use std::process::ExitCode;

/// The step that a live account is on, the days that were served of it, and what is missing; or a step out of turn, by name.
///
/// A day counts once it is over, if the records show that it was traded on. The steps are taken by `plimsoll run`, and by
/// any verb that acts, when they are due. Whoever takes one out of turn is recorded, and the days are counted from then on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll ladder --account main --live
  plimsoll ladder --override micro --by 'Ana Ruiz' \\
      --reason 'traded elsewhere for a year' --account main --live")]
pub(crate) struct Ladder {
    /// Put the account on this step: paper, micro or full
    #[arg(long = "override", value_name = "STEP", requires_all = ["by", "reason"])]
    wanted: Option<Rung>,
    /// Who takes that step, by name
    #[arg(long, value_name = "NAME", requires = "wanted")]
    by: Option<String>,
    /// Why, for the records
    #[arg(long, value_name = "TEXT", requires = "wanted")]
    reason: Option<String>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer {
    account: String,
    /// An account that is not live climbs no ladder: the rest is null.
    live: bool,
    step: Option<String>,
    since: Option<String>,
    overridden_by: Option<String>,
    days_served: Option<u32>,
    days_on_record: Option<u32>,
    days_needed: Option<u32>,
    days_missing: Option<u32>,
    first_day: Option<String>,
    last_day: Option<String>,
    paper_account: Option<String>,
    next_step: Option<String>,
    is_due: Option<bool>,
    capital: Option<String>,
}

impl Ladder {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.show_or_step())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The records say it all: the venue is asked nothing.
    async fn show_or_step(self) -> Result<(), Failure> {
        if self.wanted.is_some() {
            self.consent.can_be_had(self.target.json)?;
        }
        let desk = self.target.desk_without_keys().await?;
        let outcome = match self.wanted {
            Some(rung) => self.step(&desk, rung).await,
            None => self.show(&desk).await,
        };
        desk.close().await;
        outcome
    }

    async fn show(&self, desk: &Desk) -> Result<(), Failure> {
        let climb = desk.manager.ladder().await.map_err(|error| unread(&error))?;
        self.told(desk, climb.as_ref())
    }

    async fn step(&self, desk: &Desk, rung: Rung) -> Result<(), Failure> {
        let name = &desk.account.name;
        let before = desk.manager.ladder().await.map_err(|error| unread(&error))?;
        let Some(before) = before else { return Err(failed(&LadderFailure::NotLive)) };
        let shown = if self.target.json { Ok(()) } else { print(desk, &before) };
        let from = before.foothold.rung;
        let question = format!("Put {name} on the {rung} step, from {from}{}?", acting::live(desk));
        if !self.consent.is_given(shown, &question)? {
            return if self.target.json { self.told(desk, Some(&before)) } else { Ok(()) };
        }
        let (by, reason) = (self.by.as_deref().unwrap_or_default(), self.reason.as_deref().unwrap_or_default());
        desk.manager.override_ladder(rung, by, reason).await.map_err(|failure| failed(&failure))?;
        let after = desk.manager.ladder().await.map_err(|error| unread(&error))?;
        acting::done(self.told(desk, after.as_ref()))
    }

    fn told(&self, desk: &Desk, climb: Option<&Climb>) -> Result<(), Failure> {
        if self.target.json {
            return screen::json(&Answer::of(desk, climb));
        }
        match climb {
            Some(climb) => print(desk, climb),
            None => {
                let (name, environment) = (&desk.account.name, desk.account.environment.as_str());
                screen::line(format!("{name} is in the {environment} environment, no real money: it climbs no ladder"))
            }
        }
    }
}

/// One sentence of where an account stands.
pub(super) fn sentence(desk: &Desk, climb: &Climb) -> String {
    let name = &desk.account.name;
    match climb.foothold.rung {
        Rung::Paper => format!("{name} is on the paper step of the ladder: nothing is opened, {}", missing(climb)),
        Rung::Micro => {
            let (capital, settle) = (desk.config.ladder.micro_capital, &desk.account.settle);
            format!("{name} is on the micro step of the ladder: it counts as {capital} {settle}, {}", missing(climb))
        }
        Rung::Full => format!("{name} is on the full step of the ladder: its limits alone count"),
    }
}

fn missing(climb: &Climb) -> String {
    match (climb.due, climb.missing()) {
        (Some(due), _) => format!("and the {due} step is due"),
        (None, Some(missing)) => format!("{missing} days are missing"),
        (None, None) => "nothing is missing".to_owned(),
    }
}

fn print(desk: &Desk, climb: &Climb) -> Result<(), Failure> {
    screen::line(sentence(desk, climb))?;
    let day = |time: Timestamp| time.to_string().chars().take(10).collect::<String>();
    let served = &climb.served;
    let since = (climb.foothold.since > Timestamp::default()).then(|| screen::minute(climb.foothold.since));
    let days = climb.needed.map(|needed| format!("{} of {needed}, {} on record", served.days, served.on_record));
    let span = served.first.zip(served.last).map(|(first, last)| format!("{} to {}", day(first), day(last)));
    Facts::default()
        .maybe("since", since)
        .maybe("out of turn, by", climb.foothold.overridden_by.as_ref())
        .maybe("days traded", days)
        .maybe("", span)
        .maybe("paper account", paper(desk, climb.foothold.rung))
        .print()?;
    match climb.foothold.rung {
        Rung::Paper if desk.account.paper_account.is_none() => screen::line(format!(
            "No day counts yet: write paper_account = \"NAME\" of a testnet or loopback account into [accounts.{}].",
            desk.account.name
        )),
        _ => Ok(()),
    }
}

fn paper(desk: &Desk, rung: Rung) -> Option<String> {
    desk.account.paper_account.as_ref().filter(|_| rung == Rung::Paper).map(ToString::to_string)
}

fn unread(error: &plimsoll_ports::StoreError) -> Failure {
    Failure::unreachable(format!("the step of the ladder cannot be read: {error}"))
        .help("Nothing is opened meanwhile. `plimsoll doctor` looks at the database.")
}

fn failed(failure: &LadderFailure) -> Failure {
    match failure {
        LadderFailure::Records(error) => unread(error),
        LadderFailure::NotLive => Failure::no(failure).help("Name a live account with --account, and add --live."),
        LadderFailure::AlreadyThere(_) => Failure::no(failure).help("`plimsoll ladder` shows where it stands."),
        LadderFailure::Nobody | LadderFailure::NoReason => {
            Failure::usage(failure).help("Add --by NAME and --reason TEXT, which are kept in the records.")
        }
    }
}

fn capital(rules: &LadderRules, rung: Rung) -> Option<String> {
    (rung == Rung::Micro).then(|| full(rules.micro_capital.get()))
}

impl Answer {
    fn of(desk: &Desk, climb: Option<&Climb>) -> Self {
        let day = |time: Option<Timestamp>| time.map(screen::instant);
        let rung = climb.map(|it| it.foothold.rung);
        let since = climb.map(|it| it.foothold.since).filter(|since| *since > Timestamp::default());
        Self {
            account: desk.account.name.to_string(),
            live: climb.is_some(),
            step: rung.map(|rung| rung.to_string()),
            since: day(since),
            overridden_by: climb.and_then(|it| it.foothold.overridden_by.as_ref()).map(ToString::to_string),
            days_served: climb.map(|it| it.served.days),
            days_on_record: climb.map(|it| it.served.on_record),
            days_needed: climb.and_then(|it| it.needed),
            days_missing: climb.and_then(Climb::missing),
            first_day: day(climb.and_then(|it| it.served.first)),
            last_day: day(climb.and_then(|it| it.served.last)),
            paper_account: rung.and_then(|rung| paper(desk, rung)),
            next_step: rung.and_then(Rung::next).map(|next| next.to_string()),
            is_due: climb.map(|it| it.due.is_some()),
            capital: rung.and_then(|rung| capital(&desk.config.ladder, rung)),
        }
    }
}
