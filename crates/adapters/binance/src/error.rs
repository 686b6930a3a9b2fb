//! What went wrong at Binance, told by whose turn it is next.

use crate::wire::body::trouble;
use plimsoll_domain::Timestamp;
use plimsoll_ports::RefusalReason;
use plimsoll_venue::{Class, Failure, Wait, excerpt};
use std::time::Duration;

/// The shortest ban that the venue gives an address.
const SHORTEST_BAN: Duration = Duration::from_secs(120);

/// The window of the faster of the two order limits.
const ORDER_WINDOW: Duration = Duration::from_secs(10);

/// Texts with which a 503 says that nothing was done.
const NOTHING_DONE: [&str; 2] =
    ["Service Unavailable", "Internal error; unable to process your request. Please try again"];

/// What an answer means that is not a success, by its status or its body. `is_order` is for calls that place or change an order, about which
/// nothing is taken for granted.
///
/// ```
/// use plimsoll_binance::{Class, classify};
/// let failure = classify(400, None, br#"{"code":-2019,"msg":"Margin is insufficient."}"#, true);
/// assert_eq!(failure.class, Class::Business);
/// assert_eq!(failure.reason, plimsoll_ports::RefusalReason::InsufficientMargin);
/// ```
#[must_use]
pub fn classify(status: u16, retry_after: Option<Duration>, body: &[u8], is_order: bool) -> Failure {
    let trouble = trouble(body);
    let (code, message) = match trouble {
        Some(trouble) => (trouble.code, trouble.message),
        None => (i64::from(status), excerpt(body)),
    };
    let class = match (status, code) {
        (418 | 429, _) => Class::BackOff,
        (300..400 | 403 | 408 | 500.., _) => by_status(status, code, &message, is_order),
        _ => by_code(code, is_order),
    };
    let wait = wait(status, code, retry_after, &message);
    Failure { class, reason: reason(code, &message), status, code: code.to_string(), message, wait }
}

fn by_status(status: u16, code: i64, message: &str, is_order: bool) -> Class {
    match status {
        403 => Class::BackOff,
        408 => Class::Unknown,
        503 if code == -1008 || NOTHING_DONE.iter().any(|text| message.contains(text)) => Class::BackOff,
        503 => Class::Unknown,
        _ if is_order => Class::Unknown,
        _ => Class::BackOff,
    }
}

fn by_code(code: i64, is_order: bool) -> Class {
    match code {
        -1000 | -1001 if is_order => Class::Unknown,
        -1006 | -1007 => Class::Unknown,
        -1021 | -5028 => Class::Clock,
        -1000 | -1001 | -1003 | -1008 | -1015 | -5041 => Class::BackOff,
        -4046 | -4059 | -4171 | -5027 => Class::Done,
        -1125 | -2011 | -2012 | -2013 | -2021 | -2022 | -2024 | -4000 | -4116 | -4117 | -4118 | -4142 | -5043 => {
            Class::Race
        }
        -1002 | -2014 | -2015 | -2017 | -2023 | -4109 => Class::Halt,
        -1199..=-1100 | -1013 | -1014 | -1020 | -1022 | -2026 => Class::Mistake,
        -4007..=-4001 | -4015..=-4013 | -4023 | -4029 | -4030 | -4062..=-4060 | -4082 | -4083 | -4120 => Class::Mistake,
        -4135 | -4137 | -4138 | -4164 | -4183 | -4184 | -4210 | -4211 | -5040..=-5037 | -5047 => Class::Mistake,
        _ => Class::Business,
    }
}

