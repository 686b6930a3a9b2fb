//! The venue's words for ours, and its contracts for our base units.

use crate::gateio::error::Refusal;
use plimsoll_domain::{
    FillCause, Instrument, OrderStatus, PositionMode, PositionSide, Price, Quantity, Side, TimeInForce, Timestamp,
};
use plimsoll_exchange::{ExpiryReason, PlacedOrder};
use rust_decimal::Decimal;
use std::time::Duration;

/// How many contracts this many base units are.
pub(crate) fn contracts(instrument: &Instrument, base: Decimal) -> Decimal {
    base.checked_div(instrument.multiplier).unwrap_or_default().normalize()
}

/// How many base units this many contracts are; unsigned. `None` for a size that is none.
pub(crate) fn base(instrument: &Instrument, contracts: Decimal) -> Option<Quantity> {
    Quantity::new(contracts.abs().checked_mul(instrument.multiplier)?.normalize()).ok()
}

/// The sign of a side in sizes.
pub(crate) const fn sign(side: Side) -> Decimal {
    match side {
        Side::Buy => Decimal::ONE,
        Side::Sell => Decimal::NEGATIVE_ONE,
    }
}

/// Whether fractions of a contract are traded.
pub(crate) fn is_decimal(instrument: &Instrument) -> bool {
    instrument.lot.get() < instrument.multiplier
}

/// Unix seconds with their fraction.
pub(crate) fn seconds(time: Timestamp) -> Decimal {
    Decimal::new(time.as_millis(), 3).normalize()
}

/// Whole Unix seconds.
pub(crate) const fn whole_seconds(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1000)
}

pub(crate) const fn mode(mode: PositionMode) -> &'static str {
    match mode {
        PositionMode::OneWay => "single",
        PositionMode::Hedge => "dual",
    }
}

pub(crate) const fn row_mode(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Both => "single",
        PositionSide::Long => "dual_long",
        PositionSide::Short => "dual_short",
    }
}

pub(crate) fn read_row_mode(word: &str) -> Result<PositionSide, Refusal> {
    match word {
        "dual_long" => Ok(PositionSide::Long),
        "dual_short" => Ok(PositionSide::Short),
        _ => Err(Refusal::invalid("dual_side", word)),
    }
}

/// Market orders and forced ones are immediate.
pub(crate) const fn tif(placed: &PlacedOrder) -> &'static str {
    match (placed.order.time_in_force, placed.cause) {
        (Some(TimeInForce::Gtc | TimeInForce::Gtd), FillCause::Order) => "gtc",
        (Some(TimeInForce::PostOnly | TimeInForce::Rpi), FillCause::Order) => "poc",
        (Some(TimeInForce::Fok), FillCause::Order) => "fok",
        _ => "ioc",
    }
}

/// Without a word it is `gtc`.
pub(crate) fn read_tif(word: Option<&str>) -> Result<TimeInForce, Refusal> {
    match word {
        None | Some("gtc") => Ok(TimeInForce::Gtc),
        Some("ioc") => Ok(TimeInForce::Ioc),
        Some("poc") => Ok(TimeInForce::PostOnly),
        Some("fok") => Ok(TimeInForce::Fok),
        Some(other) => Err(Refusal::invalid("tif", other)),
    }
}

/// Only two: how an order ended is in another word.
pub(crate) const fn status(status: OrderStatus) -> &'static str {
    if status.is_final() { "finished" } else { "open" }
}

/// Why an order ended that its account did not cancel. `flat` is whether its position is gone.
pub(crate) const fn expiry(reason: ExpiryReason, flat: bool) -> &'static str {
    match reason {
        ExpiryReason::ImmediateOrCancel => "ioc",
        ExpiryReason::SelfTrade => "stp",
        ExpiryReason::ReduceOnly if flat => "position_closed",
        ExpiryReason::ReduceOnly => "reduce_out",
        ExpiryReason::InsufficientMargin => "cancelled",
        ExpiryReason::Liquidation => "liquidated",
        ExpiryReason::Adl => "auto_deleveraged",
        ExpiryReason::WouldTakeLiquidity => "poc",
    }
}

/// A price; `0` where there is none.
pub(crate) fn price(price: Option<Price>) -> Decimal {
    price.map_or(Decimal::ZERO, Price::get)
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The candles that are offered, by their word.
const INTERVALS: [(&str, u64); 13] = [
    ("10s", 10),
    ("1m", MINUTE),
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("30m", 30 * MINUTE),
    ("1h", HOUR),
    ("2h", 2 * HOUR),
    ("4h", 4 * HOUR),
    ("8h", 8 * HOUR),
    ("1d", DAY),
    ("7d", 7 * DAY),
    ("1w", 7 * DAY),
    ("30d", 30 * DAY),
];

pub(crate) fn read_interval(word: &str) -> Result<Duration, Refusal> {
    let known = INTERVALS.iter().find(|(known, _)| *known == word);
    known.map(|(_, seconds)| Duration::from_secs(*seconds)).ok_or_else(|| Refusal::invalid("interval", word))
}
