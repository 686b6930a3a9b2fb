//! The ledger file against the exchange itself.

use super::stage::{Stage, Truth};
use plimsoll_domain::{ClientOrderId, Direction, Fill, Order, OrderType, Timestamp};
use plimsoll_ports::{
    JournalEntry, JournalState, OrderJournal, PositionRecord, PositionRepository, PositionStatus, Purpose, TradeRecord,
    TradeRepository,
};
use plimsoll_sqlite::SqliteStore;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Every intent that the venue has ever seen.
pub(super) type Intents = BTreeSet<ClientOrderId>;

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The recovery took this long beyond the venue's window.
    SlowRecovery(Duration),
    /// The venue has an order that the journal does not.
    NotJournalled(ClientOrderId),
    /// The venue has two orders of one name.
    Doubled(ClientOrderId),
    /// One command opened twice.
    OpenedTwice(Vec<ClientOrderId>),
    /// The journal does not know the end of an order that does not rest.
    Lost(ClientOrderId, String),
    /// The journal says otherwise than the exchange.
    Misremembered(ClientOrderId, String, String),
    /// An order rests without a position that it protects.
    Orphaned(ClientOrderId),
    /// A position has no stop of its own side.
    WithoutStop(Direction),
    /// Recorded positions against held ones.
    Positions(String, String),
    /// Recorded fills against those of the exchange.
    Fills(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowRecovery(took) => write!(f, "recovery took {} ms beyond the venue's window", took.as_millis()),
            Self::NotJournalled(id) => write!(f, "{id} is at the venue and not in the journal"),
            Self::Doubled(id) => write!(f, "{id} is at the venue twice"),
            Self::OpenedTwice(ids) => write!(f, "one command opened {} times: {ids:?}", ids.len()),
            Self::Lost(id, state) => write!(f, "{id} is {state} in the journal and does not rest"),
            Self::Misremembered(id, ours, theirs) => {
                write!(f, "{id} is {ours} in the journal and {theirs} at the venue")
            }
            Self::Orphaned(id) => write!(f, "{id} rests without anything that it is for"),
            Self::WithoutStop(direction) => write!(f, "the {direction} position has no stop"),
            Self::Positions(ours, theirs) => write!(f, "the ledger holds {ours}, the exchange {theirs}"),
            Self::Fills(what) => write!(f, "fills: {what}"),
        }
    }
}

impl Stage {
    /// The names of all orders that the venue has seen.
    pub(super) fn intents(&self) -> Intents {
        self.truth().orders.into_iter().map(|order| order.client_order_id).collect()
    }
}

/// What the ledger holds.
struct Ledger {
    journal: Vec<JournalEntry>,
    positions: Vec<PositionRecord>,
    trades: Vec<TradeRecord>,
}

impl Ledger {
    async fn read(stage: &Stage) -> Self {
        let store = SqliteStore::open(stage.ledger()).await.expect("the ledger opens");
        let account = &stage.account;
        let journal = store.recent(account, u32::MAX).await.expect("the journal can be read");
        let positions = store.by_status(account, PositionStatus::Open).await.expect("positions can be read");
        let trades = store.since(account, None, Timestamp::default()).await.expect("trades can be read");
        store.close().await;
        Self { journal, positions, trades }
    }
}

/// Everything in which ledger and exchange differ.
pub(super) async fn of(stage: &Stage, before: &Intents) -> Vec<Wrong> {
    let truth = stage.truth();
    let ledger = Ledger::read(stage).await;
    let mut wrong = Vec::new();
    orders(&truth, &ledger, &mut wrong);
    opened_once(&truth, &ledger, before, &mut wrong);
    protection(&truth, &mut wrong);
    positions(&truth, &ledger, &mut wrong);
    fills(&truth, &ledger, &mut wrong);
    wrong
}

