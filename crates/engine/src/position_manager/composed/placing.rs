//! Sending a part.

use super::beginning::intent;
use super::{Progress, Scene};
use crate::client_order_id::IntentId;
use crate::composed::{NewPart, Parts};
use crate::order_path::{Evidence, Placed, SendFailure, Wait};
use crate::position_manager::failure::{OpenFailure, ProtectionFailure};
use crate::position_manager::protection::Wanted;
use crate::position_manager::{PositionManager, UnverifiedStop};
use crate::trouble::{Trouble, Troubles};
use plimsoll_domain::{NewOrder, OrderSize, Quantity};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedKind, Opening, Purpose};

impl PositionManager {
    /// Sends one part; `false` if nothing more is to be done for now.
    pub(super) async fn place_part(
        &self,
        entry: &ComposedEntry,
        part: NewPart,
        (parts, scene): (&Parts, &Scene),
        wait: Wait,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        match (entry.order.opening(), &entry.order.kind) {
            (Some(opening), _) => self.enter_part(entry, opening, (part, parts), wait, it, troubles).await,
            (None, ComposedKind::TrailingStop { .. }) => self.trail(entry, part, scene, wait, it, troubles).await,
            (None, _) => {
                let order = NewOrder {
                    client_order_id: IntentId::named(&entry.id).order(part.purpose, part.number),
                    symbol: entry.order.symbol.clone(),
                    side: entry.order.direction.closing_side(),
                    position_side: scene.side,
                    kind: part.kind,
                    size: part.size,
                    reduce_only: true,
                };
                // Its parts are all that is remembered of it: one that nobody had written down would be sent again.
                let written = self.path.write_down(&order, part.purpose, self.ports.clock.now()).await;
                if let Err(error) = written {
                    troubles.add(Trouble::NotJournalled { id: order.client_order_id, error });
                    return false;
                }
                let placed = self.send(&order, part.purpose, Evidence::BookAndTrades, wait, troubles).await;
                note_sent(&order, &placed, it, troubles);
                placed.is_ok()
            }
        }
    }

    /// A part that adds exposure is judged like any order: by every limit, on what is so now.
    async fn enter_part(
        &self,
        entry: &ComposedEntry,
        opening: &Opening,
        (part, parts): (NewPart, &Parts),
        wait: Wait,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        let OrderSize::Quantity(quantity) = part.size else { return false };
        // Somebody is opening something: the next pass is early enough.
        let Ok(_turn) = self.turn.try_acquire() else { return false };
        // What another process has opened since is in no reading of ours.
        let read = self.take_judged(&entry.id).filter(|_| !self.colleagues.is_anyone_alive());
        let intent = intent(&entry.order, opening, quantity);
        let approved = async {
            // What else may be live in its contract is not in any reading yet.
            let id = IntentId::named(&entry.id);
            self.refuse_while_unresolved(&intent, Some(&id)).await?;
            let plan = self.plan_by(read, &intent, troubles).await?.of_composed(id);
            let approved = self.approve(&plan, troubles).await?;
            self.set_up(&plan).await?;
            Ok((plan, approved))
        };
        let (plan, approved) = match approved.await {
            Ok(approved) => approved,
            Err(failure) => return self.not_entered(entry, &failure, it, troubles).await,
        };
        // Whoever wrote the order down may have died before its protection was: no part fills before that is.
        let wanted = [Purpose::StopLoss, Purpose::TakeProfit].map(|purpose| plan.wanted(purpose));
        let wanted: Vec<Wanted<'_>> = wanted.into_iter().flatten().collect();
        if let Err((id, error)) = self.intend_protection(&wanted).await {
            troubles.add(Trouble::NotJournalled { id, error });
            return false;
        }
        match self.stop_ahead_of_parts(entry, &plan, parts, it, troubles).await {
            Ok(()) => {}
            Err(failure) if may_come_about(&failure) => return false,
            Err(failure) => {
                let failure = OpenFailure::NotProtectable(failure);
                return self.not_entered(entry, &failure, it, troubles).await;
            }
        }
        // What is stopped is ended by the next look.
        if self.is_stopped_by_anyone(&plan).await.unwrap_or(true) {
            return false;
        }
        // Setting up and the stop took their time: the next pass judges anew.
        if self.grown_old(&plan).is_some() {
            return false;
        }
        let order = NewOrder {
            client_order_id: plan.id.order(Purpose::Entry, part.number),
            symbol: entry.order.symbol.clone(),
            side: entry.order.direction.opening_side(),
            position_side: plan.side,
            kind: part.kind,
            size: OrderSize::Quantity(approved.quantity),
            reduce_only: false,
        };
        // Where none rests before it, whoever is not there when it fills finds it with one all the same.
        let follows = self.stops_follow() || plan.held().is_some();
        let wanted = plan.wanted(Purpose::StopLoss).filter(|_| follows);
        let stop = self.to_attach(wanted.as_ref(), &plan.reading.snapshot.orders);
        let evidence = Evidence::Position(plan.held());
        let placed = self.send_carrying((&order, stop), Purpose::Entry, evidence, wait, troubles).await;
        note_sent(&order, &placed, it, troubles);
        // An order that was under way while trading was stopped adds nothing.
        if let Some(filled) = placed.as_ref().ok().and_then(filled_at_once)
            && self.is_stopped_by_anyone(&plan).await.unwrap_or(false)
        {
            let (symbol, direction) = (&entry.order.symbol, entry.order.direction);
            if let Ok(closed) = self.take_back(symbol, direction, filled, troubles).await {
                troubles.join(closed.troubles.into());
            }
        }
        // What was refused is journalled, and ends it with the next look.
        matches!(placed, Ok(_) | Err(SendFailure::Refused(_)))
    }

