//! Orders as REST gives them.

use crate::binance::facts::{OrderFacts, id};
use crate::binance::number::{self, padded};
use crate::binance::user_data::algo_status;
use crate::binance::words;
use plimsoll_domain::{Instrument, Price};
use plimsoll_exchange::ConditionalOrder;
use rust_decimal::Decimal;
use serde::Serialize;

/// Which answer an order is in: they differ by a few fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Of placing, changing or cancelling it, with the figures of its fills or without.
    Command { fills: bool },
    /// Of asking for it.
    Query,
    /// In the history.
    History,
}

/// An ordinary order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody<'a> {
    order_id: i64,
    symbol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<&'a str>,
    status: &'static str,
    client_order_id: &'a str,
    price: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_price: Option<String>,
    orig_qty: String,
    executed_qty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cum_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cum_quote: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cum_base: Option<&'static str>,
    time_in_force: &'static str,
    r#type: &'static str,
    reduce_only: bool,
    close_position: bool,
    side: &'static str,
    position_side: &'static str,
    stop_price: String,
    working_type: &'static str,
    price_protect: bool,
    orig_type: &'static str,
    price_match: &'static str,
    self_trade_prevention_mode: &'static str,
    good_till_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    update_time: i64,
}

impl<'a> OrderBody<'a> {
    pub(crate) fn new(facts: &OrderFacts<'a>, shape: Shape) -> Self {
        let (order, instrument) = (&facts.placed.order, facts.instrument);
        let command = matches!(shape, Shape::Command { .. });
        let fills = shape != Shape::Command { fills: false };
        let history = shape == Shape::History;
        Self {
            order_id: facts.id(),
            symbol: &instrument.native,
            pair: history.then_some(&*instrument.native),
            status: words::order_status(order.status),
            client_order_id: facts.placed.order.client_order_id.as_str(),
            price: number::price(instrument, order.price),
            avg_price: fills.then(|| average(instrument, order.average_price)),
            orig_qty: number::quantity(instrument, order.quantity),
            executed_qty: number::quantity(instrument, order.filled),
            cum_qty: command.then(|| number::quantity(instrument, order.filled)),
            cum_quote: fills.then(|| facts.cost()),
            cum_base: history.then_some("0"),
            time_in_force: facts.time_in_force(),
            r#type: facts.order_type(),
            reduce_only: order.reduce_only,
            close_position: order.close_position,
            side: words::side(order.side),
            position_side: words::position_side(order.position_side),
            stop_price: number::price(instrument, facts.trigger.price),
            working_type: facts.trigger.working_type(),
            price_protect: false,
            orig_type: facts.original_type(),
            price_match: "NONE",
            self_trade_prevention_mode: "EXPIRE_MAKER",
            good_till_date: facts.good_till.unwrap_or(0),
            time: (!command).then(|| facts.placed.created.as_millis()),
            update_time: order.updated.time.as_millis(),
        }
    }
}

/// A mean of prices has three places more than a price.
fn average(instrument: &Instrument, price: Option<Price>) -> String {
    padded(price.map_or(Decimal::ZERO, Price::get), number::price_precision(instrument) + 3)
}

/// A conditional order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlgoBody<'a> {
    algo_id: i64,
    client_algo_id: &'a str,
    algo_type: &'static str,
    order_type: &'static str,
    symbol: &'a str,
    side: &'static str,
    position_side: &'static str,
    time_in_force: &'static str,
    quantity: String,
    algo_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_type: Option<&'static str>,
    trigger_price: String,
    price: String,
    iceberg_quantity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tp_order_type: Option<&'static str>,
    self_trade_prevention_mode: &'static str,
    working_type: &'static str,
    price_match: &'static str,
    close_position: bool,
    price_protect: bool,
    reduce_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    activate_price: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_rate: Option<&'static str>,
    create_time: i64,
    update_time: i64,
    trigger_time: i64,
    good_till_date: i64,
}

impl<'a> AlgoBody<'a> {
    /// `placed` is whether it answers the placing of it, which tells less.
    pub(crate) fn new(conditional: &'a ConditionalOrder, instrument: &'a Instrument, placed: bool) -> Self {
        let order = &conditional.order;
        let child = conditional.child.as_ref();
        Self {
            algo_id: id(order.order_id.as_str()),
            client_algo_id: order.client_order_id.as_str(),
            algo_type: "CONDITIONAL",
            order_type: words::order_type(order.order_type),
            symbol: &instrument.native,
            side: words::side(order.side),
            position_side: words::position_side(order.position_side),
            time_in_force: words::time_in_force(order.time_in_force),
            quantity: number::quantity(instrument, order.quantity),
            algo_status: algo_status(conditional.status),
            actual_order_id: (!placed).then(|| child.map_or("", |child| child.as_str())),
            actual_price: (!placed).then(|| average(instrument, order.average_price)),
            actual_qty: (!placed).then(|| number::quantity(instrument, order.filled)),
            actual_type: (!placed).then_some(if conditional.triggered.is_some() { "MARKET" } else { "" }),
            trigger_price: number::price(instrument, order.trigger),
            price: number::price(instrument, None),
            iceberg_quantity: None,
            tp_order_type: (!placed).then_some(""),
            self_trade_prevention_mode: "EXPIRE_MAKER",
            working_type: words::working_type(Some(conditional.trigger_by)),
            price_match: "NONE",
            close_position: order.close_position,
            price_protect: false,
            reduce_only: order.reduce_only,
            activate_price: placed.then_some(""),
            callback_rate: placed.then_some(""),
            create_time: conditional.created.as_millis(),
            update_time: order.updated.time.as_millis(),
            trigger_time: conditional.triggered.map_or(0, |time| time.as_millis()),
            good_till_date: 0,
        }
    }
}
