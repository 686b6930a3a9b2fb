//! Closing everything: what could open more beside what is held, then a look at whether it is so.

mod cancelling;
mod exits;

use super::PositionManager;
use super::company::InHand;
use super::composed::Which;
use super::foreign::ForeignPolicy;
use super::outcome::{FlattenReason, Flattened, Unclosed};
use super::reconcile::Reconciliation;
use crate::order_path::Wait;
use crate::trouble::{Record, Trouble, Troubles};
use exits::Exits;
use plimsoll_domain::{Direction, Order, PositionReport, Symbol, Timestamp};
use plimsoll_ports::{Alert, PositionRecord, QueryError, RiskEventRecord, Severity, StoreError};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// How often in a row what is still held is closed in vain, until it is given up.
const ROUNDS: u32 = 3;

/// The risk events of a flattening: one when it begins, one when it has ended, and one for each time that a part of it was
/// done and the rest waits.
const BEGUN: &str = "flatten_begun";
const ENDED: &str = "flatten";
const WAITS: &str = "flatten_waits";

/// How far back a flattening without an end is looked for.
const LOOKED_BACK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What to do about a flattening that a crash has cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum UnfinishedFlatten {
    /// Close what was open when it began, and is held still.
    #[default]
    Finish,
    /// Tell a person.
    Tell,
}

/// A flattening that a crash has cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfFlattened {
    /// When it began.
    pub begun_at: Timestamp,
    /// Why.
    pub why: String,
    /// What was open when it began, and is recorded as open still.
    pub held: Vec<(Symbol, Direction)>,
    /// Finishing it; `None` if the settings say to tell only.
    pub outcome: Option<Box<Flattened>>,
}

/// What is held, and what rests.
type Remaining = (Vec<PositionReport>, Vec<Order>);