fn reason(code: i64, message: &str) -> RefusalReason {
    match code {
        -2018 | -2019 | -4050 | -4051 => RefusalReason::InsufficientMargin,
        -2022 | -2024 | -4118 => RefusalReason::NothingToReduce,
        -5022 => RefusalReason::WouldTake,
        -2020 | -5021 => RefusalReason::CannotFill,
        -2021 | -4142 => RefusalReason::WouldTrigger,
        -1111 | -4007..=-4001 | -4013 | -4014 | -4016 | -4023 | -4024 | -4029 | -4030 => RefusalReason::BadSizeOrPrice,
        -4131 | -4135 | -4164 | -4183 | -4184 | -4210 | -4211 | -5029 => RefusalReason::BadSizeOrPrice,
        -2027 | -2028 | -4028 | -4209..=-4202 => RefusalReason::BadLeverage,
        -4116 => RefusalReason::DuplicateId,
        -2011 | -2013 => RefusalReason::UnknownOrder,
        -4047 | -4048 | -4067 | -4068 | -4117 | -4161 | -4172..=-4167 | -4531 | -5043 => RefusalReason::Blocked,
        -4062..=-4060 => RefusalReason::WrongPositionMode,
        -1106 if message.to_ascii_lowercase().contains("reduceonly") => RefusalReason::WrongPositionMode,
        -1121 | -4140 | -4141 | -5024 => RefusalReason::NotTrading,
        -1002 | -1022 | -2014 | -2015 | -2017 | -4109 | -4192 | -4402 | -4403 => RefusalReason::NotAllowed,
        -2023 => RefusalReason::InLiquidation,
        -4087 | -4088 | -4107..=-4105 | -4189 | -4400 | -4401 => RefusalReason::ReduceOnlyRegime,
        _ => RefusalReason::Other,
    }
}

fn wait(status: u16, code: i64, retry_after: Option<Duration>, message: &str) -> Wait {
    let usual = match (status, code) {
        (403 | 418, _) => Wait::For(SHORTEST_BAN),
        (_, -1015) => Wait::For(ORDER_WINDOW),
        (429, _) | (_, -1003) => Wait::Unsaid,
        _ => return Wait::None,
    };
    // Only the venue's own text says until when; that of a firewall may hold any number.
    match (banned_until(message).filter(|_| code < 0), retry_after) {
        (Some(until), _) => Wait::Until(until),
        (None, Some(wait)) => Wait::For(wait),
        (None, None) => usual,
    }
}

