//! What is to rest, beside what rests.

use super::lines::Lines;
use plimsoll_domain::{Decimal, Direction, Instrument, Price, Quantity, Side, Symbol, Timestamp};
use plimsoll_ports::{Intent, RestIntent, RestingEffect, StopLoss, WorkingOrder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An order that is to rest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) label: String,
    pub(super) side: Side,
    pub(super) quantity: Quantity,
    pub(super) price: Price,
    pub(super) effect: RestingEffect,
}

/// The name of a cell's order.
pub(super) fn label(epoch: u32, cell: usize, opens: bool) -> String {
    format!("{epoch}.{cell}.{}", if opens { "in" } else { "out" })
}

/// The cell of a label of this grid.
pub(super) fn cell_of(epoch: u32, label: &str) -> Option<usize> {
    let (grid, rest) = label.split_once('.')?;
    let (cell, _) = rest.split_once('.')?;
    (grid.parse() == Ok(epoch)).then(|| cell.parse().ok()).flatten()
}

/// Everything that is to rest, and the cells that the price has gone past the exit of.
pub(super) fn wanted(
    lines: &Lines,
    epoch: u32,
    instrument: &Instrument,
    (price, may_open): (Price, Option<Direction>),
    opens: bool,
    rests: impl Fn(&str) -> bool,
) -> (Vec<Wanted>, Vec<usize>) {
    let (mut wanted, mut past) = (Vec::new(), Vec::new());
    for (index, cell) in lines.cells.iter().enumerate() {
        let is_ahead = |it: Price, side: Side| match side {
            Side::Buy => it < price,
            Side::Sell => it > price,
        };
        let (opening, closing) = (cell.way.opening_side(), cell.way.closing_side());
        if let Ok(quantity) = Quantity::new(cell.held) {
            let (label, effect) = (label(epoch, index, false), RestingEffect::Reduces);
            // What rests already may be filling: it stays.
            if is_ahead(cell.exit, closing) || rests(&label) {
                wanted.push(Wanted { label, side: closing, quantity, price: cell.exit, effect });
            } else {
                past.push(index);
            }
        }
        let missing = Quantity::new(lines.quantity.get() - cell.held).ok();
        let missing = missing.filter(|it| *it >= instrument.smallest_size(cell.entry));
        let label = label(epoch, index, true);
        let is_placeable = is_ahead(cell.entry, opening) || rests(&label);
        let allowed = opens && may_open.is_none_or(|way| way == cell.way) && is_placeable;
        if let (true, Some(quantity)) = (allowed, missing) {
            let effect =
                RestingEffect::Opens { leverage: lines.times(), stop_loss: StopLoss::At(lines.stop(cell.way)) };
            wanted.push(Wanted { label, side: opening, quantity, price: cell.entry, effect });
        }
    }
    (wanted, past)
}

/// What was asked for and has not been seen yet, by label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    sent: BTreeMap<String, Sent>,
    /// What a venue would not have: not again before the next candle.
    blocked: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    since: i64,
    cancels: bool,
}

/// For how long what was asked for may be unseen, before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

impl Asked {
    pub(super) fn candle(&mut self) {
        self.blocked.clear();
    }

    /// An order has ended. Where nobody here wanted that, and it has not filled, it is not placed again at once.
    pub(super) fn ended(&mut self, label: &str, filled: bool) {
        let cancelled = self.sent.remove(label).is_some_and(|sent| sent.cancels);
        if !filled && !cancelled {
            self.blocked.insert(label.to_owned());
        }
    }

    pub(super) fn refused(&mut self, label: &str) {
        self.sent.remove(label);
        self.blocked.insert(label.to_owned());
    }

    pub(super) fn has(&self, label: &str) -> bool {
        self.sent.contains_key(label)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// What has happened, or counts as lost, is awaited no more.
    pub(super) fn seen(&mut self, resting: &[&WorkingOrder], now: Timestamp) {
        self.sent.retain(|label, sent| {
            let is_recent = now.since(Timestamp::from_micros(sent.since)) < PATIENCE;
            is_recent && sent.cancels == resting.iter().any(|order| order.label == *label)
        });
    }

    /// What makes the one into the other: an order of a label at a time, cancelled where it is otherwise than wanted, and
    /// placed where there is none and none is on its way.
    pub(super) fn reconcile(
        &mut self,
        wanted: &[Wanted],
        resting: &[&WorkingOrder],
        symbol: &Symbol,
        now: Timestamp,
    ) -> Vec<(Intent, String)> {
        self.seen(resting, now);
        let rests = |label: &str| resting.iter().any(|order| order.label == label);
        let mut intents = Vec::new();
        for order in resting {
            let right = wanted.iter().any(|it| is_as_wanted(order, it));
            if !right && self.send(&order.label, true, now) {
                let reason =
                    format!("{} of {} at {} has no place in the grid", order.side, order.quantity, order.price);
                intents.push((Intent::Cancel { symbol: symbol.clone(), label: order.label.clone() }, reason));
            }
        }
        for it in wanted {
            if rests(&it.label) || self.blocked.contains(&it.label) || !self.send(&it.label, false, now) {
                continue;
            }
            let Wanted { label, side, quantity, price, effect } = it.clone();
            let does = if effect == RestingEffect::Reduces { "takes the profit of its cell" } else { "opens its cell" };
            let reason = format!("{label}: {side} of {quantity} at {price} {does}");
            let rest = RestIntent { symbol: symbol.clone(), label, side, quantity, price, effect };
            intents.push((Intent::Rest(rest), reason));
        }
        intents
    }

    /// Notes that this is asked for; `false` if something of this label is on its way.
    fn send(&mut self, label: &str, cancels: bool, now: Timestamp) -> bool {
        if self.sent.contains_key(label) {
            return false;
        }
        self.sent.insert(label.to_owned(), Sent { since: now.as_micros(), cancels });
        true
    }
}

/// Whether what is left of an order is what is wanted.
fn is_as_wanted(order: &WorkingOrder, wanted: &Wanted) -> bool {
    let left = order.quantity.get() - order.filled.map_or(Decimal::ZERO, Quantity::get);
    order.label == wanted.label
        && order.side == wanted.side
        && order.price == wanted.price
        && left == wanted.quantity.get()
}
