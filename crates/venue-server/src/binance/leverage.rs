//! Calls about one contract's leverage and margin.

use crate::binance::account::{NO_LIMIT, max_notional};
use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::market::{maybe_named, named};
use crate::binance::number::{bare, money};
use crate::binance::refusal;
use crate::binance::router::{Call, Handled, json};
use crate::binance::words;
use plimsoll_domain::{Instrument, Leverage, Money, PositionMode, PositionSide, Symbol};
use plimsoll_exchange::Rejection;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

/// What every command that has nothing to tell answers.
pub(crate) fn success() -> Handled {
    json(&json!({"code": 200, "msg": "success"}))
}

/// The contract's unified name.
pub(crate) fn symbol(floor: &Floor, call: &Call<'_>) -> Result<Symbol, Refusal> {
    named(floor, call.parameters).map(|instrument| instrument.symbol.clone())
}

#[derive(Serialize)]
struct Brackets<'a> {
    symbol: &'a str,
    brackets: Vec<Bracket>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bracket {
    bracket: usize,
    initial_leverage: u32,
    notional_cap: Box<RawValue>,
    notional_floor: Box<RawValue>,
    maint_margin_ratio: Box<RawValue>,
    cum: Box<RawValue>,
}

pub(crate) fn brackets(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let only = maybe_named(floor, call.parameters)?;
    let instruments = only.map_or_else(|| floor.instruments(), |one| vec![one]);
    json(&instruments.into_iter().map(table).collect::<Vec<_>>())
}

fn table(instrument: &Instrument) -> Brackets<'_> {
    let lines = instrument.tiers.lines();
    let caps = lines.iter().skip(1).map(|next| next.floor.get()).chain([Decimal::from(NO_LIMIT)]);
    let brackets = (1..).zip(lines).zip(caps).map(|((bracket, tier), cap)| Bracket {
        bracket,
        initial_leverage: tier.max_leverage.get(),
        notional_cap: bare(cap),
        notional_floor: bare(tier.floor.get()),
        maint_margin_ratio: bare(tier.rate.get()),
        cum: bare(tier.deduction.get()),
    });
    Brackets { symbol: &instrument.native, brackets: brackets.collect() }
}

pub(crate) fn symbol_config(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?;
    let instruments = only.map_or_else(|| floor.instruments(), |one| vec![one]);
    let rows = instruments.into_iter().map(|instrument| {
        let (leverage, mode) = floor.setting(account, &instrument.symbol);
        json!({
            "symbol": &*instrument.native, "marginType": words::margin_setting(mode), "isAutoAddMargin": false,
            "leverage": leverage.get(), "maxNotionalValue": max_notional(floor, instrument, leverage),
        })
    });
    json(&rows.collect::<Vec<_>>())
}

pub(crate) fn set_leverage(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let text = call.parameters.required("leverage")?;
    let leverage: Leverage = text.parse().map_err(|_| Refusal::invalid_leverage(text))?;
    floor.exchange.set_leverage(account, &symbol, leverage).map_err(|rejection| match rejection {
        Rejection::InsufficientMargin { .. } => Refusal::LEVERAGE_TOO_SMALL,
        other => refusal::of(&other),
    })?;
    let instrument = named(floor, call.parameters)?;
    let most = max_notional(floor, instrument, leverage);
    json(&json!({"leverage": leverage.get(), "maxNotionalValue": most, "symbol": &*instrument.native}))
}

pub(crate) fn set_margin_type(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let mode = words::read_margin_setting(call.parameters.required("marginType")?)?;
    floor.exchange.set_margin_mode(account, &symbol, mode).map_err(|rejection| match rejection {
        Rejection::NoChange => Refusal::MARGIN_TYPE_SET,
        other => refusal::of(&other),
    })?;
    success()
}

#[derive(Serialize)]
struct Adjusted {
    amount: Box<RawValue>,
    code: u32,
    msg: &'static str,
    r#type: i64,
}

pub(crate) fn adjust_margin(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let amount = call.parameters.required_decimal("amount")?;
    if amount <= Decimal::ZERO {
        return Err(Refusal::AMOUNT_NOT_POSITIVE);
    }
    let direction = call.parameters.required_integer("type")?;
    let change = match direction {
        1 => Money::new(amount),
        2 => -Money::new(amount),
        _ => return Err(Refusal::mandatory("type")),
    };
    let side = words::read_position_side(call.parameters.get("positionSide"))?;
    match (floor.position_mode(account), side) {
        (PositionMode::OneWay, PositionSide::Both)
        | (PositionMode::Hedge, PositionSide::Long | PositionSide::Short) => {}
        _ => return Err(Refusal::POSITION_SIDE_MISMATCH),
    }
    let adjusted = floor.exchange.adjust_isolated_margin(account, &symbol, side, change);
    adjusted.map_err(|rejection| match rejection {
        Rejection::InsufficientMargin { .. } => Refusal::CROSS_BALANCE,
        other => refusal::of(&other),
    })?;
    let msg = "Successfully modify position margin.";
    json(&Adjusted { amount: bare(amount), code: 200, msg, r#type: direction })
}

pub(crate) fn margin_history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let instrument = named(floor, call.parameters)?;
    let (period, limit) = (call.parameters.period()?, call.parameters.limit(500, 500)?);
    let only = call.parameters.integer("type")?;
    let changes = floor.margin_changes.get(account).map(Vec::as_slice).unwrap_or_default();
    let rows = changes.iter().filter_map(|change| {
        let direction = if change.amount.is_negative() { 2 } else { 1 };
        let millis = change.time.as_millis();
        let wanted = change.symbol == instrument.symbol && period.holds(millis);
        (wanted && only.is_none_or(|only| only == direction)).then(|| {
            json!({
                "symbol": &*instrument.native, "type": direction, "deltaType": "USER_ADJUST",
                "amount": money(change.amount.abs()), "asset": instrument.settle.as_str(), "time": millis,
                "positionSide": words::position_side(change.position_side), "clientTranId": "",
            })
        })
    });
    json(&period.cut(rows.collect(), limit))
}
