//! Price-triggered orders: stops and take-profits, in an id space of their own.

use super::call::{Call, Limit};
use super::json::{Object, plain};
use super::order::{Place, Size};
use plimsoll_domain::{Direction, OrderId, OrderKind, Side, TriggerBy};
use plimsoll_venue::Method;

/// The call that leaves a conditional order with the venue. It becomes a market order when the price it watches gets
/// there; one that reduces is told as such (`order_type`), whole or in part.
pub(super) fn place(order: &Place<'_>) -> Option<Call> {
    let (price, by, rises) = match (order.kind, order.side) {
        (OrderKind::StopMarket { trigger, trigger_by }, side) => (trigger, trigger_by, side == Side::Buy),
        (OrderKind::TakeProfitMarket { trigger, trigger_by }, side) => (trigger, trigger_by, side == Side::Sell),
        _ => return None,
    };
    let trigger = Object::new()
        .raw("strategy_type", "0")
        .raw("price_type", price_type(by))
        .number("price", price)
        .raw("rule", if rises { "1" } else { "2" });
    let body = Object::new()
        .raw("initial", &initial(order))
        .raw("trigger", &trigger.end())
        .maybe("order_type", order_type(order));
    Some(Call::new(Method::Post, "/price_orders", Limit::Place).body(body.end()))
}

const fn price_type(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Last => "0",
        TriggerBy::Mark => "1",
    }
}

/// The order that the trigger becomes. `size` is a whole number here; where that is not enough, `amount` says it all.
fn initial(order: &Place<'_>) -> String {
    let size = order.signed_size();
    let whole = size.trunc();
    Object::new()
        .text("contract", order.native)
        .raw("size", &plain(whole))
        .when(whole != size, |body| body.number("amount", plain(size)))
        .number("price", "0")
        .text("tif", "ioc")
        .maybe("text", order.text().as_deref())
        .when(order.reduces(), |body| body.yes("reduce_only"))
        .when(order.close(), |body| body.yes("close"))
        .maybe("auto_size", order.auto_size())
        .end()
}

fn order_type(order: &Place<'_>) -> Option<&'static str> {
    let whole = order.size == Size::WholePosition;
    order.reduces().then_some(match (order.closes(), whole) {
        (Direction::Long, true) => "close-long-position",
        (Direction::Short, true) => "close-short-position",
        (Direction::Long, false) => "plan-close-long-position",
        (Direction::Short, false) => "plan-close-short-position",
    })
}

/// Cancels a conditional order that has not triggered. The venue takes its own id only.
#[must_use]
pub fn cancel_trigger(id: &OrderId) -> Call {
    Call::delete("/price_orders/{order_id}").of("{order_id}", id.as_str())
}

/// Cancels every conditional order of a contract; the others stay.
#[must_use]
pub fn cancel_all_triggers(native: &str) -> Call {
    Call::delete("/price_orders").with("contract", native)
}

/// One conditional order, open or final, by the venue's id.
#[must_use]
pub fn trigger(id: &OrderId) -> Call {
    Call::get("/price_orders/{order_id}").of("{order_id}", id.as_str())
}

/// The waiting conditional orders of one contract, or of all, a page of them.
#[must_use]
pub fn open_triggers(native: Option<&str>, offset: usize) -> Call {
    triggers(native, "open", offset)
}

/// The conditional orders of one contract that have ended, newest first, a page of them.
#[must_use]
pub fn finished_triggers(native: Option<&str>, offset: usize) -> Call {
    triggers(native, "finished", offset)
}

fn triggers(native: Option<&str>, status: &str, offset: usize) -> Call {
    Call::get("/price_orders").with("status", status).with_some("contract", native).page(offset)
}
