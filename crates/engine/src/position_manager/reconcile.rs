//! After a start: what the journal does not know the end of, what the venue holds and the records do not, and the other
//! way round. Each step is found done, or done again under the same id, when the process dies in the middle of it.

mod back_fill;
mod evidence;
mod report;
mod restore;
mod summary;

pub(crate) use back_fill::LOOK_BACK;
pub use report::{Adopted, Drifted, OrderFate, Orphan, Reconciliation, Unprotected};
pub use restore::Restored;
pub use summary::{Finding, Summary};

use super::PositionManager;
use super::composed::Doing;
use super::failure::ReconcileFailure;
use super::foreign::Foreign;
use super::just_read::JustRead;
use super::reading::Reading;
use super::settle::is_protective;
use crate::order_path::{Evidence, SendFailure, Sent, Wait};
use crate::trouble::{Record, Subject, Troubles};
use plimsoll_domain::{Direction, Order, OrderId, PositionReport, Timestamp};
use plimsoll_ports::{Alert, JournalEntry, JournalState, PositionRecord, PositionStatus, Purpose, Severity};
use std::collections::HashSet;
use std::time::Duration;

impl PositionManager {
    /// Brings journal, records and venue together: to be called on every start, before the first decision.
    ///
    /// Every order whose end is not journalled is looked up, and finished in the journal. Fills that no record holds are
    /// back-filled: records follow the venue, positions that opened, closed or did both meanwhile are recorded with their
    /// true figures. Protection that is owed to a position is placed: under the name that it was journalled by if it never
    /// reached the venue, under the next name of its intent if it is gone from there; a position whose stop cannot be had
    /// is treated as the settings say ([`UnverifiedStop`](super::UnverifiedStop)). Our protective orders that outlived
    /// their position are cancelled. A flattening that was cut short is finished or told. Orders and positions that are not
    /// ours are treated by the [`ForeignPolicy`](super::ForeignPolicy), and announced once.
    ///
    /// # Errors
    /// [`ReconcileFailure`] if venue or records cannot be read: nothing should be opened before that is so.
    pub async fn reconcile(&self) -> Result<Reconciliation, ReconcileFailure> {
        Ok(self.reconcile_and_read().await?.0)
    }

    /// The same, with what was read of the account, if nothing was done about it: a first look, or a
    /// [preview](Self::preview_by), need not ask again.
    ///
    /// # Errors
    /// [`ReconcileFailure`] as of [`reconcile`](Self::reconcile).
    pub async fn reconcile_and_read(&self) -> Result<(Reconciliation, Option<JustRead>), ReconcileFailure> {
        let _turn = self.turn.acquire().await.ok();
        self.bring_together(Wait::Patiently).await
    }

    /// The same in passing: an order whose fate is not definite is looked at again the next time, so that nothing that is
    /// to be watched waits for it. With what was read of the account, as [`reconcile_and_read`](Self::reconcile_and_read).
    ///
    /// # Errors
    /// [`ReconcileFailure`] as of [`reconcile`](Self::reconcile).
    pub async fn compare(&self) -> Result<(Reconciliation, Option<JustRead>), ReconcileFailure> {
        let _turn = self.turn.acquire().await.ok();
        self.bring_together(Wait::Glance).await
    }

    async fn bring_together(&self, wait: Wait) -> Result<(Reconciliation, Option<JustRead>), ReconcileFailure> {
        // What was opened in parts is protected first; who carries it on is not asked here.
        let mut troubles = Troubles::default();
        let composed = self.work(Doing::Protecting, wait, &mut troubles).await;
        let (mut it, read) = self.mend_by_reading(wait).await?;
        it.composed = composed;
        it.troubles.extend(troubles.into_vec());
        self.back_fill_bookings(&mut it).await;
        let mut troubles = Troubles::default();
        it.climbed = self.climb(&mut troubles).await;
        self.journal.catch_up().await;
        it.troubles.extend(troubles.into_vec());
        let is_as_read = it.is_clean() && it.composed.iter().all(|it| it.sent.is_empty());
        Ok((it, read.filter(|_| is_as_read)))
    }

    /// The same without the bookings, by whoever holds the turn.
    pub(crate) async fn mend(&self, wait: Wait) -> Result<Reconciliation, ReconcileFailure> {
        Ok(self.mend_by_reading(wait).await?.0)
    }

