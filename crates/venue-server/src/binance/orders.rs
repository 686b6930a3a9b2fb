//! Placing and cancelling ordinary orders, one by one and in batches.

use crate::binance::deadlines::Dated;
use crate::binance::error::Refusal;
use crate::binance::facts::{OrderFacts, order_id};
use crate::binance::floor::Floor;
use crate::binance::leverage::symbol;
use crate::binance::market::{MOST_ORDERS, named};
use crate::binance::order_body::{OrderBody, Shape};
use crate::binance::parameters::Parameters;
use crate::binance::refusal;
use crate::binance::request::{self, Requested};
use crate::binance::router::{Call, Handled, json};
use plimsoll_domain::{AccountId, ClientOrderId, Symbol, Timestamp};
use plimsoll_exchange::{OrderRef, PlacedOrder};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most orders of a batch.
const MOST_PLACED: usize = 5;
const MOST_CANCELLED: usize = 10;

/// The answer about one order.
pub(crate) fn body(floor: &Floor, account: &AccountId, placed: &PlacedOrder, shape: Shape) -> Handled {
    let instrument = floor.instrument(&placed.order.symbol).ok_or(Refusal::INVALID_SYMBOL)?;
    let trigger = floor.trigger(account, placed);
    let good_till = floor.deadlines.good_till(&placed.order.order_id);
    json(&OrderBody::new(&OrderFacts { placed, instrument, trigger, good_till }, shape))
}

/// The shape of answers to commands.
pub(crate) fn command_shape(floor: &Floor) -> Shape {
    Shape::Command { fills: floor.settings.answers_show_fills }
}

/// By which name a call means an order; the venue's own name wins.
pub(crate) fn which(parameters: &Parameters) -> Result<OrderRef, Refusal> {
    if let Some(id) = parameters.integer("orderId")? {
        return Ok(OrderRef::Id(order_id(id)));
    }
    let client = parameters.get("origClientOrderId").ok_or_else(|| Refusal::mandatory("orderId"))?;
    Ok(OrderRef::Client(ClientOrderId::reported(client)))
}

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    place_one(floor, call.account()?, call.parameters, call.now)
}

fn place_one(floor: &mut Floor, account: &AccountId, parameters: &Parameters, now: Timestamp) -> Handled {
    let Requested { order, good_till, result } = requested(floor, account, parameters, now)?;
    if floor.open_orders(account, Some(&order.symbol)).len() >= MOST_ORDERS {
        return Err(Refusal::TOO_MANY_OPEN_ORDERS);
    }
    let priced = matches!(order.kind, plimsoll_domain::OrderKind::Limit { .. });
    let accepted = floor.exchange.place(account, &order);
    let accepted = accepted.map_err(|rejection| refusal::of_order(&rejection, order.side, priced))?;
    if let Some(millis) = good_till {
        let (account, symbol, order) = (account.clone(), order.symbol.clone(), accepted.order_id.clone());
        floor.deadlines.end_at(Dated { at: millis, account, symbol, order });
    }
    let placed = found(floor, account, &order.symbol, &OrderRef::Id(accepted.order_id))?;
    let shape = command_shape(floor);
    if result {
        return body(floor, account, &placed, shape);
    }
    body(floor, account, &acknowledged(placed), shape)
}

/// An acknowledgement tells of the order as it was accepted, whatever has become of it since.
fn acknowledged(mut placed: PlacedOrder) -> PlacedOrder {
    placed.order.status = plimsoll_domain::OrderStatus::New;
    placed.order.filled = None;
    placed.order.average_price = None;
    placed.order.updated.time = placed.created;
    placed.cost = plimsoll_domain::Money::ZERO;
    placed
}

fn requested(
    floor: &mut Floor,
    account: &AccountId,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Requested, Refusal> {
    let generated = floor.generate_client_id();
    let instrument = named(floor, parameters)?;
    request::ordinary(parameters, instrument, floor.position_mode(account), now, || generated)
}

/// An order that the exchange has just told of.
pub(crate) fn found(
    floor: &Floor,
    account: &AccountId,
    symbol: &Symbol,
    which: &OrderRef,
) -> Result<PlacedOrder, Refusal> {
    floor.exchange.order(account, symbol, which).ok_or(Refusal::NO_SUCH_ORDER)
}

/// Says what would become of an order, which is not placed.
pub(crate) fn place_test(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let Requested { order, .. } = requested(floor, account, call.parameters, call.now)?;
    let priced = matches!(order.kind, plimsoll_domain::OrderKind::Limit { .. });
    let tried = floor.exchange.would_place(account, &order);
    tried.map_err(|rejection| refusal::of_order(&rejection, order.side, priced))?;
    Ok("{}".to_owned())
}

pub(crate) fn place_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let items = batch(call.parameters)?;
    let answers = items.iter().map(|item| place_one(floor, account, item, call.now));
    Ok(answered(answers))
}

