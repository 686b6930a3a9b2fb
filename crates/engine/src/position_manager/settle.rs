//! Positions that changed without us: stopped out, liquidated, closed or grown by hand. The records follow the venue, by
//! its true fills.

use super::PositionManager;
use super::lives::{self, Life};
use super::outcome::EndedPosition;
use super::reading::Reading;
use super::sentence::leg;
use crate::order_path::distinct;
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::{
    ClientOrderId, Fill, FillCause, OrderStatus, OrderType, Position, PositionReport, PositionSide, Price, Symbol,
    Timestamp,
};
use plimsoll_ports::{
    Alert, JournalEntry, JournalState, OpenedPosition, PositionId, PositionRecord, PositionStatus, Purpose, Severity,
};

/// So many entries of the journal are gone through for what closed a position.
const LOOKED_THROUGH: u32 = 1000;

impl PositionManager {
    /// Compares every recorded open position with the venue, and records what differs.
    pub(crate) async fn settle(&self, reading: &Reading, troubles: &mut Troubles) -> Settlement {
        let mut settlement = Settlement::default();
        let _books = self.bookkeeping.lock().await;
        let open = self.ports.positions.by_status(&self.settings.account, PositionStatus::Open).await;
        let Some(open) = troubles.read(Record::Position, open) else { return settlement };
        // While an order that adds exposure is under way its position is not recorded yet.
        if self.turn.try_acquire().is_ok() {
            let is_recorded = |report: &PositionReport| {
                let is_its =
                    |it: &PositionRecord| it.opened.symbol == report.symbol && it.opened.side == report.position_side;
                open.iter().any(is_its)
            };
            let positions = reading.snapshot.positions.iter().filter(|report| report.position.is_some());
            // What settles in another currency is never recorded, and is left to whoever holds it.
            let is_told = |report: &PositionReport| {
                report.symbol.settle() != self.settings.settle.as_str()
                    || self.is_left_alone(&report.symbol, report.position_side)
            };
            settlement.unrecorded =
                positions.filter(|report| !is_recorded(report) && !is_told(report)).cloned().collect();
            if !settlement.unrecorded.is_empty() {
                // Nor is that of an order that another process has under way.
                let in_hand = self.in_hand_now().await;
                settlement.unrecorded.retain(|report| !in_hand.has(&report.symbol, report.position_side));
            }
        }
        for record in open {
            let opened = &record.opened;
            let report = reading.report(&opened.symbol, opened.side);
            let held = report.and_then(|report| report.position);
            let is_same = |held: Position| held.direction == opened.direction && held.quantity == opened.quantity;
            if held.is_some_and(is_same) {
                continue;
            }
            let (settled, rest) = self.follow_record(&record, held, troubles).await;
            match settled {
                Settled::Ended(end) => settlement.ended.push(*end),
                Settled::Same | Settled::Changed => {}
                Settled::Unexplained => settlement.unexplained.push(record.id),
            }
            // What came after it may be an opening under way: its trades are kept, its record is whoever opens it's.
            let rest: Vec<Fill> = rest.into_iter().flat_map(|life| life.fills).collect();
            self.log_trades(&distinct(rest.into_iter()), troubles).await;
        }
        for end in &settlement.ended {
            self.tell_of_end(end, troubles).await;
        }
        settlement
    }

