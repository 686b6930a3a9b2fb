//! Calls about leverage, margin and modes.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, product};
use crate::bitget::position_row::leg;
use crate::bitget::refusal;
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use plimsoll_domain::{AccountId, Instrument, Leverage, MarginMode, Money, PositionMode};
use plimsoll_exchange::Rejection;
use serde_json::{Value, json};

/// Sets a contract's leverage, which is one for both of its sides.
pub(crate) fn set_leverage(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let parameters = call.parameters;
    let instrument = listed(floor, parameters)?;
    let (symbol, native) = (instrument.symbol.clone(), instrument.native.to_string());
    let coin = parameters.required("marginCoin")?.to_owned();
    let most = instrument.max_leverage(Money::ZERO).get();
    let (before, mode) = floor.setting(account, &symbol);
    let hedged = floor.position_mode(account) == PositionMode::Hedge;
    let sides = (parameters.get("longLeverage"), parameters.get("shortLeverage"));
    let word = match sides {
        (Some(long), Some(short)) if long == short => long,
        // The exchange has one leverage for both.
        (Some(_), Some(_)) => return Err(Refusal::wrong("shortLeverage")),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => {
            if mode == MarginMode::Isolated && hedged && parameters.get("holdSide").is_none() {
                return Err(Refusal::HOLD_SIDE_MISSING);
            }
            parameters.required("leverage")?
        }
    };
    let times = word.parse().ok().and_then(|times| Leverage::new(times).ok());
    let leverage = times.ok_or_else(|| Refusal::leverage_range(most))?;
    if leverage == before {
        return Err(Refusal::LEVERAGE_UNCHANGED);
    }
    floor.exchange.set_leverage(account, &symbol, leverage).map_err(|rejection| match rejection {
        Rejection::InsufficientMargin { .. } => Refusal::LEVERAGE_MARGIN,
        other => refusal::of(&other),
    })?;
    let times = leverage.get().to_string();
    answer(&json!({
        "symbol": native, "marginCoin": coin, "longLeverage": times, "shortLeverage": times,
        "crossMarginLeverage": times, "marginMode": words::margin_mode(mode),
    }))
}

/// Adds margin to an isolated position, or takes it back.
pub(crate) fn set_margin(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    call.parameters.required("marginCoin")?;
    let direction = words::read_hold_side(call.parameters.required("holdSide")?)?;
    let amount = Money::new(call.parameters.required_decimal("amount")?);
    let side = leg(floor, account, direction);
    let adjusted = floor.exchange.adjust_isolated_margin(account, &symbol, side, amount);
    adjusted.map_err(|rejection| match rejection {
        Rejection::NoPosition => Refusal::MARGIN_NO_POSITION,
        Rejection::NoChange | Rejection::UnfitAmount(_) => Refusal::MARGIN_AMOUNT,
        Rejection::InsufficientMargin { .. } => Refusal::MARGIN_TOO_MUCH,
        other => refusal::of(&other),
    })?;
    answer("")
}

pub(crate) fn set_margin_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let instrument = listed(floor, call.parameters)?;
    let (symbol, native) = (instrument.symbol.clone(), instrument.native.to_string());
    let coin = call.parameters.required("marginCoin")?.to_owned();
    let mode = words::read_margin_mode(call.parameters.required("marginMode")?)?;
    match floor.exchange.set_margin_mode(account, &symbol, mode) {
        Ok(()) | Err(Rejection::NoChange) => {}
        Err(rejection) => return Err(refusal::of(&rejection)),
    }
    let leverage = floor.setting(account, &symbol).0.get().to_string();
    answer(&json!({
        "symbol": native, "marginCoin": coin, "longLeverage": leverage, "shortLeverage": leverage,
        "marginMode": words::margin_mode(mode),
    }))
}

/// Sets how many positions a contract may have, for all of them.
pub(crate) fn set_position_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    product(call.parameters)?;
    let mode = words::read_position_mode(call.parameters.required("posMode")?)?;
    match floor.exchange.set_position_mode(account, mode) {
        Ok(()) | Err(Rejection::NoChange) => {}
        Err(Rejection::OpenOrders | Rejection::OpenPositions) => return Err(Refusal::POSITION_MODE_LOCKED),
        Err(rejection) => return Err(refusal::of(&rejection)),
    }
    answer(&json!({"posMode": words::position_mode(mode)}))
}

/// Margin is never added by itself here: it can only be left off.
pub(crate) fn set_auto_margin(floor: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    let native = call.parameters.required("symbol")?;
    floor.native(native).ok_or_else(|| Refusal::no_such(native))?;
    match call.parameters.required("autoMargin")? {
        "off" => answer("success"),
        _ => Err(Refusal::wrong("autoMargin")),
    }
}

/// One coin is margin for everything: it can only be left so.
pub(crate) fn set_asset_mode(_: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    product(call.parameters)?;
    match call.parameters.required("assetMode")? {
        "single" => answer("success"),
        _ => Err(Refusal::wrong("assetMode")),
    }
}

/// The contracts whose margin is isolated.
pub(crate) fn isolated_symbols(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let found = product(call.parameters)?;
    let instruments = floor.instruments();
    let isolated = instruments.into_iter().filter(|instrument| found && is_isolated(floor, account, instrument));
    let rows: Vec<Value> =
        isolated.map(|instrument| json!({"symbol": &*instrument.native, "marginMode": "isolated"})).collect();
    answer(&rows)
}

fn is_isolated(floor: &Floor, account: &AccountId, instrument: &Instrument) -> bool {
    floor.setting(account, &instrument.symbol).1 == MarginMode::Isolated
}
