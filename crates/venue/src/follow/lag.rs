//! The venue's answers may be older than what its stream has told: a snapshot that contradicts the stream is one to doubt.

use plimsoll_domain::{AccountEvent, AccountSnapshot, ClientOrderId, PositionReport, PositionSide, Stamp, Symbol};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What the stream has told of late. What is older than the lag is forgotten.
pub(super) struct Lag {
    longest: Duration,
    told: HashMap<What, Told>,
    /// What is old is looked for once so much is kept.
    full: usize,
}

/// What something was told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum What {
    Leg(Symbol, PositionSide),
    Order(Symbol, ClientOrderId),
}

struct Told {
    stamp: Stamp,
    state: State,
}

enum State {
    Position(Box<PositionReport>),
    OpenOrder,
    /// Whether the venue lists it still is no matter.
    EndedOrder,
}

/// So much is kept at least before what is old is looked for.
const FEW: usize = 256;

impl Lag {
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, told: HashMap::new(), full: FEW }
    }

    /// Takes note of what the stream tells.
    pub(super) fn note(&mut self, event: &AccountEvent) {
        let Some(what) = What::of(event) else { return };
        let (stamp, state) = match event {
            AccountEvent::Position(report) => (report.stamp, State::Position(Box::new(report.clone()))),
            AccountEvent::Order(order) if order.status.is_final() => (order.updated, State::EndedOrder),
            AccountEvent::Order(order) => (order.updated, State::OpenOrder),
            _ => return,
        };
        if self.told.get(&what).is_none_or(|told| told.stamp <= stamp) {
            self.told.insert(what, Told { stamp, state });
        }
        if self.told.len() >= self.full {
            let forgotten = stamp.time.minus(self.longest);
            self.told.retain(|_, told| told.stamp.time >= forgotten);
            self.full = FEW.max(self.told.len() * 2);
        }
    }

    /// What the stream has told, not longer ago than answers lag, that this snapshot does not know yet.
    pub(super) fn behind(&self, snapshot: &AccountSnapshot) -> Option<String> {
        let listed: HashSet<_> = snapshot.orders.iter().map(|it| (&it.symbol, &it.client_order_id)).collect();
        let late = self.told.iter().filter(|(_, told)| snapshot.time.since(told.stamp.time) < self.longest);
        late.filter_map(|(what, told)| match (what, &told.state) {
            (What::Leg(..), State::Position(report)) => lacks_position(snapshot, report),
            (What::Order(symbol, id), State::OpenOrder) => {
                (!listed.contains(&(symbol, id))).then(|| format!("no order {id} of {symbol}"))
            }
            _ => None,
        })
        .next()
    }
}

impl What {
    fn of(event: &AccountEvent) -> Option<Self> {
        match event {
            AccountEvent::Position(report) => Some(Self::Leg(report.symbol.clone(), report.position_side)),
            AccountEvent::Order(order) => Some(Self::Order(order.symbol.clone(), order.client_order_id.clone())),
            _ => None,
        }
    }
}

