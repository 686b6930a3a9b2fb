//! The stop of what is opened in parts rests before the first of them is sent.

use super::{Progress, Scene};
use crate::client_order_id::IntentId;
use crate::composed::{Fate, Part, Parts};
use crate::order_path::{SendFailure, Wait};
use crate::position_manager::failure::ProtectionFailure;
use crate::position_manager::open::Plan;
use crate::position_manager::protection::Wanted;
use crate::position_manager::{Flight, PositionManager};
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::{Direction, Order, OrderStatus};
use plimsoll_ports::{
    CommandError, ComposedEntry, ComposedState, JournalEntry, JournalState, Opening, Purpose, RefusalReason,
};

impl PositionManager {
    /// Rests the stop of an opening, its own, unless it adds to a position or the venue takes none before there is a
    /// position.
    ///
    /// # Errors
    /// Why it does not rest: no part may be sent then.
    pub(super) async fn stop_ahead_of_parts(
        &self,
        entry: &ComposedEntry,
        plan: &Plan<'_>,
        parts: &Parts,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> Result<(), ProtectionFailure> {
        let Some(wanted) = plan.wanted(Purpose::StopLoss) else { return Ok(()) };
        // What is held already has its own protection, or its own reason for none.
        let is_held = plan.held().is_some();
        if self.stops_follow() || is_held {
            return Ok(());
        }
        self.rest_owed(entry, parts, wanted, it, troubles).await
    }

    /// Rests it where it does not rest while a part rests that it is for: somebody has cancelled it, it has fired while there
    /// was nothing to close, or the venue did not take it beside another one that is gone by now.
    pub(super) async fn stop_again(
        &self,
        entry: &ComposedEntry,
        opening: &Opening,
        (parts, scene): (&Parts, &Scene),
        it: &mut Progress,
        troubles: &mut Troubles,
    ) {
        let Some(trigger) = opening.stop_loss.price() else { return };
        let has_ended = |part: &Part| matches!(part.fate, Fate::Ended { .. } | Fate::NotSent | Fate::Unknown);
        let is_gone = parts.last(Purpose::StopLoss).is_some_and(has_ended);
        let would_fire = match entry.order.direction {
            Direction::Long => scene.mark <= trigger,
            Direction::Short => scene.mark >= trigger,
        };
        let may_rest = scene.held.is_none() && !would_fire && !self.stops_follow();
        if !may_rest || !is_gone || parts.resting(Purpose::Entry).is_none() {
            return;
        }
        // A venue that takes one for a position would refuse another.
        let position = (&entry.order.symbol, scene.side, entry.order.direction);
        if self.resting_stop(position, troubles).await.is_ok() {
            return;
        }
        let wanted = Wanted {
            id: IntentId::named(&entry.id).order(Purpose::StopLoss, 0),
            instrument: &scene.instrument,
            direction: entry.order.direction,
            side: scene.side,
            purpose: Purpose::StopLoss,
            trigger,
            wait: Wait::Glance,
        };
        if let Err(failure) = self.rest_owed(entry, parts, wanted, it, troubles).await {
            tracing::warn!(id = %entry.id, %failure, "the stop of an entry that rests is gone, and does not rest yet");
        }
    }

    async fn rest_owed(
        &self,
        entry: &ComposedEntry,
        parts: &Parts,
        mut wanted: Wanted<'_>,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> Result<(), ProtectionFailure> {
        let owed = self.owed(entry, parts, (Purpose::StopLoss, wanted.side), troubles).await;
        let Some(number) = owed else { return Ok(()) };
        let intent = IntentId::named(&entry.id);
        (wanted.id, wanted.wait) = (intent.order(Purpose::StopLoss, number), Wait::Glance);
        let Some(_alone) = Flight::alone(&self.in_flight, &wanted.id) else {
            return Err(SendFailure::Unresolved("somebody else is sending it".to_owned()).into());
        };
        it.sent.push(wanted.id.clone());
        if let Some(stop) = self.rest_ahead(&wanted, troubles).await? {
            it.protected.push(Ok(stop));
            return Ok(());
        }
        // The one that follows the first fill is on record before there is any.
        wanted.id = intent.order(Purpose::StopLoss, number.saturating_add(1));
        let intended = self.intend_protection(std::slice::from_ref(&wanted)).await;
        intended.map_err(|(_, error)| SendFailure::NotJournalled(error).into())
    }

    /// Whether this order rests for what may fill yet: a stop is there before its position. While the journal is away, only
    /// what this process carries on is known to wait.
    pub(in crate::position_manager) async fn awaits_its_entry(&self, order: &Order, troubles: &mut Troubles) -> bool {
        let Some(intent) = self.ids.intent_of(&order.client_order_id) else { return false };
        let (account, name) = (&self.settings.account, intent.name());
        let parts = troubles.read(Record::Journal, self.ports.journal.parts(account, &name).await);
        let composed = troubles.read(Record::Journal, self.ports.journal.composed(account, &name).await);
        let (Some(parts), Some(composed)) = (parts, composed) else { return self.carried().contains(&name) };
        let entries: Vec<&JournalEntry> = parts.iter().filter(|it| it.purpose == Purpose::Entry).collect();
        if entries.iter().any(|entry| !entry.state.is_final()) {
            return true;
        }
        let has_filled = |state: &JournalState| matches!(state, JournalState::Finished { filled: Some(_), .. });
        match composed {
            Some(composed) => {
                let goes_on = composed.state == ComposedState::Working && composed.order.opening().is_some();
                goes_on && !entries.iter().any(|it| has_filled(&it.state))
            }
            None => {
                // Whoever has sent the stop, and lives, may be about to send its entry.
                let id = &order.client_order_id;
                let lives = self.ids.process_of(id) == Some(self.ids.process()) || self.is_a_colleagues(id);
                let now = self.ports.clock.now();
                let is_new = |it: &JournalEntry| now.since(it.intended_at) < self.settings.patience.window;
                let is_it = |it: &&JournalEntry| it.order.client_order_id == *id;
                lives && entries.is_empty() && parts.iter().find(is_it).is_some_and(is_new)
            }
        }
    }

    /// What was to protect an opening of which nothing has filled, and nothing will, is not sent after all, or called back.
    pub(super) async fn drop_unneeded_protection(&self, entry: &ComposedEntry, parts: &Parts, troubles: &mut Troubles) {
        let may_fill = parts.of(Purpose::Entry).any(|it| it.rests() || it.fate == Fate::Unknown);
        if entry.order.opening().is_none() || may_fill || !parts.filled(Purpose::Entry).is_zero() {
            return;
        }
        let (symbol, direction) = (&entry.order.symbol, entry.order.direction);
        for part in parts.0.iter().filter(|it| it.purpose.protects() && (it.rests() || it.fate == Fate::Unknown)) {
            // What somebody else has opened meanwhile may rely on it.
            let may_be_relied_on = part.purpose == Purpose::StopLoss || part.rests();
            if may_be_relied_on && self.is_held_or_unknown(symbol, direction, troubles).await {
                continue;
            }
            let Some(state) = self.called_back(part, troubles).await else { continue };
            let now = self.ports.clock.now();
            let written = self.ports.journal.record(&self.settings.account, part.id(), &state, now).await;
            troubles.keep(written, |error| Trouble::NotJournalled { id: part.id().clone(), error });
        }
    }

    /// What has become of protection that is needed no more; `None` where that is left to the next comparison.
    async fn called_back(&self, part: &Part, troubles: &mut Troubles) -> Option<JournalState> {
        let unneeded = JournalState::NotSent { reason: "nothing has filled that it was to protect".to_owned() };
        // A target is placed when something has filled, and not before.
        if part.purpose == Purpose::TakeProfit && !part.rests() {
            return Some(unneeded);
        }
        match self.ports.broker.cancel(&part.order.symbol, part.id()).await {
            Ok(()) => Some(JournalState::Finished { status: OrderStatus::Canceled, filled: None, average_price: None }),
            Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder => {
                if part.rests() {
                    return None;
                }
                // Whoever sent it may not have got to write that down.
                let found = self.ports.broker.order(&part.order.symbol, part.id()).await;
                match troubles.known(Subject::Orders, &part.order.symbol, found)? {
                    Some(order) => order.status.is_final().then_some(JournalState::Finished {
                        status: order.status,
                        filled: order.filled,
                        average_price: order.average_price,
                    }),
                    None => {
                        let age = self.ports.clock.now().since(part.intended_at);
                        (age >= self.settings.patience.window).then_some(unneeded)
                    }
                }
            }
            Err(error) => {
                troubles.add(Trouble::NotCancelled { id: part.id().clone(), error });
                None
            }
        }
    }
}
