//! Parameters of an order, read into an order; and what is wrong with them.

use crate::binance::error::Refusal;
use crate::binance::number::{price_precision, quantity_precision};
use crate::binance::parameters::Parameters;
use crate::binance::words;
use plimsoll_domain::{
    ClientOrderId, Instrument, NewOrder, OrderKind, OrderSize, OrderType, PositionMode, PositionSide, Price, Quantity,
    TimeInForce, Timestamp, TriggerBy,
};
use rust_decimal::Decimal;

/// The shape of client ids, as the venue documents it.
const CLIENT_ID_RANGE: &str = r"^[\.A-Z\:/a-z0-9_-]{1,36}$";
/// A good-till-date is at least this far ahead, in milliseconds.
const GOOD_TILL_AHEAD: i64 = 600_000;
/// And before this moment.
const GOOD_TILL_BEFORE: i64 = 253_402_300_799_000;

/// An order that can be handed to the exchange, and what only the venue keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requested {
    pub(crate) order: NewOrder,
    /// When it ends, in milliseconds, for a good-till-date order.
    pub(crate) good_till: Option<i64>,
    /// Answers with what became of it instead of its acceptance.
    pub(crate) result: bool,
}

/// Reads an order for the ordinary service. Conditional types belong to the other one.
pub(crate) fn ordinary(
    parameters: &Parameters,
    instrument: &Instrument,
    mode: PositionMode,
    now: Timestamp,
    generated: impl FnOnce() -> ClientOrderId,
) -> Result<Requested, Refusal> {
    let side = words::read_side(parameters.required("side")?)?;
    let order_type = words::read_order_type(parameters.required("type")?)?;
    if order_type.is_conditional() || parameters.get("stopPrice").is_some() {
        return Err(Refusal::USE_ALGO_ENDPOINT);
    }
    let mut good_till = None;
    let kind = match order_type {
        OrderType::Limit => {
            let word = words::read_time_in_force(parameters.required("timeInForce")?)?;
            if word == TimeInForce::Gtd {
                good_till = Some(read_good_till(parameters, now)?);
            }
            refuse_price_match(parameters)?;
            let price = read_price(parameters.required_decimal("price")?, instrument)?;
            // The exchange knows no dates: the venue cancels in time.
            let time_in_force = if word == TimeInForce::Gtd { TimeInForce::Gtc } else { word };
            OrderKind::Limit { price, time_in_force }
        }
        OrderType::Market => {
            refuse_price_match(parameters)?;
            if parameters.get("price").is_some() {
                return Err(Refusal::not_required("price"));
            }
            if parameters.get("timeInForce").is_some() {
                return Err(Refusal::not_required("timeInForce"));
            }
            OrderKind::Market
        }
        _ => return Err(Refusal::INVALID_ORDER_TYPE),
    };
    if parameters.boolean("closePosition")? == Some(true) {
        return Err(Refusal::invalid_strategy(words::order_type(order_type), true));
    }
    refuse_other_self_trade_modes(parameters)?;
    let quantity = read_quantity(parameters.required_decimal("quantity")?, instrument)?;
    let order = NewOrder {
        client_order_id: client_id(parameters.get("newClientOrderId"), "newClientOrderId", generated)?,
        symbol: instrument.symbol.clone(),
        side,
        position_side: position_side(parameters, mode)?,
        kind,
        size: OrderSize::Quantity(quantity),
        reduce_only: reduce_only(parameters, mode)?,
    };
    Ok(Requested { order, good_till, result: wants_result(parameters)? })
}

/// Reads an order for the conditional service.
pub(crate) fn conditional(
    parameters: &Parameters,
    instrument: &Instrument,
    mode: PositionMode,
    generated: impl FnOnce() -> ClientOrderId,
) -> Result<NewOrder, Refusal> {
    if parameters.required("algoType")? != "CONDITIONAL" {
        return Err(Refusal::invalid("algoType"));
    }
    let side = words::read_side(parameters.required("side")?)?;
    let order_type = words::read_order_type(parameters.required("type")?)?;
    let market = matches!(order_type, OrderType::StopMarket | OrderType::TakeProfitMarket);
    if !market {
        // Of the conditional types the simulated exchange has those that become market orders.
        return Err(Refusal::INVALID_ORDER_TYPE);
    }
    let trigger = read_price(parameters.required_decimal("triggerPrice")?, instrument)?;
    let trigger_by: TriggerBy = words::read_working_type(parameters.get("workingType"))?;
    if let Some(word) = parameters.get("timeInForce") {
        words::read_time_in_force(word)?;
    }
    refuse_other_self_trade_modes(parameters)?;
    refuse_price_protection(parameters)?;
    let close_position = parameters.boolean("closePosition")?.unwrap_or(false);
    let size = if close_position {
        if parameters.get("quantity").is_some() {
            return Err(Refusal::QUANTITY_WITH_CLOSE);
        }
        if parameters.boolean("reduceOnly")?.is_some() {
            return Err(Refusal::REDUCE_WITH_CLOSE);
        }
        OrderSize::WholePosition
    } else {
        OrderSize::Quantity(read_quantity(parameters.required_decimal("quantity")?, instrument)?)
    };
    let kind = match order_type {
        OrderType::TakeProfitMarket => OrderKind::TakeProfitMarket { trigger, trigger_by },
        _ => OrderKind::StopMarket { trigger, trigger_by },
    };
    Ok(NewOrder {
        client_order_id: client_id(parameters.get("clientAlgoId"), "clientAlgoId", generated)?,
        symbol: instrument.symbol.clone(),
        side,
        position_side: position_side(parameters, mode)?,
        kind,
        size,
        reduce_only: reduce_only(parameters, mode)?,
    })
}