    /// Brings one record up to what the venue holds of it, by its true fills. Answers also the lives that came after its
    /// end: nobody has recorded those.
    pub(crate) async fn follow_record(
        &self,
        record: &PositionRecord,
        held: Option<Position>,
        troubles: &mut Troubles,
    ) -> (Settled, Vec<Life>) {
        let opened = &record.opened;
        let before = Position { direction: opened.direction, quantity: opened.quantity, entry: opened.entry_price };
        let is_same = held.is_some_and(|it| it.direction == before.direction && it.quantity == before.quantity);
        let Some(new) = self.unrecorded(&opened.symbol, opened.side, opened.opened_at, troubles).await else {
            // As large as it is recorded may be another one: its end, and what came after it, were not told.
            return (Settled::Unexplained, Vec::new());
        };
        if is_same && new.is_empty() {
            return (Settled::Same, Vec::new());
        }
        let Some(mut lives) = self.explained(record, before, new, held, troubles).await else {
            tracing::warn!(symbol = %opened.symbol, "the fills do not explain yet what the venue holds");
            return (Settled::Unexplained, Vec::new());
        };
        if lives.is_empty() {
            return (Settled::Unexplained, Vec::new());
        }
        let first = lives.remove(0);
        let settled = match (first.left, held) {
            (Some(_), Some(held)) => self.update_record(record, held, &first.fills, troubles).await,
            (Some(_), None) => Settled::Unexplained,
            (None, _) => self.end_record(record, &first.fills, troubles).await,
        };
        (settled, lives)
    }

    /// The lives that begin with the record and end with what is held: from the position as it is recorded or, where its
    /// opening fills were not told when it was recorded, from nothing through all its fills.
    async fn explained(
        &self,
        record: &PositionRecord,
        before: Position,
        new: Vec<Fill>,
        held: Option<Position>,
        troubles: &mut Troubles,
    ) -> Option<Vec<Life>> {
        if lives::before(held, &new) == lives::signed(Some(before)) {
            return Some(lives::lives(Some(before), new));
        }
        let known = troubles.read(Record::Trade, self.ports.trades.of_position(record.id).await)?;
        let all = distinct(known.into_iter().map(|trade| trade.fill).chain(new));
        lives::before(held, &all).is_zero().then(|| lives::lives(None, all))
    }

    async fn update_record(
        &self,
        record: &PositionRecord,
        held: Position,
        fills: &[Fill],
        troubles: &mut Troubles,
    ) -> Settled {
        let trades = self.trades(fills, Some(record.id));
        let written = self.ports.positions.update(record.id, held.quantity, held.entry, &trades).await;
        let Some(()) = troubles.written(Record::Position, written) else { return Settled::Unexplained };
        self.note_taken(record, fills);
        Settled::Changed
    }

    /// Records how a position ended, by the fills that its record does not hold yet, and clears away what protected it.
    pub(crate) async fn end_record(&self, record: &PositionRecord, new: &[Fill], troubles: &mut Troubles) -> Settled {
        let reason = self.reason_of(record, new, troubles).await;
        let known = self.ports.trades.of_position(record.id).await;
        let Some(known) = troubles.read(Record::Trade, known) else { return Settled::Unexplained };
        let known: Vec<Fill> = known.into_iter().map(|trade| trade.fill).collect();
        let settled = self.write_end(record, known, new, &reason, troubles).await;
        self.sweep_protection(&record.opened.symbol, record.opened.side, troubles).await;
        settled
    }

    /// The fills of a position that its record does not hold yet, oldest first; `None` if they cannot be told apart.
    pub(crate) async fn unrecorded(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        since: Timestamp,
        troubles: &mut Troubles,
    ) -> Option<Vec<Fill>> {
        let fills = troubles.known(Subject::Fills, symbol, self.ports.broker.fills(symbol, since).await)?;
        let recorded = self.ports.trades.since(&self.settings.account, Some(symbol), since).await;
        let recorded = troubles.read(Record::Trade, recorded)?;
        // A trade that was recorded by itself, before its position was, is news to the position.
        let is_known =
            |fill: &Fill| recorded.iter().any(|known| known.position.is_some() && known.fill.trade_id == fill.trade_id);
        let is_new = |fill: &Fill| fill.position_side == side && !is_known(fill);
        Some(distinct(fills.into_iter().filter(is_new)))
    }

