//! What other processes of the account have in hand is left to them.

use super::PositionManager;
use super::monitor::is_open;
use super::reading::Reading;
use plimsoll_domain::{ClientOrderId, PositionSide, Symbol};
use plimsoll_ports::{JournalEntry, StoreError};
use std::collections::BTreeSet;

/// How many of the newest orders are looked at.
const NEWEST_ORDERS: u32 = 200;

/// The positions that another process is at work on.
#[derive(Debug, Default)]
pub(crate) struct InHand(BTreeSet<(Symbol, PositionSide)>);

impl InHand {
    pub(super) fn has(&self, symbol: &Symbol, side: PositionSide) -> bool {
        !self.0.is_empty() && self.0.contains(&(symbol.clone(), side))
    }

    pub(super) fn has_order(&self, entry: &JournalEntry) -> bool {
        self.has(&entry.order.symbol, entry.order.position_side)
    }

    /// Whether there is nothing of the kind.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A reading without them.
    pub(super) fn left_out_of(&self, reading: Reading) -> Reading {
        if self.0.is_empty() {
            return reading;
        }
        reading.without(|symbol, side| self.has(symbol, side))
    }
}

impl PositionManager {
    /// What processes that live have ordered of late, and are not done with as far as anybody can tell.
    pub(super) async fn in_hand(&self, unfinished: &[JournalEntry]) -> Result<InHand, StoreError> {
        if !self.colleagues.is_anyone_alive() {
            return Ok(InHand::default());
        }
        let since = self.ports.clock.now().minus(self.settings.patience.give_up);
        let newest = self.ports.journal.recent(&self.settings.account, NEWEST_ORDERS).await?;
        let of_late = newest.iter().filter(|entry| entry.updated_at >= since);
        let theirs = of_late.chain(unfinished.iter().filter(|entry| is_open(entry)));
        let theirs = theirs.filter(|entry| self.is_a_colleagues(&entry.order.client_order_id));
        Ok(InHand(theirs.map(|entry| (entry.order.symbol.clone(), entry.order.position_side)).collect()))
    }

    /// The same for whoever only tells of what is missing: a process that lives and has been at nothing for long excuses
    /// nothing, and while the journal cannot be read, nothing is in hand.
    pub(super) async fn in_hand_now(&self) -> InHand {
        self.in_hand(&[]).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what others have in hand is not known");
            InHand::default()
        })
    }

    /// Whether another process is at work on this contract, or on any.
    pub(crate) async fn colleagues_have(&self, symbol: Option<&Symbol>) -> Result<bool, StoreError> {
        if !self.colleagues.is_anyone_alive() {
            return Ok(false);
        }
        let InHand(positions) = self.in_hand(&self.ports.journal.unfinished(&self.settings.account).await?).await?;
        Ok(positions.iter().any(|(theirs, _)| symbol.is_none_or(|symbol| symbol == theirs)))
    }

    pub(super) fn is_a_colleagues(&self, id: &ClientOrderId) -> bool {
        let process = self.ids.process_of(id).filter(|process| *process != self.ids.process());
        process.is_some_and(|process| self.colleagues.is_alive(process))
    }
}