    /// What the limits refuse ends it; what could not be judged is judged again by the next pass.
    async fn not_entered(
        &self,
        entry: &ComposedEntry,
        failure: &OpenFailure,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        if failure.may_pass() {
            tracing::warn!(id = %entry.id, %failure, "a part of a composed order is not sent yet");
            return false;
        }
        let why = failure.to_string();
        if let Some(parts) = self.parts_of(entry, Wait::Glance, troubles).await {
            self.drop_unneeded_protection(entry, &parts, troubles).await;
        }
        self.end_composed(entry, ComposedEnd::Failed, &why, troubles).await;
        it.ended = Some((ComposedEnd::Failed, why));
        false
    }

    /// Moves the stop; one that cannot be had is treated as any stop that cannot be verified.
    async fn trail(
        &self,
        entry: &ComposedEntry,
        part: NewPart,
        scene: &Scene,
        wait: Wait,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        let Some(trigger) = part.kind.trigger() else { return false };
        let wanted = Wanted {
            id: IntentId::named(&entry.id).order(part.purpose, part.number),
            instrument: &scene.instrument,
            direction: entry.order.direction,
            side: scene.side,
            purpose: part.purpose,
            trigger,
            wait,
        };
        // One that rests there already, whoever sent it, is kept: no other is sent to find that out.
        let position = (&entry.order.symbol, scene.side, entry.order.direction);
        let resting = self.resting_stop(position, troubles).await;
        if resting.is_ok_and(|it| wanted.rounded().is_ok_and(|trigger| it.trigger == trigger)) {
            return false;
        }
        // The one that rests is not given up for one that nobody would know of.
        if let Err((id, error)) = self.intend_protection(std::slice::from_ref(&wanted)).await {
            troubles.add(Trouble::NotJournalled { id, error });
            return false;
        }
        it.sent.push(wanted.id.clone());
        let outcome = self.protect_or_tell(&wanted, troubles).await;
        let failure = outcome.as_ref().err().map(|failure| (failure.to_string(), may_come_about(failure)));
        it.protected.push(outcome);
        let Some((failure, may_come_about)) = failure else { return true };
        // It is owed still, and placed by the look that follows.
        if may_come_about {
            return false;
        }
        if self.settings.unverified_stop == UnverifiedStop::Close {
            let why = self.abandon(entry, &failure, wait, troubles).await;
            self.end_composed(entry, ComposedEnd::Failed, &why, troubles).await;
            it.ended = Some((ComposedEnd::Failed, why));
        }
        false
    }
}

/// Tells of a part that was sent, or that it was not.
fn note_sent(order: &NewOrder, placed: &Result<Placed, SendFailure>, it: &mut Progress, troubles: &mut Troubles) {
    let id = order.client_order_id.clone();
    match placed {
        Err(SendFailure::NotSent(why)) => troubles.add(Trouble::NotSent { id, why: why.clone() }),
        Err(SendFailure::NotJournalled(error)) => troubles.add(Trouble::NotJournalled { id, error: error.clone() }),
        _ => it.sent.push(id),
    }
}

/// The venue has not said no: it was not reached, or has not answered.
const fn may_come_about(failure: &ProtectionFailure) -> bool {
    matches!(
        failure,
        ProtectionFailure::TookLong(_)
            | ProtectionFailure::Order(
                SendFailure::NotSent(_)
                    | SendFailure::Unresolved(_)
                    | SendFailure::NeverArrived
                    | SendFailure::Forgotten
                    | SendFailure::NotJournalled(_)
            )
    )
}

/// What a market order has filled.
fn filled_at_once(placed: &Placed) -> Option<Quantity> {
    match placed {
        Placed::Ended(execution) => execution.filled(),
        Placed::Resting(_) => None,
    }
}
