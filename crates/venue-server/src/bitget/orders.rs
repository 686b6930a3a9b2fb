//! Placing and cancelling ordinary orders.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{MOST_ORDERS, listed};
use crate::bitget::parameters::Parameters;
use crate::bitget::position_row::remaining;
use crate::bitget::refusal;
use crate::bitget::request::{self, Requested};
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use plimsoll_domain::{
    AccountId, ClientOrderId, NewOrder, Order, OrderId, OrderSize, PositionSide, Price, Quantity, Symbol,
};
use plimsoll_exchange::{ExchangeEvent, News, OrderRef, PlacedOrder};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What is attached to an order: triggers that are placed when it has filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preset {
    pub(crate) profit: Option<Price>,
    pub(crate) loss: Option<Price>,
}

impl Preset {
    pub(crate) const fn is_some(self) -> bool {
        self.profit.is_some() || self.loss.is_some()
    }
}

/// An order that was taken. Whoever displaces older ones is not told its number.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) order: Order,
    pub(crate) displaced: bool,
}

impl Accepted {
    pub(crate) fn row(&self) -> Value {
        let id = (!self.displaced).then(|| self.order.order_id.as_str());
        json!({"orderId": id, "clientOid": self.order.client_order_id.as_str()})
    }
}

/// By which name a call means an order; the venue's own name wins.
pub(crate) fn which(parameters: &Parameters) -> Result<OrderRef, Refusal> {
    if let Some(id) = parameters.get("orderId") {
        return Ok(OrderRef::Id(OrderId::new(id)));
    }
    let client = parameters.get("clientOid").ok_or_else(|| Refusal::missing("orderId"))?;
    Ok(OrderRef::Client(ClientOrderId::reported(client)))
}

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    answer(&place_one(floor, call.account()?, call.parameters)?.row())
}

pub(crate) fn place_one(floor: &mut Floor, account: &AccountId, parameters: &Parameters) -> Result<Accepted, Refusal> {
    let generated = floor.generate_client_id();
    let mode = floor.position_mode(account);
    let instrument = listed(floor, parameters)?;
    parameters.required("marginCoin")?;
    let margin_mode = words::read_margin_mode(parameters.required("marginMode")?)?;
    let Requested { order, preset } = request::ordinary(parameters, instrument, mode, || generated)?;
    if floor.open_orders(account, Some(&order.symbol)).len() >= MOST_ORDERS {
        return Err(Refusal::TOO_MANY_ORDERS);
    }
    take_margin_mode(floor, account, &order.symbol, margin_mode)?;
    let (order, displaced) = fit_to_position(floor, account, order)?;
    for displaced in &displaced {
        // One that has ended already holds nothing.
        let _ = floor.exchange.cancel(account, &order.symbol, &OrderRef::Id(displaced.clone()));
    }
    let accepted = floor.exchange.place(account, &order);
    let accepted = accepted.map_err(|rejection| refusal::of_order(&rejection, order.side, order.kind.order_type()))?;
    if preset.is_some() {
        floor.presets.insert(accepted.order_id.clone(), preset);
    }
    Ok(Accepted { order: accepted, displaced: !displaced.is_empty() })
}

/// An order's margin mode is its contract's: it becomes it where nothing is held and nothing waits.
pub(crate) fn take_margin_mode(
    floor: &mut Floor,
    account: &AccountId,
    symbol: &Symbol,
    mode: plimsoll_domain::MarginMode,
) -> Result<(), Refusal> {
    if floor.setting(account, symbol).1 == mode {
        return Ok(());
    }
    floor.exchange.set_margin_mode(account, symbol, mode).map_err(|rejection| refusal::of(&rejection))
}

/// An order that may only reduce: with legs it is cut to what resting ones leave free, and where those leave nothing it
/// takes their place; without legs older ones make room for it, the oldest first.
fn fit_to_position(floor: &Floor, account: &AccountId, order: NewOrder) -> Result<(NewOrder, Vec<OrderId>), Refusal> {
    if order.adds_exposure() {
        return Ok((order, Vec::new()));
    }
    let OrderSize::Quantity(wanted) = order.size else { return Ok((order, Vec::new())) };
    let held = floor.exchange.position(account, &order.symbol, order.position_side).and_then(|it| it.position);
    let held = held.filter(|position| position.direction.closing_side() == order.side).ok_or(Refusal::NO_POSITION)?;
    let held = held.quantity.get();
    let mut resting = floor.open_orders(account, Some(&order.symbol));
    resting.retain(|placed| rests_to_close(placed, &order));
    let occupied: Decimal = resting.iter().map(remaining).sum();
    let free = held - occupied;
    let room = if order.position_side != PositionSide::Both && free > Decimal::ZERO { free } else { held };
    let size = wanted.get().min(room);
    let mut short = size - free;
    let mut displaced = Vec::new();
    for placed in &resting {
        if short <= Decimal::ZERO {
            break;
        }
        short -= remaining(placed);
        displaced.push(placed.order.order_id.clone());
    }
    let size = Quantity::new(size).map_err(|_| Refusal::NO_POSITION)?;
    Ok((NewOrder { size: OrderSize::Quantity(size), ..order }, displaced))
}

fn rests_to_close(placed: &PlacedOrder, order: &NewOrder) -> bool {
    let it = &placed.order;
    let reduces = it.reduce_only || it.position_side != PositionSide::Both;
    it.side == order.side && it.position_side == order.position_side && reduces
}

pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    let cancelled = cancel_one(floor, account, &symbol, &which(call.parameters)?)?;
    answer(&cancelled)
}

/// Cancels an order; answers its names.
pub(crate) fn cancel_one(
    floor: &mut Floor,
    account: &AccountId,
    symbol: &Symbol,
    which: &OrderRef,
) -> Result<Value, Refusal> {
    let placed = floor.order(account, symbol, which).ok_or(Refusal::ORDER_GONE)?;
    let id = OrderRef::Id(placed.order.order_id.clone());
    floor.exchange.cancel(account, symbol, &id).map_err(|rejection| refusal::of(&rejection))?;
    Ok(json!({"orderId": placed.order.order_id.as_str(), "clientOid": floor.shown_client_id(&placed)}))
}

impl Floor {
    /// Places what is attached to an order that is done, as far as it has filled; what is attached to a plan is handed to
    /// the order that it became.
    pub(crate) fn place_attached(&mut self, event: &ExchangeEvent) {
        let Some(account) = &event.account else { return };
        let placed = match &event.news {
            News::ConditionalTriggered(plan) => {
                let preset = self.presets.remove(&plan.order.order_id);
                if let (Some(preset), Some(child)) = (preset, &plan.child) {
                    self.presets.insert(child.clone(), preset);
                }
                return;
            }
            News::OrderFilled(news) => &news.order,
            News::OrderCancelled(order) | News::OrderExpired { order, .. } => &**order,
            _ => return,
        };
        let order = &placed.order;
        if !order.status.is_final() {
            return;
        }
        let (Some(preset), Some(filled)) = (self.presets.get(&order.order_id).copied(), order.filled) else { return };
        let direction = order.side.into();
        for (plan_type, trigger) in preset.plans() {
            let generated = self.generate_client_id();
            let exit = crate::bitget::plans::exit(
                self.position_mode(account),
                &order.symbol,
                direction,
                plan_type,
                (trigger, plimsoll_domain::TriggerBy::Last),
                OrderSize::Quantity(filled),
                generated,
            );
            // One that would trigger at once is not placed: the order has filled all the same.
            if let Ok(stored) = self.exchange.place(account, &exit) {
                self.plans.remember(stored.order_id, plan_type);
            }
        }
    }
}
