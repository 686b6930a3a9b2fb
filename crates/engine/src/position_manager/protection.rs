//! Stops that rest at the venue, and count only once the venue reads them back.

use super::PositionManager;
use super::failure::ProtectionFailure;
use super::outcome::Protection;
use crate::client_order_id::IntentId;
use crate::order_path::{Evidence, Placed, SendFailure};
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    Direction, Instrument, NewOrder, Order, OrderKind, OrderSize, OrderType, PositionSide, Price, Rounding, TriggerBy,
};
use plimsoll_ports::Purpose;

/// One protective order that is wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) intent: &'a IntentId,
    pub(crate) instrument: &'a Instrument,
    pub(crate) direction: Direction,
    pub(crate) side: PositionSide,
    pub(crate) purpose: Purpose,
    pub(crate) trigger: Price,
}

impl Wanted<'_> {
    /// A stop fires earlier, never later; a profit is taken no later than asked.
    pub(crate) fn rounded(&self) -> Result<Price, ProtectionFailure> {
        let profit_rounding = match self.direction {
            Direction::Long => Rounding::Down,
            Direction::Short => Rounding::Up,
        };
        let rounded = match self.purpose {
            Purpose::TakeProfit => self.trigger.round(self.instrument.tick, profit_rounding),
            _ => self.instrument.stop_price(self.direction, self.trigger),
        };
        rounded.ok_or(ProtectionFailure::NoPrice(self.trigger))
    }

    fn order_type(&self) -> OrderType {
        match self.purpose {
            Purpose::TakeProfit => OrderType::TakeProfitMarket,
            _ => OrderType::StopMarket,
        }
    }

    /// It closes the whole position as it is when it triggers, so that its size is always right.
    fn order(&self, trigger: Price) -> NewOrder {
        let trigger_by = TriggerBy::Mark;
        NewOrder {
            client_order_id: self.intent.order(self.purpose, 0),
            symbol: self.instrument.symbol.clone(),
            side: self.direction.closing_side(),
            position_side: self.side,
            kind: match self.purpose {
                Purpose::TakeProfit => OrderKind::TakeProfitMarket { trigger, trigger_by },
                _ => OrderKind::StopMarket { trigger, trigger_by },
            },
            size: OrderSize::WholePosition,
            reduce_only: false,
        }
    }

    fn is_met_by(&self, order: &Order, trigger: Price) -> Result<(), ProtectionFailure> {
        let differs = |what: String| Err(ProtectionFailure::ReadBackDifferently(what));
        if order.status.is_final() {
            return Err(ProtectionFailure::Ended(order.status));
        }
        if order.order_type != self.order_type() {
            return differs(format!("a {} order", order.order_type));
        }
        if order.trigger != Some(trigger) {
            let found = order.trigger.map_or("no trigger".to_owned(), |found| format!("a trigger at {found}"));
            return differs(found);
        }
        if order.side != self.direction.closing_side() || order.position_side != self.side {
            return differs(format!("one that will {} on side {}", order.side, order.position_side));
        }
        if !order.close_position {
            return differs("one that does not close the whole position".to_owned());
        }
        Ok(())
    }
}

impl PositionManager {
    /// Places a protective order, reads it back and compares. One that stands in its way (an earlier one of ours for the
    /// same position) is kept if it is the same, and replaced if not.
    pub(crate) async fn protect(
        &self,
        wanted: &Wanted<'_>,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        let trigger = wanted.rounded()?;
        for earlier in self.earlier(wanted, troubles).await {
            if wanted.is_met_by(&earlier, trigger).is_ok() {
                return Ok(self.verified(wanted, &earlier, trigger));
            }
            self.cancel(&earlier.symbol, &earlier.client_order_id, troubles).await;
        }
        let order = wanted.order(trigger);
        let placed = self.path.send_noting(&order, wanted.purpose, Evidence::BookAndTrades, troubles).await;
        match placed.map_err(ProtectionFailure::Order)? {
            Placed::Resting(found) => {
                wanted.is_met_by(&found, trigger)?;
                Ok(self.verified(wanted, &found, trigger))
            }
            Placed::Ended(execution) => Err(ProtectionFailure::Ended(execution.status)),
        }
    }

    fn verified(&self, wanted: &Wanted<'_>, found: &Order, trigger: Price) -> Protection {
        Protection {
            purpose: wanted.purpose,
            client_order_id: found.client_order_id.clone(),
            order_id: found.order_id.clone(),
            trigger,
            verified_at: self.ports.clock.now(),
        }
    }

    /// Our open orders of the same kind for the same position.
    async fn earlier(&self, wanted: &Wanted<'_>, troubles: &mut Troubles) -> Vec<Order> {
        let symbol = &wanted.instrument.symbol;
        let open = self.ports.broker.open_orders(Some(symbol)).await;
        let open = troubles.known(Subject::Orders, symbol, open).unwrap_or_default();
        let stands_in_the_way = |order: &Order| {
            order.order_type == wanted.order_type()
                && order.position_side == wanted.side
                && order.side == wanted.direction.closing_side()
                && self.ids.is_ours(&order.client_order_id)
        };
        open.into_iter().filter(stands_in_the_way).collect()
    }
}

impl From<SendFailure> for ProtectionFailure {
    fn from(failure: SendFailure) -> Self {
        Self::Order(failure)
    }
}
