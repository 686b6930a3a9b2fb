//! The exchange's refusals in the venue's codes.

use crate::binance::error::Refusal;
use plimsoll_domain::Side;
use plimsoll_exchange::Rejection;

/// The code for a refused order. `priced` is whether it has a limit: the venue tells bands of limits and of counter
/// prices apart.
pub(crate) fn of_order(rejection: &Rejection, side: Side, priced: bool) -> Refusal {
    match (rejection, side) {
        (Rejection::PriceBand { .. }, _) if !priced => Refusal::COUNTER_PRICE,
        (Rejection::PriceBand { limit, .. }, Side::Buy) => Refusal::price_too_high(limit.get()),
        (Rejection::PriceBand { limit, .. }, Side::Sell) => Refusal::price_too_low(limit.get()),
        _ => of(rejection),
    }
}

/// The code for a refused command.
pub(crate) fn of(rejection: &Rejection) -> Refusal {
    match rejection {
        Rejection::UnknownAccount => Refusal::UNKNOWN_KEY,
        Rejection::DuplicateAccount => Refusal::UNKNOWN,
        Rejection::UnknownSymbol => Refusal::INVALID_SYMBOL,
        Rejection::UnknownOrder => Refusal::CANCEL_REJECTED,
        Rejection::DuplicateClientOrderId => Refusal::DUPLICATE_CLIENT_ID,
        Rejection::PositionSideMismatch { .. } => Refusal::POSITION_SIDE_MISMATCH,
        Rejection::TimeInForceNotOffered(_) => Refusal::INVALID_TIME_IN_FORCE,
        Rejection::ClosePositionNeedsTrigger | Rejection::NothingAttached => Refusal::invalid_strategy("MARKET", true),
        Rejection::TickSize { .. } => Refusal::PRICE_OFF_TICK,
        Rejection::LotSize { .. } => Refusal::QUANTITY_OFF_STEP,
        Rejection::MinQuantity { .. } => Refusal::QUANTITY_BELOW_MIN,
        Rejection::MaxQuantity { .. } => Refusal::QUANTITY_ABOVE_MAX,
        Rejection::MinNotional { min, .. } => Refusal::min_notional(min.get()),
        Rejection::PriceBand { .. } => Refusal::COUNTER_PRICE,
        Rejection::InsufficientMargin { .. } => Refusal::MARGIN_INSUFFICIENT,
        Rejection::ReduceOnlyRejected { .. } => Refusal::REDUCE_ONLY_REJECTED,
        Rejection::WouldTakeLiquidity { .. } => Refusal::GTX_REJECTED,
        Rejection::FokNotFilled { .. } => Refusal::FOK_REJECTED,
        Rejection::WouldTriggerImmediately { .. } => Refusal::WOULD_TRIGGER,
        Rejection::LeverageTooHigh { leverage, .. } => Refusal::invalid_leverage(&leverage.get().to_string()),
        Rejection::MaxPositionAtLeverage { .. } => Refusal::MAX_POSITION,
        Rejection::LeverageReduction { .. } => Refusal::LEVERAGE_REDUCTION,
        Rejection::OpenOrders => Refusal::MARGIN_TYPE_ORDERS,
        Rejection::OpenPositions => Refusal::MARGIN_TYPE_POSITION,
        Rejection::NoChange => Refusal::NOTHING_TO_MODIFY,
        Rejection::ClosingOrderWaits => Refusal::CLOSING_ORDER_WAITS,
        Rejection::NotIsolated => Refusal::NOT_ISOLATED,
        Rejection::NoPosition => Refusal::NO_POSITION_FOR_MARGIN,
        Rejection::TooMuchTaken { .. } => Refusal::ISOLATED_BALANCE,
        Rejection::NotAmendable => Refusal::ONLY_LIMIT,
        Rejection::UnfitAmount(_) | Rejection::UnfitRate(_) => Refusal::BAD_PRECISION,
    }
}
