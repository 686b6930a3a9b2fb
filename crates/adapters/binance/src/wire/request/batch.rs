//! Several orders in one call.

use super::call::{Call, Security};
use super::order::Place;
use crate::wire::word;
use plimsoll_domain::{OrderKind, OrderSize};
use plimsoll_venue::Method;

/// Up to five market and limit orders in one call: they are worked on side by side, and each has its own answer. `None`
/// if there are none or more than five, or if one is conditional or of no size of its own.
#[must_use]
pub fn batch_place(orders: &[Place<'_>]) -> Option<Call> {
    if !(1..=5).contains(&orders.len()) {
        return None;
    }
    let orders: Option<Vec<String>> = orders.iter().map(item).collect();
    let list = format!("[{}]", orders?.join(","));
    Some(Call::new(Method::Post, "/fapi/v1/batchOrders", Security::Signed, 5).counted().with("batchOrders", list))
}

/// In the order of the venue's example: type, time in force, symbol, side, price, quantity.
fn item(order: &Place<'_>) -> Option<String> {
    let OrderSize::Quantity(quantity) = order.size else { return None };
    let (time_in_force, price) = match order.kind {
        OrderKind::Market => (None, None),
        OrderKind::Limit { price, time_in_force } => {
            (Some(word::of_time_in_force(time_in_force).to_owned()), Some(price.to_string()))
        }
        OrderKind::StopMarket { .. } | OrderKind::TakeProfitMarket { .. } => return None,
    };
    let fields = [
        ("type", Some(word::of_order_type(order.kind.order_type()).to_owned())),
        ("timeInForce", time_in_force),
        ("symbol", Some(order.native.to_owned())),
        ("side", Some(word::of_side(order.side).to_owned())),
        ("positionSide", order.hedge_leg().map(str::to_owned)),
        ("price", price),
        ("quantity", Some(quantity.to_string())),
        ("reduceOnly", order.reduce_only_word().map(str::to_owned)),
        ("newClientOrderId", order.client_order_id.map(str::to_owned)),
    ];
    let fields: Vec<String> =
        fields.into_iter().filter_map(|(name, value)| Some(format!("{}:{}", json(name), json(&value?)))).collect();
    Some(format!("{{{}}}", fields.join(",")))
}

/// `text` as a JSON string.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Adds `text` as a JSON string. Nearly every text is written as it is, and no detour is made for it.
pub(super) fn push_json(message: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        message.push_str(&json(text));
        return;
    }
    message.push('"');
    message.push_str(text);
    message.push('"');
}
