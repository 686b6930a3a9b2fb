//! What rested to reduce a holding goes with it: of a contract that others hold too it would close what is theirs.

use super::orders::Whose;
use super::{Ended, TradingDesk, TradingNews};
use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use futures_util::future::BoxFuture;
use plimsoll_domain::Symbol;
use plimsoll_ports::StoreError;
use std::sync::Arc;

/// Resting orders that are to be cancelled.
#[derive(Debug, Default)]
pub(super) struct Leftover {
    now: Vec<(usize, IntentId)>,
    /// Could not be cancelled: once more after the account was looked at.
    later: Vec<(usize, IntentId)>,
}

impl Leftover {
    pub(super) fn look_again(&mut self, account: usize) {
        self.now.extend(self.later.extract_if(.., |(of, _)| *of == account));
    }
}

/// What came of cancelling one.
pub(super) struct CalledBack {
    account: usize,
    intent: IntentId,
    trouble: Option<String>,
}

impl TradingDesk {
    /// Nothing is held any more: answers the labels of what rested to reduce it, in the order in which they were asked for.
    ///
    /// They rest no more as far as the strategy is concerned. Most venues end them by themselves; all are cancelled.
    pub(super) fn leave_over(&mut self, seat: SeatIndex, account: usize, symbol: &Symbol) -> Vec<String> {
        let id = &self.names[account];
        let is_left =
            |whose: &Whose| whose.reduces() && whose.seat == seat && whose.account == *id && whose.symbol == *symbol;
        let left = self.intents.iter().filter(|(_, whose)| is_left(whose));
        let left: Vec<(IntentId, Option<String>)> =
            left.map(|(intent, whose)| (intent.clone(), whose.label.clone())).collect();
        let mut labels = Vec::new();
        for (intent, label) in left {
            self.intents.is_left_over(&intent);
            self.doubts.resolve(&intent);
            if let (Some(own), Some(label)) = (self.desk.own_mut(seat, account), label) {
                own.ended(symbol, &label);
                labels.push(label);
            }
            self.leftover.now.push((account, intent));
        }
        self.is_dirty |= !labels.is_empty();
        labels
    }

    /// What was left over before a restart: it reduces something, and its strategy knows nothing of it.
    pub(super) fn find_left_over(&mut self) {
        let mut found = Vec::new();
        for (intent, whose) in self.intents.iter().filter(|(_, whose)| whose.reduces()) {
            let Some(account) = self.names.iter().position(|id| *id == whose.account) else { continue };
            let is_it = |label: &str| whose.label.as_deref() == Some(label);
            let own = self.desk.own(whose.seat, account);
            let orders = own.map_or(&[][..], |own| own.orders());
            if !orders.iter().any(|order| order.symbol == whose.symbol && is_it(&order.label)) {
                found.push((account, intent.clone()));
            }
        }
        found.iter().for_each(|(_, intent)| self.intents.is_left_over(intent));
        self.leftover.now.extend(found);
    }

    /// Cancels what was left over.
    pub(super) fn call_back(&mut self) -> Option<BoxFuture<'static, Ended>> {
        let (account, intent) = self.leftover.now.pop()?;
        let by = self.intents.of(&intent).map_or("", |whose| self.desk.name(whose.seat)).to_owned();
        let manager = Arc::clone(&self.accounts[account].account.manager);
        Some(Box::pin(async move {
            let trouble = match manager.cancel_composed(&intent.name(), &by).await {
                Ok(_) | Err(StoreError::NotFound(_)) => None,
                Err(error) => Some(format!("{} is not needed any more, and not cancelled: {error}", intent.as_str())),
            };
            Ended::CalledBack(CalledBack { account, intent, trouble })
        }))
    }

    pub(super) fn called_back(&mut self, CalledBack { account, intent, trouble }: CalledBack) {
        match trouble {
            None => {
                self.intents.has_ended(&intent);
                self.is_dirty = true;
            }
            Some(what) => {
                self.leftover.later.push((account, intent));
                self.news.push(TradingNews::Trouble { what });
            }
        }
    }
}
