//! The exchange's refusals as the ports tell them.

use crate::rejection::Rejection;
use plimsoll_ports::{CommandError, PlaceError, QueryError, Refusal, RefusalReason};

/// What a rejection means, with the exchange's own word for it as the code and its figures in the message.
pub(super) fn refusal(rejection: &Rejection) -> Refusal {
    let (reason, code) = meaning(rejection);
    Refusal { reason, code: code.to_owned(), message: rejection.to_string() }
}

pub(super) fn place_error(rejection: Rejection) -> PlaceError {
    PlaceError::Refused(refusal(&rejection))
}

pub(super) fn command_error(rejection: Rejection) -> CommandError {
    CommandError::Refused(refusal(&rejection))
}

pub(super) fn query_error(rejection: Rejection) -> QueryError {
    QueryError::Refused(refusal(&rejection))
}

const fn meaning(rejection: &Rejection) -> (RefusalReason, &'static str) {
    use RefusalReason as Reason;
    match rejection {
        Rejection::UnknownAccount => (Reason::NotAllowed, "unknown_account"),
        Rejection::DuplicateAccount => (Reason::Other, "duplicate_account"),
        Rejection::UnknownSymbol => (Reason::NotTrading, "unknown_symbol"),
        Rejection::UnknownOrder => (Reason::UnknownOrder, "unknown_order"),
        Rejection::DuplicateClientOrderId => (Reason::DuplicateId, "duplicate_client_order_id"),
        Rejection::PositionSideMismatch { .. } => (Reason::WrongPositionMode, "position_side_mismatch"),
        Rejection::TimeInForceNotOffered(_) => (Reason::Other, "time_in_force_not_offered"),
        Rejection::ClosePositionNeedsTrigger => (Reason::Other, "close_position_needs_trigger"),
        Rejection::NothingAttached => (Reason::Other, "nothing_attached"),
        Rejection::TickSize { .. } => (Reason::BadSizeOrPrice, "tick_size"),
        Rejection::LotSize { .. } => (Reason::BadSizeOrPrice, "lot_size"),
        Rejection::MinQuantity { .. } => (Reason::BadSizeOrPrice, "min_quantity"),
        Rejection::MaxQuantity { .. } => (Reason::BadSizeOrPrice, "max_quantity"),
        Rejection::MinNotional { .. } => (Reason::BadSizeOrPrice, "min_notional"),
        Rejection::PriceBand { .. } => (Reason::BadSizeOrPrice, "price_band"),
        Rejection::InsufficientMargin { .. } => (Reason::InsufficientMargin, "insufficient_margin"),
        Rejection::ReduceOnlyRejected { .. } => (Reason::NothingToReduce, "reduce_only_rejected"),
        Rejection::WouldTakeLiquidity { .. } => (Reason::WouldTake, "would_take_liquidity"),
        Rejection::FokNotFilled { .. } => (Reason::CannotFill, "fok_not_filled"),
        Rejection::WouldTriggerImmediately { .. } => (Reason::WouldTrigger, "would_trigger_immediately"),
        Rejection::LeverageTooHigh { .. } => (Reason::BadLeverage, "leverage_too_high"),
        Rejection::MaxPositionAtLeverage { .. } => (Reason::BadLeverage, "max_position_at_leverage"),
        Rejection::LeverageReduction { .. } => (Reason::BadLeverage, "leverage_reduction"),
        Rejection::OpenOrders => (Reason::Blocked, "open_orders"),
        Rejection::OpenPositions => (Reason::Blocked, "open_positions"),
        Rejection::NoChange => (Reason::Other, "no_change"),
        Rejection::ClosingOrderWaits => (Reason::Blocked, "closing_order_waits"),
        Rejection::NotIsolated => (Reason::Other, "not_isolated"),
        Rejection::NoPosition => (Reason::Other, "no_position"),
        Rejection::TooMuchTaken { .. } => (Reason::InsufficientMargin, "too_much_taken"),
        Rejection::NotAmendable => (Reason::Other, "not_amendable"),
        Rejection::UnfitRate(_) => (Reason::Other, "unfit_rate"),
        Rejection::UnfitAmount(_) => (Reason::Other, "unfit_amount"),
    }
}
