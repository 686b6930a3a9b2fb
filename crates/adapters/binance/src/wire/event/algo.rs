//! `ALGO_UPDATE` and the reject that came before it: conditional orders, in their id space of their own.

use super::{Context, Event};
use crate::wire::read::{DecodeError, Num, Text, json};
use crate::wire::word;
use plimsoll_domain::{AccountEvent, ClientOrderId, Order, OrderId, OrderStatus, Quantity};
use serde::Deserialize;

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(rename = "T", borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    o: Body<'a>,
}

/// Only `caid aid s S X` are promised in every update. An order without its type cannot be told; one without its position
/// side is of one-way mode, the venue's default.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    caid: Text<'a>,
    #[serde(borrow)]
    aid: Num<'a>,
    o: &'a str,
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(rename = "S")]
    side: &'a str,
    #[serde(default)]
    ps: Option<&'a str>,
    #[serde(default)]
    f: Option<&'a str>,
    #[serde(default, borrow)]
    q: Num<'a>,
    #[serde(rename = "X")]
    status: &'a str,
    #[serde(default, borrow)]
    ai: Num<'a>,
    #[serde(default, borrow)]
    ap: Num<'a>,
    #[serde(default, borrow)]
    aq: Num<'a>,
    #[serde(default, borrow)]
    tp: Num<'a>,
    #[serde(default, borrow)]
    p: Num<'a>,
    #[serde(default)]
    cp: bool,
    #[serde(rename = "R", default)]
    reduce_only: bool,
    #[serde(default, borrow)]
    rm: Option<Text<'a>>,
}

/// The conditional order's state. Once it has triggered, [`Order::child`] names the order that took its place. A rejected
/// one says why: what it was to protect is unprotected.
///
/// `{"e":"ALGO_UPDATE","T":1750515742297,"E":1750515742303,"o":{"caid":"Q5xa","aid":2148719,"at":"CONDITIONAL",
/// "o":"STOP_MARKET","s":"BNBUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0.01","X":"TRIGGERED","ai":"88937381063",
/// "tp":"750","p":"0","cp":false,"R":true}}`
pub(super) fn update(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let Update { time, o } = json(text)?;
    let quantity = o.q.maybe_quantity("o.q")?;
    let filled = o.aq.maybe_quantity("o.aq")?;
    let status = status(o.status, quantity, filled)?;
    let order = Order {
        order_id: OrderId::new(o.aid.id("o.aid")?),
        client_order_id: ClientOrderId::reported(o.caid.as_str()),
        symbol: context.symbols.symbol(o.s.as_str())?,
        side: word::side(o.side)?,
        position_side: word::position_side(o.ps.unwrap_or("BOTH"))?,
        order_type: word::order_type(o.o)?,
        time_in_force: word::maybe_time_in_force(o.f)?,
        price: o.p.maybe_price("o.p")?,
        trigger: o.tp.maybe_price("o.tp")?,
        quantity,
        filled,
        average_price: o.ap.maybe_price("o.ap")?,
        reduce_only: o.reduce_only,
        close_position: o.cp,
        child: o.ai.maybe_id("o.ai")?.map(OrderId::new),
        status,
        updated: context.stamp(time.time("T")?),
    };
    let reason = o.rm.as_ref().map(Text::as_str).filter(|reason| !reason.is_empty());
    let refused = reason.filter(|_| status == OrderStatus::Rejected);
    let refused = refused.map(|reason| Event::venue_error("ALGO_UPDATE REJECTED", reason));
    let order = Event::Account(AccountEvent::Order(order));
    Ok([order].into_iter().chain(refused).collect())
}

/// A conditional order that triggers is open until its child has ended; how that ended, the filled quantity says.
pub(crate) fn status(
    text: &str,
    quantity: Option<Quantity>,
    filled: Option<Quantity>,
) -> Result<OrderStatus, DecodeError> {
    match (text, filled) {
        ("NEW" | "TRIGGERING" | "TRIGGERED", _) => Ok(OrderStatus::New),
        ("FINISHED", None) => Ok(OrderStatus::Canceled),
        ("FINISHED", Some(filled)) if quantity.is_some_and(|quantity| filled < quantity) => Ok(OrderStatus::Canceled),
        ("FINISHED", Some(_)) => Ok(OrderStatus::Filled),
        ("CANCELED", _) => Ok(OrderStatus::Canceled),
        ("REJECTED", _) => Ok(OrderStatus::Rejected),
        ("EXPIRED", _) => Ok(OrderStatus::Expired),
        _ => Err(DecodeError::word("conditional order status", text)),
    }
}

#[derive(Deserialize)]
struct TriggerReject<'a> {
    #[serde(borrow)]
    or: Rejected<'a>,
}

#[derive(Deserialize)]
struct Rejected<'a> {
    #[serde(borrow)]
    s: Text<'a>,
    #[serde(borrow)]
    i: Num<'a>,
    #[serde(borrow)]
    r: Text<'a>,
}

/// `{"e":"CONDITIONAL_ORDER_TRIGGER_REJECT","E":1685517224945,"T":1685517224955,"or":{"s":"ETHUSDT","i":155618472834,
/// "r":"…"}}`: no state of an order, so it is told as what the venue says is wrong.
pub(super) fn trigger_reject(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let TriggerReject { or } = json(text)?;
    let symbol = context.symbols.symbol(or.s.as_str())?;
    let message = format!("order {} of {symbol}: {}", or.i.id("or.i")?, or.r.as_str());
    Ok(vec![Event::venue_error("CONDITIONAL_ORDER_TRIGGER_REJECT", message)])
}
