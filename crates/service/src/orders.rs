//! What rests, what goes on, and what nobody knows the end of.

use crate::account::{Seen, ServedAccount};
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::overview::rests;
use crate::service::Service;
use plimsoll_domain::{AccountId, Decimal, Order, OrderKind, OrderSize, Quantity, Symbol};
use plimsoll_ports::{ComposedEntry, ComposedKind, ComposedOrder, JournalEntry, JournalState, Purpose};

answers! {
    /// Every order that is not at its end.
    pub struct Orders {
        /// When it was put together.
        pub time: Moment,
        /// What rests at the venues.
        pub resting: Vec<OrderRow>,
        /// Composed orders that go on; null while the records cannot be read.
        pub composed: Option<Vec<ComposedRow>>,
        /// Orders that the journal does not know the end of, and that do not rest; null while it cannot be read.
        pub unknown: Option<Vec<UnknownRow>>,
    }

    /// An order that rests.
    pub struct OrderRow {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// Our name for it, or that of whoever placed it.
        pub client_order_id: String,
        /// The venue's.
        pub order_id: String,
        /// It is one of ours.
        pub is_ours: bool,
        /// `buy` or `sell`.
        pub side: &'static str,
        /// `both`, `long` or `short`.
        pub position_side: &'static str,
        /// Its kind.
        #[serde(rename = "type")]
        pub order_type: &'static str,
        /// How long it lives.
        pub time_in_force: Option<&'static str>,
        /// Its size in base units; null: the whole position.
        pub quantity: Option<Figure>,
        /// How much has filled.
        pub filled: Option<Figure>,
        /// Its limit.
        pub price: Option<Figure>,
        /// Its trigger.
        pub trigger: Option<Figure>,
        /// It may only shrink a position.
        pub reduce_only: bool,
        /// It closes the whole position.
        pub close_position: bool,
        /// It could make a position larger.
        pub adds_exposure: bool,
        /// Where it is in its life.
        pub status: &'static str,
        /// When the venue last changed it.
        pub updated: Moment,
    }

    /// A composed order that goes on.
    pub struct ComposedRow {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// Its name.
        pub id: String,
        /// `bracket`, `iceberg`, `twap`, `oco` or `trailing_stop`.
        pub kind: &'static str,
        /// The contract.
        pub symbol: String,
        /// `long` or `short`.
        pub direction: &'static str,
        /// It opens something.
        pub opens: bool,
        /// What was meant.
        pub order: String,
        /// How much it is for; null: the whole position.
        pub quantity: Option<Figure>,
        /// How much of it has filled, as far as is told.
        pub filled: Figure,
        /// `working`, or how it ended.
        pub state: &'static str,
        /// When it was written down.
        pub placed_at: Moment,
        /// When its state last changed.
        pub updated_at: Moment,
        /// What was sent of it, oldest first.
        pub parts: Vec<PartRow>,
    }

    /// A part of a composed order.
    pub struct PartRow {
        /// Its name.
        pub client_order_id: String,
        /// What it is for.
        pub purpose: &'static str,
        /// What has become of it.
        pub state: &'static str,
        /// Its size; null: the whole position.
        pub quantity: Option<Figure>,
        /// How much of it has filled, where that is told.
        pub filled: Option<Figure>,
        /// Its limit.
        pub price: Option<Figure>,
        /// Its trigger.
        pub trigger: Option<Figure>,
        /// When its state last changed.
        pub updated: Moment,
    }

    /// An order that nobody knows the end of.
    pub struct UnknownRow {
        /// Whose.
        pub account: String,
        /// Our name for it.
        pub client_order_id: String,
        /// The contract.
        pub symbol: String,
        /// What it is for.
        pub purpose: &'static str,
        /// What the journal knows of it.
        pub state: &'static str,
        /// When it was written down.
        pub since: Moment,
    }
}

impl Service {
    /// Every order that is not at its end, of one account or all, of one contract or all.
    ///
    /// # Errors
    /// [`AskFailure::UnknownAccount`].
    pub async fn orders(&self, account: Option<&AccountId>, symbol: Option<&Symbol>) -> Result<Orders, AskFailure> {
        let now = self.now();
        let (mut resting, mut composed, mut unknown) = (Vec::new(), Some(Vec::new()), Some(Vec::new()));
        let is_wanted = |it: &Symbol| symbol.is_none_or(|symbol| it == symbol);
        for account in self.chosen(account)? {
            let (seen, facts) = (account.seen(now), self.facts(account).await);
            let orders = seen.view.orders.iter().filter(|it| is_wanted(&it.symbol));
            resting.extend(orders.map(|order| OrderRow::of(account, order)));
            let of_it = facts.working.as_ref().map(|them| {
                let them = them.iter().filter(|(entry, _)| is_wanted(&entry.order.symbol));
                them.map(|(entry, parts)| ComposedRow::of(entry, parts, &seen)).collect::<Vec<_>>()
            });
            composed = joined(composed, of_it);
            let of_it = facts.unknown(|entry| rests(&seen, entry)).map(|them| {
                let them = them.filter(|entry| is_wanted(&entry.order.symbol));
                them.map(|entry| UnknownRow::of(account, entry)).collect::<Vec<_>>()
            });
            unknown = joined(unknown, of_it);
        }
        Ok(Orders { time: now.into(), resting, composed, unknown })
    }
}

