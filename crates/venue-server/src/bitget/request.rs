//! Parameters of an order, read into an order; and what is wrong with them.

use crate::bitget::error::Refusal;
use crate::bitget::orders::Preset;
use crate::bitget::parameters::Parameters;
use crate::bitget::words;
use plimsoll_domain::{
    ClientOrderId, Direction, Instrument, NewOrder, OrderKind, OrderSize, PositionMode, PositionSide, Price, Quantity,
    Side,
};
use rust_decimal::Decimal;

/// The longest client id that is taken.
const LONGEST_ID: usize = 50;

/// An order that can be handed to the exchange, and what only the venue keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requested {
    pub(crate) order: NewOrder,
    pub(crate) preset: Preset,
}

/// Which way an order trades, which position it is for, and whether it may only reduce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) reduce_only: bool,
}

impl Way {
    /// With legs the side names the leg, and the trade side says whether it opens or closes; without them the side is
    /// that of the trade, and a trade side is another mode's.
    pub(crate) fn read(parameters: &Parameters, mode: PositionMode) -> Result<Self, Refusal> {
        let side = words::read_side(parameters.required("side")?)?;
        let trade_side = parameters.get("tradeSide").map(str::to_ascii_lowercase);
        let reduce_only = words::read_yes(parameters.get("reduceOnly"), "reduceOnly")?;
        match (mode, trade_side.as_deref()) {
            (PositionMode::OneWay, None) => Ok(Self { side, position_side: PositionSide::Both, reduce_only }),
            (PositionMode::Hedge, Some("open" | "close")) => {
                let leg = Direction::from(side);
                let opens = trade_side.as_deref() == Some("open");
                let side = if opens { leg.opening_side() } else { leg.closing_side() };
                Ok(Self { side, position_side: PositionSide::of(leg, mode), reduce_only: false })
            }
            (_, None | Some("open" | "close")) => Err(Refusal::MODE_MISMATCH),
            (_, Some(_)) => Err(Refusal::wrong("tradeSide")),
        }
    }
}

/// Reads an ordinary order.
pub(crate) fn ordinary(
    parameters: &Parameters,
    instrument: &Instrument,
    mode: PositionMode,
    generated: impl FnOnce() -> ClientOrderId,
) -> Result<Requested, Refusal> {
    let way = Way::read(parameters, mode)?;
    let kind = match parameters.required("orderType")? {
        "market" => OrderKind::Market,
        "limit" => {
            let time_in_force = words::read_force(parameters.get("force"))?;
            OrderKind::Limit { price: price(parameters, "price")?, time_in_force }
        }
        _ => return Err(Refusal::wrong("orderType")),
    };
    refuse_other_self_trade_modes(parameters)?;
    let preset = Preset {
        profit: preset_price(parameters, "presetStopSurplusPrice", "presetStopSurplusExecutePrice")?,
        loss: preset_price(parameters, "presetStopLossPrice", "presetStopLossExecutePrice")?,
    };
    let order = NewOrder {
        client_order_id: client_id(parameters, "clientOid", generated)?,
        symbol: instrument.symbol.clone(),
        side: way.side,
        position_side: way.position_side,
        kind,
        size: OrderSize::Quantity(size(parameters, "size", instrument)?),
        reduce_only: way.reduce_only,
    };
    Ok(Requested { order, preset })
}

/// A price above zero, which must be there.
pub(crate) fn price(parameters: &Parameters, name: &str) -> Result<Price, Refusal> {
    Price::new(parameters.required_decimal(name)?).map_err(|_| Refusal::wrong(name))
}

/// A trigger of what is attached to an order. It becomes a market order: a price of its own is not offered.
pub(crate) fn preset_price(parameters: &Parameters, name: &str, execute: &str) -> Result<Option<Price>, Refusal> {
    refuse_limit(parameters, execute)?;
    match parameters.decimal(name)? {
        None => Ok(None),
        Some(value) if value.is_zero() => Ok(None),
        Some(value) => Price::new(value).map(Some).map_err(|_| Refusal::wrong(name)),
    }
}

/// Of what waits for a trigger the simulated exchange has what becomes a market order.
pub(crate) fn refuse_limit(parameters: &Parameters, execute: &str) -> Result<(), Refusal> {
    match parameters.decimal(execute)? {
        Some(value) if !value.is_zero() => Err(Refusal::BELOW_SPEC),
        _ => Ok(()),
    }
}

/// A size that fits the contract: not finer than it is written, above zero.
pub(crate) fn size(parameters: &Parameters, name: &str, instrument: &Instrument) -> Result<Quantity, Refusal> {
    let value: Decimal = parameters.required_decimal(name)?;
    if value <= Decimal::ZERO {
        return Err(Refusal::wrong(name));
    }
    let places = instrument.lot.decimals();
    if value.normalize().scale() > places {
        return Err(Refusal::size_scale(value, places));
    }
    Quantity::new(value).map_err(|_| Refusal::wrong(name))
}

/// The exchange ends the resting one of two orders that would trade with each other, which clients also mean by naming
/// none.
pub(crate) fn refuse_other_self_trade_modes(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.get("stpMode") {
        None | Some("none" | "cancel_maker") => Ok(()),
        Some(_) => Err(Refusal::wrong("stpMode")),
    }
}

pub(crate) fn client_id(
    parameters: &Parameters,
    name: &str,
    generated: impl FnOnce() -> ClientOrderId,
) -> Result<ClientOrderId, Refusal> {
    let Some(asked) = parameters.get(name) else { return Ok(generated()) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:#-+./ ".contains(&byte);
    if asked.len() > LONGEST_ID || !asked.bytes().all(allowed) {
        return Err(Refusal::CLIENT_ID);
    }
    Ok(ClientOrderId::reported(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(query: &str, mode: PositionMode) -> Result<(Side, PositionSide, bool), i32> {
        let way = Way::read(&Parameters::of_query(query), mode).map_err(|refusal| refusal.code)?;
        Ok((way.side, way.position_side, way.reduce_only))
    }

    #[test]
    fn with_legs_the_side_names_the_leg() {
        let hedge = PositionMode::Hedge;
        assert_eq!(way("side=buy&tradeSide=open", hedge), Ok((Side::Buy, PositionSide::Long, false)));
        assert_eq!(way("side=buy&tradeSide=Close", hedge), Ok((Side::Sell, PositionSide::Long, false)));
        assert_eq!(way("side=sell&tradeSide=open", hedge), Ok((Side::Sell, PositionSide::Short, false)));
        assert_eq!(way("side=sell&tradeSide=close", hedge), Ok((Side::Buy, PositionSide::Short, false)));
    }

    #[test]
    fn each_mode_refuses_the_words_of_the_other() {
        let one_way = PositionMode::OneWay;
        assert_eq!(way("side=sell", one_way), Ok((Side::Sell, PositionSide::Both, false)));
        assert_eq!(way("side=sell&reduceOnly=YES", one_way), Ok((Side::Sell, PositionSide::Both, true)));
        assert_eq!(way("side=sell&tradeSide=close", one_way), Err(40774));
        assert_eq!(way("side=sell", PositionMode::Hedge), Err(40774));
        assert_eq!(way("side=hold", one_way), Err(40020));
    }
}
