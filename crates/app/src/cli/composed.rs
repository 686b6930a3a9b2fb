//! How composed orders are shown: in a sentence for people, in a row for programs.

use crate::config::duration_text;
use crate::desk::Desk;
use crate::screen::{full, instant, percent, price};
use plimsoll_domain::{ClientOrderId, Decimal, Order, Quantity};
use plimsoll_engine::Progress;
use plimsoll_ports::{
    ComposedEntry, ComposedKind, ComposedOrder, ComposedState, JournalEntry, JournalState, Opening, Purpose,
    SlicedTrade, StoreError,
};
use serde::Serialize;

/// A composed order with its parts, as the journal has them.
pub(super) struct Composed {
    pub(super) entry: ComposedEntry,
    pub(super) parts: Vec<JournalEntry>,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: ClientOrderId,
    kind: &'static str,
    symbol: String,
    side: String,
    opens: bool,
    order: String,
    quantity: Option<String>,
    filled: String,
    state: &'static str,
    reason: Option<String>,
    placed_at: String,
    updated_at: String,
    parts: Vec<PartRow>,
}

#[derive(Debug, Serialize)]
struct PartRow {
    client_order_id: ClientOrderId,
    purpose: &'static str,
    quantity: Option<String>,
    price: Option<String>,
    stop_price: Option<String>,
    state: &'static str,
    filled: Option<String>,
    since: String,
}

/// What one look at a composed order has brought.
#[derive(Debug, Serialize)]
pub(super) struct ProgressRow {
    name: ClientOrderId,
    kind: &'static str,
    symbol: String,
    side: String,
    quantity: Option<String>,
    filled: String,
    sent: Vec<ClientOrderId>,
    protected: Vec<ProtectedRow>,
    not_protected: Vec<String>,
    due: Option<String>,
    ended: Option<EndRow>,
    troubles: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ProtectedRow {
    client_order_id: ClientOrderId,
    purpose: &'static str,
    trigger: String,
}

#[derive(Debug, Serialize)]
struct EndRow {
    how: &'static str,
    why: String,
}

impl Composed {
    /// Those that go on, oldest first.
    pub(super) async fn working(desk: &Desk) -> Result<Vec<Self>, StoreError> {
        let mut them = Vec::new();
        for entry in desk.manager.working().await? {
            them.push(Self::of(desk, entry).await?);
        }
        Ok(them)
    }

    /// One of them, whether it goes on or has ended.
    pub(super) async fn of(desk: &Desk, entry: ComposedEntry) -> Result<Self, StoreError> {
        let parts = desk.records.journal.parts(&entry.account, &entry.id).await?;
        Ok(Self { entry, parts })
    }

    /// How much of it has filled: by the journal, and by the venue's word of what rests.
    pub(super) fn filled(&self, resting: &[(Order, bool)]) -> Decimal {
        let opens = self.entry.order.opening().is_some();
        let counts = |it: &&JournalEntry| !opens || it.purpose == Purpose::Entry;
        self.parts.iter().filter(counts).filter_map(|it| filled(it, resting)).map(Quantity::get).sum()
    }

    /// It is written down beside the entry that it is to protect, and waits for that to fill.
    pub(super) fn owes(&self, entry: &JournalEntry) -> bool {
        let is_unsent = matches!(entry.state, JournalState::Intended);
        self.entry.order.opening().is_some()
            && entry.purpose.protects()
            && is_unsent
            && entry.order.client_order_id.as_str().starts_with(self.entry.id.as_str())
    }

