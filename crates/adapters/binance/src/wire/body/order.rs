//! Orders: those of the ordinary service, and conditional ones.

use super::answer::{Trouble, trouble_of};
use crate::wire::event::algo_status;
use crate::wire::symbols::Symbols;
use crate::wire::word;
use plimsoll_domain::{ClientOrderId, Order, OrderId, OrderType, Stamp};
use plimsoll_venue::json::{self, Num, Text, each, rows, text};
use plimsoll_venue::{DecodeError, message, plain};
use serde::Deserialize;
use serde_json::value::RawValue;

message! {
    /// An order as queries tell it. Answers to placing, changing and cancelling leave the average price out.
    struct Row {
        required {
            order_id = "orderId": Num<'a>,
            client_order_id = "clientOrderId": Text<'a>,
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            position_side = "positionSide": Text<'a>,
            order_type = "type": Text<'a>,
            orig_qty = "origQty": Num<'a>,
            executed_qty = "executedQty": Num<'a>,
            status = "status": Text<'a>,
        }
        optional {
            time_in_force = "timeInForce": Option<Text<'a>>,
            price = "price": Num<'a>,
            stop_price = "stopPrice": Num<'a>,
            avg_price = "avgPrice": Num<'a>,
            reduce_only = "reduceOnly": bool,
            close_position = "closePosition": bool,
            time = "time": Num<'a>,
            update_time = "updateTime": Num<'a>,
        }
    }
}

/// One order of the ordinary service, as a query or an answer tells it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn order(body: &[u8], symbols: &Symbols) -> Result<Order, DecodeError> {
    plain::read::<Row<'_>>(text(body)?)?.order(symbols)
}

/// Orders of the ordinary service.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn orders(body: &[u8], symbols: &Symbols) -> Result<Vec<Order>, DecodeError> {
    let rows: Vec<Row<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.order(symbols).map(Some))
}