    /// The same, with what was read last of the account; `None` where a part of it is in the hands of others.
    async fn mend_by_reading(&self, wait: Wait) -> Result<(Reconciliation, Option<JustRead>), ReconcileFailure> {
        let mut troubles = Troubles::default();
        let started = self.ports.clock.now();
        let mut it = Reconciliation { started, ..Reconciliation::default() };
        let unfinished = self.ports.journal.unfinished(&self.settings.account).await?;
        let in_hand = self.in_hand(&unfinished).await?;
        let is_free =
            |entry: &JournalEntry| !self.is_in_flight(&entry.order.client_order_id) && !in_hand.has_order(entry);
        let unfinished = unfinished.into_iter().filter(is_free).collect();
        let unfinished = self.without_owed_parts(unfinished, &mut troubles).await;
        let mut unsent = self.find_fates(&unfinished, wait, &mut it, &mut troubles).await;
        self.back_fill_funding(&mut it, &mut troubles).await;
        let mut begun = self.reading_begins();
        let reading = in_hand.left_out_of(self.read_account(&mut troubles).await?);
        self.back_fill(&unfinished, &reading, &in_hand, &mut it, &mut troubles).await?;
        self.look_again(&unfinished, &mut it, &mut troubles).await;
        let all = self.ports.positions.by_status(&self.settings.account, PositionStatus::Open).await?;
        let is_free = |record: &&PositionRecord| !in_hand.has(&record.opened.symbol, record.opened.side);
        let open: Vec<PositionRecord> = all.iter().filter(is_free).cloned().collect();
        self.protect_what_is_held(&open, &reading, wait, &mut unsent, &mut it, &mut troubles).await;
        for entry in &unsent {
            let fate = self.fate_of_unneeded(entry, (&it, &reading), wait, &mut troubles).await;
            it.orders.push(fate);
        }
        self.tell_drift(&open, &reading, &mut it);
        self.finish_flattening(&all, &in_hand, wait, &mut it, &mut troubles).await;
        // What was done since is not in the reading: what is left over is judged by a new one.
        let reading = match it.is_clean() && unsent.is_empty() {
            true => reading,
            false => {
                begun = self.reading_begins();
                in_hand.left_out_of(self.read_account(&mut troubles).await?)
            }
        };
        let attached = self.attached_of(&reading.snapshot.orders, &mut troubles).await;
        it.orphans = self.orphans(&reading, (&it.orders, &attached), &mut troubles).await;
        let is_whole = in_hand.is_empty();
        it.foreign = self.announce_foreign(&reading, is_whole, &attached, &mut troubles).await;
        self.tell_of_reconciliation(&it, &mut troubles).await;
        it.took = self.ports.clock.now().since(started);
        it.troubles = troubles.into_vec();
        Ok((it, is_whole.then(|| self.just_read(reading, begun))))
    }

    /// Finds out what became of every order; answers the protection that the venue has never had, whose turn comes when
    /// it is known what it was for.
    async fn find_fates(
        &self,
        unfinished: &[JournalEntry],
        wait: Wait,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) -> Vec<JournalEntry> {
        let (entries, others): (Vec<_>, Vec<_>) = unfinished.iter().partition(|entry| entry.purpose == Purpose::Entry);
        let mut unsent = Vec::new();
        for entry in entries.into_iter().chain(others) {
            if self.is_unsent_protection(entry, troubles).await {
                unsent.push(entry.clone());
            } else {
                it.orders.push(self.fate_of(entry, wait, troubles).await);
            }
        }
        unsent
    }

    /// Now that the records follow the venue, a position that has changed may not speak for an entry any more.
    async fn look_again(&self, unfinished: &[JournalEntry], it: &mut Reconciliation, troubles: &mut Troubles) {
        for index in 0..it.orders.len() {
            let Some(fate) = it.orders.get(index).filter(|it| it.purpose == Purpose::Entry && !it.is_known()) else {
                continue;
            };
            let entry = unfinished.iter().find(|entry| entry.order.client_order_id == fate.client_order_id);
            let Some(entry) = entry else { continue };
            let fate = self.fate_of(entry, Wait::Glance, troubles).await;
            if let Some(slot) = it.orders.get_mut(index) {
                *slot = fate;
            }
        }
    }

