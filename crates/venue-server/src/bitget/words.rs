//! The venue's words for ours.

use crate::bitget::error::Refusal;
use plimsoll_domain::{
    Direction, FillCause, Liquidity, MarginMode, OrderStatus, OrderType, PositionMode, PositionSide, Side, TimeInForce,
    TriggerBy,
};
use std::time::Duration;

/// What the venue calls the contracts that settle in USDT.
pub(crate) const PRODUCT: &str = "USDT-FUTURES";

/// The other product types that it has; nothing is listed there.
const OTHER_PRODUCTS: [&str; 5] = ["COIN-FUTURES", "USDC-FUTURES", "SUSDT-FUTURES", "SCOIN-FUTURES", "SUSDC-FUTURES"];

/// Whether contracts are listed under this product type. In REST its case does not matter.
pub(crate) fn read_product(word: &str) -> Result<bool, Refusal> {
    if word.eq_ignore_ascii_case(PRODUCT) {
        return Ok(true);
    }
    let known = OTHER_PRODUCTS.iter().any(|other| other.eq_ignore_ascii_case(word));
    if known { Ok(false) } else { Err(Refusal::wrong("productType")) }
}

pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(crate) fn read_side(word: &str) -> Result<Side, Refusal> {
    match word.to_ascii_lowercase().as_str() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(Refusal::wrong("side")),
    }
}

pub(crate) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// Of a position in a request: by its direction, or by the side that opens it.
pub(crate) fn read_hold_side(word: &str) -> Result<Direction, Refusal> {
    match word.to_ascii_lowercase().as_str() {
        "long" | "buy" => Ok(Direction::Long),
        "short" | "sell" => Ok(Direction::Short),
        _ => Err(Refusal::wrong("holdSide")),
    }
}

/// Of an order: the leg, or `net` where there are none.
pub(crate) const fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Both => "net",
        PositionSide::Long => "long",
        PositionSide::Short => "short",
    }
}

/// The side that the venue shows of an order: with legs that of the leg's direction, not of the trade.
pub(crate) const fn shown_side(traded: Side, position_side: PositionSide) -> &'static str {
    match position_side {
        PositionSide::Both => side(traded),
        PositionSide::Long => "buy",
        PositionSide::Short => "sell",
    }
}

/// What an order does to its position, and who wanted it.
pub(crate) fn trade_side(traded: Side, position_side: PositionSide, cause: FillCause) -> &'static str {
    let opens = position_side.direction().is_some_and(|leg| traded == leg.opening_side());
    match (position_side, cause) {
        (PositionSide::Both, FillCause::Order | FillCause::Settlement) => match traded {
            Side::Buy => "buy_single",
            Side::Sell => "sell_single",
        },
        (PositionSide::Both, FillCause::Liquidation) => match traded {
            Side::Buy => "burst_buy_single",
            Side::Sell => "burst_sell_single",
        },
        (PositionSide::Both, FillCause::Adl) => match traded {
            Side::Buy => "dte_sys_adl_buy_in_single_side_mode",
            Side::Sell => "dte_sys_adl_sell_in_single_side_mode",
        },
        (PositionSide::Long, FillCause::Liquidation) => "burst_close_long",
        (PositionSide::Short, FillCause::Liquidation) => "burst_close_short",
        (PositionSide::Long, FillCause::Adl) => "dte_sys_adl_close_long",
        (PositionSide::Short, FillCause::Adl) => "dte_sys_adl_close_short",
        (PositionSide::Long | PositionSide::Short, FillCause::Order | FillCause::Settlement) => {
            if opens {
                "open"
            } else {
                "close"
            }
        }
    }
}

