//! The ledger file against the exchange itself.

use super::stage::{Stage, Truth};
use plimsoll_domain::{ClientOrderId, Decimal, Direction, Fill, Order, OrderType, Quantity, Timestamp};
use plimsoll_ports::{
    ComposedEntry, ComposedKind, ComposedState, JournalEntry, JournalState, OrderJournal, PositionRecord,
    PositionRepository, PositionStatus, Purpose, TradeRecord, TradeRepository,
};
use plimsoll_sqlite::SqliteStore;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// What there was before a process was started.
pub(super) struct Before {
    /// The names of all orders that the venue had seen.
    orders: BTreeSet<ClientOrderId>,
    /// How many composed orders there were.
    composed: usize,
}

impl Before {
    pub(super) async fn of(stage: &Stage) -> Self {
        let orders = stage.truth().orders.into_iter().map(|order| order.client_order_id).collect();
        Self { orders, composed: Ledger::read(stage).await.composed.len() }
    }
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The recovery took this long beyond the venue's window, and said this.
    SlowRecovery(Duration, String),
    /// The venue has an order that the journal does not.
    NotJournalled(ClientOrderId),
    /// The venue has two orders of one name.
    Doubled(ClientOrderId),
    /// One command opened twice.
    OpenedTwice(Vec<ClientOrderId>),
    /// One command composed several orders.
    ComposedTwice(usize),
    /// A composed order has traded otherwise than it was to.
    Traded(ClientOrderId, Decimal, Quantity),
    /// An order goes on that was ended.
    GoesOn(ClientOrderId),
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
            Self::SlowRecovery(took, report) => {
                write!(f, "recovery took {} ms beyond the venue's window: {report}", took.as_millis())
            }
            Self::NotJournalled(id) => write!(f, "{id} is at the venue and not in the journal"),
            Self::Doubled(id) => write!(f, "{id} is at the venue twice"),
            Self::OpenedTwice(ids) => write!(f, "one command opened {} times: {ids:?}", ids.len()),
            Self::ComposedTwice(count) => write!(f, "one command composed {count} orders"),
            Self::Traded(id, filled, quantity) => write!(f, "{id} has traded {filled} and is for {quantity}"),
            Self::GoesOn(id) => write!(f, "{id} goes on"),
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

/// What the ledger holds.
struct Ledger {
    composed: Vec<ComposedEntry>,
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
        let mut composed = Vec::new();
        let names: BTreeSet<&str> =
            journal.iter().filter_map(|it| it.order.client_order_id.as_str().get(..25)).collect();
        for name in names {
            let found = store.composed(account, &ClientOrderId::reported(name)).await;
            composed.extend(found.expect("the journal can be read"));
        }
        let working = store.working(account).await.expect("the journal can be read");
        composed.extend(
            working.into_iter().filter(|it| !composed.iter().any(|known| known.id == it.id)).collect::<Vec<_>>(),
        );
        store.close().await;
        Self { composed, journal, positions, trades }
    }
}

impl Ledger {
    /// The composed order that this order is a part of.
    fn whole(&self, id: &ClientOrderId) -> Option<&ComposedEntry> {
        self.composed.iter().find(|it| is_part(id, it))
    }

    fn goes_on(&self, id: &ClientOrderId) -> bool {
        self.whole(id).is_some_and(|it| it.state == ComposedState::Working)
    }

    fn purpose(&self, id: &ClientOrderId) -> Option<Purpose> {
        self.journal.iter().find(|it| it.order.client_order_id == *id).map(|it| it.purpose)
    }
}

fn is_part(id: &ClientOrderId, whole: &ComposedEntry) -> bool {
    id.as_str().starts_with(whole.id.as_str())
}