    /// A stop-loss or take-profit that may not have been sent, and that the venue does not know.
    async fn is_unsent_protection(&self, entry: &JournalEntry, troubles: &mut Troubles) -> bool {
        let protects = entry.purpose.protects();
        let may_be_unsent = matches!(entry.state, JournalState::Intended | JournalState::Unanswered);
        if !(protects && may_be_unsent) {
            return false;
        }
        let found = self.ports.broker.order(&entry.order.symbol, &entry.order.client_order_id).await;
        matches!(troubles.known(Subject::Orders, &entry.order.symbol, found), Some(None))
    }

    /// A conditional order that rests is no news; everything else is followed to its end.
    pub(super) async fn fate_of(&self, entry: &JournalEntry, wait: Wait, troubles: &mut Troubles) -> OrderFate {
        let order_id = match &entry.state {
            JournalState::Accepted { order_id } => Some(order_id.clone()),
            _ => None,
        };
        // An entry that traded shows in the position, whatever book and trades tell: the records say what that was.
        let evidence = match entry.purpose {
            Purpose::Entry => match self.size_without(entry, troubles).await {
                Some(size) => Evidence::Size(size),
                // A weaker proof could journal an entry that has filled as never sent.
                None => {
                    let why = "the records do not tell what is held of its contract".to_owned();
                    return OrderFate::of(entry, Err(SendFailure::Unresolved(why)));
                }
            },
            _ => Evidence::BookAndTrades,
        };
        // What is not definite by then is looked at again with every pass of monitoring.
        let give_up = match wait {
            Wait::Patiently => self.settings.patience.window,
            Wait::Glance => Duration::ZERO,
        };
        // What is journalled of it last is no earlier than when it was last sent.
        let sent = Sent { intended_at: entry.intended_at, last_at: entry.updated_at };
        let fate = self.path.follow_for(give_up, &entry.order, order_id, sent, evidence, troubles).await;
        OrderFate::of(entry, fate)
    }

    /// The fate of protection that no position claims. While it is not known what became of its entry, or its position cannot
    /// be priced, it waits.
    async fn fate_of_unneeded(
        &self,
        entry: &JournalEntry,
        (it, reading): (&Reconciliation, &Reading),
        wait: Wait,
        troubles: &mut Troubles,
    ) -> OrderFate {
        let order = &entry.order;
        let is_its =
            |report: &PositionReport| (&report.symbol, report.position_side) == (&order.symbol, order.position_side);
        if reading.unpriced.iter().any(is_its) {
            let why = "what is held of its contract cannot be priced".to_owned();
            return OrderFate::of(entry, Err(SendFailure::Unresolved(why)));
        }
        let intent = self.ids.intent_of(&entry.order.client_order_id);
        let waits = |fate: &&OrderFate| {
            fate.purpose == Purpose::Entry
                && !fate.is_known()
                && intent.is_some()
                && self.ids.intent_of(&fate.client_order_id) == intent
        };
        match it.orders.iter().find(waits) {
            Some(_) => {
                let why = "what became of its entry is not known".to_owned();
                OrderFate::of(entry, Err(SendFailure::Unresolved(why)))
            }
            None => self.fate_of(entry, wait, troubles).await,
        }
    }

    async fn back_fill_funding(&self, it: &mut Reconciliation, troubles: &mut Troubles) {
        match self.funding.record(None).await {
            Ok(recording) => {
                for (booking, error) in &recording.failed {
                    tracing::warn!(%booking, %error, "a booking is not recorded");
                    troubles.written::<()>(Record::Funding, Err(error.clone()));
                }
                it.funding = recording.new;
            }
            Err(error) => tracing::warn!(%error, "booked funding was not fetched: the next pass of monitoring does"),
        }
    }

    /// Leverage and margin mode as they are recorded, against what the venue has.
    fn tell_drift(&self, open: &[PositionRecord], reading: &Reading, it: &mut Reconciliation) {
        let snapshot = &reading.snapshot;
        it.position_mode = Some(snapshot.position_mode).filter(|found| *found != self.settings.position_mode);
        for record in open {
            let opened = &record.opened;
            let Some(report) = reading.report(&opened.symbol, opened.side) else { continue };
            let leverage = report.leverage.filter(|found| *found != opened.leverage);
            let margin_mode = report.margin_mode.filter(|found| *found != opened.margin_mode);
            if report.position.is_some() && (leverage.is_some() || margin_mode.is_some()) {
                it.drifted.push(Drifted {
                    record: record.id,
                    symbol: opened.symbol.clone(),
                    side: opened.side,
                    recorded: (opened.leverage, opened.margin_mode),
                    leverage,
                    margin_mode,
                });
            }
        }
    }

