//! Market and limit orders, as answers and as pushes tell them.

use super::answer::{Trouble, trouble_of};
use super::body_rows;
use crate::wire::moment::first_moment;
use crate::wire::symbols::{Reading, Traded, quantity};
use crate::wire::word;
use plimsoll_domain::{
    Decimal, FillCause, Order, OrderId, OrderStatus, OrderType, PositionMode, PositionSide, Side, Stamp,
};
use plimsoll_venue::json::{self, DecodeError, Num, Raw, Text};
use plimsoll_venue::{message, plain};

message! {
    /// An order. Pushes write numbers bare where answers write texts, and times in milliseconds; some answers leave out
    /// what is zero.
    pub(crate) struct Row {
        required {
            contract = "contract": Text<'a>,
            id = "id": Num<'a>,
            status = "status": Text<'a>,
        }
        optional {
            size = "size": Num<'a>,
            left = "left": Num<'a>,
            price = "price": Num<'a>,
            fill_price = "fill_price": Num<'a>,
            tif = "tif": Option<Text<'a>>,
            text = "text": Option<Text<'a>>,
            finish_as = "finish_as": Option<Text<'a>>,
            is_reduce_only = "is_reduce_only": bool,
            is_close = "is_close": bool,
            is_liq = "is_liq": bool,
            create_time = "create_time": Num<'a>,
            create_time_ms = "create_time_ms": Num<'a>,
            finish_time = "finish_time": Num<'a>,
            finish_time_ms = "finish_time_ms": Num<'a>,
            update_time = "update_time": Num<'a>,
            update_id = "update_id": Num<'a>,
        }
    }
}

/// The text of a field that may be missing.
pub(super) fn or_empty<'a>(text: &'a Option<Text<'_>>) -> &'a str {
    text.as_ref().map_or("", Text::as_str)
}

/// Which way a size goes.
pub(super) fn side_of(size: Decimal) -> Side {
    if size.is_sign_negative() { Side::Sell } else { Side::Buy }
}

/// The position that an order is for: in hedge mode the leg that it opens, or the one that it can only reduce.
pub(super) const fn leg(mode: PositionMode, side: Side, reduces: bool) -> PositionSide {
    match (mode, side, reduces) {
        (PositionMode::OneWay, _, _) => PositionSide::Both,
        (PositionMode::Hedge, Side::Buy, false) | (PositionMode::Hedge, Side::Sell, true) => PositionSide::Long,
        (PositionMode::Hedge, Side::Sell, false) | (PositionMode::Hedge, Side::Buy, true) => PositionSide::Short,
    }
}

