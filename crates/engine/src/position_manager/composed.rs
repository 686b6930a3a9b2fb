//! Composed orders at work: what is next for each is decided by [`crate::composed`], and done here.

mod ahead;
mod beginning;
mod ending;
mod failure;
mod owed_stops;
mod parts;
mod placing;
mod protecting;
mod recording;

pub(crate) use ending::Which;
pub use failure::ComposeFailure;
pub(super) use owed_stops::OwedStops;

use super::failure::ProtectionFailure;
use super::outcome::Protection;
use super::reading::find_direction;
use super::{Flight, PositionManager};
use crate::client_order_id::IntentId;
use crate::composed::{Facts, Fate, Next, Parts, next, opening_is_over};
use crate::order_path::Wait;
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::{
    ClientOrderId, Direction, Instrument, Position, PositionSide, Price, Quantity, Symbol, Timestamp,
};
use plimsoll_ports::{
    ComposedEnd, ComposedEntry, ComposedKind, ComposedOrder, JournalEntry, JournalState, Purpose, StoreError,
};
use protecting::Shelter;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

/// No composed order takes more steps in one pass than this: margin is to be watched meanwhile.
const MOST_STEPS: u8 = 8;

/// How a composed order stands after it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its name, with which the ids of all its parts begin.
    pub id: ClientOrderId,
    /// What was meant.
    pub order: ComposedOrder,
    /// How much of it has filled.
    pub filled: Option<Quantity>,
    /// The parts that were sent now.
    pub sent: Vec<ClientOrderId>,
    /// What became of its protection, where some was owed now.
    pub protected: Vec<Result<Protection, ProtectionFailure>>,
    /// How it has ended, if it has.
    pub ended: Option<(ComposedEnd, String)>,
    /// When it is its turn again, if that is a matter of time.
    pub due: Option<Timestamp>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

impl Progress {
    fn of(entry: &ComposedEntry) -> Self {
        Self {
            id: entry.id.clone(),
            order: entry.order.clone(),
            filled: None,
            sent: Vec::new(),
            protected: Vec::new(),
            ended: None,
            due: None,
            troubles: Vec::new(),
        }
    }
}

/// How much may be done for composed orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Whatever is next.
    Everything,
    /// What protects, cancels or ends; nothing that trades: somebody else carries them on.
    Protecting,
}

/// What a composed order is looked at with.
struct Scene {
    side: PositionSide,
    instrument: Instrument,
    mark: Price,
    held: Option<Position>,
}

impl Scene {
    const fn facts(&self, now: Timestamp) -> Facts<'_> {
        Facts { now, mark: self.mark, held: self.held, instrument: &self.instrument }
    }
}

impl PositionManager {
    /// Writes a composed order down and begins it. Whoever runs a [`Guard`](crate::Guard) on the account carries it on, in
    /// this process or after it.
    ///
    /// What opens something is judged whole by every limit first, and each part of it again before it is sent.
    ///
    /// # Errors
    /// [`ComposeFailure`]: nothing was sent then; whether it goes on is not known after
    /// [`NotKnownWritten`](ComposeFailure::NotKnownWritten).
    pub async fn compose(&self, order: &ComposedOrder) -> Result<Progress, ComposeFailure> {
        self.compose_as(self.name_intent(), order).await
    }

    /// The same under a [name](Self::name_intent) that was given before, by which whoever wants it knows its fills.
    ///
    /// # Errors
    /// [`ComposeFailure`] as of [`compose`](Self::compose).
    pub async fn compose_as(&self, name: IntentId, order: &ComposedOrder) -> Result<Progress, ComposeFailure> {
        // Whoever finds it in the journal leaves it to us.
        let _work = Flight::of(&self.worked, &name.name());
        let entry = {
            let Ok(_turn) = self.turn.acquire().await else { return Err(ComposeFailure::ShuttingDown) };
            self.write_composed(order, name).await?
        };
        self.carried().insert(entry.id.clone());
        Ok(self.work_on(&entry, Doing::Everything, Wait::Patiently).await)
    }

