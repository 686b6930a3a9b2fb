//! Placing, changing and cancelling plans.

use crate::bitget::batches::Outcome;
use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, maybe_listed, product};
use crate::bitget::orders::{Preset, take_margin_mode, which};
use crate::bitget::parameters::Parameters;
use crate::bitget::plans::{self, Group, PlanType};
use crate::bitget::refusal;
use crate::bitget::request::{Way, client_id, preset_price, price, refuse_limit, refuse_other_self_trade_modes, size};
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use plimsoll_domain::{AccountId, Direction, NewOrder, Order, OrderSize, TriggerBy};
use plimsoll_exchange::{ConditionalOrder, OrderRef};
use serde_json::{Value, json};

fn names(order: &Order) -> Value {
    json!({"orderId": order.order_id.as_str(), "clientOid": order.client_order_id.as_str()})
}

fn store(
    floor: &mut Floor,
    account: &AccountId,
    order: &NewOrder,
    plan_type: PlanType,
    preset: Preset,
) -> Result<Order, Refusal> {
    let stored = floor.exchange.place(account, order);
    let stored = stored.map_err(|rejection| refusal::of_order(&rejection, order.side, order.kind.order_type()))?;
    floor.plans.remember(stored.order_id.clone(), plan_type);
    if preset.is_some() {
        floor.presets.insert(stored.order_id.clone(), preset);
    }
    Ok(stored)
}

/// One that opens or closes at a trigger. Of these the exchange has those that become market orders.
pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let generated = floor.generate_client_id();
    let mode = floor.position_mode(account);
    if parameters.required("planType")? != "normal_plan" {
        return Err(Refusal::PLAN_TYPE);
    }
    let instrument = listed(floor, parameters)?;
    parameters.required("marginCoin")?;
    let margin_mode = words::read_margin_mode(parameters.required("marginMode")?)?;
    if parameters.required("orderType")? != "market" {
        return Err(Refusal::BELOW_SPEC);
    }
    refuse_other_self_trade_modes(parameters)?;
    let way = Way::read(parameters, mode)?;
    let trigger = price(parameters, "triggerPrice")?;
    let trigger_by = words::read_trigger_type(parameters.get("triggerType"), "triggerType")?;
    let view = floor.market(&instrument.symbol).ok_or_else(|| Refusal::no_such("symbol"))?;
    let now = match trigger_by {
        TriggerBy::Last => view.last,
        TriggerBy::Mark => view.mark,
    };
    let preset = Preset {
        profit: preset_price(parameters, "stopSurplusTriggerPrice", "stopSurplusExecutePrice")?,
        loss: preset_price(parameters, "stopLossTriggerPrice", "stopLossExecutePrice")?,
    };
    let order = NewOrder {
        client_order_id: client_id(parameters, "clientOid", || generated)?,
        symbol: instrument.symbol.clone(),
        side: way.side,
        position_side: way.position_side,
        kind: plans::kind(way.side, trigger, trigger_by, now),
        size: OrderSize::Quantity(size(parameters, "size", instrument)?),
        reduce_only: way.reduce_only,
    };
    take_margin_mode(floor, account, &order.symbol, margin_mode)?;
    answer(&names(&store(floor, account, &order, PlanType::Normal, preset)?))
}

/// One that leaves a position, in part or whole.
pub(crate) fn place_exit(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let plan_type = PlanType::read_exit(parameters.required("planType")?)?;
    let direction = words::read_hold_side(parameters.required("holdSide")?)?;
    refuse_other_self_trade_modes(parameters)?;
    let leg = Leg {
        plan_type,
        trigger: "triggerPrice",
        trigger_type: "triggerType",
        execute: "executePrice",
        size: (!plan_type.is_whole()).then_some("size"),
        client: "clientOid",
    };
    answer(&names(&leave(floor, account, parameters, direction, &leg)?))
}

/// What one leg of an exit is called among the parameters.
struct Leg {
    plan_type: PlanType,
    trigger: &'static str,
    trigger_type: &'static str,
    execute: &'static str,
    size: Option<&'static str>,
    client: &'static str,
}

fn leave(
    floor: &mut Floor,
    account: &AccountId,
    parameters: &Parameters,
    direction: Direction,
    leg: &Leg,
) -> Result<Order, Refusal> {
    let generated = floor.generate_client_id();
    let mode = floor.position_mode(account);
    let instrument = listed(floor, parameters)?;
    parameters.required("marginCoin")?;
    refuse_limit(parameters, leg.execute)?;
    let trigger = price(parameters, leg.trigger)?;
    let trigger_by = words::read_trigger_type(parameters.get(leg.trigger_type), leg.trigger_type)?;
    let size = match leg.size {
        Some(name) => OrderSize::Quantity(size(parameters, name, instrument)?),
        None => OrderSize::WholePosition,
    };
    let client = client_id(parameters, leg.client, || generated)?;
    let exit = plans::exit(mode, &instrument.symbol, direction, leg.plan_type, (trigger, trigger_by), size, client);
    let held = floor.exchange.position(account, &exit.symbol, exit.position_side).and_then(|it| it.position);
    if held.is_none_or(|position| position.direction != direction) {
        return Err(Refusal::NO_POSITION_FOR_EXIT);
    }
    store(floor, account, &exit, leg.plan_type, Preset::default())
}

