//! What the venue tells of an order, gathered from the exchange: ids as numbers, the trigger behind a child, its wire names.

use crate::binance::number;
use crate::binance::words;
use plimsoll_domain::{FillCause, Instrument, OrderId, Price, TriggerBy};
use plimsoll_exchange::{ConditionalOrder, PlacedOrder};

/// An order or trade id as the integer that it is on the wire.
pub(crate) fn id(id: &str) -> i64 {
    id.parse().unwrap_or(0)
}

/// The trigger that an ordinary order came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Trigger {
    pub(crate) price: Option<Price>,
    pub(crate) by: Option<TriggerBy>,
}

impl Trigger {
    pub(crate) fn of(parent: Option<&ConditionalOrder>) -> Self {
        parent.map_or_else(Self::default, |parent| Self { price: parent.order.trigger, by: Some(parent.trigger_by) })
    }

    pub(crate) const fn working_type(&self) -> &'static str {
        words::working_type(self.by)
    }
}

/// An ordinary order and what the venue remembers of it beyond the exchange.
#[derive(Debug, Clone)]
pub(crate) struct OrderFacts<'a> {
    pub(crate) placed: &'a PlacedOrder,
    pub(crate) instrument: &'a Instrument,
    pub(crate) trigger: Trigger,
    /// When a good-till-date order ends, in milliseconds.
    pub(crate) good_till: Option<i64>,
}

impl OrderFacts<'_> {
    pub(crate) fn id(&self) -> i64 {
        id(self.placed.order.order_id.as_str())
    }

    pub(crate) fn client_id(&self) -> &str {
        self.placed.order.client_order_id.as_str()
    }

    pub(crate) fn is_forced(&self) -> bool {
        self.placed.cause != FillCause::Order
    }

    /// The type now: forced orders go as immediate limits.
    pub(crate) fn order_type(&self) -> &'static str {
        if self.is_forced() { "LIMIT" } else { words::order_type(self.placed.order.order_type) }
    }

    /// The type that it was placed as.
    pub(crate) fn original_type(&self) -> &'static str {
        if self.is_forced() { "LIMIT" } else { words::order_type(self.placed.original_type) }
    }

    pub(crate) fn time_in_force(&self) -> &'static str {
        match self.placed.cause {
            FillCause::Order if self.good_till.is_some() => "GTD",
            FillCause::Liquidation => "IOC",
            FillCause::Adl => "GTC",
            FillCause::Order | FillCause::Settlement => words::time_in_force(self.placed.order.time_in_force),
        }
    }

    /// What the fills cost, as money of the contract.
    pub(crate) fn cost(&self) -> String {
        if self.placed.cost.is_zero() {
            "0".to_owned()
        } else {
            number::padded(self.placed.cost.get(), number::price_precision(self.instrument))
        }
    }
}

/// An id from one of the id spaces, as the exchange has it.
pub(crate) fn order_id(number: i64) -> OrderId {
    OrderId::new(number.to_string())
}