    /// The same for a limit order of somebody who lets orders rest on both sides of the market in one contract, as a grid does: those of
    /// one `group` may open against each other, and whoever hears that one has filled cancels the others. A process that takes
    /// them up after a restart knows nothing of groups: what rests goes on, and what was not sent yet is refused.
    ///
    /// # Errors
    /// [`ComposeFailure`] as of [`compose`](Self::compose).
    pub async fn compose_both_ways(
        &self,
        name: IntentId,
        group: &str,
        order: &ComposedOrder,
    ) -> Result<Progress, ComposeFailure> {
        let id = name.name();
        if matches!(order.kind, ComposedKind::Bracket { .. }) {
            self.both_ways().insert(id.clone(), group.into());
        }
        let outcome = self.compose_as(name, order).await;
        let goes_on = match &outcome {
            Ok(progress) => progress.ended.is_none(),
            Err(failure) => matches!(failure, ComposeFailure::NotKnownWritten { .. }),
        };
        if !goes_on {
            self.both_ways().remove(&id);
        }
        outcome
    }

    pub(super) fn both_ways(&self) -> MutexGuard<'_, HashMap<ClientOrderId, Arc<str>>> {
        self.both_ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at every composed order that goes on, and does what is next for each.
    pub(crate) async fn work(&self, doing: Doing, wait: Wait, troubles: &mut Troubles) -> Vec<Progress> {
        let working = self.ports.journal.working(&self.settings.account).await;
        let Some(mut working) = troubles.read(Record::Journal, working) else { return Vec::new() };
        working.retain(|entry| !self.is_with_a_colleague(entry) && self.is_ours_to_carry(&entry.id));
        {
            // What somebody else of this process has just written down may not be among them.
            let mut carried = self.carried();
            carried.retain(|id| self.worked_on(id));
            carried.extend(working.iter().map(|entry| entry.id.clone()));
        }
        let goes_on = |id: &ClientOrderId| self.worked_on(id) || working.iter().any(|entry| entry.id == *id);
        self.both_ways().retain(|id, _| goes_on(id));
        self.owed_stops().retain(|id| self.ids.intent_of(id).is_some_and(|intent| goes_on(&intent.name())));
        let mut progress = Vec::new();
        for entry in &working {
            // What somebody else of this process is at goes on there.
            let Some(_work) = Flight::alone(&self.worked, &entry.id) else { continue };
            progress.push(self.work_on(entry, doing, wait).await);
        }
        progress
    }

    /// What protects what was opened in parts is seen to before anything else.
    pub(crate) async fn shelter(&self) -> Vec<Progress> {
        self.work(Doing::Protecting, Wait::Glance, &mut Troubles::default()).await
    }

    /// Whether this order is a part of a composed one that goes on, and is not just being sent.
    pub(crate) fn carries(&self, id: &ClientOrderId) -> bool {
        let name = self.ids.intent_of(id).map(|intent| intent.name());
        name.is_some_and(|name| self.carried().contains(&name)) && !self.is_in_flight(id)
    }

    /// Carries on this composed order and no other, whoever else does: what somebody carries beside us would be sent twice.
    pub fn carry_only(&self, id: &ClientOrderId) {
        *self.only.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
    }

    fn worked_on(&self, id: &ClientOrderId) -> bool {
        self.worked.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    fn is_ours_to_carry(&self, id: &ClientOrderId) -> bool {
        self.only.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(|only| only == id)
    }

    /// Whether another process that lives carries it on.
    fn is_with_a_colleague(&self, entry: &ComposedEntry) -> bool {
        self.is_a_colleagues(&IntentId::named(&entry.id).order(Purpose::Entry, 0))
    }

    fn carried(&self) -> MutexGuard<'_, HashSet<ClientOrderId>> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work_on(&self, entry: &ComposedEntry, doing: Doing, wait: Wait) -> Progress {
        let mut it = Progress::of(entry);
        let mut troubles = Troubles::default();
        for _ in 0..MOST_STEPS {
            if !self.step(entry, (doing, wait), &mut it, &mut troubles).await {
                break;
            }
        }
        it.troubles = troubles.into_vec();
        it
    }

