//! Resting orders of which it is not known whether they go on.
//!
//! What rests is a composed order: the part of it that is at the venue may end, and another one take its place. A label ends with
//! the composed order, of which the journal tells.

use super::orders::{Intents, Standing};
use super::{Ended, TradingDesk, TradingNews};
use crate::client_order_id::IntentId;
use crate::position_manager::PositionManager;
use futures_util::future::BoxFuture;
use plimsoll_domain::OrderStatus;
use plimsoll_ports::ComposedState;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// One of them.
#[derive(Debug)]
struct Doubt {
    account: usize,
    intent: IntentId,
    /// What became of its last part.
    status: OrderStatus,
    /// The journal is to be asked now, and not once the account was looked at again.
    is_due: bool,
}

#[derive(Debug, Default)]
pub(super) struct Doubts {
    of_orders: Vec<Doubt>,
    /// Accounts whose journal is to be asked of everything that is believed to rest: what ends before anything of it is at the
    /// venue, or while that is cancelled, ends without a word of the venue's.
    accounts: BTreeSet<usize>,
    /// What the last look at an account did not meet, though it is believed to rest there.
    unmet: BTreeMap<usize, Vec<IntentId>>,
}

impl Doubts {
    pub(super) fn add(&mut self, account: usize, intent: IntentId, status: OrderStatus) {
        self.of_orders.retain(|it| it.intent != intent);
        self.of_orders.push(Doubt { account, intent, status, is_due: true });
    }

    /// The account was looked at: what is next for its composed orders was done.
    pub(super) fn look_again(&mut self, account: usize) {
        self.of_orders.iter_mut().filter(|it| it.account == account).for_each(|it| it.is_due = true);
    }

    /// A look has not met these, which are believed to rest on the account. What two looks in a row have not met may have ended: after
    /// one, the account's stream is about to tell of it, and what it tells is judged by what it has told.
    pub(super) fn are_unmet(&mut self, account: usize, intents: Vec<IntentId>) {
        let before = self.unmet.insert(account, intents.clone()).unwrap_or_default();
        if intents.iter().any(|intent| before.contains(intent)) {
            self.of_all(account);
        }
    }

    /// What is believed to rest on this account may have ended.
    pub(super) fn of_all(&mut self, account: usize) {
        self.accounts.insert(account);
    }

    /// Those of one account that the journal is to be asked about now.
    fn take_due(&mut self, intents: &Intents) -> Option<(usize, Vec<IntentId>)> {
        // What is being begun is told by whoever begins it.
        let is_ready =
            |it: &Doubt| it.is_due && intents.of(&it.intent).is_none_or(|whose| whose.standing != Standing::Begins);
        let account = self.of_orders.iter().find(|it| is_ready(it))?.account;
        let due = self.of_orders.iter_mut().filter(|it| it.account == account && is_ready(it));
        let intents = due.map(|it| {
            it.is_due = false;
            it.intent.clone()
        });
        Some((account, intents.collect()))
    }

    /// There is no doubt any more; answers what became of the last part.
    pub(super) fn resolve(&mut self, intent: &IntentId) -> Option<OrderStatus> {
        let at = self.of_orders.iter().position(|it| it.intent == *intent)?;
        Some(self.of_orders.swap_remove(at).status)
    }
}

/// What the journal tells of resting orders.
#[derive(Debug, Default)]
pub(super) struct Resting {
    /// Those that do not go on.
    pub(super) ended: Vec<IntentId>,
    pub(super) troubles: Vec<String>,
}

/// Whether the journal tells that one of these does not go on. Where it cannot be read nobody knows, and it is asked again
/// after the next look.
async fn has_ended(manager: &PositionManager, intents: &[IntentId]) -> bool {
    match manager.working().await {
        Ok(working) => {
            let working: HashSet<_> = working.into_iter().map(|entry| entry.id).collect();
            intents.iter().any(|intent| !working.contains(&intent.name()))
        }
        Err(error) => {
            tracing::warn!(%error, "whether what rests goes on is not known");
            false
        }
    }
}

/// Asks the journal which of these do not go on.
pub(super) async fn resting(manager: &PositionManager, intents: Vec<IntentId>) -> Resting {
    let mut it = Resting::default();
    for intent in intents {
        match manager.composed(&intent.name()).await {
            Ok(Some(entry)) if matches!(entry.state, ComposedState::Working) => {}
            Ok(_) => it.ended.push(intent),
            Err(error) => it.troubles.push(format!("{} cannot be read: {error}", intent.as_str())),
        }
    }
    it
}

impl TradingDesk {
    /// Asks the journal of whatever is doubtful.
    pub(super) fn ask_of_doubts(&mut self) -> Option<BoxFuture<'static, Ended>> {
        let (account, intents) = self.doubts.take_due(&self.intents)?;
        let manager = Arc::clone(&self.accounts[account].account.manager);
        Some(Box::pin(async move { Ended::Asked(account, resting(&manager, intents).await) }))
    }

    /// Asks the journal of whatever is believed to rest on an account where looks have not met all of it.
    pub(super) fn ask_of_accounts(&mut self) -> Option<BoxFuture<'static, Ended>> {
        while let Some(account) = self.doubts.accounts.pop_first() {
            let intents = self.believed(account);
            if !intents.is_empty() {
                let manager = Arc::clone(&self.accounts[account].account.manager);
                return Some(Box::pin(async move {
                    Ended::Looked { account, is_over: has_ended(&manager, &intents).await }
                }));
            }
        }
        None
    }

    /// What goes on is asked for again once its account was looked at.
    pub(super) fn asked(&mut self, account: usize, Resting { ended, troubles }: Resting) {
        for intent in ended {
            let status = self.doubts.resolve(&intent).unwrap_or(OrderStatus::Canceled);
            self.rests_no_more(account, &intent, status);
        }
        self.news.extend(troubles.into_iter().map(|what| TradingNews::Trouble { what }));
    }
}
