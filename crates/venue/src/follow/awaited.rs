//! News that must come: whatever an order of ours does, the stream tells of it within moments. One that is not told of shows
//! that the stream is deaf, however lively its socket.

use crate::bounded::Bounded;
use plimsoll_domain::{AccountEvent, AccountSnapshot, ClientOrderId, Symbol, TradeId};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

const REMEMBERED: usize = 4096;

pub(super) struct Awaited {
    limit: Duration,
    /// What has not come yet, and when it is overdue: every event looks here, however much is awaited.
    missing: HashMap<What, Instant>,
    /// The same in the order in which it is due, and between it what has come. The first has not.
    queue: VecDeque<(Instant, What)>,
    /// The stream often tells of an order before its answer has come.
    heard: Bounded<What, ()>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// An order that was placed.
    Order(ClientOrderId),
    /// A trade that was told in part.
    Trade(Symbol, TradeId),
}

impl Awaited {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, missing: HashMap::new(), queue: VecDeque::new(), heard: Bounded::new(REMEMBERED) }
    }

    /// This is to be told of from now on, unless it has been.
    pub(super) fn expect(&mut self, what: What, now: Instant) {
        if !self.heard.contains(&what) && !self.missing.contains_key(&what) {
            let due = now + self.limit;
            self.missing.insert(what.clone(), due);
            self.queue.push_back((due, what));
        }
    }

    /// The stream has told this.
    pub(super) fn hear(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Order(order) => self.heard(What::Order(order.client_order_id.clone())),
            AccountEvent::Fill(fill) => {
                self.heard(What::Trade(fill.symbol.clone(), fill.trade_id.clone()));
                self.heard(What::Order(fill.client_order_id.clone()));
            }
            _ => {}
        }
    }

    /// What happened up to this is known, whoever has told it. What the stream said meanwhile waits behind it: the rest has
    /// all its time again.
    pub(super) fn whole(&mut self, snapshot: &AccountSnapshot, now: Instant) {
        self.renew(now);
        for order in &snapshot.orders {
            self.heard(What::Order(order.client_order_id.clone()));
        }
    }

    /// Nothing new was taken from the stream until now: what is expected has all its time again.
    pub(super) fn renew(&mut self, now: Instant) {
        let Self { limit, missing, queue, .. } = self;
        queue.retain(|(due, what)| missing.get(what) == Some(due));
        for due in queue.iter_mut().map(|(due, _)| due).chain(missing.values_mut()) {
            *due = now + *limit;
        }
    }

    fn heard(&mut self, what: What) {
        if self.missing.remove(&what).is_some() {
            while self.queue.front().is_some_and(|(due, what)| self.missing.get(what) != Some(due)) {
                self.queue.pop_front();
            }
        }
        self.heard.insert(what, ());
    }

    /// Nothing is expected any more: the connection it was to come over is gone.
    pub(super) fn give_up(&mut self) {
        self.missing.clear();
        self.queue.clear();
    }

    /// When the first of what is expected is overdue.
    pub(super) fn due(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn order(id: &str) -> What {
        What::Order(ClientOrderId::reported(id))
    }

    #[test]
    fn what_is_expected_is_due_until_it_is_heard() {
        let (mut awaited, now) = (Awaited::new(LIMIT), Instant::now());
        awaited.expect(order("one"), now);
        awaited.expect(order("two"), now + LIMIT);
        assert_eq!(awaited.due(), Some(now + LIMIT));
        awaited.heard(order("one"));
        assert_eq!(awaited.due(), Some(now + LIMIT * 2));
        awaited.give_up();
        assert_eq!(awaited.due(), None);
    }

    #[test]
    fn what_is_heard_out_of_turn_is_not_due_later() {
        let (mut awaited, now) = (Awaited::new(LIMIT), Instant::now());
        for (id, second) in [("one", 1), ("two", 2), ("three", 3)] {
            awaited.expect(order(id), now + Duration::from_secs(second));
        }
        awaited.heard(order("two"));
        assert_eq!(awaited.due(), Some(now + LIMIT + Duration::from_secs(1)));
        awaited.heard(order("one"));
        assert_eq!(awaited.due(), Some(now + LIMIT + Duration::from_secs(3)));
        awaited.renew(now + LIMIT);
        assert_eq!(awaited.due(), Some(now + LIMIT * 2));
        awaited.heard(order("three"));
        assert_eq!(awaited.due(), None);
    }

    #[test]
    fn what_is_expected_twice_is_due_once() {
        let (mut awaited, now) = (Awaited::new(LIMIT), Instant::now());
        awaited.expect(order("one"), now);
        awaited.expect(order("one"), now + LIMIT);
        assert_eq!(awaited.due(), Some(now + LIMIT));
        awaited.heard(order("one"));
        assert_eq!(awaited.due(), None);
    }

    #[test]
    fn what_was_heard_before_its_answer_is_not_expected() {
        let mut awaited = Awaited::new(LIMIT);
        awaited.heard(order("one"));
        awaited.expect(order("one"), Instant::now());
        assert_eq!(awaited.due(), None);
    }
}
