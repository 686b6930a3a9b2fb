//! Resting orders in price-time priority.

use plimsoll_domain::{Price, Side};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The orders that rest on one contract.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    bids: BTreeMap<(Reverse<Price>, u64), usize>,
    asks: BTreeMap<(Price, u64), usize>,
}

impl Book {
    pub(crate) fn rest(&mut self, side: Side, price: Price, priority: u64, order: usize) {
        match side {
            Side::Buy => self.bids.insert((Reverse(price), priority), order),
            Side::Sell => self.asks.insert((price, priority), order),
        };
    }

    pub(crate) fn remove(&mut self, side: Side, price: Price, priority: u64) {
        match side {
            Side::Buy => self.bids.remove(&(Reverse(price), priority)),
            Side::Sell => self.asks.remove(&(price, priority)),
        };
    }

    /// The first in the queue of this side.
    pub(crate) fn best(&self, side: Side) -> Option<(Price, usize)> {
        match side {
            Side::Buy => self.bids.first_key_value().map(|((price, _), order)| (price.0, *order)),
            Side::Sell => self.asks.first_key_value().map(|((price, _), order)| (*price, *order)),
        }
    }

    /// This side's orders, the first in the queue first.
    pub(crate) fn queue(&self, side: Side) -> Box<dyn Iterator<Item = (Price, usize)> + '_> {
        match side {
            Side::Buy => Box::new(self.bids.iter().map(|((price, _), order)| (price.0, *order))),
            Side::Sell => Box::new(self.asks.iter().map(|((price, _), order)| (*price, *order))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_prices_come_first_and_earlier_orders_before_later() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let mut book = Book::default();
        for (order, text) in ["100", "101", "101", "99"].iter().enumerate() {
            book.rest(Side::Buy, price(text), order as u64, order);
            book.rest(Side::Sell, price(text), order as u64, order);
        }
        let queue = |side| book.queue(side).map(|(_, order)| order).collect::<Vec<_>>();
        assert_eq!(queue(Side::Buy), [1, 2, 0, 3]);
        assert_eq!(queue(Side::Sell), [3, 0, 1, 2]);
    }
}
