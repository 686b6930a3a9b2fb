//! What other processes did to an account between two looks.

use crate::screen;
use plimsoll_ports::RiskEventRecord;
use serde::Serialize;

/// One of it, for programs.
#[derive(Serialize)]
pub(super) struct Elsewhere<'a> {
    event: &'static str,
    /// When it was recorded.
    time: String,
    kind: &'a str,
    action: &'a str,
    detail: &'a str,
}

impl<'a> Elsewhere<'a> {
    pub(super) fn of(it: &'a RiskEventRecord) -> Self {
        let RiskEventRecord { time, kind, action, detail, .. } = it;
        Self { event: "elsewhere", time: screen::instant(*time), kind, action, detail }
    }
}

/// The same for people.
pub(super) fn line(it: &RiskEventRecord) -> String {
    let done = match (it.kind.as_str(), it.action.as_str()) {
        ("kill_switch", action) => format!("the kill switch was {action}"),
        ("flatten_begun", _) => "another process began to flatten the account".to_owned(),
        _ => "another process flattened the account".to_owned(),
    };
    format!("{done} at {}: {}", screen::second(it.time), it.detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Timestamp};

    #[test]
    fn people_read_what_was_done_when_and_why() {
        let said = |kind: &str, action: &str| {
            line(&RiskEventRecord {
                account: AccountId::new("main"),
                time: Timestamp::from_millis(1_700_000_000_000),
                kind: kind.to_owned(),
                symbol: None,
                detail: "lunch".to_owned(),
                figure: None,
                limit: None,
                action: action.to_owned(),
            })
        };
        let at = "at 2023-11-14 22:13:20: lunch";
        assert_eq!(said("kill_switch", "released"), format!("the kill switch was released {at}"));
        assert_eq!(said("flatten_begun", "begun"), format!("another process began to flatten the account {at}"));
        assert_eq!(said("flatten", "flattened"), format!("another process flattened the account {at}"));
    }
}