/// The answers to a batch, in the order of its orders: each an order, or what was wrong with it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn orders_or_troubles(body: &[u8], symbols: &Symbols) -> Result<Vec<Result<Order, Trouble>>, DecodeError> {
    let rows: Vec<&RawValue> = rows(text(body)?)?;
    each(&rows, |row| match trouble_of(row.get())? {
        Some(trouble) => Ok(Some(Err(trouble))),
        None => Ok(Some(Ok(json::read::<Row<'_>>(row.get())?.order(symbols)?))),
    })
}

impl Row<'_> {
    fn order(&self, symbols: &Symbols) -> Result<Order, DecodeError> {
        let order_type = word::order_type(self.order_type.as_str(), "type")?;
        let updated = if self.update_time.maybe_time("updateTime")?.is_some() { self.update_time } else { self.time };
        Ok(Order {
            order_id: OrderId::new(self.order_id.id("orderId")?),
            client_order_id: ClientOrderId::reported(self.client_order_id.as_str()),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: word::side(self.side.as_str(), "side")?,
            position_side: word::position_side(self.position_side.as_str(), "positionSide")?,
            order_type,
            time_in_force: word::maybe_time_in_force(self.time_in_force.as_ref().map(Text::as_str), "timeInForce")?,
            price: self.price.maybe_price("price")?,
            trigger: match order_type {
                OrderType::TrailingStopMarket => None,
                _ => self.stop_price.maybe_price("stopPrice")?,
            },
            quantity: self.orig_qty.maybe_quantity("origQty")?,
            filled: self.executed_qty.maybe_quantity("executedQty")?,
            average_price: self.avg_price.maybe_price("avgPrice")?,
            reduce_only: self.reduce_only,
            close_position: self.close_position,
            child: None,
            status: word::order_status(self.status.as_str(), "status")?,
            updated: Stamp::at(updated.maybe_time("updateTime")?.unwrap_or_default()),
        })
    }
}

message! {
    struct Placed {
        required { order_id = "orderId": Num<'a>, }
        optional {}
    }
}

/// The venue's id of an order that was just placed. Nothing else is read: an order that was taken is not to be lost over
/// another field of the answer.
///
/// # Errors
/// [`DecodeError`] if there is no id.
pub fn placed(body: &[u8]) -> Result<OrderId, DecodeError> {
    Ok(OrderId::new(plain::read::<Placed<'_>>(text(body)?)?.order_id.id("orderId")?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlgoPlaced<'a> {
    #[serde(borrow)]
    algo_id: Num<'a>,
}

/// The venue's id of a conditional order that was just placed, or cancelled.
///
/// # Errors
/// [`DecodeError`] if there is no id.
pub fn algo_placed(body: &[u8]) -> Result<OrderId, DecodeError> {
    Ok(OrderId::new(json::read::<AlgoPlaced<'_>>(text(body)?)?.algo_id.id("algoId")?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlgoRow<'a> {
    #[serde(borrow)]
    algo_id: Num<'a>,
    #[serde(borrow)]
    client_algo_id: Text<'a>,
    #[serde(borrow, alias = "type")]
    order_type: Text<'a>,
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    side: Text<'a>,
    #[serde(default, borrow)]
    position_side: Option<Text<'a>>,
    #[serde(default, borrow)]
    time_in_force: Option<Text<'a>>,
    #[serde(default, borrow)]
    quantity: Num<'a>,
    #[serde(borrow)]
    algo_status: Text<'a>,
    #[serde(default, borrow)]
    actual_order_id: Num<'a>,
    #[serde(default, borrow)]
    actual_price: Num<'a>,
    #[serde(default, borrow)]
    actual_qty: Num<'a>,
    #[serde(default, borrow)]
    trigger_price: Num<'a>,
    #[serde(default, borrow)]
    price: Num<'a>,
    #[serde(default)]
    close_position: bool,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default, borrow)]
    create_time: Num<'a>,
    #[serde(default, borrow)]
    update_time: Num<'a>,
}

/// One conditional order; without a position side it is of one-way mode, the venue's default. Once it has triggered, [`Order::child`] names the order that took its place.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn algo_order(body: &[u8], symbols: &Symbols) -> Result<Order, DecodeError> {
    json::read::<AlgoRow<'_>>(text(body)?)?.order(symbols)
}

/// Conditional orders.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn algo_orders(body: &[u8], symbols: &Symbols) -> Result<Vec<Order>, DecodeError> {
    let rows: Vec<AlgoRow<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.order(symbols).map(Some))
}

impl AlgoRow<'_> {
    fn order(&self, symbols: &Symbols) -> Result<Order, DecodeError> {
        let quantity = self.quantity.maybe_quantity("quantity")?;
        let filled = self.actual_qty.maybe_quantity("actualQty")?;
        let updated =
            if self.update_time.maybe_time("updateTime")?.is_some() { self.update_time } else { self.create_time };
        Ok(Order {
            order_id: OrderId::new(self.algo_id.id("algoId")?),
            client_order_id: ClientOrderId::reported(self.client_algo_id.as_str()),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: word::side(self.side.as_str(), "side")?,
            position_side: word::position_side(
                self.position_side.as_ref().map_or("BOTH", Text::as_str),
                "positionSide",
            )?,
            order_type: word::order_type(self.order_type.as_str(), "type")?,
            time_in_force: word::maybe_time_in_force(self.time_in_force.as_ref().map(Text::as_str), "timeInForce")?,
            price: self.price.maybe_price("price")?,
            trigger: self.trigger_price.maybe_price("triggerPrice")?,
            quantity,
            filled,
            average_price: self.actual_price.maybe_price("actualPrice")?,
            reduce_only: self.reduce_only,
            close_position: self.close_position,
            child: self.actual_order_id.maybe_id("actualOrderId")?.map(OrderId::new),
            status: algo_status(self.algo_status.as_str(), quantity, filled, "algoStatus")?,
            updated: Stamp::at(updated.maybe_time("updateTime")?.unwrap_or_default()),
        })
    }
}