/// What the ledger calls a trade.
pub(crate) fn bill_type(traded: Side, position_side: PositionSide, cause: FillCause) -> &'static str {
    let opens = position_side.direction().is_some_and(|leg| traded == leg.opening_side());
    match (position_side, cause, traded) {
        (PositionSide::Both, FillCause::Order | FillCause::Settlement, Side::Buy) => "buy",
        (PositionSide::Both, FillCause::Order | FillCause::Settlement, Side::Sell) => "sell",
        (PositionSide::Both, FillCause::Liquidation, Side::Buy) => "force_buy",
        (PositionSide::Both, FillCause::Liquidation, Side::Sell) => "force_sell",
        (PositionSide::Both, FillCause::Adl, Side::Buy) => "adl_buy_in_single_side_mode",
        (PositionSide::Both, FillCause::Adl, Side::Sell) => "adl_sell_in_single_side_mode",
        (PositionSide::Long, FillCause::Liquidation, _) => "force_close_long",
        (PositionSide::Short, FillCause::Liquidation, _) => "force_close_short",
        (PositionSide::Long, FillCause::Adl, _) => "adl_close_long",
        (PositionSide::Short, FillCause::Adl, _) => "adl_close_short",
        (PositionSide::Long, FillCause::Order | FillCause::Settlement, _) if opens => "open_long",
        (PositionSide::Long, FillCause::Order | FillCause::Settlement, _) => "close_long",
        (PositionSide::Short, FillCause::Order | FillCause::Settlement, _) if opens => "open_short",
        (PositionSide::Short, FillCause::Order | FillCause::Settlement, _) => "close_short",
    }
}

/// What became the order: a plan, the account itself, or the venue.
pub(crate) const fn order_source(cause: FillCause, original_type: OrderType) -> &'static str {
    match (cause, original_type) {
        (FillCause::Liquidation, _) => "liquidation",
        (FillCause::Adl, _) => "market_risk",
        (FillCause::Settlement, _) => "delivery_close",
        (FillCause::Order, OrderType::Market) => "market",
        (FillCause::Order, OrderType::StopMarket | OrderType::Stop) => "loss_market",
        (FillCause::Order, OrderType::TakeProfitMarket | OrderType::TakeProfit) => "profit_market",
        (FillCause::Order, _) => "normal",
    }
}

/// Who sent an order.
pub(crate) const fn entered_by(cause: FillCause) -> &'static str {
    match cause {
        FillCause::Order => "API",
        FillCause::Liquidation | FillCause::Adl | FillCause::Settlement => "SYS",
    }
}

pub(crate) const fn position_mode(mode: PositionMode) -> &'static str {
    match mode {
        PositionMode::OneWay => "one_way_mode",
        PositionMode::Hedge => "hedge_mode",
    }
}

pub(crate) fn read_position_mode(word: &str) -> Result<PositionMode, Refusal> {
    match word {
        "one_way_mode" => Ok(PositionMode::OneWay),
        "hedge_mode" => Ok(PositionMode::Hedge),
        _ => Err(Refusal::wrong("posMode")),
    }
}

pub(crate) const fn margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "crossed",
    }
}

pub(crate) fn read_margin_mode(word: &str) -> Result<MarginMode, Refusal> {
    match word {
        "isolated" => Ok(MarginMode::Isolated),
        "crossed" => Ok(MarginMode::Cross),
        _ => Err(Refusal::wrong("marginMode")),
    }
}

/// Forced orders go as market orders.
pub(crate) const fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Limit | OrderType::Stop | OrderType::TakeProfit => "limit",
        OrderType::Market
        | OrderType::StopMarket
        | OrderType::TakeProfitMarket
        | OrderType::TrailingStopMarket
        | OrderType::Liquidation => "market",
    }
}

/// What the venue ends is cancelled to it.
pub(crate) const fn order_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::New => "live",
        OrderStatus::PartiallyFilled => "partially_filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled | OrderStatus::Expired | OrderStatus::Rejected => "canceled",
    }
}

/// Market orders are reported as GTC.
pub(crate) const fn force(time_in_force: Option<TimeInForce>) -> &'static str {
    match time_in_force {
        None | Some(TimeInForce::Gtc | TimeInForce::Gtd) => "gtc",
        Some(TimeInForce::Ioc) => "ioc",
        Some(TimeInForce::Fok) => "fok",
        Some(TimeInForce::PostOnly | TimeInForce::Rpi) => "post_only",
    }
}

/// Without a word a limit order lives until it is cancelled. Clients write the words in either case.
pub(crate) fn read_force(word: Option<&str>) -> Result<TimeInForce, Refusal> {
    match word.map(str::to_ascii_lowercase).as_deref() {
        None | Some("gtc") => Ok(TimeInForce::Gtc),
        Some("ioc") => Ok(TimeInForce::Ioc),
        Some("fok") => Ok(TimeInForce::Fok),
        Some("post_only") => Ok(TimeInForce::PostOnly),
        Some(_) => Err(Refusal::wrong("force")),
    }
}

