//! Fills that no record holds: the records follow the venue by them.

use super::Reconciliation;
use super::report::{Adopted, OrderFate};
use crate::order_path::{SendFailure, distinct};
use crate::position_manager::PositionManager;
use crate::position_manager::company::InHand;
use crate::position_manager::failure::ReconcileFailure;
use crate::position_manager::foreign::ForeignPolicy;
use crate::position_manager::lives::{Life, lives, since_flat};
use crate::position_manager::reading::{Held, Reading};
use crate::position_manager::settle::Settled;
use crate::trouble::{Record, Subject, Troubles};
use plimsoll_domain::{Fill, Leverage, Position, PositionReport, PositionSide, Symbol, Timestamp};
use plimsoll_ports::{JournalEntry, JournalState, OpenedPosition, PositionRecord, PositionStatus, Purpose, StoreError};
use std::collections::BTreeMap;
use std::time::Duration;

/// How far back the fills of an unrecorded position are looked for: within what every venue tells.
pub(crate) const LOOK_BACK: Duration = Duration::from_secs(6 * 24 * 60 * 60);

/// How many of the newest orders are checked for fills that no record holds.
const NEWEST_ORDERS: u32 = 200;

/// The strategy of positions that an order of ours had opened, and nobody had recorded.
pub(super) const RECOVERED: &str = "recovered";

/// The strategy of positions that somebody else has opened.
pub(super) const ADOPTED: &str = "adopted";

/// A position's contract, and which position of it.
type Key = (Symbol, PositionSide);

impl PositionManager {
    /// Brings every record up to what the venue holds, by its true fills, and records what no record holds.
    pub(super) async fn back_fill(
        &self,
        unfinished: &[JournalEntry],
        reading: &Reading,
        in_hand: &InHand,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) -> Result<(), ReconcileFailure> {
        let account = &self.settings.account;
        let _books = self.bookkeeping.lock().await;
        let mut open = self.ports.positions.by_status(account, PositionStatus::Open).await?;
        open.retain(|record| !in_hand.has(&record.opened.symbol, record.opened.side));
        let oldest = self.ports.clock.now().minus(LOOK_BACK);
        let lost = self.finished_without_trades(oldest).await?;
        let mut unrecorded = Self::unrecorded_since(unfinished, &lost, reading, oldest);
        unrecorded.retain(|(symbol, side), _| !in_hand.has(symbol, *side));
        for record in &open {
            unrecorded.remove(&(record.opened.symbol.clone(), record.opened.side));
            self.back_fill_record(record, reading, it, troubles).await;
            self.log_older(record, &lost, troubles).await;
        }
        for ((symbol, side), since) in unrecorded {
            let Some(new) = self.unrecorded(&symbol, side, since, troubles).await else { continue };
            let held = reading.report(&symbol, side).and_then(|report| report.position);
            let (older, own) = match since_flat(held, new.clone()) {
                Some((older, own)) => (older, lives(None, own)),
                // What was closed since it was read, and recorded, is explained by no fills either.
                None if held.is_some() && !self.is_held_still(&symbol, side, held, troubles).await => continue,
                // It is older than what was looked at: it is recorded as it is, with what is told of its fills.
                None if held.is_some() => (Vec::new(), vec![Life { fills: new, left: held }]),
                None => (new, Vec::new()),
            };
            self.log_unclaimed(older, troubles).await;
            let is_its = |entry: &&JournalEntry| {
                entry.purpose == Purpose::Entry && (&entry.order.symbol, entry.order.position_side) == (&symbol, side)
            };
            let entered = unfinished.iter().filter(is_its).map(|entry| Self::slack_before(entry.intended_at)).min();
            self.record_lives(&(symbol, side), own, entered, reading, it, troubles).await;
        }
        Ok(())
    }

    /// Whether the venue holds what was read. What cannot be looked at comes again with the next reconciliation.
    async fn is_held_still(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        held: Option<Position>,
        troubles: &mut Troubles,
    ) -> bool {
        let positions = troubles.known(Subject::Position, symbol, self.ports.broker.positions().await);
        let is_it = |report: &PositionReport| (&report.symbol, report.position_side) == (symbol, side);
        positions.is_some_and(|positions| positions.iter().find(|it| is_it(it)).and_then(|it| it.position) == held)
    }

