//! Price-triggered orders: a service of their own, with ids of their own.

use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::market::{maybe_named, named};
use crate::gateio::parameters::Parameters;
use crate::gateio::positions::margin_mode;
use crate::gateio::refusal;
use crate::gateio::request::{self, Course};
use crate::gateio::router::{Call, Handled};
use crate::gateio::words::{self, sign, whole_seconds};
use crate::gateio::write::{Object, Style, array};
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, OrderType, PositionMode, PositionSide, Price,
    Side, TriggerBy,
};
use plimsoll_exchange::{ConditionalOrder, ConditionalStatus, OrderRef, Rejection};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::time::Duration;

/// What the venue remembers of a trigger order beyond the exchange: the words that it was sent with.
#[derive(Debug, Clone, Default)]
pub(crate) struct TriggerFacts {
    order_type: String,
    auto_size: String,
    close: bool,
    /// Seconds until it is given up; 0 is never.
    expiration: i64,
    /// It was given up.
    pub(crate) expired: bool,
}

/// The most trigger orders that may wait, of all contracts together.
const MOST_WAITING: usize = 100;

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let (initial, trigger) = (call.parameters.nested("initial")?, call.parameters.nested("trigger")?);
    let order_type = call.parameters.get("order_type").unwrap_or_default();
    let order = conditional(floor, account, &initial, &trigger, order_type)?;
    if floor.open_conditionals(account, None).len() >= MOST_WAITING {
        return Err(Refusal::TOO_MANY_ORDERS);
    }
    let expiration = trigger.integer("expiration")?.unwrap_or(0).max(0);
    let stored = floor.exchange.place(account, &order);
    let rule = rule(order.kind.order_type(), order.side);
    let stored = stored.map_err(|rejection| match rejection {
        Rejection::WouldTriggerImmediately { .. } if rule == 1 => Refusal::AUTO_TRIGGER_PRICE_LESS_LAST,
        Rejection::WouldTriggerImmediately { .. } => Refusal::AUTO_TRIGGER_PRICE_GREATE_LAST,
        other => refusal::of(&other),
    })?;
    let id = stored.order_id;
    if expiration > 0 {
        let at = call.now.plus(Duration::from_secs(expiration.unsigned_abs()));
        floor.deadlines.expire_at(at, account.clone(), id.clone());
    }
    let facts = TriggerFacts {
        order_type: order_type.to_owned(),
        auto_size: initial.get("auto_size").unwrap_or_default().to_owned(),
        close: initial.flag("close")? || order.size == OrderSize::WholePosition,
        expiration,
        expired: false,
    };
    floor.triggers.insert(id.clone(), facts);
    Ok(Object::new().raw("id", &id).text("id_string", id.as_str()).end())
}

fn conditional(
    floor: &Floor,
    account: &AccountId,
    initial: &Parameters,
    trigger: &Parameters,
    order_type: &str,
) -> Result<NewOrder, Refusal> {
    let instrument = named(floor, initial)?;
    // Of the trigger orders the simulated exchange has those that become market orders.
    let price = initial.required_decimal("price")?;
    if !price.is_zero() {
        return Err(Refusal::invalid("initial.price", &price.to_string()));
    }
    match initial.get("tif") {
        None | Some("ioc") => {}
        Some(other) => return Err(Refusal::invalid("initial.tif", other)),
    }
    if let Some(other) = trigger.integer("strategy_type")?.filter(|kind| *kind != 0) {
        return Err(Refusal::invalid("trigger.strategy_type", &other.to_string()));
    }
    let size = initial.decimal("amount")?.or(initial.decimal("size")?).unwrap_or_default();
    let course = course(floor, account, initial, size, order_type)?;
    let trigger_by = match trigger.integer("price_type")?.unwrap_or(0) {
        0 => TriggerBy::Last,
        1 => TriggerBy::Mark,
        other => return Err(Refusal::invalid("trigger.price_type", &other.to_string())),
    };
    let price = request::read_price(trigger.required_decimal("price")?)?;
    let kind = match (trigger.integer("rule")?, course.side) {
        (Some(1), Side::Buy) | (Some(2), Side::Sell) => OrderKind::StopMarket { trigger: price, trigger_by },
        (Some(1), Side::Sell) | (Some(2), Side::Buy) => OrderKind::TakeProfitMarket { trigger: price, trigger_by },
        (Some(other), _) => return Err(Refusal::invalid("trigger.rule", &other.to_string())),
        (None, _) => return Err(Refusal::missing("trigger.rule")),
    };
    let client_order_id = match initial.get("text") {
        // Texts of trigger orders are looser than those of orders.
        Some(text) if !text.starts_with("t-") && text.len() <= 30 => ClientOrderId::reported(text),
        text => request::read_text(text)?.unwrap_or_else(|| ClientOrderId::reported("api")),
    };
    Ok(NewOrder {
        client_order_id,
        symbol: instrument.symbol.clone(),
        side: course.side,
        position_side: course.position_side,
        kind,
        size: course.quantity.map_or(OrderSize::WholePosition, OrderSize::Quantity),
        reduce_only: course.reduce_only,
    })
}