fn joined<T>(all: Option<Vec<T>>, some: Option<Vec<T>>) -> Option<Vec<T>> {
    let (mut all, some) = all.zip(some)?;
    all.extend(some);
    Some(all)
}

impl OrderRow {
    fn of(account: &ServedAccount, it: &Order) -> Self {
        Self {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            symbol: it.symbol.to_string(),
            client_order_id: it.client_order_id.to_string(),
            order_id: it.order_id.to_string(),
            is_ours: account.manager.is_ours(&it.client_order_id),
            side: it.side.as_str(),
            position_side: it.position_side.as_str(),
            order_type: it.order_type.as_str(),
            time_in_force: it.time_in_force.map(|it| it.as_str()),
            quantity: known(it.quantity),
            filled: known(it.filled),
            price: known(it.price),
            trigger: known(it.trigger),
            reduce_only: it.reduce_only,
            close_position: it.close_position,
            adds_exposure: it.adds_exposure(),
            status: it.status.as_str(),
            updated: it.updated.time.into(),
        }
    }
}

impl ComposedRow {
    fn of(entry: &ComposedEntry, parts: &[JournalEntry], seen: &Seen) -> Self {
        let order = &entry.order;
        let opens = order.opening().is_some();
        let counts = |it: &&JournalEntry| !opens || it.purpose == Purpose::Entry;
        let filled: Decimal = parts.iter().filter(counts).filter_map(|it| filled(it, seen)).map(Quantity::get).sum();
        Self {
            account: entry.account.to_string(),
            venue: entry.venue.to_string(),
            id: entry.id.to_string(),
            kind: order.kind.as_str(),
            symbol: order.symbol.to_string(),
            direction: order.direction.as_str(),
            opens,
            order: order.to_string(),
            quantity: known(quantity(order)),
            filled: filled.into(),
            state: entry.state.as_str(),
            placed_at: entry.placed_at.into(),
            updated_at: entry.updated_at.into(),
            parts: parts.iter().map(|it| PartRow::of(it, seen)).collect(),
        }
    }
}

/// How much of a part has filled: by the journal at its end, and by the venue's word while it rests.
fn filled(part: &JournalEntry, seen: &Seen) -> Option<Quantity> {
    match &part.state {
        JournalState::Finished { filled, .. } => *filled,
        state if state.is_final() => None,
        _ => seen.view.orders.iter().find(|it| it.client_order_id == part.order.client_order_id)?.filled,
    }
}

/// How much it is for, in base units; `None` for the whole of a position, whatever it is.
const fn quantity(order: &ComposedOrder) -> Option<Quantity> {
    match &order.kind {
        ComposedKind::Bracket { opening, .. } => Some(opening.quantity),
        ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => Some(trade.quantity()),
        ComposedKind::Oco { quantity, .. } => Some(*quantity),
        ComposedKind::TrailingStop { .. } => None,
    }
}

impl PartRow {
    fn of(it: &JournalEntry, seen: &Seen) -> Self {
        let quantity = match it.order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        };
        let price = match it.order.kind {
            OrderKind::Limit { price, .. } => Some(price),
            _ => None,
        };
        Self {
            client_order_id: it.order.client_order_id.to_string(),
            purpose: it.purpose.as_str(),
            state: it.state.as_str(),
            quantity: known(quantity),
            filled: known(filled(it, seen)),
            price: known(price),
            trigger: known(it.order.kind.trigger()),
            updated: it.updated_at.into(),
        }
    }
}

impl UnknownRow {
    fn of(account: &ServedAccount, it: &JournalEntry) -> Self {
        Self {
            account: account.name().to_string(),
            client_order_id: it.order.client_order_id.to_string(),
            symbol: it.order.symbol.to_string(),
            purpose: it.purpose.as_str(),
            state: it.state.as_str(),
            since: it.intended_at.into(),
        }
    }
}
