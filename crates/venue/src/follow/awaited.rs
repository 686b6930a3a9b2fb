//! News that must come: whatever an order of ours does, the stream tells of it within moments. One that is not told of shows
//! that the stream is deaf, however lively its socket.

use crate::bounded::Bounded;
use plimsoll_domain::{AccountEvent, AccountSnapshot, ClientOrderId, Symbol, TradeId};
use std::time::Duration;
use tokio::time::Instant;

const REMEMBERED: usize = 4096;

pub(super) struct Awaited {
    limit: Duration,
    waiting: Vec<(Instant, What)>,
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
        Self { limit, waiting: Vec::new(), heard: Bounded::new(REMEMBERED) }
    }

    /// This is to be told of from now on, unless it has been.
    pub(super) fn expect(&mut self, what: What, now: Instant) {
        if !self.heard.contains(&what) {
            self.waiting.push((now + self.limit, what));
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
        for (due, _) in &mut self.waiting {
            *due = now + self.limit;
        }
    }

    fn heard(&mut self, what: What) {
        self.waiting.retain(|(_, waiting)| *waiting != what);
        self.heard.insert(what, ());
    }

    /// Nothing is expected any more: the connection it was to come over is gone.
    pub(super) fn give_up(&mut self) {
        self.waiting.clear();
    }

    /// When the first of what is expected is overdue.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|(due, _)| *due).min()
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
    fn what_was_heard_before_its_answer_is_not_expected() {
        let mut awaited = Awaited::new(LIMIT);
        awaited.heard(order("one"));
        awaited.expect(order("one"), Instant::now());
        assert_eq!(awaited.due(), None);
    }
}
