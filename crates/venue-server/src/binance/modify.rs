//! Changing resting limit orders.

use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::market::named;
use crate::binance::order_body::Shape;
use crate::binance::orders::{answered, batch, body, found, which};
use crate::binance::parameters::Parameters;
use crate::binance::refusal;
use crate::binance::request::{read_price, read_quantity, refuse_price_match};
use crate::binance::router::{Call, Handled};
use crate::binance::words;
use plimsoll_domain::AccountId;
use plimsoll_exchange::{OrderRef, Rejection};

pub(crate) fn modify(floor: &mut Floor, call: &Call<'_>) -> Handled {
    modify_one(floor, call.account()?, call.parameters)
}

pub(crate) fn modify_batch(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let items = batch(call.parameters)?;
    Ok(answered(items.iter().map(|item| modify_one(floor, account, item))))
}

fn modify_one(floor: &mut Floor, account: &AccountId, parameters: &Parameters) -> Handled {
    let instrument = named(floor, parameters)?;
    let symbol = instrument.symbol.clone();
    let side = words::read_side(parameters.required("side")?)?;
    let quantity = read_quantity(parameters.required_decimal("quantity")?, instrument)?;
    refuse_price_match(parameters)?;
    let price = read_price(parameters.required_decimal("price")?, instrument)?;
    let which = which(parameters)?;
    let before = floor.exchange.order(account, &symbol, &which).ok_or(Refusal::NO_SUCH_ORDER)?;
    if before.order.side != side {
        return Err(Refusal::INVALID_SIDE);
    }
    let amended = floor.exchange.amend(account, &symbol, &which, quantity, price);
    let amended = amended.map_err(|rejection| match rejection {
        Rejection::NoChange => Refusal::NOTHING_TO_MODIFY,
        Rejection::UnknownOrder => Refusal::NO_SUCH_ORDER,
        Rejection::MinNotional { min, .. } => Refusal::modified_below_min_notional(min.get()),
        other => refusal::of_order(&other, side, true),
    })?;
    let placed = found(floor, account, &symbol, &OrderRef::Id(amended.order_id))?;
    body(floor, account, &placed, Shape::Command { fills: floor.settings.answers_show_fills })
}