/// The orders of a batch, each a set of parameters.
pub(crate) fn batch(parameters: &Parameters) -> Result<Vec<Parameters>, Refusal> {
    let list = parameters.required("batchOrders")?;
    let malformed = |_| Refusal::mandatory("batchOrders");
    let items: Vec<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(list).map_err(malformed)?;
    if items.is_empty() || items.len() > MOST_PLACED {
        return Err(Refusal::BATCH_SIZE);
    }
    let text =
        |value: &RawValue| serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned());
    let pairs = |item: BTreeMap<String, Box<RawValue>>| {
        Parameters::from_pairs(item.into_iter().map(|(name, value)| (name, text(&value))))
    };
    Ok(items.into_iter().map(pairs).collect())
}

/// The array of what became of each; refusals stand among the orders.
pub(crate) fn answered(answers: impl Iterator<Item = Handled>) -> String {
    let bodies: Vec<String> =
        answers.map(|answer| answer.or_else(|refusal| json(&refusal)).unwrap_or_default()).collect();
    format!("[{}]", bodies.join(","))
}

pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    cancel_one(floor, account, &symbol, &which(call.parameters)?)
}

fn cancel_one(floor: &mut Floor, account: &AccountId, symbol: &Symbol, which: &OrderRef) -> Handled {
    let cancelled = floor.exchange.cancel(account, symbol, which).map_err(|rejection| refusal::of(&rejection))?;
    let placed = found(floor, account, symbol, &OrderRef::Id(cancelled.order_id))?;
    body(floor, account, &placed, command_shape(floor))
}

pub(crate) fn cancel_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let refs = cancelled_batch(call.parameters)?;
    let answers = refs.iter().map(|which| cancel_one(floor, account, &symbol, which));
    Ok(answered(answers))
}

/// The orders that a batch cancels. Clients write the lists' names in either case.
fn cancelled_batch(parameters: &Parameters) -> Result<Vec<OrderRef>, Refusal> {
    let either = |name: &str| parameters.get(name).or_else(|| parameters.get(&name.to_ascii_lowercase()));
    let refs: Vec<OrderRef> = if let Some(list) = either("orderIdList") {
        let ids: Vec<i64> = serde_json::from_str(list).map_err(|_| Refusal::mandatory("orderIdList"))?;
        ids.into_iter().map(|id| OrderRef::Id(order_id(id))).collect()
    } else if let Some(list) = either("origClientOrderIdList") {
        let ids: Vec<String> = serde_json::from_str(list).map_err(|_| Refusal::mandatory("origClientOrderIdList"))?;
        ids.into_iter().map(|id| OrderRef::Client(ClientOrderId::reported(id))).collect()
    } else {
        return Err(Refusal::mandatory("orderIdList"));
    };
    if refs.is_empty() || refs.len() > MOST_CANCELLED {
        return Err(Refusal::BATCH_SIZE);
    }
    Ok(refs)
}

pub(crate) fn cancel_all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    floor.exchange.cancel_all(account, &symbol).map_err(|rejection| refusal::of(&rejection))?;
    all_cancelled()
}

/// What cancelling everything answers.
pub(crate) fn all_cancelled() -> Handled {
    json(&json!({"code": 200, "msg": "The operation of cancel all open order is done."}))
}

/// Cancels a contract's orders after a while, unless called again before.
pub(crate) fn countdown(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?.clone();
    let instrument = named(floor, call.parameters)?;
    let (symbol, native) = (instrument.symbol.clone(), instrument.native.to_string());
    let millis = call.parameters.required_integer("countdownTime")?;
    if millis < 0 {
        return Err(Refusal::mandatory("countdownTime"));
    }
    let at = (millis > 0).then(|| call.now.as_millis().saturating_add(millis));
    floor.deadlines.count_down(account, symbol, at);
    json(&json!({"symbol": native, "countdownTime": millis.to_string()}))
}
