//! Plans as the venue shows them: over REST, and on their channel.

use crate::bitget::floor::Floor;
use crate::bitget::order_row::size;
use crate::bitget::plans::PlanType;
use crate::bitget::words;
use crate::number::trimmed;
use plimsoll_domain::{AccountId, FillCause, Instrument, Price, TriggerBy};
use plimsoll_exchange::{ConditionalOrder, ConditionalStatus};
use serde_json::{Value, json};

fn price(price: Option<Price>) -> String {
    price.map_or_else(String::new, |price| trimmed(price.get()))
}

const fn status(status: ConditionalStatus) -> &'static str {
    match status {
        ConditionalStatus::New => "live",
        ConditionalStatus::Triggering | ConditionalStatus::Triggered => "executing",
        ConditionalStatus::Finished => "executed",
        ConditionalStatus::Rejected => "fail_execute",
        ConditionalStatus::Canceled | ConditionalStatus::Expired => "cancelled",
    }
}

/// Where it is in its life, as lists of plans that are over name it.
pub(crate) const fn final_status(plan: &ConditionalOrder) -> &'static str {
    status(plan.status)
}

/// One that closes a whole position has no size.
fn plan_size(plan: &ConditionalOrder) -> String {
    plan.order.quantity.map_or_else(String::new, |quantity| size(Some(quantity)))
}

pub(crate) fn row(
    floor: &Floor,
    account: &AccountId,
    instrument: &Instrument,
    (plan_type, plan): (PlanType, &ConditionalOrder),
) -> Value {
    let order = &plan.order;
    let preset = floor.preset(&order.order_id);
    let (_, margin_mode) = floor.setting(account, &order.symbol);
    let attached = |trigger: Option<Price>| trigger.map_or("", |_| words::trigger_type(TriggerBy::Last));
    json!({
        "planType": plan_type.word(), "symbol": &*instrument.native, "size": plan_size(plan),
        "orderId": order.order_id.as_str(), "executeOrderId": plan.child.as_ref().map_or("", |child| child.as_str()),
        "clientOid": order.client_order_id.as_str(), "planStatus": status(plan.status), "price": "0",
        "executePrice": "0", "priceAvg": price(order.average_price), "baseVolume": size(order.filled),
        "callbackRatio": "", "triggerPrice": price(order.trigger), "triggerType": words::trigger_type(plan.trigger_by),
        "side": words::shown_side(order.side, order.position_side),
        "posSide": words::position_side(order.position_side), "marginCoin": instrument.settle.as_str(),
        "marginMode": words::margin_mode(margin_mode), "enterPointSource": "API",
        "tradeSide": words::trade_side(order.side, order.position_side, FillCause::Order),
        "posMode": words::position_mode(floor.position_mode(account)), "orderType": "market",
        "reduceOnly": if order.reduce_only || order.close_position { "YES" } else { "NO" },
        "cTime": plan.created.as_millis().to_string(), "uTime": order.updated.time.as_millis().to_string(),
        "stopSurplusTriggerPrice": price(preset.profit), "stopSurplusExecutePrice": "",
        "stopSurplusTriggerType": attached(preset.profit), "stopLossTriggerPrice": price(preset.loss),
        "stopLossExecutePrice": "", "stopLossTriggerType": attached(preset.loss),
    })
}

/// On the channel of plans.
pub(crate) fn pushed(floor: &Floor, account: &AccountId, instrument: &Instrument, plan: &ConditionalOrder) -> Value {
    let order = &plan.order;
    let preset = floor.preset(&order.order_id);
    json!({
        "instId": &*instrument.native, "orderId": order.order_id.as_str(),
        "clientOid": order.client_order_id.as_str(), "triggerPrice": price(order.trigger),
        "triggerType": words::trigger_type(plan.trigger_by),
        "triggerTime": plan.triggered.map_or_else(String::new, |time| time.as_millis().to_string()),
        "planType": floor.plans.of(plan).letters(), "price": "0", "executePrice": "0", "size": plan_size(plan),
        "actualSize": size(order.filled), "orderType": "market",
        "side": words::shown_side(order.side, order.position_side),
        "tradeSide": words::trade_side(order.side, order.position_side, FillCause::Order),
        "posSide": words::position_side(order.position_side), "marginCoin": instrument.settle.as_str(),
        "status": status(plan.status), "posMode": words::position_mode(floor.position_mode(account)),
        "reduceOnly": if order.reduce_only || order.close_position { "yes" } else { "no" },
        "enterPointSource": "API", "stopSurplusTriggerType": "fill_price", "stopLossTriggerType": "fill_price",
        "stopSurplusTriggerPrice": price(preset.profit), "stopLossTriggerPrice": price(preset.loss),
        "stopSurplusPrice": "", "stopLossPrice": "", "stpMode": "none",
        "cTime": plan.created.as_millis().to_string(), "uTime": order.updated.time.as_millis().to_string(),
    })
}
