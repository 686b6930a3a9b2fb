//! What rested to reduce a holding goes with it: of a contract that others hold too it would close what is theirs.

use super::orders::{Standing, Whose};
use super::{Ended, TradingDesk};
use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use futures_util::future::BoxFuture;
use plimsoll_domain::Symbol;
use plimsoll_ports::StoreError;
use std::sync::Arc;

impl TradingDesk {
    /// Nothing is held any more: answers the labels of what rested to reduce it, in the order in which they were asked for.
    ///
    /// They rest no more as far as the strategy is concerned. Most venues end them by themselves; all are cancelled.
    pub(super) fn leave_over(&mut self, seat: SeatIndex, account: usize, symbol: &Symbol) -> Vec<String> {
        let id = &self.names[account];
        let is_left = |whose: &Whose| {
            let reduces = whose.standing == Standing::Rests && whose.label.is_some() && !whose.opens;
            reduces && whose.seat == seat && whose.account == *id && whose.symbol == *symbol
        };
        let left: Vec<(IntentId, Option<String>)> = self
            .intents
            .iter()
            .filter(|(_, whose)| is_left(whose))
            .map(|(intent, whose)| (intent.clone(), whose.label.clone()))
            .collect();
        let mut labels = Vec::new();
        for (intent, label) in left {
            self.intents.has_ended(&intent);
            self.doubts.resolve(&intent);
            if let (Some(own), Some(label)) = (self.desk.own_mut(seat, account), label) {
                own.ended(symbol, &label);
                labels.push(label);
            }
            self.leftover.push((seat, account, intent));
        }
        labels
    }

    /// Cancels what was left over.
    pub(super) fn call_back(&mut self) -> Option<BoxFuture<'static, Ended>> {
        let (seat, account, intent) = self.leftover.pop()?;
        let by = self.desk.name(seat).to_owned();
        let manager = Arc::clone(&self.accounts[account].account.manager);
        Some(Box::pin(async move {
            let trouble = match manager.cancel_composed(&intent.name(), &by).await {
                Ok(_) | Err(StoreError::NotFound(_)) => None,
                Err(error) => Some(format!("{} is not needed any more, and not cancelled: {error}", intent.as_str())),
            };
            Ended::CalledBack(trouble)
        }))
    }
}
