//! Orders: ordinary ones and conditional ("algo") ones, which Binance keeps in two services with ids of their own.

use super::call::{Call, Security};
use crate::wire::word;
use plimsoll_domain::{
    ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, PositionMode, PositionSide, Price, Quantity, Side,
    Timestamp,
};
use plimsoll_venue::Method;

const ORDER: &str = "/fapi/v1/order";
const ALGO_ORDER: &str = "/fapi/v1/algoOrder";

/// An order to be sent, under the venue's name of its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The venue's name of the contract (`BTCUSDT`).
    pub native: &'a str,
    /// Buys or sells.
    pub side: Side,
    /// Which position of the contract it is for; says the position mode too.
    pub position_side: PositionSide,
    /// When and at what price it trades.
    pub kind: OrderKind,
    /// How much.
    pub size: OrderSize,
    /// May only shrink the position. Never sent in hedge mode, where the sides imply it.
    pub reduce_only: bool,
    /// Our name for it. An order without one cannot be looked up when its answer is lost.
    pub client_order_id: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The order as it goes out, under the venue's name of its contract.
    #[must_use]
    pub fn new(order: &'a NewOrder, native: &'a str) -> Self {
        Self {
            native,
            side: order.side,
            position_side: order.position_side,
            kind: order.kind,
            size: order.size,
            reduce_only: order.reduce_only,
            client_order_id: Some(order.client_order_id.as_str()),
        }
    }

    pub(super) fn hedge_leg(&self) -> Option<&'static str> {
        match self.position_side {
            PositionSide::Both => None,
            leg => Some(word::of_position_side(leg)),
        }
    }

    /// Binance refuses the parameter in hedge mode, and beside close-position.
    pub(super) fn reduce_only_word(&self) -> Option<&'static str> {
        let sent = self.reduce_only && self.hedge_leg().is_none() && self.size != OrderSize::WholePosition;
        sent.then_some("true")
    }
}

/// Sends an order: a market or limit order to the one service, a conditional one to the other. `None` for what Binance
/// cannot express: a market or limit order of whatever size the position has.
///
/// Hedge mode never sends `reduceOnly`; `closePosition` goes without quantity and `reduceOnly`.
#[must_use]
pub fn place(order: &Place<'_>) -> Option<Call> {
    match (order.kind, order.size) {
        (OrderKind::Market | OrderKind::Limit { .. }, OrderSize::WholePosition) => None,
        (OrderKind::Market, OrderSize::Quantity(quantity)) => {
            Some(ordinary(order).with("quantity", quantity.to_string()).finish(order))
        }
        (OrderKind::Limit { price, time_in_force }, OrderSize::Quantity(quantity)) => Some(
            ordinary(order)
                .with("quantity", quantity.to_string())
                .with("price", price.to_string())
                .with("timeInForce", word::of_time_in_force(time_in_force))
                .finish(order),
        ),
        (OrderKind::StopMarket { trigger, trigger_by } | OrderKind::TakeProfitMarket { trigger, trigger_by }, size) => {
            let quantity = match size {
                OrderSize::Quantity(quantity) => Some(quantity.to_string()),
                OrderSize::WholePosition => None,
            };
            let close_position = quantity.is_none().then_some("true");
            Some(
                Call::new(Method::Post, ALGO_ORDER, Security::Signed, 0)
                    .counted()
                    .with("algoType", "CONDITIONAL")
                    .with("symbol", order.native)
                    .with("side", word::of_side(order.side))
                    .with_some("positionSide", order.hedge_leg())
                    .with("type", word::of_order_type(order.kind.order_type()))
                    .with_some("quantity", quantity)
                    .with("triggerPrice", trigger.to_string())
                    .with_some("closePosition", close_position)
                    .with("workingType", word::of_trigger_by(trigger_by))
                    .with_some("reduceOnly", order.reduce_only_word())
                    .with_some("clientAlgoId", order.client_order_id),
            )
        }
    }
}

fn ordinary(order: &Place<'_>) -> Call {
    Call::new(Method::Post, ORDER, Security::Signed, 0)
        .counted()
        .with("symbol", order.native)
        .with("side", word::of_side(order.side))
        .with_some("positionSide", order.hedge_leg())
        .with("type", word::of_order_type(order.kind.order_type()))
}

impl Call {
    fn finish(self, order: &Place<'_>) -> Self {
        self.with_some("reduceOnly", order.reduce_only_word()).with_some("newClientOrderId", order.client_order_id)
    }
}