/// Which way a trigger order goes. One that closes everything may say so by its type alone.
fn course(
    floor: &Floor,
    account: &AccountId,
    initial: &Parameters,
    size: Decimal,
    order_type: &str,
) -> Result<Course, Refusal> {
    let closes = match order_type {
        "" => None,
        "close-long-position" | "plan-close-long-position" | "close-long-order" => Some(Side::Sell),
        "close-short-position" | "plan-close-short-position" | "close-short-order" => Some(Side::Buy),
        other => return Err(Refusal::invalid("order_type", other)),
    };
    let instrument = named(floor, initial)?;
    if let (true, Some(side)) = (size.is_zero(), closes) {
        let position_side = match (floor.position_mode(account), side) {
            (PositionMode::OneWay, _) => PositionSide::Both,
            (PositionMode::Hedge, Side::Sell) => PositionSide::Long,
            (PositionMode::Hedge, Side::Buy) => PositionSide::Short,
        };
        return Ok(Course { side, position_side, reduce_only: true, quantity: None });
    }
    let mut course = request::course(floor, account, instrument, initial, size, initial.flag("close")?)?;
    if let Some(side) = closes {
        if side != course.side {
            return Err(Refusal::invalid("initial.size", &size.to_string()));
        }
        course.reduce_only = true;
        if floor.position_mode(account) == PositionMode::Hedge {
            course.position_side = if side == Side::Sell { PositionSide::Long } else { PositionSide::Short };
        }
    }
    Ok(course)
}

/// 1 fires at or above the trigger, 2 at or below.
const fn rule(order_type: OrderType, side: Side) -> u8 {
    match (order_type, side) {
        (OrderType::TakeProfitMarket, Side::Buy) | (OrderType::StopMarket, Side::Sell) => 2,
        _ => 1,
    }
}

/// Where a trigger order is: its status, how it ended, and why.
fn state(order: &ConditionalOrder, facts: &TriggerFacts) -> (&'static str, &'static str, String) {
    match order.status {
        ConditionalStatus::New | ConditionalStatus::Triggering | ConditionalStatus::Triggered => {
            ("open", "", String::new())
        }
        ConditionalStatus::Finished => ("finished", "succeeded", String::new()),
        ConditionalStatus::Rejected => {
            let reason = order.refusal.as_ref().map(|rejection| refusal::of(rejection).label.to_owned());
            ("finished", "failed", reason.unwrap_or_default())
        }
        ConditionalStatus::Canceled if facts.expired => ("finished", "expired", String::new()),
        ConditionalStatus::Canceled => ("finished", "cancelled", String::new()),
        ConditionalStatus::Expired => ("finished", "cancelled", "liquidated".to_owned()),
    }
}

fn facts(floor: &Floor, order: &OrderId) -> TriggerFacts {
    floor.triggers.get(order).cloned().unwrap_or_default()
}

/// The size that was asked for, in contracts with its sign; 0 is the whole position.
fn size(floor: &Floor, order: &ConditionalOrder) -> Decimal {
    let instrument = floor.instrument(&order.order.symbol);
    let quantity = order.order.quantity.zip(instrument);
    quantity.map_or(Decimal::ZERO, |(it, instrument)| sign(order.order.side) * words::contracts(instrument, it.get()))
}

fn trigger(order: &ConditionalOrder, facts: &TriggerFacts) -> String {
    let price_type = if order.trigger_by == TriggerBy::Mark { 1 } else { 0 };
    Object::new()
        .raw("strategy_type", 0)
        .raw("price_type", price_type)
        .digits("price", order.order.trigger.map_or(Decimal::ZERO, Price::get))
        .raw("rule", rule(order.order.order_type, order.order.side))
        .raw("expiration", facts.expiration)
        .end()
}

fn initial(native: &str, order: &ConditionalOrder, facts: &TriggerFacts) -> Object {
    Object::new()
        .text("contract", native)
        .text("price", "0")
        .text("tif", "ioc")
        .text("text", order.order.client_order_id.as_str())
        .raw("is_close", facts.close)
        .raw("is_reduce_only", !order.order.adds_exposure())
        .text("auto_size", &facts.auto_size)
}

