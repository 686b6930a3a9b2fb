//! What a composed order has opened is protected before anything else is done for it.

use super::{OwedStops, Progress, Scene};
use crate::client_order_id::IntentId;
use crate::composed::{Fate, Part, Parts};
use crate::order_path::{Evidence, Placed, SendFailure, Wait};
use crate::position_manager::close::Closing;
use crate::position_manager::protection::Wanted;
use crate::position_manager::{Flight, PositionManager, UnverifiedStop, is_covered};
use crate::trouble::{Record, Subject, Troubles};
use plimsoll_domain::{ClientOrderId, NewOrder, Order, OrderSize, PositionSide};
use plimsoll_ports::{ComposedEntry, JournalEntry, JournalState, Opening, Purpose};
use std::sync::{Arc, MutexGuard, PoisonError};

/// How what was opened is protected.
pub(super) enum Shelter {
    /// As it was meant, as far as something was opened.
    Stands,
    /// Not yet: nothing more is opened until it is.
    Owed,
    /// It cannot be, and what was opened is closed again, or was to be: why.
    Abandoned(String),
}

impl PositionManager {
    /// Places the stop-loss and the take-profit that are owed to what has filled. They close the position whole, so that what
    /// fills later is protected by them too.
    pub(super) async fn protect_opening(
        &self,
        entry: &ComposedEntry,
        opening: &Opening,
        (parts, scene): (&Parts, &Scene),
        wait: Wait,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> Shelter {
        if parts.filled(Purpose::Entry).is_zero() {
            self.stop_again(entry, opening, (parts, scene), it, troubles).await;
            return Shelter::Stands;
        }
        if scene.held.is_none() {
            return Shelter::Stands;
        }
        // Whoever heard of the fill is sending it.
        if parts.0.iter().any(|part| part.purpose == Purpose::StopLoss && self.is_in_flight(part.id())) {
            return Shelter::Owed;
        }
        let wanted = [(Purpose::StopLoss, opening.stop_loss.price()), (Purpose::TakeProfit, opening.take_profit)];
        for (purpose, trigger) in wanted {
            let Some(trigger) = trigger else { continue };
            let owed = match parts.last(purpose) {
                Some(fired) if purpose == Purpose::StopLoss && has_missed(fired, parts, scene) => {
                    self.unless_covered(entry, scene.side, fired.number.checked_add(1), troubles).await
                }
                _ => self.owed(entry, parts, (purpose, scene.side), troubles).await,
            };
            let Some(number) = owed else { continue };
            let wanted = Wanted {
                id: IntentId::named(&entry.id).order(purpose, number),
                instrument: &scene.instrument,
                direction: entry.order.direction,
                side: scene.side,
                purpose,
                trigger,
                wait,
            };
            let Some(_alone) = Flight::alone(&self.in_flight, &wanted.id) else { return Shelter::Owed };
            it.sent.push(wanted.id.clone());
            let outcome = self.protect_or_tell(&wanted, troubles).await;
            let failure = outcome.as_ref().err().map(ToString::to_string);
            it.protected.push(outcome);
            let (Some(failure), Purpose::StopLoss) = (failure, purpose) else { continue };
            if self.settings.unverified_stop == UnverifiedStop::Keep {
                return Shelter::Owed;
            }
            if let Some(rests) = parts.resting(Purpose::Entry) {
                self.cancel_part(&entry.order.symbol, rests.id(), troubles).await;
            }
            return Shelter::Abandoned(self.abandon(entry, &failure, wait, troubles).await);
        }
        Shelter::Stands
    }

    /// Sends the stop that a composed opening owes, as soon as a part of it is heard to have filled and before anything is
    /// asked: what it is was written down before the first part. What stands in its way, or is wrong with it, is seen to by
    /// the look that follows. Answers whether that is all there was to do; where it is not, that look may be over by now, since
    /// it leaves a stop that is being sent alone.
    pub(crate) async fn stop_at_once(&self, part: &ClientOrderId) -> bool {
        let Some(intent) = self.ids.intent_of(part) else { return true };
        // Where the venue has refused the first, since there was no position yet, the second is owed.
        for number in [0, 1] {
            let stop = intent.order(Purpose::StopLoss, number);
            let Some(_alone) = Flight::alone(&self.in_flight, &stop) else { return true };
            let order = match self.ports.journal.entry(&self.settings.account, &stop).await {
                Ok(Some(written)) if written.state == JournalState::Intended => {
                    // The journal does not know what was sent and could not be written down: the look that follows asks.
                    if self.owed_stops().was_sent(&stop) || self.is_to_be_looked_up(&written.order).await {
                        return false;
                    }
                    written.order
                }
                Ok(Some(written)) if matches!(written.state, JournalState::Refused { .. }) => continue,
                Ok(Some(written)) => {
                    let has_come_about = matches!(
                        &written.state,
                        JournalState::Accepted { .. } | JournalState::Finished { filled: Some(_), .. }
                    );
                    return has_come_about || self.is_covered_by_the_view(&written.order);
                }
                // Without the first nothing was to be sent; without the second nobody knows of another yet.
                Ok(None) => return number == 0,
                // A journal that is away keeps nobody from protecting what has filled.
                Err(_) => match self.owed_stops().unsent(&stop).cloned() {
                    Some(order) => order,
                    None => continue,
                },
            };
            return self.is_covered_by_the_view(&order)
                || self.rests_at_once(&order).await
                || self.is_covered_by_the_view(&order);
        }
        false
    }

    /// Sends a stop, and answers whether it rests as it was meant, or has fired.
    async fn rests_at_once(&self, order: &NewOrder) -> bool {
        let (stop, mut troubles) = (&order.client_order_id, Troubles::default());
        let placed = self.send(order, Purpose::StopLoss, Evidence::BookAndTrades, Wait::Glance, &mut troubles).await;
        match placed {
            Ok(Placed::Resting(found)) if !rests_as_meant(order, &found) => {
                tracing::warn!(%stop, "the venue reads a stop back as another one: it is placed anew");
                self.cancel(&order.symbol, stop, &mut troubles).await;
                false
            }
            Ok(Placed::Resting(_)) => true,
            Ok(Placed::Ended(execution)) => execution.filled().is_some(),
            Err(failure) => {
                tracing::warn!(%stop, %failure, "a stop was not placed at once");
                false
            }
        }
    }

    /// A stop that covers the position whole rests by what is seen of the account: it is replaced by the look that follows.
    fn is_covered_by_the_view(&self, stop: &NewOrder) -> bool {
        let Some(view) = self.view.as_ref().map(|view| Arc::clone(&view.borrow())) else { return false };
        view.position(&stop.symbol, stop.position_side).is_some_and(|held| is_covered(&view, held))
    }

    /// Whether a process before us may have sent what it wrote down, and died before it wrote down that it had: the venue has it, or
    /// cannot be asked.
    async fn is_to_be_looked_up(&self, stop: &NewOrder) -> bool {
        let id = &stop.client_order_id;
        if self.ids.process_of(id) == Some(self.ids.process()) {
            return false;
        }
        !matches!(self.ports.broker.order(&stop.symbol, id).await, Ok(None))
    }

    /// A stop of a composed order that goes on leaves us.
    pub(in crate::position_manager) fn note_sent_stop(&self, id: &ClientOrderId, purpose: Purpose) {
        let name = self.ids.intent_of(id).map(|intent| intent.name());
        if purpose == Purpose::StopLoss && name.is_some_and(|name| self.carried().contains(&name)) {
            self.owed_stops().note_sent(id);
        }
    }

    /// One that never left us is owed still, where the journal could not take even that.
    pub(in crate::position_manager) fn note_unsent_stop(
        &self,
        order: &NewOrder,
        outcome: &Result<Placed, SendFailure>,
        troubles: &Troubles,
    ) {
        let (id, never_left) = (&order.client_order_id, matches!(outcome, Err(SendFailure::NotSent(_))));
        if never_left && troubles.lack_a_journal_entry(id) && self.owed_stops().was_sent(id) {
            self.owed_stops().note_unsent(order);
        }
    }

    pub(super) fn owed_stops(&self) -> MutexGuard<'_, OwedStops> {
        self.owed_stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the protective order that is owed; `None` where one rests or has done its work, or where nobody knows.
    pub(super) async fn owed(
        &self,
        entry: &ComposedEntry,
        parts: &Parts,
        (purpose, side): (Purpose, PositionSide),
        troubles: &mut Troubles,
    ) -> Option<u16> {
        let Some(last) = parts.last(purpose) else { return Some(0) };
        let another = last.number.checked_add(1);
        match &last.fate {
            Fate::Rests { .. } => None,
            _ if last.is_done() => None,
            // It was journalled before its entry: it may have been sent since, or not.
            Fate::Unknown => match self.looked_up(entry, last, troubles).await? {
                None => self.may_be_sent(last, troubles).await.then_some(last.number),
                // Its answer was never recorded, and somebody has ended it since.
                Some(order) if order.status.is_final() && order.filled.is_none() && purpose == Purpose::StopLoss => {
                    self.unless_covered(entry, side, another, troubles).await
                }
                Some(_) => None,
            },
            Fate::NotSent if purpose != Purpose::StopLoss => another,
            // What rested before it was meant does what somebody else wanted.
            Fate::NotSent => self.unless_replaced(entry, last, (side, another), troubles).await,
            // A take-profit that somebody ended is respected; a stop is owed all the same.
            Fate::Refused(_) | Fate::Ended { .. } if purpose == Purpose::StopLoss => {
                self.unless_covered(entry, side, another, troubles).await
            }
            Fate::Refused(_) | Fate::Ended { .. } => None,
        }
    }

    /// Whether nobody has sent it since it was looked up, and was refused: a name is not used again.
    async fn may_be_sent(&self, part: &Part, troubles: &mut Troubles) -> bool {
        let written = self.ports.journal.entry(&self.settings.account, part.id()).await;
        let written = troubles.read(Record::Journal, written).flatten();
        written.is_some_and(|it| !it.state.is_final()) && !self.is_in_flight(part.id())
    }

    /// What the venue has under this name; `None` if it does not tell.
    async fn looked_up(&self, entry: &ComposedEntry, last: &Part, troubles: &mut Troubles) -> Option<Option<Order>> {
        let symbol = &entry.order.symbol;
        let found = self.ports.broker.order(symbol, last.id()).await;
        let found = troubles.known(Subject::Orders, symbol, found)?;
        // Whoever has sent it died before that was written down; what becomes of it is followed from here on.
        if let Some(order) = found.as_ref().filter(|order| !order.status.is_final()) {
            let accepted = JournalState::Accepted { order_id: order.order_id.clone() };
            self.path.record(&last.order, accepted, troubles).await;
        }
        Some(found)
    }

    /// The number of another stop, unless one that was meant for the position since has taken its place: that covers what this
    /// one has opened too.
    async fn unless_covered(
        &self,
        entry: &ComposedEntry,
        side: PositionSide,
        another: Option<u16>,
        troubles: &mut Troubles,
    ) -> Option<u16> {
        let position = (&entry.order.symbol, side, entry.order.direction);
        if self.resting_stop(position, troubles).await.is_ok() { None } else { another }
    }

    /// The number of another stop, unless one that does the same rests, or one that was written down after this order has taken
    /// its place.
    async fn unless_replaced(
        &self,
        entry: &ComposedEntry,
        last: &Part,
        (side, another): (PositionSide, Option<u16>),
        troubles: &mut Troubles,
    ) -> Option<u16> {
        let position = (&entry.order.symbol, side, entry.order.direction);
        let Ok(resting) = self.resting_stop(position, troubles).await else { return another };
        if last.order.kind.trigger() == Some(resting.trigger) {
            return None;
        }
        let written = self.ports.journal.entry(&self.settings.account, &resting.client_order_id).await;
        let is_older = |it: &JournalEntry| it.intended_at < entry.placed_at;
        let rests_from_before = troubles.read(Record::Journal, written).flatten().is_some_and(|it| is_older(&it));
        if rests_from_before { another } else { None }
    }

    /// Closes what cannot be protected; answers why it was, and what came of it.
    pub(super) async fn abandon(
        &self,
        entry: &ComposedEntry,
        failure: &str,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> String {
        let (symbol, direction) = (&entry.order.symbol, entry.order.direction);
        let closing = Closing { symbol, direction, quantity: None, purpose: Purpose::Flatten, wait, name: None };
        let closed = match self.close_for(&closing).await {
            Ok(closed) => {
                closed.troubles.into_iter().for_each(|it| troubles.add(it));
                "the position was closed".to_owned()
            }
            Err(failure) => format!("the position was not closed: {failure}"),
        };
        format!("its stop-loss is not verified: {failure}; {closed}")
    }
}

/// This stop has fired while a part was on its way, and what that has filled since is held without any.
fn has_missed(stop: &Part, parts: &Parts, scene: &Scene) -> bool {
    let left = parts.filled(Purpose::Entry) - parts.filled(Purpose::StopLoss);
    stop.is_done() && scene.held.is_some_and(|held| held.quantity.get() <= left)
}

fn rests_as_meant(meant: &NewOrder, found: &Order) -> bool {
    (found.trigger, found.side, found.position_side) == (meant.kind.trigger(), meant.side, meant.position_side)
        && found.order_type == meant.kind.order_type()
        && found.close_position == (meant.size == OrderSize::WholePosition)
}
