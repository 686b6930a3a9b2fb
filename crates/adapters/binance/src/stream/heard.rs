//! What has been heard already, so that after a gap it is known from where to ask, and nothing is told twice.

use crate::memory::Bounded;
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

    /// From when on trades may have been missed; `None` before the first snapshot.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.began.map(|began| self.newest.minus(OVERLAP).max(began))
    }

    pub(super) fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    pub(super) fn snapshot(&mut self, snapshot: &AccountSnapshot) {
        self.began.get_or_insert(snapshot.time);
        self.newest = self.newest.max(snapshot.time);
        self.symbols.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        self.symbols.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
    }

    /// Takes note of an event; `false` if it is a trade that was told before.
    pub(super) fn is_news(&mut self, event: &AccountEvent) -> bool {
        let (time, symbol) = match event {
            AccountEvent::Fill(fill) => return self.is_new_trade(fill),
            AccountEvent::Order(order) => (order.updated.time, &order.symbol),
            AccountEvent::Position(report) => (report.stamp.time, &report.symbol),
            _ => return true,
        };
        self.note(time, symbol);
        true
    }

    fn is_new_trade(&mut self, fill: &Fill) -> bool {
        self.note(fill.time, &fill.symbol);
        self.trades.insert((fill.symbol.clone(), fill.trade_id.clone()), ())
    }

    fn note(&mut self, time: Timestamp, symbol: &Symbol) {
        self.newest = self.newest.max(time);
        if !self.symbols.contains(symbol) {
            self.symbols.insert(symbol.clone());
        }
    }
}