    /// Where there may be fills that no record holds, and from when on.
    fn unrecorded_since(
        unfinished: &[JournalEntry],
        lost: &[JournalEntry],
        reading: &Reading,
        oldest: Timestamp,
    ) -> BTreeMap<Key, Timestamp> {
        let mut since: BTreeMap<Key, Timestamp> = BTreeMap::new();
        let held = reading.held.iter().map(|held| ((held.report.symbol.clone(), held.report.position_side), oldest));
        let of_entry = |entry: &JournalEntry| {
            let key = (entry.order.symbol.clone(), entry.order.position_side);
            (key, Self::slack_before(entry.intended_at).max(oldest))
        };
        for (key, from) in held.chain(unfinished.iter().map(of_entry)).chain(lost.iter().map(of_entry)) {
            since.entry(key).and_modify(|known| *known = from.min(*known)).or_insert(from);
        }
        since
    }

    /// Orders of ours that filled by the journal, and whose fills no record holds.
    async fn finished_without_trades(&self, oldest: Timestamp) -> Result<Vec<JournalEntry>, StoreError> {
        let account = &self.settings.account;
        let mut newest = self.ports.journal.recent(account, NEWEST_ORDERS).await?;
        newest.retain(|entry| {
            // A conditional order's fills are its child's, which may have another name.
            !entry.purpose.protects()
                && entry.intended_at >= oldest
                && matches!(entry.state, JournalState::Finished { filled: Some(_), .. })
        });
        let Some(first) = newest.iter().map(|entry| entry.intended_at).min() else { return Ok(newest) };
        let recorded = self.ports.trades.since(account, None, Self::slack_before(first)).await?;
        newest.retain(|entry| {
            let id = &entry.order.client_order_id;
            !recorded.iter().any(|trade| trade.position.is_some() && trade.fill.client_order_id == *id)
        });
        Ok(newest)
    }

    /// Trades of ours from before this record, which ended while nobody could record them: by themselves, so that the sums
    /// are true. They get a record of their own once this one has ended.
    async fn log_older(&self, record: &PositionRecord, lost: &[JournalEntry], troubles: &mut Troubles) {
        let OpenedPosition { account, symbol, side, opened_at, .. } = &record.opened;
        let older = |entry: &&JournalEntry| {
            (&entry.order.symbol, entry.order.position_side) == (symbol, *side) && entry.intended_at < *opened_at
        };
        let Some(since) = lost.iter().filter(older).map(|entry| Self::slack_before(entry.intended_at)).min() else {
            return;
        };
        let recorded = self.ports.trades.since(account, Some(symbol), since).await;
        let Some(recorded) = troubles.read(Record::Trade, recorded) else { return };
        let is_logged =
            |entry: &JournalEntry| recorded.iter().any(|it| it.fill.client_order_id == entry.order.client_order_id);
        if lost.iter().filter(older).all(is_logged) {
            return;
        }
        let Some(mut fills) = self.unrecorded(symbol, *side, since, troubles).await else { return };
        fills.retain(|fill| fill.time < *opened_at);
        self.log_unclaimed(fills, troubles).await;
    }

    async fn back_fill_record(
        &self,
        record: &PositionRecord,
        reading: &Reading,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        let opened = &record.opened;
        let held = reading.report(&opened.symbol, opened.side).and_then(|report| report.position);
        let (settled, rest) = self.follow_record(record, held, troubles).await;
        match settled {
            Settled::Same => {}
            Settled::Ended(end) => it.ended.push(*end),
            Settled::Changed => it.changed.push(record.id),
            Settled::Unexplained => it.unexplained.push(record.id),
        }
        let key = (opened.symbol.clone(), opened.side);
        self.record_lives(&key, rest, None, reading, it, troubles).await;
    }

    /// Records lives that no record holds: whole ones with their ends, and the one that is held. `entered` is from when on
    /// its fills are to be looked for, if they are not told yet.
    async fn record_lives(
        &self,
        key: &Key,
        lives: Vec<Life>,
        entered: Option<Timestamp>,
        reading: &Reading,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        for life in lives {
            let is_ours = self.is_of_ours(key, &life, &it.orders);
            if !is_ours && self.settings.foreign != ForeignPolicy::Adopt {
                continue;
            }
            match (life.left, reading.find(&key.0, key.1)) {
                (Some(_), Some(held)) => {
                    let told = life.fills.first().map(|fill| fill.time);
                    let opened_at = told.or(entered.filter(|_| is_ours)).unwrap_or(held.report.stamp.time);
                    let adopted = self.adopt(held, &life.fills, (is_ours, opened_at), troubles).await;
                    it.adopted.push(adopted);
                }
                // It cannot be priced, or settles in another currency: told with the reading, and tried again.
                (Some(_), None) => {}
                (None, _) => {
                    let leverage = reading.report(&key.0, key.1).and_then(|report| report.leverage);
                    it.ended.extend(self.record_whole_life(key, life, is_ours, leverage, troubles).await);
                }
            }
        }
    }

