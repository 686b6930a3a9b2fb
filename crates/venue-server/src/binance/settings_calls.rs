//! Calls about an account's own settings, fees and limits.

use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::leverage::success;
use crate::binance::market::named;
use crate::binance::number::trimmed;
use crate::binance::refusal;
use crate::binance::router::{Call, Handled, json};
use plimsoll_domain::PositionMode;
use plimsoll_exchange::Rejection;
use serde_json::json;

pub(crate) fn account_config(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let hedge = floor.position_mode(call.account()?) == PositionMode::Hedge;
    json(&json!({
        "feeTier": 0, "canTrade": true, "canDeposit": true, "canWithdraw": true, "dualSidePosition": hedge,
        "updateTime": 0, "multiAssetsMargin": false, "tradeGroupId": -1,
    }))
}

pub(crate) fn position_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let hedge = floor.position_mode(call.account()?) == PositionMode::Hedge;
    json(&json!({"dualSidePosition": hedge}))
}

pub(crate) fn set_position_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let hedge = call.parameters.boolean("dualSidePosition")?;
    let hedge = hedge.ok_or_else(|| Refusal::mandatory("dualSidePosition"))?;
    let mode = if hedge { PositionMode::Hedge } else { PositionMode::OneWay };
    floor.exchange.set_position_mode(call.account()?, mode).map_err(|rejection| match rejection {
        Rejection::NoChange => Refusal::POSITION_MODE_SET,
        Rejection::OpenOrders => Refusal::POSITION_MODE_ORDERS,
        Rejection::OpenPositions => Refusal::POSITION_MODE_POSITION,
        other => refusal::of(&other),
    })?;
    success()
}

/// One asset is margin for everything: the simulated exchange has no other mode.
pub(crate) fn multi_assets(_: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    json(&json!({"multiAssetsMargin": false}))
}

pub(crate) fn set_multi_assets(_: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    let on = call.parameters.boolean("multiAssetsMargin")?;
    match on.ok_or_else(|| Refusal::mandatory("multiAssetsMargin"))? {
        false => Err(Refusal::MULTI_ASSETS_SET),
        true => Err(Refusal::MULTI_ASSETS_UNAVAILABLE),
    }
}

pub(crate) fn fee_burn(_: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    json(&json!({"feeBurn": false}))
}

pub(crate) fn commission_rate(floor: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    let instrument = named(floor, call.parameters)?;
    json(&json!({
        "symbol": &*instrument.native, "makerCommissionRate": trimmed(instrument.fees.maker.get()),
        "takerCommissionRate": trimmed(instrument.fees.taker.get()), "rpiCommissionRate": "0",
    }))
}

pub(crate) fn order_limits(floor: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    let limits = floor.usage.limits();
    let row = |interval: &str, number: u32, limit: u32| json!({"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": limit});
    json(&json!([row("SECOND", 10, limits.orders_per_ten_seconds), row("MINUTE", 1, limits.orders_per_minute)]))
}