/// Nothing is held, nothing rests and nothing goes on.
pub(super) async fn at_the_end(stage: &Stage) -> Vec<Wrong> {
    let before = Before::of(stage).await;
    let mut wrong = of(stage, &before).await;
    let (truth, ledger) = (stage.truth(), Ledger::read(stage).await);
    wrong.extend(truth.open.into_iter().map(|order| Wrong::Orphaned(order.client_order_id)));
    let working = ledger.composed.into_iter().filter(|it| it.state == ComposedState::Working);
    wrong.extend(working.map(|it| Wrong::GoesOn(it.id)));
    wrong
}

/// Everything in which ledger and exchange differ.
pub(super) async fn of(stage: &Stage, before: &Before) -> Vec<Wrong> {
    let truth = stage.truth();
    let ledger = Ledger::read(stage).await;
    let mut wrong = Vec::new();
    orders(&truth, &ledger, &mut wrong);
    opened_once(&truth, &ledger, before, &mut wrong);
    traded_once(&truth, &ledger, &mut wrong);
    protection(&truth, &ledger, &mut wrong);
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
            // Protection waits, under the name that it was written down by, for the entry that it is for.
            (JournalState::Intended, None) if entry.purpose.protects() && ledger.goes_on(id) => true,
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

/// A command opens at most once, or composes at most one order, whatever became of its first attempt.
fn opened_once(truth: &Truth, ledger: &Ledger, before: &Before, wrong: &mut Vec<Wrong>) {
    let is_new = |order: &&Order| !before.orders.contains(&order.client_order_id);
    let is_plain_entry = |id: &ClientOrderId| ledger.purpose(id) == Some(Purpose::Entry) && ledger.whole(id).is_none();
    let ids = truth.orders.iter().filter(is_new).map(|order| order.client_order_id.clone());
    let opened: Vec<ClientOrderId> = ids.filter(is_plain_entry).collect();
    if opened.len() > 1 {
        wrong.push(Wrong::OpenedTwice(opened));
    }
    let composed = ledger.composed.len().saturating_sub(before.composed);
    if composed > 1 {
        wrong.push(Wrong::ComposedTwice(composed));
    }
}

/// A composed order trades no more than it is for, and all of it before it is said to be done.
fn traded_once(truth: &Truth, ledger: &Ledger, wrong: &mut Vec<Wrong>) {
    for whole in &ledger.composed {
        let quantity = match &whole.order.kind {
            ComposedKind::Bracket { opening, .. } => opening.quantity,
            ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => trade.quantity(),
            ComposedKind::Oco { quantity, .. } => *quantity,
            ComposedKind::TrailingStop { .. } => continue,
        };
        let opens = whole.order.opening().is_some();
        let counts = |order: &&Order| {
            let id = &order.client_order_id;
            is_part(id, whole) && (!opens || ledger.purpose(id) == Some(Purpose::Entry))
        };
        let filled: Decimal = truth.orders.iter().filter(counts).filter_map(|it| it.filled).map(|it| it.get()).sum();
        let is_all = matches!(&whole.state, ComposedState::Ended { reason, .. } if reason == "all of it has filled");
        if filled > quantity.get() || (is_all && filled < quantity.get()) {
            wrong.push(Wrong::Traded(whole.id.clone(), filled, quantity));
        }
    }
}

fn protection(truth: &Truth, ledger: &Ledger, wrong: &mut Vec<Wrong>) {
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
        let id = &order.client_order_id;
        let closes = held.iter().any(|position| order.side == position.direction.closing_side());
        let is_for_something = match ledger.purpose(id) {
            Some(Purpose::Entry) => ledger.goes_on(id),
            Some(Purpose::Exit) => ledger.goes_on(id) && closes,
            // The stop of what is to be opened rests before there is a position.
            Some(Purpose::StopLoss) => {
                closes || ledger.goes_on(id) && ledger.whole(id).is_some_and(|it| it.order.opening().is_some())
            }
            _ => closes,
        };
        if !is_for_something {
            wrong.push(Wrong::Orphaned(id.clone()));
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
