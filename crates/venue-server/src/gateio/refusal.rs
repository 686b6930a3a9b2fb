//! The exchange's refusals in the venue's labels.

use crate::gateio::error::Refusal;
use plimsoll_exchange::Rejection;

/// The label for a refused command.
pub(crate) fn of(rejection: &Rejection) -> Refusal {
    match rejection {
        Rejection::UnknownAccount => Refusal::USER_NOT_FOUND,
        Rejection::UnknownSymbol => Refusal::CONTRACT_NOT_FOUND,
        Rejection::UnknownOrder => Refusal::ORDER_NOT_FOUND,
        Rejection::PositionSideMismatch { .. } => Refusal::POSITION_DUAL_MODE,
        Rejection::TimeInForceNotOffered(word) => Refusal::invalid("tif", word.as_str()),
        Rejection::TickSize { price, .. } => Refusal::invalid("price", &price.to_string()),
        Rejection::LotSize { quantity, .. } => Refusal::invalid("size", &quantity.to_string()),
        Rejection::MinQuantity { .. } | Rejection::MinNotional { .. } => Refusal::SIZE_TOO_SMALL,
        Rejection::MaxQuantity { .. } => Refusal::SIZE_TOO_LARGE,
        Rejection::PriceBand { price, limit } => {
            Refusal::PRICE_TOO_DEVIATED.saying(format!("order price {price} while the limit is {limit}"))
        }
        Rejection::InsufficientMargin { .. } => Refusal::INSUFFICIENT_AVAILABLE,
        Rejection::ReduceOnlyRejected { reducible: None } => Refusal::POSITION_EMPTY,
        Rejection::ReduceOnlyRejected { .. } => Refusal::REDUCE_EXCEEDED,
        Rejection::WouldTakeLiquidity { price, counter } => {
            Refusal::ORDER_POC_IMMEDIATE.saying(format!("order price {price} while counter price {counter}"))
        }
        Rejection::FokNotFilled { .. } => Refusal::ORDER_FOK,
        Rejection::WouldTriggerImmediately { trigger, price } if trigger < price => {
            Refusal::AUTO_TRIGGER_PRICE_LESS_LAST
        }
        Rejection::WouldTriggerImmediately { .. } => Refusal::AUTO_TRIGGER_PRICE_GREATE_LAST,
        Rejection::LeverageTooHigh { .. } => Refusal::LEVERAGE_TOO_HIGH,
        Rejection::MaxPositionAtLeverage { .. } => Refusal::RISK_LIMIT_EXCEEDED,
        Rejection::LeverageReduction { .. } => Refusal::LEVERAGE_TOO_LOW,
        Rejection::OpenOrders => Refusal::ORDER_PENDING,
        Rejection::OpenPositions => Refusal::POSITION_HOLDING,
        Rejection::NoChange => Refusal::NO_CHANGE,
        Rejection::NotIsolated => Refusal::POSITION_CROSS_MARGIN,
        Rejection::NoPosition => Refusal::POSITION_EMPTY,
        Rejection::TooMuchTaken { .. } => Refusal::REMOVE_TOO_MUCH,
        Rejection::UnfitAmount(amount) => Refusal::invalid("change", &amount.to_string()),
        Rejection::DuplicateAccount
        | Rejection::DuplicateClientOrderId
        | Rejection::ClosePositionNeedsTrigger
        | Rejection::NothingAttached
        | Rejection::ClosingOrderWaits
        | Rejection::NotAmendable
        | Rejection::UnfitRate(_) => Refusal::INVALID_PARAM_VALUE.saying(rejection.to_string()),
    }
}
