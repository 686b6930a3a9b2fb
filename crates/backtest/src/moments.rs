//! History as prices in one order of time.

use crate::run::queue::{Due, Queue};
use crate::run::{Item, Quote};
use plimsoll_domain::{Candle, Price, Rate, Timestamp};
use std::collections::VecDeque;

/// The prices of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub time: Timestamp,
    /// The markets that have a new price, in the order in which it came.
    pub prices: Vec<MomentPrice>,
    /// Candles that close at this moment, by market.
    pub closed: Vec<(usize, Candle)>,
    /// Rates of fundings to come, by market and the time that each is settled.
    pub fundings: Vec<(usize, Timestamp, Rate)>,
}

/// A market's prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentPrice {
    /// The market, by its number.
    pub market: usize,
    /// The last traded price.
    pub last: Price,
    /// The mark price.
    pub mark: Price,
}

/// Makes moments of a history: each candle is its four prices and its close, as a [`Run`](crate::Run) trades them. What happens at one time
/// is one moment, but for a close, which comes before prices of its time.
pub struct Moments<I> {
    items: I,
    queue: Queue,
    fundings: VecDeque<(usize, Timestamp, Rate)>,
    quote: Option<(usize, Quote)>,
    /// Nothing that is earlier can come any more.
    reached: Option<Timestamp>,
    is_over: bool,
}

impl<I> Moments<I> {
    /// Moments of these items, which come oldest first.
    #[must_use]
    pub fn of(items: I) -> Self {
        Self { items, queue: Queue::default(), fundings: VecDeque::new(), quote: None, reached: None, is_over: false }
    }

    fn moment(&mut self, until: Option<Timestamp>) -> Option<Moment> {
        let (time, closes) = self.queue.first()?;
        let is_due = until.is_none_or(|until| time < until || time == until && closes);
        if !is_due {
            return None;
        }
        let mut it =
            Moment { time, prices: Vec::new(), closed: Vec::new(), fundings: self.fundings.drain(..).collect() };
        while self.queue.first() == Some((time, closes)) {
            let Some(Due { market, last, mark, closing, .. }) = self.queue.pop() else { break };
            it.prices.push(MomentPrice { market, last, mark });
            it.closed.extend(closing.map(|candle| (market, *candle)));
        }
        Some(it)
    }
}

impl<E, I: Iterator<Item = Result<Item, E>>> Iterator for Moments<I> {
    type Item = Result<Moment, E>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Everything before the quote that waits has its turn first.
            if let Some((market, quote)) = self.quote.take() {
                if let Some(moment) = self.moment(Some(quote.time)) {
                    self.quote = Some((market, quote));
                    return Some(Ok(moment));
                }
                let price = MomentPrice { market, last: quote.bid, mark: quote.mark.unwrap_or(quote.bid) };
                let fundings = self.fundings.drain(..).collect();
                return Some(Ok(Moment { time: quote.time, prices: vec![price], closed: Vec::new(), fundings }));
            }
            if self.is_over {
                return self.moment(None).map(Ok);
            }
            if let Some(reached) = self.reached
                && let Some(moment) = self.moment(Some(reached))
            {
                return Some(Ok(moment));
            }
            match self.items.next() {
                None => self.is_over = true,
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(Item::Funding(market, time, rate))) => self.fundings.push_back((market, time, rate)),
                Some(Ok(Item::Quote(market, quote))) => self.quote = Some((market, quote)),
                Some(Ok(Item::Candle(market, candles))) => {
                    self.reached = Some(candles.last.open_time);
                    self.queue.add(market, &candles);
                }
            }
        }
    }
}
