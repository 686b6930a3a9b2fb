//! The orders of one contract: which are open, and which must not rise again.

use super::id_hash::ByIds;
use crate::change::Change;
use crate::name::OrderId;
use crate::order::Order;
use crate::time::Timestamp;
use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// One more would make the table of 1024 places twice as large: seven in eight of them are used.
const FINISHED_LIMIT: usize = 896;

/// Conditional orders may have an id space of their own, so the kind is part of the key.
type Key = (bool, OrderId);

/// Until when an order is known to be open: a time, and whether a snapshot of that time listed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alive(Timestamp, bool);

impl Alive {
    /// By a report of its own.
    pub(super) fn reported(order: &Order) -> Self {
        Self(order.updated.time, false)
    }

    /// By a snapshot of this time.
    pub(super) const fn listed(time: Timestamp) -> Self {
        Self(time, true)
    }
}

#[derive(Debug, Clone)]
struct Open {
    order: Order,
    alive: Alive,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    open: BTreeMap<Key, Open>,
    finished: HashMap<Key, Order, ByIds>,
    forgotten: Option<Timestamp>,
}

impl Orders {
    /// What rests or waits. A conditional order that has triggered does neither: its child is the order from then on.
    pub(super) fn open(&self) -> impl Iterator<Item = &Order> {
        self.open.values().map(|open| &open.order).filter(|order| order.child.is_none())
    }

    pub(super) fn get(&self, conditional: bool, id: &OrderId) -> Option<&Order> {
        let key = (conditional, id.clone());
        self.open.get(&key).map(|open| &open.order).or_else(|| self.finished.get(&key))
    }

    /// Takes a report, unless a better one is known. `floor` is the time of the newest snapshot.
    pub(super) fn hear(&mut self, order: &Order, alive: Alive, floor: Option<Timestamp>, changes: &mut Vec<Change>) {
        let key = (order.order_type.is_conditional(), order.order_id.clone());
        if order.status.is_final() {
            self.finish(key, order, changes);
        } else if let Some(finished) = self.finished.get_mut(&key) {
            replace(finished, order, changes);
        } else if let Some(open) = self.open.get_mut(&key) {
            open.alive = open.alive.max(alive);
            replace(&mut open.order, order, changes);
        } else if !self.is_past(alive, floor) {
            self.open.insert(key, Open { order: order.clone(), alive });
            changes.push(Change::OrderChanged { order: order.clone(), before: None });
        }
    }

    /// Drops what a snapshot of this time would have listed and did not.
    pub(super) fn drop_unlisted(&mut self, floor: Timestamp, changes: &mut Vec<Change>) {
        self.open.retain(|_, open| {
            let stays = open.alive >= Alive::listed(floor);
            if !stays {
                changes.push(Change::OrderVanished(open.order.clone()));
            }
            stays
        });
    }

    fn is_past(&self, alive: Alive, floor: Option<Timestamp>) -> bool {
        floor.is_some_and(|floor| alive < Alive::listed(floor))
            || self.forgotten.is_some_and(|forgotten| alive <= Alive(forgotten, false))
    }

    fn finish(&mut self, key: Key, order: &Order, changes: &mut Vec<Change>) {
        let entry = match self.finished.entry(key) {
            Entry::Occupied(mut known) => return replace(known.get_mut(), order, changes),
            Entry::Vacant(entry) => entry,
        };
        let before = self.open.remove(entry.key()).map(|open| open.order.status);
        let long_known = self.forgotten.is_some_and(|forgotten| order.updated.time <= forgotten);
        if long_known && before.is_none() {
            return;
        }
        entry.insert(order.clone());
        changes.push(Change::OrderChanged { order: order.clone(), before });
        if self.finished.len() >= FINISHED_LIMIT {
            self.forget_older_half();
        }
    }

    fn forget_older_half(&mut self) {
        let mut times: Vec<Timestamp> = self.finished.values().map(|order| order.updated.time).collect();
        let middle = times.len() / 2;
        let (_, &mut floor, _) = times.select_nth_unstable(middle);
        self.finished.retain(|_, order| order.updated.time > floor);
        self.forgotten = self.forgotten.max(Some(floor));
    }
}

fn replace(known: &mut Order, order: &Order, changes: &mut Vec<Change>) {
    if by_news(order, known) != Ordering::Greater {
        return;
    }
    let before = known.status;
    known.updated = order.updated;
    if known != order {
        known.clone_from(order);
        changes.push(Change::OrderChanged { order: order.clone(), before: Some(before) });
    }
}

/// A finished order beats an open one; then what has filled more; then what is newer. The rest only makes the choice
/// between two reports of one moment independent of which came first.
fn by_news(a: &Order, b: &Order) -> Ordering {
    let news = |it: &Order| (it.status.is_final(), it.filled, it.updated);
    let content = |it: &Order| (it.status, it.quantity, it.price, it.trigger, it.average_price, it.time_in_force);
    let rest = |it: &Order| (it.order_type, it.side, it.position_side, it.reduce_only, it.close_position);
    news(a)
        .cmp(&news(b))
        .then_with(|| content(a).cmp(&content(b)))
        .then_with(|| rest(a).cmp(&rest(b)))
        .then_with(|| (&a.client_order_id, &a.child).cmp(&(&b.client_order_id, &b.child)))
}