    /// Why a position ended: the venue's own word for a forced close, else the purpose of the order that closed it.
    async fn reason_of(&self, record: &PositionRecord, new: &[Fill], troubles: &mut Troubles) -> String {
        let opened = &record.opened;
        let closing = || new.iter().filter(|fill| fill.side == opened.direction.closing_side());
        let forced = closing().map(|fill| fill.cause).find(|cause| *cause != FillCause::Order);
        if let Some(cause) = forced {
            return cause.to_string();
        }
        if let Some(purpose) = self.triggered(&opened.symbol, opened.side, troubles).await {
            return purpose.as_str().to_owned();
        }
        let Some(last) = closing().next_back() else { return "elsewhere".to_owned() };
        let entry = self.ports.journal.entry(&self.settings.account, &last.client_order_id).await;
        let purpose = troubles.read(Record::Journal, entry).flatten().map(|entry| entry.purpose);
        match purpose {
            Some(purpose) => purpose.as_str().to_owned(),
            None if self.was_attached(&opened.symbol, &last.client_order_id, troubles).await => {
                Purpose::StopLoss.as_str().to_owned()
            }
            None => {
                let prices: Vec<Price> = closing().map(|fill| fill.price).collect();
                let fired = self.fired(opened, &prices, troubles).await;
                fired.map_or("elsewhere", Purpose::as_str).to_owned()
            }
        }
    }

    /// Which of our protective orders of this position is known to have filled at the prices at which it was closed. Some venues
    /// name what a stop makes as it fires by a name of their own, and how it ended may be on record before the position's end is.
    async fn fired(&self, opened: &OpenedPosition, prices: &[Price], troubles: &mut Troubles) -> Option<Purpose> {
        let recent = self.ports.journal.recent(&self.settings.account, LOOKED_THROUGH).await;
        let recent = troubles.read(Record::Journal, recent)?;
        let (lowest, highest) = (prices.iter().min()?, prices.iter().max()?);
        // That of another position of this side has filled elsewhere.
        let has_filled = |entry: &JournalEntry| match entry.state {
            JournalState::Finished { status: OrderStatus::Filled, average_price, .. } => {
                average_price.is_none_or(|price| (*lowest..=*highest).contains(&price))
            }
            _ => false,
        };
        let since = Self::slack_before(opened.opened_at);
        let is_its = |entry: &&JournalEntry| {
            let order = &entry.order;
            entry.purpose.protects()
                && (&order.symbol, order.position_side) == (&opened.symbol, opened.side)
                && order.side == opened.direction.closing_side()
                && entry.updated_at >= since
                && has_filled(entry)
        };
        recent.iter().find(is_its).map(|entry| entry.purpose)
    }

    /// Which of our protective orders of this position has filled, by the venue's word; journals how it ended.
    async fn triggered(&self, symbol: &Symbol, side: PositionSide, troubles: &mut Troubles) -> Option<Purpose> {
        let unfinished = self.ports.journal.unfinished(&self.settings.account).await;
        let mut filled = None;
        for entry in troubles.read(Record::Journal, unfinished)? {
            let protects = entry.purpose.protects();
            if !protects || entry.order.symbol != *symbol || entry.order.position_side != side {
                continue;
            }
            let found = self.ports.broker.order(symbol, &entry.order.client_order_id).await;
            let Some(order) = troubles.known(Subject::Orders, symbol, found).flatten() else { continue };
            if order.status.is_final() {
                let state = JournalState::Finished {
                    status: order.status,
                    filled: order.filled,
                    average_price: order.average_price,
                };
                self.path.record(&entry.order, state, troubles).await;
            }
            if order.status == OrderStatus::Filled {
                filled = Some(entry.purpose);
            }
        }
        filled
    }

