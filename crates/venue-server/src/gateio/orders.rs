//! Placing, changing and cancelling ordinary orders, one by one and in batches; and asking for them.

use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::market::{MOST_ORDERS, maybe_named};
use crate::gateio::order_rows;
use crate::gateio::parameters::{Parameters, items, text};
use crate::gateio::refusal;
use crate::gateio::request::{self, Requested};
use crate::gateio::router::{Call, Handled};
use crate::gateio::words;
use crate::gateio::write::{Object, array};
use plimsoll_domain::{AccountId, ClientOrderId, OrderId, Price, Quantity, Side, Symbol, Timestamp};
use plimsoll_exchange::{OrderRef, PastOrder, PlacedOrder};
use std::time::Duration;

/// The most orders of a batch.
const MOST_PLACED: usize = 10;
const MOST_CANCELLED: usize = 20;
/// The shortest countdown, in seconds.
const SHORTEST: i64 = 5;
/// How long an order that was cancelled without a fill is known: by its text, and at all.
const KNOWN_BY_TEXT: Duration = Duration::from_secs(60);
const KNOWN: Duration = Duration::from_secs(600);

/// The answer about one order.
fn row(floor: &Floor, account: &AccountId, placed: &PlacedOrder, decimal: bool) -> String {
    order_rows::order(floor, account, placed, decimal)
}

/// What an order is called that was sent without a name, by where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Rest,
    Socket,
}

impl Source {
    pub(crate) fn name(self) -> ClientOrderId {
        ClientOrderId::reported(match self {
            Self::Rest => "api",
            Self::Socket => "apiv4-ws",
        })
    }
}

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let placed = place_one(floor, account, call.parameters, call.source)?;
    Ok(row(floor, account, &placed, call.decimal))
}

fn place_one(
    floor: &mut Floor,
    account: &AccountId,
    parameters: &Parameters,
    source: Source,
) -> Result<PlacedOrder, Refusal> {
    let requested = request::ordinary(floor, account, parameters, source)?;
    place_requested(floor, account, &requested)
}

fn place_requested(floor: &mut Floor, account: &AccountId, requested: &Requested) -> Result<PlacedOrder, Refusal> {
    let Requested { order, is_close } = requested;
    if floor.open_orders(account, Some(&order.symbol)).len() >= MOST_ORDERS {
        return Err(Refusal::TOO_MANY_ORDERS);
    }
    let accepted = floor.exchange.place(account, order).map_err(|rejection| refusal::of(&rejection))?;
    floor.facts_mut(&accepted.order_id).is_close = *is_close;
    // What the venue takes down of what happened is part of the answer.
    floor.publish();
    let found = floor.exchange.order(account, &order.symbol, &OrderRef::Id(accepted.order_id));
    found.ok_or(Refusal::ORDER_NOT_FOUND)
}

/// One item of an answer to a batch.
fn item(result: Result<String, Refusal>) -> String {
    match result {
        Ok(row) => format!("{},\"succeeded\":true}}", row.strip_suffix('}').unwrap_or(&row)),
        Err(refusal) => {
            let body = refusal.body();
            format!("{},\"succeeded\":false}}", body.strip_suffix('}').unwrap_or(&body))
        }
    }
}

pub(crate) fn place_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let items = items(call.body, MOST_PLACED)?;
    // Whatever cannot be read ends the whole batch; what cannot be placed only itself.
    let parameters: Vec<Parameters> =
        items.iter().map(|item| Parameters::object(item.get())).collect::<Result<_, Refusal>>()?;
    let rows = parameters.iter().map(|parameters| {
        let placed = place_one(floor, account, parameters, call.source);
        item(placed.map(|placed| row(floor, account, &placed, call.decimal)))
    });
    let rows: Vec<String> = rows.collect();
    Ok(array(rows))
}

/// An order by its id or by its text, if it is still known.
fn find(floor: &Floor, account: &AccountId, word: &str, now: Timestamp) -> Result<PlacedOrder, Refusal> {
    let by_text = !word.bytes().all(|byte| byte.is_ascii_digit());
    let which =
        if by_text { OrderRef::Client(ClientOrderId::reported(word)) } else { OrderRef::Id(OrderId::new(word)) };
    let found = floor.order(account, &which).filter(|placed| remembered(placed, by_text, now));
    found.ok_or(Refusal::ORDER_NOT_FOUND)
}

