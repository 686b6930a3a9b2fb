//! Limits that were lowered below what is held or lost: it is said with what has lowered them, since no look finds anything new.
//! Where that cannot be said yet, since no price has come, that is said.

use super::reread::Change;
use plimsoll_domain::AccountId;
use plimsoll_service::LimitRow;

/// Those that are broken now and were not before, in words.
pub(super) fn newly(before: &[(AccountId, LimitRow)], now: &[(AccountId, LimitRow)]) -> Vec<String> {
    let was = |(account, row): &&(AccountId, LimitRow)| {
        before.iter().any(|(other, known)| other == account && known.name == row.name)
    };
    now.iter().filter(|it| !was(it)).map(|(account, row)| said(account, row)).collect()
}

/// Of the limits that cannot be judged, those that are otherwise than before, in words.
pub(super) fn unjudged(changed: &[Change], unknown: &[(AccountId, LimitRow)]) -> Vec<String> {
    let is_new =
        |(account, row): &&(AccountId, LimitRow)| changed.iter().any(|it| is_of(&it.setting, account, row.name));
    unknown.iter().filter(is_new).map(|(account, row)| unknown_of(account, row)).collect()
}

/// Whether a setting is this limit of this account, as a sum or as a share.
fn is_of(setting: &str, account: &AccountId, limit: &str) -> bool {
    let own = setting.strip_prefix("accounts.").and_then(|rest| rest.strip_prefix(account.as_str()));
    let name = setting.strip_prefix("limits.").or_else(|| own.and_then(|rest| rest.strip_prefix(".limits.")));
    name.is_some_and(|name| name.strip_suffix("_share").unwrap_or(name) == limit)
}

fn unknown_of(account: &AccountId, row: &LimitRow) -> String {
    format!(
        "{account}: whether it is beyond {} cannot be said yet: not all that it is judged by is known; the next look that sees it \
         judges",
        row.name
    )
}

fn said(account: &AccountId, row: &LimitRow) -> String {
    let then = match row.engages_kill_switch {
        true => "the next look closes everything and engages the kill switch",
        false if row.name == "max_exposure" => {
            "nothing more is opened, and with `over_exposure = \"reduce\"` the next look makes what is held smaller"
        }
        false => "nothing more is opened",
    };
    let of = row.symbol.as_deref().map(|symbol| format!(" ({symbol})")).unwrap_or_default();
    format!("{account} is beyond {}: {}{of}; {then}", row.name, row.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_meant_by_its_own_name_alone() {
        let main = AccountId::new("main");
        for (setting, limit, expected) in [
            ("limits.max_position", "max_position", true),
            ("limits.max_position_share", "max_position", true),
            ("limits.max_positions", "max_position", false),
            ("accounts.main.limits.max_position", "max_position", true),
            ("accounts.main2.limits.max_position", "max_position", false),
            ("accounts.main.leverage", "max_leverage", false),
            ("protection.max_position", "max_position", false),
        ] {
            assert_eq!(is_of(setting, &main, limit), expected, "{setting}");
        }
    }
}
