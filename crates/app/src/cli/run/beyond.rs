//! Limits that were lowered below what is held or lost: it is said with what has lowered them, since no look finds anything new.

use plimsoll_domain::AccountId;
use plimsoll_service::LimitRow;

/// Those that are broken now and were not before, in words.
pub(super) fn newly(before: &[(AccountId, LimitRow)], now: &[(AccountId, LimitRow)]) -> Vec<String> {
    let was = |(account, row): &&(AccountId, LimitRow)| {
        before.iter().any(|(other, known)| other == account && known.name == row.name)
    };
    now.iter().filter(|it| !was(it)).map(|(account, row)| said(account, row)).collect()
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