    /// One look and what is next; `false` if there is nothing more to be done for now.
    async fn step(
        &self,
        entry: &ComposedEntry,
        (doing, wait): (Doing, Wait),
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        let Some(parts) = self.parts_of(entry, wait, troubles).await else { return false };
        it.filled = filled(&parts);
        // Somebody may have ended it while a part was sent: that part is not left behind.
        if !it.sent.is_empty() && self.has_been_ended(entry, it, troubles).await {
            return self.cancel_what_rests(entry, &parts, troubles).await;
        }
        // Read after the parts: what they have filled is in it.
        let Some(scene) = self.scene(&entry.order.symbol, entry.order.direction, troubles).await else { return false };
        let facts = scene.facts(self.ports.clock.now());
        let next = match entry.order.opening() {
            Some(opening) => match self.protect_opening(entry, opening, (&parts, &scene), wait, it, troubles).await {
                Shelter::Stands => {
                    self.record_opening(entry, opening, (&parts, &scene), troubles).await;
                    let Some(stopped) = self.stops_opening(entry, troubles).await else { return false };
                    let over = opening_is_over(&parts, &facts, stopped);
                    over.map_or_else(|| next(entry, &parts, &facts), |end| end_or_cancel(&parts, end))
                }
                Shelter::Owed => return false,
                Shelter::Abandoned(why) => end_or_cancel(&parts, (ComposedEnd::Failed, why)),
            },
            None => next(entry, &parts, &facts),
        };
        match next {
            Next::Wait(until) => {
                it.due = until;
                false
            }
            Next::Cancel(id) => self.cancel_part(&entry.order.symbol, &id, troubles).await,
            Next::Place(part) if doing == Doing::Everything || part.purpose.protects() => {
                // Somebody may have ended it since this pass began.
                if self.has_been_ended(entry, it, troubles).await {
                    return self.cancel_what_rests(entry, &parts, troubles).await;
                }
                self.place_part(entry, part, (&parts, &scene), wait, it, troubles).await
            }
            Next::Place(_) => false,
            Next::End(how, why) => {
                self.drop_unneeded_protection(entry, &parts, troubles).await;
                self.end_composed(entry, how, &why, troubles).await;
                it.ended = Some((how, why));
                false
            }
        }
    }

    async fn scene(&self, symbol: &Symbol, direction: Direction, troubles: &mut Troubles) -> Option<Scene> {
        let broker = &self.ports.broker;
        let instrument = troubles.known(Subject::Instrument, symbol, broker.instrument(symbol).await)?;
        let mark = troubles.known(Subject::MarkPrice, symbol, self.ports.feed.mark_price(symbol).await)?.price;
        let positions = troubles.known(Subject::Position, symbol, broker.positions().await)?;
        let found = find_direction(&positions, symbol, direction);
        let side = found.map_or_else(
            || PositionSide::of(direction, self.settings.position_mode),
            |(report, _)| report.position_side,
        );
        Some(Scene { side, instrument, mark, held: found.map(|(_, held)| held) })
    }

    /// These orders, without the protection that a composed order that goes on owes to what has not filled yet: it waits
    /// for that, and is looked after where the rest of it is.
    pub(crate) async fn without_owed_parts(
        &self,
        mut orders: Vec<JournalEntry>,
        troubles: &mut Troubles,
    ) -> Vec<JournalEntry> {
        let owed = |it: &JournalEntry| {
            it.purpose.protects() && matches!(it.state, JournalState::Intended | JournalState::Unanswered)
        };
        if !orders.iter().any(owed) {
            return orders;
        }
        let working = self.ports.journal.working(&self.settings.account).await;
        let working = troubles.read(Record::Journal, working).unwrap_or_default();
        let waits = |it: &JournalEntry| {
            let id = it.order.client_order_id.as_str();
            working.iter().any(|entry| entry.order.opening().is_some() && id.starts_with(entry.id.as_str()))
        };
        orders.retain(|it| !(owed(it) && waits(it)));
        orders
    }

    /// A composed order by its name, if there ever was one.
    ///
    /// # Errors
    /// [`StoreError`] if the journal cannot be read.
    pub async fn composed(&self, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        self.ports.journal.composed(&self.settings.account, id).await
    }

    /// Every composed order that goes on, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the journal cannot be read.
    pub async fn working(&self) -> Result<Vec<ComposedEntry>, StoreError> {
        self.ports.journal.working(&self.settings.account).await
    }
}

/// Nothing more is sent: what rests to open more is cancelled first, and what may rest is looked up again.
fn end_or_cancel(parts: &Parts, (how, why): (ComposedEnd, String)) -> Next {
    if parts.of(Purpose::Entry).any(|part| part.fate == Fate::Unknown) {
        return Next::Wait(None);
    }
    parts.resting(Purpose::Entry).map_or(Next::End(how, why), |part| Next::Cancel(part.id().clone()))
}

fn filled(parts: &Parts) -> Option<Quantity> {
    let traded = [Purpose::Entry, Purpose::Exit].map(|purpose| parts.filled(purpose));
    Quantity::new(traded.into_iter().sum()).ok()
}
