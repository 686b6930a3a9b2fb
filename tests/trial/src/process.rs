//! What dies: the account's task, the guard, the manager, and every answer that any of them waits for.

use crate::fuse::Fuse;
use crate::manager;
use crate::plan::Plan;
use crate::stream::TrialStream;
use crate::trader::told;
use crate::world::World;
use plimsoll_domain::Change;
use plimsoll_engine::{
    AccountFollower, AccountNews, AccountPorts, AccountView, Guard, GuardNews, GuardSettings, Lookout, LookoutNews,
    Ports, PositionManager, Reconciliation, Stopper, VenueAccountSettings,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One life of our process.
pub(crate) struct Process {
    pub(crate) manager: Arc<PositionManager>,
    pub(crate) eyes: Eyes,
    pub(crate) fuse: Fuse,
    /// How far its clock is off.
    pub(crate) off: Arc<Mutex<i64>>,
    stopper: Stopper,
    guarding: JoinHandle<()>,
    heard: Heard,
    listening: JoinHandle<()>,
}

/// Who follows the account.
pub(crate) enum Eyes {
    /// A task of its own, which only says whether what is known is fresh.
    Follower(AccountFollower),
    /// The guard's lookout, by which it is woken.
    Lookout(watch::Receiver<Arc<AccountView>>),
}

impl Eyes {
    pub(crate) fn view(&self) -> Arc<AccountView> {
        match self {
            Self::Follower(account) => account.view(),
            Self::Lookout(view) => Arc::clone(&view.borrow()),
        }
    }
}

/// What the guard and the account told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Words>>);

#[derive(Default)]
struct Words {
    /// The last comparison of records and venue, and how many there were.
    compared: Option<Reconciliation>,
    comparisons: u64,
    looks: u64,
    /// How often each trade was told.
    trades: BTreeMap<String, u32>,
}

impl Heard {
    fn of(&self, change: &Change) {
        if let Change::Filled(fill) = change {
            let trade = format!("{} {}", fill.symbol, fill.trade_id);
            *self.words().trades.entry(trade).or_default() += 1;
        }
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Starts, with a guard that reconciles and looks; `life` counts from 0.
    pub(crate) fn start(world: &Arc<World>, plan: &Plan, life: u64, off: i64) -> Self {
        let (fuse, off) = (Fuse::default(), Arc::new(Mutex::new(off)));
        let ports = manager::ports(world, &fuse, &off);
        let heard = Heard::default();
        let (eyes, lookout) = if plan.has_lookout {
            let lookout = lookout(world, &ports);
            (Eyes::Lookout(lookout.watch()), Some(lookout))
        } else {
            let account = AccountFollower::spawn(Box::new(stream(world)), Arc::clone(&ports.clock));
            (Eyes::Follower(account), None)
        };
        let watch = match &eyes {
            Eyes::Follower(account) => account.watch(),
            Eyes::Lookout(view) => view.clone(),
        };
        let manager = Arc::new(manager::of(world, plan, life, ports).with_view(watch));
        let settings = GuardSettings { interval: plan.interval, ..GuardSettings::default() };
        let mut guard = Guard::new(Arc::clone(&manager), settings);
        if let Some(lookout) = lookout {
            guard = guard.with_lookout(lookout);
        }
        let stopper = guard.stopper();
        let guarding = {
            let (heard, world) = (heard.clone(), Arc::clone(world));
            tokio::spawn(async move {
                guard.run(|news| hear(&world, &heard, news)).await;
            })
        };
        let listening = {
            let heard = heard.clone();
            let changes = match &eyes {
                Eyes::Follower(account) => Some(account.changes()),
                Eyes::Lookout(_) => None,
            };
            tokio::spawn(async move {
                let Some(mut changes) = changes else { return };
                while let Ok(change) = changes.recv().await {
                    heard.of(&change);
                }
            })
        };
        Self { manager, eyes, fuse, off, stopper, guarding, heard, listening }
    }

    /// Ends without another word.
    pub(crate) async fn die(self) {
        let Self { guarding, listening, eyes, manager, fuse, .. } = self;
        fuse.blow();
        for task in [guarding, listening] {
            // One that has ended by itself has been waited for already.
            if !task.is_finished() {
                task.abort();
                // It was cancelled, as it should be.
                let _ = task.await;
            }
        }
        drop((eyes, manager));
    }

    /// Ends in an orderly way: `false` if that takes longer than it may.
    pub(crate) async fn stop(mut self, world: &World, within: Duration) -> bool {
        self.stopper.stop();
        let is_done = tokio::select! {
            biased;
            _ = &mut self.guarding => true,
            () = world.time.sleep(within) => false,
        };
        self.die().await;
        is_done
    }

    /// How many comparisons there were, and the last.
    pub(crate) fn compared(&self) -> (u64, Option<Reconciliation>) {
        let words = self.heard.words();
        (words.comparisons, words.compared.clone())
    }

    /// How often it looked at the account.
    pub(crate) fn looks(&self) -> u64 {
        self.heard.words().looks
    }

    /// Trades that were told more than once.
    pub(crate) fn doubled(&self) -> Vec<(String, u32)> {
        let words = self.heard.words();
        words.trades.iter().filter(|(_, times)| **times > 1).map(|(trade, times)| (trade.clone(), *times)).collect()
    }
}

fn stream(world: &Arc<World>) -> TrialStream {
    let broker = world.venue.broker(&world.account).expect("the account is open");
    TrialStream::open(Arc::clone(world), broker)
}

fn lookout(world: &Arc<World>, ports: &Ports) -> Lookout {
    let account = AccountPorts {
        broker: Arc::clone(&ports.broker),
        audit: None,
        journal: Arc::clone(&ports.journal),
        clock: Arc::clone(&ports.clock),
    };
    let streams = Arc::clone(world);
    let settings = VenueAccountSettings::new(world.account.clone());
    Lookout::new(account, Arc::new(move || Box::new(stream(&streams))), Arc::clone(&ports.feed), settings)
}

fn hear(world: &World, heard: &Heard, news: &GuardNews) {
    match news {
        GuardNews::Reconciled(it) => {
            world.note(|| format!("  reconciled{}", said(it)));
            let mut words = heard.words();
            words.comparisons = words.comparisons.saturating_add(1);
            words.compared = Some(it.clone());
        }
        GuardNews::NotReconciled(failure) => world.note(|| format!("  not reconciled: {failure}")),
        GuardNews::Watched(report) => {
            let troubles: String = report.troubles.iter().map(|trouble| format!("; {trouble}")).collect();
            world.note(|| format!("  watched: {:?}, {} ended{troubles}", report.action, report.ended.len()));
            for progress in &report.composed {
                world.note(|| format!("  goes on: {}", told(progress)));
            }
            let mut words = heard.words();
            words.looks = words.looks.saturating_add(1);
        }
        GuardNews::Blind(failure) => world.note(|| format!("  blind: {failure}")),
        GuardNews::Stopped(stopped) => world.note(|| format!("  stopped: {} troubles", stopped.troubles.len())),
        GuardNews::Woken(wakes) => world.note(|| {
            let wakes: Vec<&str> = wakes.iter().map(|wake| wake.why.as_str()).collect();
            format!("  woken: {}", wakes.join(", "))
        }),
        GuardNews::Lookout(LookoutNews::Account(AccountNews::Changed(change))) => heard.of(change),
        GuardNews::Lookout(_) => {}
    }
}

/// What a comparison found, in short.
pub(crate) fn said(it: &Reconciliation) -> String {
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