/// The milliseconds since 1970 in `…IP banned until 1730000000000…`.
fn banned_until(message: &str) -> Option<Timestamp> {
    let numbers = message.split(|character: char| !character.is_ascii_digit());
    numbers.filter(|digits| digits.len() == 13).find_map(|digits| digits.parse().ok()).map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError};

    #[test]
    fn a_status_says_whether_it_was_done() {
        const UNKNOWN: &str = r#"{"code":-1000,"msg":"Unknown error, please check your request or try again later."}"#;
        const INTERNAL: &str =
            r#"{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}"#;
        const OVERLOAD: &str = r#"{"code":-1008,"msg":"Request throttled by system-level protection."}"#;
        const LIMIT: &str = r#"{"code":-1003,"msg":"Too many requests."}"#;
        for (status, body, order, other) in [
            (503, UNKNOWN, Class::Unknown, Class::Unknown),
            (503, "Unknown error, please check your request or try again later.", Class::Unknown, Class::Unknown),
            (503, "Service Unavailable.", Class::BackOff, Class::BackOff),
            (503, INTERNAL, Class::BackOff, Class::BackOff),
            (503, OVERLOAD, Class::BackOff, Class::BackOff),
            (503, "", Class::Unknown, Class::Unknown),
            (408, "", Class::Unknown, Class::Unknown),
            (500, "Request occur unknown error.", Class::Unknown, Class::BackOff),
            (504, "", Class::Unknown, Class::BackOff),
            (302, "", Class::Unknown, Class::BackOff),
            (403, "<html>", Class::BackOff, Class::BackOff),
            (418, LIMIT, Class::BackOff, Class::BackOff),
            (429, LIMIT, Class::BackOff, Class::BackOff),
            (400, UNKNOWN, Class::Unknown, Class::BackOff),
            (404, "<html>", Class::Business, Class::Business),
        ] {
            assert_eq!(classify(status, None, body.as_bytes(), true).class, order, "{status} {body}, an order");
            assert_eq!(classify(status, None, body.as_bytes(), false).class, other, "{status} {body}, no order");
        }
    }

    #[test]
    fn a_code_says_what_it_means() {
        for (code, class, reason) in [
            (-1007, Class::Unknown, RefusalReason::Other),
            (-1021, Class::Clock, RefusalReason::Other),
            (-5028, Class::Clock, RefusalReason::Other),
            (-1015, Class::BackOff, RefusalReason::Other),
            (-1022, Class::Mistake, RefusalReason::NotAllowed),
            (-1102, Class::Mistake, RefusalReason::Other),
            (-1111, Class::Mistake, RefusalReason::BadSizeOrPrice),
            (-1121, Class::Mistake, RefusalReason::NotTrading),
            (-1125, Class::Race, RefusalReason::Other),
            (-2011, Class::Race, RefusalReason::UnknownOrder),
            (-2013, Class::Race, RefusalReason::UnknownOrder),
            (-2014, Class::Halt, RefusalReason::NotAllowed),
            (-2019, Class::Business, RefusalReason::InsufficientMargin),
            (-2021, Class::Race, RefusalReason::WouldTrigger),
            (-2022, Class::Race, RefusalReason::NothingToReduce),
            (-2023, Class::Halt, RefusalReason::InLiquidation),
            (-2027, Class::Business, RefusalReason::BadLeverage),
            (-4014, Class::Mistake, RefusalReason::BadSizeOrPrice),
            (-4016, Class::Business, RefusalReason::BadSizeOrPrice),
            (-4028, Class::Business, RefusalReason::BadLeverage),
            (-4046, Class::Done, RefusalReason::Other),
            (-4047, Class::Business, RefusalReason::Blocked),
            (-4059, Class::Done, RefusalReason::Other),
            (-4061, Class::Mistake, RefusalReason::WrongPositionMode),
            (-4116, Class::Race, RefusalReason::DuplicateId),
            (-4118, Class::Race, RefusalReason::NothingToReduce),
            (-4120, Class::Mistake, RefusalReason::Other),
            (-4164, Class::Mistake, RefusalReason::BadSizeOrPrice),
            (-4400, Class::Business, RefusalReason::ReduceOnlyRegime),
            (-5021, Class::Business, RefusalReason::CannotFill),
            (-5022, Class::Business, RefusalReason::WouldTake),
            (-5027, Class::Done, RefusalReason::Other),
            (-9999, Class::Business, RefusalReason::Other),
        ] {
            let body = format!(r#"{{"code":{code},"msg":"text"}}"#);
            let failure = classify(400, None, body.as_bytes(), true);
            assert_eq!((failure.class, failure.reason), (class, reason), "{code}");
        }
    }

    #[test]
    fn a_ban_ends_when_the_venue_says() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let check = |status, retry_after: Option<u64>, message: &str, until_millis: i64| {
            let body = format!(r#"{{"code":-1003,"msg":"{message}"}}"#);
            let failure = classify(status, retry_after.map(Duration::from_secs), body.as_bytes(), true);
            let until = Timestamp::from_millis(until_millis);
            assert_eq!(failure.place_error(now), PlaceError::NotSent(NotSent::Throttled { until }), "{message}");
        };
        check(418, None, "Way too much request weight used; IP banned until 1730000000000.", 1_730_000_000_000);
        check(418, None, "banned", 1_700_000_120_000);
        check(429, None, "Too many requests.", 1_700_000_060_000);
        let firewall = classify(403, None, b"<html>request 9999999999999</html>", true);
        let until = now.plus(SHORTEST_BAN);
        assert_eq!(firewall.place_error(now), PlaceError::NotSent(NotSent::Throttled { until }));
        check(429, Some(7), "Too many requests.", 1_700_000_007_000);
    }

    #[test]
    fn each_caller_is_told_in_its_own_words() {
        let now = Timestamp::default();
        let failure = |code: i64| classify(400, None, format!(r#"{{"code":{code},"msg":"text"}}"#).as_bytes(), true);
        assert!(matches!(failure(-1007).place_error(now), PlaceError::Unanswered(_)));
        assert!(matches!(failure(-1021).place_error(now), PlaceError::NotSent(NotSent::Unavailable(_))));
        assert!(matches!(failure(-2019).place_error(now), PlaceError::Refused(_)));
        assert_eq!(failure(-4046).command_outcome(now), Ok(()));
        assert!(matches!(failure(-1007).command_outcome(now), Err(CommandError::Unanswered(_))));
        assert!(matches!(failure(-1007).query_error(now), QueryError::Unreachable(_)));
        assert!(matches!(failure(-2013).query_error(now), QueryError::Refused(_)));
    }
}
