//! The kill switches, and what they were.

use crate::account::ServedAccount;
use crate::figure::{Moment, answers};
use crate::overview::{Switch, together_switched};
use crate::service::Service;

/// How many changes are shown.
const HISTORY: usize = 20;

answers! {
    /// The kill switches.
    pub struct KillSwitches {
        /// When it was put together.
        pub time: Moment,
        /// `released`, `engaged`, `partly` or `unknown`.
        pub state: &'static str,
        /// Each account.
        pub accounts: Vec<KillRow>,
    }

    /// The kill switch of an account.
    pub struct KillRow {
        /// Its name.
        pub account: String,
        /// What kind of money it trades.
        pub mode: &'static str,
        /// `released`, `engaged` or `unknown`.
        pub state: &'static str,
        /// Why it was engaged or released.
        pub reason: Option<String>,
        /// Who did it.
        pub by: Option<String>,
        /// When.
        pub since: Option<Moment>,
        /// What it was before, newest first; null while the records cannot be read.
        pub history: Option<Vec<Switch>>,
    }
}

impl Service {
    /// The kill switches, and what they were.
    pub async fn kill_switches(&self) -> KillSwitches {
        let mut accounts = Vec::new();
        for account in self.accounts() {
            accounts.push(self.kill_row(account).await);
        }
        let state = together_switched(accounts.iter().map(|it| it.state));
        KillSwitches { time: self.now().into(), state, accounts }
    }

    async fn kill_row(&self, account: &ServedAccount) -> KillRow {
        // What an operator is about to judge by is not of a second ago.
        let now = account.manager.kill_switch().await.ok();
        let Switch { state, reason, by, since } = Switch::of(now.as_ref());
        let history = account.ports.controls.kill_switch_history(account.name()).await.ok();
        let history = history.map(|them| them.iter().rev().take(HISTORY).map(|it| Switch::of(Some(it))).collect());
        let (account, mode) = (account.name().to_string(), account.mode.as_str());
        KillRow { account, mode, state, reason, by, since, history }
    }
}
