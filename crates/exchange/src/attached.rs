//! Stops that orders carry: placed by the exchange itself when the order is done, for what it has filled.

use crate::exchange::Exchange;
use crate::filters;
use crate::order::conditional_id;
use crate::rejection::Rejection;
use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, NewOrder, Order, OrderKind, OrderSize, PositionSide, Price, Quantity,
    TriggerBy,
};

impl Exchange {
    /// Whether orders that open may carry a stop.
    #[must_use]
    pub const fn attaches_stops(&self) -> bool {
        self.settings.attaches_stops
    }

    /// Places an order that opens, and remembers a stop for what it opens. When the order is done, however it ends, a stop-market
    /// order of the size that it has filled is stored under a name of the exchange's own; it watches the last price and may
    /// only reduce. One that would trigger at once by then is not stored, and nobody is told: the order has filled all the
    /// same.
    ///
    /// # Errors
    /// What [`place`](Self::place) refuses; [`Rejection::NothingAttached`] where [no stops are
    /// attached](crate::Settings::attaches_stops) or the order opens nothing at once or at a limit;
    /// [`Rejection::TickSize`] and [`Rejection::WouldTriggerImmediately`] of the stop.
    pub fn place_with_stop(&mut self, account: &AccountId, order: &NewOrder, stop: Price) -> Result<Order, Rejection> {
        if !self.settings.attaches_stops || !order.adds_exposure() || order.kind.order_type().is_conditional() {
            return Err(Rejection::NothingAttached);
        }
        let market = &self.markets[self.market_index(&order.symbol)?];
        filters::tick(&market.instrument, stop)?;
        let price = market.last;
        let is_met = match Direction::from(order.side) {
            Direction::Long => price <= stop,
            Direction::Short => price >= stop,
        };
        if is_met {
            return Err(Rejection::WouldTriggerImmediately { trigger: stop, price });
        }
        self.place_carrying(account, order, Some(stop))
    }

    /// Stores the stops of the orders that are done.
    pub(crate) fn store_attached(&mut self) {
        let is_done = |number: &usize| self.orders.get(*number).is_none_or(|order| order.status.is_final());
        let done: Vec<usize> = self.attached.keys().copied().filter(is_done).collect();
        for number in done {
            let Some(trigger) = self.attached.remove(&number) else { continue };
            let Some(order) = self.orders.get(number) else { continue };
            let Ok(filled) = Quantity::new(order.filled) else { continue };
            let (account, market, trigger_by) = (order.account, order.market, TriggerBy::Last);
            let stop = NewOrder {
                client_order_id: ClientOrderId::reported(conditional_id(self.conditionals.next()).as_str()),
                symbol: order.symbol.clone(),
                side: order.side.opposite(),
                position_side: order.position_side,
                kind: OrderKind::StopMarket { trigger, trigger_by },
                size: OrderSize::Quantity(filled),
                reduce_only: order.position_side == PositionSide::Both,
            };
            // One that is refused is not there: whoever has attached it looks.
            drop(self.store_conditional(account, market, &stop, trigger, trigger_by));
        }
    }
}
