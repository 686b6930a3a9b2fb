//! The exchange's refusals in the venue's codes.

use crate::bitget::error::Refusal;
use plimsoll_domain::{OrderType, Side};
use plimsoll_exchange::Rejection;

/// The code for a refused order.
pub(crate) fn of_order(rejection: &Rejection, side: Side, order_type: OrderType) -> Refusal {
    match (rejection, side) {
        (Rejection::PriceBand { .. }, Side::Buy) => Refusal::PRICE_TOO_HIGH,
        (Rejection::PriceBand { .. }, Side::Sell) => Refusal::PRICE_TOO_LOW,
        (Rejection::WouldTriggerImmediately { .. }, _) if order_type == OrderType::TakeProfitMarket => {
            Refusal::PROFIT_PRICE
        }
        _ => of(rejection),
    }
}

/// The code for a refused command.
pub(crate) fn of(rejection: &Rejection) -> Refusal {
    match rejection {
        Rejection::UnknownAccount => Refusal::UNKNOWN_KEY,
        Rejection::DuplicateAccount => Refusal::UNKNOWN_ERROR,
        Rejection::UnknownSymbol => Refusal::no_such("symbol"),
        Rejection::UnknownOrder => Refusal::ORDER_GONE,
        Rejection::DuplicateClientOrderId => Refusal::DUPLICATE_CLIENT_ID,
        Rejection::PositionSideMismatch { .. } => Refusal::MODE_MISMATCH,
        Rejection::TimeInForceNotOffered(_) => Refusal::wrong("force"),
        Rejection::ClosePositionNeedsTrigger | Rejection::ClosingOrderWaits | Rejection::NothingAttached => {
            Refusal::BAD_PARAMETERS
        }
        Rejection::TickSize { tick, .. } => Refusal::price_step(tick.get()),
        Rejection::LotSize { quantity, lot } => Refusal::size_scale(quantity.get(), lot.decimals()),
        Rejection::MinQuantity { .. } => Refusal::BELOW_MIN_SIZE,
        Rejection::MaxQuantity { .. } => Refusal::ABOVE_MAX_SIZE,
        Rejection::MinNotional { min, .. } => Refusal::min_notional(min.get()),
        Rejection::PriceBand { .. } => Refusal::PRICE_TOO_HIGH,
        Rejection::InsufficientMargin { .. } => Refusal::TOO_MUCH_BALANCE,
        Rejection::ReduceOnlyRejected { .. } | Rejection::NoPosition => Refusal::NO_POSITION,
        // What matching refuses is accepted first; see `orders::place`.
        Rejection::WouldTakeLiquidity { .. } | Rejection::FokNotFilled { .. } => Refusal::NOT_MODIFIABLE,
        Rejection::WouldTriggerImmediately { .. } => Refusal::LOSS_PRICE,
        Rejection::LeverageTooHigh { max, .. } => Refusal::leverage_range(max.get()),
        Rejection::MaxPositionAtLeverage { .. } => Refusal::ABOVE_TIER,
        Rejection::LeverageReduction { .. } => Refusal::LEVERAGE_HELD,
        Rejection::OpenOrders | Rejection::OpenPositions => Refusal::MARGIN_MODE_LOCKED,
        Rejection::NoChange => Refusal::UNCHANGED,
        Rejection::NotIsolated => Refusal::MARGIN_CROSS,
        Rejection::TooMuchTaken { .. } => Refusal::MARGIN_TOO_MUCH,
        Rejection::NotAmendable => Refusal::NOT_MODIFIABLE,
        Rejection::UnfitAmount(_) | Rejection::UnfitRate(_) => Refusal::BELOW_SPEC,
    }
}
