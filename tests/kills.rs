//! The real process, killed.
//!
//! The venue and its market go on in this process; `plimsoll` runs in one of its own, trades, and is killed with SIGKILL at
//! a moment that the seed chooses. Then `plimsoll run` starts, reconciles, tells what it found, and is asked to stop with
//! SIGTERM. After that the ledger file and the exchange itself are compared: nothing lost, nothing doubled, nothing
//! orphaned, no position without its stop.

mod command;
mod composing;
mod stage;
mod verdict;

use command::{Command, End, Recovery, Trading};
use plimsoll_trial::random::Random;
use stage::Stage;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use verdict::Wrong;

/// How long a recovery may take beyond what the venue itself takes to be definite.
pub const RECOVERY: Duration = Duration::from_secs(1);

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The `plimsoll` binary.
    pub program: PathBuf,
    /// How many processes are to die in the order path: after an order was journalled, and before the verb was done.
    pub kills: u32,
    /// Decides what is done, and when it dies.
    pub seed: u64,
}

/// What it came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Processes killed in the order path.
    pub killed: u32,
    /// The same by verb.
    pub verbs: BTreeMap<&'static str, u32>,
    /// Processes killed before they had journalled an order.
    pub early: u32,
    /// Processes that were done before their time came.
    pub done: u32,
    /// How many of the killed left something for the next start to mend.
    pub mended: u32,
    /// Orders of ours at the venue.
    pub orders: usize,
    /// Fills at the venue.
    pub fills: usize,
    /// What each recovery took, and what of it was waiting for the venue to be definite.
    pub recoveries: Vec<Recovery>,
    /// Everything that is wrong.
    pub wrong: Vec<String>,
}

impl Report {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut took: Vec<Duration> = self.recoveries.iter().map(Recovery::own).collect();
        took.sort_unstable();
        let at = |percent: usize| took.get(took.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
        writeln!(
            f,
            "{} processes killed in the order path, {} before it, {} were done",
            self.killed, self.early, self.done
        )?;
        let verbs: Vec<String> = self.verbs.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
        writeln!(f, "killed in the order path: {}", verbs.join(", "))?;
        writeln!(f, "{} of them left something to mend; {} orders, {} fills", self.mended, self.orders, self.fills)?;
        writeln!(
            f,
            "recovery beyond the venue's own window: median {} ms, p99 {} ms, longest {} ms",
            at(50).as_millis(),
            at(99).as_millis(),
            at(100).as_millis()
        )?;
        match self.wrong.as_slice() {
            [] => write!(
                f,
                "0 orders lost, doubled or orphaned; 0 positions without their stop; the ledger is the exchange's"
            ),
            wrong => {
                writeln!(f, "{} things are wrong:", wrong.len())?;
                wrong.iter().try_for_each(|it| writeln!(f, "  {it}"))
            }
        }
    }
}

/// Kills as often as planned; stops at the first kill after which anything is wrong, since all after it would be too.
pub async fn run(plan: &Plan, mut told: impl FnMut(&Report)) -> Report {
    let stage = Stage::set(plan.seed).await;
    let mut random = Random::of(plan.seed, "kills");
    let mut trading = Trading::new(&plan.program, &stage);
    let mut report = Report::default();
    while report.killed < plan.kills && report.is_well() {
        let command = Command::next(&mut random, &stage, &trading.working().await);
        let before = verdict::Before::of(&stage).await;
        let end = trading.run_and_kill(&command, &mut random).await;
        *match end {
            End::AtWork => &mut report.killed,
            End::Early => &mut report.early,
            End::Done => &mut report.done,
        } += 1;
        if end == End::AtWork {
            *report.verbs.entry(command.verb()).or_default() += 1;
        }
        stage.hold_prices(true);
        let recovery = trading.recover().await;
        report.mended += u32::from(end == End::AtWork && recovery.mended);
        let mut wrong = verdict::of(&stage, &before).await;
        stage.hold_prices(false);
        if recovery.own() > RECOVERY {
            wrong.push(Wrong::SlowRecovery(recovery.own(), recovery.report.clone()));
        }
        let number = report.killed + report.early + report.done;
        let place = format!("seed {}, process {number}, {command}", plan.seed);
        report.wrong.extend(recovery.failure.iter().map(|it| format!("{place}: {it}")));
        report.wrong.extend(wrong.iter().map(|it| format!("{place}: {it}")));
        report.recoveries.push(recovery);
        told(&report);
    }
    if report.is_well() {
        stage.hold_prices(true);
        trading.clear_away().await;
        trading.recover().await;
        report.wrong.extend(verdict::at_the_end(&stage).await.iter().map(|it| format!("at the end: {it}")));
    }
    (report.orders, report.fills) = stage.traded();
    report
}
