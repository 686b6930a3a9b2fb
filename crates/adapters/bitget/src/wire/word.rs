//! The venue's words for ours, and ours for the venue's. A word that is not here is an error that carries it.

mod leg;

pub(crate) use leg::{Leg, Shows, ToldLeg, leg};

use plimsoll_domain::{
    BookingKind, Direction, Liquidity, MarginMode, OrderStatus, OrderType, PositionMode, Side, TimeInForce, TriggerBy,
};
use plimsoll_venue::DecodeError;

/// What the venue calls the contracts that settle in USDT.
pub(crate) const PRODUCT: &str = "USDT-FUTURES";

/// Their margin coin. It must be in capitals.
pub(crate) const MARGIN_COIN: &str = "USDT";

pub(crate) fn side(word: &str, place: &str) -> Result<Side, DecodeError> {
    match word {
        "buy" | "Buy" | "BUY" => Ok(Side::Buy),
        "sell" | "Sell" | "SELL" => Ok(Side::Sell),
        _ => Err(DecodeError::word("side", word, place)),
    }
}

pub(crate) const fn of_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(crate) fn hold_side(word: &str, place: &str) -> Result<Direction, DecodeError> {
    match word {
        "long" | "LONG" => Ok(Direction::Long),
        "short" | "SHORT" => Ok(Direction::Short),
        _ => Err(DecodeError::word("position side", word, place)),
    }
}

pub(crate) const fn of_direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// `hedge-mode` stands in one of the venue's own examples.
pub(crate) fn position_mode(word: &str, place: &str) -> Result<PositionMode, DecodeError> {
    match word {
        "one_way_mode" => Ok(PositionMode::OneWay),
        "hedge_mode" | "hedge-mode" => Ok(PositionMode::Hedge),
        _ => Err(DecodeError::word("position mode", word, place)),
    }
}

pub(crate) const fn of_position_mode(mode: PositionMode) -> &'static str {
    match mode {
        PositionMode::OneWay => "one_way_mode",
        PositionMode::Hedge => "hedge_mode",
    }
}

/// Reads may say `cross` for `crossed` and `fixed` for `isolated`.
pub(crate) fn margin_mode(word: &str, place: &str) -> Result<MarginMode, DecodeError> {
    match word {
        "crossed" | "cross" => Ok(MarginMode::Cross),
        "isolated" | "fixed" => Ok(MarginMode::Isolated),
        _ => Err(DecodeError::word("margin mode", word, place)),
    }
}

pub(crate) const fn of_margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Cross => "crossed",
        MarginMode::Isolated => "isolated",
    }
}

pub(crate) fn order_type(word: &str, place: &str) -> Result<OrderType, DecodeError> {
    match word {
        "limit" => Ok(OrderType::Limit),
        "market" => Ok(OrderType::Market),
        _ => Err(DecodeError::word("order type", word, place)),
    }
}

/// Of an order. The older dialects write `new` and `init` for an order that rests, and `cancelled` with two l.
pub(crate) fn order_status(word: &str, place: &str) -> Result<OrderStatus, DecodeError> {
    match word {
        "live" | "new" | "init" => Ok(OrderStatus::New),
        "partially_filled" | "partial-fill" => Ok(OrderStatus::PartiallyFilled),
        "filled" | "full-fill" => Ok(OrderStatus::Filled),
        "canceled" | "cancelled" => Ok(OrderStatus::Canceled),
        "expired" => Ok(OrderStatus::Expired),
        "rejected" => Ok(OrderStatus::Rejected),
        _ => Err(DecodeError::word("order status", word, place)),
    }
}

/// Some reports leave it out.
pub(crate) fn maybe_force(word: &str, place: &str) -> Result<Option<TimeInForce>, DecodeError> {
    match word {
        "" => Ok(None),
        "gtc" | "GTC" | "normal" => Ok(Some(TimeInForce::Gtc)),
        "ioc" | "IOC" => Ok(Some(TimeInForce::Ioc)),
        "fok" | "FOK" => Ok(Some(TimeInForce::Fok)),
        "post_only" | "post only" => Ok(Some(TimeInForce::PostOnly)),
        _ => Err(DecodeError::word("time in force", word, place)),
    }
}

/// `None` for what the venue does not have.
pub(crate) const fn of_force(time_in_force: TimeInForce) -> Option<&'static str> {
    match time_in_force {
        TimeInForce::Gtc => Some("gtc"),
        TimeInForce::Ioc => Some("ioc"),
        TimeInForce::Fok => Some("fok"),
        TimeInForce::PostOnly => Some("post_only"),
        TimeInForce::Gtd | TimeInForce::Rpi => None,
    }
}

pub(crate) const fn of_trigger_by(trigger_by: TriggerBy) -> &'static str {
    match trigger_by {
        TriggerBy::Mark => "mark_price",
        TriggerBy::Last => "fill_price",
    }
}

/// `yes` or `no`, in either case, or nothing.
pub(crate) fn yes(word: &str, place: &str) -> Result<bool, DecodeError> {
    match word {
        "yes" | "YES" | "true" => Ok(true),
        "no" | "NO" | "false" | "" => Ok(false),
        _ => Err(DecodeError::word("yes or no", word, place)),
    }
}

/// Whole words in fills, letters in orders; a word beyond them says nothing.
pub(crate) fn liquidity(word: &str, place: &str) -> Result<Option<Liquidity>, DecodeError> {
    match word {
        "maker" | "M" => Ok(Some(Liquidity::Maker)),
        "taker" | "T" => Ok(Some(Liquidity::Taker)),
        "" => Ok(None),
        _ => Err(DecodeError::word("trade scope", word, place)),
    }
}

/// What a bill is that no trade and no settlement of funding is behind. A word that is not here is kept as it is.
pub(crate) fn booking_kind(business_type: &str) -> BookingKind {
    match business_type {
        "trans_from_exchange"
        | "trans_to_exchange"
        | "trans_from_contract"
        | "trans_to_contract"
        | "trans_from_otc"
        | "trans_to_otc" => BookingKind::Transfer,
        "user_exchange_buy" | "user_exchange_sell" => BookingKind::Conversion,
        "risk_captital_user_transfer" => BookingKind::LiquidationClearance,
        "bonus_issue" | "bonus_recycle" | "bonus_expired" | "cash_gift_issue" | "cash_gift_recycle" => {
            BookingKind::Bonus
        }
        other => BookingKind::Other(other.to_owned()),
    }
}

/// Bills of trades, forced ones included.
pub(crate) fn is_trade(business_type: &str) -> bool {
    let forced = ["force_", "burst_", "adl_", "offset_", "reduce_close", "reduce_buy", "reduce_sell", "delivery_"];
    matches!(business_type, "open_long" | "open_short" | "close_long" | "close_short" | "buy" | "sell")
        || forced.iter().any(|beginning| business_type.starts_with(beginning))
}

/// Bills of margin that moves between a wallet and its own isolated position: the wallet as we count it is the same.
pub(crate) fn moves_margin(business_type: &str) -> bool {
    matches!(
        business_type,
        "append_margin" | "reduce_margin" | "auto_append_margin" | "adjust_down_lever_append_margin"
    )
}
