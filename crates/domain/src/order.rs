//! Orders: what we send, and what a venue says of them.

use crate::name::{ClientOrderId, OrderId, Symbol};
use crate::price::Price;
use crate::quantity::Quantity;
use crate::side::{PositionSide, Side, UnknownWord, words};
use crate::time::Stamp;
use std::fmt;
use std::str::FromStr;

/// An order to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Our name for it, stored before sending.
    pub client_order_id: ClientOrderId,
    /// The contract.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// Which position of the symbol it is for.
    pub position_side: PositionSide,
    /// When and at what price it trades.
    pub kind: OrderKind,
    /// How much.
    pub size: OrderSize,
    /// May only shrink a position. Hedge legs imply it by side and position side; an adapter sends what its venue wants.
    pub reduce_only: bool,
}

impl NewOrder {
    /// Whether it could make a position larger: everything that is not reduce-only, does not close a whole position,
    /// and does not trade against its hedge leg.
    #[must_use]
    pub fn adds_exposure(&self) -> bool {
        let whole_position = self.size == OrderSize::WholePosition;
        !(self.reduce_only || whole_position || closes_leg(self.side, self.position_side))
    }
}

/// How much an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderSize {
    /// This much.
    Quantity(Quantity),
    /// The whole position as it is when the order triggers (close-position); conditional orders only.
    WholePosition,
}

/// When an order trades, and at what price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// At once, at the best price there is.
    Market,
    /// At this price or better.
    Limit {
        /// The worst price.
        price: Price,
        /// How long it lives.
        time_in_force: TimeInForce,
    },
    /// A market order once the price has moved against the position: rises to a buy's trigger, falls to a sell's.
    StopMarket {
        /// The price that triggers it.
        trigger: Price,
        /// Which price is watched.
        trigger_by: TriggerBy,
    },
    /// A market order once the price has moved in the position's favour: falls to a buy's trigger, rises to a sell's.
    TakeProfitMarket {
        /// The price that triggers it.
        trigger: Price,
        /// Which price is watched.
        trigger_by: TriggerBy,
    },
}

impl OrderKind {
    /// The price that triggers it; `None` for what waits for nothing.
    #[must_use]
    pub const fn trigger(&self) -> Option<Price> {
        match self {
            Self::StopMarket { trigger, .. } | Self::TakeProfitMarket { trigger, .. } => Some(*trigger),
            Self::Market | Self::Limit { .. } => None,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn order_type(&self) -> OrderType {
        match self {
            Self::Market => OrderType::Market,
            Self::Limit { .. } => OrderType::Limit,
            Self::StopMarket { .. } => OrderType::StopMarket,
            Self::TakeProfitMarket { .. } => OrderType::TakeProfitMarket,
        }
    }
}

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeInForce {
    /// Until cancelled.
    Gtc,
    /// Now, as far as it goes.
    Ioc,
    /// All of it now, or nothing.
    Fok,
    /// May only rest on the book, never take.
    PostOnly,
    /// Until a date.
    Gtd,
    /// Retail price improvement: post-only against a venue's own app users.
    Rpi,
}
words!(
    TimeInForce,
    "time in force",
    Gtc = "gtc",
    Ioc = "ioc",
    Fok = "fok",
    PostOnly = "post_only",
    Gtd = "gtd",
    Rpi = "rpi"
);

/// The price that a conditional order watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerBy {
    /// The mark price.
    Mark,
    /// The last traded price.
    Last,
}
words!(TriggerBy, "trigger price", Mark = "mark", Last = "last");

/// The kinds of orders that venues report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderType {
    /// At the best price there is.
    Market,
    /// At a price or better.
    Limit,
    /// A limit order after a stop trigger.
    Stop,
    /// A market order after a stop trigger.
    StopMarket,
    /// A limit order after a take-profit trigger.
    TakeProfit,
    /// A market order after a take-profit trigger.
    TakeProfitMarket,
    /// A market order at a distance from the best price seen.
    TrailingStopMarket,
    /// The venue's own forced close.
    Liquidation,
}
words!(
    OrderType,
    "order type",
    Market = "market",
    Limit = "limit",
    Stop = "stop",
    StopMarket = "stop_market",
    TakeProfit = "take_profit",
    TakeProfitMarket = "take_profit_market",
    TrailingStopMarket = "trailing_stop_market",
    Liquidation = "liquidation"
);

impl OrderType {
    /// Waits for a trigger before it can trade. Some venues keep such orders in a service and an id space of their own.
    #[must_use]
    pub const fn is_conditional(self) -> bool {
        match self {
            Self::Stop | Self::StopMarket | Self::TakeProfit | Self::TakeProfitMarket | Self::TrailingStopMarket => {
                true
            }
            Self::Market | Self::Limit | Self::Liquidation => false,
        }
    }
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// Rests, nothing filled; or waits for its trigger.
    New,
    /// Rests, partly filled.
    PartiallyFilled,
    /// Filled whole.
    Filled,
    /// Cancelled; what had filled stays filled.
    Canceled,
    /// Ended by the venue; what had filled stays filled.
    Expired,
    /// Refused; nothing filled.
    Rejected,
}
words!(
    OrderStatus,
    "order status",
    New = "new",
    PartiallyFilled = "partially_filled",
    Filled = "filled",
    Canceled = "canceled",
    Expired = "expired",
    Rejected = "rejected"
);

impl OrderStatus {
    /// Nothing more can happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::New | Self::PartiallyFilled => false,
            Self::Filled | Self::Canceled | Self::Expired | Self::Rejected => true,
        }
    }
}

/// An order as its venue reports it: a whole state, not an increment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The venue's id. Conditional orders may have an id space of their own.
    pub order_id: OrderId,
    /// Our id, or that of whoever placed it.
    pub client_order_id: ClientOrderId,
    /// The contract.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// Which position of the symbol it is for.
    pub position_side: PositionSide,
    /// What kind it is now; a triggered conditional order is reported by its child, a market or limit order.
    pub order_type: OrderType,
    /// How long it lives, where the report says.
    pub time_in_force: Option<TimeInForce>,
    /// Its limit; `None` for market orders.
    pub price: Option<Price>,
    /// Its trigger; `None` unless conditional.
    pub trigger: Option<Price>,
    /// Its size in base units; `None` for one that closes the whole position.
    pub quantity: Option<Quantity>,
    /// How much has been filled in all.
    pub filled: Option<Quantity>,
    /// The size-weighted mean of its fills, where the report says.
    pub average_price: Option<Price>,
    /// May only shrink a position.
    pub reduce_only: bool,
    /// Closes the whole position when triggered.
    pub close_position: bool,
    /// The market or limit order that a conditional order became when it triggered: from then on that order is the one
    /// that rests and fills. `None` until it triggers, and for orders that wait for nothing.
    pub child: Option<OrderId>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// When the venue last changed it.
    pub updated: Stamp,
}

impl Order {
    /// Whether it could make a position larger: whatever is not certain to reduce one.
    #[must_use]
    pub fn adds_exposure(&self) -> bool {
        !(self.reduce_only || self.close_position || closes_leg(self.side, self.position_side))
    }
}

/// Whether it trades against its hedge leg, and can only shrink it.
fn closes_leg(side: Side, position_side: PositionSide) -> bool {
    position_side.direction().is_some_and(|leg| side == leg.closing_side())
}
