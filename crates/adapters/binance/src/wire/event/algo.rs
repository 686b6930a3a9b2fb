//! `ALGO_UPDATE` and the reject that came before it: conditional orders, in their id space of their own.

use super::Context;
use crate::wire::word;
use plimsoll_domain::{AccountEvent, ClientOrderId, Order, OrderId, OrderStatus, Quantity};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::plain::read;
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Update {
        required {
            time = "T": Num<'a>,
            o = "o": Body<'a>,
        }
        optional {}
    }
}

message! {
    /// Only `caid aid s S X` are promised in every update. An order without its type cannot be told; one without its position
    /// side is of one-way mode, the venue's default.
    struct Body {
        required {
            caid = "caid": Text<'a>,
            aid = "aid": Num<'a>,
            o = "o": &'a str,
            s = "s": Text<'a>,
            side = "S": &'a str,
            status = "X": &'a str,
        }
        optional {
            ps = "ps": Option<&'a str>,
            f = "f": Option<&'a str>,
            q = "q": Num<'a>,
            ai = "ai": Num<'a>,
            ap = "ap": Num<'a>,
            aq = "aq": Num<'a>,
            tp = "tp": Num<'a>,
            p = "p": Num<'a>,
            cp = "cp": bool,
            reduce_only = "R": bool,
            rm = "rm": Option<Text<'a>>,
        }
    }
}

/// The conditional order's state. Once it has triggered, [`Order::child`] names the order that took its place. A rejected
/// one says why: what it was to protect is unprotected.
///
/// `{"e":"ALGO_UPDATE","T":1750515742297,"E":1750515742303,"o":{"caid":"Q5xa","aid":2148719,"at":"CONDITIONAL",
/// "o":"STOP_MARKET","s":"BNBUSDT","S":"SELL","ps":"BOTH","f":"GTC","q":"0.01","X":"TRIGGERED","ai":"88937381063",
/// "tp":"750","p":"0","cp":false,"R":true}}`
pub(super) fn update(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let Update { time, o } = read(text)?;
    let quantity = o.q.maybe_quantity("o.q")?;
    let filled = o.aq.maybe_quantity("o.aq")?;
    let status = status(o.status, quantity, filled, "o.X")?;
    let order = Order {
        order_id: OrderId::new(o.aid.id("o.aid")?),
        client_order_id: ClientOrderId::reported(o.caid.as_str()),
        symbol: context.symbols.symbol(o.s.as_str())?,
        side: word::side(o.side, "o.S")?,
        position_side: word::position_side(o.ps.unwrap_or("BOTH"), "o.ps")?,
        order_type: word::order_type(o.o, "o.o")?,
        time_in_force: word::maybe_time_in_force(o.f, "o.f")?,
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
    place: &str,
) -> Result<OrderStatus, DecodeError> {
    match (text, filled) {
        ("NEW" | "TRIGGERING" | "TRIGGERED", _) => Ok(OrderStatus::New),
        ("FINISHED", None) => Ok(OrderStatus::Canceled),
        ("FINISHED", Some(filled)) if quantity.is_some_and(|quantity| filled < quantity) => Ok(OrderStatus::Canceled),
        ("FINISHED", Some(_)) => Ok(OrderStatus::Filled),
        ("CANCELED", _) => Ok(OrderStatus::Canceled),
        ("REJECTED", _) => Ok(OrderStatus::Rejected),
        ("EXPIRED", _) => Ok(OrderStatus::Expired),
        _ => Err(DecodeError::word("conditional order status", text, place)),
    }
}

message! {
    struct TriggerReject {
        required {
            or = "or": Rejected<'a>,
        }
        optional {}
    }
}

message! {
    struct Rejected {
        required {
            s = "s": Text<'a>,
            i = "i": Num<'a>,
            r = "r": Text<'a>,
        }
        optional {}
    }
}

/// `{"e":"CONDITIONAL_ORDER_TRIGGER_REJECT","E":1685517224945,"T":1685517224955,"or":{"s":"ETHUSDT","i":155618472834,
/// "r":"…"}}`: no state of an order, so it is told as what the venue says is wrong.
pub(super) fn trigger_reject(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let TriggerReject { or } = read(text)?;
    let symbol = context.symbols.symbol(or.s.as_str())?;
    let message = format!("order {} of {symbol}: {}", or.i.id("or.i")?, or.r.as_str());
    Ok(vec![Event::venue_error("CONDITIONAL_ORDER_TRIGGER_REJECT", message)])
}
