//! What the outside market is seen to do: its trades, and a book around its quotes.
//!
//! The feed says at what price the outside market last traded and nothing of sizes, so its trades are shown with the
//! smallest size there is and its book with round ones. Trades between accounts are shown as they were.

use plimsoll_domain::{Instrument, MarketTrade, Price, Quantity, Side, Timestamp};
use rust_decimal::Decimal;
use std::collections::VecDeque;

/// How many trades are remembered.
const KEPT: usize = 1000;
/// How many levels a book has on each side.
const LEVELS: usize = 20;
/// The size of the best level in lots; further ones are multiples of it.
const LEVEL_LOTS: u32 = 1000;

/// One trade as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) id: i64,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
    pub(crate) time: Timestamp,
    /// The seller took.
    pub(crate) buyer_is_maker: bool,
}

/// One level of a book: a price and its size.
pub(crate) type Level = (Price, Decimal);

/// A book at one moment, the best level first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    pub(crate) bids: Vec<Level>,
    pub(crate) asks: Vec<Level>,
}

/// A contract's public record.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    prints: VecDeque<Print>,
    printed: i64,
    last: Option<Price>,
    depth: Depth,
    /// The number of the book's last change.
    pub(crate) update: i64,
}

impl Tape {
    /// The remembered trades, oldest first.
    pub(crate) fn prints(&self) -> impl DoubleEndedIterator<Item = &Print> {
        self.prints.iter()
    }

    /// The newest trade.
    pub(crate) fn newest(&self) -> Option<&Print> {
        self.prints.back()
    }

    /// Records a trade between accounts.
    pub(crate) fn traded(&mut self, trade: &MarketTrade) -> Print {
        self.print(trade.price, trade.quantity, trade.time, trade.taker == Side::Sell)
    }

    /// Records that the outside market trades at `last`; a trade only if that is news.
    pub(crate) fn outside(&mut self, instrument: &Instrument, last: Price, time: Timestamp) -> Option<Print> {
        let before = self.last.replace(last);
        if before == Some(last) {
            return None;
        }
        let falling = before.is_some_and(|before| last < before);
        Some(self.print(last, instrument.min_quantity, time, falling))
    }

    fn print(&mut self, price: Price, quantity: Quantity, time: Timestamp, buyer_is_maker: bool) -> Print {
        self.printed += 1;
        let print = Print { id: self.printed, price, quantity, time, buyer_is_maker };
        if self.prints.len() == KEPT {
            self.prints.pop_front();
        }
        self.prints.push_back(print.clone());
        print
    }

    /// Moves the book to these quotes; answers what changed, sizes of 0 where a level is gone, if anything did.
    pub(crate) fn quote(&mut self, instrument: &Instrument, bid: Price, ask: Price) -> Option<Depth> {
        let depth = around(instrument, bid, ask);
        if depth == self.depth {
            return None;
        }
        let before = std::mem::replace(&mut self.depth, depth);
        self.update += 1;
        Some(Depth { bids: changes(&before.bids, &self.depth.bids), asks: changes(&before.asks, &self.depth.asks) })
    }

    /// The book as it is.
    pub(crate) const fn depth(&self) -> &Depth {
        &self.depth
    }
}

fn around(instrument: &Instrument, bid: Price, ask: Price) -> Depth {
    let tick = instrument.tick.get();
    let size = instrument.lot.get() * Decimal::from(LEVEL_LOTS);
    let level = |best: Price, away: Decimal, level: usize| -> Option<Level> {
        let number = Decimal::from(level);
        let price = Price::new(best.get() + away * number).ok()?;
        Some((price, size * (number + Decimal::ONE)))
    };
    Depth {
        bids: (0..LEVELS).map_while(|number| level(bid, -tick, number)).collect(),
        asks: (0..LEVELS).map_while(|number| level(ask, tick, number)).collect(),
    }
}

fn changes(before: &[Level], after: &[Level]) -> Vec<Level> {
    let gone = before.iter().filter(|(price, _)| after.iter().all(|(kept, _)| kept != price));
    let gone = gone.map(|(price, _)| (*price, Decimal::ZERO));
    after.iter().filter(|level| !before.contains(level)).copied().chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_exchange::listings;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn changes_take_one_book_to_the_next() {
        let instrument = listings::btc_usdt();
        let mut tape = Tape::default();
        let mut follower = Depth::default();
        for bid in ["60000", "60000.1", "59990", "60000.1"] {
            let Some(changes) =
                tape.quote(&instrument, price(bid), price(&format!("{}", price(bid).get() + instrument.tick.get())))
            else {
                panic!("every quote here is news")
            };
            for (side, changed) in [(&mut follower.bids, changes.bids), (&mut follower.asks, changes.asks)] {
                for (at, size) in changed {
                    side.retain(|(known, _)| *known != at);
                    if !size.is_zero() {
                        side.push((at, size));
                    }
                }
            }
            follower.bids.sort_by(|one, other| other.cmp(one));
            follower.asks.sort();
            assert_eq!(&follower, tape.depth());
        }
        assert_eq!(tape.quote(&instrument, price("60000.1"), price("60000.2")), None);
    }

    #[test]
    fn the_outside_market_trades_when_its_price_moves() {
        let instrument = listings::btc_usdt();
        let mut tape = Tape::default();
        let at = Timestamp::from_millis(1);
        assert_eq!(
            tape.outside(&instrument, price("10"), at).map(|print| (print.id, print.buyer_is_maker)),
            Some((1, false))
        );
        assert_eq!(tape.outside(&instrument, price("10"), at), None);
        assert_eq!(
            tape.outside(&instrument, price("9"), at).map(|print| (print.id, print.buyer_is_maker)),
            Some((2, true))
        );
    }
}