fn orders(truth: &Truth, ledger: &Ledger, wrong: &mut Vec<Wrong>) {
    let mut named: BTreeMap<&ClientOrderId, Vec<&Order>> = BTreeMap::new();
    for order in &truth.orders {
        named.entry(&order.client_order_id).or_default().push(order);
    }
    for (id, orders) in &named {
        if orders.len() > 1 {
            wrong.push(Wrong::Doubled((*id).clone()));
        }
        if !ledger.journal.iter().any(|entry| entry.order.client_order_id == **id) {
            wrong.push(Wrong::NotJournalled((*id).clone()));
        }
    }
    for entry in &ledger.journal {
        let id = &entry.order.client_order_id;
        let theirs = named.get(id).and_then(|orders| orders.first().copied());
        let rests = truth.open.iter().any(|order| order.client_order_id == *id);
        let said = format!("{:?}", entry.state);
        let agrees = match (&entry.state, theirs) {
            (JournalState::Accepted { order_id }, Some(order)) => *order_id == order.order_id && rests,
            (JournalState::Finished { status, filled, .. }, Some(order)) => {
                *status == order.status && filled.is_none_or(|filled| order.filled.is_none_or(|it| it == filled))
            }
            (JournalState::NotSent { .. } | JournalState::Refused { .. }, None) => true,
            (state, None) if !state.is_final() => {
                wrong.push(Wrong::Lost(id.clone(), said));
                continue;
            }
            _ => false,
        };
        if !agrees {
            let theirs = theirs.map_or("unknown".to_owned(), |order| format!("{} {:?}", order.status, order.filled));
            wrong.push(Wrong::Misremembered(id.clone(), said, theirs));
        }
    }
}

/// A command opens at most once, whatever became of its first attempt.
fn opened_once(truth: &Truth, ledger: &Ledger, before: &Intents, wrong: &mut Vec<Wrong>) {
    let is_entry = |id: &ClientOrderId| {
        ledger.journal.iter().any(|it| it.purpose == Purpose::Entry && it.order.client_order_id == *id)
    };
    let opened: Vec<ClientOrderId> = truth
        .orders
        .iter()
        .filter(|order| !before.contains(&order.client_order_id) && is_entry(&order.client_order_id))
        .map(|order| order.client_order_id.clone())
        .collect();
    if opened.len() > 1 {
        wrong.push(Wrong::OpenedTwice(opened));
    }
}

fn protection(truth: &Truth, wrong: &mut Vec<Wrong>) {
    let held: Vec<_> = truth.positions.iter().filter_map(|report| report.position).collect();
    for position in &held {
        let closes = |order: &&Order| order.side == position.direction.closing_side();
        let covers = |order: &&Order| order.close_position || order.quantity.is_some_and(|it| it >= position.quantity);
        let stops = truth.open.iter().filter(|order| order.order_type == OrderType::StopMarket);
        if !stops.filter(closes).any(|order| covers(&order)) {
            wrong.push(Wrong::WithoutStop(position.direction));
        }
    }
    for order in &truth.open {
        if !held.iter().any(|position| order.side == position.direction.closing_side()) {
            wrong.push(Wrong::Orphaned(order.client_order_id.clone()));
        }
    }
}

fn positions(truth: &Truth, ledger: &Ledger, wrong: &mut Vec<Wrong>) {
    let theirs: Vec<_> =
        truth.positions.iter().filter_map(|it| it.position).map(|it| (it.direction, it.quantity)).collect();
    let ours: Vec<_> = ledger.positions.iter().map(|it| (it.opened.direction, it.opened.quantity)).collect();
    if ours != theirs {
        wrong.push(Wrong::Positions(format!("{ours:?}"), format!("{theirs:?}")));
    }
}

fn fills(truth: &Truth, ledger: &Ledger, wrong: &mut Vec<Wrong>) {
    let told = |fill: &Fill| (fill.order_id.clone(), fill.side, fill.price, fill.quantity, fill.fee, fill.realized_pnl);
    let theirs: BTreeMap<_, _> = truth.fills.iter().map(|fill| (&fill.trade_id, fill)).collect();
    let ours: BTreeMap<_, _> = ledger.trades.iter().map(|trade| (&trade.fill.trade_id, &trade.fill)).collect();
    for (id, fill) in &theirs {
        match ours.get(id) {
            None => wrong.push(Wrong::Fills(format!("{id} is not recorded"))),
            Some(recorded) if told(recorded) != told(fill) => {
                wrong.push(Wrong::Fills(format!("{id} is recorded as {recorded:?} and was {fill:?}")));
            }
            Some(_) => {}
        }
    }
    for id in ours.keys().filter(|id| !theirs.contains_key(*id)) {
        wrong.push(Wrong::Fills(format!("{id} is recorded and never was")));
    }
}