impl Row<'_> {
    /// The order; `None` for a closing order whose size the venue has not made out yet (0), since nothing else says
    /// whether it buys or sells. Where the row counts its changes, that count orders those of one moment, and `arrival`
    /// where it does not.
    pub(crate) fn order(
        &self,
        traded: &Traded,
        mode: PositionMode,
        arrival: u64,
    ) -> Result<Option<Order>, DecodeError> {
        let size = traded.maybe_base(self.size, "size")?;
        if size.is_zero() {
            return Ok(None);
        }
        let left = traded.maybe_base(self.left, "left")?;
        let filled = size - left;
        let against = !filled.is_zero() && filled.is_sign_negative() != size.is_sign_negative();
        if against || filled.abs() > size.abs() {
            return Err(DecodeError::new(format!("{left} is not left of {size}"), "left"));
        }
        let side = side_of(size);
        let text = or_empty(&self.text);
        let forced = self.is_liq || word::cause(text) != FillCause::Order;
        let price = self.price.maybe_price("price")?;
        Ok(Some(Order {
            order_id: OrderId::new(self.id.id("id")?),
            client_order_id: word::client_order_id(text),
            symbol: traded.symbol.clone(),
            side,
            position_side: leg(mode, side, self.is_reduce_only || self.is_close || forced),
            order_type: match price {
                _ if self.is_liq => OrderType::Liquidation,
                None => OrderType::Market,
                Some(_) => OrderType::Limit,
            },
            time_in_force: word::time_in_force(or_empty(&self.tif), "tif")?,
            price,
            trigger: None,
            quantity: quantity(size, "size")?,
            filled: quantity(filled, "left")?,
            average_price: self.fill_price.maybe_price("fill_price")?,
            reduce_only: self.is_reduce_only,
            close_position: self.is_close,
            child: None,
            status: self.status(left.is_zero(), filled.is_zero())?,
            updated: self.stamp(arrival)?,
        }))
    }

    /// What is left decides; why something is left, the venue says with words of an open list.
    fn status(&self, whole: bool, nothing: bool) -> Result<OrderStatus, DecodeError> {
        match self.status.as_str() {
            "open" if nothing => Ok(OrderStatus::New),
            "open" => Ok(OrderStatus::PartiallyFilled),
            "finished" if whole => Ok(OrderStatus::Filled),
            "finished" => Ok(match or_empty(&self.finish_as) {
                "cancelled" | "liquidated" | "reduce_only" | "reduce_out" | "position_closed" | "stp"
                | "auto_deleveraged" => OrderStatus::Canceled,
                "poc" if nothing => OrderStatus::Rejected,
                _ => OrderStatus::Expired,
            }),
            other => Err(DecodeError::word("order status", other, "status")),
        }
    }

    fn stamp(&self, arrival: u64) -> Result<Stamp, DecodeError> {
        let time = first_moment(&[
            (self.update_time, "update_time"),
            (self.finish_time_ms, "finish_time_ms"),
            (self.finish_time, "finish_time"),
            (self.create_time_ms, "create_time_ms"),
            (self.create_time, "create_time"),
        ])?;
        Ok(Stamp { time: time.unwrap_or_default(), sequence: sequence(self.update_id, arrival, "update_id")? })
    }
}

/// How often something has changed, where the venue counts; else how many messages came before.
pub(super) fn sequence(update_id: Num<'_>, arrival: u64, place: &str) -> Result<u64, DecodeError> {
    if update_id.0.is_empty() { Ok(arrival) } else { update_id.whole(place) }
}

fn read(row: &Row<'_>, reading: Reading<'_>) -> Result<Option<Order>, DecodeError> {
    row.order(&reading.symbols.traded(row.contract.as_str())?, reading.mode, 0)
}

/// One market or limit order. `None` for a closing order whose size is not made out yet.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn order(body: &[u8], reading: Reading<'_>) -> Result<Option<Order>, DecodeError> {
    read(&plain::read::<Row<'_>>(json::text(body)?)?, reading)
}

/// Market and limit orders. Closing orders whose size is not made out yet are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn orders(body: &[u8], reading: Reading<'_>) -> Result<Vec<Order>, DecodeError> {
    json::each(&body_rows::<Row<'_>>(body)?, |row| read(row, reading))
}

/// The answers to a batch, in its order: each an order, or what was wrong with it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn orders_or_troubles(body: &[u8], reading: Reading<'_>) -> Result<Vec<Result<Order, Trouble>>, DecodeError> {
    json::each(&body_rows::<Raw<'_>>(body)?, |row| match trouble_of(row.0)? {
        Some(trouble) => Ok(Some(Err(trouble))),
        None => Ok(read(&plain::read::<Row<'_>>(row.0)?, reading)?.map(Ok)),
    })
}

message! {
    struct Placed {
        required { id = "id": Num<'a>, }
        optional {}
    }
}

/// The venue's id of an order that was just placed, price-triggered or not. Nothing else is read: an order that was taken
/// is not to be lost over another field of the answer.
///
/// # Errors
/// [`DecodeError`] if there is no id.
pub fn placed(body: &[u8]) -> Result<OrderId, DecodeError> {
    Ok(OrderId::new(plain::read::<Placed<'_>>(json::text(body)?)?.id.id("id")?))
}
