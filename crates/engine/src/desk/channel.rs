//! One contract of an account: who hears what of it.

use plimsoll_domain::{Candle, CandleBuilder, MarketEvent, Symbol};
use plimsoll_ports::FeedKind;

/// Who hears candles of one interval.
#[derive(Debug)]
struct Route {
    builder: CandleBuilder,
    seats: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) account: usize,
    pub(super) symbol: Symbol,
    /// The shortest interval first: where two candles close at once it is told first.
    candles: Vec<Route>,
    marks: Vec<usize>,
    quotes: Vec<usize>,
    funding: Vec<usize>,
}

impl Channel {
    pub(super) const fn new(account: usize, symbol: Symbol) -> Self {
        Self { account, symbol, candles: Vec::new(), marks: Vec::new(), quotes: Vec::new(), funding: Vec::new() }
    }

    pub(super) fn connect(&mut self, seat: usize, kind: FeedKind) {
        let seats = match kind {
            FeedKind::Marks => &mut self.marks,
            FeedKind::Quotes => &mut self.quotes,
            FeedKind::Funding => &mut self.funding,
            FeedKind::Candles(interval) => {
                let place = self.candles.partition_point(|route| route.builder.interval() < interval);
                if self.candles.get(place).is_none_or(|route| route.builder.interval() != interval) {
                    let route = Route { builder: CandleBuilder::new(interval), seats: Vec::new() };
                    self.candles.insert(place, route);
                }
                &mut self.candles[place].seats
            }
        };
        if !seats.contains(&seat) {
            seats.push(seat);
        }
    }

    /// Marks, quotes, funding.
    pub(super) const fn hears(&self) -> (bool, bool, bool) {
        (!self.marks.is_empty(), !self.quotes.is_empty(), !self.funding.is_empty())
    }

    /// The candles that have begun and have not closed.
    pub(super) fn half_built(&self) -> impl Iterator<Item = &Candle> {
        self.candles.iter().filter_map(|route| route.builder.half_built())
    }

    /// A candle goes on where it was, if somebody hears candles of its interval.
    pub(super) fn take_up(&mut self, candle: Candle) {
        let route = self.candles.iter_mut().find(|route| route.builder.interval() == candle.interval);
        if let Some(route) = route {
            route.builder = CandleBuilder::resumed(candle);
        }
    }

    /// Calls `tell` for each who hears of the event.
    pub(super) fn deliver(&mut self, event: &MarketEvent, mut tell: impl FnMut(usize, &MarketEvent)) {
        let seats = match event {
            MarketEvent::Candle(candle) => {
                for route in &mut self.candles {
                    if route.builder.interval() == candle.interval {
                        route.seats.iter().for_each(|seat| tell(*seat, event));
                        continue;
                    }
                    for longer in route.builder.push(candle) {
                        let event = MarketEvent::Candle(longer);
                        route.seats.iter().for_each(|seat| tell(*seat, &event));
                    }
                }
                return;
            }
            MarketEvent::Mark(_) => &self.marks,
            MarketEvent::Quotes(_) => &self.quotes,
            MarketEvent::Funding(_) | MarketEvent::Settled(_) => &self.funding,
            _ => return,
        };
        seats.iter().for_each(|seat| tell(*seat, event));
    }
}
