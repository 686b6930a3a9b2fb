//! What has been heard already, so that after a gap it is known from where to ask, and nothing is told twice.

use crate::bounded::Bounded;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp, TradeId};
use std::collections::BTreeSet;
use std::time::Duration;

/// The venue's list of trades may lag behind its snapshots by this much.
const OVERLAP: Duration = Duration::from_secs(10);
const TRADES: usize = 16_384;
/// The venue's list of trades is read again when so many have been told since it was: they are remembered until then, here
/// and by whoever counts them.
const MANY: usize = 2048;

pub(super) struct Heard {
    /// The first snapshot's time: what was traded before is none of the stream's.
    began: Option<Timestamp>,
    /// Up to when every trade has been told that the venue lists. What the stream told since is no sign that it told all.
    whole: Timestamp,
    /// The newest trade that was told, and how many were told since the list was read.
    newest: Timestamp,
    told: usize,
    /// Every contract that positions, orders or trades have been heard of.
    symbols: BTreeSet<Symbol>,
    trades: Bounded<Key, ()>,
}

impl Heard {
    pub(super) fn new() -> Self {
        let trades = Bounded::new(TRADES);
        Self {
            began: None,
            whole: Timestamp::default(),
            newest: Timestamp::default(),
            told: 0,
            symbols: BTreeSet::new(),
            trades,
        }
    }

    /// From when on trades may not have been told; `None` before the first snapshot.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.began.map(|began| self.whole.minus(OVERLAP).max(began))
    }

    /// Which trades are to be read, if so many have been told that it is time for that.
    pub(super) fn many(&self) -> Option<Span> {
        let since = self.since().filter(|_| self.told >= MANY)?;
        Some(Span { since, until: self.newest, told: self.told })
    }

    /// Takes note that these have been read, and told where they had not been.
    pub(super) fn listed(&mut self, span: &Span) {
        self.whole = self.whole.max(span.until);
        self.told = self.told.saturating_sub(span.told);
    }

    pub(super) fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    /// Takes note of what a snapshot lists.
    pub(super) fn list(&mut self, snapshot: &AccountSnapshot) {
        self.symbols.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        self.symbols.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
    }

    /// Takes note that everything up to a snapshot of this time has been told: the snapshot, and the trades before it.
    pub(super) fn whole(&mut self, time: Timestamp) {
        self.began.get_or_insert(time);
        self.whole = self.whole.max(time);
        self.told = 0;
    }

    /// Whether this is a trade that was told before.
    pub(super) fn knows(&self, event: &AccountEvent) -> bool {
        matches!(event, AccountEvent::Fill(fill) if self.trades.contains(&key(fill)))
    }

    /// Takes note of the contract of an event, whether or not it can be told: its trades are asked for after a gap.
    pub(super) fn meet(&mut self, event: &AccountEvent) {
        if let Some(symbol) = symbol(event)
            && !self.symbols.contains(symbol)
        {
            self.symbols.insert(symbol.clone());
        }
    }

    /// What is to be noted of an event once it has been told: the trade that it is, if it is one.
    pub(super) fn trade(event: &AccountEvent) -> Option<Trade> {
        if let AccountEvent::Fill(fill) = event { Some(Trade { key: key(fill), time: fill.time }) } else { None }
    }

    /// Takes note that a trade has been told.
    pub(super) fn told(&mut self, trade: Trade) {
        self.newest = self.newest.max(trade.time);
        self.told += usize::from(self.trades.insert(trade.key, ()));
    }
}

/// Some of the account's trades.
pub(super) struct Span {
    /// The first of them are as old as this.
    pub(super) since: Timestamp,
    until: Timestamp,
    told: usize,
}

/// What is remembered of a trade that was told.
pub(super) struct Trade {
    key: Key,
    time: Timestamp,
}

type Key = (Symbol, TradeId);

fn key(fill: &Fill) -> Key {
    (fill.symbol.clone(), fill.trade_id.clone())
}

/// `None` for what says nothing of trades.
const fn symbol(event: &AccountEvent) -> Option<&Symbol> {
    match event {
        AccountEvent::Fill(fill) => Some(&fill.symbol),
        AccountEvent::Order(order) => Some(&order.symbol),
        AccountEvent::Position(report) => Some(&report.symbol),
        _ => None,
    }
}
