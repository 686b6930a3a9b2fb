//! Which accounts are not known to be as they are shown: every answer with an account's figures of now says so.

use plimsoll_service::{Overview, OverviewAccount};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts whose figures are old or in doubt, with the words for it.
#[derive(Debug)]
pub(crate) struct Doubts(BTreeMap<String, String>);

impl Doubts {
    pub(crate) fn of(overview: &Overview) -> Self {
        let stale = overview.accounts.iter().filter(|it| !it.is_fresh);
        Self(stale.map(|it| (it.account.clone(), words(it))).collect())
    }

    /// What is to be said beneath an account's name.
    pub(crate) fn of_account(&self, account: &str) -> Option<&String> {
        self.0.get(account)
    }

    /// What is to be said before figures of these accounts: a line for each that is in doubt.
    pub(crate) fn lines<'a>(&self, accounts: impl Iterator<Item = &'a str>) -> Vec<String> {
        let accounts: BTreeSet<&str> = accounts.collect();
        let doubt = |account: &str| self.of_account(account).map(|words| format!("{account}: {words}"));
        accounts.into_iter().filter_map(doubt).collect()
    }
}

/// How each of them begins.
pub(crate) fn line(why: &str) -> String {
    format!("NOT FRESH: {why}")
}

fn words(it: &OverviewAccount) -> String {
    let age = it.data_age_ms.map_or_else(|| "in doubt".to_owned(), |age| format!("{} s old", age / 1000));
    line(&format!("{age}, the stream is {}", it.link))
}
