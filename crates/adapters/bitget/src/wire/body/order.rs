//! Market and limit orders.

use super::answer::{answer, data};
use crate::wire::event::id;
use crate::wire::symbols::Symbols;
use crate::wire::word::{self, Shows, ToldLeg, leg};
use plimsoll_domain::{ClientOrderId, Order, OrderId, Stamp};
use plimsoll_venue::json::{Num, Text, each};
use plimsoll_venue::{DecodeError, message, plain};

/// A page of rows, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// What to ask for rows older than; `None` where there are none.
    pub older_than: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn new(rows: Vec<T>, end: Num<'_>) -> Self {
        let older_than = (!end.0.is_empty() && !rows.is_empty()).then(|| end.0.to_owned());
        Self { rows, older_than }
    }
}

message! {
    /// An order as `order/detail` and the listings tell it; the first says `state` for `status`.
    struct Row {
        required {
            symbol = "symbol": Text<'a>,
            order_id = "orderId": Num<'a>,
            side = "side": Text<'a>,
            order_type = "orderType": Text<'a>,
            size = "size": Num<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            status = "status": Option<Text<'a>>,
            state = "state": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            pos_side = "posSide": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            reduce_only = "reduceOnly": Option<Text<'a>>,
            force = "force": Option<Text<'a>>,
            price = "price": Num<'a>,
            mean = "priceAvg": Num<'a>,
            filled = "baseVolume": Num<'a>,
            created = "cTime": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

/// The order of `order/detail`; `None` where the answer is empty.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn order(body: &[u8], symbols: &Symbols) -> Result<Option<Order>, DecodeError> {
    let answer = answer(body)?;
    if matches!(answer.data, "" | "{}" | "[]" | "\"\"") {
        return Ok(None);
    }
    plain::read::<Row<'_>>(answer.data)?.order(symbols).map(Some)
}

message! {
    struct Listed {
        required {}
        optional {
            list = "entrustedList": Option<Vec<Row<'a>>>,
            end = "endId": Num<'a>,
        }
    }
}

/// The orders of `order/orders-pending` and `order/orders-history`. Nothing is a list that is null.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn orders(body: &[u8], symbols: &Symbols) -> Result<Page<Order>, DecodeError> {
    let answer = answer(body)?;
    if answer.data.is_empty() {
        return Ok(Page { rows: Vec::new(), older_than: None });
    }
    let Listed { list, end } = plain::read(answer.data)?;
    let rows = each(&list.unwrap_or_default(), |row| row.order(symbols).map(Some));
    Ok(Page::new(rows.map_err(|error| error.inside("entrustedList"))?, end))
}

fn word_of<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}

impl Row<'_> {
    fn order(&self, symbols: &Symbols) -> Result<Order, DecodeError> {
        let leg = leg(ToldLeg {
            side: self.side.as_str(),
            trade_side: word_of(self.trade_side.as_ref()),
            pos_side: word_of(self.pos_side.as_ref()),
            pos_mode: word_of(self.pos_mode.as_ref()),
            reduce_only: word::yes(word_of(self.reduce_only.as_ref()), "reduceOnly")?,
            shows: Shows::Leg,
        })?;
        let status = self.status.as_ref().or(self.state.as_ref());
        let status = status.ok_or_else(|| DecodeError::new("no value", "status"))?;
        let updated = if self.updated.maybe_time("uTime")?.is_some() { self.updated } else { self.created };
        Ok(Order {
            order_id: OrderId::new(id(self.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(word_of(self.client_oid.as_ref())),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            order_type: word::order_type(self.order_type.as_str(), "orderType")?,
            time_in_force: word::maybe_force(word_of(self.force.as_ref()), "force")?,
            price: self.price.maybe_price("price")?,
            trigger: None,
            quantity: self.size.maybe_quantity("size")?,
            filled: self.filled.maybe_quantity("baseVolume")?,
            average_price: self.mean.maybe_price("priceAvg")?,
            reduce_only: leg.closes,
            close_position: false,
            child: None,
            status: word::order_status(status.as_str(), "status")?,
            updated: Stamp::at(updated.maybe_time("uTime")?.unwrap_or_default()),
        })
    }
}

message! {
    struct Placed {
        required {}
        optional { order_id = "orderId": Num<'a>, }
    }
}

/// The venue's id of an order or plan order that was just placed or changed. `None` where it leaves the id out, as it does
/// for a reduce-only order that displaces older ones: the order exists, and is found by our own name. Nothing else is
/// read: an order that was taken is not to be lost over another field of the answer.
///
/// # Errors
/// [`DecodeError`] for what is no success of the venue.
pub fn placed(body: &[u8]) -> Result<Option<OrderId>, DecodeError> {
    let it: Placed<'_> = plain::read(data(body)?.data)?;
    if it.order_id.0.is_empty() { Ok(None) } else { Ok(Some(OrderId::new(id(it.order_id, "orderId")?))) }
}
