//! The parts of a composed order, as far as it is known what became of them.

use plimsoll_domain::{ClientOrderId, Decimal, NewOrder, OrderSize, OrderStatus, Price, Quantity, Timestamp};
use plimsoll_ports::Purpose;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) purpose: Purpose,
    /// Which one of its purpose.
    pub(crate) number: u16,
    pub(crate) order: NewOrder,
    pub(crate) intended_at: Timestamp,
    pub(crate) fate: Fate,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody knows: it may be live.
    Unknown,
    /// It rests, or waits for its trigger.
    Rests {
        /// How much of it has filled.
        filled: Option<Quantity>,
    },
    /// It has ended at the venue.
    Ended { status: OrderStatus, filled: Option<Quantity> },
    /// The venue said no.
    Refused(String),
    /// It never got there.
    NotSent,
}

impl Part {
    pub(crate) const fn id(&self) -> &ClientOrderId {
        &self.order.client_order_id
    }

    pub(crate) const fn filled(&self) -> Option<Quantity> {
        match &self.fate {
            Fate::Rests { filled } | Fate::Ended { filled, .. } => *filled,
            Fate::Unknown | Fate::Refused(_) | Fate::NotSent => None,
        }
    }

    pub(crate) const fn rests(&self) -> bool {
        matches!(self.fate, Fate::Rests { .. })
    }

    /// It did all that it was for.
    pub(crate) fn is_done(&self) -> bool {
        let Fate::Ended { status, filled } = &self.fate else { return false };
        let is_whole = |filled: Quantity| matches!(self.order.size, OrderSize::Quantity(size) if filled >= size);
        *status == OrderStatus::Filled || filled.is_some_and(is_whole)
    }

    /// It did what it was for, or some of it, and nothing more will come.
    pub(crate) const fn has_traded(&self) -> bool {
        matches!(self.fate, Fate::Ended { filled: Some(_), .. })
    }

    /// Where it triggers.
    pub(crate) const fn trigger(&self) -> Option<Price> {
        self.order.kind.trigger()
    }
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parts(pub(crate) Vec<Part>);

impl Parts {
    pub(crate) fn of(&self, purpose: Purpose) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(move |it| it.purpose == purpose)
    }

    /// The newest one for a purpose.
    pub(crate) fn last(&self, purpose: Purpose) -> Option<&Part> {
        self.of(purpose).max_by_key(|it| it.number)
    }

    /// The number of the next one for a purpose.
    pub(crate) fn next_number(&self, purpose: Purpose) -> u16 {
        self.last(purpose).map_or(0, |last| last.number.saturating_add(1))
    }

    /// What has filled for a purpose, in base units.
    pub(crate) fn filled(&self, purpose: Purpose) -> Decimal {
        self.of(purpose).filter_map(Part::filled).map(Quantity::get).sum()
    }

    /// The first one that rests.
    pub(crate) fn resting(&self, purpose: Purpose) -> Option<&Part> {
        self.of(purpose).find(|it| it.rests())
    }
}
