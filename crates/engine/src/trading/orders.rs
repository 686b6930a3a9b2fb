//! Which intent is whose, known before the first of its orders is sent.

use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use plimsoll_domain::{AccountId, Leverage, Price, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many intents are remembered: fills of older ones have been told long ago.
const REMEMBERED: usize = 500;

/// An intent of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) seat: SeatIndex,
    pub(super) account: AccountId,
    pub(super) symbol: Symbol,
    /// The label, if it rests.
    pub(super) label: Option<String>,
    /// It may open something.
    pub(super) opens: bool,
    pub(super) leverage: Leverage,
    /// Where the strategy wants the stop of what it opens.
    pub(super) stop: Option<Price>,
}

/// The newest intents, oldest first.
#[derive(Debug, Default)]
pub(super) struct Intents(VecDeque<(IntentId, Whose)>);

impl Intents {
    pub(super) fn add(&mut self, intent: IntentId, whose: Whose) {
        if self.0.len() >= REMEMBERED {
            // What still rests is never forgotten.
            let place = self.0.iter().position(|(_, whose)| whose.label.is_none()).unwrap_or(0);
            self.0.remove(place);
        }
        self.0.push_back((intent, whose));
    }

    pub(super) fn of(&self, intent: &IntentId) -> Option<&Whose> {
        self.0.iter().rev().find(|(known, _)| known == intent).map(|(_, whose)| whose)
    }

    /// The newest intent of this label.
    pub(super) fn labelled(
        &self,
        seat: SeatIndex,
        account: &AccountId,
        symbol: &Symbol,
        label: &str,
    ) -> Option<&IntentId> {
        let is_it = |whose: &Whose| {
            whose.seat == seat
                && whose.account == *account
                && whose.symbol == *symbol
                && whose.label.as_deref() == Some(label)
        };
        self.0.iter().rev().find(|(_, whose)| is_it(whose)).map(|(intent, _)| intent)
    }

    /// An order that does not rest any more may be forgotten in its time.
    pub(super) fn has_ended(&mut self, intent: &IntentId) {
        if let Some((_, whose)) = self.0.iter_mut().find(|(known, _)| known == intent) {
            whose.label = None;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(IntentId, Whose)> {
        self.0.iter()
    }
}

/// An intent as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IntentState {
    pub(super) intent: String,
    pub(super) strategy: String,
    pub(super) account: String,
    pub(super) symbol: String,
    pub(super) label: Option<String>,
    pub(super) opens: bool,
    pub(super) leverage: String,
    pub(super) stop: Option<String>,
}