    /// Cancels what is left of our protective orders of a position that is gone: none may outlive it.
    ///
    /// What may fill yet keeps its stop, which rests before its position. Whether the position is gone is looked at once more,
    /// after that: what awaited nothing before the venue said "flat" protects nothing that was opened meanwhile.
    pub(crate) async fn sweep_protection(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        troubles: &mut Troubles,
    ) -> Vec<ClientOrderId> {
        let open = self.ports.broker.open_orders(Some(symbol)).await;
        let mut left = troubles.known(Subject::Orders, symbol, open).unwrap_or_default();
        let attached = self.attached_of(&left, troubles).await;
        left.retain(|order| {
            let protects = order.close_position || (order.reduce_only && is_protective(order.order_type));
            let is_ours = protects && self.ids.is_ours(&order.client_order_id);
            order.position_side == side && (is_ours || attached.contains(&order.order_id))
        });
        let mut cancelled = Vec::new();
        let mut outlived = Vec::new();
        for order in left {
            if !self.awaits_its_entry(&order, troubles).await {
                outlived.push(order);
            }
        }
        if outlived.is_empty() {
            return cancelled;
        }
        let positions = troubles.known(Subject::Position, symbol, self.ports.broker.positions().await);
        let Some(positions) = positions else { return cancelled };
        for order in outlived {
            let is_its = |report: &PositionReport| {
                report.symbol == *symbol
                    && report.position_side == side
                    && report.position.is_some_and(|held| held.direction.closing_side() == order.side)
            };
            if !positions.iter().any(is_its) {
                cancelled.extend(self.cancel(symbol, &order.client_order_id, troubles).await);
            }
        }
        cancelled
    }

    /// Cancels one order; one that is final already needs none. Answers its id if it was cancelled.
    pub(crate) async fn cancel(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        troubles: &mut Troubles,
    ) -> Option<ClientOrderId> {
        use plimsoll_ports::{CommandError, RefusalReason};
        match self.ports.broker.cancel(symbol, id).await {
            Ok(()) => {
                self.record_cancelled(id, troubles).await;
                Some(id.clone())
            }
            Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder => None,
            Err(error) => {
                troubles.add(Trouble::NotCancelled { id: id.clone(), error });
                None
            }
        }
    }

    /// An order of others is in no journal.
    pub(crate) async fn record_cancelled(&self, id: &ClientOrderId, troubles: &mut Troubles) {
        let state = JournalState::Finished { status: OrderStatus::Canceled, filled: None, average_price: None };
        let written = self.ports.journal.record(&self.settings.account, id, &state, self.ports.clock.now()).await;
        if let Err(error) = written
            && !matches!(error, plimsoll_ports::StoreError::NotFound(_))
        {
            troubles.add(Trouble::NotJournalled { id: id.clone(), error });
        }
    }

    pub(crate) async fn tell_of_end(&self, end: &EndedPosition, troubles: &mut Troubles) {
        let detail = format!(
            "{} {} ended at {} ({}): profit {}, fees {}, funding {}",
            end.symbol,
            end.direction,
            end.exit_price,
            end.why(),
            end.realized_pnl,
            end.fees,
            end.funding
        );
        let net = Some(end.net().get());
        self.log_risk("position_ended", Some(&end.symbol), &detail, net, None, &end.reason, troubles).await;
        let severity = match end.status {
            PositionStatus::Liquidated => Severity::Critical,
            // Whoever has closed it knows.
            _ if end.by_colleague => Severity::Info,
            _ => Severity::Warning,
        };
        let alert = Alert {
            severity,
            key: format!("ended/{}/{}", self.settings.account, leg(&end.symbol, end.side)),
            title: format!("{} {} was closed: {}", end.symbol, end.direction, end.why()),
            body: detail,
        };
        self.alert(&alert, troubles).await;
    }
}

/// What comparing all records with the venue brought.
#[derive(Default)]
pub(crate) struct Settlement {
    pub(crate) ended: Vec<EndedPosition>,
    pub(crate) unexplained: Vec<PositionId>,
    pub(crate) unrecorded: Vec<PositionReport>,
}

/// What became of one record.
pub(crate) enum Settled {
    /// It is as it is recorded.
    Same,
    /// The position is gone, and its end is recorded.
    Ended(Box<EndedPosition>),
    /// It is another size now, and recorded.
    Changed,
    /// Its fills are not told, or cannot be recorded: the next pass tries again.
    Unexplained,
}

pub(crate) const fn is_protective(order_type: OrderType) -> bool {
    order_type.is_conditional()
}