/// A price that fits the contract: not finer than it is written, above zero.
pub(crate) fn read_price(value: Decimal, instrument: &Instrument) -> Result<Price, Refusal> {
    if value <= Decimal::ZERO {
        return Err(Refusal::PRICE_NOT_POSITIVE);
    }
    if value.normalize().scale() > price_precision(instrument) {
        return Err(Refusal::BAD_PRECISION);
    }
    Price::new(value).map_err(|_| Refusal::PRICE_ABOVE_MAX)
}

/// A size that fits the contract: not finer than it is written, above zero.
pub(crate) fn read_quantity(value: Decimal, instrument: &Instrument) -> Result<Quantity, Refusal> {
    if value <= Decimal::ZERO {
        return Err(Refusal::QUANTITY_NOT_POSITIVE);
    }
    if value.normalize().scale() > quantity_precision(instrument) {
        return Err(Refusal::BAD_PRECISION);
    }
    Quantity::new(value).map_err(|_| Refusal::QUANTITY_ABOVE_MAX)
}

/// In hedge mode an order names its leg; in one-way mode it has none to name.
fn position_side(parameters: &Parameters, mode: PositionMode) -> Result<PositionSide, Refusal> {
    let side = words::read_position_side(parameters.get("positionSide"))?;
    match (mode, side) {
        (PositionMode::OneWay, PositionSide::Both)
        | (PositionMode::Hedge, PositionSide::Long | PositionSide::Short) => Ok(side),
        _ => Err(Refusal::POSITION_SIDE_MISMATCH),
    }
}

/// In hedge mode the leg and the side say it already, and saying it again is refused.
fn reduce_only(parameters: &Parameters, mode: PositionMode) -> Result<bool, Refusal> {
    match (parameters.boolean("reduceOnly")?, mode) {
        (Some(_), PositionMode::Hedge) => Err(Refusal::not_required("reduceOnly")),
        (flag, _) => Ok(flag.unwrap_or(false)),
    }
}

pub(crate) fn refuse_price_match(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.get("priceMatch") {
        None | Some("NONE") => Ok(()),
        Some(_) => Err(Refusal::INVALID_PRICE_MATCH),
    }
}

/// The exchange ends the resting one of two orders that would trade with each other. That is the venue's default, which
/// clients also mean by naming none.
fn refuse_other_self_trade_modes(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.get("selfTradePreventionMode") {
        None | Some("EXPIRE_MAKER" | "NONE") => Ok(()),
        Some(_) => Err(Refusal::invalid("selfTradePreventionMode")),
    }
}

/// A trigger that waits for mark and last price to agree is not offered.
fn refuse_price_protection(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.boolean("priceProtect")? {
        Some(true) => Err(Refusal::invalid("priceProtect")),
        _ => Ok(()),
    }
}

fn wants_result(parameters: &Parameters) -> Result<bool, Refusal> {
    match parameters.get("newOrderRespType") {
        None | Some("ACK") => Ok(false),
        Some("RESULT") => Ok(true),
        Some(_) => Err(Refusal::invalid("newOrderRespType")),
    }
}

fn read_good_till(parameters: &Parameters, now: Timestamp) -> Result<i64, Refusal> {
    let asked = parameters.required_integer("goodTillDate")?;
    if asked <= now.as_millis().saturating_add(GOOD_TILL_AHEAD) || asked >= GOOD_TILL_BEFORE {
        return Err(Refusal::INVALID_GOOD_TILL);
    }
    Ok(asked - asked.rem_euclid(1000))
}

fn client_id(
    asked: Option<&str>,
    name: &str,
    generated: impl FnOnce() -> ClientOrderId,
) -> Result<ClientOrderId, Refusal> {
    let Some(asked) = asked else { return Ok(generated()) };
    if asked.len() > 36 {
        return Err(Refusal::CLIENT_ID_LENGTH);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".:/_-".contains(&byte);
    if !asked.bytes().all(allowed) {
        return Err(Refusal::illegal_characters(name, CLIENT_ID_RANGE));
    }
    Ok(ClientOrderId::reported(asked))
}
