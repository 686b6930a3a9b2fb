//! The venue's words for ours.

use crate::binance::error::Refusal;
use plimsoll_domain::{MarginMode, OrderStatus, OrderType, PositionSide, Side, TimeInForce, TriggerBy};
use std::time::Duration;

pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(crate) fn read_side(word: &str) -> Result<Side, Refusal> {
    match word {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(Refusal::INVALID_SIDE),
    }
}

pub(crate) const fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Both => "BOTH",
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
}

/// Without a word it is `BOTH`.
pub(crate) fn read_position_side(word: Option<&str>) -> Result<PositionSide, Refusal> {
    match word {
        None | Some("BOTH") => Ok(PositionSide::Both),
        Some("LONG") => Ok(PositionSide::Long),
        Some("SHORT") => Ok(PositionSide::Short),
        Some(_) => Err(Refusal::INVALID_POSITION_SIDE),
    }
}

pub(crate) const fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Market => "MARKET",
        OrderType::Limit => "LIMIT",
        OrderType::Stop => "STOP",
        OrderType::StopMarket => "STOP_MARKET",
        OrderType::TakeProfit => "TAKE_PROFIT",
        OrderType::TakeProfitMarket => "TAKE_PROFIT_MARKET",
        OrderType::TrailingStopMarket => "TRAILING_STOP_MARKET",
        OrderType::Liquidation => "LIQUIDATION",
    }
}

/// Conditional types have words too: whoever asks knows which service takes them.
pub(crate) fn read_order_type(word: &str) -> Result<OrderType, Refusal> {
    match word {
        "MARKET" => Ok(OrderType::Market),
        "LIMIT" => Ok(OrderType::Limit),
        "STOP" => Ok(OrderType::Stop),
        "STOP_MARKET" => Ok(OrderType::StopMarket),
        "TAKE_PROFIT" => Ok(OrderType::TakeProfit),
        "TAKE_PROFIT_MARKET" => Ok(OrderType::TakeProfitMarket),
        "TRAILING_STOP_MARKET" => Ok(OrderType::TrailingStopMarket),
        _ => Err(Refusal::INVALID_ORDER_TYPE),
    }
}

pub(crate) const fn order_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::New => "NEW",
        OrderStatus::PartiallyFilled => "PARTIALLY_FILLED",
        OrderStatus::Filled => "FILLED",
        OrderStatus::Canceled => "CANCELED",
        OrderStatus::Expired => "EXPIRED",
        OrderStatus::Rejected => "REJECTED",
    }
}

/// Market orders are reported as GTC.
pub(crate) const fn time_in_force(time_in_force: Option<TimeInForce>) -> &'static str {
    match time_in_force {
        None | Some(TimeInForce::Gtc) => "GTC",
        Some(TimeInForce::Ioc) => "IOC",
        Some(TimeInForce::Fok) => "FOK",
        Some(TimeInForce::PostOnly) => "GTX",
        Some(TimeInForce::Gtd) => "GTD",
        Some(TimeInForce::Rpi) => "RPI",
    }
}

pub(crate) fn read_time_in_force(word: &str) -> Result<TimeInForce, Refusal> {
    match word {
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        "GTX" => Ok(TimeInForce::PostOnly),
        "GTD" => Ok(TimeInForce::Gtd),
        // RPI is for makers that the venue has chosen.
        _ => Err(Refusal::INVALID_TIME_IN_FORCE),
    }
}

pub(crate) const fn working_type(trigger_by: Option<TriggerBy>) -> &'static str {
    match trigger_by {
        None | Some(TriggerBy::Last) => "CONTRACT_PRICE",
        Some(TriggerBy::Mark) => "MARK_PRICE",
    }
}

/// Without a word it is the contract's last price.
pub(crate) fn read_working_type(word: Option<&str>) -> Result<TriggerBy, Refusal> {
    match word {
        None | Some("CONTRACT_PRICE") => Ok(TriggerBy::Last),
        Some("MARK_PRICE") => Ok(TriggerBy::Mark),
        Some(_) => Err(Refusal::invalid("workingType")),
    }
}

/// Of positions on streams and in version 2 of the account calls.
pub(crate) const fn margin_type(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    }
}

/// Of the setting, and of margin calls.
pub(crate) const fn margin_setting(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "ISOLATED",
        MarginMode::Cross => "CROSSED",
    }
}

pub(crate) fn read_margin_setting(word: &str) -> Result<MarginMode, Refusal> {
    match word {
        "ISOLATED" => Ok(MarginMode::Isolated),
        "CROSSED" => Ok(MarginMode::Cross),
        _ => Err(Refusal::invalid("marginType")),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The candles that are offered, by their word. A month is thirty days here: candles of the simulated market are cut by
/// length, not by calendar.
const INTERVALS: [(&str, u64); 15] = [
    ("1m", MINUTE),
    ("3m", 3 * MINUTE),
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("30m", 30 * MINUTE),
    ("1h", HOUR),
    ("2h", 2 * HOUR),
    ("4h", 4 * HOUR),
    ("6h", 6 * HOUR),
    ("8h", 8 * HOUR),
    ("12h", 12 * HOUR),
    ("1d", DAY),
    ("3d", 3 * DAY),
    ("1w", 7 * DAY),
    ("1M", 30 * DAY),
];

pub(crate) fn read_interval(word: &str) -> Result<Duration, Refusal> {
    let known = INTERVALS.iter().find(|(known, _)| *known == word);
    known.map(|(_, seconds)| Duration::from_secs(*seconds)).ok_or(Refusal::INVALID_INTERVAL)
}
