//! Protecting what an entry has opened.

use super::Plan;
use super::ahead::EntryStop;
use crate::order_path::SendFailure;
use crate::position_manager::PositionManager;
use crate::position_manager::failure::ProtectionFailure;
use crate::position_manager::outcome::{Protected, Protection};
use crate::trouble::Troubles;
use plimsoll_domain::{OrderStatus, Quantity};
use plimsoll_ports::{Purpose, RefusalReason, StopLoss};

impl PositionManager {
    /// What ends the loss of what was just entered: placed and read back, or looked for where one is to rest already.
    /// `stop` is what became of the one that was sent before the entry or right behind it. What the entry carried goes once one
    /// of ours rests, and stands in for it where none does.
    pub(super) async fn end_loss(
        &self,
        plan: &Plan<'_>,
        mut stop: EntryStop,
        filled: Option<Quantity>,
        troubles: &mut Troubles,
    ) -> Protected {
        let (is_carried, attached) = (stop.is_carried, std::mem::take(&mut stop.attached));
        let protected = self.end_loss_by_ours(plan, stop, troubles).await;
        let Some(wanted) = plan.wanted(Purpose::StopLoss).filter(|_| is_carried) else { return protected };
        match &protected {
            Protected::By(_) => self.end_attached(&wanted, attached, troubles).await,
            // By the mark the price is beyond it, whatever the venue's own stop watches.
            Protected::NotVerified(ProtectionFailure::Order(SendFailure::Refused(refusal)))
                if refusal.reason == RefusalReason::WouldTrigger => {}
            Protected::NotVerified(_) => {
                if let Some(stop) = self.attached_in_its_stead(&wanted, filled, troubles).await {
                    return Protected::By(stop);
                }
            }
            Protected::TakenBack | Protected::Waived(_) => {}
        }
        protected
    }

    async fn end_loss_by_ours(&self, plan: &Plan<'_>, stop: EntryStop, troubles: &mut Troubles) -> Protected {
        let attempt = match stop.outcome {
            None => stop.attempt,
            Some(Ok(sent)) => match self.is_gone(plan, &sent).await {
                false => return Protected::By(sent),
                true => stop.attempt.saturating_add(1),
            },
            Some(Err(failure)) => match next_attempt(stop.attempt, &failure) {
                Some(attempt) => attempt,
                None => {
                    if let Some(wanted) = plan.wanted(Purpose::StopLoss) {
                        self.tell_of_protection(&wanted, &failure, troubles).await;
                    }
                    return Protected::NotVerified(failure);
                }
            },
        };
        let stop = match &plan.intent.stop_loss {
            StopLoss::At(_) => self.place(plan, Purpose::StopLoss, attempt, troubles).await,
            StopLoss::Resting if self.is_stopped_since(plan) => Ok(None),
            StopLoss::Resting => {
                let position = (&plan.intent.symbol, plan.side, plan.intent.direction);
                self.resting_stop(position, troubles).await.map(Some)
            }
            StopLoss::Waived(waiver) => return Protected::Waived(waiver.clone()),
        };
        match stop {
            Ok(Some(stop)) => Protected::By(stop),
            Ok(None) => Protected::TakenBack,
            Err(failure) => Protected::NotVerified(failure),
        }
    }

    /// Whether a stop that rested before its position may not rest any more, with the position held: the price passed its
    /// trigger before there was all of it to close, or somebody has cancelled it. Whoever places it again looks first.
    async fn is_gone(&self, plan: &Plan<'_>, stop: &Protection) -> bool {
        let symbol = &plan.intent.symbol;
        match self.ports.broker.order(symbol, &stop.client_order_id).await {
            Ok(Some(order)) if !order.status.is_final() => false,
            Ok(Some(order)) if order.status == OrderStatus::Filled => {
                self.is_held_or_unknown(symbol, plan.intent.direction, &mut Troubles::default()).await
            }
            Ok(_) | Err(_) => true,
        }
    }

    /// Places this attempt at a protective order, and reads it back; nothing where none is wanted, or trading was stopped.
    pub(super) async fn place(
        &self,
        plan: &Plan<'_>,
        purpose: Purpose,
        attempt: u16,
        troubles: &mut Troubles,
    ) -> Result<Option<Protection>, ProtectionFailure> {
        let Some(mut wanted) = plan.wanted(purpose) else { return Ok(None) };
        wanted.id = plan.id.order(purpose, attempt);
        // What is taken back in a moment is not protected first.
        if self.is_stopped_since(plan) {
            if attempt == 0 {
                self.drop_protection(&wanted, "trading was stopped", troubles).await;
            }
            return Ok(None);
        }
        self.protect_or_tell(&wanted, troubles).await.map(Some)
    }
}

/// Which attempt follows a stop that was sent right behind its entry and is not verified: it may rest, or it was refused
/// while its position was not there yet. `None` where another one would fare no better.
const fn next_attempt(attempt: u16, failure: &ProtectionFailure) -> Option<u16> {
    match failure {
        ProtectionFailure::Order(SendFailure::Unresolved(_)) => Some(attempt),
        ProtectionFailure::Order(SendFailure::Refused(refusal))
            if !matches!(refusal.reason, RefusalReason::WouldTrigger) =>
        {
            Some(attempt.saturating_add(1))
        }
        ProtectionFailure::Order(SendFailure::NeverArrived | SendFailure::Forgotten) => Some(attempt.saturating_add(1)),
        _ => None,
    }
}
