//! One venue of the exchange's process.

use super::books::{self, Books};
use super::listed;
use super::plan::Plan;
use super::said::{Address, Calmed, Told};
use super::trading::{CONTRACTS, Trading};
use super::venue::{KEY, PASSPHRASE, SECRET, Wire, serve};
use super::weather;
use plimsoll_domain::{AccountId, Decimal, Money};
use plimsoll_exchange::{Exchange, Settings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::Running;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Orders, fills and income of about so many seconds are kept, of which a quarter as many come as events are told: an account
/// is never away for as long, with what it asks for again.
const KEPT_SECONDS: u64 = 45;

/// So often time passes where nothing else happens.
const BEAT: Duration = Duration::from_millis(20);

/// A venue with one account, which trades once it is told to begin.
pub(super) struct Venue {
    wire: Wire,
    running: Arc<Running>,
    account: AccountId,
    told: Arc<Counted>,
    life: JoinHandle<()>,
}

/// What was told so far.
#[derive(Default)]
pub(super) struct Counted {
    events: AtomicU64,
    fills: AtomicU64,
}

impl Counted {
    pub(super) fn set(&self, told: Told) {
        self.events.store(told.events, Ordering::Relaxed);
        self.fills.store(told.fills, Ordering::Relaxed);
    }
}

impl Venue {
    pub(super) async fn open(
        wire: Wire,
        number: usize,
        plan: Plan,
        begin: watch::Receiver<bool>,
        calm: mpsc::Sender<(usize, Calmed)>,
    ) -> Self {
        let keeps = usize::try_from(plan.rate.saturating_mul(KEPT_SECONDS) / 4).unwrap_or(usize::MAX).max(1000);
        let settings = Settings { keeps: Some(keeps), ..Settings::default() };
        let mut exchange = Exchange::with_settings(SystemClock.now(), settings);
        listed::list(&mut exchange, &listed::contracts(wire, CONTRACTS));
        let wallet = Money::new(Decimal::from(1_000_000_000));
        let running = Arc::new(serve(wire, exchange, wallet).await);
        let account = AccountId::new("soak");
        running.open_account_with_passphrase(&account, KEY, SECRET.into(), PASSPHRASE.into()).expect("an account");
        let told = Arc::new(Counted::default());
        let trading = Trading::new(wire, Arc::clone(&running), account.clone(), &plan, Arc::clone(&told));
        let life = tokio::spawn(live(trading, plan, number, begin, calm));
        Self { wire, running, account, told, life }
    }

    pub(super) fn address(&self) -> Address {
        Address { rest: self.running.rest_url(), sockets: self.running.ws_url() }
    }

    pub(super) fn told(&self) -> Told {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Told { events: read(&self.told.events), fills: read(&self.told.fills) }
    }

    pub(super) fn books(&self) -> Books {
        self.running.exchange(|exchange| books::of_exchange(self.wire, exchange, &self.account))
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        self.life.abort();
    }
}

/// Time passes; then there are trades and faults; then neither, and time passes.
async fn live(
    mut trading: Trading,
    plan: Plan,
    number: usize,
    mut begin: watch::Receiver<bool>,
    calm: mpsc::Sender<(usize, Calmed)>,
) {
    tokio::select! {
        _ = begin.wait_for(|begun| *begun) => {}
        () = pass(&mut trading) => {}
    }
    trading.venue.begin_faults(&weather::plan(&plan, number));
    let traded = trading.trade(plan.rate, plan.length).await;
    trading.venue.calm();
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    for injected in trading.venue.injected() {
        *faults.entry(injected.fault.word().to_owned()).or_default() += 1;
    }
    let faults = faults.into_iter().collect();
    let calmed = Calmed { told: trading.told(), traded: traded.as_secs_f64(), faults, refused: trading.refused };
    // Nobody may want to know any more.
    let _ = calm.send((number, calmed)).await;
    pass(&mut trading).await;
}

async fn pass(trading: &mut Trading) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        trading.pass();
    }
}
