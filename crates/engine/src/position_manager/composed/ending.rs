//! How composed orders end.

use super::{Doing, Progress};
use crate::composed::Parts;
use crate::order_path::Wait;
use crate::position_manager::flatten::is_beginning;
use crate::position_manager::kill_switch::is_engagement;
use crate::position_manager::reading::find_direction;
use crate::position_manager::{Flight, PositionManager};
use crate::trouble::{Record, Subject, Trouble, Troubles};
use futures_util::{StreamExt, stream};
use plimsoll_domain::{ClientOrderId, Order, OrderType, Position, PositionSide, Symbol};
use plimsoll_ports::{
    Alert, CommandError, ComposedEnd, ComposedEntry, ComposedKind, ComposedState, Purpose, RefusalReason,
    RiskEventRecord, Severity, StoreError,
};

/// Which of the composed orders that go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that open something.
    Openings,
    /// All of them.
    All,
}

/// How many are looked at side by side.
const AT_ONCE: usize = 8;

impl PositionManager {
    /// Why what opens something is to open no more of it, if so: trading is stopped, or was since it was placed, or the
    /// account was flattened since. `None` if nobody knows: then nothing more is opened now.
    ///
    /// A release allows new orders; what was going on when trading was stopped does not begin again by itself, also where
    /// nobody has looked at it meanwhile.
    pub(super) async fn stops_opening(
        &self,
        entry: &ComposedEntry,
        troubles: &mut Troubles,
    ) -> Option<Option<&'static str>> {
        if self.latched().is_some() {
            return Some(Some(KILLED));
        }
        if self.is_flattening() {
            return Some(Some(FLATTENED));
        }
        if troubles.read(Record::KillSwitch, self.kill_switch().await)?.engaged {
            return Some(Some(KILLED));
        }
        let events = self.ports.risk_events.since(&self.settings.account, entry.placed_at).await;
        let events = troubles.read(Record::RiskEvent, events)?;
        Some(events.iter().filter(|event| event.time >= entry.placed_at).find_map(why_it_stops))
    }

    /// Now that trading is stopped, or the account flat: looks at each once more and sends nothing that trades. What opened
    /// something ends, what of it has filled is protected first; what closes or protects ends where nothing is held any
    /// more. Answers those that have ended.
    pub(crate) async fn wind_up(&self, which: Which, troubles: &mut Troubles) -> Vec<ClientOrderId> {
        let working = self.ports.journal.working(&self.settings.account).await;
        let Some(mut working) = troubles.read(Record::Journal, working) else { return Vec::new() };
        working.retain(|entry| which == Which::All || entry.order.opening().is_some());
        working.retain(|entry| !self.is_with_a_colleague(entry));
        // What somebody else of this process is at ends there.
        let each = working.iter().map(|entry| async move {
            let _work = Flight::alone(&self.worked, &entry.id)?;
            Some(self.work_on(entry, Doing::Protecting, Wait::Glance).await)
        });
        let looks: Vec<Option<Progress>> = stream::iter(each.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        let mut ended = Vec::new();
        for it in looks.into_iter().flatten() {
            troubles.join(it.troubles.into());
            ended.extend(it.ended.map(|_| it.id));
        }
        ended
    }

    /// Whether this order is what a composed one that has ended should have taken with it: somebody ended that, and died
    /// before he had cancelled what rested. A stop is left: it protects, and goes with its position.
    pub(in crate::position_manager) async fn is_left_over(&self, order: &Order, troubles: &mut Troubles) -> bool {
        let account = &self.settings.account;
        let Some(intent) = self.ids.intent_of(&order.client_order_id) else { return false };
        if self.is_in_flight(&order.client_order_id) {
            return false;
        }
        let composed = self.ports.journal.composed(account, &intent.name()).await;
        let Some(composed) = troubles.read(Record::Journal, composed).flatten() else { return false };
        let part = self.ports.journal.entry(account, &order.client_order_id).await;
        let Some(part) = troubles.read(Record::Journal, part).flatten() else { return false };
        let has_ended = composed.state != ComposedState::Working;
        has_ended && !keeps(&composed, part.purpose)
    }

    /// Cancels a part; `true` if it rests no more, or ended by itself. What became of it is looked up: it may have filled.
    pub(super) async fn cancel_part(&self, symbol: &Symbol, id: &ClientOrderId, troubles: &mut Troubles) -> bool {
        match self.ports.broker.cancel(symbol, id).await {
            Ok(()) => true,
            Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder => true,
            Err(error) => {
                troubles.add(Trouble::NotCancelled { id: id.clone(), error });
                false
            }
        }
    }

    /// Records how it ended, and tells of what went wrong.
    pub(super) async fn end_composed(
        &self,
        entry: &ComposedEntry,
        how: ComposedEnd,
        why: &str,
        troubles: &mut Troubles,
    ) {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let written = self.ports.journal.end_composed(account, &entry.id, how, why, now).await;
        troubles.keep(written, |error| Trouble::NotJournalled { id: entry.id.clone(), error });
        let (kind, symbol) = (entry.order.kind.as_str(), &entry.order.symbol);
        let detail = format!("{kind} {}: {why}", entry.id);
        self.log_risk("composed_ended", Some(symbol), &detail, None, None, how.as_str(), troubles).await;
        if how == ComposedEnd::Failed {
            let key = format!("composed/{account}/{}", entry.id);
            let title = format!("{symbol}: the {kind} has ended before it was done");
            self.alert(&Alert { severity: Severity::Warning, key, title, body: detail }, troubles).await;
        }
    }

    /// Ends a composed order because somebody wants it: nothing more of it is sent, and what rests of it is cancelled. What
    /// has filled stays, and what protects that rests on, as does the stop of an OCO where the position has no other.
    /// Answers the parts that were cancelled.
    ///
    /// # Errors
    /// [`StoreError`] if the journal cannot be read or written: [`StoreError::NotFound`] where there is no such order, or it
    /// has ended.
    pub async fn cancel_composed(&self, id: &ClientOrderId, by: &str) -> Result<Vec<ClientOrderId>, StoreError> {
        let account = &self.settings.account;
        let working = self.ports.journal.working(account).await?;
        let gone = || StoreError::NotFound(format!("a composed order '{id}' that goes on"));
        let entry = working.into_iter().find(|entry| entry.id == *id).ok_or_else(gone)?;
        // Ended first: whoever looks at it meanwhile sends nothing more.
        let reason = format!("by {by}");
        let now = self.ports.clock.now();
        self.ports.journal.end_composed(account, id, ComposedEnd::Canceled, &reason, now).await?;
        let mut troubles = Troubles::default();
        let mut cancelled = Vec::new();
        let is_pair = matches!(entry.order.kind, ComposedKind::Oco { .. });
        let may_go = is_pair && !self.has_the_last_stop(&entry, &mut troubles).await;
        for part in self.ports.journal.parts(account, id).await? {
            if part.state.is_final() || (keeps(&entry, part.purpose) && !may_go) {
                continue;
            }
            let id = &part.order.client_order_id;
            if self.cancel_part(&part.order.symbol, id, &mut troubles).await {
                cancelled.push(id.clone());
            }
        }
        // What became of them is journalled, and what was only owed to a fill is owed no more where there was none.
        if let Some(parts) = self.parts_of(&entry, Wait::Glance, &mut troubles).await {
            self.drop_unneeded_protection(&entry, &parts, &mut troubles).await;
            self.protect_what_filled(&entry, &parts, &mut troubles).await;
        }
        Ok(cancelled)
    }

    /// What has filled of an opening that was ended stays, and has its stop before anything else is done.
    async fn protect_what_filled(&self, entry: &ComposedEntry, parts: &Parts, troubles: &mut Troubles) {
        let (Some(opening), false) = (entry.order.opening(), parts.filled(Purpose::Entry).is_zero()) else { return };
        let Some(scene) = self.scene(&entry.order.symbol, entry.order.direction, troubles).await else { return };
        let mut it = Progress::of(entry);
        self.protect_opening(entry, opening, (parts, &scene), Wait::Patiently, &mut it, troubles).await;
        self.record_opening(entry, opening, (parts, &scene), troubles).await;
    }

    /// Whether what it opened, protects or closes would be without a stop but for its own; also where nobody knows.
    async fn has_the_last_stop(&self, entry: &ComposedEntry, troubles: &mut Troubles) -> bool {
        let (symbol, direction) = (&entry.order.symbol, entry.order.direction);
        let positions = troubles.known(Subject::Position, symbol, self.ports.broker.positions().await);
        let open = troubles.known(Subject::Orders, symbol, self.ports.broker.open_orders(Some(symbol)).await);
        let (Some(positions), Some(open)) = (positions, open) else { return true };
        let Some((report, held)) = find_direction(&positions, symbol, direction) else { return false };
        let others = open.iter().filter(|order| !order.client_order_id.as_str().starts_with(entry.id.as_str()));
        !others.into_iter().any(|order| covers(order, report.position_side, held))
    }

    /// Whether somebody has ended it meanwhile: then that is how it stands.
    pub(super) async fn has_been_ended(
        &self,
        entry: &ComposedEntry,
        it: &mut Progress,
        troubles: &mut Troubles,
    ) -> bool {
        let found = self.ports.journal.composed(&self.settings.account, &entry.id).await;
        match troubles.read(Record::Journal, found).flatten().map(|found| found.state) {
            Some(ComposedState::Ended { how, reason }) => {
                it.ended = Some((how, reason));
                true
            }
            Some(ComposedState::Working) | None => false,
        }
    }

    /// Cancels one part of what has ended; `true` if it was worth another look.
    pub(super) async fn cancel_what_rests(
        &self,
        entry: &ComposedEntry,
        parts: &Parts,
        troubles: &mut Troubles,
    ) -> bool {
        let Some(part) = parts.0.iter().find(|it| it.rests() && !keeps(entry, it.purpose)) else {
            self.drop_unneeded_protection(entry, parts, troubles).await;
            return false;
        };
        self.cancel_part(&entry.order.symbol, part.id(), troubles).await
    }
}

/// A stop rests on when the order is ended, and so does the target of what it has opened.
fn keeps(entry: &ComposedEntry, purpose: Purpose) -> bool {
    purpose == Purpose::StopLoss || (purpose == Purpose::TakeProfit && entry.order.opening().is_some())
}

/// It is a stop for all of this position.
fn covers(order: &Order, side: PositionSide, held: Position) -> bool {
    order.order_type == OrderType::StopMarket
        && (order.position_side, order.side) == (side, held.direction.closing_side())
        && (order.close_position || order.quantity.is_some_and(|quantity| quantity >= held.quantity))
}

const KILLED: &str = "the kill switch is engaged";
const KILLED_SINCE: &str = "the kill switch was engaged";
const FLATTENED: &str = "the account was flattened";

fn why_it_stops(event: &RiskEventRecord) -> Option<&'static str> {
    if is_engagement(event) {
        return Some(KILLED_SINCE);
    }
    is_beginning(event).then_some(FLATTENED)
}
