//! Which ids belong together, where the venue takes or tells one of them only.

use plimsoll_domain::{AccountEvent, ClientOrderId, Order, OrderId, Symbol};
use plimsoll_venue::{Bounded, Event};
use std::sync::{Mutex, MutexGuard, PoisonError};

const REMEMBERED: usize = 8192;

/// The ids of the orders that this process has placed or seen.
///
/// Price-triggered orders are cancelled and looked up by the venue's id alone, and whether they repeat ours is not
/// documented: what was placed here is known by ours all the same. The look-up of an ordinary order by our id ends a
/// minute after it was cancelled, by the venue's after ten.
#[derive(Debug)]
pub(crate) struct Names {
    ids: Mutex<Ids>,
}

#[derive(Debug)]
struct Ids {
    ordinary: Bounded<(Symbol, ClientOrderId), OrderId>,
    triggers: Bounded<(Symbol, ClientOrderId), OrderId>,
    by_trigger: Bounded<OrderId, ClientOrderId>,
}

impl Default for Names {
    fn default() -> Self {
        let ids = Ids {
            ordinary: Bounded::new(REMEMBERED),
            triggers: Bounded::new(REMEMBERED),
            by_trigger: Bounded::new(REMEMBERED),
        };
        Self { ids: Mutex::new(ids) }
    }
}

impl Names {
    /// Takes note of an order of ours that the venue has taken.
    pub(crate) fn placed(&self, symbol: &Symbol, client: &ClientOrderId, id: &OrderId, conditional: bool) {
        let (mut ids, key) = (self.ids(), (symbol.clone(), client.clone()));
        if conditional {
            ids.triggers.insert(key, id.clone());
            ids.by_trigger.insert(id.clone(), client.clone());
        } else {
            ids.ordinary.insert(key, id.clone());
        }
    }

    /// Takes note of an order that the venue reports.
    pub(crate) fn learn(&self, order: &Order) {
        if !order.client_order_id.as_str().is_empty() {
            let conditional = order.order_type.is_conditional();
            self.placed(&order.symbol, &order.client_order_id, &order.order_id, conditional);
        }
    }

    /// Gives a price-triggered order that was placed here the name that it was placed under.
    pub(crate) fn rename(&self, order: &mut Order) {
        if order.order_type.is_conditional()
            && let Some(ours) = self.ids().by_trigger.get(&order.order_id)
        {
            order.client_order_id = ours.clone();
        }
    }

    /// The same for what a message says; what it says of orders is learned.
    pub(crate) fn hear(&self, events: &mut [Event]) {
        for event in events {
            if let Event::Account(AccountEvent::Order(order)) = event {
                self.rename(order);
                self.learn(order);
            }
        }
    }

    /// The venue's id of an ordinary order of ours.
    pub(crate) fn ordinary(&self, symbol: &Symbol, client: &ClientOrderId) -> Option<OrderId> {
        self.ids().ordinary.get(&(symbol.clone(), client.clone())).cloned()
    }

    /// The venue's id of a price-triggered order of ours.
    pub(crate) fn trigger(&self, symbol: &Symbol, client: &ClientOrderId) -> Option<OrderId> {
        self.ids().triggers.get(&(symbol.clone(), client.clone())).cloned()
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