    /// How far it has got, in a line.
    pub(super) fn sentence(&self, resting: &[(Order, bool)]) -> String {
        let far = far(&self.entry.order, self.filled(resting));
        let state = match &self.entry.state {
            ComposedState::Working => String::new(),
            ComposedState::Ended { how, reason } => format!("; {}: {reason}", how.as_str()),
        };
        format!("{}: {far}{state}", words(&self.entry.order))
    }
}

fn filled(part: &JournalEntry, resting: &[(Order, bool)]) -> Option<Quantity> {
    match &part.state {
        JournalState::Finished { filled, .. } => *filled,
        state if state.is_final() => None,
        _ => resting.iter().find(|(it, _)| it.client_order_id == part.order.client_order_id)?.0.filled,
    }
}

impl Row {
    pub(super) fn of(it: &Composed, resting: &[(Order, bool)]) -> Self {
        let ComposedEntry { id, order, state, placed_at, updated_at, .. } = &it.entry;
        Self {
            name: id.clone(),
            kind: order.kind.as_str(),
            symbol: order.symbol.to_string(),
            side: order.direction.to_string(),
            opens: order.opening().is_some(),
            order: order.to_string(),
            quantity: quantity(order).map(|it| full(it.get())),
            filled: full(it.filled(resting)),
            state: state.as_str(),
            reason: match state {
                ComposedState::Working => None,
                ComposedState::Ended { reason, .. } => Some(reason.clone()),
            },
            placed_at: instant(*placed_at),
            updated_at: instant(*updated_at),
            parts: it.parts.iter().map(|part| PartRow::of(part, resting)).collect(),
        }
    }
}

impl PartRow {
    fn of(it: &JournalEntry, resting: &[(Order, bool)]) -> Self {
        let quantity = match it.order.size {
            plimsoll_domain::OrderSize::Quantity(quantity) => Some(full(quantity.get())),
            plimsoll_domain::OrderSize::WholePosition => None,
        };
        let price = match it.order.kind {
            plimsoll_domain::OrderKind::Limit { price, .. } => Some(full(price.get())),
            _ => None,
        };
        Self {
            client_order_id: it.order.client_order_id.clone(),
            purpose: it.purpose.as_str(),
            quantity,
            price,
            stop_price: it.order.kind.trigger().map(|trigger| full(trigger.get())),
            state: it.state.as_str(),
            filled: filled(it, resting).map(|it| full(it.get())),
            since: instant(it.updated_at),
        }
    }
}

impl ProgressRow {
    pub(super) fn of(it: &Progress) -> Self {
        let protected = it.protected.iter().filter_map(|it| it.as_ref().ok()).map(|it| ProtectedRow {
            client_order_id: it.client_order_id.clone(),
            purpose: it.purpose.as_str(),
            trigger: full(it.trigger.get()),
        });
        let not_protected = it.protected.iter().filter_map(|it| it.as_ref().err()).map(ToString::to_string);
        Self {
            name: it.id.clone(),
            kind: it.order.kind.as_str(),
            symbol: it.order.symbol.to_string(),
            side: it.order.direction.to_string(),
            quantity: quantity(&it.order).map(|it| full(it.get())),
            filled: full(it.filled.map_or(Decimal::ZERO, Quantity::get)),
            sent: it.sent.clone(),
            protected: protected.collect(),
            not_protected: not_protected.collect(),
            due: it.due.map(instant),
            ended: it.ended.as_ref().map(|(how, why)| EndRow { how: how.as_str(), why: why.clone() }),
            troubles: it.troubles.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What one look has brought, for a person; `None` where nothing has changed but the time.
pub(super) fn news(it: &Progress) -> Option<String> {
    if it.sent.is_empty() && it.protected.is_empty() && it.ended.is_none() && it.troubles.is_empty() {
        return None;
    }
    let mut said = vec![far(&it.order, it.filled.map_or(Decimal::ZERO, Quantity::get))];
    said.extend(it.protected.iter().map(|it| match it {
        Ok(it) => format!("{} at {}, read back", it.purpose.as_str(), price(it.trigger)),
        Err(failure) => format!("NOT PROTECTED: {failure}"),
    }));
    said.extend(it.ended.iter().map(|(how, why)| format!("{}: {why}", how.as_str())));
    said.extend(it.troubles.iter().map(|trouble| format!("trouble: {trouble}")));
    Some(format!("{} {}: {}", it.order.kind.as_str(), it.id, said.join("; ")))
}

/// How much of it has filled, in words.
pub(super) fn far(order: &ComposedOrder, filled: Decimal) -> String {
    match quantity(order) {
        Some(quantity) => format!("{} of {quantity} filled", filled.normalize()),
        None if filled.is_zero() => "not triggered".to_owned(),
        None => format!("{} filled", filled.normalize()),
    }
}

/// How much it is for, in base units; `None` for the whole of a position, whatever it is.
fn quantity(order: &ComposedOrder) -> Option<Quantity> {
    match &order.kind {
        ComposedKind::Bracket { opening, .. } => Some(opening.quantity),
        ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => Some(trade.quantity()),
        ComposedKind::Oco { quantity, .. } => Some(*quantity),
        ComposedKind::TrailingStop { .. } => None,
    }
}

/// What was meant, in a line.
pub(super) fn words(order: &ComposedOrder) -> String {
    let how = match &order.kind {
        ComposedKind::Bracket { opening, price: at, time_in_force } => {
            format!("open {} at {} {time_in_force}{}", opening.quantity, price(*at), protection(opening))
        }
        ComposedKind::Iceberg { trade, price: at, visible } => {
            format!("{} at {}, {visible} of it seen{}", verb(trade), price(*at), protection_of(trade))
        }
        ComposedKind::Twap { trade, slices, every } => {
            format!("{} in {slices} orders, every {}{}", verb(trade), duration_text(*every), protection_of(trade))
        }
        ComposedKind::Oco { quantity, stop, target } => {
            format!("close {quantity} at a stop of {} or a target of {}", price(*stop), price(*target))
        }
        ComposedKind::TrailingStop { distance, activation } => {
            let from = activation.map(|from| format!(", from {} on", price(from))).unwrap_or_default();
            format!("a stop {} behind the mark{from}", percent(distance.get()))
        }
    };
    format!("{} {} {}, {how}", order.kind.as_str().replace('_', " "), order.symbol, order.direction)
}

fn verb(trade: &SlicedTrade) -> String {
    match trade {
        SlicedTrade::Open(opening) => format!("open {}", opening.quantity),
        SlicedTrade::Close(quantity) => format!("close {quantity}"),
    }
}

fn protection_of(trade: &SlicedTrade) -> String {
    match trade {
        SlicedTrade::Open(opening) => protection(opening),
        SlicedTrade::Close(_) => String::new(),
    }
}

fn protection(opening: &Opening) -> String {
    let stop = match &opening.stop_loss {
        plimsoll_ports::StopLoss::At(at) => format!("stop {}", price(*at)),
        plimsoll_ports::StopLoss::Resting => "the stop that rests".to_owned(),
        plimsoll_ports::StopLoss::Waived(_) => "NO STOP".to_owned(),
    };
    let target = opening.take_profit.map(|at| format!(", target {}", price(at))).unwrap_or_default();
    format!("; {stop}{target}")
}