fn row(floor: &Floor, account: &AccountId, order: &ConditionalOrder) -> Option<String> {
    let instrument = floor.instrument(&order.order.symbol)?;
    let facts = facts(floor, &order.order.order_id);
    let (status, finish_as, reason) = state(order, &facts);
    let size = size(floor, order);
    let initial = initial(&instrument.native, order, &facts)
        .raw("size", size.trunc().to_i64().unwrap_or_default())
        .digits("amount", size)
        .text("iceberg", "0");
    let mode = floor.setting(account, &order.order.symbol).1;
    let row = Object::new()
        .raw("id", &order.order.order_id)
        .text("id_string", order.order.order_id.as_str())
        .raw("user", floor.user(account))
        .raw("initial", initial.end())
        .raw("trigger", trigger(order, &facts))
        .raw("create_time", whole_seconds(order.created))
        .raw("finish_time", if finish_as.is_empty() { 0 } else { whole_seconds(order.order.updated.time) })
        .raw("trade_id", order.child.as_ref().map_or("0", OrderId::as_str))
        .text("status", status)
        .text("finish_as", finish_as)
        .text("reason", &reason)
        .text("order_type", &facts.order_type)
        .text("pos_margin_mode", margin_mode(mode))
        .raw("in_dual_mode", floor.position_mode(account) == PositionMode::Hedge)
        .raw("me_order_id", 0)
        .raw("is_stop_order", false);
    Some(row.end())
}

/// A trigger order on a stream.
pub(crate) fn pushed(floor: &Floor, account: &AccountId, order: &ConditionalOrder, style: Style) -> Option<String> {
    let instrument = floor.instrument(&order.order.symbol)?;
    let facts = facts(floor, &order.order.order_id);
    let (status, finish_as, reason) = state(order, &facts);
    let initial = initial(&instrument.native, order, &facts).size("size", size(floor, order), style).size(
        "iceberg",
        Decimal::ZERO,
        style,
    );
    let row = Object::new()
        .raw("user", floor.user(account))
        .raw("trigger", trigger(order, &facts))
        .raw("initial", initial.end())
        .raw("id", &order.order.order_id)
        .text("id_string", order.order.order_id.as_str())
        .raw("trade_id", order.child.as_ref().map_or("0", OrderId::as_str))
        .text("status", status)
        .text("finish_as", finish_as)
        .text("reason", &reason)
        .raw("create_time", whole_seconds(order.created))
        .raw("finish_time", if finish_as.is_empty() { 0 } else { whole_seconds(order.order.updated.time) })
        .text("name", "price_autoorders")
        .raw("is_stop_order", false)
        .raw("stop_trigger", r#"{"rule":0,"trigger_price":"","order_price":""}"#)
        .text("order_type", &facts.order_type)
        .text("me_order_id", "0");
    Some(row.end())
}

fn found(floor: &Floor, call: &Call<'_>) -> Result<ConditionalOrder, Refusal> {
    let word = call.place(0)?;
    let order = floor.exchange.conditional(call.account()?, &OrderRef::Id(OrderId::new(word)));
    order.ok_or(Refusal::ORDER_NOT_FOUND)
}

pub(crate) fn order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    row(floor, call.account()?, &found(floor, call)?).ok_or(Refusal::ORDER_NOT_FOUND)
}

pub(crate) fn list(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let page = call.parameters.page()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let open = match call.parameters.required("status")? {
        "open" => true,
        "finished" => false,
        other => return Err(Refusal::invalid("status", other)),
    };
    let wanted = floor.instruments().filter(|instrument| only.as_ref().is_none_or(|only| instrument.symbol == *only));
    let mut orders: Vec<ConditionalOrder> =
        wanted.flat_map(|instrument| floor.exchange.conditionals(account, &instrument.symbol)).collect();
    orders.retain(|order| (order.status == ConditionalStatus::New) == open);
    orders.sort_by_key(|order| std::cmp::Reverse(order.order.order_id.as_str().parse::<u64>().unwrap_or_default()));
    Ok(array(page.cut(orders).iter().filter_map(|order| row(floor, account, order))))
}

pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let order = found(floor, call)?;
    if order.status.is_final() {
        return Err(Refusal::ORDER_FINISHED);
    }
    let cancelled = floor.exchange.cancel_conditional(account, &OrderRef::Id(order.order.order_id));
    let cancelled = cancelled.map_err(|rejection| refusal::of(&rejection))?;
    row(floor, account, &cancelled).ok_or(Refusal::ORDER_NOT_FOUND)
}

pub(crate) fn cancel_all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let mut rows = Vec::new();
    for order in floor.open_conditionals(account, only.as_ref()) {
        let cancelled = floor.exchange.cancel_conditional(account, &OrderRef::Id(order.order.order_id));
        rows.extend(cancelled.ok().and_then(|cancelled| row(floor, account, &cancelled)));
    }
    Ok(array(rows))
}
