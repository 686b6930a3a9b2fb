//! Which ids belong together, for the orders that this process has seen.

use plimsoll_domain::{ClientOrderId, Order, OrderId, Symbol};
use plimsoll_venue::Bounded;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded memory: what falls out of it is asked for again.
pub(crate) struct Memory {
    ids: Mutex<Ids>,
}

struct Ids {
    /// Which of the venue's two services keeps an order of ours.
    conditional: Bounded<ClientOrderId, bool>,
    /// Trades name their order by the venue's id alone; such ids are unique within a symbol.
    names: Bounded<(Symbol, OrderId), ClientOrderId>,
}

const REMEMBERED: usize = 8192;

impl Memory {
    pub(crate) fn new() -> Self {
        Self { ids: Mutex::new(Ids { conditional: Bounded::new(REMEMBERED), names: Bounded::new(REMEMBERED) }) }
    }

    /// Takes note of an order that the venue reports. That it is of the ordinary service proves nothing: it may be what a
    /// conditional order of the same client id became.
    pub(crate) fn learn(&self, order: &Order) {
        let mut ids = self.ids();
        if order.order_type.is_conditional() {
            ids.conditional.insert(order.client_order_id.clone(), true);
        } else {
            ids.names.insert((order.symbol.clone(), order.order_id.clone()), order.client_order_id.clone());
        }
    }

    /// Takes note of an order that we have placed.
    pub(crate) fn placed(&self, symbol: &Symbol, client: &ClientOrderId, id: &OrderId, conditional: bool) {
        let mut ids = self.ids();
        ids.conditional.insert(client.clone(), conditional);
        if !conditional {
            ids.names.insert((symbol.clone(), id.clone()), client.clone());
        }
    }

    /// Whether an order of ours is in the conditional service; `None` if that is not known.
    pub(crate) fn is_conditional(&self, client: &ClientOrderId) -> Option<bool> {
        self.ids().conditional.get(client).copied()
    }

    pub(crate) fn name(&self, symbol: &Symbol, id: &OrderId) -> Option<ClientOrderId> {
        self.ids().names.get(&(symbol.clone(), id.clone())).cloned()
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
