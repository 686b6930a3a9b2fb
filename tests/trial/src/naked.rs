//! How long a position for which a stop was meant has none at the exchange.

use crate::observer::{Observer, key};
use plimsoll_domain::{AccountId, OrderType, PositionSide, Symbol, Timestamp};
use plimsoll_exchange::Exchange;
use std::collections::BTreeMap;
use std::time::Duration;

/// What has been without protection, and since when.
#[derive(Debug, Default)]
pub(crate) struct Naked {
    since: BTreeMap<(Symbol, PositionSide), Timestamp>,
    /// From the fill, or from when the stop was gone, to when one rests.
    pub(crate) until_resting: Vec<Duration>,
    /// The same to when the position was gone instead.
    pub(crate) until_closed: Vec<Duration>,
    /// Since when a stop rests that nobody has read back.
    unread: BTreeMap<plimsoll_domain::ClientOrderId, Timestamp>,
    /// From the fill to when somebody read back that it rests.
    pub(crate) until_read: Vec<Duration>,
}

impl Naked {
    /// Whether anything is meant to be protected.
    pub(crate) fn is_of_interest(&self, observer: &Observer) -> bool {
        !observer.stops.is_empty()
    }

    pub(crate) fn look(&mut self, exchange: &Exchange, account: &AccountId, observer: &mut Observer, now: Timestamp) {
        let positions = exchange.positions(account);
        let waiting = exchange.open_conditionals(account);
        let mut held = Vec::new();
        for report in &positions {
            let Some(position) = report.position else { continue };
            let opens = position.direction.opening_side();
            held.push(key(&report.symbol, report.position_side.as_str(), opens.as_str()));
            if !observer.stops.contains_key(&key(&report.symbol, report.position_side.as_str(), opens.as_str())) {
                continue;
            }
            let stop = waiting.iter().map(|it| &it.order).find(|order| {
                order.symbol == report.symbol
                    && order.position_side == report.position_side
                    && order.order_type == OrderType::StopMarket
                    && order.side == opens.opposite()
                    && order.close_position
            });
            let which = (report.symbol.clone(), report.position_side);
            match stop {
                Some(stop) => {
                    if let Some(since) = self.since.remove(&which) {
                        self.until_resting.push(now.since(since));
                        self.unread.insert(stop.client_order_id.clone(), since);
                    }
                }
                None => {
                    self.since.entry(which).or_insert(now);
                }
            }
        }
        // What has ended needs no stop any more, and what begins in its place may be meant to have none.
        observer.stops.retain(|key, _| held.contains(key));
        let is_held = |which: &(Symbol, PositionSide)| {
            positions.iter().any(|it| it.position.is_some() && (&it.symbol, it.position_side) == (&which.0, which.1))
        };
        let gone: Vec<_> = self.since.keys().filter(|which| !is_held(which)).cloned().collect();
        for which in gone {
            if let Some(since) = self.since.remove(&which) {
                self.until_closed.push(now.since(since));
            }
        }
    }

    /// Somebody of ours was told that this order rests.
    pub(crate) fn read(&mut self, id: &plimsoll_domain::ClientOrderId, now: Timestamp) {
        if let Some(since) = self.unread.remove(id) {
            self.until_read.push(now.since(since));
        }
    }
}
