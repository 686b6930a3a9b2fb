//! What rests at the venue to end a position.

use super::view::AccountView;
use crate::position_manager::{is_covered, is_stop, is_target};
use plimsoll_domain::{HeldPosition, Order, OrderType};

/// What rests at the venue to end a position, as far as a view of the account tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheltered<'a> {
    /// The stop whose trigger is nearest to the mark; without a mark, the first that is listed.
    pub stop: Option<&'a Order>,
    /// The target whose trigger is nearest to the mark.
    pub target: Option<&'a Order>,
    /// Stops rest that close the position whole.
    pub is_covered: bool,
}

impl AccountView {
    /// What rests at the venue to end this position. How old that is, [`age`](Self::age) says.
    #[must_use]
    pub fn sheltered(&self, held: &HeldPosition) -> Sheltered<'_> {
        let nearest = |is_wanted: fn(OrderType) -> bool| {
            let closes = |order: &&Order| {
                order.symbol == held.symbol
                    && order.position_side == held.position_side
                    && order.side == held.position.direction.closing_side()
                    && is_wanted(order.order_type)
                    && !order.status.is_final()
            };
            let distance = |order: &&Order| {
                order.trigger.zip(held.mark_price).map(|(trigger, mark)| (trigger.get() - mark.get()).abs())
            };
            self.orders.iter().filter(closes).filter(|order| order.trigger.is_some()).min_by_key(distance)
        };
        Sheltered { stop: nearest(is_stop), target: nearest(is_target), is_covered: is_covered(self, held) }
    }
}