/// Which order is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichOrder<'a> {
    /// The one with this id of the venue.
    Id(&'a OrderId),
    /// The one with this id of ours.
    Client(&'a ClientOrderId),
}

impl Call {
    fn ordinary_id(self, which: WhichOrder<'_>) -> Self {
        match which {
            WhichOrder::Id(id) => self.with("orderId", id.as_str()),
            WhichOrder::Client(id) => self.with("origClientOrderId", id.as_str()),
        }
    }

    fn algo_id(self, which: WhichOrder<'_>) -> Self {
        match which {
            WhichOrder::Id(id) => self.with("algoId", id.as_str()),
            WhichOrder::Client(id) => self.with("clientAlgoId", id.as_str()),
        }
    }
}

/// Cancels a market or limit order.
#[must_use]
pub fn cancel(native: &str, which: WhichOrder<'_>) -> Call {
    Call::new(Method::Delete, ORDER, Security::Signed, 1).with("symbol", native).ordinary_id(which)
}

/// Cancels a conditional order that has not triggered.
#[must_use]
pub fn cancel_algo(which: WhichOrder<'_>) -> Call {
    Call::new(Method::Delete, ALGO_ORDER, Security::Signed, 1).algo_id(which)
}

/// Cancels every market and limit order of a contract; conditional ones stay.
#[must_use]
pub fn cancel_all(native: &str) -> Call {
    Call::new(Method::Delete, "/fapi/v1/allOpenOrders", Security::Signed, 1).with("symbol", native)
}

/// Cancels every conditional order of a contract; the others stay.
#[must_use]
pub fn cancel_all_algo(native: &str) -> Call {
    Call::new(Method::Delete, "/fapi/v1/algoOpenOrders", Security::Signed, 1).with("symbol", native)
}

/// Changes a resting limit order. Conditional orders cannot be changed.
#[must_use]
pub fn amend(native: &str, which: WhichOrder<'_>, side: Side, quantity: Quantity, price: Price) -> Call {
    Call::new(Method::Put, ORDER, Security::Signed, 0)
        .counted()
        .ordinary_id(which)
        .with("symbol", native)
        .with("side", word::of_side(side))
        .with("quantity", quantity.to_string())
        .with("price", price.to_string())
}

/// One market or limit order, open or final, as long as the venue remembers it.
#[must_use]
pub fn order(native: &str, which: WhichOrder<'_>) -> Call {
    Call::new(Method::Get, ORDER, Security::Signed, 1).with("symbol", native).ordinary_id(which)
}

/// One conditional order, open or final, as long as the venue remembers it.
#[must_use]
pub fn algo_order(which: WhichOrder<'_>) -> Call {
    Call::new(Method::Get, ALGO_ORDER, Security::Signed, 1).algo_id(which)
}

/// The open market and limit orders of one contract, or of all.
#[must_use]
pub fn open_orders(native: Option<&str>) -> Call {
    let weight = if native.is_some() { 1 } else { 40 };
    Call::new(Method::Get, "/fapi/v1/openOrders", Security::Signed, weight).with_some("symbol", native)
}

/// The waiting conditional orders of one contract, or of all.
#[must_use]
pub fn open_algo_orders(native: Option<&str>) -> Call {
    let weight = if native.is_some() { 1 } else { 40 };
    Call::new(Method::Get, "/fapi/v1/openAlgoOrders", Security::Signed, weight).with_some("symbol", native)
}

/// Market and limit orders of a contract, open and final, from this id on; at most 1000, oldest first.
#[must_use]
pub fn all_orders_from(native: &str, id: u64) -> Call {
    Call::new(Method::Get, "/fapi/v1/allOrders", Security::Signed, 5)
        .with("symbol", native)
        .with("orderId", id.to_string())
        .with("limit", "1000")
}

/// Conditional orders of a contract, open and final, of a window of at most 7 days; at most 1000, oldest first.
#[must_use]
pub fn all_algo_orders(native: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Call {
    Call::new(Method::Get, "/fapi/v1/allAlgoOrders", Security::Signed, 5).history(native, from, to)
}

impl Call {
    fn history(self, native: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.with("symbol", native).window(from, to).with("limit", "1000")
    }

    pub(super) fn window(self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.with_some("startTime", from.map(millis)).with_some("endTime", to.map(millis))
    }
}

pub(super) fn millis(time: Timestamp) -> String {
    time.as_millis().to_string()
}

/// The word of a position mode in requests.
pub(super) const fn dual_side(mode: PositionMode) -> &'static str {
    match mode {
        PositionMode::OneWay => "false",
        PositionMode::Hedge => "true",
    }
}
