//! Hears everything that an account tells, and when.

use super::lag::Lags;
use super::report::Slice;
use plimsoll_domain::{Change, Timestamp};
use plimsoll_engine::{AccountNews, Link, Listener};
use plimsoll_ports::{AccountStream, Clock, StreamItem, SystemClock};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

/// What has been heard of one account.
pub(super) struct Heard {
    began: Instant,
    slice: Duration,
    pub(super) slices: Vec<Slice>,
    now: Lags,
    /// What happened while the account was in doubt, and was learnt when it was whole again.
    pub(super) caught_up: Lags,
    pub(super) gaps: Lags,
    in_doubt: bool,
    whole_since: Timestamp,
    /// Trades by contract, one bit each: their numbers follow each other.
    trades: BTreeMap<String, Vec<u64>>,
    pub(super) doubled: Vec<String>,
    /// Changes that were told faster than they were heard here.
    pub(super) missed: u64,
}

/// What the stream brought.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) events: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) resyncs: AtomicU64,
    pub(super) snapshots: AtomicU64,
}

/// A stream whose items are counted on their way.
pub(super) struct Counted {
    pub(super) stream: Box<dyn AccountStream>,
    pub(super) brought: Arc<Brought>,
}

#[async_trait::async_trait]
impl AccountStream for Counted {
    async fn next(&mut self) -> Option<StreamItem> {
        let item = self.stream.next().await;
        let count = match &item {
            Some(StreamItem::Event(plimsoll_domain::AccountEvent::Snapshot(_))) => &self.brought.snapshots,
            Some(StreamItem::Event(_)) => &self.brought.events,
            Some(StreamItem::Connected) => &self.brought.connections,
            Some(StreamItem::Resync { .. }) => &self.brought.resyncs,
            _ => return item,
        };
        count.fetch_add(1, Ordering::Relaxed);
        item
    }
}

impl Heard {
    pub(super) fn new(slice: Duration) -> Self {
        Self {
            began: Instant::now(),
            slice,
            slices: Vec::new(),
            now: Lags::new(),
            caught_up: Lags::new(),
            gaps: Lags::new(),
            in_doubt: false,
            whole_since: Timestamp::default(),
            trades: BTreeMap::new(),
            doubled: Vec::new(),
            missed: 0,
        }
    }

    /// Trading begins now.
    pub(super) fn begin(&mut self) {
        self.began = Instant::now();
        self.now.clear();
    }

    fn hear(&mut self, news: &AccountNews) {
        match news {
            AccountNews::Link(link) => self.in_doubt = *link != Link::Live,
            AccountNews::GapClosed(gap) => {
                self.gaps.note(gap.until.since(gap.from));
                self.in_doubt = false;
                self.whole_since = gap.until;
            }
            AccountNews::Changed(Change::Filled(fill)) => {
                self.note_trade(&fill.symbol.to_string(), fill.trade_id.as_str());
                self.note(fill.time);
            }
            AccountNews::Changed(Change::OrderChanged { order, .. }) => self.note(order.updated.time),
            _ => {}
        }
    }

    fn note(&mut self, happened: Timestamp) {
        let lag = SystemClock.now().since(happened);
        if self.in_doubt || happened <= self.whole_since {
            self.caught_up.note(lag);
        } else {
            self.now.note(lag);
        }
    }

    fn note_trade(&mut self, symbol: &str, id: &str) {
        let Ok(number) = id.parse::<usize>() else { return };
        if !self.trades.contains_key(symbol) {
            self.trades.insert(symbol.to_owned(), Vec::new());
        }
        let Some(seen) = self.trades.get_mut(symbol) else { return };
        let (word, bit) = (number / 64, 1 << (number % 64));
        if seen.len() <= word {
            seen.resize(word + 1, 0);
        }
        match seen.get_mut(word) {
            Some(word) if *word & bit != 0 => self.doubled.push(format!("{symbol} {id}")),
            Some(word) => *word |= bit,
            None => {}
        }
    }

    /// Ends the lines of the table whose time is over.
    fn roll(&mut self) {
        while self.slice > Duration::ZERO && self.began.elapsed() >= self.end_of_slice() {
            self.end_slice();
        }
    }

    fn end_of_slice(&self) -> Duration {
        self.slice * u32::try_from(self.slices.len() + 1).unwrap_or(u32::MAX)
    }

    fn end_slice(&mut self) {
        self.slices.push(Slice {
            until_seconds: self.end_of_slice().as_secs_f64(),
            changes: self.now.count(),
            p50_ms: millis(self.now.percentile(50)),
            p99_ms: millis(self.now.percentile(99)),
            longest_ms: millis(self.now.longest()),
        });
        self.now.clear();
    }

    /// Trading has ended: what is left of a line is none.
    pub(super) fn end(&mut self) {
        self.roll();
        self.slice = Duration::ZERO;
    }

    /// Lag of the line that is not full yet.
    pub(super) fn lag(&self) -> (f64, f64) {
        (millis(self.now.percentile(50)), millis(self.now.percentile(99)))
    }
}

pub(super) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Listens until nobody speaks any more.
pub(super) async fn listen(mut news: Listener<AccountNews>, heard: Arc<Mutex<Heard>>) {
    loop {
        match news.recv().await {
            Ok(it) => {
                let mut heard = lock(&heard);
                heard.roll();
                heard.hear(&it);
            }
            Err(RecvError::Lagged(missed)) => lock(&heard).missed += missed,
            Err(RecvError::Closed) => return,
        }
    }
}

pub(super) fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