/// While one lives, nothing that adds exposure is sent.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PositionManager {
    /// Cancels every order that could add exposure and, beside it, closes every position; cancels what rests still, and
    /// reads back whether the venue is flat: only [`Flattened::is_confirmed`] says so. It goes on when parts of it fail, and
    /// tells each.
    ///
    /// Under [`ForeignPolicy::Watch`] and [`ForeignPolicy::Ignore`] positions of others stay, and under every policy their
    /// orders do, unless an operator flattens an account whose strangers are adopted. That it has begun is a risk event of
    /// its own, so that [`reconcile`](Self::reconcile) knows of one that a crash has cut short.
    pub async fn flatten_all(&self, reason: FlattenReason) -> Flattened {
        self.flattenings.fetch_add(1, Ordering::SeqCst);
        let _under_way = UnderWay::new(&self.flattening);
        let mut noted = Troubles::default();
        let said = reason.to_string();
        // Written beside the closing: no database keeps a position open.
        let begun = self.log_risk(BEGUN, None, &said, None, None, "begun", &mut noted);
        let ((), mut it) = futures_util::future::join(begun, self.flatten(reason, None, ENDED, Wait::Patiently)).await;
        it.troubles.extend(noted.into_vec());
        it
    }

    /// Closes whatever may be closed: of those in `only`, if that is given. How it came out goes on record as this kind of
    /// event.
    async fn flatten(
        &self,
        reason: FlattenReason,
        only: Option<&[(Symbol, Direction)]>,
        kind: &'static str,
        wait: Wait,
    ) -> Flattened {
        let mut it = Flattened {
            reason,
            closed: Vec::new(),
            failed: Vec::new(),
            cancelled: Vec::new(),
            ended: Vec::new(),
            remaining: None,
            left_alone: 0,
            troubles: Vec::new(),
        };
        let mut troubles = Troubles::default();
        let by_wish = matches!(it.reason, FlattenReason::Wanted { .. });
        let is_adopted = by_wish && self.settings.foreign == ForeignPolicy::Adopt;
        let is_ours = |order: &Order| self.ids.is_ours(&order.client_order_id) || self.is_known_as_attached(order);
        let may_cancel = |order: &Order| is_adopted || is_ours(order);
        let adds = |order: &Order| may_cancel(order) && order.adds_exposure();
        let may_go = |order: &Order, held: &[PositionReport]| {
            // What protects a position that could not be closed stays.
            adds(order) || may_cancel(order) && !directions(held).iter().any(|(symbol, _)| *symbol == order.symbol)
        };
        let (mut wait, mut exits) = (wait, Exits::default());
        for _ in 0..ROUNDS {
            // What is held does not wait until a slow venue has cancelled the last entry.
            let are_cancelled = AtomicBool::new(false);
            let cancelling = async {
                let entries = self.cancel_orders(adds, &mut troubles).await;
                let is_none_left = entries.rests.as_ref().is_some_and(|rests| !rests.iter().any(adds));
                are_cancelled.store(is_none_left, Ordering::SeqCst);
                entries
            };
            let closing = self.close_in_passes(only, wait, &are_cancelled, &mut exits);
            let (entries, looked) = futures_util::future::join(cancelling, closing).await;
            let was_closed = looked.as_ref().is_some_and(|(positions, _)| self.to_close(positions, only).is_empty());
            // An entry may have filled after the last look at what is held, and before it was cancelled.
            let positions = match looked {
                Some((positions, true)) => Some(positions),
                _ => self.positions_patiently(Wait::Glance).await.ok(),
            };
            it.cancelled.extend(entries.done);
            let known = positions.zip(entries.rests);
            let (cancelled, remaining) = self.clear_and_read_back(known, is_adopted, may_go, &mut troubles).await;
            it.cancelled.extend(cancelled);
            it.remaining = remaining;
            let is_held = |(positions, _): &Remaining| !self.to_close(positions, only).is_empty();
            if !was_closed || !it.remaining.as_ref().is_some_and(is_held) {
                break;
            }
            wait = Wait::Glance;
        }
        // What was done in parts has nothing left to do.
        it.ended = self.wind_up(Which::All, &mut troubles).await;
        if !it.ended.is_empty() {
            it.remaining = troubles.keep(self.read_back().await, Trouble::RemainderNotKnown);
        }
        it.left_alone = it.remaining.as_ref().map_or(0, |(positions, orders)| self.count_left_alone(positions, orders));
        let closed = exits.closed(it.remaining.as_ref().map(|(positions, _)| positions.as_slice()));
        it.failed.append(&mut exits.failed);
        it.cancelled.append(&mut exits.cleared);
        troubles.join(std::mem::take(&mut exits.troubles));
        // What was cut short and is not finished yet is finished by whoever compares next.
        let is_closed = |(positions, _): &Remaining| self.to_close(positions, only).is_empty();
        let kind = if only.is_none() || it.remaining.as_ref().is_some_and(is_closed) { kind } else { WAITS };
        self.tell_of_flattening(&it, closed, kind, &mut troubles).await;
        // The books are written when the venue is flat, and that is told.
        let read_back = it.remaining.as_ref().filter(|(_, orders)| !orders.iter().any(may_cancel));
        let read_back = read_back.map(|(positions, _)| positions.as_slice());
        let each = exits.sent.into_iter().map(|exit| async move {
            let closed = self.conclude_exit(exit).await?;
            Ok::<_, Unclosed>(self.after_closing(closed, read_back).await)
        });
        for outcome in futures_util::future::join_all(each).await {
            match outcome {
                Ok(closed) => it.closed.push(closed),
                Err(unclosed) => it.failed.push(unclosed),
            }
        }
        it.troubles = troubles.into_vec();
        it
    }

    /// What is held, but for positions of others that the policy leaves alone.
    pub(super) fn closable(&self, positions: &[PositionReport]) -> Vec<(Symbol, Direction)> {
        let ours = positions.iter().filter(|report| !self.is_left_alone(&report.symbol, report.position_side));
        directions(ours)
    }

    /// The same of those in `only`, if that is given.
    pub(super) fn to_close(
        &self,
        positions: &[PositionReport],
        only: Option<&[(Symbol, Direction)]>,
    ) -> Vec<(Symbol, Direction)> {
        let mut held = self.closable(positions);
        held.retain(|it| only.is_none_or(|only| only.contains(it)));
        held
    }

    /// A flattening that began, and whose end is not on record: it is finished or told, as the settings say. Only
    /// positions that were open when it began are closed. While another process has one of them in hand it has not ended:
    /// what is left is closed by whoever looks when that process is done.
    pub(crate) async fn finish_flattening(
        &self,
        open: &[PositionRecord],
        in_hand: &InHand,
        wait: Wait,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        if self.is_flattening() {
            return;
        }
        let since = self.ports.clock.now().minus(LOOKED_BACK);
        let events = self.ports.risk_events.since(&self.settings.account, since).await;
        let Some(events) = troubles.read(Record::RiskEvent, events) else { return };
        let of_flattening = |event: &&RiskEventRecord| event.kind == BEGUN || event.kind == ENDED;
        let Some(begun) = events.iter().rfind(of_flattening).filter(|event| event.kind == BEGUN) else { return };
        // Another process may have it under way.
        let is_young = self.ports.clock.now().since(begun.time) < self.settings.patience.give_up;
        if is_young && self.colleagues.is_anyone_alive() {
            return;
        }
        let of_then = open.iter().filter(|record| record.opened.opened_at <= begun.time);
        let (theirs, ours): (Vec<_>, Vec<_>) =
            of_then.partition(|record| in_hand.has(&record.opened.symbol, record.opened.side));
        if ours.is_empty() && !theirs.is_empty() {
            return;
        }
        let held: Vec<(Symbol, Direction)> =
            ours.iter().map(|record| (record.opened.symbol.clone(), record.opened.direction)).collect();
        let (begun_at, why) = (begun.time, begun.detail.clone());
        let outcome = match self.settings.unfinished_flatten {
            UnfinishedFlatten::Finish => {
                let reason = FlattenReason::CutShort { why: why.clone(), begun_at };
                let kind = if theirs.is_empty() { ENDED } else { WAITS };
                Some(Box::new(self.flatten(reason, Some(&held), kind, wait).await))
            }
            UnfinishedFlatten::Tell => None,
        };
        it.flattening = Some(HalfFlattened { begun_at, why, held, outcome });
    }

    /// All that is held and all that rests: an account with positions or orders of others is not flat.
    /// The orders first: one that filled after it was listed shows in the positions.
    async fn read_back(&self) -> Result<Remaining, QueryError> {
        let mut orders = self.open_orders_patiently(None).await?;
        orders.retain(|order| !order.status.is_final());
        let mut positions = self.positions_patiently(Wait::Glance).await?;
        positions.retain(|report| report.position.is_some());
        Ok((positions, orders))
    }

    fn count_left_alone(&self, positions: &[PositionReport], orders: &[Order]) -> usize {
        if self.settings.foreign == ForeignPolicy::Adopt {
            return 0;
        }
        let positions = positions.iter().filter(|report| self.is_left_alone(&report.symbol, report.position_side));
        let is_ours = |order: &&Order| self.ids.is_ours(&order.client_order_id) || self.is_known_as_attached(order);
        let orders = orders.iter().filter(|order| !is_ours(order));
        positions.count() + orders.count()
    }

    async fn tell_of_flattening(&self, it: &Flattened, closed: usize, kind: &'static str, troubles: &mut Troubles) {
        let state = match &it.remaining {
            Some(_) if it.is_confirmed() => "the venue is flat".to_owned(),
            Some((positions, orders)) => {
                let (positions, orders, theirs) = (positions.len(), orders.len(), it.left_alone);
                format!("{positions} positions and {orders} orders remain, {theirs} of them of others, left alone")
            }
            None => "the venue does not tell whether it is flat".to_owned(),
        };
        let detail = format!("{}; {} closed, {} failed; {state}", it.reason, closed, it.failed.len());
        self.log_risk(kind, None, &detail, None, None, "flattened", troubles).await;
        let account = &self.settings.account;
        let alert = Alert {
            severity: Severity::Critical,
            key: format!("flatten/{account}"),
            title: format!("{account} was flattened: {state}"),
            body: detail,
        };
        self.alert(&alert, troubles).await;
    }

    /// How many flattenings have begun in all.
    pub(crate) fn flattenings_begun(&self) -> u32 {
        self.flattenings.load(Ordering::SeqCst)
    }

    /// Whether one has begun since then by the records, whoever began it.
    pub(crate) async fn has_flattening_begun_since(&self, since: Timestamp) -> Result<bool, StoreError> {
        let events = self.ports.risk_events.since(&self.settings.account, since).await?;
        Ok(events.iter().any(|event| is_beginning(event) && event.time >= since))
    }

    /// Whether a flattening is under way.
    pub(crate) fn is_flattening(&self) -> bool {
        self.flattening.load(Ordering::SeqCst) > 0
    }
}

/// Whether it tells that a flattening has ended.
pub(super) fn is_end(event: &RiskEventRecord) -> bool {
    event.kind == ENDED
}

/// Whether it tells that a flattening has begun.
pub(super) fn is_beginning(event: &RiskEventRecord) -> bool {
    event.kind == BEGUN
}

fn directions<'a>(positions: impl IntoIterator<Item = &'a PositionReport>) -> Vec<(Symbol, Direction)> {
    positions.into_iter().filter_map(|report| Some((report.symbol.clone(), report.position?.direction))).collect()
}