/// Both legs of an exit at once; a size makes one of them partial.
pub(crate) fn place_both(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let direction = words::read_hold_side(parameters.required("holdSide")?)?;
    let sized = |name: &'static str| parameters.get(name).map(|_| name);
    let (profit_size, loss_size) = (sized("stopSurplusSize"), sized("stopLossSize"));
    let legs = [
        Leg {
            plan_type: if profit_size.is_some() { PlanType::Profit } else { PlanType::PositionProfit },
            trigger: "stopSurplusTriggerPrice",
            trigger_type: "stopSurplusTriggerType",
            execute: "stopSurplusExecutePrice",
            size: profit_size,
            client: "stopSurplusClientOid",
        },
        Leg {
            plan_type: if loss_size.is_some() { PlanType::Loss } else { PlanType::PositionLoss },
            trigger: "stopLossTriggerPrice",
            trigger_type: "stopLossTriggerType",
            execute: "stopLossExecutePrice",
            size: loss_size,
            client: "stopLossClientOid",
        },
    ];
    let mut rows = Vec::new();
    for leg in legs.iter().filter(|leg| parameters.get(leg.trigger).is_some()) {
        let order = leave(floor, account, parameters, direction, leg)?;
        rows.push(json!({"orderId": order.order_id.as_str(), leg.client: order.client_order_id.as_str()}));
    }
    if rows.is_empty() {
        return Err(Refusal::missing("stopLossTriggerPrice"));
    }
    answer(&rows)
}

/// A plan that a call means and that still waits.
fn waiting(
    floor: &Floor,
    account: &AccountId,
    parameters: &Parameters,
) -> Result<(PlanType, ConditionalOrder), Refusal> {
    let plan = floor.plan(account, &which(parameters)?);
    plan.filter(|(_, plan)| !plan.order.status.is_final() && plan.triggered.is_none()).ok_or(Refusal::PLAN_GONE)
}

pub(crate) fn modify(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    product(parameters)?;
    let (plan_type, plan) = waiting(floor, account, parameters)?;
    if plan_type != PlanType::Normal {
        return Err(Refusal::PLAN_GONE);
    }
    refuse_limit(parameters, "newPrice")?;
    let instrument = floor.instrument(&plan.order.symbol).ok_or(Refusal::PLAN_GONE)?;
    let size = match parameters.get("newSize") {
        Some(_) => OrderSize::Quantity(size(parameters, "newSize", instrument)?),
        None => plan.order.quantity.map_or(OrderSize::WholePosition, OrderSize::Quantity),
    };
    let trigger = match parameters.get("newTriggerPrice") {
        Some(_) => price(parameters, "newTriggerPrice")?,
        None => plan.order.trigger.ok_or(Refusal::PLAN_GONE)?,
    };
    amend(floor, account, &plan, trigger, size)
}

pub(crate) fn modify_exit(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let instrument = listed(floor, parameters)?;
    let (plan_type, plan) = waiting(floor, account, parameters)?;
    if plan_type == PlanType::Normal {
        return Err(Refusal::PLAN_GONE);
    }
    refuse_limit(parameters, "executePrice")?;
    // A plan for the whole position has no size, whatever a client sends.
    let size = match parameters.get("size") {
        Some(_) if !plan_type.is_whole() => OrderSize::Quantity(size(parameters, "size", instrument)?),
        _ => plan.order.quantity.map_or(OrderSize::WholePosition, OrderSize::Quantity),
    };
    let trigger = price(parameters, "triggerPrice")?;
    amend(floor, account, &plan, trigger, size)
}

fn amend(
    floor: &mut Floor,
    account: &AccountId,
    plan: &ConditionalOrder,
    trigger: plimsoll_domain::Price,
    size: OrderSize,
) -> Handled {
    let id = OrderRef::Id(plan.order.order_id.clone());
    let amended = floor.exchange.amend_conditional(account, &id, trigger, size);
    let amended = amended.map_err(|rejection| refusal::of_order(&rejection, plan.order.side, plan.order.order_type))?;
    answer(&names(&amended.order))
}

/// Cancels those that are listed; without a list all of a type, and of a contract if it is named.
pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    product(parameters)?;
    let group = parameters.get("planType").map(Group::read_any).transpose()?;
    let mut outcome = Outcome::default();
    if let Some(items) = parameters.list("orderIdList")? {
        listed(floor, parameters)?;
        for item in items {
            let cancelled = waiting(floor, account, &item)
                .and_then(|plan| {
                    Some(plan).filter(|it| group.is_none_or(|it2| it2.holds(it.0))).ok_or(Refusal::PLAN_GONE)
                })
                .and_then(|(_, plan)| cancel_one(floor, account, &plan));
            let name = |name: &str| item.get(name).unwrap_or_default().to_owned();
            outcome.add(cancelled, || json!({"orderId": name("orderId"), "clientOid": name("clientOid")}));
        }
        return outcome.answer();
    }
    let symbol = maybe_listed(floor, parameters)?.map(|instrument| instrument.symbol.clone());
    let group = group.unwrap_or(Group::Normal);
    for (plan_type, plan) in floor.open_plans(account, symbol.as_ref()) {
        if group.holds(plan_type) {
            let cancelled = cancel_one(floor, account, &plan);
            outcome.add(cancelled, || names(&plan.order));
        }
    }
    outcome.answer()
}

fn cancel_one(floor: &mut Floor, account: &AccountId, plan: &ConditionalOrder) -> Result<Value, Refusal> {
    let id = OrderRef::Id(plan.order.order_id.clone());
    let cancelled = floor.exchange.cancel_conditional(account, &id).map_err(|_| Refusal::PLAN_GONE)?;
    Ok(names(&cancelled.order))
}
