//! One account as it is followed.

use super::books::{self, Books, Difference};
use super::ear::{Brought, Counted, Heard, listen, lock, millis};
use super::listed;
use super::plan::Plan;
use super::report::{AccountReport, Gaps};
use super::said::{Address, Calmed};
use super::trading::CONTRACTS;
use super::venue::{Connection, Patience, Wire, connect};
use plimsoll_domain::{AccountId, MarketEvent};
use plimsoll_engine::{AccountPorts, AccountView, ConnectFailure, Link, VenueAccount, VenueAccountSettings};
use plimsoll_ports::{MarketItem, SystemClock};
use plimsoll_sqlite::SqliteStore;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// So often an account is held against its venue: ten times as often as usual, as its bad luck is.
const AUDIT_EVERY: Duration = Duration::from_secs(30);

/// So long a view may take to show what was asked for.
const SHOWS_WITHIN: Duration = Duration::from_secs(5);

/// So long a last reading may take.
const READ_WITHIN: Duration = Duration::from_secs(60);

pub(super) struct Account {
    wire: Wire,
    account: Arc<VenueAccount>,
    heard: Arc<Mutex<Heard>>,
    brought: Arc<Brought>,
    listening: [JoinHandle<()>; 2],
}

impl Account {
    pub(super) async fn open(number: usize, address: &Address, plan: &Plan) -> Result<Self, ConnectFailure> {
        let wire = Wire::ALL.get(number).copied().unwrap_or(Wire::Binance);
        let clock = Arc::new(SystemClock);
        let Connection { broker, feed, stream } =
            connect(wire, &address.rest, &address.sockets, clock.clone(), plan.seed, Patience::OfProduction);
        let brought = Arc::new(Brought::default());
        let stream = Box::new(Counted { stream, brought: Arc::clone(&brought) });
        let journal = Arc::new(SqliteStore::in_memory().await.expect("a journal in memory"));
        let ports = AccountPorts { broker, audit: None, journal, clock };
        let settings =
            VenueAccountSettings { audit_every: AUDIT_EVERY, ..VenueAccountSettings::new(AccountId::new("soak")) };
        let account = Arc::new(VenueAccount::connect(ports, stream, settings).await?);
        let heard = Arc::new(Mutex::new(Heard::new(plan.slice())));
        let listening = tokio::spawn(listen(account.news(), Arc::clone(&heard)));
        let symbols: Vec<_> = listed::contracts(wire, CONTRACTS).into_iter().map(|it| it.symbol).collect();
        let marked = Arc::clone(&account);
        let marking = tokio::spawn(async move {
            let Ok(mut prices) = feed.subscribe(&symbols).await else { return };
            while let Some(item) = prices.next().await {
                if let MarketItem::Event(MarketEvent::Mark(mark)) = item {
                    marked.mark(mark);
                }
            }
        });
        Ok(Self { wire, account, heard, brought, listening: [listening, marking] })
    }

    pub(super) fn begin(&self) {
        lock(&self.heard).begin();
    }

    /// How it is, in a few words.
    pub(super) fn now(&self) -> String {
        let (p50, p99) = lock(&self.heard).lag();
        let view = self.account.view();
        let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let trust = if view.is_trusted() { "" } else { ", in doubt" };
        format!(
            "{}: {} events, lag {p50:.1} / {p99:.1} ms, {} reconnects, {} gaps{trust}",
            self.wire,
            read(&self.brought.events),
            read(&self.brought.connections).saturating_sub(1),
            view.gaps.closed,
        )
    }

    /// Whether it is whole, waited for.
    pub(super) async fn whole(&self, within: Duration) -> bool {
        matches!(tokio::time::timeout(within, self.account.until_live()).await, Ok(Ok(_)))
    }

    /// Reads the account, and the fills that may have been missed, as whoever wants to be sure does.
    pub(super) async fn resynchronise(&self) -> Result<(), String> {
        let read = tokio::time::timeout(READ_WITHIN, self.account.resynchronise()).await;
        let read = read.map_err(|_| format!("{} could not be read within {} s", self.wire, READ_WITHIN.as_secs()))?;
        read.map(drop).map_err(|failure| format!("{}: {failure}", self.wire))
    }

    /// What differs, once the view has had time to show what is the case.
    pub(super) async fn differences(&self, truth: &Books) -> Vec<Difference> {
        let mut view = self.account.watch();
        let is_true = |view: &Arc<AccountView>| self.compared(view, truth).is_empty();
        match tokio::time::timeout(SHOWS_WITHIN, view.wait_for(is_true)).await {
            Ok(Ok(_)) => Vec::new(),
            _ => self.compared(&self.account.view(), truth),
        }
    }

    fn compared(&self, view: &AccountView, truth: &Books) -> Vec<Difference> {
        let mut differences = books::differences(&books::of_view(self.wire, view), truth);
        if view.link != Link::Live || view.needs_resync {
            let ours = format!("{:?}, in doubt: {}", view.link, view.needs_resync);
            differences.push(Difference { subject: "link".to_owned(), ours, truth: "Live".to_owned() });
        }
        differences
    }

    /// The table ends with trading.
    pub(super) fn end_trading(&self) {
        lock(&self.heard).end();
    }

    pub(super) fn report(&self, calmed: &Calmed, before_asking: usize, differences: Vec<Difference>) -> AccountReport {
        let mut heard = lock(&self.heard);
        let view = self.account.view();
        let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let rate = if calmed.traded > 0.0 { as_f64(calmed.told.events) / calmed.traded } else { 0.0 };
        AccountReport {
            venue: self.wire.to_string(),
            told: calmed.told.events,
            rate,
            fills: calmed.told.fills,
            refused: calmed.refused,
            heard: read(&self.brought.events),
            unheard: heard.missed,
            slices: std::mem::take(&mut heard.slices),
            connections: read(&self.brought.connections),
            resyncs: read(&self.brought.resyncs),
            snapshots: read(&self.brought.snapshots),
            gaps: Gaps {
                count: heard.gaps.count(),
                p50_ms: millis(heard.gaps.percentile(50)),
                p99_ms: millis(heard.gaps.percentile(99)),
                longest_ms: millis(heard.gaps.longest()),
                caught_up: heard.caught_up.count(),
                latest_ms: millis(heard.caught_up.longest()),
            },
            audits: view.audits.audits,
            audit_differences: view.audits.differences,
            doubled: std::mem::take(&mut heard.doubled),
            faults: calmed.faults.clone(),
            before_asking,
            differences,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are less than 2^52")]
pub(super) const fn as_f64(count: u64) -> f64 {
    count as f64
}

impl Drop for Account {
    fn drop(&mut self) {
        self.listening.iter().for_each(JoinHandle::abort);
    }
}
