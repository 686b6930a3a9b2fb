//! Protection that was meant, and never placed: the process died, or lost sight of the entry, between fill and stop.

use super::Reconciliation;
use crate::order_path::distinct;
use crate::position_manager::close::Closing;
use crate::position_manager::failure::{CloseFailure, ProtectionFailure, ReconcileFailure};
use crate::position_manager::outcome::{Closed, Protection};
use crate::position_manager::protection::Wanted;
use crate::position_manager::reading::{Held, Reading};
use crate::position_manager::{PositionManager, UnverifiedStop};
use crate::trouble::Troubles;
use plimsoll_domain::{ClientOrderId, Direction, OrderKind, PositionSide, Price, Symbol};
use plimsoll_ports::{JournalEntry, JournalState, Purpose};
use std::time::Duration;

/// Our clock and the venue's may differ by this much: fills are asked for from so long before the entry was written.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// Protection that a crash had kept from the venue, placed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// [`Purpose::StopLoss`] or [`Purpose::TakeProfit`].
    pub purpose: Purpose,
    /// The order, by the name that it was journalled under.
    pub client_order_id: ClientOrderId,
    /// It rests at the venue and was read back, or why not.
    pub outcome: Result<Protection, ProtectionFailure>,
    /// Closing the position, if its stop cannot be verified and the settings say so.
    pub closing: Option<Box<Result<Closed, CloseFailure>>>,
}

impl PositionManager {
    /// Whether this is protection that the venue has never had, of an entry that filled.
    pub(super) async fn is_owed(&self, entry: &JournalEntry) -> Result<bool, ReconcileFailure> {
        let protects = matches!(entry.purpose, Purpose::StopLoss | Purpose::TakeProfit);
        let may_be_unsent = matches!(entry.state, JournalState::Intended | JournalState::Unanswered);
        if !(protects && may_be_unsent && self.entered_by(entry).await?.is_some()) {
            return Ok(false);
        }
        let (symbol, id) = (&entry.order.symbol, &entry.order.client_order_id);
        if self.ports.broker.order(symbol, id).await?.is_some() {
            return Ok(false);
        }
        // What was sent just before the crash may still turn up.
        let age = self.ports.clock.now().since(entry.intended_at);
        if let Some(rest) = self.settings.patience.window.checked_sub(age).filter(|rest| !rest.is_zero()) {
            self.ports.clock.sleep(rest).await;
        }
        Ok(self.ports.broker.order(symbol, id).await?.is_none())
    }

    /// The entry that this protection was journalled with, if it filled.
    async fn entered_by(&self, protection: &JournalEntry) -> Result<Option<JournalEntry>, ReconcileFailure> {
        let Some(intent) = self.ids.intent_of(&protection.order.client_order_id) else { return Ok(None) };
        let entry = self.ports.journal.entry(&self.settings.account, &intent.order(Purpose::Entry, 0)).await?;
        let has_filled = |entry: &JournalEntry| matches!(entry.state, JournalState::Finished { filled: Some(_), .. });
        Ok(entry.filter(has_filled))
    }

    /// Places owed protection if its position is held still, and nothing of its kind rests; else finds out its fate.
    pub(super) async fn restore(
        &self,
        owed: &JournalEntry,
        reading: &Reading,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) -> Result<(), ReconcileFailure> {
        let held = reading.find(&owed.order.symbol, owed.order.position_side);
        let held = held.filter(|held| held.position.direction.closing_side() == owed.order.side);
        let wanted = held.and_then(|held| wanted(owed, held));
        let Some((held, wanted)) = held.zip(wanted) else {
            it.orders.push(self.fate_of(owed, troubles).await);
            return Ok(());
        };
        if reading.rests(wanted.order_type(), held) || self.is_of_an_earlier_position(owed, held).await? {
            self.drop_protection(&wanted, "its position is gone, or protected already", troubles).await;
            return Ok(());
        }
        let outcome = self.protect_or_tell(&wanted, troubles).await;
        let closing = match (&outcome, owed.purpose, self.settings.unverified_stop) {
            (Err(_), Purpose::StopLoss, UnverifiedStop::Close) => {
                let (symbol, direction) = (&owed.order.symbol, held.position.direction);
                let closing = Closing { symbol, direction, quantity: None, purpose: Purpose::Flatten };
                Some(Box::new(self.close_for(&closing).await))
            }
            _ => None,
        };
        it.restored.push(Restored {
            symbol: owed.order.symbol.clone(),
            side: owed.order.position_side,
            purpose: owed.purpose,
            client_order_id: owed.order.client_order_id.clone(),
            outcome,
            closing,
        });
        Ok(())
    }

    /// Whether what is held was opened after the position that this protection was for: going back through the fills, it
    /// was flat before the entry is met.
    async fn is_of_an_earlier_position(&self, owed: &JournalEntry, held: &Held) -> Result<bool, ReconcileFailure> {
        let Some(entry) = self.entered_by(owed).await? else { return Ok(true) };
        let (symbol, side) = (&held.report.symbol, held.report.position_side);
        let fills = self.ports.broker.fills(symbol, entry.intended_at.minus(CLOCK_SLACK)).await?;
        let mut left = held.position.direction.sign() * held.position.quantity.get();
        for fill in distinct(fills.into_iter().filter(|fill| fill.position_side == side)).iter().rev() {
            if fill.client_order_id == entry.order.client_order_id {
                return Ok(false);
            }
            left -= Direction::from(fill.side).sign() * fill.quantity.get();
            if left.is_zero() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The journalled order as protection of what is held; `None` if it is no order with a trigger.
fn wanted<'a>(owed: &JournalEntry, held: &'a Held) -> Option<Wanted<'a>> {
    Some(Wanted {
        id: owed.order.client_order_id.clone(),
        instrument: &held.instrument,
        direction: held.position.direction,
        side: held.report.position_side,
        purpose: owed.purpose,
        trigger: trigger_of(&owed.order.kind)?,
    })
}

const fn trigger_of(kind: &OrderKind) -> Option<Price> {
    match kind {
        OrderKind::StopMarket { trigger, .. } | OrderKind::TakeProfitMarket { trigger, .. } => Some(*trigger),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    }
}
