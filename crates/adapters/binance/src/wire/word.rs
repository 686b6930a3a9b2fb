//! The venue's words for ours, and ours for the venue's. A word that is not here is an error that carries it.

use plimsoll_domain::{
    BookingKind, FillCause, MarginMode, OrderStatus, OrderType, PositionSide, Side, TimeInForce, TriggerBy,
};
use plimsoll_venue::DecodeError;

pub(crate) fn side(word: &str, place: &str) -> Result<Side, DecodeError> {
    match word {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(DecodeError::word("side", word, place)),
    }
}

pub(crate) const fn of_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(crate) fn position_side(word: &str, place: &str) -> Result<PositionSide, DecodeError> {
    match word {
        "BOTH" => Ok(PositionSide::Both),
        "LONG" => Ok(PositionSide::Long),
        "SHORT" => Ok(PositionSide::Short),
        _ => Err(DecodeError::word("position side", word, place)),
    }
}

pub(crate) const fn of_position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Both => "BOTH",
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
}

pub(crate) fn order_type(word: &str, place: &str) -> Result<OrderType, DecodeError> {
    match word {
        "LIMIT" => Ok(OrderType::Limit),
        "MARKET" => Ok(OrderType::Market),
        "STOP" => Ok(OrderType::Stop),
        "STOP_MARKET" => Ok(OrderType::StopMarket),
        "TAKE_PROFIT" => Ok(OrderType::TakeProfit),
        "TAKE_PROFIT_MARKET" => Ok(OrderType::TakeProfitMarket),
        "TRAILING_STOP_MARKET" => Ok(OrderType::TrailingStopMarket),
        "LIQUIDATION" => Ok(OrderType::Liquidation),
        _ => Err(DecodeError::word("order type", word, place)),
    }
}

pub(crate) const fn of_order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Limit => "LIMIT",
        OrderType::Market => "MARKET",
        OrderType::Stop => "STOP",
        OrderType::StopMarket => "STOP_MARKET",
        OrderType::TakeProfit => "TAKE_PROFIT",
        OrderType::TakeProfitMarket => "TAKE_PROFIT_MARKET",
        OrderType::TrailingStopMarket => "TRAILING_STOP_MARKET",
        OrderType::Liquidation => "LIQUIDATION",
    }
}

/// Of an ordinary order. `EXPIRED_IN_MATCH` is an order that met another of the same account.
pub(crate) fn order_status(word: &str, place: &str) -> Result<OrderStatus, DecodeError> {
    match word {
        "NEW" => Ok(OrderStatus::New),
        "PARTIALLY_FILLED" => Ok(OrderStatus::PartiallyFilled),
        "FILLED" => Ok(OrderStatus::Filled),
        "CANCELED" => Ok(OrderStatus::Canceled),
        "EXPIRED" | "EXPIRED_IN_MATCH" => Ok(OrderStatus::Expired),
        "REJECTED" => Ok(OrderStatus::Rejected),
        _ => Err(DecodeError::word("order status", word, place)),
    }
}

/// `GTE_GTC`, which the venue's own screens use, is a GTC that also ends with its position.
pub(crate) fn time_in_force(word: &str, place: &str) -> Result<TimeInForce, DecodeError> {
    match word {
        "GTC" | "GTE_GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        "GTX" => Ok(TimeInForce::PostOnly),
        "GTD" => Ok(TimeInForce::Gtd),
        "RPI" => Ok(TimeInForce::Rpi),
        _ => Err(DecodeError::word("time in force", word, place)),
    }
}

/// A field that some reports leave out.
pub(crate) fn maybe_time_in_force(word: Option<&str>, place: &str) -> Result<Option<TimeInForce>, DecodeError> {
    word.filter(|word| !word.is_empty()).map(|word| time_in_force(word, place)).transpose()
}

pub(crate) const fn of_time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::PostOnly => "GTX",
        TimeInForce::Gtd => "GTD",
        TimeInForce::Rpi => "RPI",
    }
}

pub(crate) const fn of_trigger_by(trigger_by: TriggerBy) -> &'static str {
    match trigger_by {
        TriggerBy::Mark => "MARK_PRICE",
        TriggerBy::Last => "CONTRACT_PRICE",
    }
}

/// Lower case in some messages, upper case in others, and `CROSSED` beside `cross`.
pub(crate) fn margin_mode(word: &str, place: &str) -> Result<MarginMode, DecodeError> {
    match word {
        "cross" | "CROSS" | "crossed" | "CROSSED" => Ok(MarginMode::Cross),
        "isolated" | "ISOLATED" => Ok(MarginMode::Isolated),
        _ => Err(DecodeError::word("margin mode", word, place)),
    }
}

pub(crate) const fn of_margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Cross => "CROSSED",
        MarginMode::Isolated => "ISOLATED",
    }
}

/// Who an order is from, by its client id: the venue's own forced orders have reserved beginnings.
pub(crate) fn cause(client_order_id: &str) -> FillCause {
    if client_order_id.starts_with("autoclose-") {
        FillCause::Liquidation
    } else if client_order_id.starts_with("adl_autoclose") {
        FillCause::Adl
    } else if client_order_id.starts_with("settlement_autoclose-") {
        FillCause::Settlement
    } else {
        FillCause::Order
    }
}

/// What a row of income is that no trade and no settlement of funding is behind. The venue adds words without notice:
/// one that is not here is kept as it is. `SPECIAL_FUNDING_FEE` is among those: asking for funding does not bring it.
pub(crate) fn booking_kind(income_type: &str) -> BookingKind {
    match income_type {
        "TRANSFER" | "INTERNAL_TRANSFER" | "CROSS_COLLATERAL_TRANSFER" | "STRATEGY_UMFUTURES_TRANSFER" => {
            BookingKind::Transfer
        }
        "COIN_SWAP_DEPOSIT" | "COIN_SWAP_WITHDRAW" | "AUTO_EXCHANGE" => BookingKind::Conversion,
        "INSURANCE_CLEAR" => BookingKind::LiquidationClearance,
        "REFERRAL_KICKBACK" | "COMMISSION_REBATE" | "API_REBATE" | "FEE_RETURN" => BookingKind::Rebate,
        "WELCOME_BONUS" | "CONTEST_REWARD" | "BFUSD_REWARD" => BookingKind::Bonus,
        other => BookingKind::Other(other.to_owned()),
    }
}
