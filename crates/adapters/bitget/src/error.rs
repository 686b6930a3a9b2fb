//! What went wrong at Bitget, told by whose turn it is next.

use crate::wire::body::trouble;
use plimsoll_ports::RefusalReason;
use plimsoll_venue::{Class, Failure, Wait, excerpt};
use std::time::Duration;

/// After more than 6000 requests within a minute the venue takes so long to recover.
const RECOVERY: Duration = Duration::from_secs(5 * 60);

/// What an answer means that is not a success, by its body, whatever its status: the venue sends its errors with any. `changes`
/// is for calls that place, change, set or cancel something, about which nothing is taken for granted.
///
/// ```
/// use plimsoll_bitget::{Class, classify};
/// let failure = classify(400, None, br#"{"code":"40762","msg":"The order size is greater than the max open size","data":null}"#, true);
/// assert_eq!(failure.class, Class::Business);
/// assert_eq!(failure.reason, plimsoll_ports::RefusalReason::InsufficientMargin);
/// ```
#[must_use]
pub fn classify(status: u16, retry_after: Option<Duration>, body: &[u8], changes: bool) -> Failure {
    let (code, message) = match trouble(body) {
        Some(trouble) => (trouble.code, trouble.message),
        None => (status.to_string(), excerpt(body)),
    };
    let class = match (status, code.as_str()) {
        (418 | 429, _) | (_, "429" | "30006" | "30007") => Class::BackOff,
        (403, code) if code.len() < 5 => Class::BackOff,
        // A success that cannot be read, and everything that broke on the way.
        (200..400 | 408 | 500.., code) if code.len() < 5 => unsure(changes),
        (_, code) => by_code(code, changes),
    };
    let wait = match (status, code.as_str()) {
        (418, _) => Wait::For(retry_after.unwrap_or(RECOVERY)),
        (429, _) | (_, "429" | "30006" | "30007") => retry_after.map_or(Wait::Unsaid, Wait::For),
        (403, code) if code.len() < 5 => Wait::For(RECOVERY),
        _ => Wait::None,
    };
    Failure { class, reason: reason(&code, &message), status, code, message, wait }
}

const fn unsure(changes: bool) -> Class {
    if changes { Class::Unknown } else { Class::BackOff }
}

fn by_code(code: &str, changes: bool) -> Class {
    match code {
        // Officially: it may have been placed. The others are what releases answer with.
        "40010" | "40725" | "45001" | "40015" | "40200" | "25000" | "25001" => unsure(changes),
        "40008" | "40004" | "40005" => Class::Clock,
        "40814" | "45054" | "25571" => Class::Done,
        "40908" | "25003" | "25004" | "45129" => Class::BackOff,
        "40878" | "40823" | "40720" | "40825" | "22045" | "40722" | "40826" => Class::BackOff,
        "40844" | "45043" | "41114" | "40308" | "40795" => Class::BackOff,
        _ if is_credentials(code) => Class::Halt,
        "45009" | "40879" | "40880" | "25008" | "95001" => Class::Halt,
        _ if is_gone(code) || is_nothing_to_close(code) || is_duplicate(code) => Class::Race,
        "40746" | "40867" | "43029" | "45012" | "22043" | "22044" | "22067" => Class::Race,
        _ if is_position_mode(code) => Class::Mistake,
        "40007" | "40009" | "40017" | "40019" | "40020" | "40029" | "40034" | "40053" | "40057" | "40058" | "40059"
        | "40064" | "40078" | "40079" | "40404" | "40808" | "40811" | "40812" | "40813" | "43011" | "43058"
        | "48001" | "48002" | "400171" | "400172" | "30032" | "40304" | "40305" | "40306" | "40402" | "40912" => {
            Class::Mistake
        }
        _ if is_size_or_price(code) => Class::Mistake,
        _ => Class::Business,
    }
}

