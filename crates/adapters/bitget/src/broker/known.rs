//! What this process knows of orders beside their names.

use plimsoll_domain::{ClientOrderId, Fill, NewOrder, Order, OrderId, PositionSide, Side};
use plimsoll_venue::Bounded;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which leg each order trades and which way, and of which kind each plan order is. A bounded memory: what falls out of it
/// is asked for again.
#[derive(Debug)]
pub(crate) struct Known(Mutex<Ids>);

#[derive(Debug)]
struct Ids {
    traded: Bounded<OrderId, Traded>,
    plans: Bounded<ClientOrderId, String>,
    sent: Bounded<ClientOrderId, PositionSide>,
}

#[derive(Debug, Clone)]
struct Traded {
    client_order_id: ClientOrderId,
    side: Side,
    position_side: PositionSide,
}

const REMEMBERED: usize = 8192;

impl Default for Known {
    fn default() -> Self {
        Self(Mutex::new(Ids {
            traded: Bounded::new(REMEMBERED),
            plans: Bounded::new(REMEMBERED),
            sent: Bounded::new(REMEMBERED),
        }))
    }
}

impl Known {
    /// Takes note of an order that is about to be sent.
    pub(super) fn is_sent(&self, order: &NewOrder) {
        self.ids().sent.insert(order.client_order_id.clone(), order.position_side);
    }

    /// Takes note of an order that the venue has taken.
    pub(super) fn placed(&self, order: &NewOrder, id: &OrderId) {
        let NewOrder { client_order_id, side, position_side, .. } = order;
        self.note(id, Traded { client_order_id: client_order_id.clone(), side: *side, position_side: *position_side });
    }

    /// Takes note of an order that the venue reports. Plan orders have ids of their own, which no trade names. An order
    /// without its name, as the older dialect tells it, says nothing new.
    pub(crate) fn learn(&self, order: &Order) {
        if order.order_type.is_conditional() || order.client_order_id.as_str().is_empty() {
            return;
        }
        let (side, position_side) = (order.side, order.position_side);
        self.note(&order.order_id, Traded { client_order_id: order.client_order_id.clone(), side, position_side });
    }

    fn note(&self, id: &OrderId, traded: Traded) {
        self.ids().traded.insert(id.clone(), traded);
    }

    /// Takes note of what kind a plan order is.
    pub(super) fn is_plan(&self, id: &ClientOrderId, plan_type: &str) {
        self.ids().plans.insert(id.clone(), plan_type.to_owned());
    }

    pub(super) fn plan_type(&self, id: &ClientOrderId) -> Option<String> {
        self.ids().plans.get(id).cloned()
    }

    /// The client id of an order.
    pub(crate) fn name(&self, id: &OrderId) -> Option<ClientOrderId> {
        self.ids().traded.get(id).map(|traded| traded.client_order_id.clone())
    }

    /// Which position an order trades, by either of its names.
    pub(crate) fn position_side(&self, id: &OrderId, name: &ClientOrderId) -> Option<PositionSide> {
        let ids = self.ids();
        ids.traded.get(id).map(|traded| traded.position_side).or_else(|| ids.sent.get(name).copied())
    }

    /// Gives a trade the client id of its order, and with legs its leg and side; whether the order is known. The venue does
    /// not say whether `side` of a trade that was asked for is that of the trade or of the leg; its order says both.
    pub(super) fn name_fill(&self, fill: &mut Fill) -> bool {
        let ids = self.ids();
        let Some(traded) = ids.traded.get(&fill.order_id) else { return false };
        fill.client_order_id = traded.client_order_id.clone();
        if traded.position_side != PositionSide::Both {
            fill.position_side = traded.position_side;
            fill.side = traded.side;
        }
        true
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
