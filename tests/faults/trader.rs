//! Whoever does the steps of a schedule, with a process that may die under it.

mod deeds;
mod events;

use super::crash::Mortal;
use super::process::Process;
use super::schedule::Schedule;
use super::stage::Stage;
use super::step::{Deed, Step};
use plimsoll_engine::ClientOrderIds;
use plimsoll_ports::Purpose;
use plimsoll_trial::difference::Difference;
use std::time::{Duration, Instant};

/// No step takes so long: whatever does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(20);

/// How often it is tried to reconcile while faults keep it from that.
const TRIES: u32 = 3;

pub(crate) struct Trader<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) schedule: &'a Schedule,
    process: Option<Process>,
    pub(crate) log: Vec<String>,
    /// What was wrong on the way, whatever the end is.
    pub(crate) wrong: Vec<Difference>,
    pub(crate) lives: u64,
    hands: u64,
    started: Instant,
}

impl<'a> Trader<'a> {
    pub(crate) async fn begin(stage: &'a Stage, schedule: &'a Schedule) -> Self {
        let process = Some(Process::start(stage, schedule, 0).await);
        let (log, wrong) = (Vec::new(), Vec::new());
        let mut trader = Self { stage, schedule, process, log, wrong, lives: 1, hands: 0, started: Instant::now() };
        trader.reconcile_if_need_be().await;
        // The records begin with the wallet as it is: what was booked before is not theirs.
        if let Err(failure) = trader.process().manager.monitor().await {
            trader.note(format!("blind from the start: {failure}"));
        }
        trader
    }

    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("one has begun, and none has ended for good")
    }

    fn process_mut(&mut self) -> &mut Process {
        self.process.as_mut().expect("one has begun, and none has ended for good")
    }

    /// The process dies.
    pub(crate) async fn end(&mut self) {
        if let Some(process) = self.process.take() {
            process.die().await;
        }
    }

    pub(crate) fn note(&mut self, what: impl std::fmt::Display) {
        let (wall, market) = (self.started.elapsed().as_millis(), self.stage.venue.exchange(|it| it.now()));
        self.log.push(format!("{wall:>5} ms, {market}: {what}"));
    }

    /// Does one step, and whatever happens beside it.
    pub(crate) async fn step(&mut self, number: usize, step: &Step) {
        self.note(format!("{number} {step}"));
        match step.deed {
            Deed::Restart => self.restart().await,
            Deed::Watch(event) => self.happens(event).await,
            _ => self.act(number, step).await,
        }
    }

    async fn act(&mut self, number: usize, step: &Step) {
        if matches!(step.deed, Deed::Open { .. } | Deed::MonitorBesideOpen { .. }) {
            self.reconcile_if_need_be().await;
            self.process().freshen(&self.stage.market).await;
        }
        let entries = self.entries();
        let deed = tokio::time::timeout(HANGS_AFTER, Mortal::new(self.done(step.deed), step.crash));
        let meanwhile = async {
            if let Some((after, event)) = step.meanwhile {
                tokio::time::sleep(after).await;
                self.befalls(event, 1_000 + number as u64);
            }
        };
        let (deed, ()) = futures_util::future::join(deed, meanwhile).await;
        match deed {
            Ok(Some(done)) => {
                self.note(format!("  {}", done.said));
                self.wrong.extend(done.wrong);
                let entered = self.entries() - entries;
                if entered > 1 {
                    self.wrong.push(Difference::new(
                        format!("step {number}"),
                        "entered once",
                        format!("{entered} times"),
                    ));
                }
            }
            Ok(None) => {
                self.note("  died");
                self.restart().await;
            }
            Err(_) => {
                self.wrong.push(Difference::new(format!("step {number}"), "hangs", "answers"));
                self.restart().await;
            }
        }
    }

    /// How many of our entries ever were at the venue.
    fn entries(&self) -> usize {
        let ids = ClientOrderIds::of_process(&self.stage.account, 0);
        let truth = self.stage.truth();
        let is_entry = |order: &&plimsoll_domain::Order| {
            let id = &order.client_order_id;
            let intent = ids.intent_of(id);
            intent.is_some_and(|intent| (0..36).any(|attempt| intent.order(Purpose::Entry, attempt) == *id))
        };
        truth.orders().filter(is_entry).count()
    }

    /// The process ends and another begins: it reconciles before it does anything.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        self.process = Some(Process::start(self.stage, self.schedule, self.lives).await);
        self.lives += 1;
        self.reconcile_if_need_be().await;
    }

    async fn reconcile_if_need_be(&mut self) {
        for _ in 0..TRIES {
            if self.process().has_reconciled {
                return;
            }
            let outcome = tokio::time::timeout(HANGS_AFTER, self.process().manager.reconcile()).await;
            match outcome {
                Ok(Ok(told)) => {
                    self.process_mut().has_reconciled = true;
                    self.note(format!("  reconciled{}", said(&told)));
                }
                Ok(Err(failure)) => self.note(format!("  not reconciled: {failure}")),
                Err(_) => self.wrong.push(Difference::new("reconciling", "hangs", "answers")),
            }
        }
    }
}

/// What a reconciliation found, in short.
pub(crate) fn said(it: &plimsoll_engine::Reconciliation) -> String {
    let parts = [
        (it.orders.len(), "orders"),
        (it.orders.iter().filter(|fate| !fate.is_known()).count(), "of unknown fate"),
        (it.adopted.len(), "adopted"),
        (it.ended.len(), "ended"),
        (it.changed.len(), "changed"),
        (it.unexplained.len(), "unexplained"),
        (it.orphans.len(), "orphans"),
        (it.restored.len(), "restored"),
        (it.unprotected.len(), "unprotected"),
        (it.drifted.len(), "drifted"),
    ];
    let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    let troubles = it.troubles.iter().map(|trouble| format!("; {trouble}"));
    said.chain(troubles).collect()
}
