//! Parameters of an order, read into an order; and what is wrong with them.

use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::market::named;
use crate::gateio::orders::Source;
use crate::gateio::parameters::Parameters;
use crate::gateio::words::{self, base, is_decimal};
use plimsoll_domain::{
    AccountId, ClientOrderId, Instrument, NewOrder, OrderKind, OrderSize, Position, PositionMode, PositionSide, Price,
    Quantity, Side, TimeInForce,
};
use rust_decimal::Decimal;

/// The most bytes of a client order id, its prefix included.
const LONGEST_TEXT: usize = 30;

/// An order that can be handed to the exchange, and what only the venue keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requested {
    pub(crate) order: NewOrder,
    /// It closes the whole position.
    pub(crate) is_close: bool,
}

/// Which way an order goes, for which leg, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) reduce_only: bool,
    /// `None` is the whole position.
    pub(crate) quantity: Option<Quantity>,
}

/// Reads an ordinary order.
pub(crate) fn ordinary(
    floor: &Floor,
    account: &AccountId,
    parameters: &Parameters,
    source: Source,
) -> Result<Requested, Refusal> {
    let instrument = named(floor, parameters)?;
    refuse_what_is_not_offered(parameters)?;
    let client_order_id = read_text(parameters.get("text"))?.unwrap_or_else(|| source.name());
    let time_in_force = words::read_tif(parameters.get("tif"))?;
    let price = parameters.required_decimal("price")?;
    let size = parameters.decimal("size")?.unwrap_or_default();
    let course = course(floor, account, instrument, parameters, size, parameters.flag("close")?)?;
    let held = || floor.exchange.position(account, &instrument.symbol, course.position_side);
    let quantity = match course.quantity {
        Some(quantity) => quantity,
        None => held().and_then(|report| report.position).map(whole).ok_or(Refusal::POSITION_EMPTY)?,
    };
    let kind = match (price.is_zero(), time_in_force) {
        (true, TimeInForce::Ioc | TimeInForce::Fok) => OrderKind::Market,
        (true, _) => return Err(Refusal::invalid("tif", parameters.get("tif").unwrap_or("gtc"))),
        (false, time_in_force) => OrderKind::Limit { price: read_price(price)?, time_in_force },
    };
    let order = NewOrder {
        client_order_id,
        symbol: instrument.symbol.clone(),
        side: course.side,
        position_side: course.position_side,
        kind,
        size: OrderSize::Quantity(quantity),
        // Legs imply it, and the exchange takes it all the same.
        reduce_only: course.reduce_only,
    };
    Ok(Requested { order, is_close: course.quantity.is_none() })
}

const fn whole(position: Position) -> Quantity {
    position.quantity
}

/// Reads which way an order goes: by the sign of its size, or by what it closes.
///
/// In dual mode the sign alone never closes: without `reduce_only` a sale opens a short.
pub(crate) fn course(
    floor: &Floor,
    account: &AccountId,
    instrument: &Instrument,
    parameters: &Parameters,
    size: Decimal,
    close: bool,
) -> Result<Course, Refusal> {
    let mode = floor.position_mode(account);
    let reduce_only = parameters.flag("reduce_only")?;
    let auto_size = parameters.get("auto_size");
    if !size.is_zero() {
        if close || auto_size.is_some() {
            return Err(Refusal::invalid("size", &size.to_string()));
        }
        let side = if size.is_sign_negative() { Side::Sell } else { Side::Buy };
        let position_side = match (mode, side, reduce_only) {
            (PositionMode::OneWay, _, _) => PositionSide::Both,
            (PositionMode::Hedge, Side::Buy, false) | (PositionMode::Hedge, Side::Sell, true) => PositionSide::Long,
            (PositionMode::Hedge, _, _) => PositionSide::Short,
        };
        let quantity = Some(read_size(instrument, size)?);
        return Ok(Course { side, position_side, reduce_only, quantity });
    }
    let (side, position_side) = match (mode, auto_size) {
        (PositionMode::Hedge, Some("close_long")) => (Side::Sell, PositionSide::Long),
        (PositionMode::Hedge, Some("close_short")) => (Side::Buy, PositionSide::Short),
        (_, Some(other)) => return Err(Refusal::invalid("auto_size", other)),
        (PositionMode::Hedge, None) if close => return Err(Refusal::POSITION_DUAL_MODE),
        (PositionMode::OneWay, None) if close => {
            let report = floor.exchange.position(account, &instrument.symbol, PositionSide::Both);
            let held = report.and_then(|report| report.position).ok_or(Refusal::POSITION_EMPTY)?;
            (held.direction.closing_side(), PositionSide::Both)
        }
        _ => return Err(Refusal::invalid("size", "0")),
    };
    Ok(Course { side, position_side, reduce_only: true, quantity: None })
}

/// A number of contracts that can be traded.
pub(crate) fn read_size(instrument: &Instrument, size: Decimal) -> Result<Quantity, Refusal> {
    let invalid = || Refusal::invalid("size", &size.to_string());
    if !is_decimal(instrument) && !size.fract().is_zero() {
        return Err(invalid());
    }
    base(instrument, size).ok_or_else(invalid)
}

pub(crate) fn read_price(price: Decimal) -> Result<Price, Refusal> {
    Price::new(price).map_err(|_| Refusal::invalid("price", &price.to_string()))
}

/// A client order id: `t-`, and at most 28 of few characters behind it.
pub(crate) fn read_text(text: Option<&str>) -> Result<Option<ClientOrderId>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let fits = text.len() <= LONGEST_TEXT && text.strip_prefix("t-").is_some_and(|rest| rest.bytes().all(allowed));
    // The words for where an order came from are taken as well: they are what those are called that have no name.
    if fits || ["api", "web", "app", "apiv4-ws"].contains(&text) {
        return Ok(Some(ClientOrderId::reported(text)));
    }
    Err(Refusal::invalid("text", text))
}

/// Icebergs, groups against self-trading, attached stops and the margin mode of split positions.
fn refuse_what_is_not_offered(parameters: &Parameters) -> Result<(), Refusal> {
    if let Some(iceberg) = parameters.decimal("iceberg")?.filter(|iceberg| !iceberg.is_zero()) {
        return Err(Refusal::invalid("iceberg", &iceberg.to_string()));
    }
    match parameters.get("stp_act") {
        None | Some("-") => {}
        Some(other) => return Err(Refusal::invalid("stp_act", other)),
    }
    for name in ["tpsl_tp_trigger_price", "tpsl_sl_trigger_price"] {
        if let Some(price) = parameters.get(name) {
            return Err(Refusal::invalid(name, price));
        }
    }
    Ok(())
}
