//! What is to be done next for a composed order: a pure function of what was meant, of what has become of its parts, and of
//! what is held now.
//!
//! Nothing else is remembered. Whoever asks again after a crash, a refusal, or somebody's hand in it is answered by the same
//! rules from what is there then.

mod oco;
mod opening;
mod part;
mod slices;
#[cfg(test)]
mod tests;
mod trailing;

pub(crate) use opening::opening_is_over;
pub(crate) use part::{Fate, Part, Parts};

use plimsoll_domain::{ClientOrderId, Instrument, OrderKind, OrderSize, Position, Price, Timestamp};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedKind, Purpose};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, until something happens, or until then.
    Wait(Option<Timestamp>),
    /// A part is to be sent.
    Place(NewPart),
    /// A part that rests is to be cancelled.
    Cancel(ClientOrderId),
    /// It has ended; nothing of it rests.
    End(ComposedEnd, String),
}

/// A part that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewPart {
    pub(crate) purpose: Purpose,
    /// Which one of its purpose, from 0 on: its name follows from that, so that it is never sent twice.
    pub(crate) number: u16,
    pub(crate) kind: OrderKind,
    pub(crate) size: OrderSize,
}

/// What it is decided on beside the parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) now: Timestamp,
    pub(crate) mark: Price,
    /// The position that it opens, adds to or closes.
    pub(crate) held: Option<Position>,
    pub(crate) instrument: &'a Instrument,
}

/// What is to be done next.
pub(crate) fn next(entry: &ComposedEntry, parts: &Parts, facts: &Facts<'_>) -> Next {
    // What is not known of a part may be live: it is looked up before anything else is sent.
    let is_in_the_way = |part: &Part| entry.order.opening().is_none() || part.purpose == Purpose::Entry;
    if parts.0.iter().any(|part| part.fate == Fate::Unknown && is_in_the_way(part)) {
        return Next::Wait(None);
    }
    match &entry.order.kind {
        ComposedKind::Bracket { opening, price, time_in_force } => {
            let kind = OrderKind::Limit { price: *price, time_in_force: *time_in_force };
            let whole = slices::Slicing { quantity: opening.quantity, purpose: Purpose::Entry, kind };
            whole.next(parts, facts, Some)
        }
        ComposedKind::Iceberg { trade, price, visible } => slices::iceberg(trade, *price, *visible, parts, facts),
        ComposedKind::Twap { trade, slices, every } => {
            slices::twap(trade, (*slices, *every), entry.placed_at, parts, facts)
        }
        ComposedKind::Oco { quantity, stop, target } => oco::next(*quantity, (*stop, *target), parts, facts),
        ComposedKind::TrailingStop { distance, activation } => {
            trailing::next(entry.order.direction, *distance, *activation, parts, facts)
        }
    }
}
