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

    /// Which trades are to be read, if so many have been told that it is time for that. `now` is a time that none of them
    /// can be after.
    pub(super) fn many(&self, now: Timestamp) -> Option<Span> {
        let since = self.since().filter(|_| self.told >= MANY)?;
        Some(Span { since, until: self.newest.min(now), told: self.told })
    }

    /// Takes note that these have been read, and told where they had not been.
    pub(super) fn listed(&mut self, span: &Span) {
        self.whole_until(span.until);
        self.told = self.told.saturating_sub(span.told);
    }

    /// Takes note that every trade up to this time has been told that the venue lists.
    pub(super) fn whole_until(&mut self, time: Timestamp) {
        self.whole = self.whole.max(time);
    }

    pub(super) fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    /// Takes note of what a snapshot lists.
    pub(super) fn list(&mut self, snapshot: &AccountSnapshot) {
        self.symbols.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        self.symbols.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
    }

    /// Takes note that a snapshot of this time has been told: with the first the stream begins.
    pub(super) fn snapshot(&mut self, time: Timestamp) {
        if self.began.is_none() {
            (self.began, self.whole) = (Some(time), time);
        }
    }

    /// Takes note that everything up to a snapshot of this time has been told: the snapshot, and the trades before it.
    pub(super) fn whole(&mut self, time: Timestamp) {
        self.whole_until(time);
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
    /// The last of them.
    pub(super) until: Timestamp,
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{ClientOrderId, FillCause, Money, OrderId, PositionSide, Side};

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn fill(number: usize, time: Timestamp) -> Fill {
        Fill {
            trade_id: TradeId::new(number.to_string()),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "60000".parse().unwrap(),
            quantity: "0.01".parse().unwrap(),
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time,
        }
    }

    fn begun() -> Heard {
        let mut heard = Heard::new();
        assert_eq!(heard.since(), None);
        heard.snapshot(START);
        heard.whole(START);
        heard
    }

    /// Tells so many trades of this time, by numbers from this one on.
    fn tell(heard: &mut Heard, first: usize, count: usize, seconds: u64) {
        for number in first..first + count {
            let event = AccountEvent::Fill(fill(number, at(seconds)));
            assert!(!heard.knows(&event));
            heard.told(Heard::trade(&event).unwrap());
            assert!(heard.knows(&event));
        }
    }

    #[test]
    fn trades_may_be_missing_since_shortly_before_they_were_last_read_whatever_was_told_since() {
        let mut heard = begun();
        assert_eq!(heard.since(), Some(START), "what was before is none of the stream's");
        tell(&mut heard, 0, 1, 3600);
        assert_eq!(heard.since(), Some(START));
        heard.snapshot(at(7200));
        assert_eq!(heard.since(), Some(START), "its trades are still to be told");
        heard.whole(at(7200));
        assert_eq!(heard.since(), Some(at(7200).minus(OVERLAP)));
        heard.whole_until(at(60));
        assert_eq!(heard.since(), Some(at(7200).minus(OVERLAP)), "it does not go back");
    }

    #[test]
    fn many_trades_are_to_be_read_up_to_the_newest_and_those_that_were_told_meanwhile_count() {
        let mut heard = begun();
        tell(&mut heard, 0, MANY - 1, 60);
        assert!(heard.many(at(99)).is_none());
        tell(&mut heard, MANY, 1, 61);
        let span = heard.many(at(99)).unwrap();
        assert_eq!((span.since, span.until), (START, at(61)));
        tell(&mut heard, MANY + 1, MANY - 1, 90);
        heard.listed(&span);
        assert_eq!(heard.since(), Some(at(61).minus(OVERLAP)));
        assert!(heard.many(at(99)).is_none());
        tell(&mut heard, 2 * MANY, 1, 91);
        assert_eq!(heard.many(at(99)).unwrap().until, at(91));
        heard.whole(at(92));
        assert!(heard.many(at(99)).is_none());
    }

    #[test]
    fn a_trade_of_the_future_moves_nothing_there() {
        let mut heard = begun();
        tell(&mut heard, 0, MANY, 1_000_000);
        assert_eq!(heard.many(at(60)).unwrap().until, at(60));
    }
}
