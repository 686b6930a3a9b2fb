//! Orders. Those that wait for a price are in [`plan`](super::plan): the venue keeps them apart, with ids of their own.

use super::call::{Call, Security};
use super::plan;
use crate::wire::word::{self, MARGIN_COIN, PRODUCT};
use plimsoll_domain::{
    ClientOrderId, Direction, MarginMode, NewOrder, OrderId, OrderKind, OrderSize, PositionSide, Price, Quantity, Side,
    Timestamp,
};
use plimsoll_venue::Method;

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
    /// May only shrink the position. Never sent in hedge mode, where closing a leg implies it.
    pub reduce_only: bool,
    /// Our name for it. An order without one cannot be looked up when its answer is lost.
    pub client_order_id: Option<&'a str>,
    /// What backs the contract's positions: it must be what is set.
    pub margin_mode: MarginMode,
    /// Where a stop triggers that the venue places itself when the order is done, for what that has filled. Market and limit
    /// orders only.
    pub stop: Option<Price>,
}

impl<'a> Place<'a> {
    /// The order as it goes out, under the venue's name of its contract.
    #[must_use]
    pub fn new(order: &'a NewOrder, native: &'a str, margin_mode: MarginMode) -> Self {
        Self {
            native,
            side: order.side,
            position_side: order.position_side,
            kind: order.kind,
            size: order.size,
            reduce_only: order.reduce_only,
            client_order_id: Some(order.client_order_id.as_str()),
            margin_mode,
            stop: None,
        }
    }

    /// The same with a stop attached.
    #[must_use]
    pub const fn with_stop(self, stop: Option<Price>) -> Self {
        Self { stop, ..self }
    }

    /// It can only shrink a position.
    pub(super) fn reduces(&self) -> bool {
        match self.position_side.direction() {
            Some(leg) => self.side == leg.closing_side(),
            None => self.reduce_only || self.size == OrderSize::WholePosition,
        }
    }

    /// `side` and `tradeSide`: in hedge mode the side that opens the leg, with what is done to the leg.
    pub(super) fn sides(&self) -> (&'static str, Option<&'static str>) {
        let Some(leg) = self.position_side.direction() else { return (word::of_side(self.side), None) };
        let trade_side = if self.side == leg.opening_side() { "open" } else { "close" };
        (word::of_side(leg.opening_side()), Some(trade_side))
    }

    /// The direction of the position that it closes, if it is one that closes.
    pub(super) fn closed(&self) -> Direction {
        self.position_side.direction().unwrap_or_else(|| Direction::from(self.side.opposite()))
    }

    fn reduce_only_word(&self) -> Option<&'static str> {
        (self.reduce_only && self.position_side == PositionSide::Both).then_some("YES")
    }
}

pub(super) fn post(path: &'static str, per_second: u32) -> Call {
    Call::new(Method::Post, path, Security::Signed, per_second).counted()
}

/// Sends an order: a market or limit order to the one service, one that waits for a price to the other. `None` for what
/// Bitget cannot express: a market or limit order of whatever size the position has (but see [`flash_close`]), and a time
/// in force that it does not know.
#[must_use]
pub fn place(order: &Place<'_>) -> Option<Call> {
    let (price, force) = match order.kind {
        OrderKind::Market => (None, None),
        OrderKind::Limit { price, time_in_force } => (Some(price), Some(word::of_force(time_in_force)?)),
        OrderKind::StopMarket { trigger, trigger_by } | OrderKind::TakeProfitMarket { trigger, trigger_by } => {
            return plan::place(order, trigger, trigger_by);
        }
    };
    let OrderSize::Quantity(quantity) = order.size else { return None };
    let (side, trade_side) = order.sides();
    Some(
        post("/api/v2/mix/order/place-order", 10)
            .with("symbol", order.native)
            .with("productType", PRODUCT)
            .with("marginMode", word::of_margin_mode(order.margin_mode))
            .with("marginCoin", MARGIN_COIN)
            .with("size", quantity.to_string())
            .with_some("price", price.map(|price| price.to_string()))
            .with("side", side)
            .with_some("tradeSide", trade_side)
            .with("orderType", if price.is_some() { "limit" } else { "market" })
            .with_some("force", force)
            .with_some("clientOid", order.client_order_id)
            .with_some("reduceOnly", order.reduce_only_word())
            .with_some("presetStopLossPrice", order.stop.map(|stop| stop.to_string())),
    )
}