fn reason(code: &str, message: &str) -> RefusalReason {
    match code {
        // A code for parameters of every kind; of a size or price off its step the text says so.
        "40808" if message.contains("checkBDScale") || message.contains("checkScale") => RefusalReason::BadSizeOrPrice,
        "40754" | "40762" | "40798" | "43012" | "45002" | "45123" | "40711" | "40712" | "40893" | "25202" | "25203" => {
            RefusalReason::InsufficientMargin
        }
        "40746" | "40867" | "43029" | "45012" => RefusalReason::NothingToReduce,
        _ if is_nothing_to_close(code) => RefusalReason::NothingToReduce,
        _ if is_gone(code) => RefusalReason::UnknownOrder,
        _ if is_duplicate(code) => RefusalReason::DuplicateId,
        _ if is_position_mode(code) => RefusalReason::WrongPositionMode,
        _ if is_size_or_price(code) => RefusalReason::BadSizeOrPrice,
        "40829" | "40830" | "40831" | "40832" | "40833" | "40834" | "40835" | "40836" | "43013" | "43014" | "43015"
        | "43016" | "45060" | "45061" | "45062" | "45063" | "45064" | "45065" | "45066" | "45067" | "40915"
        | "40917" => RefusalReason::WouldTrigger,
        "45044" | "45045" | "43050" | "40796" | "40797" | "40921" | "45120" | "45113" | "40763" | "22029" | "40928" => {
            RefusalReason::BadLeverage
        }
        "40920" | "45117" | "40872" | "40730" | "45097" => RefusalReason::Blocked,
        "40034" | "40072" | "40102" | "40309" | "40845" | "41113" | "45107" | "45108" | "22004" | "25013" => {
            RefusalReason::NotTrading
        }
        "45009" | "40879" | "40880" | "25008" | "95001" => RefusalReason::InLiquidation,
        _ if is_credentials(code) || code == "40009" => RefusalReason::NotAllowed,
        _ => RefusalReason::Other,
    }
}

fn is_credentials(code: &str) -> bool {
    matches!(
        code,
        "40001"
            | "40002"
            | "40003"
            | "40006"
            | "40037"
            | "40041"
            | "40011"
            | "40012"
            | "40036"
            | "40013"
            | "40023"
            | "40024"
            | "40026"
            | "40710"
            | "40752"
            | "40753"
            | "40760"
            | "40916"
            | "40014"
            | "40016"
            | "40018"
            | "40038"
            | "22010"
            | "40084"
            | "40085"
            | "40086"
            | "40099"
            | "40100"
            | "40101"
            | "40103"
            | "40104"
            | "40111"
            | "25620"
    )
}

/// Not known, never here, or final: of orders, and of the plan orders in their own id space.
fn is_gone(code: &str) -> bool {
    matches!(
        code,
        "43001"
            | "45057"
            | "40109"
            | "31007"
            | "80011"
            | "40768"
            | "22001"
            | "43004"
            | "31054"
            | "43020"
            | "43025"
            | "43033"
            | "43021"
            | "43026"
            | "45055"
            | "45056"
            | "45031"
            | "40769"
            | "40819"
            | "25204"
    )
}

fn is_nothing_to_close(code: &str) -> bool {
    matches!(
        code,
        "22002"
            | "43043"
            | "40757"
            | "40755"
            | "45003"
            | "45005"
            | "45006"
            | "40804"
            | "40767"
            | "40837"
            | "31008"
            | "45068"
            | "25225"
            | "25226"
            | "25227"
            | "40802"
    )
}

fn is_duplicate(code: &str) -> bool {
    matches!(code, "45034" | "40786" | "43118" | "25212")
}

fn is_position_mode(code: &str) -> bool {
    matches!(code, "45021" | "43075" | "45020" | "40773" | "40774" | "25236" | "25237")
}