/// Orders that ended without a fill are soon forgotten, by their text before they are by their id.
fn remembered(placed: &PlacedOrder, by_text: bool, now: Timestamp) -> bool {
    let unfilled = placed.order.status.is_final() && placed.order.filled.is_none();
    let age = now.since(placed.order.updated.time);
    !unfilled || age <= if by_text { KNOWN_BY_TEXT } else { KNOWN }
}

pub(crate) fn order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let placed = find(floor, account, call.place(0)?, floor.exchange.now())?;
    Ok(row(floor, account, &placed, call.decimal))
}

/// The orders that are over, of the contract that a call names, or of all contracts, the newest first.
fn finished<'a>(
    floor: &'a Floor,
    call: &Call<'_>,
    account: &AccountId,
) -> Result<impl Iterator<Item = PastOrder<'a>>, Refusal> {
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let now = floor.exchange.now();
    Ok(floor.exchange.order_history(account).rev().filter(move |past| {
        past.status().is_final()
            && only.as_ref().is_none_or(|only| past.symbol() == only)
            && (past.is_filled() || now.since(past.updated()) <= KNOWN)
    }))
}

pub(crate) fn list(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let page = call.parameters.page()?;
    let last: Option<i64> = call.parameters.integer("last_id")?;
    let last = last.and_then(|last| usize::try_from(last).ok());
    let comes_before = |number: usize| last.is_none_or(|last| number < last);
    let orders: Vec<PlacedOrder> = match call.parameters.required("status")? {
        "open" => {
            let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
            let orders = floor.open_orders(account, only.as_ref()).into_iter().rev();
            page.cut(orders.filter(|placed| comes_before(number(placed))))
        }
        "finished" => {
            let orders = finished(floor, call, account)?.filter(|past| comes_before(past.number()));
            page.cut(orders).into_iter().map(PastOrder::placed).collect()
        }
        other => return Err(Refusal::invalid("status", other)),
    };
    Ok(array(orders.iter().map(|placed| row(floor, account, placed, call.decimal))))
}

fn number(placed: &PlacedOrder) -> usize {
    placed.order.order_id.as_str().parse().unwrap_or_default()
}

pub(crate) fn list_by_time(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let orders = page.cut(finished(floor, call, account)?.filter(|past| period.holds(past.updated())));
    Ok(array(orders.into_iter().map(|past| row(floor, account, &past.placed(), call.decimal))))
}

pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let placed = cancel_one(floor, account, call.place(0)?)?;
    Ok(row(floor, account, &placed, call.decimal))
}

fn cancel_one(floor: &mut Floor, account: &AccountId, word: &str) -> Result<PlacedOrder, Refusal> {
    let placed = find(floor, account, word, floor.exchange.now())?;
    if placed.order.status.is_final() {
        return Err(Refusal::ORDER_FINISHED);
    }
    cancel_placed(floor, account, &placed)
}

fn cancel_placed(floor: &mut Floor, account: &AccountId, placed: &PlacedOrder) -> Result<PlacedOrder, Refusal> {
    let (symbol, which) = (&placed.order.symbol, OrderRef::Id(placed.order.order_id.clone()));
    floor.exchange.cancel(account, symbol, &which).map_err(|rejection| refusal::of(&rejection))?;
    floor.publish();
    floor.exchange.order(account, symbol, &which).ok_or(Refusal::ORDER_NOT_FOUND)
}

pub(crate) fn cancel_all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let side = match call.parameters.get("side") {
        None => None,
        Some("bid") => Some(Side::Buy),
        Some("ask") => Some(Side::Sell),
        Some(other) => return Err(Refusal::invalid("side", other)),
    };
    let spares_reducing = call.parameters.flag("exclude_reduce_only")?;
    let mut orders = floor.open_orders(account, only.as_ref());
    orders.retain(|placed| {
        side.is_none_or(|side| placed.order.side == side) && !(spares_reducing && placed.order.reduce_only)
    });
    let mut rows = Vec::new();
    for placed in &orders {
        let cancelled = cancel_placed(floor, account, placed)?;
        rows.push(row(floor, account, &cancelled, call.decimal));
    }
    Ok(array(rows))
}