    /// An order of ours made it, or may have.
    fn is_of_ours(&self, (symbol, side): &Key, life: &Life, orders: &[OrderFate]) -> bool {
        let may_have = |order: &OrderFate| {
            order.purpose == Purpose::Entry
                && (&order.symbol, order.side) == (symbol, *side)
                && !matches!(order.fate, Err(SendFailure::NeverArrived | SendFailure::Forgotten))
        };
        life.fills.iter().any(|fill| self.ids.is_ours(&fill.client_order_id))
            || (life.fills.is_empty() && orders.iter().any(may_have))
    }

    /// Records a position that the venue holds, with the fills that made it as far as they are told.
    async fn adopt(
        &self,
        held: &Held,
        fills: &[Fill],
        (is_ours, opened_at): (bool, Timestamp),
        troubles: &mut Troubles,
    ) -> Adopted {
        let (symbol, side) = (&held.report.symbol, held.report.position_side);
        let opened = self.opened(held.position, (symbol, side), opened_at, is_ours);
        let opened = OpenedPosition {
            leverage: held.report.leverage.unwrap_or(Leverage::ONE),
            margin_mode: held.report.margin_mode.unwrap_or(self.settings.margin_mode),
            ..opened
        };
        let written = self.ports.positions.open(&opened, &self.trades(fills, None)).await;
        let record = troubles.written(Record::Position, written);
        Adopted { record, symbol: symbol.clone(), side, position: held.position, fills: fills.len(), is_ours }
    }

    fn opened(
        &self,
        position: Position,
        (symbol, side): (&Symbol, PositionSide),
        opened_at: Timestamp,
        is_ours: bool,
    ) -> OpenedPosition {
        OpenedPosition {
            account: self.settings.account.clone(),
            venue: self.ports.broker.venue(),
            symbol: symbol.clone(),
            side,
            direction: position.direction,
            quantity: position.quantity,
            entry_price: position.entry,
            leverage: Leverage::ONE,
            margin_mode: self.settings.margin_mode,
            strategy: if is_ours { RECOVERED } else { ADOPTED }.to_owned(),
            opened_at,
        }
    }

    /// Records a position that opened and closed while nobody recorded: first as opened, then as ended, so that what a
    /// crash in between leaves is an open record that the next reconciliation ends.
    async fn record_whole_life(
        &self,
        key: &Key,
        life: Life,
        is_ours: bool,
        leverage: Option<Leverage>,
        troubles: &mut Troubles,
    ) -> Option<crate::position_manager::EndedPosition> {
        let first = life.fills.first()?;
        let direction = plimsoll_domain::Direction::from(first.side);
        let opening = life.fills.iter().take_while(|fill| fill.side == direction.opening_side()).count();
        let (built, closing) = life.fills.split_at_checked(opening)?;
        let mut fills = built.to_vec();
        let position = crate::execution::walk(None, &mut fills)?;
        let opened = self.opened(position, (&key.0, key.1), first.time, is_ours);
        let opened = OpenedPosition { leverage: leverage.unwrap_or(opened.leverage), ..opened };
        let written = self.ports.positions.open(&opened, &self.trades(built, None)).await;
        let id = troubles.written(Record::Position, written)?;
        let record = PositionRecord { id, opened, closed: None };
        match self.end_record(&record, closing, troubles).await {
            Settled::Ended(end) => Some(*end),
            Settled::Same | Settled::Changed | Settled::Unexplained => None,
        }
    }

    /// Trades of something older than what was looked at: each by itself, so that the sums are true.
    async fn log_unclaimed(&self, fills: Vec<Fill>, troubles: &mut Troubles) {
        let keeps =
            |fill: &Fill| self.settings.foreign == ForeignPolicy::Adopt || self.ids.is_ours(&fill.client_order_id);
        let fills = distinct(fills.into_iter().filter(keeps));
        self.log_trades(&fills, troubles).await;
    }
}
