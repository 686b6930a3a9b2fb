//! The market goes by, and monitoring looks every hour.

use super::act::{pass, row};
use super::stage::Stage;
use super::story::{Step, Story};
use crate::failure::Failure;
use crate::screen::{self, full, percent, price};
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_domain::{MarginRatio, Money, Price, Timestamp};
use plimsoll_engine::{Action, MonitorReport};
use plimsoll_exchange::Tick;
use std::io::IsTerminal;
use std::time::Duration;

/// How often monitoring looks, in market time.
const EVERY: Duration = Duration::from_secs(3600);

/// How many lines the table of a whole market has, about.
const LINES: usize = 12;

/// Lets the whole market pass.
pub(super) async fn month(
    stage: &mut Stage,
    ticks: Box<dyn Iterator<Item = Tick> + Send>,
    story: &Story,
) -> Result<(), Failure> {
    let hours = hours(ticks, stage.now());
    story.show(format!("\n3  The market goes by: {} hours, and monitoring looks every hour\n", hours.len()))?;
    story.show(format!("  {:>12}  {:>9}  {:>9}  {:>10}  time", "mark", "ratio", "distance", "PnL"))?;
    let progress = progress(hours.len(), story);
    let every = hours.len().div_ceil(LINES).max(1);
    let mut seen = Seen::default();
    for (number, hour) in hours.iter().enumerate() {
        stage.advance(&current(hour, stage.now())).await?;
        let report = pass(stage).await?;
        let event = seen.look(&report);
        progress.inc(1);
        if number % every == 0 || number + 1 == hours.len() || event.is_some() {
            let said = event.unwrap_or_default();
            progress.suspend(|| story.show(row(&report, &format!("{} {said}", screen::minute(report.time)))))?;
        }
        if report.positions.is_empty() {
            break;
        }
    }
    progress.finish_and_clear();
    story.tell(&seen.told())
}

/// The market in pieces of an hour.
fn hours(ticks: impl Iterator<Item = Tick>, start: Timestamp) -> Vec<Vec<Tick>> {
    let mut hours: Vec<Vec<Tick>> = Vec::new();
    let mut until = start;
    for tick in ticks {
        if tick.time >= until || hours.is_empty() {
            hours.push(Vec::new());
            until = tick.time.plus(EVERY);
        }
        if let Some(hour) = hours.last_mut() {
            hour.push(tick);
        }
    }
    hours
}

/// What of an hour is still to come: while monitoring worked, a little of it went by.
fn current(hour: &[Tick], now: Timestamp) -> Vec<Tick> {
    hour.iter().map(|tick| Tick { time: tick.time.max(now), ..tick.clone() }).collect()
}

fn progress(hours: usize, story: &Story) -> ProgressBar {
    if story.is_json() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:40} {pos} of {len} hours, {eta} left");
    let bar = ProgressBar::new(u64::try_from(hours).unwrap_or(u64::MAX));
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

/// What a whole market looked like to monitoring.
#[derive(Default)]
struct Seen {
    passes: u32,
    lowest: Option<Price>,
    worst: Option<MarginRatio>,
    fundings: usize,
    funding: Money,
    ended: Vec<String>,
    troubles: Vec<String>,
}

impl Seen {
    /// Takes in a pass; answers what a person should see of it.
    fn look(&mut self, report: &MonitorReport) -> Option<String> {
        self.passes += 1;
        for health in &report.positions {
            self.lowest = Some(self.lowest.map_or(health.mark, |lowest| lowest.min(health.mark)));
        }
        self.worst = self.worst.max(report.margin_ratio);
        self.fundings += report.funding.new.len();
        self.funding += report.funding.new.iter().map(|booking| booking.payment).sum();
        self.troubles.extend(report.troubles.iter().map(ToString::to_string));
        let ended = report.ended.iter().map(|it| format!("ended by {}: net {}", it.reason, screen::cents(it.net())));
        let ended: Vec<String> = ended.collect();
        let acted = (report.action != Action::None).then(|| "monitoring acted".to_owned());
        self.ended.extend(ended.iter().cloned());
        ended.into_iter().chain(acted).reduce(|one, other| format!("{one}; {other}"))
    }

    fn told(&self) -> Step {
        let mut step = Step::new("replay", "   So it went").plain("passes", "passes of monitoring", self.passes);
        if let Some(lowest) = self.lowest {
            step = step.fact("lowest_mark", full(lowest.get()), "lowest mark seen", price(lowest));
        }
        if let Some(worst) = self.worst {
            step = step.fact("worst_margin_ratio", full(worst.get()), "worst margin ratio", percent(worst.get()));
        }
        step = step.plain("fundings", "fundings booked", self.fundings).fact(
            "funding",
            full(self.funding.get()),
            "funding paid",
            screen::money(self.funding),
        );
        step = self.ended.iter().fold(step, |step, ended| step.remark(ended));
        self.troubles.iter().fold(step, |step, trouble| step.remark(format!("trouble: {trouble}")))
    }
}