pub(crate) const fn trigger_type(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Last => "fill_price",
        TriggerBy::Mark => "mark_price",
    }
}

/// Without a word it is the last price.
pub(crate) fn read_trigger_type(word: Option<&str>, name: &str) -> Result<TriggerBy, Refusal> {
    match word {
        None | Some("fill_price") => Ok(TriggerBy::Last),
        Some("mark_price") => Ok(TriggerBy::Mark),
        Some(_) => Err(Refusal::wrong(name)),
    }
}

/// In fills.
pub(crate) const fn trade_scope(liquidity: Option<Liquidity>) -> &'static str {
    match liquidity {
        Some(Liquidity::Maker) => "maker",
        Some(Liquidity::Taker) | None => "taker",
    }
}

/// In the pushes of orders.
pub(crate) const fn trade_letter(liquidity: Option<Liquidity>) -> &'static str {
    match liquidity {
        Some(Liquidity::Maker) => "M",
        Some(Liquidity::Taker) | None => "T",
    }
}

/// `yes` or `no`, in either case.
pub(crate) fn read_yes(word: Option<&str>, name: &str) -> Result<bool, Refusal> {
    match word.map(str::to_ascii_lowercase).as_deref() {
        None | Some("no" | "false") => Ok(false),
        Some("yes" | "true") => Ok(true),
        Some(_) => Err(Refusal::wrong(name)),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The candles that are offered, by their word: case matters. A month is thirty days here: candles of the simulated
/// market are cut by length, not by calendar, and all of them at UTC.
const GRANULARITIES: [(&str, u64); 18] = [
    ("1m", MINUTE),
    ("3m", 3 * MINUTE),
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("30m", 30 * MINUTE),
    ("1H", HOUR),
    ("4H", 4 * HOUR),
    ("6H", 6 * HOUR),
    ("12H", 12 * HOUR),
    ("1D", DAY),
    ("3D", 3 * DAY),
    ("1W", 7 * DAY),
    ("1M", 30 * DAY),
    ("6Hutc", 6 * HOUR),
    ("12Hutc", 12 * HOUR),
    ("1Dutc", DAY),
    ("3Dutc", 3 * DAY),
    ("1Wutc", 7 * DAY),
];

pub(crate) fn granularity(word: &str) -> Option<Duration> {
    let known = GRANULARITIES.iter().find(|(known, _)| *known == word);
    known.map(|(_, seconds)| Duration::from_secs(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legs_order_is_shown_by_the_leg_and_by_what_it_does_to_it() {
        let check = |side, leg, expected: (&str, &str, &str)| {
            let shown = (shown_side(side, leg), trade_side(side, leg, FillCause::Order), position_side(leg));
            assert_eq!(shown, expected, "{side} {leg}");
        };
        check(Side::Buy, PositionSide::Long, ("buy", "open", "long"));
        check(Side::Sell, PositionSide::Long, ("buy", "close", "long"));
        check(Side::Sell, PositionSide::Short, ("sell", "open", "short"));
        check(Side::Buy, PositionSide::Short, ("sell", "close", "short"));
        check(Side::Sell, PositionSide::Both, ("sell", "sell_single", "net"));
    }

    #[test]
    fn forced_closes_have_words_of_their_own() {
        let check = |side, leg, cause, expected| assert_eq!(trade_side(side, leg, cause), expected);
        check(Side::Sell, PositionSide::Both, FillCause::Liquidation, "burst_sell_single");
        check(Side::Buy, PositionSide::Short, FillCause::Liquidation, "burst_close_short");
        check(Side::Buy, PositionSide::Both, FillCause::Adl, "dte_sys_adl_buy_in_single_side_mode");
        check(Side::Sell, PositionSide::Long, FillCause::Adl, "dte_sys_adl_close_long");
    }

    #[test]
    fn the_case_of_granularities_matters() {
        assert_eq!(granularity("1M"), Some(Duration::from_secs(30 * DAY)));
        assert_eq!(granularity("1m"), Some(Duration::from_secs(MINUTE)));
        assert_eq!(granularity("1h"), None);
    }
}