fn is_size_or_price(code: &str) -> bool {
    matches!(
        code,
        "45110"
            | "45111"
            | "43006"
            | "43027"
            | "43037"
            | "22034"
            | "45112"
            | "43007"
            | "22038"
            | "45115"
            | "45035"
            | "43028"
            | "40787"
            | "40815"
            | "40816"
            | "43008"
            | "43009"
            | "22006"
            | "22007"
            | "22008"
            | "22009"
            | "40820"
            | "40821"
            | "25207"
            | "25208"
            | "25230"
            | "25233"
            | "25244"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Timestamp;
    use plimsoll_ports::{CommandError, PlaceError, QueryError};

    fn refused(code: &str, changes: bool) -> Failure {
        classify(400, None, format!(r#"{{"code":"{code}","msg":"text","data":null}}"#).as_bytes(), changes)
    }

    #[test]
    fn a_code_says_what_it_means() {
        for (code, class, reason) in [
            ("40010", Class::Unknown, RefusalReason::Other),
            ("40725", Class::Unknown, RefusalReason::Other),
            ("45001", Class::Unknown, RefusalReason::Other),
            ("40015", Class::Unknown, RefusalReason::Other),
            ("40200", Class::Unknown, RefusalReason::Other),
            ("40008", Class::Clock, RefusalReason::Other),
            ("40037", Class::Halt, RefusalReason::NotAllowed),
            ("40012", Class::Halt, RefusalReason::NotAllowed),
            ("40009", Class::Mistake, RefusalReason::NotAllowed),
            ("40014", Class::Halt, RefusalReason::NotAllowed),
            ("40085", Class::Halt, RefusalReason::NotAllowed),
            ("40099", Class::Halt, RefusalReason::NotAllowed),
            ("40034", Class::Mistake, RefusalReason::NotTrading),
            ("40808", Class::Mistake, RefusalReason::Other),
            ("40762", Class::Business, RefusalReason::InsufficientMargin),
            ("40768", Class::Race, RefusalReason::UnknownOrder),
            ("43001", Class::Race, RefusalReason::UnknownOrder),
            ("40109", Class::Race, RefusalReason::UnknownOrder),
            ("43025", Class::Race, RefusalReason::UnknownOrder),
            ("22002", Class::Race, RefusalReason::NothingToReduce),
            ("40746", Class::Race, RefusalReason::NothingToReduce),
            ("45034", Class::Race, RefusalReason::DuplicateId),
            ("40786", Class::Race, RefusalReason::DuplicateId),
            ("45021", Class::Mistake, RefusalReason::WrongPositionMode),
            ("40774", Class::Mistake, RefusalReason::WrongPositionMode),
            ("40920", Class::Business, RefusalReason::Blocked),
            ("45117", Class::Business, RefusalReason::Blocked),
            ("40814", Class::Done, RefusalReason::Other),
            ("45054", Class::Done, RefusalReason::Other),
            ("45044", Class::Business, RefusalReason::BadLeverage),
            ("40921", Class::Business, RefusalReason::BadLeverage),
            ("45110", Class::Mistake, RefusalReason::BadSizeOrPrice),
            ("45115", Class::Mistake, RefusalReason::BadSizeOrPrice),
            ("40815", Class::Mistake, RefusalReason::BadSizeOrPrice),
            ("40830", Class::Business, RefusalReason::WouldTrigger),
            ("45129", Class::BackOff, RefusalReason::Other),
            ("22043", Class::Race, RefusalReason::Other),
            ("45009", Class::Halt, RefusalReason::InLiquidation),
            ("99999", Class::Business, RefusalReason::Other),
        ] {
            let failure = refused(code, true);
            assert_eq!((failure.class, failure.reason), (class, reason), "{code}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_unknown_and_what_only_asked_can_be_asked_again() {
        for (status, body) in [
            (400, r#"{"code":"40725","msg":"service return an error","data":null}"#),
            (200, r#"{"code":"45001","msg":"unknown error","data":null}"#),
            (200, ""),
            (500, "<html>"),
            (502, ""),
            (408, ""),
            (302, ""),
        ] {
            assert_eq!(classify(status, None, body.as_bytes(), true).class, Class::Unknown, "{status} {body}");
            assert_eq!(classify(status, None, body.as_bytes(), false).class, Class::BackOff, "{status} {body}");
        }
    }

    #[test]
    fn limits_are_told_by_status_or_by_code() {
        for (status, body) in
            [(429, r#"{"code":"429","msg":"Too Many Requests"}"#), (429, ""), (200, r#"{"code":"429"}"#)]
        {
            let failure = classify(status, None, body.as_bytes(), true);
            assert_eq!((failure.class, failure.wait), (Class::BackOff, Wait::Unsaid), "{status} {body}");
        }
    }

    #[test]
    fn each_caller_is_told_in_its_own_words() {
        let now = Timestamp::default();
        assert!(matches!(refused("40725", true).place_error(now), PlaceError::Unanswered(_)));
        assert!(matches!(refused("40762", true).place_error(now), PlaceError::Refused(_)));
        assert_eq!(refused("40814", true).command_outcome(now), Ok(()));
        assert!(matches!(refused("40010", true).command_outcome(now), Err(CommandError::Unanswered(_))));
        assert!(matches!(refused("43001", false).query_error(now), QueryError::Refused(_)));
    }
}
