//! Conditional orders: a service of their own, with ids of their own.

use crate::binance::error::Refusal;
use crate::binance::facts::{id, order_id};
use crate::binance::floor::Floor;
use crate::binance::leverage::symbol;
use crate::binance::market::{maybe_named, named};
use crate::binance::order_body::AlgoBody;
use crate::binance::orders::all_cancelled;
use crate::binance::parameters::{Parameters, Period};
use crate::binance::queries::{array, forgotten, week};
use crate::binance::refusal;
use crate::binance::request;
use crate::binance::router::{Call, Handled, json};
use plimsoll_domain::{ClientOrderId, OrderStatus};
use plimsoll_exchange::{ConditionalOrder, ConditionalStatus, OrderRef};
use serde_json::json;

/// The most conditional orders that may wait, of all contracts together.
const MOST_WAITING: usize = 200;

fn body(floor: &Floor, order: &ConditionalOrder, placed: bool) -> Handled {
    let instrument = floor.instrument(&order.order.symbol).ok_or(Refusal::INVALID_SYMBOL)?;
    json(&AlgoBody::new(order, instrument, placed))
}

fn which(parameters: &Parameters) -> Result<OrderRef, Refusal> {
    if let Some(id) = parameters.integer("algoId")? {
        return Ok(OrderRef::Id(order_id(id)));
    }
    let client = parameters.get("clientAlgoId").ok_or_else(|| Refusal::mandatory("algoId"))?;
    Ok(OrderRef::Client(ClientOrderId::reported(client)))
}

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let generated = floor.generate_client_id();
    let instrument = named(floor, call.parameters)?;
    let order = request::conditional(call.parameters, instrument, floor.position_mode(account), || generated)?;
    if floor.open_conditionals(account, None).len() >= MOST_WAITING {
        return Err(Refusal::TOO_MANY_STOP_ORDERS);
    }
    let accepted = floor.exchange.place(account, &order);
    let accepted = accepted.map_err(|rejection| refusal::of_order(&rejection, order.side, false))?;
    let stored = floor.conditional(account, &OrderRef::Id(accepted.order_id)).ok_or(Refusal::UNKNOWN)?;
    body(floor, &stored, true)
}

pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let which = which(call.parameters)?;
    let cancelled = floor.exchange.cancel_conditional(call.account()?, &which);
    let cancelled = cancelled.map_err(|rejection| refusal::of(&rejection))?.order;
    // Their code is a text here, and nowhere else.
    json(&json!({
        "algoId": id(cancelled.order_id.as_str()), "clientAlgoId": cancelled.client_order_id.as_str(), "code": "200",
        "msg": "success",
    }))
}

pub(crate) fn cancel_all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    floor.exchange.cancel_all_conditionals(account, &symbol).map_err(|rejection| refusal::of(&rejection))?;
    all_cancelled()
}

fn remembered(floor: &Floor, order: &ConditionalOrder) -> bool {
    let status = if order.status.is_final() { OrderStatus::Canceled } else { OrderStatus::New };
    let filled = order.status == ConditionalStatus::Finished;
    !forgotten(status, filled, order.order.updated.time, floor.exchange.now())
}

pub(crate) fn order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let found = floor.conditional(call.account()?, &which(call.parameters)?);
    let found = found.filter(|order| remembered(floor, order)).ok_or(Refusal::NO_SUCH_ORDER)?;
    body(floor, &found, false)
}

pub(crate) fn open_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let wanted = call.parameters.integer("algoId")?;
    let mut orders = floor.open_conditionals(account, only);
    orders.retain(|order| wanted.is_none_or(|wanted| id(order.order.order_id.as_str()) == wanted));
    array(orders.iter().map(|order| body(floor, order, false)))
}

pub(crate) fn all_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let instrument = named(floor, call.parameters)?;
    let limit = call.parameters.limit(500, 1000)?;
    let period = week(call.parameters, floor.exchange.now())?;
    let first = call.parameters.integer("algoId")?;
    let mut orders = floor.exchange.conditionals(account, &instrument.symbol);
    orders.retain(|order| {
        let wanted = match first {
            Some(first) => id(order.order.order_id.as_str()) >= first,
            None => period.holds(order.created.as_millis()),
        };
        wanted && remembered(floor, order)
    });
    let started = first.or(call.parameters.integer("startTime")?);
    let orders = Period { start: started, end: None }.cut(orders, limit);
    array(orders.iter().map(|order| body(floor, order, false)))
}
