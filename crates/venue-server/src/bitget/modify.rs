//! Changing resting limit orders: the old one is cancelled and a new one placed, under a name of its own.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::listed;
use crate::bitget::orders::{Preset, which};
use crate::bitget::refusal;
use crate::bitget::request::{client_id, preset_price, price, size};
use crate::bitget::router::{Call, Handled, answer};
use plimsoll_domain::{AccountId, NewOrder, OrderKind, OrderSize, OrderStatus, OrderType, TimeInForce};
use plimsoll_exchange::{OrderRef, PlacedOrder, Rejection};
use serde_json::json;

pub(crate) fn modify(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?.clone();
    let parameters = call.parameters;
    let symbol = listed(floor, parameters)?.symbol.clone();
    let placed = floor.order(&account, &symbol, &which(parameters)?).ok_or(Refusal::ORDER_GONE)?;
    if placed.order.status != OrderStatus::New || placed.order.order_type != OrderType::Limit {
        return Err(if placed.order.status.is_final() { Refusal::ORDER_GONE } else { Refusal::NOT_MODIFIABLE });
    }
    let names = json!({
        "orderId": placed.order.order_id.as_str(), "clientOid": placed.order.client_order_id.as_str(),
    });
    let attached = ["newPresetStopSurplusPrice", "newPresetStopLossPrice"];
    match (parameters.get("newPrice"), parameters.get("newSize")) {
        (Some(_), Some(_)) => {}
        (None, None) if attached.iter().any(|name| parameters.get(name).is_some()) => {
            // Naming one of the two takes the other away.
            let preset = Preset {
                profit: preset_price(parameters, "newPresetStopSurplusPrice", "")?,
                loss: preset_price(parameters, "newPresetStopLossPrice", "")?,
            };
            floor.presets.insert(placed.order.order_id, preset);
            return answer(&names);
        }
        _ => return Err(Refusal::PRICE_AND_SIZE),
    }
    let renewed = renewed(floor, call, &placed)?;
    let same = placed.order.price == limit(&renewed.kind) && renewed.size == quantity(&placed);
    if same {
        return Err(Refusal::UNCHANGED);
    }
    // What the old order holds back is free once it is cancelled.
    match floor.exchange.would_place(&account, &renewed) {
        Ok(()) | Err(Rejection::InsufficientMargin { .. } | Rejection::ReduceOnlyRejected { .. }) => {}
        Err(rejection) => return Err(refusal::of_order(&rejection, renewed.side, OrderType::Limit)),
    }
    replace(floor, &account, &placed, &renewed)?;
    answer(&names)
}

fn renewed(floor: &mut Floor, call: &Call<'_>, placed: &PlacedOrder) -> Result<NewOrder, Refusal> {
    let generated = floor.generate_client_id();
    let parameters = call.parameters;
    if parameters.get("newClientOid").is_none() {
        return Err(Refusal::NEW_CLIENT_ID);
    }
    let instrument = listed(floor, parameters)?;
    let time_in_force = placed.order.time_in_force.unwrap_or(TimeInForce::Gtc);
    Ok(NewOrder {
        client_order_id: client_id(parameters, "newClientOid", || generated)?,
        symbol: placed.order.symbol.clone(),
        side: placed.order.side,
        position_side: placed.order.position_side,
        kind: OrderKind::Limit { price: price(parameters, "newPrice")?, time_in_force },
        size: OrderSize::Quantity(size(parameters, "newSize", instrument)?),
        reduce_only: placed.order.reduce_only,
    })
}

/// The answer is that of the change's acceptance: whether the new order was taken is heard of or asked for.
fn replace(floor: &mut Floor, account: &AccountId, placed: &PlacedOrder, renewed: &NewOrder) -> Result<(), Refusal> {
    let id = OrderRef::Id(placed.order.order_id.clone());
    floor.exchange.cancel(account, &renewed.symbol, &id).map_err(|rejection| refusal::of(&rejection))?;
    let preset = floor.presets.remove(&placed.order.order_id);
    if let (Ok(order), Some(preset)) = (floor.exchange.place(account, renewed), preset) {
        floor.presets.insert(order.order_id, preset);
    }
    Ok(())
}

const fn limit(kind: &OrderKind) -> Option<plimsoll_domain::Price> {
    match kind {
        OrderKind::Limit { price, .. } => Some(*price),
        _ => None,
    }
}

fn quantity(placed: &PlacedOrder) -> OrderSize {
    placed.order.quantity.map_or(OrderSize::WholePosition, OrderSize::Quantity)
}
