//! One size in several orders: all of it as one that may rest, behind a small part of it, or in even steps of time.

use super::part::{Fate, Part, Parts};
use super::{Facts, NewPart, Next};
use plimsoll_domain::{
    Decimal, OrderKind, OrderSize, OrderStatus, Price, Quantity, Remainder, Rounding, TimeInForce, Timestamp,
};
use plimsoll_ports::{ComposedEnd, Purpose, SlicedTrade};
use std::time::Duration;

/// The most parts that one purpose may have: names have two digits of 36 for it.
const MOST_PARTS: u16 = 1295;

/// What is traded in parts.
pub(super) struct Slicing {
    pub(super) quantity: Quantity,
    /// What a part is for: an entry or an exit.
    pub(super) purpose: Purpose,
    /// What kind of an order a part is.
    pub(super) kind: OrderKind,
}

impl Slicing {
    /// What is next; `size` says how much of what is left the next part is for, and `None` that it is not its time.
    pub(super) fn next(&self, parts: &Parts, facts: &Facts<'_>, size: impl Fn(Quantity) -> Option<Quantity>) -> Next {
        let left = self.quantity.get() - parts.filled(self.purpose);
        let Ok(left) = Quantity::new(left) else {
            return self.cancel_or(parts, || Next::End(ComposedEnd::Done, "all of it has filled".to_owned()));
        };
        if self.purpose != Purpose::Entry && facts.held.is_none() {
            return self.cancel_or(parts, || Next::End(ComposedEnd::Canceled, "nothing is held to close".to_owned()));
        }
        if parts.resting(self.purpose).is_some() {
            return Next::Wait(None);
        }
        if let Some(end) = parts.last(self.purpose).and_then(|last| broken_off(last, self.is_post_only())) {
            return end;
        }
        // What is left of an opening that is too small to be an order by itself is not opened.
        let price = match self.kind {
            OrderKind::Limit { price, .. } => price,
            _ => facts.mark,
        };
        if self.purpose == Purpose::Entry && left < self.quantity && left < smallest(facts, price) {
            let why = format!("all of it has filled but {left}, which is too small to be an order");
            return Next::End(ComposedEnd::Done, why);
        }
        // A close is never for more than is held.
        let left = match facts.held.filter(|_| self.purpose != Purpose::Entry) {
            Some(held) => left.min(held.quantity),
            None => left,
        };
        let number = parts.next_number(self.purpose);
        if number > MOST_PARTS {
            return Next::End(ComposedEnd::Failed, format!("it takes more than {MOST_PARTS} parts"));
        }
        match size(left) {
            Some(size) => {
                let size = OrderSize::Quantity(size);
                Next::Place(NewPart { purpose: self.purpose, number, kind: self.kind, size })
            }
            None => Next::Wait(None),
        }
    }

    const fn is_post_only(&self) -> bool {
        matches!(self.kind, OrderKind::Limit { time_in_force: TimeInForce::PostOnly, .. })
    }

    fn cancel_or(&self, parts: &Parts, end: impl Fn() -> Next) -> Next {
        parts.resting(self.purpose).map_or_else(end, |part| Next::Cancel(part.id().clone()))
    }
}

/// The venue refused the last part, or somebody cancelled it there: then it is not for us to go on. Nor is it where one that may
/// only rest has not: sent again and again it would run after the market.
fn broken_off(last: &Part, is_post_only: bool) -> Option<Next> {
    match &last.fate {
        Fate::Refused(reason) => Some(Next::End(ComposedEnd::Failed, reason.clone())),
        Fate::Ended { status: OrderStatus::Canceled, .. } => {
            Some(Next::End(ComposedEnd::Canceled, format!("{} was cancelled at the venue", last.id())))
        }
        Fate::Ended { status: OrderStatus::Rejected, .. } => {
            Some(Next::End(ComposedEnd::Failed, format!("the venue rejected {}", last.id())))
        }
        Fate::Ended { status: OrderStatus::Expired, filled: None } if is_post_only => {
            Some(Next::End(ComposedEnd::Canceled, "it would take liquidity, and may only rest".to_owned()))
        }
        // A part that ended for want of a market, or was never sent, is followed by another one.
        Fate::Ended { .. } | Fate::NotSent | Fate::Rests { .. } | Fate::Unknown => None,
    }
}

const fn purpose(trade: &SlicedTrade) -> Purpose {
    match trade {
        SlicedTrade::Open(_) => Purpose::Entry,
        SlicedTrade::Close(_) => Purpose::Exit,
    }
}

/// No more than `visible` rests at once. What would be left too small to be an order goes with the part before it.
pub(super) fn iceberg(trade: &SlicedTrade, price: Price, visible: Quantity, parts: &Parts, facts: &Facts<'_>) -> Next {
    let is_seen_whole = visible >= trade.quantity();
    let time_in_force = if is_seen_whole { TimeInForce::PostOnly } else { TimeInForce::Gtc };
    let kind = OrderKind::Limit { price, time_in_force };
    let slicing = Slicing { quantity: trade.quantity(), purpose: purpose(trade), kind };
    slicing.next(parts, facts, |left| Some(a_part(left, visible, smallest(facts, price))))
}

/// An order each time that `every` has passed since the last one was sent. What an earlier one has not filled goes with the
/// next.
pub(super) fn twap(
    trade: &SlicedTrade,
    (slices, every): (u16, Duration),
    placed_at: Timestamp,
    parts: &Parts,
    facts: &Facts<'_>,
) -> Next {
    let purpose = purpose(trade);
    let slicing = Slicing { quantity: trade.quantity(), purpose, kind: OrderKind::Market };
    let due = parts.last(purpose).map_or(placed_at, |last| last.intended_at.plus(every));
    let sent = parts.of(purpose).filter(|it| it.has_traded()).count();
    let filled = parts.filled(purpose);
    let next = slicing.next(parts, facts, |left| {
        if facts.now < due {
            return None;
        }
        let smallest = smallest(facts, facts.mark);
        let wanted = Quantity::new(scheduled(trade.quantity(), slices, sent) - filled).ok();
        let wanted = wanted.and_then(|wanted| wanted.round(facts.instrument.lot, Rounding::Down)).unwrap_or(smallest);
        let most = facts.instrument.max_market_quantity;
        Some(a_part(left, wanted.min(most), smallest).min(most))
    });
    if next == Next::Wait(None) && facts.now < due { Next::Wait(Some(due)) } else { next }
}

/// How much is to have filled once one more than `sent` orders have: rounding is made good by the later ones, and the last
/// one fills it up.
fn scheduled(quantity: Quantity, slices: u16, sent: usize) -> Decimal {
    let number = u16::try_from(sent).unwrap_or(u16::MAX).saturating_add(1);
    if number >= slices {
        return quantity.get();
    }
    quantity.get().saturating_mul(number.into()) / Decimal::from(slices.max(1))
}

/// The smallest size that may be sent at this price: by size and by what it is worth.
fn smallest(facts: &Facts<'_>, price: Price) -> Quantity {
    facts.instrument.smallest_size(price)
}

/// `wanted` of `left`; all of it where the rest would be too small to be sent by itself, or the part is.
fn a_part(left: Quantity, wanted: Quantity, smallest: Quantity) -> Quantity {
    let part = wanted.max(smallest).min(left);
    match left.minus(part) {
        Remainder::Left(rest) if rest >= smallest => part,
        _ => left,
    }
}
