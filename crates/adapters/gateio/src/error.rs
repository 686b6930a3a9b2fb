//! What went wrong at Gate.io, told by whose turn it is next.

use crate::wire::body::trouble;
use plimsoll_ports::RefusalReason;
use plimsoll_venue::{Class, Failure, Wait, excerpt};
use std::time::Duration;

/// How long to stay away from a gateway that says no without a word of the venue's own.
const FIREWALL: Duration = Duration::from_secs(60);

/// What an answer means that is not a success, by its status or its label. `reset` is when the venue says that a limit
/// allows more; `changes` is for calls that may have changed something, about which nothing is taken for granted.
///
/// ```
/// use plimsoll_gateio::{Class, Wait, classify};
/// let failure = classify(400, Wait::Unsaid, br#"{"label":"INSUFFICIENT_AVAILABLE","message":"text"}"#, true);
/// assert_eq!(failure.class, Class::Business);
/// assert_eq!(failure.reason, plimsoll_ports::RefusalReason::InsufficientMargin);
/// ```
#[must_use]
pub fn classify(status: u16, reset: Wait, body: &[u8], changes: bool) -> Failure {
    let trouble = trouble(body);
    let labelled = trouble.is_some();
    let (code, message) = match trouble {
        Some(trouble) => (trouble.label, trouble.message),
        None => (status.to_string(), excerpt(body)),
    };
    let class = match status {
        418 | 429 => Class::BackOff,
        300..=399 | 408 | 500.. => unknown_if(changes),
        _ if labelled => by_label(&code, changes),
        401 | 407 => Class::Halt,
        403 => Class::BackOff,
        _ => Class::Business,
    };
    let wait = match (status, code.as_str()) {
        (418, _) if reset == Wait::Unsaid => Wait::For(FIREWALL),
        (418 | 429, _) | (_, "TOO_MANY_REQUESTS") => reset,
        (403, _) if !labelled => Wait::For(FIREWALL),
        _ => Wait::None,
    };
    Failure { class, reason: reason(&code), status, code, message, wait }
}

const fn unknown_if(changes: bool) -> Class {
    if changes { Class::Unknown } else { Class::BackOff }
}

fn by_label(label: &str, changes: bool) -> Class {
    match label {
        "TOO_MANY_REQUESTS" => Class::BackOff,
        "TOO_BUSY" | "INTERNAL" | "SERVER_ERROR" | "INTERNAL_SERVER_ERROR" | "SERVER_TIMEOUT" => unknown_if(changes),
        "REQUEST_EXPIRED" => Class::Clock,
        "NO_CHANGE" => Class::Done,
        "INVALID_KEY"
        | "INVALID_CREDENTIALS"
        | "IP_FORBIDDEN"
        | "READ_ONLY"
        | "FORBIDDEN"
        | "ACCOUNT_LOCKED"
        | "POSITION_IN_LIQUIDATION" => Class::Halt,
        "ORDER_NOT_FOUND"
        | "CLIENT_ID_NOT_FOUND"
        | "ORDER_FINISHED"
        | "ORDER_CLOSED"
        | "ORDER_CANCELLED"
        | "AUTO_ORDER_NOT_FOUND"
        | "POSITION_NOT_FOUND"
        | "POSITION_EMPTY"
        | "POSITION_IN_CLOSE"
        | "INCREASE_POSITION"
        | "REDUCE_EXCEEDED"
        | "AUTO_TRIGGER_PRICE_LESS_LAST"
        | "AUTO_TRIGGER_PRICE_GREATE_LAST" => Class::Race,
        "INVALID_SIGNATURE"
        | "MISSING_REQUIRED_HEADER"
        | "INVALID_PARAM_VALUE"
        | "INVALID_ARGUMENT"
        | "INVALID_REQUEST_BODY"
        | "MISSING_REQUIRED_PARAM"
        | "BAD_REQUEST"
        | "INVALID_CONTENT_TYPE"
        | "NOT_ACCEPTABLE"
        | "METHOD_NOT_ALLOWED"
        | "NOT_FOUND"
        | "INVALID_PRECISION"
        | "CONTRACT_NOT_FOUND"
        | "ORDER_NOT_OWNED"
        | "POSITION_DUAL_MODE"
        | "POSITION_CROSS_MARGIN" => Class::Mistake,
        _ => Class::Business,
    }
}