    /// Orders at the venue that no position and no journalled intent explains.
    async fn orphans(
        &self,
        reading: &Reading,
        (known, attached): (&[OrderFate], &HashSet<OrderId>),
        troubles: &mut Troubles,
    ) -> Vec<Orphan> {
        let orders = &reading.snapshot.orders;
        let outlived = self.clear_attached(orders, attached, troubles).await;
        let mut orphans: Vec<Orphan> =
            outlived.into_iter().map(|(order, cancelled)| Orphan { order, is_ours: true, cancelled }).collect();
        // What is being sent or cancelled at this moment is judged by the next comparison.
        let is_settled = |order: &&Order| !self.is_in_flight(&order.client_order_id);
        let others = orders.iter().filter(|order| !attached.contains(&order.order_id));
        for order in others.filter(is_settled) {
            let is_held = reading.snapshot.positions.iter().any(|report| {
                report.symbol == order.symbol
                    && report.position_side == order.position_side
                    && report.position.is_some_and(|held| closes(order, held.direction))
            });
            let protects = order.close_position || (order.reduce_only && is_protective(order.order_type));
            let is_ours = self.ids.is_ours(&order.client_order_id);
            let is_known = known.iter().any(|it| it.client_order_id == order.client_order_id);
            let is_left_over = is_ours && self.is_left_over(order, troubles).await;
            if !is_left_over && (is_held || (is_known && !protects)) {
                continue;
            }
            if is_ours && !is_left_over && self.awaits_its_entry(order, troubles).await {
                continue;
            }
            let cancelled = match is_left_over || is_ours && protects {
                true => self.cancel(&order.symbol, &order.client_order_id, troubles).await.is_some(),
                false => false,
            };
            orphans.push(Orphan { order: order.clone(), is_ours, cancelled });
        }
        orphans
    }

    async fn tell_of_reconciliation(&self, it: &Reconciliation, troubles: &mut Troubles) {
        let account = &self.settings.account;
        let unknown = it.orders.iter().filter(|order| !order.is_known()).count();
        let lost_exits = it.lost_exits().count();
        let news: Vec<&Foreign> = it.foreign.iter().filter(|foreign| foreign.is_news()).collect();
        let parts = [
            (unknown, "orders of unknown fate"),
            (lost_exits, "exits that never arrived"),
            (it.adopted.len(), "positions adopted"),
            (it.ended_unasked(), "positions ended meanwhile"),
            (it.changed.len(), "positions changed"),
            (it.unexplained.len(), "positions unexplained"),
            (it.orphans.len(), "orders orphaned"),
            (it.restored.len(), "protective orders restored"),
            (it.unprotected.len(), "positions without a stop"),
            (it.drifted.len(), "positions with other leverage or margin mode"),
            (usize::from(it.flattening.is_some()), "flattenings cut short"),
            (news.len(), "orders and positions of others"),
        ];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        // What lasts is told once; what happens is told each time, even if the words are those of the last time.
        let happened =
            [lost_exits, it.adopted.len(), it.ended_unasked(), it.changed.len(), it.restored.len(), news.len()];
        let is_news = self.is_news(&said) || happened.iter().any(|count| *count > 0);
        if said.is_empty() || !is_news {
            return;
        }
        let body = said.join(", ");
        self.log_risk("reconciled", None, &body, None, None, "recorded", troubles).await;
        let urgent = unknown + lost_exits + it.unexplained.len() + it.restored.len() + it.unprotected.len() > 0;
        let alert = Alert {
            severity: if urgent { Severity::Critical } else { Severity::Warning },
            key: format!("reconcile/{account}"),
            title: format!("records and venue differed on {account}"),
            body,
        };
        self.alert(&alert, troubles).await;
    }

    /// Whether this was not said the last time: what does not change is not told with every pass.
    fn is_news(&self, said: &[String]) -> bool {
        let mut last = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_news = last.as_slice() != said;
        *last = said.to_vec();
        is_news
    }

    /// Fills are asked for from so long before an order was written down.
    pub(crate) fn slack_before(time: Timestamp) -> Timestamp {
        time.minus(CLOCK_SLACK)
    }
}

/// Our clock and the venue's may differ by this much.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

fn closes(order: &Order, held: Direction) -> bool {
    order.side == held.closing_side()
}