pub(crate) fn cancel_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let ids: Vec<String> = items(call.body, MOST_CANCELLED)?.iter().map(|id| text(id)).collect();
    let rows = ids.iter().map(|id| {
        let cancelled = cancel_one(floor, account, id);
        let message = cancelled.as_ref().err().map_or("", |refusal| refusal.label);
        Object::new()
            .raw("user_id", floor.user(account))
            .text("id", id)
            .raw("succeeded", cancelled.is_ok())
            .text("message", message)
            .end()
    });
    let rows: Vec<String> = rows.collect();
    Ok(array(rows))
}

pub(crate) fn amend(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let placed = amend_one(floor, account, call.place(0)?, call.parameters)?;
    Ok(row(floor, account, &placed, call.decimal))
}

pub(crate) fn amend_one(
    floor: &mut Floor,
    account: &AccountId,
    word: &str,
    parameters: &Parameters,
) -> Result<PlacedOrder, Refusal> {
    let placed = find(floor, account, word, floor.exchange.now())?;
    if placed.order.status.is_final() {
        return Err(Refusal::ORDER_FINISHED);
    }
    let (quantity, price) = amended(floor, &placed, parameters)?;
    let (symbol, which) = (placed.order.symbol.clone(), OrderRef::Id(placed.order.order_id.clone()));
    floor.exchange.amend(account, &symbol, &which, quantity, price).map_err(|rejection| refusal::of(&rejection))?;
    let remark = parameters.get("amend_text").map(str::to_owned);
    let facts = floor.facts_mut(&placed.order.order_id);
    facts.remark = remark.or(facts.remark.take());
    floor.publish();
    floor.exchange.order(account, &symbol, &which).ok_or(Refusal::ORDER_NOT_FOUND)
}

/// The size and the price that an order is to have; what is not said stays.
fn amended(floor: &Floor, placed: &PlacedOrder, parameters: &Parameters) -> Result<(Quantity, Price), Refusal> {
    let order = &placed.order;
    let instrument = floor.instrument(&order.symbol).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
    let quantity = match parameters.decimal("size")? {
        None => order.quantity,
        Some(size) => {
            let backwards = size.is_sign_negative() != words::sign(order.side).is_sign_negative();
            if backwards || floor.facts(&order.order_id).is_close {
                return Err(Refusal::invalid("size", &size.to_string()));
            }
            Some(request::read_size(instrument, size)?)
        }
    };
    let price = match parameters.decimal("price")? {
        None => order.price,
        Some(price) => Some(request::read_price(price)?),
    };
    let missing = || Refusal::INVALID_PARAM_VALUE.saying("only limit orders can be amended");
    quantity.zip(price).ok_or_else(missing)
}

pub(crate) fn amend_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let items = items(call.body, MOST_PLACED)?;
    let parameters: Vec<Parameters> =
        items.iter().map(|item| Parameters::object(item.get())).collect::<Result<_, Refusal>>()?;
    let mut rows = Vec::new();
    for parameters in &parameters {
        let word = parameters.get("order_id").or_else(|| parameters.get("text"));
        let amended = word.ok_or_else(|| Refusal::missing("order_id"));
        let amended = amended.and_then(|word| amend_one(floor, account, word, parameters));
        rows.push(item(amended.map(|placed| row(floor, account, &placed, call.decimal))));
    }
    Ok(array(rows))
}

/// Cancels orders after a while, unless called again before.
pub(crate) fn countdown(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?.clone();
    let symbol: Option<Symbol> = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let seconds = call.parameters.integer("timeout")?.ok_or_else(|| Refusal::missing("timeout"))?;
    if seconds != 0 && seconds < SHORTEST {
        return Err(Refusal::invalid("timeout", &seconds.to_string()));
    }
    let at = call.now.plus(Duration::from_secs(seconds.unsigned_abs()));
    floor.deadlines.count_down(account, symbol, (seconds > 0).then_some(at));
    Ok(Object::new().text("triggerTime", &if seconds > 0 { at.as_millis() } else { 0 }.to_string()).end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_batch_say_whether_they_succeeded() {
        assert_eq!(item(Ok(r#"{"id":1}"#.to_owned())), r#"{"id":1,"succeeded":true}"#);
        let failed = item(Err(Refusal::ORDER_NOT_FOUND));
        assert_eq!(failed, r#"{"label":"ORDER_NOT_FOUND","message":"Order not found","succeeded":false}"#);
    }
}