fn reason(label: &str) -> RefusalReason {
    match label {
        "INSUFFICIENT_AVAILABLE"
        | "BALANCE_NOT_ENOUGH"
        | "MARGIN_BALANCE_NOT_ENOUGH"
        | "INITIAL_MARGIN_TOO_LOW"
        | "LIQUIDATE_IMMEDIATELY"
        | "REMOVE_TOO_MUCH"
        | "USER_NOT_FOUND" => RefusalReason::InsufficientMargin,
        "POSITION_NOT_FOUND" | "POSITION_EMPTY" | "INCREASE_POSITION" | "REDUCE_EXCEEDED" => {
            RefusalReason::NothingToReduce
        }
        "ORDER_POC_IMMEDIATE" | "POC_FILL_IMMEDIATELY" => RefusalReason::WouldTake,
        "ORDER_FOK" | "FOK_NOT_FILL" | "CONTRACT_NO_COUNTER" => RefusalReason::CannotFill,
        "AUTO_TRIGGER_PRICE_LESS_LAST" | "AUTO_TRIGGER_PRICE_GREATE_LAST" => RefusalReason::WouldTrigger,
        "SIZE_TOO_LARGE"
        | "SIZE_TOO_SMALL"
        | "INVALID_PRECISION"
        | "PRICE_TOO_DEVIATED"
        | "PRICE_THRESHOLD_EXCEEDED"
        | "PRICE_OVER_LIQUIDATION"
        | "PRICE_OVER_BANKRUPT"
        | "INVALID_PARAM_VALUE"
        | "ERR_QUOTA_LOWER_LIMIT" => RefusalReason::BadSizeOrPrice,
        "RISK_LIMIT_EXCEEDED"
        | "RISK_LIMIT_NOT_MULTIPLE"
        | "RISK_LIMIT_TOO_HIGH"
        | "RISK_LIMIT_TOO_lOW"
        | "RISK_LIMIT_TOO_LOW"
        | "LEVERAGE_TOO_HIGH"
        | "LEVERAGE_TOO_LOW" => RefusalReason::BadLeverage,
        "ORDER_NOT_FOUND"
        | "CLIENT_ID_NOT_FOUND"
        | "ORDER_FINISHED"
        | "ORDER_CLOSED"
        | "ORDER_CANCELLED"
        | "AUTO_ORDER_NOT_FOUND"
        | "ORDER_NOT_OWNED" => RefusalReason::UnknownOrder,
        "POSITION_HOLDING" | "ORDER_PENDING" | "POSITION_IN_CLOSE" | "TOO_MANY_ORDERS" => RefusalReason::Blocked,
        "POSITION_DUAL_MODE" => RefusalReason::WrongPositionMode,
        "CONTRACT_NOT_FOUND" => RefusalReason::NotTrading,
        "CONTRACT_IN_DELISTING" => RefusalReason::ReduceOnlyRegime,
        "INVALID_KEY"
        | "INVALID_CREDENTIALS"
        | "INVALID_SIGNATURE"
        | "MISSING_REQUIRED_HEADER"
        | "IP_FORBIDDEN"
        | "READ_ONLY"
        | "FORBIDDEN"
        | "ACCOUNT_LOCKED" => RefusalReason::NotAllowed,
        "POSITION_IN_LIQUIDATION" => RefusalReason::InLiquidation,
        _ => RefusalReason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Timestamp;
    use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError};

    fn labelled(status: u16, label: &str, changes: bool) -> Failure {
        let body = format!(r#"{{"label":"{label}","message":"text"}}"#);
        classify(status, Wait::Unsaid, body.as_bytes(), changes)
    }

    #[test]
    fn a_status_says_whether_it_was_done() {
        for (status, body, change, question) in [
            (500, "", Class::Unknown, Class::BackOff),
            (502, "<html>", Class::Unknown, Class::BackOff),
            (504, r#"{"label":"SERVER_TIMEOUT"}"#, Class::Unknown, Class::BackOff),
            (503, r#"{"label":"TOO_BUSY"}"#, Class::Unknown, Class::BackOff),
            (408, "", Class::Unknown, Class::BackOff),
            (302, "", Class::Unknown, Class::BackOff),
            (400, r#"{"label":"INTERNAL"}"#, Class::Unknown, Class::BackOff),
            (429, "", Class::BackOff, Class::BackOff),
            (429, r#"{"label":"TOO_MANY_REQUESTS"}"#, Class::BackOff, Class::BackOff),
            (403, "<html>", Class::BackOff, Class::BackOff),
            (401, "", Class::Halt, Class::Halt),
            (404, "<html>", Class::Business, Class::Business),
        ] {
            let class = |changes| classify(status, Wait::Unsaid, body.as_bytes(), changes).class;
            assert_eq!((class(true), class(false)), (change, question), "{status} {body}");
        }
    }

    #[test]
    fn a_label_says_what_it_means() {
        for (label, class, reason) in [
            ("INVALID_KEY", Class::Halt, RefusalReason::NotAllowed),
            ("INVALID_SIGNATURE", Class::Mistake, RefusalReason::NotAllowed),
            ("REQUEST_EXPIRED", Class::Clock, RefusalReason::Other),
            ("INVALID_PARAM_VALUE", Class::Mistake, RefusalReason::BadSizeOrPrice),
            ("USER_NOT_FOUND", Class::Business, RefusalReason::InsufficientMargin),
            ("CONTRACT_NOT_FOUND", Class::Mistake, RefusalReason::NotTrading),
            ("CONTRACT_IN_DELISTING", Class::Business, RefusalReason::ReduceOnlyRegime),
            ("CONTRACT_NO_COUNTER", Class::Business, RefusalReason::CannotFill),
            ("ORDER_NOT_FOUND", Class::Race, RefusalReason::UnknownOrder),
            ("ORDER_FINISHED", Class::Race, RefusalReason::UnknownOrder),
            ("TOO_MANY_ORDERS", Class::Business, RefusalReason::Blocked),
            ("ORDER_POC_IMMEDIATE", Class::Business, RefusalReason::WouldTake),
            ("POC_FILL_IMMEDIATELY", Class::Business, RefusalReason::WouldTake),
            ("ORDER_FOK", Class::Business, RefusalReason::CannotFill),
            ("PRICE_TOO_DEVIATED", Class::Business, RefusalReason::BadSizeOrPrice),
            ("SIZE_TOO_SMALL", Class::Business, RefusalReason::BadSizeOrPrice),
            ("INSUFFICIENT_AVAILABLE", Class::Business, RefusalReason::InsufficientMargin),
            ("LIQUIDATE_IMMEDIATELY", Class::Business, RefusalReason::InsufficientMargin),
            ("RISK_LIMIT_EXCEEDED", Class::Business, RefusalReason::BadLeverage),
            ("RISK_LIMIT_TOO_lOW", Class::Business, RefusalReason::BadLeverage),
            ("LEVERAGE_TOO_HIGH", Class::Business, RefusalReason::BadLeverage),
            ("POSITION_NOT_FOUND", Class::Race, RefusalReason::NothingToReduce),
            ("POSITION_EMPTY", Class::Race, RefusalReason::NothingToReduce),
            ("POSITION_IN_LIQUIDATION", Class::Halt, RefusalReason::InLiquidation),
            ("POSITION_DUAL_MODE", Class::Mistake, RefusalReason::WrongPositionMode),
            ("POSITION_HOLDING", Class::Business, RefusalReason::Blocked),
            ("ORDER_PENDING", Class::Business, RefusalReason::Blocked),
            ("INCREASE_POSITION", Class::Race, RefusalReason::NothingToReduce),
            ("REDUCE_EXCEEDED", Class::Race, RefusalReason::NothingToReduce),
            ("NO_CHANGE", Class::Done, RefusalReason::Other),
            ("AUTO_TRIGGER_PRICE_LESS_LAST", Class::Race, RefusalReason::WouldTrigger),
            ("A_LABEL_OF_TOMORROW", Class::Business, RefusalReason::Other),
        ] {
            let failure = labelled(400, label, true);
            assert_eq!((failure.class, failure.reason), (class, reason), "{label}");
        }
    }

    #[test]
    fn a_limit_ends_when_the_venue_says() {
        let until = Timestamp::from_millis(1_700_000_007_000);
        let limit = classify(429, Wait::Until(until), br#"{"label":"TOO_MANY_REQUESTS"}"#, true);
        assert_eq!(limit.place_error(Timestamp::default()), PlaceError::NotSent(NotSent::Throttled { until }));
        assert_eq!(labelled(400, "SIZE_TOO_SMALL", true).wait, Wait::None);
    }

    #[test]
    fn each_caller_is_told_in_its_own_words() {
        let now = Timestamp::default();
        assert!(matches!(labelled(500, "INTERNAL", true).place_error(now), PlaceError::Unanswered(_)));
        assert!(matches!(labelled(400, "ORDER_FOK", true).place_error(now), PlaceError::Refused(_)));
        assert_eq!(labelled(400, "NO_CHANGE", true).command_outcome(now), Ok(()));
        assert!(matches!(labelled(400, "TOO_BUSY", true).command_outcome(now), Err(CommandError::Unanswered(_))));
        assert!(matches!(labelled(500, "INTERNAL", false).query_error(now), QueryError::Unreachable(_)));
    }
}