/// A row that is as new as what was told is believed, and so is its absence where nothing is held.
fn lacks_position(snapshot: &AccountSnapshot, told: &PositionReport) -> Option<String> {
    let is_leg = |row: &&PositionReport| row.symbol == told.symbol && row.position_side == told.position_side;
    let row = snapshot.positions.iter().find(is_leg);
    if row.is_some_and(|row| row.stamp.time >= told.stamp.time) {
        return None;
    }
    let size = |report: &PositionReport| report.position.map(|held| (held.direction, held.quantity));
    (row.and_then(size) != size(told)).then(|| format!("another position in {} {}", told.symbol, told.position_side))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{Direction, Order, OrderId, OrderStatus, OrderType, Position, PositionMode, Side, Timestamp};

    fn symbol() -> Symbol {
        Symbol::new("BTC", "USDT", "USDT").unwrap()
    }

    fn at(millis: i64) -> Stamp {
        Stamp { time: Timestamp::from_millis(millis), sequence: 1 }
    }

    /// A long of so much, or nothing.
    fn position(quantity: &str, millis: i64) -> PositionReport {
        PositionReport {
            symbol: symbol(),
            position_side: PositionSide::Both,
            position: quantity.parse().ok().map(|quantity| Position {
                direction: Direction::Long,
                quantity,
                entry: "60000".parse().unwrap(),
            }),
            mark_price: None,
            liquidation_price: None,
            unrealized_pnl: None,
            realized_pnl: None,
            leverage: None,
            margin_mode: None,
            isolated_margin: None,
            maintenance_margin: None,
            margin_ratio: None,
            stamp: at(millis),
        }
    }

    fn order(status: OrderStatus, millis: i64) -> Order {
        Order {
            order_id: OrderId::new("7"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            order_type: OrderType::Limit,
            time_in_force: None,
            price: Some("5".parse().unwrap()),
            trigger: None,
            quantity: Some("1".parse().unwrap()),
            filled: None,
            average_price: None,
            reduce_only: false,
            close_position: false,
            child: None,
            status,
            updated: at(millis),
        }
    }

    /// A snapshot of this time that holds so much, by a row of that time.
    fn snapshot(millis: i64, row: Option<(&str, i64)>) -> AccountSnapshot {
        AccountSnapshot {
            position_mode: PositionMode::OneWay,
            positions: row.map(|(quantity, updated)| position(quantity, updated)).into_iter().collect(),
            orders: Vec::new(),
            balances: Vec::new(),
            time: Timestamp::from_millis(millis),
        }
    }

    fn lag() -> Lag {
        Lag::new(Duration::from_secs(3))
    }

    #[test]
    fn a_position_that_was_just_told_and_is_not_listed_is_doubted() {
        let mut lag = lag();
        lag.note(&AccountEvent::Position(position("1", 10_000)));
        assert_eq!(lag.behind(&snapshot(10_500, None)).unwrap(), "another position in BTC/USDT:USDT both");
        assert!(lag.behind(&snapshot(10_500, Some(("2", 9000)))).is_some(), "an older row");
        assert_eq!(lag.behind(&snapshot(10_500, Some(("1", 9000)))), None, "it says the same");
        assert_eq!(lag.behind(&snapshot(10_500, Some(("2", 10_000)))), None, "a row that is as new");
        assert_eq!(lag.behind(&snapshot(13_000, None)), None, "long ago");
        lag.note(&AccountEvent::Position(position("0", 10_600)));
        assert_eq!(lag.behind(&snapshot(10_700, None)), None, "it was closed");
        assert!(lag.behind(&snapshot(10_700, Some(("1", 10_000)))).is_some(), "it is still listed");
    }

    #[test]
    fn an_order_that_was_just_told_and_is_not_listed_is_doubted_until_it_ends() {
        let mut lag = lag();
        lag.note(&AccountEvent::Order(order(OrderStatus::New, 10_000)));
        assert_eq!(lag.behind(&snapshot(10_001, None)).unwrap(), "no order one of BTC/USDT:USDT");
        lag.note(&AccountEvent::Order(order(OrderStatus::Canceled, 10_002)));
        assert_eq!(lag.behind(&snapshot(10_003, None)), None);
    }

    #[test]
    fn what_is_late_changes_nothing() {
        let mut lag = lag();
        lag.note(&AccountEvent::Position(position("1", 10_000)));
        lag.note(&AccountEvent::Position(position("3", 9000)));
        assert_eq!(lag.behind(&snapshot(10_001, Some(("1", 1)))), None);
        lag.note(&AccountEvent::Order(order(OrderStatus::Filled, 10_000)));
        lag.note(&AccountEvent::Order(order(OrderStatus::New, 9999)));
        assert_eq!(lag.behind(&snapshot(10_001, Some(("1", 1)))), None);
    }

    #[test]
    fn what_is_old_is_forgotten_however_much_is_told() {
        let mut lag = lag();
        for millis in 0..20_000 {
            let id = ClientOrderId::reported(millis.to_string());
            lag.note(&AccountEvent::Order(Order { client_order_id: id, ..order(OrderStatus::New, millis) }));
        }
        assert!((3000..=6002).contains(&lag.told.len()), "{}", lag.told.len());
    }
}
