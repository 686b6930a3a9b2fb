//! The stop of what is opened in parts rests before the first of them is sent.

use super::{Progress, Scene};
use crate::client_order_id::IntentId;
use crate::composed::{Fate, Part, Parts};
use crate::order_path::{SendFailure, Wait};
use crate::position_manager::failure::ProtectionFailure;
use crate::position_manager::open::{Plan, covers};
use crate::position_manager::protection::Wanted;
use crate::position_manager::{Flight, PositionManager};
use crate::trouble::{Record, Trouble, Troubles};
use plimsoll_domain::{Direction, Order, OrderStatus};
use plimsoll_ports::{CommandError, ComposedEntry, ComposedState, JournalState, Opening, Purpose, RefusalReason};

impl PositionManager {
    /// Rests the stop of an opening, unless it adds to a position, one rests already, or the venue takes none before there is a
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
        if self.stops_follow() || is_held || covers(&plan.reading.snapshot.orders, &wanted) {
            return Ok(());
        }
        self.rest_owed(entry, parts, wanted, it, troubles).await
    }

    /// Rests it again where it is gone while a part rests that it is for: somebody has cancelled it, or it has fired while
    /// there was nothing to close.
    pub(super) async fn stop_again(
        &self,
        entry: &ComposedEntry,
        opening: &Opening,
        (parts, scene): (&Parts, &Scene),
        it: &mut Progress,
        troubles: &mut Troubles,
    ) {
        let Some(trigger) = opening.stop_loss.price() else { return };
        let has_ended = |part: &Part| matches!(part.fate, Fate::Ended { .. } | Fate::NotSent);
        let is_gone = parts.last(Purpose::StopLoss).is_some_and(has_ended);
        let would_fire = match entry.order.direction {
            Direction::Long => scene.mark <= trigger,
            Direction::Short => scene.mark >= trigger,
        };
        let may_rest = scene.held.is_none() && !would_fire && !self.stops_follow();
        if !may_rest || !is_gone || parts.resting(Purpose::Entry).is_none() {
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

    /// Whether this order rests for an opening that goes on: it is there before its position. So it is taken where nobody can
    /// tell.
    pub(in crate::position_manager) async fn awaits_its_entry(&self, order: &Order, troubles: &mut Troubles) -> bool {
        let Some(intent) = self.ids.intent_of(&order.client_order_id) else { return false };
        let composed = self.ports.journal.composed(&self.settings.account, &intent.name()).await;
        match troubles.read(Record::Journal, composed) {
            Some(composed) => {
                composed.is_some_and(|it| it.state == ComposedState::Working && it.order.opening().is_some())
            }
            None => true,
        }
    }

    /// What was to protect an opening of which nothing has filled, and nothing will, is not sent after all, or called back.
    pub(super) async fn drop_unneeded_protection(&self, entry: &ComposedEntry, parts: &Parts, troubles: &mut Troubles) {
        let may_fill = parts.of(Purpose::Entry).any(|it| it.rests() || it.fate == Fate::Unknown);
        if entry.order.opening().is_none() || may_fill || !parts.filled(Purpose::Entry).is_zero() {
            return;
        }
        for part in parts.0.iter().filter(|it| it.purpose.protects() && (it.rests() || it.fate == Fate::Unknown)) {
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
                (!part.rests()).then_some(unneeded)
            }
            Err(error) => {
                troubles.add(Trouble::NotCancelled { id: part.id().clone(), error });
                None
            }
        }
    }
}
