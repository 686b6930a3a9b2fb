//! Market and limit orders.

use super::call::{Call, Limit};
use super::json::{Object, plain};
use super::trigger;
use crate::wire::word;
use crate::wire::{Symbols, UnevenSize};
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, NewOrder, OrderId, OrderKind, OrderSize, PositionSide, Price, Side, Timestamp,
};
use plimsoll_venue::Method;

/// An order to be sent, under the venue's name of its contract and in contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The venue's name of the contract (`BTC_USDT`).
    pub native: &'a str,
    /// Buys or sells.
    pub side: Side,
    /// Which position of the contract it is for; says the position mode too.
    pub position_side: PositionSide,
    /// When and at what price it trades.
    pub kind: OrderKind,
    /// How much.
    pub size: Size,
    /// May only shrink the position. In hedge mode it is sent with every order against its leg, which would open the
    /// other leg without it.
    pub reduce_only: bool,
    /// Our name for it, without the `t-` that it travels with. An order without one cannot be looked up when its answer
    /// is lost.
    pub client_order_id: Option<&'a str>,
}

/// How much an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many contracts: above zero, without a sign.
    Contracts(Decimal),
    /// The whole position.
    WholePosition,
}

impl<'a> Place<'a> {
    /// The order as it goes out, under the venue's name of its contract and in its contracts.
    ///
    /// # Errors
    /// [`UnevenSize`] if its quantity is no number of contracts.
    pub fn new(order: &'a NewOrder, native: &'a str, symbols: &Symbols) -> Result<Self, UnevenSize> {
        let size = match order.size {
            OrderSize::Quantity(quantity) => Size::Contracts(symbols.contracts(&order.symbol, quantity)?),
            OrderSize::WholePosition => Size::WholePosition,
        };
        Ok(Self {
            native,
            side: order.side,
            position_side: order.position_side,
            kind: order.kind,
            size,
            reduce_only: order.reduce_only,
            client_order_id: Some(order.client_order_id.as_str()),
        })
    }

    /// Against its leg an order can only reduce.
    pub(super) fn reduces(&self) -> bool {
        let against_leg = self.position_side.direction().is_some_and(|leg| self.side == leg.closing_side());
        self.reduce_only || against_leg || self.size == Size::WholePosition
    }

    /// The direction of the position that an order of this side closes.
    pub(super) fn closes(&self) -> Direction {
        Direction::from(self.side).opposite()
    }

    /// What closes a whole leg in hedge mode.
    pub(super) fn auto_size(&self) -> Option<&'static str> {
        let whole_leg = self.size == Size::WholePosition && self.position_side != PositionSide::Both;
        whole_leg.then_some(match self.closes() {
            Direction::Long => "close_long",
            Direction::Short => "close_short",
        })
    }

    /// What closes the whole position in one-way mode.
    pub(super) fn close(&self) -> bool {
        self.size == Size::WholePosition && self.position_side == PositionSide::Both
    }

    /// Contracts with the sign of the side; none for the whole position.
    pub(super) fn signed_size(&self) -> Decimal {
        match self.size {
            Size::Contracts(contracts) => signed(self.side, contracts),
            Size::WholePosition => Decimal::ZERO,
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        self.client_order_id.map(word::text)
    }
}

/// Buying is positive, selling negative.
pub(super) fn signed(side: Side, contracts: Decimal) -> Decimal {
    match side {
        Side::Buy => contracts,
        Side::Sell => -contracts,
    }
}

/// Sends an order: a market or limit order to the book, a conditional one to the service for price-triggered orders.
/// `None` for a time in force that the venue does not know.
#[must_use]
pub fn place(order: &Place<'_>) -> Option<Call> {
    match order.kind {
        OrderKind::Market | OrderKind::Limit { .. } => {
            Some(Call::new(Method::Post, "/orders", Limit::Place).body(body(order)?))
        }
        OrderKind::StopMarket { .. } | OrderKind::TakeProfitMarket { .. } => trigger::place(order),
    }
}

/// The body of a market or limit order. A market order is one at the price 0 that lives for a moment.
pub(super) fn body(order: &Place<'_>) -> Option<String> {
    let (price, tif) = match order.kind {
        OrderKind::Limit { price, time_in_force } => (price.to_string(), word::of_time_in_force(time_in_force)?),
        _ => ("0".to_owned(), "ioc"),
    };
    let reduces = order.reduces() && !order.close();
    let body = Object::new()
        .text("contract", order.native)
        .number("size", plain(order.signed_size()))
        .number("price", price)
        .text("tif", tif)
        .maybe("text", order.text().as_deref())
        .when(reduces, |body| body.yes("reduce_only"))
        .when(order.close(), |body| body.yes("close"))
        .maybe("auto_size", order.auto_size());
    Some(body.end())
}

/// Which order is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichOrder<'a> {
    /// The one with this id of the venue.
    Id(&'a OrderId),
    /// The one with this id of ours. Of several with one id the venue means the latest.
    Client(&'a ClientOrderId),
}

impl WhichOrder<'_> {
    fn word(self) -> String {
        match self {
            WhichOrder::Id(id) => id.as_str().to_owned(),
            WhichOrder::Client(id) => word::text(id.as_str()),
        }
    }
}

/// Cancels a market or limit order.
#[must_use]
pub fn cancel(which: WhichOrder<'_>) -> Call {
    Call::delete("/orders/{order_id}").of("{order_id}", &which.word())
}

/// Cancels every market and limit order of a contract; price-triggered ones stay.
#[must_use]
pub fn cancel_all(native: &str) -> Call {
    Call::delete("/orders").with("contract", native)
}

/// Changes a resting limit order. `contracts` is its new size as a whole, with what has filled already.
#[must_use]
pub fn amend(which: WhichOrder<'_>, side: Side, contracts: Decimal, price: Price) -> Call {
    let body = Object::new().number("size", plain(signed(side, contracts))).number("price", price);
    Call::new(Method::Put, "/orders/{order_id}", Limit::Place).of("{order_id}", &which.word()).body(body.end())
}

/// One market or limit order, open or final, as long as the venue remembers it: cancelled without a fill, by our id for a
/// minute and by its own for ten.
#[must_use]
pub fn order(which: WhichOrder<'_>) -> Call {
    Call::get("/orders/{order_id}").of("{order_id}", &which.word())
}

/// The open market and limit orders of one contract, or of all, a page of them.
#[must_use]
pub fn open_orders(native: Option<&str>, offset: usize) -> Call {
    orders(native, "open", offset)
}

/// The final market and limit orders of one contract, newest first, a page of them; of the last six months.
#[must_use]
pub fn finished_orders(native: &str, offset: usize) -> Call {
    orders(Some(native), "finished", offset)
}

fn orders(native: Option<&str>, status: &str, offset: usize) -> Call {
    Call::get("/orders").with_some("contract", native).with("status", status).page(offset)
}

/// Final market and limit orders of a contract between two moments, however old, a page of them.
#[must_use]
pub fn orders_between(native: &str, from: Option<Timestamp>, to: Option<Timestamp>, offset: usize) -> Call {
    Call::get("/orders_timerange").with("contract", native).window(from, to).page(offset)
}

/// The dead man's switch: cancels the orders of a contract, or of all, unless it is set again within so many seconds (5 at
/// least); 0 takes it back. It does not touch price-triggered orders.
#[must_use]
pub fn countdown_cancel(native: Option<&str>, seconds: u32) -> Call {
    let body = Object::new().raw("timeout", &seconds.to_string()).maybe("contract", native);
    Call::set("/countdown_cancel_all").body(body.end())
}
