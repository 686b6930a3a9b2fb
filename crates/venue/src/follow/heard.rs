//! What has been heard already, so that after a gap it is known from where to ask, and nothing is told twice.

use crate::bounded::Bounded;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp, TradeId};
use std::collections::BTreeSet;
use std::time::Duration;

/// Messages of different kinds may overtake each other by this much.
const OVERLAP: Duration = Duration::from_secs(10);
const TRADES: usize = 16_384;

pub(super) struct Heard {
    /// The first snapshot's time: what was traded before is none of the stream's.
    began: Option<Timestamp>,
    newest: Timestamp,
    /// Every contract that positions, orders or trades have been heard of.
    symbols: BTreeSet<Symbol>,
    trades: Bounded<(Symbol, TradeId), ()>,
}

impl Heard {
    pub(super) fn new() -> Self {
        let trades = Bounded::new(TRADES);
        Self { began: None, newest: Timestamp::default(), symbols: BTreeSet::new(), trades }
    }

    /// From when on trades may not have been told; `None` before the first snapshot.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.began.map(|began| self.newest.minus(OVERLAP).max(began))
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
        self.newest = self.newest.max(time);
    }

    /// Whether this is a trade that was told before.
    pub(super) fn knows(&self, event: &AccountEvent) -> bool {
        matches!(event, AccountEvent::Fill(fill) if self.trades.contains(&key(fill)))
    }

    /// Takes note of the contract of an event, whether or not it can be told: its trades are asked for after a gap.
    pub(super) fn meet(&mut self, event: &AccountEvent) {
        if let Some((_, symbol)) = of(event)
            && !self.symbols.contains(symbol)
        {
            self.symbols.insert(symbol.clone());
        }
    }

    /// What is to be noted of an event once it has been told.
    pub(super) fn news(event: &AccountEvent) -> News {
        let trade = match event {
            AccountEvent::Fill(fill) => Some(key(fill)),
            _ => None,
        };
        News { time: of(event).map(|(time, _)| time), trade }
    }

    /// Takes note that an event has been told.
    pub(super) fn told(&mut self, news: News) {
        self.newest = self.newest.max(news.time.unwrap_or_default());
        if let Some(trade) = news.trade {
            self.trades.insert(trade, ());
        }
    }
}

/// What is remembered of an event that was told.
pub(super) struct News {
    time: Option<Timestamp>,
    trade: Option<(Symbol, TradeId)>,
}

fn key(fill: &Fill) -> (Symbol, TradeId) {
    (fill.symbol.clone(), fill.trade_id.clone())
}

/// When it was, and in which contract; `None` for what says nothing of trades.
fn of(event: &AccountEvent) -> Option<(Timestamp, &Symbol)> {
    match event {
        AccountEvent::Fill(fill) => Some((fill.time, &fill.symbol)),
        AccountEvent::Order(order) => Some((order.updated.time, &order.symbol)),
        AccountEvent::Position(report) => Some((report.stamp.time, &report.symbol)),
        _ => None,
    }
}
