//! What an order came to: its fills, and their sums.

use plimsoll_domain::pnl::average_price;
use plimsoll_domain::{ClientOrderId, Direction, Fill, Money, Order, OrderId, OrderStatus, Position, Price, Quantity};

/// An order that has ended, with everything it traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Our name for it.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub order_id: OrderId,
    /// How it ended.
    pub status: OrderStatus,
    /// Its trades, oldest first, each once.
    pub fills: Vec<Fill>,
    /// What the venue says it filled, where it says; more than [`fills`](Self::fills) hold if some are not told yet.
    pub reported: Option<(Quantity, Option<Price>)>,
}

impl Execution {
    pub(crate) fn of(order: &Order, fills: Vec<Fill>) -> Self {
        Self {
            client_order_id: order.client_order_id.clone(),
            order_id: order.order_id.clone(),
            status: order.status,
            fills,
            reported: order.filled.map(|filled| (filled, order.average_price)),
        }
    }

    /// How much it traded: by its fills, or by the venue's word where that is more. `None` if nothing.
    #[must_use]
    pub fn filled(&self) -> Option<Quantity> {
        let reported = self.reported.map(|(quantity, _)| quantity);
        total(&self.fills).max(reported)
    }

    /// The size-weighted mean of its fills, or the venue's word while they are not told.
    #[must_use]
    pub fn average_price(&self) -> Option<Price> {
        let reported = || self.reported.and_then(|(_, price)| price);
        if self.is_told() { average_price(&self.fills).or_else(reported) } else { reported() }
    }

    /// Every fill that the venue counts is here.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.reported.is_none_or(|(filled, _)| total(&self.fills).is_some_and(|total| total >= filled))
    }

    /// What it traded at, in all: the sum of size × price.
    #[must_use]
    pub fn notional(&self) -> Money {
        self.fills.iter().map(|fill| fill.quantity * fill.price).sum()
    }

    /// Fees of its fills in the settle currency, once all of them are told; positive is paid. Those in another currency are
    /// with their fills.
    #[must_use]
    pub fn fees(&self) -> Option<Money> {
        self.is_told().then(|| fees(&self.fills))
    }
}

/// The size of all these fills together; `None` for none.
pub(crate) fn total(fills: &[Fill]) -> Option<Quantity> {
    fills.iter().map(|fill| fill.quantity).reduce(|sum, quantity| sum + quantity)
}

/// Their fees in the settle currency; a fee in another currency is no amount of this one and is left to its record.
pub(crate) fn fees(fills: &[Fill]) -> Money {
    fills.iter().filter(|fill| is_paid_in_settle(fill)).map(|fill| fill.fee).sum()
}

fn is_paid_in_settle(fill: &Fill) -> bool {
    fill.fee_currency.as_ref().is_none_or(|currency| currency.as_str() == fill.symbol.settle())
}

/// Walks a position through fills, and writes into each the profit that it realised where the venue does not say.
/// Answers what is left of the position.
pub(crate) fn walk(mut held: Option<Position>, fills: &mut [Fill]) -> Option<Position> {
    for fill in fills {
        let transition = Position::after(held, Direction::from(fill.side), fill.quantity, fill.price);
        fill.realized_pnl.get_or_insert(transition.realized());
        held = transition.position();
    }
    held
}
