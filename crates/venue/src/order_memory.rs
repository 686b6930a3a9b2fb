//! The orders that this process has seen: which ids belong together, and which have just been taken.

use crate::bounded::Bounded;
use plimsoll_domain::{ClientOrderId, Order, OrderId, Symbol};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// A bounded memory: what falls out of it is asked for again. The streams of the account hear of what has been placed.
#[derive(Debug)]
pub struct OrderMemory {
    ids: Mutex<Ids>,
    placed: broadcast::Sender<ClientOrderId>,
}

#[derive(Debug)]
struct Ids {
    /// Which of the venue's two services keeps an order of ours.
    conditional: Bounded<ClientOrderId, bool>,
    /// Trades name their order by the venue's id alone; such ids are unique within a symbol.
    names: Bounded<(Symbol, OrderId), ClientOrderId>,
}

const REMEMBERED: usize = 8192;

/// So many orders may wait to be noted by a stream that is busy with a snapshot; of more the oldest are not awaited.
const PLACED: usize = 256;

impl Default for OrderMemory {
    fn default() -> Self {
        let ids = Ids { conditional: Bounded::new(REMEMBERED), names: Bounded::new(REMEMBERED) };
        Self { ids: Mutex::new(ids), placed: broadcast::Sender::new(PLACED) }
    }
}

impl OrderMemory {
    /// Takes note of an order that the venue reports. That it is of the ordinary service proves nothing: it may be what a
    /// conditional order of the same client id became.
    pub fn learn(&self, order: &Order) {
        let mut ids = self.ids();
        if order.order_type.is_conditional() {
            ids.conditional.insert(order.client_order_id.clone(), true);
        } else {
            ids.names.insert((order.symbol.clone(), order.order_id.clone()), order.client_order_id.clone());
        }
    }

    /// Takes note of the service that an order of ours goes to, so that it is looked up there alone if the answer is lost.
    pub fn sent(&self, client: &ClientOrderId, conditional: bool) {
        self.ids().conditional.insert(client.clone(), conditional);
    }

    /// Takes note of an order of ours that the venue has taken, and has the streams wait for news of it.
    pub fn placed(&self, symbol: &Symbol, client: &ClientOrderId, id: &OrderId, conditional: bool) {
        let mut ids = self.ids();
        ids.conditional.insert(client.clone(), conditional);
        if !conditional {
            ids.names.insert((symbol.clone(), id.clone()), client.clone());
        }
        drop(ids);
        // An error means that there is no stream.
        drop(self.placed.send(client.clone()));
    }

    /// What is placed from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ClientOrderId> {
        self.placed.subscribe()
    }

    /// Whether an order of ours is in the conditional service; `None` if that is not known.
    #[must_use]
    pub fn is_conditional(&self, client: &ClientOrderId) -> Option<bool> {
        self.ids().conditional.get(client).copied()
    }

    /// The client id of an order of the ordinary service, as far as it is remembered.
    #[must_use]
    pub fn name(&self, symbol: &Symbol, id: &OrderId) -> Option<ClientOrderId> {
        self.ids().names.get(&(symbol.clone(), id.clone())).cloned()
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
