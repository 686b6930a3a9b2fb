//! The stops that composed openings owe to what fills of them, as far as this process has seen them written down.

use plimsoll_domain::{ClientOrderId, NewOrder};
use std::collections::{HashMap, HashSet};

/// Which of them are to be sent still. They are remembered so that they are sent also where the journal is away; and that
/// one was sent, since the journal may not have taken what became of it: nobody sends it again without asking the venue.
#[derive(Debug, Default)]
pub(in crate::position_manager) struct OwedStops {
    unsent: HashMap<ClientOrderId, NewOrder>,
    sent: HashSet<ClientOrderId>,
}

impl OwedStops {
    /// It is written down, and not known to have been sent.
    pub(super) fn owe(&mut self, order: &NewOrder) {
        if !self.was_sent(&order.client_order_id) {
            self.unsent.insert(order.client_order_id.clone(), order.clone());
        }
    }

    pub(in crate::position_manager) fn note_sent(&mut self, id: &ClientOrderId) {
        self.unsent.remove(id);
        self.sent.insert(id.clone());
    }

    /// It never left us, and nothing else is on record of it.
    pub(in crate::position_manager) fn note_unsent(&mut self, order: &NewOrder) {
        self.sent.remove(&order.client_order_id);
        self.owe(order);
    }

    pub(super) fn unsent(&self, id: &ClientOrderId) -> Option<&NewOrder> {
        self.unsent.get(id)
    }

    pub(super) fn was_sent(&self, id: &ClientOrderId) -> bool {
        self.sent.contains(id)
    }

    /// Forgets all but those of which this is true.
    pub(super) fn retain(&mut self, goes_on: impl Fn(&ClientOrderId) -> bool) {
        self.unsent.retain(|id, _| goes_on(id));
        self.sent.retain(goes_on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{OrderKind, OrderSize, PositionSide, Side, TriggerBy};

    fn stop(name: &str) -> NewOrder {
        NewOrder {
            client_order_id: ClientOrderId::reported(name),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: Side::Sell,
            position_side: PositionSide::Both,
            kind: OrderKind::StopMarket { trigger: "45000".parse().unwrap(), trigger_by: TriggerBy::Mark },
            size: OrderSize::WholePosition,
            reduce_only: false,
        }
    }

    #[test]
    fn a_stop_that_was_sent_is_not_owed_again_though_the_journal_says_that_it_waits() {
        let (mut owed, first) = (OwedStops::default(), stop("a"));
        owed.owe(&first);
        assert_eq!(owed.unsent(&first.client_order_id), Some(&first));
        owed.note_sent(&first.client_order_id);
        owed.owe(&first);
        assert_eq!((owed.unsent(&first.client_order_id), owed.was_sent(&first.client_order_id)), (None, true));
        owed.note_unsent(&first);
        assert_eq!((owed.unsent(&first.client_order_id), owed.was_sent(&first.client_order_id)), (Some(&first), false));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let (mut owed, first, second) = (OwedStops::default(), stop("a"), stop("b"));
        owed.owe(&first);
        owed.owe(&second);
        owed.note_sent(&second.client_order_id);
        owed.retain(|_| false);
        assert_eq!((owed.unsent(&first.client_order_id), owed.was_sent(&second.client_order_id)), (None, false));
    }
}
