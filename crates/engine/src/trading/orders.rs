//! Which intent is whose, known before the first of its orders is sent.

use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use plimsoll_domain::{AccountId, Leverage, Price, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many intents are remembered: fills of older ones have been told long ago.
const REMEMBERED: usize = 500;

/// How it stands with an order that is to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is being begun.
    Begins,
    /// It rests, as far as is known.
    Rests,
    /// What it was to reduce is gone: it is to be cancelled, and the strategy knows nothing of it any more.
    LeftOver,
    /// It rests no more, or never was to.
    Over,
}

/// An intent of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) seat: SeatIndex,
    pub(super) account: AccountId,
    pub(super) symbol: Symbol,
    /// Its label, if it is one that rests.
    pub(super) label: Option<String>,
    /// Whether it does.
    pub(super) standing: Standing,
    /// It may open something.
    pub(super) opens: bool,
    pub(super) leverage: Leverage,
    /// Where the strategy wants the stop of what it opens.
    pub(super) stop: Option<Price>,
    /// Of an order at market: the last price when it was decided.
    pub(super) decided: Option<Price>,
}

/// The newest intents, oldest first.
#[derive(Debug, Default)]
pub(super) struct Intents(VecDeque<(IntentId, Whose)>);

impl Whose {
    /// Something of it may be at the venue.
    pub(super) fn rests(&self) -> bool {
        self.standing != Standing::Over
    }

    /// It reduces a holding, and rests for its strategy.
    pub(super) fn reduces(&self) -> bool {
        self.standing == Standing::Rests && self.label.is_some() && !self.opens
    }
}

impl Intents {
    pub(super) fn add(&mut self, intent: IntentId, whose: Whose) {
        if self.0.len() >= REMEMBERED {
            // What still rests is never forgotten.
            let place = self.0.iter().position(|(_, whose)| !whose.rests()).unwrap_or(0);
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

    pub(super) fn has_begun(&mut self, intent: &IntentId) {
        if let Some(whose) = self.of_mut(intent).filter(|whose| whose.standing == Standing::Begins) {
            whose.standing = Standing::Rests;
        }
    }

    /// An order that does not rest any more may be forgotten in its time. Until then a late fill finds its label.
    pub(super) fn has_ended(&mut self, intent: &IntentId) {
        if let Some(whose) = self.of_mut(intent) {
            whose.standing = Standing::Over;
        }
    }

    /// What it was to reduce is gone.
    pub(super) fn is_left_over(&mut self, intent: &IntentId) {
        if let Some(whose) = self.of_mut(intent) {
            whose.standing = Standing::LeftOver;
        }
    }

    fn of_mut(&mut self, intent: &IntentId) -> Option<&mut Whose> {
        self.0.iter_mut().find(|(known, _)| known == intent).map(|(_, whose)| whose)
    }

    /// Other seats are theirs now; those of nobody who sits here are forgotten.
    pub(super) fn reseat(&mut self, seat: impl Fn(SeatIndex) -> Option<SeatIndex>) {
        self.0.retain_mut(|(_, whose)| match seat(whose.seat) {
            Some(now) => {
                whose.seat = now;
                true
            }
            None => false,
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(IntentId, Whose)> {
        self.0.iter()
    }
}

const fn usually() -> bool {
    true
}

/// An intent as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IntentState {
    pub(super) intent: String,
    pub(super) strategy: String,
    pub(super) account: String,
    pub(super) symbol: String,
    pub(super) label: Option<String>,
    /// Not told by what was saved when everything with a label rested.
    #[serde(default = "usually")]
    pub(super) rests: bool,
    pub(super) opens: bool,
    pub(super) leverage: String,
    pub(super) stop: Option<String>,
    #[serde(default)]
    pub(super) decided: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_before_it_was_told_whether_it_rests_rested() {
        let saved = r#"{"intent":"plj6zew0mwrl8r3r000zyrh0t","strategy":"grid","account":"main","symbol":"BTC/USDT:USDT",
            "label":"1.2.in","opens":true,"leverage":"2","stop":null}"#;
        let read: IntentState = serde_json::from_str(saved).unwrap();
        assert!(read.rests);
    }
}
