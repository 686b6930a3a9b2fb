//! Whoever does the steps of a plan, with a process that may die under it.

mod calm;
mod composing;
mod deeds;
mod events;

pub(crate) use composing::told;

use crate::clock::Time;
use crate::fuse::Death;
use crate::plan::Plan;
use crate::process::Process;
use crate::step::{Deed, Step};
use crate::world::World;
use plimsoll_ports::ControlRepository;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// So long ago the account was opened, of which the records know nothing. No clock is so far off.
const OPENED_BEFORE: Duration = Duration::from_secs(30 * 60);

/// No step takes so long: whatever does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(20 * 60);

pub(crate) struct Trader<'a> {
    pub(crate) world: Arc<World>,
    pub(crate) plan: &'a Plan,
    process: Option<Process>,
    pub(crate) lives: u64,
    pub(crate) looks: u64,
    /// How often records and venue were compared.
    pub(crate) comparisons: u64,
    /// How often books and exchange were compared by us, and agreed.
    pub(crate) agreed: u64,
    off: i64,
    hands: u64,
}

impl<'a> Trader<'a> {
    /// Begins, and waits until the records have begun: what was in the wallet before is nobody's booking.
    pub(crate) async fn begin(world: Arc<World>, plan: &'a Plan) -> Self {
        world.time.sleep(OPENED_BEFORE).await;
        world.beat();
        let process = Some(Process::start(&world, plan, 0, 0));
        let mut trader = Self { world, plan, process, lives: 1, looks: 0, comparisons: 0, agreed: 0, off: 0, hands: 0 };
        trader.is_up().await;
        trader
    }

    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("one has begun, and none has ended for good")
    }

    /// Waits until the process has compared its books once, though not for long.
    async fn is_up(&mut self) {
        for _ in 0..60 {
            if self.process().compared().0 > 0 && self.process().looks() > 0 {
                return;
            }
            self.world.time.sleep(Duration::from_secs(1)).await;
        }
    }

    /// Does one step, and whatever happens beside it; then everything is watched for a while.
    pub(crate) async fn step(&mut self, number: usize, step: &Step) {
        self.world.note(|| format!("{number} {step}"));
        self.world.storm(step.storm.clone());
        if let Some(off) = step.clock {
            self.off = off.saturating_mul(1000);
            *self.process().off.lock().unwrap_or_else(PoisonError::into_inner) = self.off;
        }
        match step.deed {
            Deed::Restart => self.restart_cleanly(number).await,
            Deed::Watch(event) => {
                self.hands = self.hands.saturating_add(1);
                let hand = self.hands;
                self.befalls(event, hand).await;
            }
            _ => self.act(number, step).await,
        }
        let watched = or_death(self.process(), &self.world.time, None, self.world.time.sleep(step.watch)).await;
        if watched.is_none() {
            self.world.note(|| "  died while it was watched".to_owned());
            self.restart().await;
        }
        self.process().fuse.arm(None);
        if step.storm.is_empty() {
            self.compare(number).await;
        }
    }

    async fn act(&mut self, number: usize, step: &Step) {
        let time = self.world.time.clone();
        self.process().fuse.arm(step.death);
        let meanwhile = async {
            if let Some((after, event)) = step.meanwhile {
                time.sleep(after).await;
                self.befalls(event, 1_000_u64.saturating_add(u64::try_from(number).unwrap_or(0))).await;
            }
        };
        let beside = async {
            match step.beside {
                Some(deed) => Some(self.done(deed).await),
                None => None,
            }
        };
        let all = futures_util::future::join3(self.done(step.deed), beside, meanwhile);
        let in_time = async {
            tokio::select! {
                biased;
                done = all => Some(done),
                () = time.sleep(HANGS_AFTER) => None,
            }
        };
        match or_death(self.process(), &time, step.death, in_time).await {
            Some(Some((done, beside, ()))) => {
                self.world.note(|| format!("  {done}"));
                if let Some(beside) = beside {
                    self.world.note(|| format!("  beside: {beside}"));
                }
            }
            Some(None) => {
                self.world.is_wrong(format!("step {number}"), "hangs", "answers");
                self.restart().await;
            }
            None => {
                self.world.note(|| "  died".to_owned());
                self.restart().await;
            }
        }
    }

    /// The process dies, and another begins.
    pub(crate) async fn restart(&mut self) {
        self.world.state().fortune.deaths += 1;
        self.end().await;
        // Whoever only had it in its head has forgotten it.
        let recorded = self.world.store.kill_switch(&self.world.account).await;
        if recorded.is_ok_and(|switch| !switch.engaged) {
            self.world.state().observer.released();
        }
        self.begin_another().await;
    }

    async fn restart_cleanly(&mut self, number: usize) {
        self.process().fuse.arm(None);
        self.world.state().fortune.deaths += 1;
        self.count();
        if let Some(process) = self.process.take()
            && !process.stop(&self.world, HANGS_AFTER).await
        {
            self.world.is_wrong(format!("step {number}"), "does not stop", "stops");
        }
        let recorded = self.world.store.kill_switch(&self.world.account).await;
        if recorded.is_ok_and(|switch| !switch.engaged) {
            self.world.state().observer.released();
        }
        self.begin_another().await;
    }

    async fn begin_another(&mut self) {
        self.process = Some(Process::start(&self.world, self.plan, self.lives, self.off));
        self.lives = self.lives.saturating_add(1);
        self.is_up().await;
    }

    /// The process dies.
    pub(crate) async fn end(&mut self) {
        self.count();
        if let Some(process) = self.process.take() {
            process.die().await;
        }
    }

    fn count(&mut self) {
        let (looks, (comparisons, _)) = (self.process().looks(), self.process().compared());
        self.looks = self.looks.saturating_add(looks);
        self.comparisons = self.comparisons.saturating_add(comparisons);
    }
}

/// What it comes to, or nothing if the process dies before.
async fn or_death<T>(
    process: &Process,
    time: &Time,
    death: Option<Death>,
    doing: impl Future<Output = T>,
) -> Option<T> {
    let by_the_clock = async {
        match death {
            Some(Death::Later(after)) => time.sleep(after).await,
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = process.fuse.died() => None,
        () = by_the_clock => None,
        done = doing => Some(done),
    }
}
