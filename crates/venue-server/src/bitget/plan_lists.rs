//! Lists of plans: those that wait, those that are over, and what they became.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{maybe_listed, product};
use crate::bitget::orders::which;
use crate::bitget::parameters::{Page, Parameters};
use crate::bitget::plan_row;
use crate::bitget::plans::{Group, PlanType};
use crate::bitget::queries::listing;
use crate::bitget::router::{Call, Handled, answer};
use plimsoll_domain::{AccountId, OrderId, Symbol};
use plimsoll_exchange::{ConditionalOrder, OrderRef};
use serde_json::{Value, json};

type Listed = (PlanType, ConditionalOrder);

/// Every plan of a contract or of all, that waits or that is over.
fn plans(floor: &Floor, account: &AccountId, symbol: Option<&Symbol>, waiting: bool) -> Vec<Listed> {
    if waiting {
        return floor.open_plans(account, symbol);
    }
    let symbols = floor.exchange.instruments().map(|instrument| &instrument.symbol);
    let symbols = symbols.filter(|listed| symbol.is_none_or(|symbol| *listed == symbol));
    let all = symbols.flat_map(|symbol| floor.exchange.conditionals(account, symbol));
    all.filter(|plan| plan.status.is_final()).map(|plan| (floor.plans.of(&plan), plan)).collect()
}

fn wanted(parameters: &Parameters, group: Group, (plan_type, plan): &Listed) -> bool {
    let status = parameters.get("planStatus");
    group.holds(*plan_type)
        && status.is_none_or(|status| status == plan_row::final_status(plan))
        && match which(parameters) {
            Ok(OrderRef::Id(id)) => plan.order.order_id == id,
            Ok(OrderRef::Client(id)) => plan.order.client_order_id == id,
            Err(_) => true,
        }
}

fn list(floor: &Floor, call: &Call<'_>, waiting: bool) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let found = product(parameters)?;
    let group = Group::read(parameters.required("planType")?)?;
    let page: Page = parameters.page(100, 100)?;
    let symbol = maybe_listed(floor, parameters)?.map(|instrument| instrument.symbol.clone());
    let mut plans = if found { plans(floor, account, symbol.as_ref(), waiting) } else { Vec::new() };
    plans.retain(|listed| wanted(parameters, group, listed));
    let (plans, end) = page.cut(plans, |(_, plan)| (number(&plan.order.order_id), plan.created.as_millis()));
    let rows = plans.iter().filter_map(|(plan_type, plan)| {
        let instrument = floor.instrument(&plan.order.symbol)?;
        Some(plan_row::row(floor, account, instrument, (*plan_type, plan)))
    });
    listing(rows.collect(), end)
}

/// An id as the number that it is.
pub(crate) fn number(id: &OrderId) -> i64 {
    id.as_str().parse().unwrap_or(0)
}

pub(crate) fn pending(floor: &mut Floor, call: &Call<'_>) -> Handled {
    list(floor, call, true)
}

pub(crate) fn history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    list(floor, call, false)
}

/// The order that a plan became.
pub(crate) fn children(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    product(call.parameters)?;
    Group::read(call.parameters.required("planType")?)?;
    let id = OrderId::new(call.parameters.required("planOrderId")?);
    let (_, plan) = floor.plan(account, &OrderRef::Id(id)).ok_or(Refusal::PLAN_GONE)?;
    let rows: Vec<Value> = plan
        .child
        .iter()
        .map(|child| json!({"orderId": child.as_str(), "price": "0", "type": "market", "status": "success"}))
        .collect();
    answer(&rows)
}