/// Closes a contract's position at the market, or, in hedge mode, one leg of it. Without the contract the venue would
/// close everything, so it is always said. The order has no client id of ours.
#[must_use]
pub fn flash_close(native: &str, side: PositionSide) -> Call {
    post("/api/v2/mix/order/close-positions", 1)
        .with("symbol", native)
        .with("productType", PRODUCT)
        .with_some("holdSide", side.direction().map(word::of_direction))
}

/// Which order is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichOrder<'a> {
    /// The one with this id of the venue.
    Id(&'a OrderId),
    /// The one with this id of ours.
    Client(&'a ClientOrderId),
}

impl WhichOrder<'_> {
    pub(super) fn named(self) -> (&'static str, String) {
        match self {
            Self::Id(id) => ("orderId", id.as_str().to_owned()),
            Self::Client(id) => ("clientOid", id.as_str().to_owned()),
        }
    }
}

impl Call {
    fn of(self, native: &str, which: WhichOrder<'_>) -> Self {
        let (name, id) = which.named();
        self.with("symbol", native).with("productType", PRODUCT).with(name, id)
    }
}

/// Cancels a market or limit order.
#[must_use]
pub fn cancel(native: &str, which: WhichOrder<'_>) -> Call {
    post("/api/v2/mix/order/cancel-order", 10).of(native, which).with("marginCoin", MARGIN_COIN)
}

/// Cancels every market and limit order of a contract; those that wait for a price stay.
#[must_use]
pub fn cancel_all(native: &str) -> Call {
    post("/api/v2/mix/order/batch-cancel-orders", 10)
        .with("symbol", native)
        .with("productType", PRODUCT)
        .with("marginCoin", MARGIN_COIN)
}

/// Cancels every market and limit order of the account; those that wait for a price stay.
#[must_use]
pub fn cancel_everything() -> Call {
    post("/api/v2/mix/order/cancel-all-orders", 10).with("productType", PRODUCT).with("marginCoin", MARGIN_COIN)
}

/// Changes a resting limit order that has not traded. The venue cancels it and makes a new one, with a new id of its own
/// and with `new_client_order_id`, which may be the old one.
#[must_use]
pub fn amend(native: &str, which: WhichOrder<'_>, new_client_order_id: &str, quantity: Quantity, price: Price) -> Call {
    post("/api/v2/mix/order/modify-order", 10)
        .of(native, which)
        .with("marginCoin", MARGIN_COIN)
        .with("newClientOid", new_client_order_id)
        .with("newSize", quantity.to_string())
        .with("newPrice", price.to_string())
}

const fn read(path: &'static str) -> Call {
    Call::new(Method::Get, path, Security::Signed, 10)
}

/// One market or limit order, open or final, as long as the venue remembers it.
#[must_use]
pub fn order(native: &str, which: WhichOrder<'_>) -> Call {
    read("/api/v2/mix/order/detail").of(native, which)
}

/// Up to 100 open market and limit orders of one contract, or of all, newest first: those before the order `older_than`.
#[must_use]
pub fn open_orders(native: Option<&str>, older_than: Option<&str>) -> Call {
    read("/api/v2/mix/order/orders-pending")
        .with("productType", PRODUCT)
        .with_some("symbol", native)
        .with_some("idLessThan", older_than)
        .with("limit", "100")
}

/// Up to 100 final market and limit orders, newest first, of a window of at most 90 days: those before `older_than`.
#[must_use]
pub fn order_history(
    native: Option<&str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    older_than: Option<&str>,
) -> Call {
    read("/api/v2/mix/order/orders-history")
        .with("productType", PRODUCT)
        .with_some("symbol", native)
        .window(from, to)
        .with_some("idLessThan", older_than)
        .with("limit", "100")
}
