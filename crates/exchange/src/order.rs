//! Orders as the exchange keeps them, and as it tells of them.

use plimsoll_domain::{
    ClientOrderId, FillCause, Money, Order, OrderId, OrderStatus, OrderType, PositionSide, Price, Quantity, Side,
    Stamp, Symbol, TimeInForce, Timestamp, TriggerBy,
};
use rust_decimal::Decimal;

use crate::rejection::Rejection;

/// By which name an order is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderRef {
    /// The exchange's.
    Id(OrderId),
    /// The account's: the open order of that name, else the newest.
    Client(ClientOrderId),
}

/// An ordinary order with what the exchange knows beyond the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The order as it is now.
    pub order: Order,
    /// When it was accepted.
    pub created: Timestamp,
    /// What it was before a trigger made it a market order; else its type.
    pub original_type: OrderType,
    /// The conditional order that it is the child of.
    pub parent: Option<OrderId>,
    /// What its fills cost in all: Σ quantity × price.
    pub cost: Money,
    /// Who placed it: the account, or the exchange by force.
    pub cause: FillCause,
}

/// Why an order ended without the account's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpiryReason {
    /// What an immediate-or-cancel order could not fill.
    ImmediateOrCancel,
    /// It would have traded with an order of its own account.
    SelfTrade,
    /// Reduce-only, and nothing is left for it to reduce.
    ReduceOnly,
    /// Its margin was gone when it was to fill.
    InsufficientMargin,
    /// The account's margin pool is being liquidated.
    Liquidation,
    /// The account's position was deleveraged.
    Adl,
    /// An amended post-only order that would have taken.
    WouldTakeLiquidity,
}

/// Where a conditional order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionalStatus {
    /// Waits for its trigger. No margin is reserved.
    New,
    /// The trigger is met; its child is being placed.
    Triggering,
    /// The child was accepted.
    Triggered,
    /// The child has ended.
    Finished,
    /// The child was refused: the position is unprotected.
    Rejected,
    /// Cancelled by the account.
    Canceled,
    /// Ended by the exchange.
    Expired,
}

impl ConditionalStatus {
    /// Nothing more can happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::New | Self::Triggering | Self::Triggered => false,
            Self::Finished | Self::Rejected | Self::Canceled | Self::Expired => true,
        }
    }
}

/// A stop-market or take-profit-market order: its ids are a space of their own, and a market order is its child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionalOrder {
    /// The order as it is now, its id from the conditional id space. Once triggered its filled size and average price
    /// are its child's.
    pub order: Order,
    /// Which price it watches.
    pub trigger_by: TriggerBy,
    /// Where it is in its life.
    pub status: ConditionalStatus,
    /// When it was stored.
    pub created: Timestamp,
    /// When it was triggered.
    pub triggered: Option<Timestamp>,
    /// The market order that it became.
    pub child: Option<OrderId>,
    /// Why its child was refused.
    pub refusal: Option<Rejection>,
}

/// The first id of the conditional space, far from ordinary ids.
pub(crate) const FIRST_CONDITIONAL: usize = 1_000_000_000_000_001;
/// An ordinary order in the exchange's own form. Its number is its place in the list of all orders, its id that many
/// from the first.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    pub(crate) id: usize,
    pub(crate) account: usize,
    pub(crate) market: usize,
    pub(crate) symbol: Symbol,
    pub(crate) client_order_id: ClientOrderId,
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) order_type: OrderType,
    pub(crate) original_type: OrderType,
    pub(crate) limit: Option<(Price, TimeInForce)>,
    pub(crate) quantity: Quantity,
    pub(crate) filled: Decimal,
    pub(crate) cost: Decimal,
    pub(crate) reduce_only: bool,
    pub(crate) close_position: bool,
    pub(crate) parent: Option<usize>,
    pub(crate) cause: FillCause,
    pub(crate) status: OrderStatus,
    /// Its place in the queue of its price, while it rests.
    pub(crate) priority: Option<u64>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Stamp,
}

impl Working {
    pub(crate) fn id(&self) -> OrderId {
        OrderId::new(self.id.to_string())
    }

    /// What is still to be filled.
    pub(crate) fn remaining(&self) -> Option<Quantity> {
        Quantity::new(self.quantity.get() - self.filled).ok()
    }

    /// Can only shrink a position, by its own flag or because it closes a hedge leg.
    pub(crate) fn reduces(&self) -> bool {
        reduces(self.reduce_only || self.close_position, self.side, self.position_side)
    }

    pub(crate) fn report(&self) -> Order {
        let filled = Quantity::new(self.filled).ok();
        Order {
            order_id: self.id(),
            client_order_id: self.client_order_id.clone(),
            symbol: self.symbol.clone(),
            side: self.side,
            position_side: self.position_side,
            order_type: self.order_type,
            time_in_force: self.limit.map(|(_, time_in_force)| time_in_force),
            price: self.limit.map(|(price, _)| price),
            trigger: None,
            quantity: Some(self.quantity),
            filled,
            average_price: filled.and_then(|filled| Price::new(self.cost / filled.get()).ok()),
            reduce_only: self.reduce_only,
            close_position: self.close_position,
            status: self.status,
            child: None,
            updated: self.updated,
        }
    }

    pub(crate) fn placed(&self) -> PlacedOrder {
        PlacedOrder {
            order: self.report(),
            created: self.created,
            original_type: self.original_type,
            parent: self.parent.map(conditional_id),
            cost: Money::new(self.cost),
            cause: self.cause,
        }
    }
}

/// Whether such an order can only shrink a position.
pub(crate) fn reduces(reduce_only: bool, side: Side, position_side: PositionSide) -> bool {
    reduce_only || position_side.direction().is_some_and(|leg| side == leg.closing_side())
}

pub(crate) fn conditional_id(number: usize) -> OrderId {
    OrderId::new((FIRST_CONDITIONAL + number).to_string())
}

/// The place in its list of the order with this id, if it is an id of that space.
pub(crate) fn number(id: &OrderId, first: usize) -> Option<usize> {
    id.as_str().parse::<usize>().ok()?.checked_sub(first)
}
